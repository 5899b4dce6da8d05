package settlement_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// decides carries out a decision of ops about m1.
func (h *house) decides(act payment.MerchantAct, at time.Time) {
	h.t.Helper()
	d := &payment.MerchantDecision{Rules: h.rules, Act: act, ID: "m1", Actor: "ops", Reason: "gone", Instant: at}
	if err := h.books.Do(context.Background(), d); err != nil {
		h.t.Fatalf("%s m1: %v", act, err)
	}
}

// jobs are one that comes every day, and one that comes once.
func jobs() map[string]func(h *house, day string) {
	return map[string]func(h *house, day string){
		"every day":  func(h *house, day string) { h.settle(ist(day + " 23:59")) },
		"at the end": func(*house, string) {},
	}
}

// Who is leaving is paid however little it is: what moves afterwards, and what earlier
// batches have carried on, by the batch of the window in which it was decided.
func TestLeavingMinimum(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("10.00")
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(schedule))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "5.00"), deposit("d2", "m1", ist("2026-03-03 12:00"), "2.00"))
			run(h, "2026-03-03")
			h.decides(payment.MerchantClose, ist("2026-03-05 12:00"))
			run(h, "2026-03-05")
			h.take(refund("r1", "d1", ist("2026-03-10 12:00"), "1.00"), later(payment.RefundFailed, "r1", ist("2026-03-11 12:00")))
			h.settle(ist("2026-03-31 00:00"))
			want := `
				m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 5.00 + -5.00 = 0.00
				  1 deposit d1 5.00
				  2 carry_out -5.00
				m1 INR 2026-03-03 carried_forward, due 2026-03-04: 5.00 + 2.00 + -7.00 = 0.00
				  1 carry_in 5.00
				  2 deposit d2 2.00
				  3 carry_out -7.00
				m1 INR 2026-03-05 closed, due 2026-03-06: 7.00 + 0.00 + 0.00 = 7.00
				  1 carry_in 7.00
				m1 INR 2026-03-10 carried_forward, due 2026-03-11: 0.00 + -1.00 + 1.00 = 0.00
				  1 refund r1 -1.00
				  2 carry_out 1.00
				m1 INR 2026-03-11 carried_forward, due 2026-03-12: -1.00 + 1.00 + 0.00 = 0.00
				  1 carry_in -1.00
				  2 refund_failed r1 1.00
			`
			h.wants(want)
			h.settle(ist("2026-04-30 00:00"))
			h.wants(want)
		})
	}
}

// A rest that is no more than the batch costs is paid without the fee, once, whenever the
// job runs; what is above it pays the fee.
func TestLeavingWithLessThanTheFee(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"5.00", "5.90"} {
		for name, run := range jobs() {
			t.Run(rest+" "+name, func(t *testing.T) {
				t.Parallel()
				h := open(t, charging(rulesWith(india()), fees.EventSettlement))
				h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), rest))
				h.settle(ist("2026-03-03 23:00"))
				h.decides(payment.MerchantClose, ist("2026-03-05 12:00"))
				for _, day := range []string{"2026-03-05", "2026-03-06", "2026-03-07"} {
					run(h, day)
				}
				h.settle(ist("2026-03-10 23:00"))
				h.wants(`
					m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + ` + rest + ` + -` + rest + ` = 0.00
					  1 deposit d1 ` + rest + `
					  2 carry_out -` + rest + `
					m1 INR 2026-03-05 closed, due 2026-03-06: ` + rest + ` + 0.00 + 0.00 = ` + rest + `
					  1 carry_in ` + rest + `
				`)
				h.sound()
			})
		}
	}
	h := open(t, charging(rulesWith(india()), fees.EventSettlement))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "5.91"))
	h.decides(payment.MerchantClose, ist("2026-03-02 13:00"))
	if got := tell(h.settle(ist("2026-03-10 23:00"))[0]); got != "m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 0.01 + 0.00 = 0.01" {
		t.Error(got)
	}
}

