package payment_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// A recipe is one row of the table in docs/ACCOUNTING.md: an entry that some
// events, and the closing of their batch where a date says so, book under a
// key. No text means that there is none.
type recipe struct {
	name   string
	given  []payment.Event
	key    string
	want   string
	settle string         // close through this business date
	then   []payment.Kind // what becomes of the first batch, an hour after another; none: sent and paid
	rules  *payment.Rules // nil: terms
	trade  *payment.Exchange
	closes bool // invoices of all months are closed
	gone   bool // the merchant settled by hand has been closed before
	quotes settlement.Quotes
}

// captured is the deposit that every recipe is about: 1,000.00 on a Monday.
func captured() payment.Event { return deposit("d1", "1000.00", "2026-03-02 10:00") }

// saved is a merchant by hand with 876.40 available from Thursday 5 March on:
// Wednesday is Holi.
func saved() payment.Event { return of(hand, deposit("d1", "1000.00", "2026-03-03 10:00")) }

// recipes are all rows there are.
func recipes() []recipe {
	return slices.Concat(depositRecipes(), withholdingRecipes(), billingRecipes(), refundRecipes(), disputeRecipes(), drawRecipes(), railRecipes(), bankRecipes(), exchangeRecipes(), payoutRecipes(), batchRecipes(), abroadRecipes(), reserveRecipes(), decidedRecipes())
}

func TestRecipes(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, r := range recipes() {
		resource, _, _ := strings.Cut(r.key, "/")
		if shape := resource + "/" + path.Base(r.key); anystore.Chosen(t) != anystore.Bolt {
			if seen[shape] { // what is decided knows no store: one row of each entry does there
				continue
			}
			seen[shape] = true
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			rules := r.rules
			if rules == nil {
				rules = terms()
			}
			d := openWith(t, rules, r.quotes)
			if r.gone {
				d.leaves()
			}
			d.book(r.given...)
			if r.trade != nil {
				d.trade(r.trade)
			}
			if r.closes {
				d.closeInvoices()
			}
			batch := ""
			if r.settle != "" {
				closed := d.settle(r.settle)[0]
				if batch = closed.ID; closed.AtClose == settlement.Closed {
					d.moveAll(batch, r.then)
				}
			}
			d.wantEntry(strings.ReplaceAll(r.key, "{batch}", batch), strings.ReplaceAll(r.want, "{batch}", batch))
		})
	}
}

// closeInvoices issues the invoices of all months that are over.
func (d *desk) closeInvoices() {
	d.Helper()
	if _, err := d.CloseInvoices(d.Context(), payment.Month{}, nil); err != nil {
		d.Fatal(err)
	}
}

