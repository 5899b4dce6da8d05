package payment_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// odd are terms under which 1,000.00 cost a fee of 20.01 and no tax.
func odd() *payment.Rules {
	rules := noReserve()
	rules.Fees[0].Components[0].Rate = money.MustRate("2.001%")
	rules.Fees[0].Tax = fees.Tax{}
	return rules
}

func (d *desk) wantReturned(id, fee string) {
	d.Helper()
	r := record[*payment.Refund](d, payment.RefundRecord, id)
	if r.FeeReturned != rs(fee) {
		d.Errorf("refund %s returns %s of the fee, want %s", id, inr().Format(r.FeeReturned), fee)
	}
}

// 333.33 + 333.33 + 333.34 of 1,000.00 against a fee of 20.01 return 6.67 each.
func TestFeeReturnedInParts(t *testing.T) {
	t.Parallel()
	d := open(t, odd())
	d.book(captured())
	for i, amount := range []string{"333.33", "333.33", "333.34"} {
		id := fmt.Sprintf("r%d", i)
		d.book(refund(id, "d1", amount, "2026-03-02 11:00"))
		d.wantReturned(id, "6.67")
	}
	d.account("income/processing_fee", "0.00")
	d.stands(m, "available 0.00", "pending 0.00") // 979.99 of the deposit were pending
}

// The tax comes back line by line, so every tax account comes back to zero.
func TestTaxReturnedInParts(t *testing.T) {
	t.Parallel()
	rules := noReserve()
	rules.Fees[0].Tax = fees.Tax{
		Code: "gst", Rate: money.MustRate("18%"),
		Split: []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}},
	}
	d := open(t, rules)
	d.book(deposit("d1", "41.75", "2026-03-02 10:00")) // fee 0.84 (half-even of 0.835), tax 0.15: 0.08 and 0.07
	d.account("tax/cgst", "0.08")
	d.account("tax/sgst", "0.07")
	for i, amount := range []string{"13.91", "13.92", "13.92"} {
		d.book(refund(fmt.Sprintf("r%d", i), "d1", amount, "2026-03-02 11:00"))
	}
	d.account("tax/cgst", "0.00")
	d.account("tax/sgst", "0.00")
	d.account("income/processing_fee", "0.00")
	if got := record[*payment.Deposit](d, payment.DepositRecord, "d1"); got.Status != payment.Refunded {
		t.Errorf("deposit is %s", got.Status)
	}
}

// A refund that failed counts no more, so another one of the same amount gives
// back the same.
func TestAnotherRefundAfterOneFailed(t *testing.T) {
	t.Parallel()
	d := open(t, odd())
	d.book(
		captured(),
		refund("r1", "d1", "333.33", "2026-03-02 11:00"),
		refund("r2", "d1", "333.33", "2026-03-02 11:00"),
		later(payment.RefundFailed, "r1", "2026-03-02 12:00"),
	)
	d.refuse(refund("r3", "d1", "666.68", "2026-03-02 13:00"),
		"amount: INR 666.68 is more than is left of the deposit: of deposit d1, 1000.00 was captured, 333.33 is refunded and 0.00 disputed")
	d.book(refund("r3", "d1", "333.33", "2026-03-02 13:00"), refund("r4", "d1", "333.34", "2026-03-02 14:00"))
	for _, id := range []string{"r1", "r2", "r3", "r4"} {
		d.wantReturned(id, "6.67")
	}
	got := record[*payment.Deposit](d, payment.DepositRecord, "d1")
	if got.Status != payment.Refunded || got.FeeBack != rs("20.01") || got.Refunded != rs("1000.00") {
		t.Errorf("deposit is %s, refunded %s, fee back %s", got.Status, got.Refunded, got.FeeBack)
	}
	d.account("income/processing_fee", "0.00")
}

// The same holds for the tax: what a failed refund gave back of it stands
// returned no more.
func TestTaxOfARefundThatFailed(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(
		captured(),
		refund("r1", "d1", "250.00", "2026-03-02 11:00"),
		later(payment.RefundFailed, "r1", "2026-03-02 12:00"),
		refund("r2", "d1", "500.00", "2026-03-02 13:00"),
	)
	d.account("tax/gst", "1.80")
	d.account("income/processing_fee", "10.00")
	d.book(refund("r3", "d1", "500.00", "2026-03-02 14:00"))
	d.account("tax/gst", "0.00")
	d.account("income/processing_fee", "0.00")
}

