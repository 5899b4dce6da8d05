package payment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/payment"
)

// invoicing are the terms, and no fee but that of payouts is taken out of the money: all
// are invoiced.
func invoicing() *payment.Rules {
	rules := terms()
	for i := range rules.Fees {
		if rules.Fees[i].Match.Event != fees.EventPayout {
			rules.Fees[i].Charge = fees.ChargeGross
		}
	}
	return rules
}

// costly are the terms, and a refund costs 2.00 and GST, which goes back when it fails.
func costly() *payment.Rules {
	rules := terms()
	rules.Fees = append(rules.Fees, price("refund", fees.EventRefund, fees.Component{Fixed: new(rs("2.00"))}))
	return rules
}

// atLeast are the terms, and the fees of captures come to no less in a month.
func atLeast(minimum string) *payment.Rules {
	rules := terms()
	rules.Fees[0].MonthlyMin = new(rs(minimum))
	return rules
}

// invoicedPayouts are the terms, and the fees of payouts are invoiced.
func invoicedPayouts() *payment.Rules {
	rules := terms()
	rules.Fees[3].Charge = fees.ChargeGross
	return rules
}

// paidOut is a payout of 500.00 until it comes to an event.
func paidOut(until payment.Kind) []payment.Event {
	events := []payment.Event{saved(), payout("p1", "500.00", "2026-03-05 10:00")}
	if until != payment.PayoutRequested {
		events = append(events, later(payment.PayoutSent, "p1", "2026-03-05 11:00"), later(until, "p1", "2026-03-05 12:00"))
	}
	return events
}

// A payout that was paid although it had failed is invoiced then, and only then.
func TestInvoicedPayoutAfterAll(t *testing.T) {
	t.Parallel()
	d := open(t, invoicedPayouts())
	d.book(paidOut(payment.PayoutFailed)...)
	d.account("merchants/hand/receivable", "0.00")
	d.book(later(payment.PayoutCompleted, "p1", "2026-03-06 12:00"))
	d.account("merchants/hand/receivable", "5.90")
	d.stands(hand, "available 376.40", "payouts 0.00")
	d.book(later(payment.PayoutReturned, "p1", "2026-03-07 12:00"))
	d.account("merchants/hand/receivable", "5.90") // it was earned
}

// invoicedAll are the costly terms, and all fees are invoiced.
func invoicedAll() *payment.Rules {
	rules := costly()
	for i := range rules.Fees {
		if rules.Fees[i].Match.Event != fees.EventPayout {
			rules.Fees[i].Charge = fees.ChargeGross
		}
	}
	return rules
}

