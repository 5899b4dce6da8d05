package settlement_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// pooling adds a plan for all of India.
func pooling(rules *payment.Rules, p reserve.Plan) *payment.Rules {
	if rules.Plans = append(rules.Plans, p); p.Version == "1" {
		rules.Book.Plans = append(rules.Book.Plans, merchant.PlanScope{Plan: p.ID, For: []merchant.Scope{{Region: "IN"}}})
	}
	return rules
}

// security builds an amount out of a quarter of each batch.
func security(most string) reserve.Plan {
	return reserve.Plan{ID: "security", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("25%"), Cap: new(minor(most))}
}

// floor keeps an amount there.
func floor(least string) reserve.Plan {
	return reserve.Plan{ID: "floor", Version: "1", Kind: reserve.KindMinimum, Cap: new(minor(least))}
}

// A security grows by its share of each batch until it is there, beside a rolling
// reserve; it takes nothing of a batch that owes.
func TestFixedReserveBuilt(t *testing.T) {
	t.Parallel()
	h := open(t, pooling(reserving(rulesWith(india()), 90, "IN"), security("40.00")))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
		refund("r1", "d1", ist("2026-03-03 12:00"), "30.00"),
		deposit("d2", "m1", ist("2026-03-04 12:00"), "100.00"),
		deposit("d3", "m1", ist("2026-03-05 12:00"), "100.00"),
	)
	h.settle(ist("2026-03-06 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 67.50 + 0.00 = 67.50
		  1 reserve_build fixed -22.50
		  2 deposit d1 90.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + -30.00 + 30.00 = 0.00
		  1 refund r1 -30.00
		  2 carry_out 30.00
		m1 INR 2026-03-04 closed, due 2026-03-05: -30.00 + 75.00 + 0.00 = 45.00
		  1 carry_in -30.00
		  2 reserve_build fixed -15.00
		  3 deposit d2 90.00
		m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 87.50 + 0.00 = 87.50
		  1 reserve_build fixed -2.50
		  2 deposit d3 90.00
	`)
	if got := h.balance(payment.PoolPath("m1", reserve.KindFixed), inr()); got != "40.00" {
		t.Errorf("security is %s, want 40.00", got)
	}
	if got := h.balance(payment.ReservePath("m1"), inr()); got != "30.00" {
		t.Errorf("rolling reserve is %s, want 30.00", got)
	}
	h.sound()
}

// A minimum is kept before anything is paid, also out of what was too little to be
// paid before; after the security, where there is one.
func TestMinimumReserveBuilt(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("20.00")
	h := open(t, pooling(pooling(rulesWith(schedule), security("4.00")), floor("50.00")))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "40.00"), // a quarter, at most 4.00, then all that is left
		deposit("d2", "m1", ist("2026-03-03 12:00"), "30.00"),
		deposit("d3", "m1", ist("2026-03-04 12:00"), "10.00"),
	)
	h.settle(ist("2026-03-05 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 0.00 + 0.00 = 0.00
		  1 reserve_build fixed -4.00
		  2 reserve_build minimum -36.00
		  3 deposit d1 40.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + 16.00 + -16.00 = 0.00
		  1 reserve_build minimum -14.00
		  2 deposit d2 30.00
		  3 carry_out -16.00
		m1 INR 2026-03-04 closed, due 2026-03-05: 16.00 + 10.00 + 0.00 = 26.00
		  1 carry_in 16.00
		  2 deposit d3 10.00
	`)
	h.sound()
}

// A lower cap gives back what is above it with the next batch, and the end of the
// plan all of it, on its day, even if nothing else happens.
func TestPoolGivenBack(t *testing.T) {
	t.Parallel()
	first, second := security("20.00"), security("5.00")
	second.Version, second.EffectiveFrom, second.EffectiveTo = "2", date("2026-03-04"), date("2026-03-09")
	first.EffectiveTo = date("2026-03-03")
	h := open(t, pooling(pooling(rulesWith(india()), first), second))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), deposit("d2", "m1", ist("2026-03-05 12:00"), "10.00"))
	h.settle(ist("2026-03-31 00:00"))
	want := `
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 80.00 + 0.00 = 80.00
		  1 reserve_build fixed -20.00
		  2 deposit d1 100.00
		m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 25.00 + 0.00 = 25.00
		  1 reserve_return fixed 15.00
		  2 deposit d2 10.00
		m1 INR 2026-03-10 closed, due 2026-03-11: 0.00 + 5.00 + 0.00 = 5.00
		  1 reserve_return fixed 5.00
	`
	h.wants(want)
	h.settle(ist("2026-04-01 00:00"))
	h.wants(want)
	h.sound()
}

