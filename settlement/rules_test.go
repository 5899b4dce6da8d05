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

// TestRule1 books deposits around the cut-offs of three days; on the second one its zone
// skips the cut-off's time of day, or has it twice.
func TestRule1(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, zone, cutoff string
		closes             [3]string // their local dates are those of UTC
	}{
		{"rule 1: New York skips 02:30", "America/New_York", "02:30", [3]string{"2026-03-07 07:30:00", "2026-03-08 07:00:00", "2026-03-09 06:30:00"}},
		{"rule 1: New York shows 01:30 twice", "America/New_York", "01:30", [3]string{"2026-10-31 05:30:00", "2026-11-01 05:30:00", "2026-11-02 06:30:00"}},
		{"rule 1: London skips 01:30", "Europe/London", "01:30", [3]string{"2026-03-28 01:30:00", "2026-03-29 01:00:00", "2026-03-30 00:30:00"}},
		{"rule 1: London shows 01:30 twice", "Europe/London", "01:30", [3]string{"2026-10-24 00:30:00", "2026-10-25 00:30:00", "2026-10-26 01:30:00"}},
		{"rule 1: Kolkata", "Asia/Kolkata", "18:00", [3]string{"2026-01-08 12:30:00", "2026-01-09 12:30:00", "2026-01-10 12:30:00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(daily("IN", tt.zone, tt.cutoff)))
			h.takeAround("first", utc(tt.closes[0]))
			h.takeAround("second", utc(tt.closes[1]))
			h.takeAndSettle("second.later", utc(tt.closes[1]).Add(15*time.Minute)) // a skipped time after the jump, or a time that comes again
			h.takeAround("third", utc(tt.closes[2]))
			want := []closing{
				{tt.closes[0][:10], tt.closes[0], []string{"first-"}},
				{tt.closes[1][:10], tt.closes[1], []string{"first", "second-"}},
				{tt.closes[2][:10], tt.closes[2], []string{"second", "second.later", "third-"}},
			}
			if diff := cmp.Diff(want, h.closings()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRule6 books deposits around the cut-offs, at 18:00 in Karachi, that may be the one that
// ends a month: February 2026 ends on a Saturday, and 29 March and 31 May are Sundays.
func TestRule6(t *testing.T) {
	t.Parallel()
	february := []string{"02-27", "02-28", "03-02"}
	for _, tt := range []struct {
		name   string
		days   []int
		roll   calendar.Roll
		year   string
		around []string // dates
		want   []string // dates and members
	}{
		{"rule 6: the 31st clamps to the last day", []int{31}, calendar.RollNone, "2026", february, []string{"02-28: 02-27- 02-27 02-28-", "03-31: 02-28 03-02- 03-02"}},
		{"rule 6: so does the 30th", []int{30}, calendar.RollNone, "2026", february, []string{"02-28: 02-27- 02-27 02-28-", "03-30: 02-28 03-02- 03-02"}},
		{"rule 6: so does the 29th", []int{29}, calendar.RollNone, "2026", february, []string{"02-28: 02-27- 02-27 02-28-", "03-29: 02-28 03-02- 03-02"}},
		{"rule 6: all three are one closing", []int{29, 30, 31}, calendar.RollNone, "2026", february, []string{"02-28: 02-27- 02-27 02-28-", "03-29: 02-28 03-02- 03-02"}},
		{"rule 6: clamped, then rolled", []int{31}, calendar.RollFollowing, "2026", february, []string{"03-02: 02-27- 02-27 02-28- 02-28 03-02-", "03-31: 03-02"}},
		{"rule 6: rolled to a day that closes anyway", []int{2, 31}, calendar.RollFollowing, "2026", february, []string{"03-02: 02-27- 02-27 02-28- 02-28 03-02-", "03-31: 03-02"}},
		{"rule 6: clamped, then rolled back", []int{31}, calendar.RollPreceding, "2026", february, []string{"02-27: 02-27-", "03-31: 02-27 02-28- 02-28 03-02- 03-02"}},
		{"rule 6: clamped, then rolled within the month", []int{29}, calendar.RollModifiedFollowing, "2026", february, []string{"02-27: 02-27-", "03-30: 02-27 02-28- 02-28 03-02- 03-02"}},
		{"rule 6: not clamped, and rolled within the month", []int{29}, calendar.RollModifiedFollowing, "2026", []string{"03-27", "03-29", "03-30"}, []string{"03-30: 03-27- 03-27 03-29- 03-29 03-30-", "04-29: 03-30"}},
		{"rule 6: rolled back within a month of 31 days", []int{31}, calendar.RollModifiedFollowing, "2026", []string{"05-29", "05-31", "06-01"}, []string{"05-29: 05-29-", "06-30: 05-29 05-31- 05-31 06-01- 06-01"}},
		{"rule 6: a month of 30 days", []int{31}, calendar.RollNone, "2026", []string{"04-29", "04-30", "05-01"}, []string{"04-30: 04-29- 04-29 04-30-", "05-31: 04-30 05-01- 05-01"}},
		{"rule 6: the 29th of a leap year", []int{30}, calendar.RollNone, "2024", []string{"02-28", "02-29", "03-01"}, []string{"02-29: 02-28- 02-28 02-29-", "03-30: 02-29 03-01- 03-01"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			monthly := daily("IN", "Asia/Karachi", "18:00")
			monthly.Timing.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: tt.days, Roll: tt.roll}
			monthly.Timing.Calendars = calendar.Calendars{{
				ID: "weekends", Version: "1", Source: "made up", Weekend: calendar.WeekendOf(time.Saturday, time.Sunday),
				ValidFrom: date("2023-01-01"), ValidUntil: date("2027-12-31"),
			}}
			h := open(t, rulesWith(monthly))
			for _, day := range tt.around {
				h.takeAround(day, utc(tt.year+"-"+day+" 13:00:00"))
			}
			h.settle(utc(tt.year + "-07-01 00:00:00"))
			var want []closing
			for _, w := range tt.want {
				day, members, _ := strings.Cut(w, ": ")
				want = append(want, closing{tt.year + "-" + day, tt.year + "-" + day + " 13:00:00", strings.Fields(members)})
			}
			if diff := cmp.Diff(want, h.closings()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

// takeAround books a deposit just before a cut-off, "02-27-", and one at it, "02-27". The job runs
// behind each, and closes nothing before the cut-off.
func (h *house) takeAround(name string, cutoff time.Time) {
	h.t.Helper()
	if early := h.takeAndSettle(name+"-", cutoff.Add(-time.Microsecond)); len(early) > 0 {
		h.t.Errorf("%s is closed before %s", tell(early[0]), cutoff)
	}
	h.takeAndSettle(name, cutoff)
}

func (h *house) takeAndSettle(id string, at time.Time) []*settlement.Batch {
	h.t.Helper()
	h.take(deposit(id, "m1", at, "1.00"))
	return h.settle(at)
}

// closing is what the two rules say of a batch.
type closing struct {
	BusinessDate, Closes string
	Deposits             []string
}

// closings gives every batch that is closed.
func (h *house) closings() (all []closing) {
	h.t.Helper()
	for _, b := range h.batches() {
		c := closing{BusinessDate: b.Window.BusinessDate.String()}
		for _, l := range h.lines(b.ID) {
			c.Closes = l.Window.Closes.Format(time.DateTime)
			c.Deposits = append(c.Deposits, l.SourceID)
		}
		all = append(all, c)
	}
	return all
}

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

// Which business dates a window may be of that nobody knows yet depends on the zone of what will be
// configured: whoever settles up to one of them is told, and up to a date before them nothing.
func TestUnknownWindowIsTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, before, told string }{ // both reserves come back on 2027-01-03
		{"Asia/Kolkata", "2027-01-01", "2027-01-02"},
		{"Pacific/Kiritimati", "2026-12-31", "2027-01-01"},
	} {
		t.Run(test.zone, func(t *testing.T) {
			t.Parallel()
			ending := daily("IN", test.zone, "18:00")
			ending.Timing.Calendars = shipped("IN") // to the end of 2026
			rules := reserving(rulesWith(ending), 5, "IN")
			h := open(t, rules)
			h.take(deposit("d1", "m1", local(test.zone, "2026-12-29 12:00"), "100.00"))
			horizon := ist("2027-01-08 00:00")
			if _, err := h.trySettle(settlement.Ready{Horizon: horizon, Through: date(test.before)}); err != nil {
				t.Errorf("through %s: %v", test.before, err)
			}
			if _, err := h.trySettle(settlement.Ready{Horizon: horizon, Through: date(test.told)}); !errors.Is(err, calendar.ErrOutOfRange) {
				t.Errorf("through %s: got %v, want that the window of the release is not known", test.told, err)
			}
			west := longer(ending, "2027-01-01")
			west.Timing.Zone, west.Timing.Cutoffs = place("Pacific/Pago_Pago"), []calendar.WindowCutoff{{At: calendar.MustClock("23:30")}}
			rules.Book.Schedules = append(rules.Book.Schedules, west)
			h.keep(rules.Book.Schedules)
			if b := h.settle(horizon); len(b) != 1 || b[0].Window.BusinessDate != date(test.told) {
				t.Errorf("batches %v, want the one that gives the reserve back, of %s", b, test.told)
			}
		})
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