func billingRecipes() []recipe {
	quarter := refund("r1", "d1", "250.00", "2026-03-05 12:00")
	failed := later(payment.RefundFailed, "r1", "2026-03-05 14:00")
	paid := toppedUp("t1", "20.00", "2026-03-05 11:00")
	generous := invoicing()
	for i := range generous.Fees {
		generous.Fees[i].Dispute = fees.DisputeReturnOnWin
	}
	return []recipe{
		{name: "gross-fee plan, invoiced", rules: invoicing(), given: []payment.Event{captured()}, key: "deposit/d1/fee", want: `
fee.invoiced deposit/d1/fee < deposit/d1/captured
  Dr merchants/m/receivable 23.60
  Cr income/processing_fee 20.00
  Cr tax/gst 3.60
`},
		{name: "what is missing to the minimum of a month, invoiced when it is over", rules: atLeast("500.00"), given: []payment.Event{captured()}, closes: true,
			key: "fee_month/2026-03/m/INR/capture/charged", want: `
fee.minimum fee_month/2026-03/m/INR/capture/charged
  Dr merchants/m/receivable 566.40
  Cr income/processing_fee 480.00
  Cr tax/gst 86.40
`},
		{name: "invoiced fee credited pro rata", rules: invoicing(), given: []payment.Event{captured(), quarter}, key: "refund/r1/fee", want: `
fee.credited refund/r1/fee < refund/r1/created
  Dr income/processing_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/receivable 5.90
`},
		{name: "invoiced fee credited when most of it was paid", rules: invoicing(), given: []payment.Event{captured(), paid, quarter}, key: "refund/r1/fee", want: `
fee.credited refund/r1/fee < refund/r1/created
  Dr income/processing_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/receivable 3.60
  Cr merchants/m/available 2.30
`},
		{name: "invoiced again when the refund fails", rules: invoicing(), given: []payment.Event{captured(), quarter, failed}, key: "refund/r1/failed.fee", want: `
fee.invoiced refund/r1/failed.fee < refund/r1/failed
  Dr merchants/m/receivable 5.90
  Cr income/processing_fee 5.00
  Cr tax/gst 0.90
`},
		{name: "invoiced fee of a deposit that failed late", rules: invoicing(), given: []payment.Event{captured(), later(payment.DepositFailed, "d1", "2026-03-02 11:00")}, key: "deposit/d1/failed.fee", want: `
fee.credited deposit/d1/failed.fee < deposit/d1/failed
  Dr income/processing_fee 20.00
  Dr tax/gst 3.60
  Cr merchants/m/receivable 23.60
`},
		{name: "dispute fee, invoiced", rules: generous, given: []payment.Event{captured(), dispute("c1", "d1", "750.00", "2026-03-05 12:00")}, key: "dispute/c1/fee", want: `
fee.invoiced dispute/c1/fee < dispute/c1/opened
  Dr merchants/m/receivable 17.70
  Cr income/dispute_fee 15.00
  Cr tax/gst 2.70
`},
		{name: "invoiced dispute fee credited when it is won", rules: generous, given: []payment.Event{captured(), dispute("c1", "d1", "750.00", "2026-03-05 12:00"), later(payment.DisputeWon, "c1", "2026-03-07 10:00")}, key: "dispute/c1/won.fee", want: `
fee.credited dispute/c1/won.fee < dispute/c1/won
  Dr income/dispute_fee 15.00
  Dr tax/gst 2.70
  Cr merchants/m/receivable 17.70
`},
		{name: "fee of a refund", rules: costly(), given: []payment.Event{captured(), quarter}, key: "refund/r1/refund_fee", want: `
refund.fee refund/r1/refund_fee < refund/r1/created
  Dr merchants/m/available 2.00
  Cr income/refund_fee 2.00
  Dr merchants/m/available 0.36
  Cr tax/gst 0.36
`},
		{name: "fee of a refund that failed, returned by policy", rules: costly(), given: []payment.Event{captured(), quarter, failed}, key: "refund/r1/failed.refund_fee", want: `
fee.returned refund/r1/failed.refund_fee < refund/r1/failed
  Dr income/refund_fee 2.00
  Dr tax/gst 0.36
  Cr merchants/m/available 2.36
`},
		{name: "fee of a refund, invoiced", rules: invoicedAll(), given: []payment.Event{captured(), quarter}, key: "refund/r1/refund_fee", want: `
fee.invoiced refund/r1/refund_fee < refund/r1/created
  Dr merchants/m/receivable 2.36
  Cr income/refund_fee 2.00
  Cr tax/gst 0.36
`},
		{name: "payout requested whose fee is invoiced", rules: invoicedPayouts(), given: paidOut(payment.PayoutRequested), key: "payout/p1/requested", want: `
payout.requested payout/p1/requested
  Dr merchants/hand/available 500.00
  Cr merchants/hand/payouts 500.00
`},
		{name: "fee of a payout, invoiced when it completes", rules: invoicedPayouts(), given: paidOut(payment.PayoutCompleted), key: "payout/p1/fee", want: `
fee.invoiced payout/p1/fee < payout/p1/completed
  Dr merchants/hand/receivable 5.90
  Cr income/payout_fee 5.00
  Cr tax/gst 0.90
`},
		{name: "... of one that fails, not at all", rules: invoicedPayouts(), given: paidOut(payment.PayoutFailed), key: "payout/p1/failed", want: `
payout.failed payout/p1/failed
  Dr rails/imps/payouts 500.00
  Cr merchants/hand/available 500.00
`},
		{name: "invoiced fees topped up", rules: invoicing(), given: []payment.Event{captured(), toppedUp("t1", "30.00", "2026-03-05 11:00")}, key: "top_up/t1/received", want: `
top_up.received top_up/t1/received
  Dr bank/escrow_in 30.00
  Cr merchants/m/receivable 23.60
  Cr merchants/m/available 6.40
`},
		{name: "invoiced fees taken out of the merchant's money", rules: invoicing(), given: []payment.Event{captured(), deducted("x1", "23.60", "2026-03-05 10:00")}, key: "fee_deduction/x1/booked", want: `
fees.deducted fee_deduction/x1/booked
  Dr merchants/m/available 23.60
  Cr merchants/m/receivable 23.60
`},
		{name: "invoiced fees written off", rules: invoicing(), given: []payment.Event{captured(), asked(payment.WriteOffRequested, "w1", "23.60", "2026-03-05 10:00"), answered(payment.WriteOffApproved, "w1", "2026-03-05 11:00")}, key: "write_off/w1/booked", want: `
write_off.booked write_off/w1/booked
  Dr expense/bad_debt 23.60
  Cr merchants/m/receivable 23.60
`},
		{name: "a refund that no price is for costs nothing", given: []payment.Event{captured(), quarter}, key: "refund/r1/refund_fee", want: ``},
	}
}