// A batch of the last day of a plan, by a schedule with grace, builds a reserve
// after the window in which it is given back has closed. It comes back in the
// window after that batch, also if all of them close at once.
func TestPoolBuiltAfterItsEnd(t *testing.T) {
	t.Parallel()
	card := daily("IN", "Asia/Kolkata", "18:00")
	card.ID, card.For, card.Timing.Grace = "in-card", []merchant.Scope{{Region: "IN", Method: "CARD"}}, 30*time.Hour
	plan := security("20.00")
	plan.EffectiveTo = date("2026-03-02")
	at := ist("2026-03-31 00:00")
	for name, runs := range map[string][]time.Time{"at once": {at}, "in two runs": {ist("2026-03-04 12:00"), at}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, pooling(rulesWith(india(), card), plan))
			paid := deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00")
			paid.Method = "CARD"
			h.take(paid)
			last := deposit("d2", "m1", ist("2026-03-20 12:00"), "10.00")
			last.Method = "CARD"
			h.take(last)
			for _, run := range runs {
				h.settle(run)
			}
			h.wants(`
				m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 80.00 + 0.00 = 80.00
				  1 reserve_build fixed -20.00
				  2 deposit d1 100.00
				m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 20.00 + 0.00 = 20.00
				  1 reserve_return fixed 20.00
				m1 INR 2026-03-20 closed, due 2026-03-21: 0.00 + 10.00 + 0.00 = 10.00
				  1 deposit d2 10.00
			`)
			h.sound()
		})
	}
}

// A plan that says to keep it leaves its reserve where it is.
func TestPoolKept(t *testing.T) {
	t.Parallel()
	p := floor("20.00")
	p.EffectiveTo, p.AtEnd = date("2026-03-03"), reserve.EndKeep
	h := open(t, pooling(rulesWith(india()), p))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), deposit("d2", "m1", ist("2026-03-05 12:00"), "10.00"))
	h.settle(ist("2026-03-31 00:00"))
	if got := h.balance(payment.PoolPath("m1", reserve.KindMinimum), inr()); got != "20.00" {
		t.Errorf("minimum is %s, want 20.00", got)
	}
	h.sound()
}

// Holds come back on the day after the end of their plan where it says so, not
// before their deposit is settled, and those of its last days on their own dates if
// these come first.
func TestRollingPlanEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		atEnd reserve.AtEnd
		want  string
	}{
		{reserve.EndRelease, `
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
		m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 9.00 + 0.00 = 9.00
		  1 deposit d2 9.00
		m1 INR 2026-03-06 closed, due 2026-03-07: 0.00 + 31.00 + 0.00 = 31.00
		  1 reserve_release d1 10.00
		  2 reserve_release d2 1.00
		  3 deposit d3 20.00
	`},
		{reserve.EndKeep, `
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
		m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 9.00 + 0.00 = 9.00
		  1 deposit d2 9.00
		m1 INR 2026-03-06 closed, due 2026-03-07: 0.00 + 20.00 + 0.00 = 20.00
		  1 deposit d3 20.00
		m1 INR 2026-03-12 closed, due 2026-03-13: 0.00 + 10.00 + 0.00 = 10.00
		  1 reserve_release d1 10.00
		m1 INR 2026-03-14 closed, due 2026-03-15: 0.00 + 1.00 + 0.00 = 1.00
		  1 reserve_release d2 1.00
	`},
	} {
		t.Run(string(test.atEnd), func(t *testing.T) {
			t.Parallel()
			rules := reserving(rulesWith(india()), 10, "IN")
			rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-03-05"), test.atEnd
			h := open(t, rules)
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
				deposit("d2", "m1", ist("2026-03-04 12:00"), "10.00"),
				deposit("d3", "m1", ist("2026-03-06 12:00"), "20.00"), // no plan is in force
			)
			h.settle(ist("2026-03-31 00:00"))
			h.wants(test.want)
			h.sound()
		})
	}
}

// A merchant settled by hand has its holds back on the day after the end as well.
func TestRollingPlanEndsByHand(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.Timing.Anchor = calendar.Anchor{Kind: calendar.Manual}
	rules := reserving(rulesWith(schedule), 90, "IN")
	rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-03-05"), reserve.EndRelease
	h := open(t, rules)
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	h.settle(ist("2026-03-05 23:59"))
	if got := h.balance(payment.ReservePath("m1"), inr()); got != "10.00" {
		t.Errorf("reserve is %s before the end, want 10.00", got)
	}
	h.settle(ist("2026-03-06 00:00"))
	if got := h.balance(payment.ReservePath("m1"), inr()); got != "0.00" {
		t.Errorf("reserve is %s after the end, want 0.00", got)
	}
	for _, p := range records[*payment.Position](h, payment.PositionRecord) {
		if len(p.Held) != 0 {
			t.Errorf("the position still withholds %v", p.Held)
		}
	}
	h.sound()
}

// Verify finds a reserve that is not what was built of it.
func TestVerifyFindsPools(t *testing.T) {
	t.Parallel()
	h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), pooling(rulesWith(india()), security("20.00")))
	t.Cleanup(func() { h.db.Close() })
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	h.settle(ist("2026-03-03 00:00"))
	h.sound()
	pool := *records[*payment.Pool](h, payment.PoolRecord)[0]
	pool.Built = minor("19.99")
	h.plant(&pool)
	want := []string{"account merchants/m1/reserve/fixed INR: want what its movements sum to, 1999, have 2000"}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	pool.Built, pool.Released = minor("20.00"), minor("20.01")
	h.plant(&pool)
	want = []string{
		"reserve/m1/INR/fixed: want a fixed or minimum reserve that holds nothing or more, have -1 of kind \"fixed\", <nil>",
		"account merchants/m1/reserve/fixed INR: want what its movements sum to, 0, have 2000",
	}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