// Several failures in a row give no more than the fee, and no less in the end.
func TestFailuresInARow(t *testing.T) {
	t.Parallel()
	d := open(t, odd())
	d.book(captured())
	for i := range 5 {
		id := fmt.Sprintf("r%d", i)
		d.book(refund(id, "d1", "333.33", "2026-03-02 11:00"), later(payment.RefundFailed, id, "2026-03-02 12:00"))
	}
	d.account("income/processing_fee", "20.01")
	d.account("rails/upi/refunds", "0.00")
	d.stands(m, "available 0.00", "pending 979.99")
	d.book(refund("all", "d1", "1000.00", "2026-03-02 13:00"))
	d.wantReturned("all", "20.01")
}

// Whatever part of a deposit is refunded, fails and is refunded again: what
// stands returned of the fee is its share of what stands refunded, rounded once.
func TestFeeReturnedOverAnyFailures(t *testing.T) {
	t.Parallel()
	d := open(t, odd())
	d.trial(func(rt *rapid.T, do func(payment.Event) error, r ledger.Reader) {
		left := rapid.Int64Range(1, 100_000).Draw(rt, "captured")
		capture := captured()
		capture.Amount = money.Minor(left)
		must(rt, do(capture))
		var standing []payment.Event
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if left > 0 && rapid.Bool().Draw(rt, "refund") {
				e := refund(fmt.Sprintf("r%d", i), "d1", "1.00", "2026-03-02 11:00")
				amount := rapid.Int64Range(1, left).Draw(rt, "amount")
				e.Amount = money.Minor(amount)
				must(rt, do(e))
				standing, left = append(standing, e), left-amount
			} else if n := len(standing); n > 0 {
				at := rapid.IntRange(0, n-1).Draw(rt, "fails")
				must(rt, do(later(payment.RefundFailed, standing[at].ID, "2026-03-02 12:00")))
				amount, _ := standing[at].Amount.Int64()
				standing, left = slices.Delete(standing, at, at+1), left+amount
			}
			wantFeeBack(rt, r, standing)
		}
	})
}

func wantFeeBack(rt *rapid.T, r ledger.Reader, standing []payment.Event) {
	d := find[*payment.Deposit](rt, r, payment.DepositRecord, "d1")
	var refunded money.Amount
	for _, e := range standing {
		refunded = plus(rt, refunded, e.Amount)
	}
	want, err := fees.ReturnedTotal(d.Fee.Fee, d.Amount, refunded, d.Rounding)
	must(rt, err)
	if refunded != d.Refunded || want != d.FeeBack {
		rt.Fatalf("%s refunded, %s of the fee due back; the deposit says %s and %s", refunded, want, d.Refunded, d.FeeBack)
	}
}

// Refunds that give back a unit each fail: what is charged again is what no longer
// stands refunded, and not what each of them happened to give back.
func TestFeeOfManyRefundsThatFailed(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(deposit("d1", "1.50", "2026-03-02 10:00")) // its fee is 0.03
	var gave []string
	for i := range 15 {
		id := fmt.Sprintf("r%02d", i)
		d.book(refund(id, "d1", "0.10", "2026-03-02 11:00"))
		if r := record[*payment.Refund](d, payment.RefundRecord, id); !r.FeeReturned.IsZero() {
			gave = append(gave, id)
		}
	}
	if len(gave) != 3 {
		t.Fatalf("%v gave a unit of the fee back, want three of them", gave)
	}
	for _, id := range gave {
		d.book(later(payment.RefundFailed, id, "2026-03-02 12:00"))
	}
	d.account("income/processing_fee", "0.01") // 0.03 less the share of 1.20, which is 0.024
	if got := record[*payment.Deposit](d, payment.DepositRecord, "d1"); got.FeeBack != rs("0.02") {
		t.Errorf("%s of the fee stands returned, want 0.02", inr().Format(got.FeeBack))
	}
}

