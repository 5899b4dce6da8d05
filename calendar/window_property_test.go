package calendar_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
)

// TestWindowsPartitionTime draws a schedule and an instant and checks that the
// instant's window, its neighbours and every other way to the same window agree.
func TestWindowsPartitionTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, at := drawScheduleAndInstant(t)
		w, err := s.WindowAt(at)
		if err != nil {
			neverOpen(t, err)
			return
		}
		if !holds(s, w, at) || !w.Opens.Before(w.Closes) {
			t.Fatalf("%s is not in %s", at, write(w))
		}
		same := func(how string, got calendar.Window, err error) {
			t.Helper()
			if err != nil || got != w {
				t.Fatalf("%s: %s, %v, want %s", how, write(got), err, write(w))
			}
		}
		first, last := w.Opens, w.Closes.Add(-1)
		if s.CutoffInclusive {
			first, last = w.Opens.Add(1), w.Closes
		}
		inside := first.Add(time.Duration(rapid.Int64Range(0, int64(last.Sub(first))).Draw(t, "inside")))
		for how, instant := range map[string]time.Time{"first": first, "last": last, "inside": inside} {
			got, err := s.WindowAt(instant)
			same(how, got, err)
		}
		got, err := s.WindowOf(w.BusinessDate, w.Ordinal)
		same("WindowOf", got, err)

		before, err := s.WindowAt(first.Add(-1))
		if err != nil || !before.Closes.Equal(w.Opens) {
			t.Fatalf("before %s comes %s, %v", write(w), write(before), err)
		}
		got, err = s.Next(before)
		same("Next of the one before", got, err)
		after, err := s.Next(w)
		if err != nil || !after.Opens.Equal(w.Closes) || after.BusinessDate.Before(w.BusinessDate) {
			t.Fatalf("after %s comes %s, %v", write(w), write(after), err)
		}
	})
}

// TestWindowAgreesWithTheRules compares WindowAt with the rules as they are
// written: all cut-offs of a quarter of a year, sorted out one by one.
func TestWindowAgreesWithTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, at := drawScheduleAndInstant(t)
		got, err := s.WindowAt(at)
		if err != nil {
			neverOpen(t, err)
			return
		}
		want := windowByTheRules(t, s, at)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("window of %s (-want +got):\n%s", at, diff)
		}
	})
}

func drawScheduleAndInstant(t *rapid.T) (*calendar.Schedule, time.Time) {
	loc := genZone().Draw(t, "zone")
	at := genInstant(loc).Draw(t, "instant")
	return genSchedule(loc, calendar.DateOf(at, loc)).Draw(t, "schedule"), at
}

// neverOpen accepts the error of calendars that between them close every day of
// the week, so that a search runs into their end.
func neverOpen(t *rapid.T, err error) {
	t.Helper()
	if !errors.Is(err, calendar.ErrOutOfRange) {
		t.Fatal(err)
	}
}

// closingCutoff is a cut-off that may close a window.
type closingCutoff struct {
	date    calendar.Date
	ordinal int
	at      time.Time
}

func windowByTheRules(t *rapid.T, s *calendar.Schedule, at time.Time) calendar.Window {
	t.Helper()
	var want calendar.Window
	for _, c := range closingCutoffs(t, s, calendar.DateOf(at, s.Zone)) {
		if c.at.Before(at) || !s.CutoffInclusive && c.at.Equal(at) {
			want.Opens = c.at
			continue
		}
		want.BusinessDate, want.Ordinal, want.Label = c.date, c.ordinal, listed(s)[c.ordinal].Label
		want.Closes = c.at
		want.DueAt, want.SettlementDate = dueByTheRules(t, s, c)
		break
	}
	return want
}