// moveAll has things happen to a batch, an hour after another.
func (d *desk) moveAll(batch string, kinds []payment.Kind) {
	d.Helper()
	if len(kinds) == 0 {
		kinds = []payment.Kind{payment.BatchSent, payment.BatchPaid}
	}
	for i, kind := range kinds {
		rail := ""
		if kind == payment.BatchSent {
			rail = "neft"
		}
		d.move(kind, batch, fmt.Sprintf("2026-06-03 %d:00", 10+i), rail)
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

func depositRecipes() []recipe {
	failed := []payment.Event{captured(), later(payment.DepositFailed, "d1", "2026-03-02 11:00")}
	card := by("CARD", captured())
	return []recipe{
		{name: "deposit captured", given: []payment.Event{captured()}, key: "deposit/d1/captured", want: `
deposit.captured deposit/d1/captured
  Dr rails/upi/receivable 1000.00
  Cr merchants/m/pending 1000.00
`},
		{name: "deposit captured after it had expired", given: late(), key: "deposit/d1/captured", want: `
deposit.captured deposit/d1/captured
  Dr rails/upi/receivable 1000.00
  Cr merchants/m/pending 1000.00
`},
		{name: "deposit captured after it had expired, refunded by policy", given: late(), rules: returning(), key: "refund/late-d1/created", want: `
refund.created refund/late-d1/created
  Dr merchants/m/pending 876.40
  Dr merchants/m/available 123.60
  Cr rails/upi/refunds 1000.00
`},
		{name: "deposit captured after it had expired, accepted", given: late(), key: "refund/late-d1/created", want: ``},
		{name: "deposit authorized", given: []payment.Event{late()[0], later(payment.DepositAuthorized, "d1", "2026-03-02 09:30")}, key: "deposit/d1/captured", want: ``},
		{name: "processing fee, tax on the fee", given: []payment.Event{captured()}, key: "deposit/d1/fee", want: `
deposit.fee deposit/d1/fee < deposit/d1/captured
  Dr merchants/m/pending 20.00
  Cr income/processing_fee 20.00
  Dr merchants/m/pending 3.60
  Cr tax/gst 3.60
`},
		{name: "reserve held", given: []payment.Event{captured()}, key: "deposit/d1/reserve", want: `
reserve.held deposit/d1/reserve < deposit/d1/captured
  Dr merchants/m/pending 100.00
  Cr merchants/m/reserve/rolling 100.00
`},
		{name: "available, for merchants settled by hand", given: []payment.Event{saved(), payout("p1", "1.00", "2026-03-05 10:00")}, key: "position/hand/INR/available/1", want: `
funds.available position/hand/INR/available/1
  Dr merchants/hand/pending 876.40
  Cr merchants/hand/available 876.40
`},
		{name: "failed after capture, while the deposit is pending", given: failed, key: "deposit/d1/failed", want: `
deposit.failed deposit/d1/failed
  Dr merchants/m/pending 876.40
  Dr merchants/m/available 123.60
  Cr rails/upi/receivable 1000.00
`},
		{name: "failed after capture, when it is pending no more", given: []payment.Event{captured(), later(payment.DepositFailed, "d1", "2026-03-05 10:00")}, key: "deposit/d1/failed", want: `
deposit.failed deposit/d1/failed
  Dr merchants/m/available 1000.00
  Cr rails/upi/receivable 1000.00
`},
		{name: "failed after capture, its fee returned by policy", given: failed, key: "deposit/d1/failed.fee", want: `
fee.returned deposit/d1/failed.fee < deposit/d1/failed
  Dr income/processing_fee 20.00
  Dr tax/gst 3.60
  Cr merchants/m/available 23.60
`},
		{name: "failed after capture, its fee kept by policy", given: []payment.Event{card, failed[1]}, key: "deposit/d1/failed.fee", want: ``},
		{name: "failed after capture, its reserve released", given: failed, key: "deposit/d1/reserve.released", want: `
reserve.released deposit/d1/reserve.released < deposit/d1/failed
  Dr merchants/m/reserve/rolling 100.00
  Cr merchants/m/available 100.00
`},
	}
}

// late is a deposit that succeeds after it has expired.
func late() []payment.Event {
	return []payment.Event{
		begun("d1", "1000.00", "2026-03-02 09:00"), later(payment.DepositExpired, "d1", "2026-03-02 09:30"), captured(),
	}
}

// returning are the terms, and what succeeds late goes back.
func returning() *payment.Rules {
	rules := terms()
	rules.LateSuccess = []payment.LateRule{{Policy: payment.LateRefund, For: []merchant.Scope{{Region: "IN"}}}}
	return rules
}

// Refunds and disputes of Thursday: the deposit's window has closed by then, so
// nothing is drawn on its own pending money.
func refundRecipes() []recipe {
	card := by("CARD", captured())
	quarter := refund("r1", "d1", "250.00", "2026-03-05 12:00")
	confirmed := later(payment.RefundConfirmed, "r1", "2026-03-05 13:00")
	failed := later(payment.RefundFailed, "r1", "2026-03-05 14:00")
	unknown := later(payment.RefundUnknown, "r1", "2026-03-05 12:30")
	canceled := later(payment.RefundCanceled, "r1", "2026-03-05 12:30")
	all := refund("r1", "d1", "1000.00", "2026-03-05 12:00")
	afterAll := []payment.Event{captured(), quarter, later(payment.RefundFailed, "r1", "2026-03-05 14:00"), later(payment.RefundConfirmed, "r1", "2026-03-05 15:00")}
	return []recipe{
		{name: "refund, fee kept", given: []payment.Event{card, all}, key: "refund/r1/created", want: `
refund.created refund/r1/created
  Dr merchants/m/available 1000.00
  Cr rails/card/refunds 1000.00
`},
		{name: "refund, fee kept, nothing else", given: []payment.Event{card, all}, key: "refund/r1/fee", want: ``},
		{name: "refund 250.00", given: []payment.Event{captured(), quarter}, key: "refund/r1/created", want: `
refund.created refund/r1/created
  Dr merchants/m/available 250.00
  Cr rails/upi/refunds 250.00
`},
		{name: "fee returned pro rata", given: []payment.Event{captured(), quarter}, key: "refund/r1/fee", want: `
fee.returned refund/r1/fee < refund/r1/created
  Dr income/processing_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/available 5.90
`},
		{name: "refund confirmed", given: []payment.Event{captured(), quarter, confirmed}, key: "refund/r1/confirmed", want: `
refund.confirmed refund/r1/confirmed
  Dr rails/upi/refunds 250.00
  Cr bank/escrow_in 250.00
`},
		{name: "refund confirmed, the rail nets it", rules: netting(), given: []payment.Event{captured(), quarter, confirmed}, key: "refund/r1/confirmed", want: `
refund.confirmed refund/r1/confirmed
  Dr rails/upi/refunds 250.00
  Cr rails/upi/receivable 250.00
`},
		{name: "refund confirmed after nobody knew", given: []payment.Event{captured(), quarter, unknown, confirmed}, key: "refund/r1/confirmed", want: `
refund.confirmed refund/r1/confirmed
  Dr rails/upi/refunds 250.00
  Cr bank/escrow_in 250.00
`},
		{name: "refund failed", given: []payment.Event{captured(), quarter, failed}, key: "refund/r1/failed", want: `
refund.failed refund/r1/failed
  Dr rails/upi/refunds 250.00
  Cr merchants/m/available 250.00
`},
		{name: "a fee return is undone by its own entry", given: []payment.Event{captured(), quarter, failed}, key: "refund/r1/failed.fee", want: `
fee.recharged refund/r1/failed.fee < refund/r1/failed
  Dr merchants/m/available 5.00
  Cr income/processing_fee 5.00
  Dr merchants/m/available 0.90
  Cr tax/gst 0.90
`},
		{name: "refund canceled", given: []payment.Event{captured(), quarter, canceled}, key: "refund/r1/canceled", want: `
refund.canceled refund/r1/canceled
  Dr rails/upi/refunds 250.00
  Cr merchants/m/available 250.00
`},
		{name: "refund canceled, its fee return undone", given: []payment.Event{captured(), quarter, canceled}, key: "refund/r1/canceled.fee", want: `
fee.recharged refund/r1/canceled.fee < refund/r1/canceled
  Dr merchants/m/available 5.00
  Cr income/processing_fee 5.00
  Dr merchants/m/available 0.90
  Cr tax/gst 0.90
`},
		{name: "refund failed before it was confirmed does not touch the bank", given: []payment.Event{captured(), quarter, failed}, key: "refund/r1/bounced", want: ``},
		{name: "refund failed after it was confirmed comes back from the bank", given: []payment.Event{captured(), quarter, confirmed, failed}, key: "refund/r1/bounced", want: `
refund.bounced refund/r1/bounced
  Dr bank/escrow_in 250.00
  Cr rails/upi/refunds 250.00
`},
		{name: "refund failed after the rail had netted it", rules: netting(), given: []payment.Event{captured(), quarter, confirmed, failed}, key: "refund/r1/bounced", want: `
refund.bounced refund/r1/bounced
  Dr rails/upi/receivable 250.00
  Cr rails/upi/refunds 250.00
`},
		{name: "refund failed after it was confirmed", given: []payment.Event{captured(), quarter, confirmed, failed}, key: "refund/r1/failed", want: `
refund.failed refund/r1/failed
  Dr rails/upi/refunds 250.00
  Cr merchants/m/available 250.00
`},
		{name: "refund paid although it had failed", given: afterAll, key: "refund/r1/revived/2", want: `
refund.revived refund/r1/revived/2
  Dr merchants/m/available 250.00
  Cr rails/upi/refunds 250.00
`},
		{name: "... and confirmed", given: afterAll, key: "refund/r1/confirmed/2", want: `
refund.confirmed refund/r1/confirmed/2
  Dr rails/upi/refunds 250.00
  Cr bank/escrow_in 250.00
`},
		{name: "... its fee returned again", given: afterAll, key: "refund/r1/revived.fee/2", want: `
fee.returned refund/r1/revived.fee/2 < refund/r1/revived/2
  Dr income/processing_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/available 5.90
`},
	}
}

// netting are the terms, and UPI takes refunds and disputes off what it pays us.
func netting() *payment.Rules {
	rules := terms()
	rules.Rails = map[string]payment.RailTerms{"upi": {NetsRefunds: true, NetsDisputes: true}}
	return rules
}

// drawing are the terms, and refunds and disputes draw on their deposit's reserve.
func drawing() *payment.Rules {
	rules := terms()
	rules.DrawReserve = []merchant.Scope{{}}
	return rules
}

// drawRecipes are of Monday before the cut-off, where not said otherwise: 876.40
// of the deposit are pending, and 100.00 in its reserve.
func drawRecipes() []recipe {
	refunded := []payment.Event{captured(), refund("r1", "d1", "1000.00", "2026-03-02 12:00")}
	failed := later(payment.RefundFailed, "r1", "2026-03-02 13:00")
	disputed := []payment.Event{captured(), dispute("c1", "d1", "900.00", "2026-03-02 12:00")}
	won := later(payment.DisputeWon, "c1", "2026-03-02 13:00")
	byHand := []payment.Event{saved(), refund("r1", "d1", "900.00", "2026-03-04 12:00")} // available from the 5th
	return []recipe{
		{name: "refund of a deposit that is pending", given: refunded, key: "refund/r1/created", want: `
refund.created refund/r1/created
  Dr merchants/m/pending 876.40
  Dr merchants/m/available 123.60
  Cr rails/upi/refunds 1000.00
`},
		{name: "no draw on the reserve where the rules do not say so", given: refunded, key: "refund/r1/reserve.drawn", want: ``},
		{name: "reserve drawn for a refund", rules: drawing(), given: refunded, key: "refund/r1/reserve.drawn", want: `
reserve.drawn refund/r1/reserve.drawn
  Dr merchants/m/reserve/rolling 100.00
  Cr merchants/m/available 100.00
`},
		{name: "refund that fails while the deposit is pending", given: append(slices.Clip(refunded), failed), key: "refund/r1/failed", want: `
refund.failed refund/r1/failed
  Dr rails/upi/refunds 1000.00
  Cr merchants/m/available 123.60
  Cr merchants/m/pending 876.40
`},
		{name: "reserve restored when a refund fails", rules: drawing(), given: append(slices.Clip(refunded), failed), key: "refund/r1/reserve.restored", want: `
reserve.restored refund/r1/reserve.restored < refund/r1/failed
  Dr merchants/m/available 100.00
  Cr merchants/m/reserve/rolling 100.00
`},
		{
			name: "refund that fails when the deposit is pending no more", given: append(slices.Clip(refunded), later(payment.RefundFailed, "r1", "2026-03-02 18:00")),
			key: "refund/r1/failed", want: `
refund.failed refund/r1/failed
  Dr rails/upi/refunds 1000.00
  Cr merchants/m/available 1000.00
`},
		{
			name: "reserve past its date is not restored", rules: drawing(), given: append(slices.Clip(refunded), later(payment.RefundFailed, "r1", "2026-05-31 00:00")),
			key: "refund/r1/reserve.restored", want: ``,
		},
		{name: "dispute of a deposit that is pending", given: disputed, key: "dispute/c1/opened", want: `
dispute.opened dispute/c1/opened
  Dr merchants/m/pending 876.40
  Dr merchants/m/available 23.60
  Cr disputes/upi/clearing 900.00
`},
		{name: "reserve drawn for a dispute", rules: drawing(), given: disputed, key: "dispute/c1/reserve.drawn", want: `
reserve.drawn dispute/c1/reserve.drawn
  Dr merchants/m/reserve/rolling 23.60
  Cr merchants/m/available 23.60
`},
		{name: "dispute won while the deposit is pending", rules: drawing(), given: append(slices.Clip(disputed), won), key: "dispute/c1/won", want: `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 900.00
  Cr merchants/m/available 23.60
  Cr merchants/m/pending 876.40
`},
		{name: "reserve restored when a dispute is won", rules: drawing(), given: append(slices.Clip(disputed), won), key: "dispute/c1/reserve.restored", want: `
reserve.restored dispute/c1/reserve.restored < dispute/c1/won
  Dr merchants/m/available 23.60
  Cr merchants/m/reserve/rolling 23.60
`},
		{name: "dispute won in part restores the reserve first", rules: drawing(), given: append(slices.Clip(disputed), withAmount("23.61", won)), key: "dispute/c1/won", want: `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 23.61
  Cr merchants/m/available 23.60
  Cr merchants/m/pending 0.01
`},
		{name: "refund before the date of a merchant settled by hand", given: byHand, key: "refund/r1/created", want: `
refund.created refund/r1/created
  Dr merchants/hand/pending 876.40
  Dr merchants/hand/available 23.60
  Cr rails/upi/refunds 900.00
`},
	}
}

func disputeRecipes() []recipe {
	opened := []payment.Event{captured(), dispute("c1", "d1", "750.00", "2026-03-05 15:00")}
	won := later(payment.DisputeWon, "c1", "2026-03-05 16:00")
	lost := later(payment.DisputeLost, "c1", "2026-03-05 16:00")
	debited := later(payment.DisputeDebited, "c1", "2026-03-05 15:30")
	credited := later(payment.DisputeCredited, "c1", "2026-03-06 10:00")
	through := append(slices.Clip(opened), debited, won, credited)
	repaid := toppedUp("t1", "117.70", "2026-12-02 10:00")
	repaid.Merchant = hand
	tooLate := []payment.Event{
		dispute("c1", "d1", "100.00", "2026-12-01 10:00"), repaid,
		later(payment.DisputeWon, "c1", "2026-12-03 10:00"), later(payment.BankOwnerPaid, "won-c1", "2026-12-04 10:00"),
	}
	part := append(slices.Clip(opened), debited, withAmount("300.00", won), credited)
	return []recipe{
		{name: "dispute opened", given: opened, key: "dispute/c1/opened", want: `
dispute.opened dispute/c1/opened
  Dr merchants/m/available 750.00
  Cr disputes/upi/clearing 750.00
`},
		{name: "dispute fee + tax", given: opened, key: "dispute/c1/fee", want: `
dispute.fee dispute/c1/fee < dispute/c1/opened
  Dr merchants/m/available 15.00
  Cr income/dispute_fee 15.00
  Dr merchants/m/available 2.70
  Cr tax/gst 2.70
`},
		{name: "scheme debits us for it", given: through, key: "dispute/c1/debited", want: `
dispute.debited dispute/c1/debited
  Dr disputes/upi/clearing 750.00
  Cr bank/escrow_in 750.00
`},
		{name: "scheme debits us for it, the rail nets it", rules: netting(), given: through, key: "dispute/c1/debited", want: `
dispute.debited dispute/c1/debited
  Dr disputes/upi/clearing 750.00
  Cr rails/upi/receivable 750.00
`},
		{name: "dispute won", given: append(slices.Clip(opened), won), key: "dispute/c1/won", want: `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 750.00
  Cr merchants/m/available 750.00
`},
		{name: "dispute won for a closed merchant", rules: noReserve(), gone: true, given: tooLate[:3], key: "dispute/c1/won", want: `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 100.00
  Cr suspense/escrow_in/credit 100.00
`},
		{name: "what was kept for it is paid", rules: noReserve(), gone: true, given: tooLate, key: "bank_line/won-c1/paid", want: `
bank.owner_paid bank_line/won-c1/paid
  Dr suspense/escrow_in/credit 100.00
  Cr bank/escrow_in 100.00
`},
		{name: "dispute won in part", given: part, key: "dispute/c1/won", want: `
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 300.00
  Cr merchants/m/available 300.00
`},
		{name: "dispute won, its fee returned by policy", rules: generous(), given: append(slices.Clip(opened), won), key: "dispute/c1/won.fee", want: `
fee.returned dispute/c1/won.fee < dispute/c1/won
  Dr income/dispute_fee 15.00
  Dr tax/gst 2.70
  Cr merchants/m/available 17.70
`},
		{name: "dispute won in part, its fee returned whole by policy", rules: generous(), given: part, key: "dispute/c1/won.fee", want: `
fee.returned dispute/c1/won.fee < dispute/c1/won
  Dr income/dispute_fee 15.00
  Dr tax/gst 2.70
  Cr merchants/m/available 17.70
`},
		{name: "dispute won, its fee kept", given: append(slices.Clip(opened), won), key: "dispute/c1/won.fee", want: ``},
		{name: "scheme credits us for it", given: through, key: "dispute/c1/credited", want: `
dispute.credited dispute/c1/credited
  Dr bank/escrow_in 750.00
  Cr disputes/upi/clearing 750.00
`},
		{name: "scheme credits us for it, the rail nets it", rules: netting(), given: through, key: "dispute/c1/credited", want: `
dispute.credited dispute/c1/credited
  Dr rails/upi/receivable 750.00
  Cr disputes/upi/clearing 750.00
`},
		{name: "scheme credits what was won in part", given: part, key: "dispute/c1/credited", want: `
dispute.credited dispute/c1/credited
  Dr bank/escrow_in 300.00
  Cr disputes/upi/clearing 300.00
`},
		{name: "dispute lost", given: append(slices.Clip(opened), lost), key: "dispute/c1/lost", want: ``},
	}
}

// generous are the terms, and a won dispute gives its fee back.
func generous() *payment.Rules {
	rules := terms()
	for i := range rules.Fees {
		rules.Fees[i].Dispute = fees.DisputeReturnOnWin
	}
	return rules
}

// dear are the terms, and a capture costs 10.00 whatever its amount.
func dear() *payment.Rules {
	rules := terms()
	rules.Fees[0].Components[0] = fees.Component{Kind: "commission", Fixed: new(rs("10.00"))}
	return rules
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

func railRecipes() []recipe {
	netted := railPays("s1", "1000.00", "2026-03-03 09:00")
	netted.Cost, netted.CostTax = rs("5.00"), rs("0.90")
	kept := railPays("s1", "1000.00", "2026-03-03 09:00")
	kept.Cost = rs("1000.00")
	return []recipe{
		{name: "rail pays us", given: []payment.Event{captured(), railPays("s1", "1000.00", "2026-03-03 09:00")}, key: "rail_settlement/s1/received", want: `
rail.settled rail_settlement/s1/received
  Dr bank/escrow_in 1000.00
  Cr rails/upi/receivable 1000.00
`},
		{name: "rail netted its cost", given: []payment.Event{captured(), netted}, key: "rail_settlement/s1/received", want: `
rail.settled rail_settlement/s1/received
  Dr bank/escrow_in 994.10
  Dr expense/rail_cost 5.00
  Dr input_tax/gst 0.90
  Cr rails/upi/receivable 1000.00
`},
		{name: "rail kept everything", given: []payment.Event{captured(), kept}, key: "rail_settlement/s1/received", want: `
rail.settled rail_settlement/s1/received
  Dr expense/rail_cost 1000.00
  Cr rails/upi/receivable 1000.00
`},
	}
}

func bankRecipes() []recipe {
	taxed := passing(payment.RailInvoiced, "i1", "5.00", "2026-03-31 10:00")
	taxed.CostTax = rs("0.90")
	netted := taxed
	netted.Kind = payment.RailInvoiceNetted
	in := passing(payment.BankCredit, "b1", "123.45", "2026-03-03 10:00")
	out := passing(payment.BankDebit, "b2", "10.00", "2026-03-03 10:00")
	return []recipe{
		{name: "rail cost accrued", given: []payment.Event{passing(payment.RailCharged, "k1", "5.00", "2026-03-02 10:00")}, key: "rail_cost/k1/accrued", want: `
rail.cost rail_cost/k1/accrued
  Dr expense/rail_cost 5.00
  Cr rails/upi/payable 5.00
`},
		{name: "the rail's invoice paid", given: []payment.Event{taxed}, key: "rail_invoice/i1/settled", want: `
rail.invoice rail_invoice/i1/settled
  Dr rails/upi/payable 5.00
  Dr input_tax/gst 0.90
  Cr bank/escrow_in 5.90
`},
		{name: "the rail's invoice netted", given: []payment.Event{netted}, key: "rail_invoice/i1/settled", want: `
rail.invoice rail_invoice/i1/settled
  Dr rails/upi/payable 5.00
  Dr input_tax/gst 0.90
  Cr rails/upi/receivable 5.90
`},
		{name: "bank line nobody explains, in", given: []payment.Event{in}, key: "bank_line/b1/unexplained", want: `
bank.unexplained bank_line/b1/unexplained
  Dr bank/escrow_in 123.45
  Cr suspense/escrow_in/credit 123.45
`},
		{name: "bank line nobody explains, out", given: []payment.Event{out}, key: "bank_line/b2/unexplained", want: `
bank.unexplained bank_line/b2/unexplained
  Dr suspense/escrow_in/debit 10.00
  Cr bank/escrow_in 10.00
`},
		{name: "line in explained", given: []payment.Event{in, later(payment.BankExplained, "b1", "2026-03-04 10:00")}, key: "bank_line/b1/explained", want: `
bank.explained bank_line/b1/explained
  Dr suspense/escrow_in/credit 123.45
  Cr bank/escrow_in 123.45
`},
		{name: "line out explained", given: []payment.Event{out, later(payment.BankExplained, "b2", "2026-03-04 10:00")}, key: "bank_line/b2/explained", want: `
bank.explained bank_line/b2/explained
  Dr bank/escrow_in 10.00
  Cr suspense/escrow_in/debit 10.00
`},
		{name: "line out is the bank's charge", given: []payment.Event{out, later(payment.BankCharged, "b2", "2026-03-04 10:00")}, key: "bank_line/b2/charged", want: `
bank.charged bank_line/b2/charged
  Dr expense/bank_charges 10.00
  Cr suspense/escrow_in/debit 10.00
`},
		{name: "fees to our own account", given: []payment.Event{passing(payment.FeesMoved, "t1", "20.00", "2026-03-04 10:00")}, key: "fee_transfer/t1/moved", want: `
fees.moved fee_transfer/t1/moved
  Dr bank/operating 20.00
  Cr bank/escrow_in 20.00
`},
		{name: "opening", given: []payment.Event{passing(payment.Opened, "o1", "5000.00", "2026-03-01 10:00")}, key: "opening/o1/booked", want: `
opening.booked opening/o1/booked
  Dr bank/escrow_in 5000.00
  Cr opening/INR 5000.00
`},
	}
}

// What is sold is 100,000.00 PKR, what is bought are rupees of India: worth
// 30,123.00 of them, for which the merchant gets 1 % less.
func exchangeRecipes() []recipe {
	return []recipe{
		{name: "exchange: sold", rules: bothSides(), given: []payment.Event{savedAbroad()}, trade: trade("x1"), key: "exchange/x1/sold", want: `
exchange.sold exchange/x1/sold
  Dr merchants/hand/available 100000.00
  Cr fx/PKR 100000.00
`},
		{name: "exchange: bought", rules: bothSides(), given: []payment.Event{savedAbroad()}, trade: trade("x1"), key: "exchange/x1/bought", want: `
exchange.bought exchange/x1/bought < exchange/x1/sold
  Dr fx/INR 30123.00
  Cr merchants/hand/available 29821.77
  Cr income/fx_spread 301.23
`},
	}
}

// A payout of A = 500.00 costs f = 5.00 and t = 0.90 on top.
func payoutRecipes() []recipe {
	requested := []payment.Event{saved(), payout("p1", "500.00", "2026-03-05 10:00")}
	sent := append(slices.Clip(requested), later(payment.PayoutSent, "p1", "2026-03-05 11:00"))
	completed := append(slices.Clip(sent), later(payment.PayoutCompleted, "p1", "2026-03-05 12:00"))
	return []recipe{
		{name: "payout requested", given: requested, key: "payout/p1/requested", want: `
payout.requested payout/p1/requested
  Dr merchants/hand/available 505.90
  Cr merchants/hand/payouts 505.90
`},
		{name: "payout rejected", rules: cautious(), given: []payment.Event{
			saved(), decided("anna", payout("p1", "500.00", "2026-03-05 10:00")), decided("bert", later(payment.PayoutRejected, "p1", "2026-03-05 12:00")),
		}, key: "payout/p1/rejected", want: `
payout.rejected payout/p1/rejected
  Dr merchants/hand/payouts 505.90
  Cr merchants/hand/available 505.90
`},
		{name: "payout canceled before it was sent", given: append(slices.Clip(requested), later(payment.PayoutCanceled, "p1", "2026-03-05 12:00")), key: "payout/p1/canceled", want: `
payout.canceled payout/p1/canceled
  Dr merchants/hand/payouts 505.90
  Cr merchants/hand/available 505.90
`},
		{name: "payout sent", given: sent, key: "payout/p1/sent", want: `
payout.sent payout/p1/sent
  Dr merchants/hand/payouts 500.00
  Cr rails/imps/payouts 500.00
`},
		{name: "payout completed", given: completed, key: "payout/p1/completed", want: `
payout.completed payout/p1/completed
  Dr rails/imps/payouts 500.00
  Dr merchants/hand/payouts 5.90
  Cr bank/escrow_in 500.00
  Cr income/payout_fee 5.00
  Cr tax/gst 0.90
`},
		{name: "payout failed before it was sent", given: append(requested, later(payment.PayoutFailed, "p1", "2026-03-05 12:00")), key: "payout/p1/failed", want: `
payout.failed payout/p1/failed
  Dr merchants/hand/payouts 505.90
  Cr merchants/hand/available 505.90
`},
		{name: "payout failed after it was sent", given: append(slices.Clip(sent), later(payment.PayoutFailed, "p1", "2026-03-05 12:00")), key: "payout/p1/failed", want: `
payout.failed payout/p1/failed
  Dr rails/imps/payouts 500.00
  Dr merchants/hand/payouts 5.90
  Cr merchants/hand/available 505.90
`},
		{name: "payout returned after completed", given: append(completed, later(payment.PayoutReturned, "p1", "2026-03-06 12:00")), key: "payout/p1/returned", want: `
payout.returned payout/p1/returned
  Dr bank/escrow_in 500.00
  Cr merchants/hand/available 500.00
`},
		{name: "payout paid although it had failed", given: append(slices.Clip(sent), later(payment.PayoutFailed, "p1", "2026-03-05 12:00"), later(payment.PayoutCompleted, "p1", "2026-03-06 12:00")), key: "payout/p1/revived", want: `
payout.revived payout/p1/revived
  Dr merchants/hand/available 505.90
  Cr bank/escrow_in 500.00
  Cr income/payout_fee 5.00
  Cr tax/gst 0.90
`},
	}
}

func batchRecipes() []recipe {
	given := []payment.Event{captured()}
	refused := []payment.Kind{payment.BatchSent, payment.BatchRefused, payment.BatchSent}
	returned := []payment.Kind{payment.BatchSent, payment.BatchPaid, payment.BatchReturned}
	revived := []payment.Kind{payment.BatchSent, payment.BatchRefused, payment.BatchCanceled, payment.BatchPaid}
	late := []payment.Kind{payment.BatchSent, payment.BatchRefused, payment.BatchPaid}
	return []recipe{
		{name: "available, when the batch closes", given: given, settle: "2026-03-02", key: "settlement/{batch}/available", want: `
funds.available settlement/{batch}/available
  Dr merchants/m/pending 876.40
  Cr merchants/m/available 876.40
`},
		{
			name: "available, fees above what was captured", given: []payment.Event{deposit("d1", "1.00", "2026-03-02 10:00")}, rules: dear(),
			settle: "2026-03-02", key: "settlement/{batch}/available", want: `
funds.available settlement/{batch}/available
  Cr merchants/m/pending 10.90
  Dr merchants/m/available 10.90
`},
		{name: "batch closed", given: given, settle: "2026-03-02", key: "settlement/{batch}/closed", want: `
settlement.closed settlement/{batch}/closed
  Dr merchants/m/available 876.40
  Cr settlements/{batch} 876.40
`},
		{name: "fee of a batch, tax on the fee", rules: batchFee(), given: given, settle: "2026-03-02", key: "settlement/{batch}/settlement_fee", want: `
settlement.fee settlement/{batch}/settlement_fee
  Dr merchants/m/available 5.90
  Cr income/settlement_fee 5.00
  Cr tax/gst 0.90
`},
		{name: "fee of a batch that is canceled", rules: batchFee(), given: given, settle: "2026-03-02", then: []payment.Kind{payment.BatchCanceled}, key: "settlement/{batch}/canceled.settlement_fee", want: `
fee.returned settlement/{batch}/canceled.settlement_fee < settlement/{batch}/canceled
  Dr income/settlement_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/available 5.90
`},
		{name: "batch sent", given: given, settle: "2026-03-02", key: "settlement/{batch}/sent", want: `
settlement.sent settlement/{batch}/sent
  Dr settlements/{batch} 876.40
  Cr rails/neft/payouts 876.40
`},
		{name: "batch paid", given: given, settle: "2026-03-02", key: "settlement/{batch}/paid", want: `
settlement.paid settlement/{batch}/paid
  Dr rails/neft/payouts 876.40
  Cr bank/escrow_in 876.40
`},
		{name: "batch refused before it left", given: given, settle: "2026-03-02", then: refused[:2], key: "settlement/{batch}/refused", want: `
settlement.refused settlement/{batch}/refused
  Dr rails/neft/payouts 876.40
  Cr settlements/{batch} 876.40
`},
		{name: "batch sent again", given: given, settle: "2026-03-02", then: refused, key: "settlement/{batch}/sent.2", want: `
settlement.sent settlement/{batch}/sent.2
  Dr settlements/{batch} 876.40
  Cr rails/neft/payouts 876.40
`},
		{name: "batch canceled", given: given, settle: "2026-03-02", then: []payment.Kind{payment.BatchCanceled}, key: "settlement/{batch}/canceled", want: `
settlement.canceled settlement/{batch}/canceled
  Dr settlements/{batch} 876.40
  Cr merchants/m/available 876.40
`},
		{name: "batch paid after all, though it was canceled", given: given, settle: "2026-03-02", then: revived, key: "settlement/{batch}/revived", want: `
settlement.revived settlement/{batch}/revived
  Dr merchants/m/available 876.40
  Cr bank/escrow_in 876.40
`},
		{name: "batch paid after all, before it was tried again", given: given, settle: "2026-03-02", then: late, key: "settlement/{batch}/paid", want: `
settlement.paid settlement/{batch}/paid
  Dr settlements/{batch} 876.40
  Cr bank/escrow_in 876.40
`},
		{name: "batch returned after it was paid comes back to the bank", given: given, settle: "2026-03-02", then: returned, key: "settlement/{batch}/returned", want: `
settlement.returned settlement/{batch}/returned
  Dr bank/escrow_in 876.40
  Cr rails/neft/returns 876.40
`},
		{name: "batch returned after it was paid", given: given, settle: "2026-03-02", then: returned, key: "settlement/{batch}/recredited", want: `
settlement.recredited settlement/{batch}/recredited
  Dr rails/neft/returns 876.40
  Cr merchants/m/available 876.40
`},
		{name: "reserve released after its days", given: given, settle: "2026-05-31", key: "deposit/d1/reserve.released", want: `
reserve.released deposit/d1/reserve.released
  Dr merchants/m/reserve/rolling 100.00
  Cr merchants/m/available 100.00
`},
	}
}

// abroadRecipes are those of a batch of 100,000.00 PKR that is paid in INR.
func abroadRecipes() []recipe {
	rules := bothSides()
	rules.Book.Schedules[0].FX = &merchant.FXTerms{Target: inr(), Spread: money.MustRate("1%"), MaxAge: time.Hour}
	quotes, err := settlement.NewQuoteList(settlement.Quote{
		ID: "q1", Source: "treasury", Base: pkr(), Currency: inr(), Rate: money.MustRate("0.30123"), At: at("2026-03-02 17:30"),
	})
	if err != nil {
		panic(err)
	}
	abroad := recipe{rules: rules, quotes: quotes, given: []payment.Event{in("PKR", deposit("d1", "100000.00", "2026-03-02 10:00"))}, settle: "2026-03-02"}
	row := func(name, key, want string, then ...payment.Kind) recipe {
		r := abroad
		r.name, r.key, r.want, r.then = name, key, want, then
		return r
	}
	return []recipe{
		row("batch in another currency closed", "settlement/{batch}/closed", `
settlement.closed settlement/{batch}/closed
  Dr merchants/m/available 100000.00
  Cr settlements/{batch} 100000.00
`),
		row("batch in another currency: its net sold", "settlement/{batch}/sold", `
settlement.sold settlement/{batch}/sold
  Dr settlements/{batch} 100000.00
  Cr fx/PKR 100000.00
`),
		row("batch in another currency: what is paid bought", "settlement/{batch}/bought", `
settlement.bought settlement/{batch}/bought < settlement/{batch}/sold
  Dr fx/INR 30123.00
  Cr settlements/{batch} 29821.77
  Cr income/fx_spread 301.23
`),
		row("batch in another currency paid", "settlement/{batch}/paid", `
settlement.paid settlement/{batch}/paid
  Dr rails/neft/payouts 29821.77
  Cr bank/escrow_in 29821.77
`),
		row("batch in another currency canceled", "settlement/{batch}/canceled", `
settlement.canceled settlement/{batch}/canceled
  Dr settlements/{batch} 29821.77
  Cr merchants/m/available 29821.77
`, payment.BatchCanceled),
	}
}

// batchFee are the terms where a batch costs something.
func batchFee() *payment.Rules {
	rules := terms()
	rules.Fees = append(rules.Fees, price("settlement", fees.EventSettlement, fees.Component{Fixed: new(rs("5.00"))}))
	return rules
}

// debiting are the terms where a net below zero becomes a receivable.
func debiting() *payment.Rules {
	rules := terms()
	rules.Book.Schedules[0].Negative = merchant.NegativeDebit
	return rules
}

// What people decide: adjustments, and what becomes of debts.
func decidedRecipes() []recipe {
	credit := []payment.Event{asked(payment.AdjustmentCredit, "a1", "25.00", "2026-03-02 12:00"), answered(payment.AdjustmentApproved, "a1", "2026-03-02 13:00")}
	debit := []payment.Event{asked(payment.AdjustmentDebit, "a1", "25.00", "2026-03-02 12:00"), credit[1]}
	debt := append(owing(), reclassified("b1", "767.70", "2026-03-02 12:00"))
	earning := []payment.Event{
		asked(payment.AdjustmentDebit, "a1", "767.70", "2026-03-02 11:00"), answered(payment.AdjustmentApproved, "a1", "2026-03-02 11:10"),
		debt[2], deposit("d1", "1000.00", "2026-03-02 13:00"),
	}
	wroteOff := []payment.Event{asked(payment.WriteOffRequested, "w1", "767.70", "2026-03-02 12:20"), answered(payment.WriteOffApproved, "w1", "2026-03-02 13:00")}
	ofDispute := wroteOff[0]
	ofDispute.Parent = "c1"
	return []recipe{
		{name: "adjustment in the merchant's favour", given: credit, key: "adjustment/a1/booked", want: `
adjustment.credited adjustment/a1/booked
  Dr expense/goodwill 25.00
  Cr merchants/m/available 25.00
`},
		{name: "adjustment against the merchant", given: debit, key: "adjustment/a1/booked", want: `
adjustment.debited adjustment/a1/booked
  Dr merchants/m/available 25.00
  Cr expense/goodwill 25.00
`},
		{name: "adjustment that nobody else approved", given: credit[:1], key: "adjustment/a1/booked", want: ``},
		{name: "negative balance reclassified", given: debt, key: "debt/b1/reclassified", want: `
debt.reclassified debt/b1/reclassified
  Dr merchants/m/receivable 767.70
  Cr merchants/m/available 767.70
`},
		{name: "and back at the next open", given: append(slices.Clip(debt), later(payment.DebtRestored, "b1", "2026-03-02 13:00")), key: "debt/b1/restored", want: `
debt.restored debt/b1/restored
  Dr merchants/m/available 767.70
  Cr merchants/m/receivable 767.70
`},
		{name: "and back with the next batch that has money", given: earning, settle: "2026-03-02", key: "settlement/{batch}/debt", want: `
debt.restored settlement/{batch}/debt
  Dr merchants/m/available 767.70
  Cr merchants/m/receivable 767.70
`},
		{name: "net of a batch below zero, where the schedule debits", rules: debiting(), given: earning[:2], settle: "2026-03-02", key: "settlement/{batch}/debit", want: `
debt.reclassified settlement/{batch}/debit
  Dr merchants/m/receivable 767.70
  Cr merchants/m/available 767.70
`},
		{name: "merchant tops up", given: append(slices.Clip(debt), toppedUp("t1", "500.00", "2026-03-02 13:00")), key: "top_up/t1/received", want: `
top_up.received top_up/t1/received
  Dr bank/escrow_in 500.00
  Cr merchants/m/receivable 500.00
`},
		{name: "merchant tops up more than the receivable", given: append(slices.Clip(debt), toppedUp("t1", "800.00", "2026-03-02 13:00")), key: "top_up/t1/received", want: `
top_up.received top_up/t1/received
  Dr bank/escrow_in 800.00
  Cr merchants/m/receivable 767.70
  Cr merchants/m/available 32.30
`},
		{name: "merchant tops up a negative balance", given: append(owing(), toppedUp("t1", "500.00", "2026-03-02 13:00")), key: "top_up/t1/received", want: `
top_up.received top_up/t1/received
  Dr bank/escrow_in 500.00
  Cr merchants/m/available 500.00
`},
		{name: "receivable written off", given: append(slices.Clip(debt), wroteOff...), key: "write_off/w1/booked", want: `
write_off.booked write_off/w1/booked
  Dr expense/bad_debt 767.70
  Cr merchants/m/receivable 767.70
`},
		{
			name: "negative balance of a lost dispute written off", key: "write_off/w1/booked",
			given: append(owing(), later(payment.DisputeLost, "c1", "2026-03-02 12:00"), ofDispute, wroteOff[1]), want: `
write_off.booked write_off/w1/booked
  Dr expense/dispute_loss 767.70
  Cr merchants/m/available 767.70
`},
	}
}
