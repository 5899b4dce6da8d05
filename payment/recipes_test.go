package payment_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/payment"
)

// A recipe is one row of the table in docs/ACCOUNTING.md: the entry that the
// last of some events books under a key. No text means that there is none.
type recipe struct {
	name  string
	given []payment.Event
	key   string
	want  string
}

// captured is the deposit that every recipe is about: 1,000.00 on a Monday.
func captured() payment.Event { return deposit("d1", "1000.00", "2026-03-02 10:00") }

// saved is a merchant by hand with 876.40 available from Thursday 5 March on:
// Wednesday is Holi.
func saved() payment.Event { return of(hand, deposit("d1", "1000.00", "2026-03-03 10:00")) }

func run(t *testing.T, recipes []recipe) {
	t.Helper()
	for _, r := range recipes {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(r.given...)
			d.wantEntry(r.key, r.want)
		})
	}
}

func (d *desk) wantEntry(key, want string) {
	d.Helper()
	entry, ok, err := d.Books().Entry(d.Context(), key)
	if err != nil {
		d.Fatal(err)
	}
	var got strings.Builder
	if ok {
		write(&got, &entry)
	}
	if diff := cmp.Diff(strings.TrimLeft(want, "\n"), got.String()); diff != "" {
		d.Errorf("entry %s (-want +got):\n%s", key, diff)
	}
}

func TestDepositRecipes(t *testing.T) {
	t.Parallel()
	failed := []payment.Event{captured(), later(payment.DepositFailed, "d1", "2026-03-02 11:00")}
	card := by("CARD", captured())
	run(t, []recipe{
		{"deposit captured", []payment.Event{captured()}, "deposit/d1/captured", `
deposit.captured deposit/d1/captured
  Dr rails/upi/receivable 1000.00
  Cr merchants/m/pending 1000.00
`},
		{"processing fee, tax on the fee", []payment.Event{captured()}, "deposit/d1/fee", `
deposit.fee deposit/d1/fee < deposit/d1/captured
  Dr merchants/m/pending 20.00
  Cr income/processing_fee 20.00
  Dr merchants/m/pending 3.60
  Cr tax/gst 3.60
`},
		{"reserve held", []payment.Event{captured()}, "deposit/d1/reserve", `
reserve.held deposit/d1/reserve < deposit/d1/captured
  Dr merchants/m/pending 100.00
  Cr merchants/m/reserve/rolling 100.00
`},
		{"available, for merchants settled by hand", []payment.Event{saved(), payout("p1", "1.00", "2026-03-05 10:00")}, "position/hand/INR/available/1", `
funds.available position/hand/INR/available/1
  Dr merchants/hand/pending 876.40
  Cr merchants/hand/available 876.40
`},
		{"failed after capture", failed, "deposit/d1/failed", `
deposit.failed deposit/d1/failed
  Dr merchants/m/available 1000.00
  Cr rails/upi/receivable 1000.00
`},
		{"failed after capture, its fee returned by policy", failed, "deposit/d1/failed.fee", `
fee.returned deposit/d1/failed.fee < deposit/d1/failed
  Dr income/processing_fee 20.00
  Dr tax/gst 3.60
  Cr merchants/m/available 23.60
`},
		{"failed after capture, its fee kept by policy", []payment.Event{card, failed[1]}, "deposit/d1/failed.fee", ``},
		{"failed after capture, its reserve released", failed, "deposit/d1/reserve.released", `
reserve.released deposit/d1/reserve.released < deposit/d1/failed
  Dr merchants/m/reserve/rolling 100.00
  Cr merchants/m/available 100.00
`},
	})
}

