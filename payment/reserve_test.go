package payment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// secured are the terms, with a security of 100.00, built of a quarter of what each
// batch brings, and 50.00 that stay.
func secured() *payment.Rules {
	rules := terms()
	rules.Plans = append(rules.Plans,
		reserve.Plan{ID: "security", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("25%"), Cap: new(rs("100.00"))},
		reserve.Plan{ID: "floor", Version: "1", Kind: reserve.KindMinimum, Cap: new(rs("50.00"))},
	)
	for _, id := range []string{"security", "floor"} {
		rules.Book.Plans = append(rules.Book.Plans, merchant.PlanScope{Plan: id, For: []merchant.Scope{{Region: "IN"}}})
	}
	return rules
}

// frees gives the reserve of a deposit back before its date.
func frees(id, deposit, when string) payment.Event {
	return payment.Event{Kind: payment.ReserveRelease, ID: id, OccurredAt: at(when), Parent: deposit, ReasonCode: "trusted", Actor: "anna"}
}

// pays puts available money of hand into the reserve of a plan.
func pays(id, plan, amount, when string) payment.Event {
	return payment.Event{
		Kind: payment.ReserveBuild, ID: id, OccurredAt: at(when), Merchant: hand, Currency: inr(), Amount: rs(amount), Parent: plan,
		ReasonCode: "agreed", Actor: "anna",
	}
}

// returns gives it back.
func returns(id, plan, when string) payment.Event {
	return payment.Event{
		Kind: payment.ReserveReturn, ID: id, OccurredAt: at(when), Merchant: hand, Currency: inr(), Parent: plan, ReasonCode: "trusted", Actor: "anna",
	}
}

func reserveRecipes() []recipe {
	paid := []payment.Event{saved(), pays("x1", "security", "60.00", "2026-03-05 10:00")}
	return []recipe{
		{name: "reserve released early, by decision", given: []payment.Event{captured(), withAmount("40.00", frees("x1", "d1", "2026-03-02 12:00"))}, key: "reserve_decision/x1/released", want: `
reserve.released reserve_decision/x1/released
  Dr merchants/m/reserve/rolling 40.00
  Cr merchants/m/available 40.00
`},
		{name: "fixed reserve built of what a batch brings", given: []payment.Event{captured()}, rules: secured(), settle: "2026-03-02", key: "settlement/{batch}/reserve.fixed", want: `
reserve.built settlement/{batch}/reserve.fixed
  Dr merchants/m/available 100.00
  Cr merchants/m/reserve/fixed 100.00
`},
		{name: "minimum reserve built of what a batch brings", given: []payment.Event{captured()}, rules: secured(), settle: "2026-03-02", key: "settlement/{batch}/reserve.minimum", want: `
reserve.built settlement/{batch}/reserve.minimum
  Dr merchants/m/available 50.00
  Cr merchants/m/reserve/minimum 50.00
`},
		{name: "fixed or minimum reserve built by decision", given: paid, rules: secured(), key: "reserve_decision/x1/built", want: `
reserve.funded reserve_decision/x1/built
  Dr merchants/hand/available 60.00
  Cr merchants/hand/reserve/fixed 60.00
`},
		{name: "fixed or minimum reserve given back, by decision or when its plan ends", given: append(paid, returns("x2", "security", "2026-03-06 10:00")), rules: secured(), key: "reserve_decision/x2/returned", want: `
reserve.released reserve_decision/x2/returned
  Dr merchants/hand/reserve/fixed 60.00
  Cr merchants/hand/available 60.00
`},
	}
}

