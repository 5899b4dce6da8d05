package settlement_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// A reserve comes back in the window that holds the start of its date, as a
// line of its own, even if nothing else happened.
func TestReserveReleased(t *testing.T) {
	t.Parallel()
	h := open(t, reserving(rulesWith(daily("IN", "Asia/Kolkata", "09:00", "18:00")), 5, "IN"))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
		deposit("d2", "m1", ist("2026-03-02 19:00"), "50.00"), // of the 3rd
		deposit("d3", "m1", ist("2026-03-07 08:00"), "10.00"),
	)
	h.settle(ist("2026-03-07 08:59"))
	if got := h.balance(payment.ReservePath("m1"), inr()); got != "16.00" {
		t.Errorf("reserve is %s before its dates, want 16.00", got)
	}
	h.settle(ist("2026-03-08 23:00"))
	h.wants(`
		m1 INR 2026-03-02 w2 closed, due 2026-03-03: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
		m1 INR 2026-03-03 w1 closed, due 2026-03-04: 0.00 + 45.00 + 0.00 = 45.00
		  1 deposit d2 45.00
		m1 INR 2026-03-07 w1 closed, due 2026-03-08: 0.00 + 19.00 + 0.00 = 19.00
		  1 reserve_release d1 10.00
		  2 deposit d3 9.00
		m1 INR 2026-03-08 w1 closed, due 2026-03-09: 0.00 + 5.00 + 0.00 = 5.00
		  1 reserve_release d2 5.00
	`)
	if got := h.balance(payment.ReservePath("m1"), inr()); got != "1.00" {
		t.Errorf("reserve is %s, want the 1.00 of d3", got)
	}
}

// A weekly schedule releases what fell due during the week, by date, in the
// batch of that week.
func TestReserveReleasedWeekly(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.Timing.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Thursday}}
	h := open(t, reserving(rulesWith(schedule), 10, "IN"))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), // closes on the 5th, released on the 15th
		deposit("d2", "m1", ist("2026-03-11 12:00"), "50.00"),  // closes on the 12th, released on the 22nd
	)
	h.settle(ist("2026-03-30 00:00"))
	h.wants(`
		m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
		m1 INR 2026-03-12 closed, due 2026-03-13: 0.00 + 45.00 + 0.00 = 45.00
		  1 deposit d2 45.00
		m1 INR 2026-03-19 closed, due 2026-03-20: 0.00 + 10.00 + 0.00 = 10.00
		  1 reserve_release d1 10.00
		m1 INR 2026-03-26 closed, due 2026-03-27: 0.00 + 5.00 + 0.00 = 5.00
		  1 reserve_release d2 5.00
	`)
}

// The reserve of a deposit that failed comes back with the failure, once.
func TestReserveOfAFailedDeposit(t *testing.T) {
	t.Parallel()
	h := open(t, reserving(priced(rulesWith(india())), 5, "IN"))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), // nets 100.00 - 2.00 - 0.36 - 10.00
		deposit("d2", "m1", ist("2026-03-02 12:01"), "1000.00"),
		later(payment.DepositFailed, "d1", ist("2026-03-03 12:00")), // -100.00 + 2.00 + 0.36 + 10.00
	)
	h.settle(ist("2026-03-10 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 964.04 + 0.00 = 964.04
		  1 deposit d1 87.64
		  2 deposit d2 876.40
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + -87.64 + 87.64 = 0.00
		  1 deposit_failed d1 -87.64
		  2 carry_out 87.64
		m1 INR 2026-03-07 closed, due 2026-03-08: -87.64 + 100.00 + 0.00 = 12.36
		  1 carry_in -87.64
		  2 reserve_release d2 100.00
	`)
}

// A deposit that fails before its own batch closed leaves nothing to pay, and
// one that fails after its reserve was released gives none back.
func TestFailedBeforeAndAfter(t *testing.T) {
	t.Parallel()
	h := open(t, reserving(rulesWith(india()), 5, "IN"))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
		later(payment.DepositFailed, "d1", ist("2026-03-02 13:00")),
		deposit("d2", "m1", ist("2026-03-03 12:00"), "40.00"),
	)
	h.settle(ist("2026-03-09 00:00"))
	h.take(later(payment.DepositFailed, "d2", ist("2026-03-09 10:00")))
	h.settle(ist("2026-03-20 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 0.00 + 0.00 = 0.00
		  1 deposit d1 90.00
		  2 deposit_failed d1 -90.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 36.00 + 0.00 = 36.00
		  1 deposit d2 36.00
		m1 INR 2026-03-08 closed, due 2026-03-09: 0.00 + 4.00 + 0.00 = 4.00
		  1 reserve_release d2 4.00
		m1 INR 2026-03-09 carried_forward, due 2026-03-10: 0.00 + -40.00 + 40.00 = 0.00
		  1 deposit_failed d2 -40.00
		  2 carry_out 40.00
	`)
}

