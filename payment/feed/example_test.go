package feed_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func ExampleRead() {
	file := strings.NewReader(`kind,id,occurred_at,merchant_id,currency,amount,method
deposit,dep-1,2026-02-01T09:30:00+05:30,m-1,INR,1000.00,UPI
deposit,dep-2,2026-02-01T09:31:00+05:30,m-1,INR,"1,250.00",UPI
deposit,dep-3,2026-02-01T09:32:00+05:30,m-1,INR,12.5,UPI
`)
	for row, err := range feed.Read(context.Background(), "payments.csv", file, feed.Mapping{}) {
		if bad, ok := errors.AsType[*feed.Error](err); ok {
			fmt.Println("bad row:", bad)
			continue
		}
		if err != nil {
			fmt.Println("reading ends:", err)
			break
		}
		fmt.Println(row.ID, row.OccurredAt.Format(time.RFC3339), row.Currency.Format(row.Amount), row.Currency)
	}
	// Output:
	// dep-1 2026-02-01T04:00:00Z 1000.00 INR
	// bad row: payments.csv:3:49: amount: bad amount: "1,250.00" is not a decimal number of INR, such as 400.00
	// dep-3 2026-02-01T04:02:00Z 12.50 INR
}

// A marketplace's export: its own names, its own words, local times.
func ExampleRead_mapping() {
	file := strings.NewReader(`Type;Transaction;Seller;Paid at;Gross;Comment
SALE;T-1;m-1;2016-10-16 00:30:00;111.51;first
REFUND;T-2;m-1;2016-10-17 09:00:00;11.51;
`)
	mapping := feed.Mapping{
		Name:      "marketplace",
		Delimiter: ";",
		Columns: map[payment.Field]string{
			payment.FieldKind:       "Type",
			payment.FieldID:         "Transaction",
			payment.FieldMerchant:   "Seller",
			payment.FieldOccurredAt: "Paid at",
			payment.FieldAmount:     "Gross",
		},
		Ignore:    []string{"Comment"},
		Constants: map[payment.Field]string{payment.FieldCurrency: "BRL"},
		Kinds:     map[string]payment.Kind{"SALE": payment.DepositCaptured, "REFUND": payment.RefundCreated},
		Timezone:  "America/Sao_Paulo",
	}
	for row, err := range feed.Read(context.Background(), "october.csv", file, mapping) {
		if err != nil {
			fmt.Println(err)
			break
		}
		// Clocks skipped 00:00 to 01:00 that night: the first row is the instant they did.
		fmt.Println(row.Kind, row.ID, row.OccurredAt.Format(time.RFC3339), row.Currency.Format(row.Amount), row.Currency)
	}
	// Output:
	// deposit T-1 2016-10-16T03:00:00Z 111.51 BRL
	// refund T-2 2016-10-17T11:00:00Z 11.51 BRL
}

// What is wrong with an event may show only later; the row still knows where
// it stood.
func ExampleRow_Fault() {
	file := strings.NewReader(`{"kind":"refund","id":"ref-1","occurred_at":"2026-02-01T04:00:00Z","parent_id":"dep-9"}`)
	for row, err := range feed.Read(context.Background(), "refunds.ndjson", file, feed.Mapping{}) {
		if err == nil {
			err = row.Fault(&payment.FieldError{Field: payment.FieldParent, Err: errors.New("deposit dep-9 is unknown")})
		}
		fmt.Println(err)
	}
	// Output:
	// refunds.ndjson:1:80: parent_id: deposit dep-9 is unknown
}

func ExampleWrite() {
	inr := money.MustCurrency("INR")
	events := []payment.Event{{
		Kind: payment.DepositCaptured, ID: "dep-1", OccurredAt: time.Date(2026, 2, 1, 4, 0, 0, 0, time.UTC),
		Merchant: "m-1", Currency: inr, Amount: money.Minor(100000), Method: "UPI",
	}}
	if err := feed.Write(os.Stdout, feed.NDJSON, slices.Values(events)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"kind":"deposit","id":"dep-1","occurred_at":"2026-02-01T04:00:00Z","merchant_id":"m-1","currency":"INR","amount":"1000.00","method":"UPI"}
}