// A deposit is never refunded and disputed beyond what was captured.
func TestRefundsAndDisputesTogether(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(captured(), refund("r1", "d1", "250.00", "2026-03-02 11:00"))
	d.refuse(dispute("c1", "d1", "750.01", "2026-03-02 12:00"),
		"amount: INR 750.01 is more than is left of the deposit: of deposit d1, 1000.00 was captured, 250.00 is refunded and 0.00 disputed")
	d.book(dispute("c1", "d1", "700.00", "2026-03-02 12:00"))
	d.refuse(refund("r2", "d1", "50.01", "2026-03-02 13:00"),
		"amount: INR 50.01 is more than is left of the deposit: of deposit d1, 1000.00 was captured, 250.00 is refunded and 700.00 disputed")
	d.book(refund("r2", "d1", "50.00", "2026-03-02 13:00"))
	d.refuse(refund("r3", "d1", "0.01", "2026-03-02 14:00"),
		"amount: INR 0.01 is more than is left of the deposit: of deposit d1, 1000.00 was captured, 300.00 is refunded and 700.00 disputed")

	d.book(withAmount("200.00", later(payment.DisputeWon, "c1", "2026-03-03 10:00"))) // 500.00 are lost with it
	d.refuse(refund("r3", "d1", "200.01", "2026-03-03 11:00"),
		"amount: INR 200.01 is more than is left of the deposit: of deposit d1, 1000.00 was captured, 300.00 is refunded and 500.00 disputed")
	d.book(refund("r3", "d1", "200.00", "2026-03-03 11:00"))
	if got := record[*payment.Deposit](d, payment.DepositRecord, "d1"); got.Status != payment.PartiallyRefunded {
		t.Errorf("deposit is %s", got.Status)
	}
}

func TestDisputeWonInPart(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(captured(), dispute("c1", "d1", "750.00", "2026-03-02 12:00"))
	won := later(payment.DisputeWon, "c1", "2026-03-03 10:00")
	d.refuse(withAmount("750.01", won), "amount: INR 750.01 is more than the 750.00 of dispute c1")
	d.book(withAmount("749.99", won))
	d.account("disputes/upi/clearing", "-0.01")
	if c := record[*payment.Dispute](d, payment.DisputeRecord, "c1"); c.Recovered != rs("749.99") || c.Status != payment.Won {
		t.Errorf("dispute is %s with %s recovered", c.Status, c.Recovered)
	}
}

// The deposit of a refund or a dispute must not have failed; one with either may fail
// all the same: what the rail says is a fact.
func TestFailedDeposits(t *testing.T) {
	t.Parallel()
	failed := later(payment.DepositFailed, "d1", "2026-03-02 15:00")
	t.Run("takes no refund and no dispute", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.book(captured(), failed)
		d.stands(m, "available 0.00", "pending 0.00", "reserve/rolling 0.00")
		d.refuse(refund("r1", "d1", "1.00", "2026-03-02 16:00"), "parent_id: refund is not possible now: deposit d1 is failed")
		d.refuse(dispute("c1", "d1", "1.00", "2026-03-02 16:00"), "parent_id: dispute is not possible now: deposit d1 is failed")
	})
	t.Run("with a refund", func(t *testing.T) {
		t.Parallel()
		rules := taxing()
		rules.DrawReserve = []merchant.Scope{{}}
		d := open(t, rules)
		d.book(captured(), refund("r1", "d1", "900.00", "2026-03-02 11:00"), failed)
		d.again(failed)
		d.account("rails/upi/receivable", "0.00")
		d.account("income/processing_fee", "0.00")
		d.account("withholding/tds_194o", "0.00")
		d.stands(m, "pending 0.00", "available -900.00", "reserve/rolling 0.00") // the payer has got what was never paid
		d.book(later(payment.RefundFailed, "r1", "2026-03-02 16:00"))
		d.stands(m, "available 0.00", "pending 0.00", "reserve/rolling 0.00")
		d.account("rails/upi/refunds", "0.00")
		got := record[*payment.Deposit](d, payment.DepositRecord, "d1")
		if got.Status != payment.Failed || got.FeeBack != rs("20.00") || !got.Refunded.IsZero() {
			t.Errorf("deposit is %s, %s of its fee given back, %s refunded", got.Status, got.FeeBack, got.Refunded)
		}
	})
	t.Run("with all of it refunded", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.book(captured(), refund("r1", "d1", "1000.00", "2026-03-05 11:00"), later(payment.DepositFailed, "d1", "2026-03-05 12:00"))
		d.stands(m, "available -1876.40", "reserve/rolling 0.00")
	})
	t.Run("with a dispute", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.book(captured(), dispute("c1", "d1", "2.00", "2026-03-02 11:00"), failed)
		d.stands(m, "available -19.70")
		d.book(later(payment.DisputeWon, "c1", "2026-03-02 16:00"))
		d.account("income/dispute_fee", "15.00")
		d.stands(m, "available -17.70", "pending 0.00", "reserve/rolling 0.00")
	})
	t.Run("leaves what is available of others alone while it is pending", func(t *testing.T) {
		t.Parallel()
		d := open(t, noReserve())
		d.book(of(hand, deposit("d0", "1000.00", "2026-02-20 10:00")), of(hand, captured()), failed)
		d.stands(hand, "pending 976.40", "available 0.00") // what has not matured is that of d0 alone
		d.book(payout("p1", "970.50", "2026-03-04 10:00")) // with 5.90 of fee and tax it takes all of it
		d.stands(hand, "pending 0.00", "available 0.00", "payouts 976.40")
	})
	t.Run("after its reserve's date, before a job has released it", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.book(captured(), later(payment.DepositFailed, "d1", "2026-05-31 10:00"))
		d.stands(m, "available -976.40", "pending 876.40", "reserve/rolling 100.00")
		d.settle("2026-05-31") // its own batch had paid 876.40 in March; what is released is a movement of its own
		d.stands(m, "available -876.40", "pending 0.00", "reserve/rolling 0.00")
	})
	t.Run("after its reserve was released", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.book(captured())
		d.settle("2026-06-30")
		d.stands(m, "reserve/rolling 0.00")
		d.book(later(payment.DepositFailed, "d1", "2026-07-01 10:00"))
		d.stands(m, "available -976.40", "reserve/rolling 0.00") // 1,000.00 less the fee and its tax
	})
}