// A deposit that is booked after its reserve's own date has passed is released
// with the batch that settles the deposit, and not in one that has closed.
func TestReserveOfALateDeposit(t *testing.T) {
	t.Parallel()
	want := `
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
		m1 INR 2026-03-07 closed, due 2026-03-08: 0.00 + 10.00 + 0.00 = 10.00
		  1 reserve_release d1 10.00
		m1 INR 2026-03-10 closed, due 2026-03-11: 0.00 + 50.00 + 0.00 = 50.00
		  1 reserve_release late 5.00
		  2 deposit late 45.00 late, of 2026-03-02
		m2 INR 2026-03-10 closed, due 2026-03-11: 0.00 + 9.00 + 0.00 = 9.00
		  1 deposit clock 9.00
	`
	for _, run := range []struct {
		name string
		on   []string
	}{{"day by day", []string{"2026-03-03 00:00", "2026-03-08 00:00"}}, {"caught up", nil}} {
		t.Run(run.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, reserving(rulesWith(india()), 5, "IN"))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
			for _, now := range run.on {
				h.settle(ist(now))
			}
			h.take(deposit("clock", "m2", ist("2026-03-10 12:00"), "10.00"), deposit("late", "m1", ist("2026-03-02 12:00"), "50.00"))
			h.settle(ist("2026-03-11 00:00"))
			h.wants(want)
		})
	}
}

// runs are the days at whose ends the job runs.
func runs(from string, days int) (daily, late []string) {
	for i := range days {
		daily = append(daily, date(from).AddDays(i).String())
	}
	return daily, daily[days-1:]
}

// Where the version that is in force behind the end of a calendar has another zone, the window that
// holds the start of the release date may be of another business date than that: the reserve comes
// back in it, whenever the job runs, and also where the job has closed later ones.
func TestReserveReleasedInAnotherZone(t *testing.T) {
	t.Parallel()
	ending := india()
	ending.Timing.Calendars = shipped("IN")                              // to the end of 2026
	for _, test := range []struct{ name, zone, cutoff, on, due string }{ // d1 is released from 2027-01-02 18:30 UTC on
		{"west, the day before", "UTC", "20:00", "2027-01-02", "2027-01-04"},
		{"west, the day itself", "UTC", "18:00", "2027-01-03", "2027-01-04"},
		{"far west", "Pacific/Pago_Pago", "18:00", "2027-01-02", "2027-01-04"},
		{"east", "Pacific/Kiritimati", "09:00", "2027-01-03", "2027-01-04"},
		{"east, the day after its own", "Pacific/Kiritimati", "08:00", "2027-01-04", "2027-01-05"},
	} {
		daily, late := runs("2027-01-01", 12)
		for when, days := range map[string][]string{"day by day": daily, "late": late} {
			t.Run(test.name+", "+when, func(t *testing.T) {
				t.Parallel()
				next := longer(ending, "2027-01-01")
				next.Timing.Zone, next.Timing.Cutoffs = place(test.zone), []calendar.WindowCutoff{{At: calendar.MustClock(test.cutoff)}}
				rules := reserving(rulesWith(ending, next), 5, "IN")
				h := open(t, rules)
				h.take(deposit("d1", "m1", ist("2026-12-29 12:00"), "100.00"))
				h.settle(ist("2026-12-31 00:00"))
				h.take(deposit("d2", "m1", local(test.zone, "2027-01-08 07:00"), "7.00")) // its reserve is back in the window of the 13th
				for _, day := range days {
					h.settle(ist(day + " 23:00"))
				}
				h.wants(fmt.Sprintf(`
					m1 INR 2026-12-29 closed, due 2026-12-30: 0.00 + 90.00 + 0.00 = 90.00
					  1 deposit d1 90.00
					m1 INR %s closed, due %s: 0.00 + 10.00 + 0.00 = 10.00
					  1 reserve_release d1 10.00
					m1 INR 2027-01-08 closed, due 2027-01-11: 0.00 + 6.30 + 0.00 = 6.30
					  1 deposit d2 6.30
				`, test.on, test.due))
			})
		}
	}
}