// closingCutoffs returns the cut-offs that close windows around a date, in
// order, without those that a later one has overtaken.
func closingCutoffs(t *rapid.T, s *calendar.Schedule, middle calendar.Date) []closingCutoff {
	t.Helper()
	closes := closingDates(t, s, middle.AddDays(-140), middle.AddDays(140))
	var list []closingCutoff
	cutoffs := listed(s)
	for d := middle.AddDays(-100); d.DaysSince(middle) < 100; d = d.AddDays(1) {
		for i, c := range cutoffs {
			last := i == len(cutoffs)-1
			every := s.Anchor.Kind == calendar.EachWindow || s.Anchor.Kind == calendar.Manual || s.Anchor.Kind == calendar.Cron
			if !closes[d] || !last && !every {
				continue
			}
			at := calendar.Cutoff(d, clockByTheRules(s, d, c, last), s.Zone)
			list = slices.DeleteFunc(list, func(earlier closingCutoff) bool { return !earlier.at.Before(at) })
			list = append(list, closingCutoff{date: d, ordinal: i, at: at})
		}
	}
	return list
}

// dueByTheRules looks for the settlement date hour by hour and day by day.
func dueByTheRules(t *rapid.T, s *calendar.Schedule, c closingCutoff) (time.Time, calendar.Date) {
	t.Helper()
	if s.Delay.Unit != calendar.Hours {
		due, err := s.SettlementDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		return time.Time{}, due
	}
	at := c.at.Add(time.Duration(s.Delay.N) * time.Hour)
	for moved := false; ; moved = true {
		on := calendar.DateOf(at, s.Zone)
		open, err := s.Calendars.Open(on)
		if err != nil {
			t.Fatal(err)
		}
		if open {
			return at, on
		}
		if !moved {
			at = at.Truncate(time.Minute)
		}
		for calendar.DateOf(at, s.Zone) == on {
			at = at.Add(time.Minute)
		}
	}
}

// listed returns the cut-offs of each date.
func listed(s *calendar.Schedule) []calendar.WindowCutoff {
	if s.Anchor.Kind == calendar.Cron {
		return cronTimes(s.Anchor.Cron.String())
	}
	return s.Cutoffs
}

// closingDates returns the rolled dates of the anchor's dates within from..to.
func closingDates(t *rapid.T, s *calendar.Schedule, from, to calendar.Date) map[calendar.Date]bool {
	t.Helper()
	roll := map[calendar.Roll]func(calendar.Date) (calendar.Date, error){
		calendar.RollNone:              func(d calendar.Date) (calendar.Date, error) { return d, nil },
		calendar.RollFollowing:         s.Calendars.Following,
		calendar.RollPreceding:         s.Calendars.Preceding,
		calendar.RollModifiedFollowing: s.Calendars.ModifiedFollowing,
	}[s.Anchor.Roll]
	closes := make(map[calendar.Date]bool)
	named := func(d calendar.Date) bool { return namedByAnchor(s.Anchor, d) }
	if s.Anchor.Kind == calendar.Cron {
		named = cronByTheRules(s.Anchor.Cron.String())
	}
	for d := from; !d.After(to); d = d.AddDays(1) {
		if !named(d) {
			continue
		}
		rolled, err := roll(d)
		if err != nil {
			t.Fatal(err)
		}
		closes[rolled] = true
	}
	return closes
}

func namedByAnchor(a calendar.Anchor, d calendar.Date) bool {
	_, _, day := d.YMD()
	_, _, tomorrow := d.AddDays(1).YMD()
	switch a.Kind {
	case calendar.Weekly:
		return slices.Contains(a.Weekdays, d.Weekday())
	case calendar.Monthly:
		return slices.ContainsFunc(a.MonthDays, func(monthDay int) bool {
			return monthDay == day || tomorrow == 1 && monthDay > day
		})
	default:
		return true
	}
}

func clockByTheRules(s *calendar.Schedule, d calendar.Date, c calendar.WindowCutoff, last bool) calendar.Clock {
	at, overridden := c.At, false
	for _, cal := range s.Calendars {
		for _, o := range cal.CutoffOverrides {
			if o.Date != d || (o.Label != c.Label && (o.Label != "" || !last)) {
				continue
			}
			if !overridden || o.At.Compare(at) < 0 {
				at, overridden = o.At, true
			}
		}
	}
	return at
}
