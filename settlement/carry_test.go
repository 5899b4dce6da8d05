package settlement_test

import (
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// What a merchant owes us is carried, by explicit lines, until it is recovered,
// and recovered once.
func TestCarryNegative(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
		deposit("d2", "m1", ist("2026-03-03 12:00"), "10.00"),
		refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
		deposit("d3", "m1", ist("2026-03-04 12:00"), "20.00"),
		deposit("d4", "m1", ist("2026-03-06 12:00"), "50.00"),
		deposit("d5", "m1", ist("2026-03-07 12:00"), "5.00"),
	)
	h.settle(ist("2026-03-08 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 100.00 + 0.00 = 100.00
		  1 deposit d1 100.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + -60.00 + 60.00 = 0.00
		  1 deposit d2 10.00
		  2 refund r1 -70.00
		  3 carry_out 60.00
		m1 INR 2026-03-04 carried_forward, due 2026-03-05: -60.00 + 20.00 + 40.00 = 0.00
		  1 carry_in -60.00
		  2 deposit d3 20.00
		  3 carry_out 40.00
		m1 INR 2026-03-06 closed, due 2026-03-07: -40.00 + 50.00 + 0.00 = 10.00
		  1 carry_in -40.00
		  2 deposit d4 50.00
		m1 INR 2026-03-07 closed, due 2026-03-08: 0.00 + 5.00 + 0.00 = 5.00
		  1 deposit d5 5.00
	`)
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "0.00" {
		t.Errorf("available is %s, want 0.00", got)
	}
}

// A net below the minimum waits in the available balance.
func TestCarryBelowMinimum(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("50.00")
	h := open(t, rulesWith(schedule))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "20.00"),
		deposit("d2", "m1", ist("2026-03-03 12:00"), "29.99"),
		deposit("d3", "m1", ist("2026-03-04 12:00"), "0.01"),
		deposit("d4", "m1", ist("2026-03-05 12:00"), "49.99"),
	)
	h.settle(ist("2026-03-06 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 20.00 + -20.00 = 0.00
		  1 deposit d1 20.00
		  2 carry_out -20.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 20.00 + 29.99 + -49.99 = 0.00
		  1 carry_in 20.00
		  2 deposit d2 29.99
		  3 carry_out -49.99
		m1 INR 2026-03-04 closed, due 2026-03-05: 49.99 + 0.01 + 0.00 = 50.00
		  1 carry_in 49.99
		  2 deposit d3 0.01
		m1 INR 2026-03-05 carried_forward, due 2026-03-06: 0.00 + 49.99 + -49.99 = 0.00
		  1 deposit d4 49.99
		  2 carry_out -49.99
	`)
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "49.99" {
		t.Errorf("available is %s, want 49.99", got)
	}
}

// A net of exactly zero pays nothing and carries nothing.
func TestNetOfZero(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "20.00"),
		refund("r1", "d1", ist("2026-03-02 12:01"), "20.00"),
		deposit("d2", "m1", ist("2026-03-03 12:00"), "5.00"),
	)
	h.settle(ist("2026-03-04 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 0.00 + 0.00 = 0.00
		  1 deposit d1 20.00
		  2 refund r1 -20.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 5.00 + 0.00 = 5.00
		  1 deposit d2 5.00
	`)
}

// A carry by itself makes no batch: it waits for a movement.
func TestCarryAlone(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("50.00")
	h := open(t, rulesWith(schedule))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "20.00"))
	h.settle(ist("2026-03-20 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 20.00 + -20.00 = 0.00
		  1 deposit d1 20.00
		  2 carry_out -20.00
	`)
}