// A hold is given back in parts, for a reason, and what is left keeps its date.
func TestReserveReleasedEarly(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	part := withAmount("40.00", frees("x1", "d1", "2026-03-03 10:00"))
	d.book(part)
	d.stands(m, "reserve/rolling 60.00", "available 40.00")
	d.again(part)
	d.refuse(withAmount("41.00", frees("x1", "d1", "2026-03-03 10:00")), `amount: was reported before with other content: was "40.00", is now "41.00"`)
	d.refuse(withAmount("60.01", frees("x2", "d1", "2026-03-03 10:00")), `amount: bad release: hold "d1": 6001 of 6000 left`)
	hold := record[*payment.Hold](d, payment.HoldRecord, "m/INR/2026-05-31/d1")
	if hold.Reason != "trusted" || hold.ReleasedOn != date("2026-03-03") || hold.Released != rs("40.00") {
		t.Errorf("%s released on %s for %q", inr().Format(hold.Released), hold.ReleasedOn, hold.Reason)
	}
	d.book(frees("x3", "d1", "2026-03-04 10:00")) // the whole rest
	d.stands(m, "reserve/rolling 0.00", "available 100.00")
	if got := record[*payment.Position](d, payment.PositionRecord, "m/INR").Held; len(got) != 0 {
		t.Errorf("the position still withholds %v", got)
	}
	if got := record[*payment.ReserveDecision](d, payment.DecisionRecord, "x3"); got.Moved != rs("60.00") || got.Actor != "anna" || got.Status != payment.Completed {
		t.Errorf("decision: %s moved, by %q, %s", inr().Format(got.Moved), got.Actor, got.Status)
	}
	d.refuse(frees("x4", "d1", "2026-03-05 10:00"), "parent_id: reserve_release is not possible now: nothing is withheld of deposit d1, or its date has begun")
	d.refuse(frees("x4", "d9", "2026-03-05 10:00"), `parent_id: deposit "d9" is not known`)
}

// From its date on a hold is left to the release, whether a job has booked it or not.
func TestReserveReleasedTooLate(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	d.refuse(frees("x1", "d1", "2026-05-31 00:00"), "parent_id: reserve_release is not possible now: nothing is withheld of deposit d1, or its date has begun")
	d.settle("2026-05-31")
	d.stands(m, "reserve/rolling 0.00")
}

// A security is built by decision out of what is available, up to its cap, and given
// back; a hold and two pools stand side by side.
func TestReserveBuiltByDecision(t *testing.T) {
	t.Parallel()
	d := open(t, secured())
	d.book(saved()) // 876.40 available from 5 March on, 100.00 held
	d.refuse(pays("x1", "security", "60.00", "2026-03-04 10:00"), `"reserve_decision/x1/built": insufficient funds: merchants/hand/available has INR 0.00 available, 60.00 is asked for, the floor is 0.00`)
	d.book(pays("x1", "security", "60.00", "2026-03-05 10:00"), pays("x2", "floor", "50.00", "2026-03-05 11:00"))
	d.stands(hand, "reserve/fixed 60.00", "reserve/minimum 50.00", "reserve/rolling 100.00", "available 766.40")
	d.refuse(pays("x3", "security", "40.01", "2026-03-05 12:00"), "amount: INR 40.01 is more than plan security builds: 60.00 of 100.00 are there")
	d.refuse(pays("x3", "tenth", "1.00", "2026-03-05 12:00"), `parent_id: fixed or minimum plan "tenth" of merchant hand is not known on 2026-03-05`)
	d.refuse(returns("x1", "security", "2026-03-05 12:00"), `kind: was reported before with other content: was "reserve_build", is now "reserve_return"`)
	part := returns("x3", "security", "2026-03-05 12:00")
	part.Amount = rs("60.01")
	d.refuse(part, "amount: bad release: reserve/hand/INR/fixed: 6001 of 6000 built and 0 released")
	part.Amount = rs("20.00")
	d.book(part, returns("x4", "floor", "2026-03-05 13:00"))
	d.stands(hand, "reserve/fixed 40.00", "reserve/minimum 0.00", "available 836.40")
	d.refuse(returns("x5", "floor", "2026-03-05 14:00"), `parent_id: reserve_return is not possible now: plan "floor" withholds nothing of merchant hand`)
	d.again(pays("x1", "security", "60.00", "2026-03-05 10:00"))
}