// deducted takes invoiced fees out of the money of m.
func deducted(id, amount, when string) payment.Event {
	return decided(maker, payment.Event{Kind: payment.FeesDeducted, ID: id, OccurredAt: at(when), Merchant: m, Currency: inr(), Amount: rs(amount)})
}

// What is deducted is a line of the next batch, which pays so much less; nobody deducts
// more than is owed of fees, whatever else is owed.
func TestFeesDeductedFromTheNextBatch(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(deposit("d1", "1000.00", "2026-03-02 10:00"))
	d.refuse(deducted("x1", "23.61", "2026-03-02 11:00"), "amount: 23.61 is more than the merchant owes, INR 23.60")
	d.refuse(of(hand, deducted("x1", "0.01", "2026-03-02 11:00")), "amount: 0.01 is more than the merchant owes, INR 0.00")
	nobody := deducted("x1", "3.60", "2026-03-02 11:00")
	nobody.Actor = ""
	d.refuse(nobody, "actor: is missing; a fee_deduction needs it")
	d.book(deducted("x1", "3.60", "2026-03-02 11:00"), deducted("x2", "20.00", "2026-03-02 12:00"))
	d.again(deducted("x1", "3.60", "2026-03-02 11:00"))
	d.stands(m, "available -23.60", "receivable 0.00", "pending 900.00")
	d.wantBilling(payment.Billing{Charged: rs("23.60"), Paid: rs("23.60")})
	batch := d.settle("2026-03-02")[0]
	if batch.Net != rs("876.40") || batch.Categories.Adjustments != rs("-23.60") {
		t.Errorf("the batch pays %s, adjustments %s", inr().Format(batch.Net), inr().Format(batch.Categories.Adjustments))
	}
	d.stands(m, "available 0.00", "pending 0.00")
}

// Of a gross-fee plan the merchant gets all that was captured, less its reserve, and
// the line has no fee.
func TestInvoicedFeeLeavesTheMoney(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(captured())
	d.stands(m, "pending 900.00", "reserve/rolling 100.00", "receivable 23.60")
	d.account("income/processing_fee", "20.00")
	item := records[*payment.Item](d, payment.ItemRecord)[0]
	if !item.Fee.IsZero() || !item.Tax.IsZero() || item.Net != rs("900.00") {
		t.Errorf("the line has fee %s, tax %s, net %s", item.Fee, item.Tax, item.Net)
	}
	batch := d.settle("2026-03-02")[0]
	if batch.Net != rs("900.00") {
		t.Errorf("the batch pays %s", inr().Format(batch.Net))
	}
}

func (d *desk) wantBilling(want payment.Billing) {
	d.Helper()
	want.Merchant, want.Currency = m, inr()
	if diff := cmp.Diff(want, *record[*payment.Billing](d, payment.BillingRecord, m+"/INR")); diff != "" {
		d.Errorf("billing (-want +got):\n%s", diff)
	}
}

// What is given back of a fee that was paid is available, as part of the refund's own
// line; when the refund fails it is charged again, whatever became of it.
func TestInvoicedFeeGivenBackAfterItWasPaid(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(captured(), toppedUp("t1", "23.60", "2026-03-05 10:00"))
	d.wantBilling(payment.Billing{Charged: rs("23.60"), Paid: rs("23.60")})
	d.book(refund("r1", "d1", "1000.00", "2026-03-05 11:00"))
	d.stands(m, "receivable 0.00", "available -976.40")
	d.wantBilling(payment.Billing{Charged: rs("23.60"), Paid: rs("23.60"), Credited: rs("23.60"), PaidBack: rs("23.60")})
	items := records[*payment.Item](d, payment.ItemRecord)
	if item := items[len(items)-1]; item.Fee != rs("20.00") || item.Tax != rs("3.60") || item.TaxCode != "gst" || item.Net != rs("-976.40") {
		t.Errorf("the refund's line: fee %s, tax %s %s, net %s", item.Fee, item.TaxCode, item.Tax, item.Net)
	}
	d.book(later(payment.RefundFailed, "r1", "2026-03-05 12:00"))
	d.stands(m, "receivable 23.60", "available 23.60")
	d.account("income/processing_fee", "20.00")
	d.account("tax/gst", "3.60")
}

