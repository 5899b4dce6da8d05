package payment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// movements writes the movements in no batch, in the order of the journal.
func (d *desk) movements() string {
	d.Helper()
	items := records[*payment.Item](d, payment.ItemRecord)
	slices.SortFunc(items, func(a, b *payment.Item) int { return int(a.Seq) - int(b.Seq) })
	var out strings.Builder
	for _, i := range items {
		f := func(a money.Amount) string { return i.Currency.Format(a) }
		fmt.Fprintf(&out, "%s %s of %s (%s): gross %s fee %s tax %s reserve %s = %s, pending %s\n", i.Type, i.SourceID, i.Merchant, i.Category,
			f(i.Gross), f(i.Fee), f(i.Tax), f(i.Reserve), f(i.Net), f(i.Pending))
	}
	return out.String()
}

// Each change of a merchant's money is one movement, signed in its favour; what
// only passes between us, rails and banks is none.
func TestMovements(t *testing.T) {
	t.Parallel()
	d := open(t, generous())
	d.book(story()...)
	want := `
deposit d1 of m (payment): gross 1000.00 fee -20.00 tax -3.60 reserve -100.00 = 876.40, pending 876.40
refund r1 of m (refund): gross -100.00 fee 2.00 tax 0.36 reserve 0.00 = -97.64, pending -100.00
refund_failed r1 of m (refund): gross 100.00 fee -2.00 tax -0.36 reserve 0.00 = 97.64, pending 100.00
dispute c1 of m (dispute): gross -500.00 fee -15.00 tax -2.70 reserve 0.00 = -517.70, pending -500.00
dispute_won c1 of m (dispute): gross 200.00 fee 15.00 tax 2.70 reserve 0.00 = 217.70, pending 200.00
dispute c2 of m (dispute): gross -100.00 fee -15.00 tax -2.70 reserve 0.00 = -117.70, pending -100.00
refund r2 of m (refund): gross -50.00 fee 1.00 tax 0.18 reserve 0.00 = -48.82, pending -50.00
refund_canceled r2 of m (refund): gross 50.00 fee -1.00 tax -0.18 reserve 0.00 = 48.82, pending 50.00
refund r3 of m (refund): gross -20.00 fee 0.40 tax 0.07 reserve 0.00 = -19.53, pending -20.00
deposit d2 of m (payment): gross 50.00 fee -1.00 tax -0.18 reserve -5.00 = 43.82, pending 43.82
deposit_failed d2 of m (payment): gross -50.00 fee 1.00 tax 0.18 reserve 5.00 = -43.82, pending -43.82
deposit d3 of hand (payment): gross 1000.00 fee -20.00 tax -3.60 reserve -100.00 = 876.40, pending 876.40
payout p1 of hand (payout): gross -100.00 fee -5.00 tax -0.90 reserve 0.00 = -105.90, pending 0.00
payout_returned p1 of hand (payout): gross 100.00 fee 0.00 tax 0.00 reserve 0.00 = 100.00, pending 0.00
payout p2 of hand (payout): gross -100.00 fee -5.00 tax -0.90 reserve 0.00 = -105.90, pending 0.00
payout_failed p2 of hand (payout): gross 100.00 fee 5.00 tax 0.90 reserve 0.00 = 105.90, pending 0.00
deposit d4 of m (payment): gross 10.00 fee -0.20 tax -0.04 reserve -1.00 = 8.76, pending 8.76
`
	if diff := cmp.Diff(want[1:], d.movements()); diff != "" {
		t.Errorf("movements (-want +got):\n%s", diff)
	}
}