func TestRefundRecipes(t *testing.T) {
	t.Parallel()
	card := by("CARD", captured())
	quarter := refund("r1", "d1", "250.00", "2026-03-02 12:00")
	confirmed := later(payment.RefundConfirmed, "r1", "2026-03-02 13:00")
	failed := later(payment.RefundFailed, "r1", "2026-03-02 14:00")
	run(t, []recipe{
		{"refund, fee kept", []payment.Event{card, refund("r1", "d1", "1000.00", "2026-03-02 12:00")}, "refund/r1/created", `
refund.created refund/r1/created
  Dr merchants/m/available 1000.00
  Cr rails/card/refunds 1000.00
`},
		{"refund, fee kept, nothing else", []payment.Event{card, refund("r1", "d1", "1000.00", "2026-03-02 12:00")}, "refund/r1/fee", ``},
		{"refund 250.00", []payment.Event{captured(), quarter}, "refund/r1/created", `
refund.created refund/r1/created
  Dr merchants/m/available 250.00
  Cr rails/upi/refunds 250.00
`},
		{"fee returned pro rata", []payment.Event{captured(), quarter}, "refund/r1/fee", `
fee.returned refund/r1/fee < refund/r1/created
  Dr income/processing_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/available 5.90
`},
		{"refund confirmed", []payment.Event{captured(), quarter, confirmed}, "refund/r1/confirmed", `
refund.confirmed refund/r1/confirmed
  Dr rails/upi/refunds 250.00
  Cr bank/escrow_in 250.00
`},
		{"refund failed", []payment.Event{captured(), quarter, failed}, "refund/r1/failed", `
refund.failed refund/r1/failed
  Dr rails/upi/refunds 250.00
  Cr merchants/m/available 250.00
`},
		{"a fee return is undone by its own entry", []payment.Event{captured(), quarter, failed}, "refund/r1/failed.fee", `
fee.recharged refund/r1/failed.fee < refund/r1/failed
  Dr merchants/m/available 5.00
  Cr income/processing_fee 5.00
  Dr merchants/m/available 0.90
  Cr tax/gst 0.90
`},
		{"refund failed before it was confirmed does not touch the bank", []payment.Event{captured(), quarter, failed}, "refund/r1/bounced", ``},
		{"refund failed after it was confirmed comes back from the bank", []payment.Event{captured(), quarter, confirmed, failed}, "refund/r1/bounced", `
refund.bounced refund/r1/bounced
  Dr bank/escrow_in 250.00
  Cr rails/upi/refunds 250.00
`},
		{"refund failed after it was confirmed", []payment.Event{captured(), quarter, confirmed, failed}, "refund/r1/failed", `
refund.failed refund/r1/failed
  Dr rails/upi/refunds 250.00
  Cr merchants/m/available 250.00
`},
	})
}

func TestDisputeRecipes(t *testing.T) {
	t.Parallel()
	opened := []payment.Event{captured(), dispute("c1", "d1", "750.00", "2026-03-02 15:00")}
	won := later(payment.DisputeWon, "c1", "2026-03-02 16:00")
	run(t, []recipe{
		{"dispute opened", opened, "dispute/c1/opened", `
dispute.opened dispute/c1/opened
  Dr merchants/m/available 750.00
  Cr disputes/upi/clearing 750.00
`},
		{"dispute fee + tax", opened, "dispute/c1/fee", `
dispute.fee dispute/c1/fee < dispute/c1/opened
  Dr merchants/m/available 15.00
  Cr income/dispute_fee 15.00
  Dr merchants/m/available 2.70
  Cr tax/gst 2.70
`},
		{"dispute won", append(opened, won), "dispute/c1/won", `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 750.00
  Cr merchants/m/available 750.00
`},
		{"dispute won in part", append(opened, withAmount("300.00", won)), "dispute/c1/won", `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 300.00
  Cr merchants/m/available 300.00
`},
		{"dispute won, its fee kept", append(opened, won), "dispute/c1/won.fee", ``},
	})
}

// A won dispute gives its fee back where the policy says so.
func TestDisputeFeeReturnedOnWin(t *testing.T) {
	t.Parallel()
	rules := terms()
	for i := range rules.Fees {
		rules.Fees[i].Dispute = fees.DisputeReturnOnWin
	}
	d := open(t, rules)
	d.book(captured(), dispute("c1", "d1", "750.00", "2026-03-02 15:00"), later(payment.DisputeWon, "c1", "2026-03-02 16:00"))
	d.wantEntry("dispute/c1/won.fee", `
fee.returned dispute/c1/won.fee < dispute/c1/won
  Dr income/dispute_fee 15.00
  Dr tax/gst 2.70
  Cr merchants/m/available 17.70
`)
	d.stands(m, "available 0.00", "pending 876.40")
}