// Reserves tell what becomes of them, each counting its own events.
func TestReserveNews(t *testing.T) {
	t.Parallel()
	d := open(t, secured())
	type row struct {
		Type     event.Type
		Object   string
		Sequence uint64
		Status   payment.Status
		Amount   string
		Left     string
		Reason   string
	}
	want := []row{
		{event.ReserveHeld, "hold/d1", 1, payment.Held, "100", "100", "deposit"},
		{event.ReserveReleased, "hold/d1", 2, payment.Held, "40", "60", "trusted"},
		{event.ReserveReleased, "hold/d1", 3, payment.Released, "60", "0", "deposit_failed"},
		{event.ReserveHeld, "hold/d2", 1, payment.Held, "100", "100", "deposit"},
		{event.ReserveHeld, "reserve/hand/INR/fixed", 1, payment.Held, "60", "60", "agreed"},
		{event.ReserveReleased, "reserve/hand/INR/fixed", 2, payment.Released, "60", "0", "trusted"},
	}
	var got []row
	for _, e := range announced(d, captured(), withAmount("40.00", frees("x1", "d1", "2026-03-02 12:00")),
		later(payment.DepositFailed, "d1", "2026-03-02 13:00"), of(hand, deposit("d2", "1000.00", "2026-03-03 10:00")),
		pays("x2", "security", "60.00", "2026-03-05 10:00"), returns("x3", "security", "2026-03-06 10:00")) {
		if e.Object.Kind != payment.HoldRecord && e.Object.Kind != payment.PoolRecord {
			continue
		}
		p, err := payment.ReservePayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		if p.Object != e.Object.Kind || p.ID != e.Object.ID {
			t.Errorf("%s is told about %s", p.ID, e.Object)
		}
		got = append(got, row{e.Type, e.Object.String(), e.Sequence, p.Status, p.Amount, p.Left, p.ReasonCode})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
}

// An ended plan that releases makes room under the cap of the one that follows, whether
// a job has booked the release or not, and its holds are drawn on no more.
func TestReserveOfAnEndedPlan(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-03-04"), reserve.EndRelease
	d := open(t, rules)
	d.book(captured())
	if got := d.draws(refund("r1", "d1", "30.00", "2026-03-04 23:59"), "30.00", "0.00"); got != "30.00" {
		t.Errorf("drew %s before the end, want 30.00", got)
	}
	if got := d.draws(refund("r2", "d1", "30.00", "2026-03-05 00:00"), "30.00", "0.00"); got != "0.00" {
		t.Errorf("drew %s after the end, want nothing", got)
	}
	d.settle("2026-03-05")
	d.stands(m, "reserve/rolling 0.00")
	hold := record[*payment.Hold](d, payment.ReleasedRecord, "m/INR/2026-05-31/d1")
	if hold.Reason != reserve.ReasonPlanEnded || hold.Released != rs("70.00") {
		t.Errorf("%s released for %q", inr().Format(hold.Released), hold.Reason)
	}
}

// A reserve above the cap of a later version of its plan waits for a decision: an alarm.
// Above the cap of the version that has built it, it is a fault.
func TestReservesAboveTheirCap(t *testing.T) {
	t.Parallel()
	rules := secured()
	d := open(t, rules)
	d.book(saved(), pays("x1", "security", "60.00", "2026-03-05 10:00"))
	above := func() (found []string) {
		checked, err := d.Check(t.Context(), settlex.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range checked.Findings {
			if strings.HasSuffix(f.Rule.ID, "cap") {
				found = append(found, fmt.Sprintf("%s of %s, alarm %t: %s, at most %s", f.Rule.ID, f.Path, f.Rule.Alarm, inr().Format(f.Have), inr().Format(f.Wanted)))
			}
		}
		return found
	}
	if found := above(); found != nil {
		t.Errorf("below the cap: %q", found)
	}
	lowered := rules.Plans[1]
	lowered.Version, lowered.EffectiveFrom, lowered.Cap = "2", calendar.MustDate("2026-03-06"), new(rs("50.00"))
	rules.Plans = append(rules.Plans, lowered)
	d.restart()
	want := []string{"lowered cap of merchants/hand/reserve/fixed, alarm true: 60.00, at most 50.00"}
	if diff := cmp.Diff(want, above()); diff != "" {
		t.Errorf("a later version (-want +got):\n%s", diff)
	}
	built := rules.Plans[1].Cap
	rules.Plans[1].Cap = new(rs("55.00"))
	d.restart()
	want = append([]string{"cap of merchants/hand/reserve/fixed, alarm false: 60.00, at most 55.00"}, want...)
	if diff := cmp.Diff(want, above()); diff != "" {
		t.Errorf("the version that built (-want +got):\n%s", diff)
	}
	rules.Plans[1].Cap = built
	d.restart()
	d.book(withAmount("10.00", returns("x2", "security", "2026-03-07 10:00")))
	if found := above(); found != nil {
		t.Errorf("after a decision: %q", found)
	}
}
