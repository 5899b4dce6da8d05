package settlement_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// The rules about time that show where movements are booked and batches closed; the
// others are in calendar's TestTimeRules.

// TestRule8 changes the terms of a schedule between two deposits of one morning.
func TestRule8(t *testing.T) {
	t.Parallel()
	type pinned struct{ Deposit, Schedule, Closes, BusinessDate, AvailableOn string }
	first := india()
	tests := []struct {
		name   string
		change func(s *calendar.Schedule)
		want   pinned // of the deposit behind the change
	}{
		{"rule 8: another cut-off", func(s *calendar.Schedule) {
			s.Cutoffs = []calendar.WindowCutoff{{At: calendar.MustClock("13:00")}}
		}, pinned{"after", "in-daily@2", "2026-03-19T07:30:00Z", "2026-03-19", "2026-03-20"}},
		{"rule 8: another delay", func(s *calendar.Schedule) { s.Delay.N = 3 }, pinned{"after", "in-daily@2", "2026-03-19T12:30:00Z", "2026-03-19", "2026-03-22"}},
		{"rule 8: another calendar, and an early closing", func(s *calendar.Schedule) {
			c := *shipped("PK")[0]
			c.Version, c.CutoffOverrides = "early", []calendar.CutoffOverride{{Date: date("2026-03-19"), At: calendar.MustClock("12:30")}}
			s.Calendars = calendar.Calendars{&c}
		}, pinned{"after", "in-daily@2", "2026-03-19T07:00:00Z", "2026-03-19", "2026-03-24"}},
		{"rule 8: hours", func(s *calendar.Schedule) { s.Delay = calendar.Delay{N: 12, Unit: calendar.Hours} }, pinned{"after", "in-daily@2", "2026-03-19T12:30:00Z", "2026-03-19", "2026-03-20"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rules := rulesWith(first)
			h := open(t, rules)
			h.take(deposit("before", "m1", ist("2026-03-19 10:00"), "1.00"))
			changed := india()
			changed.Version, changed.EffectiveFrom = "2", date("2026-03-19")
			tt.change(&changed.Timing)
			rules.Book.Schedules = append(rules.Book.Schedules, changed)
			if err := rules.Book.Validate(); err != nil {
				t.Fatal(err)
			}
			h.take(deposit("after", "m1", ist("2026-03-19 11:00"), "2.00"))
			h.settle(ist("2026-03-20 00:00"))
			var got []pinned
			for _, b := range h.batches() {
				for _, l := range h.lines(b.ID) {
					got = append(got, pinned{
						l.SourceID, l.Window.Schedule.String(), l.Window.Closes.Format(time.RFC3339), b.Window.BusinessDate.String(), b.Window.SettlementDate.String(),
					})
				}
			}
			want := []pinned{{"before", "in-daily@1", "2026-03-19T12:30:00Z", "2026-03-19", "2026-03-20"}, tt.want}
			if got[0].Deposit != "before" {
				want[0], want[1] = want[1], want[0]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pinned (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRule7 runs past the end of a calendar: nothing is guessed, the figures are in
// the error, and what has nothing to do with the calendar goes on.
func TestRule7(t *testing.T) {
	t.Parallel()
	const figures = "date outside the calendar's validity: calendar IN (version 2025-2026.1) is valid from 2025-01-01 to 2026-12-31, asked about "
	ending := india()
	ending.Timing.Calendars = shipped("IN")
	wants := func(t *testing.T, err error, date string) {
		t.Helper()
		if !errors.Is(err, calendar.ErrOutOfRange) || !strings.Contains(err.Error(), figures+date) {
			t.Errorf("got %v, want %s%s", err, figures, date)
		}
	}
	t.Run("rule 7: a movement whose settlement date nobody knows is refused", func(t *testing.T) {
		t.Parallel()
		h := open(t, rulesWith(ending))
		err := h.try(deposit("d1", "m1", ist("2026-12-31 12:00"), "1.00"))
		wants(t, err, "2027-01-01")
		if !strings.Contains(err.Error(), "schedule in-daily: ") {
			t.Errorf("%v does not name the schedule", err)
		}
		h.wants("")
	})
	t.Run("rule 7: so is one that comes too late for its own window", func(t *testing.T) {
		t.Parallel()
		rules := rulesWith(ending, daily("PK", "Asia/Karachi", "18:00"))
		h := open(t, rules)
		other := deposit("other", "m2", local("Asia/Karachi", "2027-01-05 12:00"), "1.00")
		other.Currency = pkr()
		late := deposit("late", "m1", ist("2026-12-29 12:00"), "2.00")
		h.take(other)
		wants(t, h.try(late), "2027-01-06")
		rules.Book.Schedules[0] = longer(rules.Book.Schedules[0], "")
		h.take(late)
		h.settle(ist("2027-01-10 00:00"))
		h.wants(`
			m1 INR 2027-01-05 closed, due 2027-01-06: 0.00 + 2.00 + 0.00 = 2.00
			  1 deposit late 2.00 late, of 2026-12-29
			m2 PKR 2027-01-05 closed, due 2027-01-06: 0.00 + 1.00 + 0.00 = 1.00
			  1 deposit other 1.00
		`)
	})
	t.Run("rule 7: settling waits with what is released behind the end", func(t *testing.T) {
		t.Parallel()
		rules := reserving(rulesWith(ending), 30, "IN")
		h := open(t, rules)
		h.take(deposit("d1", "m1", ist("2026-12-20 12:00"), "100.00"))
		h.settle(ist("2026-12-31 00:00"))
		_, err := h.trySettle(settlement.Ready{Horizon: ist("2027-02-01 00:00")})
		wants(t, err, "2027-01-20")
		if want := "of d1: "; !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(),
			": configure a version of schedule in-daily that is effective from 2027-01-19 or before, by calendars that reach further") {
			t.Errorf("%v does not say of what, and what to do", err)
		}
		rules.Book.Schedules = append(rules.Book.Schedules, longer(rules.Book.Schedules[0], "2027-01-19"))
		h.settle(ist("2027-02-01 00:00"))
		h.wants(`
			m1 INR 2026-12-20 closed, due 2026-12-21: 0.00 + 90.00 + 0.00 = 90.00
			  1 deposit d1 90.00
			m1 INR 2027-01-19 closed, due 2027-01-20: 0.00 + 10.00 + 0.00 = 10.00
			  1 reserve_release d1 10.00
		`)
	})
	t.Run("rule 7: one of two calendars ends", func(t *testing.T) {
		t.Parallel()
		both := ending
		both.Timing.Calendars = append(shipped("PK"), shipped("IN")...)
		h := open(t, rulesWith(both))
		wants(t, h.try(deposit("d1", "m1", ist("2026-12-31 12:00"), "1.00")), "2027-01-01")
		h.take(deposit("d2", "m1", ist("2026-12-29 12:00"), "1.00"))
		if b := h.settle(ist("2027-01-10 00:00")); len(b) != 1 || b[0].Window.SettlementDate != date("2026-12-30") {
			t.Errorf("batches %v", b)
		}
	})
}

// longer is another version of a schedule, effective from a date on, whose calendar ends a year later.
func longer(s merchant.Schedule, from string) merchant.Schedule {
	c := *s.Timing.Calendars[0]
	c.Version, c.ValidUntil = "2025-2027.2", date("2027-12-31")
	s.Version, s.Timing.Calendars = "2", calendar.Calendars{&c}
	if from != "" {
		s.EffectiveFrom = date(from)
	}
	return s
}

// What is released behind the end of the calendar that its deposit was pinned by is in the window of
// the version in force then, and the batches are the same whenever that was configured and
// the job runs.
func TestReleaseBehindAnEndedCalendar(t *testing.T) {
	t.Parallel()
	ending := india()
	ending.Timing.Calendars = shipped("IN")
	other := longer(ending, "2027-01-01")
	other.ID = "in-other"
	evening := longer(ending, "2027-01-01")
	evening.Timing.Cutoffs = []calendar.WindowCutoff{{At: calendar.MustClock("20:00")}}
	byHand := longer(ending, "2027-01-01")
	byHand.Timing.Anchor = calendar.Anchor{Kind: calendar.Manual}
	for name, schedules := range map[string][]merchant.Schedule{
		"instead":                    {longer(ending, "")},
		"beside":                     {ending, longer(ending, "2027-01-01")},
		"beside, another cut-off":    {ending, evening},
		"another schedule":           {ending, other},
		"another, the old's by hand": {ending, other, byHand},
	} {
		for when, days := range map[string][]string{
			"day by day":      {"2027-01-02", "2027-01-03", "2027-01-04", "2027-01-05", "2027-01-06", "2027-01-07", "2027-01-08", "2027-01-09"},
			"late":            {"2027-01-09"},
			"configured late": nil,
		} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				rules := reserving(rulesWith(ending), 5, "IN")
				rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2027-01-04"), reserve.EndRelease
				h := open(t, rules)
				h.take(deposit("d1", "m1", ist("2026-12-29 12:00"), "100.00"), deposit("d2", "m1", ist("2026-12-30 12:00"), "200.00"))
				if days != nil {
					rules.Book.Schedules = schedules
				}
				h.keep(schedules)
				h.settle(ist("2026-12-31 00:00"))
				if days == nil {
					if b, err := h.trySettle(settlement.Ready{Horizon: ist("2027-01-09 00:00")}); len(b) > 0 || !errors.Is(err, calendar.ErrOutOfRange) {
						t.Fatalf("%d batches, %v", len(b), err)
					}
					rules.Book.Schedules, days = schedules, []string{"2027-01-09"}
				}
				for _, day := range days {
					h.settle(ist(day + " 00:00"))
				}
				h.wants(`
					m1 INR 2026-12-29 closed, due 2026-12-30: 0.00 + 90.00 + 0.00 = 90.00
					  1 deposit d1 90.00
					m1 INR 2026-12-30 closed, due 2026-12-31: 0.00 + 180.00 + 0.00 = 180.00
					  1 deposit d2 180.00
					m1 INR 2027-01-03 closed, due 2027-01-04: 0.00 + 10.00 + 0.00 = 10.00
					  1 reserve_release d1 10.00
					m1 INR 2027-01-04 closed, due 2027-01-05: 0.00 + 20.00 + 0.00 = 20.00
					  1 reserve_release d2 20.00
				`)
			})
		}
	}
}

// What is given back because a plan has ended, which is decided when that window is closed, goes into
// the next open one: of the version in force then, whose calendar reaches it.
func TestPlanEndedBehindAnEndedCalendar(t *testing.T) {
	t.Parallel()
	ending := india()
	ending.Timing.Calendars = shipped("IN")
	rules := reserving(rulesWith(ending), 5, "IN")
	h := open(t, rules)
	h.take(deposit("d1", "m1", ist("2026-12-29 12:00"), "100.00"))
	h.settle(ist("2026-12-31 00:00"))
	second := longer(ending, "2027-01-01")
	rules.Book.Schedules = append(rules.Book.Schedules, second)
	h.keep(rules.Book.Schedules)
	h.take(deposit("d2", "m1", ist("2027-01-02 12:00"), "200.00"))
	h.settle(ist("2027-01-03 00:00"))
	rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-12-30"), reserve.EndRelease
	h.settle(ist("2027-01-06 00:00"))
	h.wants(`
		m1 INR 2026-12-29 closed, due 2026-12-30: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit d1 90.00
		m1 INR 2027-01-02 closed, due 2027-01-04: 0.00 + 180.00 + 0.00 = 180.00
		  1 deposit d2 180.00
		m1 INR 2027-01-03 closed, due 2027-01-04: 0.00 + 30.00 + 0.00 = 30.00
		  1 reserve_release d1 10.00
		  2 reserve_release d2 20.00
	`)
}

// What a calendar cannot say of one merchant keeps no other one's windows open, nor those of
// its own that come before.
func TestRefusedOfOneMerchant(t *testing.T) {
	t.Parallel()
	ending := india()
	c := *shipped("IN")[0]
	c.ValidUntil = date("2026-03-31")
	c.Holidays = slices.DeleteFunc(slices.Clone(c.Holidays), func(h calendar.Holiday) bool { return h.Date.After(c.ValidUntil) })
	ending.Timing.Calendars = calendar.Calendars{&c}
	rules := rulesWith(ending, daily("PK", "Asia/Karachi", "18:00"))
	rules.Plans = []reserve.Plan{{ID: "deposit", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("25%"), Cap: new(money.Minor(1_000)), EffectiveTo: date("2026-04-10"), AtEnd: reserve.EndRelease}}
	rules.Book.Plans = []merchant.PlanScope{{Plan: "deposit", For: []merchant.Scope{{Region: "IN"}}}}
	h := open(t, rules)
	other := deposit("d2", "m2", local("Asia/Karachi", "2026-04-20 12:00"), "2.00")
	other.Currency = pkr()
	h.take(deposit("d1", "m1", ist("2026-03-20 12:00"), "100.00"), other)
	for range 2 {
		_, err := h.trySettle(settlement.Ready{Horizon: ist("2026-05-01 00:00"), Through: date("2026-04-30")})
		if !errors.Is(err, calendar.ErrOutOfRange) || !strings.Contains(err.Error(), "merchant m1 in INR: return of the fixed reserve of m1: ") || strings.Contains(err.Error(), "m2") {
			t.Errorf("got %v, want what is not known of m1", err)
		}
		h.wants(`
			m1 INR 2026-03-20 closed, due 2026-03-21: 0.00 + 90.00 + 0.00 = 90.00
			  1 reserve_build fixed -10.00
			  2 deposit d1 100.00
			m2 PKR 2026-04-20 closed, due 2026-04-21: 0.00 + 2.00 + 0.00 = 2.00
			  1 deposit d2 2.00
		`)
	}
	if _, err := h.trySettle(settlement.Ready{Horizon: ist("2026-05-01 00:00"), Through: date("2026-04-08")}); err != nil {
		t.Errorf("through a date before that of the return: %v", err)
	}
	rules.Book.Schedules = append(rules.Book.Schedules, longer(ending, "2026-04-01"))
	h.keep(rules.Book.Schedules)
	if b := h.settle(ist("2026-05-01 00:00")); len(b) != 1 || b[0].Window.BusinessDate != date("2026-04-11") || b[0].Net != money.Minor(1_000) {
		t.Errorf("batches %v, want the one that gives the reserve back", b)
	}
}

// TestRule5 settles through calendars that must all be open.
func TestRule5(t *testing.T) {
	t.Parallel()
	schedule := daily("BD", "Asia/Dhaka", "18:00")
	schedule.Timing.Delay.N = 2
	schedule.Timing.Calendars = append(shipped("BD"), shipped("SG")...)
	h := open(t, rulesWith(schedule))
	e := deposit("d1", "m1", local("Asia/Dhaka", "2026-04-01 12:00"), "1.00")
	e.Currency = bdt()
	h.take(e)
	// The 2nd is open, the 3rd Good Friday in Singapore and a weekend in Dhaka, the 4th a weekend in both, the 5th in Singapore.
	batches := h.settle(local("Asia/Dhaka", "2026-04-02 00:00"))
	if len(batches) != 1 || batches[0].Window.SettlementDate != date("2026-04-06") {
		t.Errorf("batches %+v", batches)
	}
}