// A movement says where it comes from and where it belongs.
func TestMovementInFull(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	born := refund("r1", "d1", "100.00", "2026-03-02 20:00") // after the cut-off: of Tuesday
	born.OrderID, born.RailRef, born.BankRef = "order-2", "RR2", "BR2"
	failed := later(payment.RefundFailed, "r1", "2026-03-03 20:00") // of Wednesday, a holiday, which is a business date all the same
	failed.RailRef = "RR3"
	d.book(full(captured()), born, failed)
	items := records[*payment.Item](d, payment.ItemRecord)
	day := func(date string) (w payment.WindowPin) {
		found, err := d.rules.Book.Schedules[0].Timing.WindowAt(at(date + " 12:00"))
		if err != nil {
			t.Fatal(err)
		}
		w.Schedule, w.Window = d.rules.Book.Schedules[0].Pin(), found
		return w
	}
	gst := "gst"
	want := []*payment.Item{
		{
			Merchant: m, Currency: inr(), Seq: 1, Entry: "deposit/d1/captured", BookedAt: at("2026-03-02 10:00"), OccurredAt: at("2026-03-02 10:00"),
			Window: day("2026-03-02"), Category: payment.CategoryPayment, Type: "deposit", SourceID: "d1", OrderID: "order-1", Method: "UPI", Rail: "upi",
			RailRef: "RR1", BankRef: "BR1", ReasonCode: "because", Gross: rs("1000.00"), Fee: rs("-20.00"), Tax: rs("-3.60"), TaxCode: gst,
			Reserve: rs("-100.00"), Net: rs("876.40"), Pending: rs("876.40"),
		},
		{
			Merchant: m, Currency: inr(), Seq: 4, Entry: "refund/r1/created", BookedAt: born.OccurredAt, OccurredAt: born.OccurredAt,
			Window: day("2026-03-03"), Category: payment.CategoryRefund, Type: "refund", SourceID: "r1", ParentID: "d1", OrderID: "order-2", Method: "UPI",
			Rail: "upi", RailRef: "RR2", BankRef: "BR2", ReasonCode: "returned", Gross: rs("-100.00"), Fee: rs("2.00"), Tax: rs("0.36"), TaxCode: gst,
			Net: rs("-97.64"),
		},
		{ // the reason is that of the refund where the failure gives none
			Merchant: m, Currency: inr(), Seq: 6, Entry: "refund/r1/failed", BookedAt: failed.OccurredAt, OccurredAt: failed.OccurredAt,
			Window: day("2026-03-04"), Category: payment.CategoryRefund, Type: "refund_failed", SourceID: "r1", ParentID: "d1", OrderID: "order-2",
			Method: "UPI", Rail: "upi", RailRef: "RR2", BankRef: "BR2", ReasonCode: "returned", Gross: rs("100.00"), Fee: rs("-2.00"), Tax: rs("-0.36"),
			TaxCode: gst, Net: rs("97.64"),
		},
	}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("movements (-want +got):\n%s", diff)
	}
}

// An entry carries the rail's reference of the event that booked it, and its
// date in UTC.
func TestEntryReference(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	e := captured()
	e.OccurredAt, e.RailRef = at("2026-03-03 04:00"), "606001000001" // the evening before in UTC
	d.book(e)
	for _, step := range []string{"captured", "fee", "reserve"} {
		entry, ok, err := d.Books().Entry(t.Context(), "deposit/d1/"+step)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if entry.Reference != "606001000001" || entry.ValueDate != date("2026-03-02") || !entry.At.Equal(e.OccurredAt) {
			t.Errorf("%s: reference %q, value date %s, booked at %s", step, entry.Reference, entry.ValueDate, entry.At)
		}
	}
}

// A reserve stops growing at its cap, and grows again when some of it is free.
func TestReserveCap(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Plans[0].Cap = new(rs("150.00"))
	d := open(t, rules)
	d.book(captured(), deposit("d2", "1000.00", "2026-03-02 11:00"), deposit("d3", "1000.00", "2026-03-02 12:00"))
	d.stands(m, "reserve/rolling 150.00", "pending 2779.20")
	if got := record[*payment.Deposit](d, payment.DepositRecord, "d3").Hold; got != "" {
		t.Errorf("d3 has a hold %q", got)
	}
	d.book(later(payment.DepositFailed, "d2", "2026-03-02 13:00"), deposit("d4", "1000.00", "2026-03-02 14:00"))
	d.stands(m, "reserve/rolling 150.00")
}