// Currencies of one merchant never carry into one another.
func TestCarryPerCurrency(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india(), daily("PK", "Asia/Karachi", "18:00")))
	foreign := deposit("d2", "m1", ist("2026-03-03 12:00"), "10.00")
	foreign.Currency = pkr()
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "20.00"),
		refund("r1", "d1", ist("2026-03-03 11:00"), "20.00"),
		foreign,
	)
	h.settle(ist("2026-03-04 12:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 20.00 + 0.00 = 20.00
		  1 deposit d1 20.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + -20.00 + 20.00 = 0.00
		  1 refund r1 -20.00
		  2 carry_out 20.00
		m1 PKR 2026-03-03 closed, due 2026-03-04: 0.00 + 10.00 + 0.00 = 10.00
		  1 deposit d2 10.00
	`)
}

// A fee above what was captured makes the pending account negative; the batch
// takes it out all the same.
func TestFeeAboveTheDeposit(t *testing.T) {
	t.Parallel()
	rules := priced(rulesWith(india()))
	fixed := minor("9.00")
	rules.Fees[len(rules.Fees)-3].Components[0].Fixed = &fixed
	h := open(t, rules)
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "1.00"), // 9.02 of fee, 1.62 of tax
		deposit("d2", "m1", ist("2026-03-03 12:00"), "100.00"),
	)
	h.settle(ist("2026-03-04 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + -9.64 + 9.64 = 0.00
		  1 deposit d1 -9.64
		  2 carry_out 9.64
		m1 INR 2026-03-03 closed, due 2026-03-04: -9.64 + 87.02 + 0.00 = 77.38
		  1 carry_in -9.64
		  2 deposit d2 87.02
	`)
}

// byMethod gives deposits by card a schedule of their own.
func byMethod(upi, card merchant.Schedule) *payment.Rules {
	card.ID = "in-card"
	card.For = []merchant.Scope{{Region: "IN", Method: "CARD"}}
	return rulesWith(upi, card)
}

func byCard(e payment.Event) payment.Event {
	e.Method = "CARD"
	return e
}