// What comes to nothing in the currency it would be paid in makes one batch, and is not
// looked at again before something moves.
func TestLeavingWithDust(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(pakistan(), india()))
			var all []settlement.Quote
			for day := 2; day <= 12; day++ {
				all = append(all, quote(fmt.Sprint("Q", day), "0.30", fmt.Sprintf("2026-03-%02d 12:00:00", day), ""))
			}
			h.quotes = quotes(all...)
			h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "0.01"))
			h.decides(payment.MerchantClose, ist("2026-03-05 12:00"))
			for _, day := range []string{"2026-03-05", "2026-03-06", "2026-03-07"} {
				run(h, day)
			}
			h.settle(ist("2026-03-08 23:00"))
			want := `
				m1 PKR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 0.01 + -0.01 = 0.00
				  1 deposit d1 0.01
				  2 carry_out -0.01
				m1 PKR 2026-03-05 carried_forward, due 2026-03-06: 0.01 + 0.00 + -0.01 = 0.00
				  1 carry_in 0.01
				  2 carry_out -0.01
			`
			h.wants(want)
			back := refund("r1", "d1", pkt("2026-03-10 12:00"), "0.01")
			back.Currency = pkr()
			h.take(back)
			h.settle(ist("2026-03-31 23:00"))
			h.wants(strings.TrimRight(want, "\t\n ") + `
				m1 PKR 2026-03-10 carried_forward, due 2026-03-11: 0.01 + -0.01 + 0.00 = 0.00
				  1 carry_in 0.01
				  2 refund r1 -0.01
			`)
			h.sound()
		})
	}
}

// The batch of a window that closed before the decision keeps to the minimum, whenever
// the job runs; the one after it does not.
func TestLeavingFromItsInstant(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("10.00")
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(schedule))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "5.00"))
			h.decides(payment.MerchantClose, ist("2026-03-02 18:00"))
			run(h, "2026-03-02")
			h.settle(ist("2026-03-31 00:00"))
			h.wants(`
				m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 5.00 + -5.00 = 0.00
				  1 deposit d1 5.00
				  2 carry_out -5.00
				m1 INR 2026-03-03 closed, due 2026-03-04: 5.00 + 0.00 + 0.00 = 5.00
				  1 carry_in 5.00
			`)
		})
	}
}

// What fixed and minimum reserves hold comes back with the batch of the window in which
// it was decided, and none is built again.
func TestLeavingReserves(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, pooling(pooling(reserving(rulesWith(india()), 10, "IN"), security("40.00")), floor("30.00")))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
			run(h, "2026-03-02")
			h.decides(payment.MerchantClose, ist("2026-03-04 12:00"))
			h.settle(ist("2026-03-31 00:00"))
			h.wants(`
				m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 37.50 + 0.00 = 37.50
				  1 reserve_build fixed -22.50
				  2 reserve_build minimum -30.00
				  3 deposit d1 90.00
				m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 52.50 + 0.00 = 52.50
				  1 reserve_return fixed 22.50
				  2 reserve_return minimum 30.00
				m1 INR 2026-03-12 closed, due 2026-03-13: 0.00 + 10.00 + 0.00 = 10.00
				  1 reserve_release d1 10.00
			`)
			build := payment.Event{
				Kind: payment.ReserveBuild, ID: "x1", OccurredAt: ist("2026-03-31 12:00"), Merchant: "m1", Currency: inr(), Amount: minor("1.00"),
				Parent: "security", ReasonCode: "agreed", Actor: "anna",
			}
			want := "reserve_build x1: merchant_id: reserve_build is not possible now: m1 is closing since 2026-03-04T06:30:00Z"
			if err := h.try(build); err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

// What comes to a merchant who has been closed is paid as well, by its schedule.
func TestLeavingPaysTheClosed(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("10.00")
	h := open(t, rulesWith(schedule))
	begun := deposit("d1", "m1", ist("2026-03-02 12:00"), "5.00")
	begun.Kind = payment.DepositCreated
	h.take(begun, later(payment.DepositExpired, "d1", ist("2026-03-02 13:00")))
	h.decides(payment.MerchantClose, ist("2026-03-03 12:00"))
	h.decides(payment.MerchantFinish, ist("2026-03-03 13:00"))
	h.take(deposit("d1", "m1", ist("2026-03-04 12:00"), "5.00"))
	h.settle(ist("2026-03-31 00:00"))
	h.wants(`
		m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 5.00 + 0.00 = 5.00
		  1 deposit d1 5.00
	`)
}