// The refund policy and the fee of a dispute are those of the capture, whatever
// the price list says by then.
func TestPricesAreThoseOfTheCapture(t *testing.T) {
	t.Parallel()
	rules := noReserve()
	dearer := price("dispute", fees.EventDispute, fees.Component{Fixed: new(rs("40.00"))})
	dearer.Version, dearer.EffectiveFrom = "2", date("2026-03-03")
	keep := price("capture", fees.EventCapture, fees.Component{Rate: money.MustRate("9%")})
	keep.Version, keep.EffectiveFrom, keep.Refund = "2", date("2026-03-03"), fees.RefundKeep
	rules.Fees = append(rules.Fees, dearer, keep)
	d := open(t, rules)
	d.book(captured(), deposit("d2", "1000.00", "2026-03-03 00:00"))
	d.account("income/processing_fee", "110.00")
	d.book(refund("r1", "d1", "250.00", "2026-03-10 10:00"), refund("r2", "d2", "250.00", "2026-03-10 10:00"))
	d.wantReturned("r1", "5.00")
	d.wantReturned("r2", "0.00")
	d.book(dispute("c1", "d1", "100.00", "2026-03-10 10:00"))
	d.account("income/dispute_fee", "15.00")
	d.book(dispute("c2", "d2", "100.00", "2026-03-10 10:00"))
	d.account("income/dispute_fee", "55.00")
}

// The version of a reserve plan in force on the business date holds; one that
// has ended holds nothing, and what was held keeps its terms.
func TestVersionsOfReservePlans(t *testing.T) {
	t.Parallel()
	rules := terms()
	fifth, ended := rules.Plans[0], rules.Plans[0]
	fifth.Version, fifth.EffectiveFrom, fifth.Rate, fifth.Days = "2", date("2026-03-03"), money.MustRate("20%"), 30
	ended.Version, ended.EffectiveFrom, ended.EffectiveTo, ended.Days = "3", date("2026-03-05"), date("2026-03-05"), 3
	rules.Plans = []reserve.Plan{ended, rules.Plans[0], fifth}
	d := open(t, rules)
	for i, day := range []string{"2026-03-02 10:00", "2026-03-02 18:00", "2026-03-05 10:00", "2026-03-06 10:00"} {
		d.book(deposit(fmt.Sprintf("d%d", i), "100.00", day))
	}
	var got []string
	for _, h := range records[*payment.Hold](d, payment.HoldRecord) {
		got = append(got, fmt.Sprintf("%s %s by version %s until %s", h.ID, inr().Format(h.Amount), h.Plan.Version, h.ReleaseOn))
	}
	want := []string{
		"d2 10.00 by version 3 until 2026-03-08",
		"d1 20.00 by version 2 until 2026-04-02",
		"d3 20.00 by version 2 until 2026-04-05",
		"d0 10.00 by version 1 until 2026-05-31",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("holds (-want +got):\n%s", diff)
	}
}