// Parts give back the fee exactly, on the receivable as out of the money.
func TestInvoicedFeeInParts(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(deposit("d1", "1000.50", "2026-03-02 10:00")) // a fee of 20.01 and 3.60 of tax
	for _, part := range []struct{ id, amount, receivable string }{
		{"r1", "333.50", "15.74"}, {"r2", "333.50", "7.87"}, {"r3", "333.50", "0.00"},
	} {
		d.book(refund(part.id, "d1", part.amount, "2026-03-05 11:00"))
		d.stands(m, "receivable "+part.receivable)
	}
	d.account("income/processing_fee", "0.00")
	d.account("tax/gst", "0.00")
}

// A top-up pays a debt that stands as a receivable before it pays fees, and the records
// tell the two apart.
func TestDebtAndFeesInOneReceivable(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(deposit("d1", "1000.00", "2026-02-27 10:00"), dispute("c1", "d1", "750.00", "2026-03-02 11:00")) // fees of 23.60 and 17.70
	d.stands(m, "available -750.00", "receivable 41.30")
	d.book(reclassified("b1", "750.00", "2026-03-02 12:00"))
	d.stands(m, "available 0.00", "receivable 791.30")
	d.book(toppedUp("t1", "760.00", "2026-03-02 12:10"))
	d.stands(m, "available 0.00", "receivable 31.30")
	if top := record[*payment.TopUp](d, payment.TopUpRecord, "t1"); top.ToDebt != rs("750.00") || top.ToFees != rs("10.00") {
		t.Errorf("%s to the debt, %s to fees", top.ToDebt, top.ToFees)
	}
	d.wantBilling(payment.Billing{Charged: rs("41.30"), Paid: rs("10.00")})
	d.book(later(payment.DebtRestored, "b1", "2026-03-02 13:00"))
	d.stands(m, "available 0.00", "receivable 31.30")

	d.book(asked(payment.WriteOffRequested, "w1", "31.31", "2026-03-02 14:00"), asked(payment.WriteOffRequested, "w2", "31.30", "2026-03-02 14:00"))
	d.refuse(answered(payment.WriteOffApproved, "w1", "2026-03-02 14:10"), "amount: 31.31 is more than the merchant owes, INR 31.30")
	d.book(answered(payment.WriteOffApproved, "w2", "2026-03-02 14:10"))
	d.wantBilling(payment.Billing{Charged: rs("41.30"), Paid: rs("10.00"), WrittenOff: rs("31.30")})
	d.stands(m, "receivable 0.00")
}

// A refund's own fee is part of its line, beside what comes back of the deposit's; by
// the list in force when the deposit was captured, and kept or not when it fails.
func TestFeeOfARefund(t *testing.T) {
	t.Parallel()
	kept := costly()
	kept.Fees[len(kept.Fees)-1].Refund = fees.RefundKeep
	dearer := costly()
	next := price("refund", fees.EventRefund, fees.Component{Fixed: new(rs("9.00"))})
	next.Version, next.EffectiveFrom = "2", date("2026-03-04")
	dearer.Fees = append(dearer.Fees, next)
	cards := costly()
	cards.Fees[len(cards.Fees)-1].Match.Method = "CARD"
	for _, test := range []struct {
		name          string
		rules         *payment.Rules
		fee, tax      string // of the refund's line, 5.00 and 0.90 of the deposit's given back
		after, income string // available when the refund has failed; what we have earned by it
	}{
		{"returned when it fails", costly(), "3.00", "0.54", "0.00", "0.00"},
		{"kept when it fails", kept, "3.00", "0.54", "-2.36", "2.00"},
		{"the list of the capture", dearer, "3.00", "0.54", "0.00", "0.00"},
		{"another method's", cards, "5.00", "0.90", "0.00", "0.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, test.rules)
			d.book(captured(), refund("r1", "d1", "250.00", "2026-03-05 12:00"))
			items := records[*payment.Item](d, payment.ItemRecord)
			if item := items[len(items)-1]; item.Fee != rs(test.fee) || item.Tax != rs(test.tax) {
				t.Errorf("the line has fee %s and tax %s", inr().Format(item.Fee), inr().Format(item.Tax))
			}
			d.again(refund("r1", "d1", "250.00", "2026-03-05 12:00"))
			d.book(later(payment.RefundFailed, "r1", "2026-03-05 13:00"))
			d.stands(m, "available "+test.after)
			d.account("income/refund_fee", test.income)
		})
	}
}
