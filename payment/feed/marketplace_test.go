package feed_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

// marketplace reads the public Brazilian marketplace file.
func marketplace() feed.Mapping {
	return feed.Mapping{
		Name: "marketplace",
		Columns: map[payment.Field]string{
			payment.FieldParent:     "refund_of",
			payment.FieldOccurredAt: "occurred_at_local",
		},
		TimezoneColumn: "timezone",
	}
}

// Two thousand real payments: none refused, and the sums are those that the
// data's own page states.
func TestMarketplaceFile(t *testing.T) {
	t.Parallel()
	const path = "../../../shared/data/payments/brl-marketplace-2017.csv"
	file, err := os.Open(path)
	testneed.Need(t, path, "it is laid beside the project in CI; its licence keeps it out of the project", err == nil)
	defer file.Close()

	type figures struct {
		Rows, Merchants   int
		Deposits, Refunds string
		First, Last       string
	}
	brl := money.MustCurrency("BRL")
	sums := map[payment.Kind]money.Amount{}
	merchants := map[string]bool{}
	got := figures{}
	for row, err := range feed.Read(t.Context(), "brl-marketplace-2017.csv", file, marketplace()) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Currency != brl {
			t.Fatalf("%s:%d: currency %s", row.File, row.Line, row.Currency)
		}
		if sums[row.Kind], err = sums[row.Kind].Add(row.Amount); err != nil {
			t.Fatal(err)
		}
		merchants[row.Merchant] = true
		at := row.OccurredAt.Format("2006-01-02T15:04:05Z07:00")
		if got.Rows++; got.Rows == 1 {
			got.First = at
		}
		got.Last = at
	}
	got.Merchants = len(merchants)
	got.Deposits = brl.Format(sums[payment.DepositCaptured])
	got.Refunds = brl.Format(sums[payment.RefundCreated])
	want := figures{
		Rows: 2263, Merchants: 647, Deposits: "337545.42", Refunds: "932.19",
		First: "2016-10-04T17:46:00Z", Last: "2017-12-31T21:46:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