// Of two schedules whose batches close at the same instant the second is open while the first is
// closed: what is given back since somebody decided that its plan has ended is in the next window of
// its own, whenever the job runs.
func TestPlanEndedBetweenSchedules(t *testing.T) {
	t.Parallel()
	upi := india()
	upi.ID = "in-upi"
	daily, late := runs("2026-03-05", 4)
	for when, days := range map[string][]string{"day by day": daily, "late": late} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			rules := reserving(byMethod(upi, upi), 60, "IN")
			h := open(t, rules)
			h.take(deposit("u1", "m1", ist("2026-03-02 12:00"), "100.00"), byCard(deposit("c1", "m1", ist("2026-03-02 12:01"), "200.00")))
			h.settle(ist("2026-03-04 00:00"))
			rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-02-28"), reserve.EndRelease
			for _, day := range []string{"2026-03-05", "2026-03-06"} {
				h.take(deposit("u-"+day, "m1", ist(day+" 12:00"), "1.00"), byCard(deposit("c-"+day, "m1", ist(day+" 12:01"), "2.00")))
			}
			for _, day := range days {
				h.settle(ist(day + " 23:00"))
			}
			h.wants(`
				m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 180.00 + 0.00 = 180.00
				  1 deposit c1 180.00
				m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 90.00 + 0.00 = 90.00
				  1 deposit u1 90.00
				m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 20.00 + 0.00 = 20.00
				  1 reserve_release c1 20.00
				m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 10.00 + 0.00 = 10.00
				  1 reserve_release u1 10.00
				m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 1.00 + 0.00 = 1.00
				  1 deposit u-2026-03-05 1.00
				m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 2.00 + 0.00 = 2.00
				  1 deposit c-2026-03-05 2.00
				m1 INR 2026-03-06 closed, due 2026-03-07: 0.00 + 1.00 + 0.00 = 1.00
				  1 deposit u-2026-03-06 1.00
				m1 INR 2026-03-06 closed, due 2026-03-07: 0.00 + 2.00 + 0.00 = 2.00
				  1 deposit c-2026-03-06 2.00
			`)
		})
	}
}

// A hold whose date no calendar knows yet keeps nothing from being settled before it,
// also where another plan ends early and every hold is looked at.
func TestReserveBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.Timing.Calendars = shipped("IN") // to the end of 2026
	rules := reserving(rulesWith(schedule), 90, "IN")
	rules.Plans = append(rules.Plans, reserve.Plan{
		ID: "ended", Version: "1", Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 90,
		EffectiveTo: date("2026-03-31"), AtEnd: reserve.EndRelease,
	})
	h := open(t, rules)
	h.take(deposit("d1", "m1", ist("2026-10-12 12:00"), "100.00")) // held until 10 January
	h.settle(ist("2026-10-13 00:00"))
	h.wants(`
		m1 INR 2026-10-12 closed, due 2026-10-13: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
	`)
}