// A refund that failed and is paid after all stands as if it had never failed, however
// often it turns; one in whose place another was paid leaves more refunded than captured.
func TestRefundPaidAfterAll(t *testing.T) {
	t.Parallel()
	rules := taxing()
	rules.DrawReserve = []merchant.Scope{{}}
	d := open(t, rules)
	turns := []payment.Event{
		later(payment.RefundConfirmed, "r1", "2026-03-02 12:00"), later(payment.RefundFailed, "r1", "2026-03-02 12:10"),
		later(payment.RefundConfirmed, "r1", "2026-03-02 12:20"), later(payment.RefundFailed, "r1", "2026-03-02 12:30"),
	}
	d.book(captured(), refund("r1", "d1", "900.00", "2026-03-02 11:00"), turns[0])
	want := []string{"pending 0.00", "available 22.14", "reserve/rolling 75.40"}
	d.stands(m, want...)
	for range 2 {
		d.book(turns[1])
		d.stands(m, "pending 875.40", "available 0.00", "reserve/rolling 100.00")
		d.account("bank/escrow_in", "0.00")
		d.book(turns[2])
		d.stands(m, want...)
		d.account("bank/escrow_in", "-900.00")
		for i := range turns {
			turns[i].OccurredAt = turns[i].OccurredAt.Add(time.Hour)
		}
	}
	late := later(payment.RefundFailed, "r1", "2026-03-02 11:30") // before the last success
	d.book(refund("r2", "d1", "100.00", "2026-03-02 15:00"), later(payment.RefundFailed, "r2", "2026-03-02 15:10"), refund("r3", "d1", "100.00", "2026-03-02 15:20"))
	d.book(later(payment.RefundConfirmed, "r2", "2026-03-02 15:30"))
	got := record[*payment.Deposit](d, payment.DepositRecord, "d1")
	if got.Refunded != rs("1100.00") || got.Over != rs("100.00") || got.Status != payment.Refunded || got.FeeBack != rs("20.00") {
		t.Errorf("deposit is %s, refunded %s, %s over, fee back %s", got.Status, got.Refunded, got.Over, got.FeeBack)
	}
	d.refuse(late, `occurred_at: was reported before with other content: was "2026-03-02T06:40:00Z", is now "2026-03-02T06:00:00Z"`)
}

// What goes back goes the way its deposit came, over the deposit's own rail, also where
// the event names the method only, from which the rail would follow.
func TestGoesBackByItsOwnRail(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(over("psp", captured()))
	back := func(method, rail string) []payment.Event {
		return []payment.Event{
			over(rail, by(method, refund("r1", "d1", "100.00", "2026-03-02 11:00"))), over(rail, by(method, dispute("c1", "d1", "200.00", "2026-03-02 12:00"))),
		}
	}
	for _, c := range []struct{ method, rail, want string }{
		{"NEFT", "", `method: "NEFT" is another one than deposit d1 came by, "UPI"`},
		{"NEFT", "psp", `method: "NEFT" is another one than deposit d1 came by, "UPI"`},
		{"UPI", "bank", `rail: "bank" is another one than deposit d1 came by, "psp"`},
		{"", "upi", `rail: "upi" is another one than deposit d1 came by, "psp"`},
	} {
		for _, e := range back(c.method, c.rail) {
			d.refuse(e, c.want)
		}
	}
	d.book(back("UPI", "")...)
	for _, named := range [][2]string{{"UPI", ""}, {"", ""}, {"", "psp"}, {"UPI", "psp"}} {
		for _, e := range back(named[0], named[1]) {
			d.again(e)
		}
	}
	d.account("rails/psp/refunds", "100.00")
	d.account("rails/upi/refunds", "0.00")
	d.account("disputes/psp/clearing", "-200.00")
	d.account("disputes/upi/clearing", "0.00")
	d.book(by("UPI", later(payment.RefundConfirmed, "r1", "2026-03-02 13:00")), by("UPI", later(payment.DisputeLost, "c1", "2026-03-02 14:00")),
		by("UPI", later(payment.DisputeDebited, "c1", "2026-03-02 15:00")))
	d.account("rails/psp/refunds", "0.00")
	d.account("disputes/psp/clearing", "0.00")
}

// A hold is released by the way of its deposit too.
func TestReleaseNamesAnotherMethod(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	release := payment.Event{Kind: payment.ReserveRelease, ID: "x1", OccurredAt: at("2026-03-02 12:00"), Parent: "d1", Actor: "ann", ReasonCode: "trusted"}
	d.refuse(by("CARD", release), `method: "CARD" is another one than deposit d1 came by, "UPI"`)
	d.book(by("UPI", release))
	d.again(by("UPI", release))
	d.again(release)
}