// Nothing moves when a dispute is lost: the money went when it was opened.
func TestDisputeLostBooksNothing(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured(), dispute("c1", "d1", "750.00", "2026-03-02 15:00"))
	head := d.head()
	d.book(later(payment.DisputeLost, "c1", "2026-03-02 16:00"))
	if got := d.entries(head); got != "" {
		t.Errorf("a lost dispute books\n%s", got)
	}
	if c := record[*payment.Dispute](d, payment.DisputeRecord, "c1"); c.Status != payment.Lost || !c.Recovered.IsZero() {
		t.Errorf("dispute is %s with %s recovered", c.Status, c.Recovered)
	}
	d.account("disputes/upi/clearing", "-750.00") // what the scheme will debit us
}

func TestRailRecipes(t *testing.T) {
	t.Parallel()
	netted := railPays("s1", "1000.00", "2026-03-03 09:00")
	netted.Cost, netted.CostTax = rs("5.00"), rs("0.90")
	kept := railPays("s1", "1000.00", "2026-03-03 09:00")
	kept.Cost = rs("1000.00")
	run(t, []recipe{
		{"rail pays us", []payment.Event{captured(), railPays("s1", "1000.00", "2026-03-03 09:00")}, "rail_settlement/s1/received", `
rail.settled rail_settlement/s1/received
  Dr bank/escrow_in 1000.00
  Cr rails/upi/receivable 1000.00
`},
		{"rail netted its cost", []payment.Event{captured(), netted}, "rail_settlement/s1/received", `
rail.settled rail_settlement/s1/received
  Dr bank/escrow_in 994.10
  Dr expense/rail_cost 5.00
  Dr input_tax/gst 0.90
  Cr rails/upi/receivable 1000.00
`},
		{"rail kept everything", []payment.Event{captured(), kept}, "rail_settlement/s1/received", `
rail.settled rail_settlement/s1/received
  Dr expense/rail_cost 1000.00
  Cr rails/upi/receivable 1000.00
`},
	})
}

// A payout of A = 500.00 costs f = 5.00 and t = 0.90 on top.
func TestPayoutRecipes(t *testing.T) {
	t.Parallel()
	requested := []payment.Event{saved(), payout("p1", "500.00", "2026-03-05 10:00")}
	sent := append(slices.Clip(requested), later(payment.PayoutSent, "p1", "2026-03-05 11:00"))
	completed := append(slices.Clip(sent), later(payment.PayoutCompleted, "p1", "2026-03-05 12:00"))
	run(t, []recipe{
		{"payout requested", requested, "payout/p1/requested", `
payout.requested payout/p1/requested
  Dr merchants/hand/available 505.90
  Cr merchants/hand/payouts 505.90
`},
		{"payout sent", sent, "payout/p1/sent", `
payout.sent payout/p1/sent
  Dr merchants/hand/payouts 500.00
  Cr rails/imps/payouts 500.00
`},
		{"payout completed", completed, "payout/p1/completed", `
payout.completed payout/p1/completed
  Dr rails/imps/payouts 500.00
  Dr merchants/hand/payouts 5.90
  Cr bank/escrow_in 500.00
  Cr income/payout_fee 5.00
  Cr tax/gst 0.90
`},
		{"payout failed before it was sent", append(requested, later(payment.PayoutFailed, "p1", "2026-03-05 12:00")), "payout/p1/failed", `
payout.failed payout/p1/failed
  Dr merchants/hand/payouts 505.90
  Cr merchants/hand/available 505.90
`},
		{"payout failed after it was sent", append(slices.Clip(sent), later(payment.PayoutFailed, "p1", "2026-03-05 12:00")), "payout/p1/failed", `
payout.failed payout/p1/failed
  Dr rails/imps/payouts 500.00
  Dr merchants/hand/payouts 5.90
  Cr merchants/hand/available 505.90
`},
		{"payout returned after completed", append(completed, later(payment.PayoutReturned, "p1", "2026-03-06 12:00")), "payout/p1/returned", `
payout.returned payout/p1/returned
  Dr bank/escrow_in 500.00
  Cr merchants/hand/available 500.00
`},
	})
}