// Each release is a line with its reason, and keeps the business date on which it was held:
// on its date, before that because somebody decides it, and when its plan has ended.
func TestReleasedKeepsItsDate(t *testing.T) {
	t.Parallel()
	early := payment.Event{Kind: payment.ReserveRelease, ID: "x1", Parent: "d2", OccurredAt: ist("2026-03-04 12:00"), ReasonCode: "low_risk", Actor: "anna"}
	rules := reserving(rulesWith(india()), 5, "IN")
	rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-03-08"), reserve.EndRelease
	h := open(t, rules)
	h.take(
		deposit("d1", "m1", ist("2026-03-02 19:00"), "10.00"), deposit("d2", "m1", ist("2026-03-03 12:00"), "20.00"), early,
		deposit("d3", "m1", ist("2026-03-06 12:00"), "30.00"),
	)
	h.settle(ist("2026-03-20 00:00"))
	var got []string
	for _, b := range h.batches() {
		for _, l := range h.lines(b.ID) {
			if l.Type == string(payment.ReserveRelease) {
				got = append(got, fmt.Sprintf("%s: %s %s of %s because of %s", b.Window.BusinessDate, l.ParentID, l.Currency.Format(l.Reserve), l.Original, l.ReasonCode))
			}
		}
	}
	want := []string{
		"2026-03-04: d2 2.00 of 2026-03-03 because of low_risk",
		"2026-03-08: d1 1.00 of 2026-03-03 because of due",
		"2026-03-09: d3 3.00 of 2026-03-06 because of plan_ended",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("releases (-want +got):\n%s", diff)
	}
}

// lateHold is a house whose m1 has a reserve that is given back on 7 March, and a deposit of its
// day that came on the 20th: its own is not given back before it is settled, on the 21st.
func lateHold(t *testing.T) *house {
	t.Helper()
	h := open(t, reserving(rulesWith(india()), 5, "IN"))
	h.take(deposit("d0", "m1", ist("2026-03-01 12:00"), "100.00"))
	h.settle(ist("2026-03-07 00:00"))
	h.take(deposit("clock", "m2", ist("2026-03-20 19:00"), "1.00"), deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	return h
}

// endsWith settles what a house of lateHold has.
func (h *house) endsWith(lines string) {
	h.t.Helper()
	h.settle(ist("2026-03-22 00:00"))
	h.wants(`
		m1 INR 2026-03-01 closed, due 2026-03-02: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d0 90.00
		m1 INR 2026-03-06 closed, due 2026-03-07: 0.00 + 10.00 + 0.00 = 10.00
		  1 reserve_release d0 10.00
		m1 INR 2026-03-21 closed, due 2026-03-22: 0.00 + 100.00 + 0.00 = 100.00` + lines + `
		m2 INR 2026-03-21 closed, due 2026-03-22: 0.00 + 0.90 + 0.00 = 0.90
		  1 deposit clock 0.90
	`)
}

// A reserve whose date was over when its deposit came is due with its deposit, and not before:
// nobody is told to settle first what cannot be settled.
func TestReserveOfALateDepositIsNotDue(t *testing.T) {
	t.Parallel()
	h := lateHold(t)
	h.checkDue(h.t, ist("2026-03-20 20:00"))
	if _, _, err := h.ask("r1", settlement.OnDemand, ist("2026-03-20 20:00")); !errors.Is(err, settlement.ErrNothingToPay) {
		t.Errorf("asked while nothing is available: %v", err)
	}
	h.checkDue(h.t, ist("2026-03-21 18:00"))
	h.endsWith(`
		  1 reserve_release d1 10.00
		  2 deposit d1 90.00 late, of 2026-03-02`)
}

// Positions of before counted what is withheld of late deposits by its date alone, and holds did
// not say from when they are given back. They go on to, and are given back all the same.
func TestReserveOfALateDepositCountedBefore(t *testing.T) {
	t.Parallel()
	h := lateHold(t)
	h.withoutFrom("d1")
	h.sound()
	h.take(deposit("d2", "m1", ist("2026-03-02 12:00"), "50.00"), later(payment.DepositFailed, "d2", ist("2026-03-20 20:00")))
	h.sound()
	h.endsWith(`
		  1 reserve_release d1 10.00
		  2 reserve_release d2 5.00
		  3 deposit d1 90.00 late, of 2026-03-02
		  4 deposit d2 45.00 late, of 2026-03-02
		  5 deposit_failed d2 -50.00`)
}

// Verify finds a hold that says it is not given back before another watermark than that of the
// window its deposit is settled in, and a position that counts another.
func TestVerifyFindsForgedReserveOfALateDeposit(t *testing.T) {
	t.Parallel()
	h := lateHold(t)
	for _, stored := range records[*payment.Hold](h, payment.HoldRecord) {
		forged := *stored
		forged.From = ist("2026-03-20 18:00")
		h.puts(&forged)
		want := []string{
			"hold d1: want not released before 2026-03-21T12:30:00Z, have 2026-03-20T12:30:00Z",
			"position m1/INR: want withheld 1000 until 2026-03-07 by plan rolling and schedule in-daily@1 not before 2026-03-20T12:30:00Z, " +
				"have withheld 1000 until 2026-03-07 by plan rolling and schedule in-daily@1 not before 2026-03-21T12:30:00Z",
		}
		if stored.Settles == nil { // that of m2
			want = []string{
				"hold clock: want not released before 2026-03-21T12:30:00Z, have 2026-03-20T12:30:00Z",
				"position m2/INR: want withheld 10 until 2026-03-26 by plan rolling and schedule in-daily@1 not before 2026-03-20T12:30:00Z, " +
					"have withheld 10 until 2026-03-26 by plan rolling and schedule in-daily@1 not before 2026-03-21T12:30:00Z",
			}
		}
		if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
			t.Errorf("findings (-want +got)\n%s", diff)
		}
		h.puts(stored)
	}
}