// Who is settled by hand has no last batch.
func TestLeavingByHand(t *testing.T) {
	t.Parallel()
	rules := pooling(rulesWith(india()), security("40.00"))
	byHand := india()
	byHand.Version, byHand.EffectiveFrom, byHand.Timing.Anchor = "2", date("2026-03-04"), calendar.Anchor{Kind: calendar.Manual}
	rules.Book.Schedules = append(rules.Book.Schedules, byHand)
	h := open(t, rules)
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	h.decides(payment.MerchantClose, ist("2026-03-05 12:00"))
	h.settle(ist("2026-03-31 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 75.00 + 0.00 = 75.00
		  1 reserve_build fixed -25.00
		  2 deposit d1 100.00
	`)
	h.take(payment.Event{
		Kind: payment.ReserveReturn, ID: "x1", OccurredAt: ist("2026-03-31 12:00"), Merchant: "m1", Currency: inr(), Parent: "security", ReasonCode: "gone", Actor: "anna",
	})
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "25.00" {
		t.Errorf("available %s, want 25.00", got)
	}
}

// What batches have carried on is paid by a batch also to who is settled by hand since.
func TestLeavingByHandWithACarry(t *testing.T) {
	t.Parallel()
	schedule, byHand := india(), india()
	schedule.MinPayout = minor("10.00")
	byHand.Version, byHand.EffectiveFrom, byHand.Timing.Anchor = "2", date("2026-03-04"), calendar.Anchor{Kind: calendar.Manual}
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(schedule, byHand))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "5.00"), deposit("d2", "m1", ist("2026-03-04 12:00"), "7.00"))
			run(h, "2026-03-04")
			h.decides(payment.MerchantClose, ist("2026-03-05 12:00"))
			h.settle(ist("2026-03-31 00:00"))
			want := `
				m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 5.00 + -5.00 = 0.00
				  1 deposit d1 5.00
				  2 carry_out -5.00
				m1 INR 2026-03-05 closed, due 2026-03-06: 5.00 + 0.00 + 0.00 = 5.00
				  1 carry_in 5.00
				tail: m1 INR deposit d2 7.00 of 2026-03-04
			`
			h.wants(want)
			h.settle(ist("2026-04-30 00:00"))
			h.wants(want)
			if got := h.balance(payment.AvailablePath("m1"), inr()); got != "7.00" {
				t.Errorf("available %s, want 7.00", got)
			}
		})
	}
}

// Who owes of what was settled by hand, and is settled by a schedule since, is paid so
// much less: what is carried on stands against it, and stays when the merchant leaves.
func TestOwedByHand(t *testing.T) {
	t.Parallel()
	byHand, schedule := india(), india()
	byHand.Timing.Anchor = calendar.Anchor{Kind: calendar.Manual}
	schedule.Version, schedule.EffectiveFrom = "2", date("2026-03-04")
	h := open(t, rulesWith(byHand, schedule))
	approved := later(payment.AdjustmentApproved, "a1", ist("2026-03-02 11:10"))
	approved.Actor = "bert"
	d0 := deposit("d0", "m1", ist("2026-03-02 10:00"), "30.00")
	h.take(d0, about(payment.AdjustmentDebit, "a1", "2026-03-02 11:00", "80.00"), approved)
	h.take(deposit("d1", "m1", ist("2026-03-04 10:00"), "120.00"), deposit("d2", "m1", ist("2026-03-05 10:00"), "10.00"))
	h.decides(payment.MerchantClose, ist("2026-03-05 12:00"))
	for range 2 {
		h.settle(ist("2026-03-31 00:00"))
		h.wants(`
			m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 120.00 + -50.00 = 70.00
			  1 deposit d1 120.00
			  2 carry_out -50.00
			m1 INR 2026-03-05 closed, due 2026-03-06: 50.00 + 10.00 + -50.00 = 10.00
			  1 carry_in 50.00
			  2 deposit d2 10.00
			  3 carry_out -50.00
			tail: m1 INR deposit d0 30.00 of 2026-03-02
			tail: m1 INR adjustment_debit a1 -80.00 of 2026-03-02
		`)
		if got := h.balance(payment.AvailablePath("m1"), inr()); got != "0.00" {
			t.Errorf("available is %s, want 0.00", got)
		}
		h.sound()
	}
}