// Two schedules of one merchant make two batches of one day, each with its own
// members, and one carry between them, in order of their cut-offs.
func TestSchedulesByMethod(t *testing.T) {
	t.Parallel()
	card := daily("IN", "Asia/Kolkata", "21:00")
	card.Timing.Delay.N = 3
	h := open(t, byMethod(india(), card))
	h.take(
		deposit("u1", "m1", ist("2026-03-02 10:00"), "10.00"),
		byCard(deposit("c1", "m1", ist("2026-03-02 11:00"), "100.00")),
		deposit("u2", "m1", ist("2026-03-03 10:00"), "20.00"),
		refund("r1", "u1", ist("2026-03-03 10:30"), "10.00"),
		refund("r2", "u2", ist("2026-03-03 10:31"), "20.00"),
		refund("r3", "c1", ist("2026-03-03 17:00"), "30.00"), // follows its deposit's method
		byCard(deposit("c2", "m1", ist("2026-03-03 19:00"), "7.00")),
		deposit("u3", "m1", ist("2026-03-04 10:00"), "1.00"),
		byCard(deposit("c3", "m1", ist("2026-03-04 19:00"), "400.00")),
	)
	h.settle(ist("2026-03-05 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 10.00 + 0.00 = 10.00
		  1 deposit u1 10.00
		m1 INR 2026-03-02 closed, due 2026-03-05: 0.00 + 100.00 + 0.00 = 100.00
		  1 deposit c1 100.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + -10.00 + 10.00 = 0.00
		  1 deposit u2 20.00
		  2 refund r1 -10.00
		  3 refund r2 -20.00
		  4 carry_out 10.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-06: -10.00 + -23.00 + 33.00 = 0.00
		  1 carry_in -10.00
		  2 refund r3 -30.00
		  3 deposit c2 7.00
		  4 carry_out 33.00
		m1 INR 2026-03-04 carried_forward, due 2026-03-05: -33.00 + 1.00 + 32.00 = 0.00
		  1 carry_in -33.00
		  2 deposit u3 1.00
		  3 carry_out 32.00
		m1 INR 2026-03-04 closed, due 2026-03-07: -32.00 + 400.00 + 0.00 = 368.00
		  1 carry_in -32.00
		  2 deposit c3 400.00
	`)
}

// Which of two batches takes the carry depends on their watermarks, not on
// when the job ran: with a grace the later cut-off may come first.
func TestCarryGoesByWatermark(t *testing.T) {
	t.Parallel()
	const graced, plain = "17:00", "18:00"
	stories := make([]string, 2)
	for i, runs := range [][]string{{"2026-03-02 18:30", "2026-03-02 19:30"}, {"2026-03-04 00:00"}} {
		upi := daily("IN", "Asia/Kolkata", plain)
		card := daily("IN", "Asia/Kolkata", graced)
		card.Timing.Grace = upi.Timing.Grace + 2*60*60*1e9
		h := open(t, byMethod(upi, card))
		h.take(
			deposit("u1", "m1", ist("2026-03-01 10:00"), "10.00"),
			byCard(deposit("c1", "m1", ist("2026-03-02 11:00"), "100.00")),
			refund("r1", "u1", ist("2026-03-02 12:00"), "10.00"),
		)
		for _, now := range runs {
			h.settle(ist(now))
		}
		stories[i] = h.story()
	}
	if stories[0] != stories[1] {
		t.Errorf("settled in time:\n%s\ncaught up:\n%s", stories[0], stories[1])
	}
}

// A new version of a schedule governs what comes after it; what was pinned to
// the old one is closed by the old one, its reserves included.
func TestNewVersionOfASchedule(t *testing.T) {
	t.Parallel()
	before, after := india(), daily("IN", "Asia/Kolkata", "12:00")
	after.Version, after.EffectiveFrom, after.Timing.Delay.N = "2", date("2026-03-03"), 0
	h := open(t, reserving(rulesWith(before, after), 5, "IN"))
	h.take(
		deposit("old", "m1", ist("2026-03-02 20:00"), "10.00"), // of the old window that closes on the 3rd
		deposit("new", "m1", ist("2026-03-03 10:00"), "20.00"),
	)
	h.settle(ist("2026-03-10 00:00"))
	h.wants(`
		m1 INR 2026-03-03 closed, due 2026-03-03: 0.00 + 18.00 + 0.00 = 18.00
		  1 deposit new 18.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 9.00 + 0.00 = 9.00
		  1 deposit old 9.00
		m1 INR 2026-03-08 closed, due 2026-03-08: 0.00 + 2.00 + 0.00 = 2.00
		  1 reserve_release new 2.00
		m1 INR 2026-03-08 closed, due 2026-03-09: 0.00 + 1.00 + 0.00 = 1.00
		  1 reserve_release old 1.00
	`)
}

// A schedule's minimum balance stays in the available balance, by a line of its own
// with its reason: the next batch begins with it and keeps it again. What is left to pay
// must reach the minimum.
func TestMinimumBalanceKept(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinBalance, schedule.MinPayout = minor("100.00"), minor("20.00")
	h := open(t, rulesWith(schedule))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "60.00"),
		deposit("d2", "m1", ist("2026-03-03 12:00"), "59.99"),
		deposit("d3", "m1", ist("2026-03-04 12:00"), "0.01"),
		refund("r1", "d1", ist("2026-03-05 12:00"), "30.00"),
		deposit("d4", "m1", ist("2026-03-06 12:00"), "500.00"),
		refund("r2", "d4", ist("2026-03-07 12:00"), "120.00"),
		deposit("d5", "m1", ist("2026-03-08 12:00"), "50.00"),
	)
	h.settle(ist("2026-03-09 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 60.00 + -60.00 = 0.00
		  1 deposit d1 60.00
		  2 balance_kept -60.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 60.00 + 59.99 + -119.99 = 0.00
		  1 carry_in 60.00
		  2 deposit d2 59.99
		  3 balance_kept -100.00
		  4 carry_out -19.99
		m1 INR 2026-03-04 closed, due 2026-03-05: 119.99 + 0.01 + -100.00 = 20.00
		  1 carry_in 119.99
		  2 deposit d3 0.01
		  3 balance_kept -100.00
		m1 INR 2026-03-05 carried_forward, due 2026-03-06: 100.00 + -30.00 + -70.00 = 0.00
		  1 carry_in 100.00
		  2 refund r1 -30.00
		  3 balance_kept -70.00
		m1 INR 2026-03-06 closed, due 2026-03-07: 70.00 + 500.00 + -100.00 = 470.00
		  1 carry_in 70.00
		  2 deposit d4 500.00
		  3 balance_kept -100.00
		m1 INR 2026-03-07 carried_forward, due 2026-03-08: 100.00 + -120.00 + 20.00 = 0.00
		  1 carry_in 100.00
		  2 refund r2 -120.00
		  3 carry_out 20.00
		m1 INR 2026-03-08 carried_forward, due 2026-03-09: -20.00 + 50.00 + -30.00 = 0.00
		  1 carry_in -20.00
		  2 deposit d5 50.00
		  3 balance_kept -30.00
	`)
	for _, b := range h.batches() {
		for _, l := range h.lines(b.ID) {
			if l.Type == "balance_kept" && (l.ReasonCode != "min_balance_retained" || l.Net != b.Kept.Neg()) {
				t.Errorf("%s line %d keeps %s because of %q, the batch says %s", b.Window.BusinessDate, l.No, l.Net, l.ReasonCode, b.Kept)
			}
		}
	}
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "30.00" {
		t.Errorf("available is %s, want 30.00", got)
	}
}