// checkDue holds the two answers to what is due at an instant against one another: that of whoever
// settles, and that of whoever has to wait for it. The position knows nothing of what pools give back.
func (h *house) checkDue(t failer, at time.Time) {
	t.Helper()
	targets, err := h.due(settlement.Ready{Horizon: at})
	if err != nil {
		t.Fatalf("due at %s: %v", at, err)
	}
	for _, p := range records[*payment.Position](h, payment.PositionRecord) {
		last := time.Time{}
		for i := range targets {
			if targets[i].Merchant == p.Merchant && targets[i].Currency == p.Currency {
				s, err := h.schedule(targets[i].Window.Schedule)
				if err != nil {
					t.Fatalf("%v", err)
				}
				last = s.Watermark(targets[i].Window.Window)
			}
		}
		m := records[*payment.Merchant](h, payment.MerchantRecord)
		of := m[slices.IndexFunc(m, func(m *payment.Merchant) bool { return m.ID == p.Merchant })]
		scope := func() (merchant.Scope, error) { return h.rules.Book.Case(&of.Merchant, p.Currency, "") }
		windows := payment.Windows{Book: h.rules.Book, Last: p.Last(), Scope: scope}
		have, due, err := p.Due(at, h.rules, &windows, h.schedule)
		if err != nil {
			t.Fatalf("due of %s at %s: %v", p.Merchant, at, err)
		}
		if due != !last.IsZero() || due && !have.Equal(last) {
			t.Errorf("%s %s at %s: the last window due is that of %s, and the position says %s", p.Merchant, p.Currency, at, last, have)
		}
	}
}

// What is due is one answer: whatever happened, and whenever the job ran, a merchant's position says
// that windows are due just where the job finds batches to close.
func TestDueIsOneAnswer(t *testing.T) {
	t.Parallel()
	tries := tries{t}
	rapid.Check(t, func(t *rapid.T) {
		history := histories(false).Draw(t, "history")
		reserving(history.rules, rapid.IntRange(3, 6).Draw(t, "days of the reserve"), "IN") // and no other
		instants := instantsNear(history.rules)
		tries.with(t, history.rules, func(h *house) {
			var booked time.Time // a window may be over by what was booked
			for i := range history.events {
				h.live(history.events[i : i+1])
				if at := history.events[i].OccurredAt; at.After(booked) {
					booked = at
				}
				switch rapid.IntRange(0, 4).Draw(t, "behind it") {
				case 0:
					if at := instants.Draw(t, "at"); !at.Before(booked) {
						h.checkDue(t, at)
					}
				case 1:
					h.settle(booked)
				case 2:
					h.live([]payment.Event{deposit(fmt.Sprintf("late%d", i), "m1", booked.AddDate(0, 0, -rapid.IntRange(3, 12).Draw(t, "days late")), "10.00")})
				case 3: // its plan has ended, perhaps before this
					plan := &history.rules.Plans[0]
					plan.EffectiveTo = payment.DateUTC(booked).AddDays(rapid.IntRange(-12, 3).Draw(t, "the plan's last day"))
					plan.AtEnd = reserve.EndRelease
				}
			}
			h.checkDue(t, history.end)
			h.settle(history.end)
			h.checkDue(t, history.end)
		})
	})
}

// A plan that somebody ends in retrospect, before what it still withholds was held: each reserve
// comes back with the batch its deposit is settled in, and with none of before, whenever the job runs.
func TestPlanEndedBeforeItsHolds(t *testing.T) {
	t.Parallel()
	for windows, schedule := range map[[2]string]merchant.Schedule{
		{}: india(), {" w1", " w2"}: daily("IN", "Asia/Kolkata", "09:00", "18:00"),
	} {
		want := fmt.Sprintf(`
			m1 INR 2026-02-20%[1]s closed, due 2026-02-21: 0.00 + 90.00 + 0.00 = 90.00
			  1 deposit d0 90.00
			m1 INR 2026-02-28%[1]s closed, due 2026-03-01: 0.00 + 10.00 + 0.00 = 10.00
			  1 reserve_release d0 10.00
			m1 INR 2026-03-02%[2]s closed, due 2026-03-03: 0.00 + 200.00 + 0.00 = 200.00
			  1 reserve_release d1 20.00
			  2 deposit d1 180.00
		`, windows[0], windows[1])
		for when, instants := range map[string][]string{
			"day by day": {"2026-03-02 11:00", "2026-03-02 19:00", "2026-03-03 19:00"}, "late": {"2026-03-05 19:00"},
		} {
			for _, before := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d a day, %s, records of before %t", len(schedule.Timing.Cutoffs), when, before), func(t *testing.T) {
					t.Parallel()
					rules := reserving(rulesWith(schedule), 60, "IN")
					h := open(t, rules)
					h.take(deposit("d0", "m1", ist("2026-02-20 08:00"), "100.00"))
					h.settle(ist("2026-02-20 19:00"))
					h.take(deposit("d1", "m1", ist("2026-03-02 10:00"), "200.00"))
					if before {
						h.withoutFrom("d0", "d1")
					}
					rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-02-27"), reserve.EndRelease
					for _, at := range instants {
						h.settle(ist(at))
						h.sound()
						if !before { // else what is of before is due until it is given back
							h.checkDue(t, ist(at))
						}
					}
					h.wants(want)
				})
			}
		}
	}
}

// withoutFrom makes holds, and the first position, records of before there was the watermark before
// which a reserve is not given back.
func (h *house) withoutFrom(holds ...string) {
	for _, hold := range records[*payment.Hold](h, payment.HoldRecord) {
		if slices.Contains(holds, hold.ID) {
			hold.From = time.Time{}
			h.puts(hold)
		}
	}
	position := records[*payment.Position](h, payment.PositionRecord)[0]
	for i := range position.Held {
		position.Held[i].From = time.Time{}
	}
	h.puts(position)
}

// What is settled by hand has no watermark before which it is not given back: verify finds one.
func TestVerifyFindsForgedReserveByHand(t *testing.T) {
	t.Parallel()
	h := open(t, byHand())
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "1000.00"))
	h.sound()
	stored := records[*payment.Hold](h, payment.HoldRecord)[0]
	forged := *stored
	forged.From = ist("2026-03-02 18:00")
	h.puts(&forged)
	want := []string{
		"hold d1: want no watermark before which it is not released, have 2026-03-02T12:30:00Z",
		"position m1/INR: want withheld 10000 until 2026-03-07 by plan rolling not before 2026-03-02T12:30:00Z, " +
			"have withheld 10000 until 2026-03-07 by plan rolling",
	}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
	h.puts(stored)
}
