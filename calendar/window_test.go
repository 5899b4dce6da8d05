package calendar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

// write puts a window into one line: business date, label and ordinal, the
// instants without their seconds, settlement date.
func write(w calendar.Window) string {
	const layout = "01-02T15:04Z"
	return fmt.Sprintf("%s %s/%d [%s, %s) due %s",
		w.BusinessDate, w.Label, w.Ordinal, w.Opens.Format(layout), w.Closes.Format(layout), w.SettlementDate)
}

// threeADay is the Indian schedule: T+0 with three windows a day.
func threeADay(tb testing.TB) *calendar.Schedule {
	tb.Helper()
	s := daily(tb, "Asia/Kolkata", "18:00", 0, shipped(tb, "IN"))
	s.Anchor = calendar.Anchor{Kind: calendar.EachWindow}
	s.Cutoffs = []calendar.WindowCutoff{
		{At: calendar.MustClock("11:00"), Label: "morning"},
		{At: calendar.MustClock("15:00"), Label: "noon"},
		{At: calendar.MustClock("18:00"), Label: "evening"},
	}
	return s
}

// nightly has two cut-offs in the hour that New York skips in spring.
func nightly(tb testing.TB) *calendar.Schedule {
	tb.Helper()
	s := daily(tb, "America/New_York", "02:45", 0)
	s.Anchor = calendar.Anchor{Kind: calendar.EachWindow}
	s.Cutoffs = []calendar.WindowCutoff{
		{At: calendar.MustClock("02:15"), Label: "first"},
		{At: calendar.MustClock("02:45"), Label: "second"},
	}
	return s
}

func TestWindowAt(t *testing.T) {
	t.Parallel()
	anchored := func(s *calendar.Schedule, a calendar.Anchor) *calendar.Schedule {
		s.Anchor = a
		return s
	}
	newYork := func() *calendar.Schedule { return daily(t, "America/New_York", "02:30", 0) }
	inclusive := threeADay(t)
	inclusive.CutoffInclusive = true
	tests := []struct {
		name     string
		schedule *calendar.Schedule
		at, want string
	}{
		{"before the first cut-off", threeADay(t), "2026-01-08T05:29:59.999999999Z", "2026-01-08 morning/0 [01-07T12:30Z, 01-08T05:30Z) due 2026-01-08"},
		{"exactly at a cut-off", threeADay(t), "2026-01-08T05:30:00Z", "2026-01-08 noon/1 [01-08T05:30Z, 01-08T09:30Z) due 2026-01-08"},
		{"after the last cut-off", threeADay(t), "2026-01-08T12:30:00Z", "2026-01-09 morning/0 [01-08T12:30Z, 01-09T05:30Z) due 2026-01-09"},
		{"business date on a closed Saturday", threeADay(t), "2026-01-10T10:00:00Z", "2026-01-10 evening/2 [01-10T09:30Z, 01-10T12:30Z) due 2026-01-12"},
		{"inclusive: exactly at a cut-off", inclusive, "2026-01-08T05:30:00Z", "2026-01-08 morning/0 [01-07T12:30Z, 01-08T05:30Z) due 2026-01-08"},
		{"inclusive: just after it", inclusive, "2026-01-08T05:30:00.000000001Z", "2026-01-08 noon/1 [01-08T05:30Z, 01-08T09:30Z) due 2026-01-08"},
		{
			"manual has windows like each_window", anchored(threeADay(t), calendar.Anchor{Kind: calendar.Manual}),
			"2026-01-08T05:30:00Z", "2026-01-08 noon/1 [01-08T05:30Z, 01-08T09:30Z) due 2026-01-08",
		},
		{
			"daily closes at the last cut-off", anchored(threeADay(t), calendar.Anchor{Kind: calendar.Daily}),
			"2026-01-08T05:30:00Z", "2026-01-08 evening/2 [01-07T12:30Z, 01-08T12:30Z) due 2026-01-08",
		},
		{"T+1 over Eid in Pakistan", daily(t, "Asia/Karachi", "23:59", 1, shipped(t, "PK")), "2026-03-19T12:00:00Z", "2026-03-19 day/0 [03-18T18:59Z, 03-19T18:59Z) due 2026-03-24"},

		{"the day of the skipped cut-off", newYork(), "2026-03-08T06:59:59Z", "2026-03-08 day/0 [03-07T07:30Z, 03-08T07:00Z) due 2026-03-08"},
		{"the day after it has 23 and a half hours", newYork(), "2026-03-08T07:00:00Z", "2026-03-09 day/0 [03-08T07:00Z, 03-09T06:30Z) due 2026-03-09"},
		{"the repeated hour lies after the cut-off", daily(t, "America/New_York", "01:30", 0), "2026-11-01T05:30:00Z", "2026-11-02 day/0 [11-01T05:30Z, 11-02T06:30Z) due 2026-11-02"},
		{"and the second time too", daily(t, "America/New_York", "01:30", 0), "2026-11-01T06:29:59Z", "2026-11-02 day/0 [11-01T05:30Z, 11-02T06:30Z) due 2026-11-02"},
		{"two cut-offs in the skipped hour: the last closes", nightly(t), "2026-03-08T06:59:59Z", "2026-03-08 second/1 [03-07T07:45Z, 03-08T07:00Z) due 2026-03-08"},
		{"the window after both", nightly(t), "2026-03-08T07:00:00Z", "2026-03-09 first/0 [03-08T07:00Z, 03-09T06:15Z) due 2026-03-09"},
		{"a midnight that is skipped", daily(t, "America/Sao_Paulo", "00:00", 0), "2017-10-15T02:59:59Z", "2017-10-15 day/0 [10-14T03:00Z, 10-15T03:00Z) due 2017-10-15"},
		{"a date that is skipped", daily(t, "Pacific/Apia", "18:00", 0), "2011-12-30T09:00:00Z", "2011-12-30 day/0 [12-30T04:00Z, 12-30T10:00Z) due 2011-12-30"},
		{"the date after it", daily(t, "Pacific/Apia", "18:00", 0), "2011-12-30T10:00:00Z", "2011-12-31 day/0 [12-30T10:00Z, 12-31T04:00Z) due 2011-12-31"},
		{"two dates that end on one instant", daily(t, "Pacific/Apia", "00:00", 0), "2011-12-30T09:00:00Z", "2011-12-31 day/0 [12-29T10:00Z, 12-30T10:00Z) due 2011-12-31"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.schedule.WindowAt(instant(t, tt.at))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, write(got)); diff != "" {
				t.Errorf("window (-want +got):\n%s", diff)
			}
			if again, err := tt.schedule.WindowOf(got.BusinessDate, got.Ordinal); err != nil || again != got {
				t.Errorf("WindowOf(%s, %d) = %s, %v", got.BusinessDate, got.Ordinal, write(again), err)
			}
		})
	}
}

// TestDelayInHours adds elapsed time to a cut-off.
func TestDelayInHours(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone, cutoff, id string
		hours                  int
		at, due, on            string
	}{
		{"the same day", "Asia/Karachi", "12:00", "PK", 4, "2026-03-05T06:00:00Z", "2026-03-05T11:00:00Z", "2026-03-05"},
		{"at the cut-off", "Asia/Karachi", "12:00", "PK", 0, "2026-03-05T06:00:00Z", "2026-03-05T07:00:00Z", "2026-03-05"},
		{"after midnight", "Asia/Karachi", "22:00", "PK", 4, "2026-03-05T06:00:00Z", "2026-03-05T21:00:00Z", "2026-03-06"},
		{"after midnight, to a weekend: Monday's midnight", "Asia/Karachi", "22:00", "PK", 4, "2026-03-06T06:00:00Z", "2026-03-08T19:00:00Z", "2026-03-09"},
		{"Eid, weekend, Pakistan Day", "Asia/Karachi", "12:00", "PK", 24, "2026-03-19T06:00:00Z", "2026-03-23T19:00:00Z", "2026-03-24"},
		{"a cut-off on a closed date", "Asia/Karachi", "12:00", "PK", 1, "2026-03-07T06:00:00Z", "2026-03-08T19:00:00Z", "2026-03-09"},
		{"over the skipped hour", "America/New_York", "01:30", "", 2, "2026-03-08T06:00:00Z", "2026-03-08T08:30:00Z", "2026-03-08"},
		{"from a skipped cut-off", "America/New_York", "02:30", "", 2, "2026-03-08T06:00:00Z", "2026-03-08T09:00:00Z", "2026-03-08"},
		{"over the repeated hour", "America/New_York", "00:30", "", 2, "2026-11-01T04:00:00Z", "2026-11-01T06:30:00Z", "2026-11-01"},
		{"from a repeated cut-off", "America/New_York", "01:30", "", 1, "2026-11-01T05:00:00Z", "2026-11-01T06:30:00Z", "2026-11-01"},
		{"24 hours of a day of 25", "America/New_York", "00:00", "", 24, "2026-10-31T12:00:00Z", "2026-11-02T04:00:00Z", "2026-11-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, tt.zone, tt.cutoff, 0)
			if tt.id != "" {
				s.Calendars = calendar.Calendars{shipped(t, tt.id)}
			}
			s.Delay = calendar.Delay{N: tt.hours, Unit: calendar.Hours}
			w, err := s.WindowAt(instant(t, tt.at))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.due, tt.on}, []string{w.DueAt.Format(time.RFC3339), w.SettlementDate.String()}); diff != "" {
				t.Errorf("due (-want +got):\n%s", diff)
			}
			if on, err := s.SettlementDate(w.BusinessDate); err != nil || on != w.SettlementDate {
				t.Errorf("the settlement date of %s is %s, %v", w.BusinessDate, on, err)
			}
		})
	}
}

// TestDelayInHoursIntoMissingMidnight moves on to a date whose midnight the clock
// skips, or that it skips altogether.
func TestDelayInHoursIntoMissingMidnight(t *testing.T) {
	t.Parallel()
	closed := func(dates ...string) calendar.Calendars {
		c := &calendar.Calendar{
			ID: "c", Version: "1", Source: "made up", ValidFrom: calendar.MustDate("2011-01-01"), ValidUntil: calendar.MustDate("2017-12-31"),
		}
		for _, d := range dates {
			c.Holidays = append(c.Holidays, calendar.Holiday{Date: calendar.MustDate(d), Name: "Holiday"})
		}
		return calendar.Calendars{c}
	}
	tests := []struct {
		name, zone string
		calendars  calendar.Calendars
		at, due    string
		on         string
	}{
		{"midnight", "America/Sao_Paulo", closed("2017-10-14"), "2017-10-14T12:00:00Z", "2017-10-15T03:00:00Z", "2017-10-15"},
		{"the whole date", "Pacific/Apia", closed("2011-12-29"), "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31"},
		{"the whole date, the next is closed", "Pacific/Apia", closed("2011-12-29", "2011-12-31"), "2011-12-29T20:00:00Z", "2011-12-31T10:00:00Z", "2012-01-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, tt.zone, "18:00", 0)
			s.Calendars, s.Delay = tt.calendars, calendar.Delay{N: 1, Unit: calendar.Hours}
			w, err := s.WindowAt(instant(t, tt.at))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.due, tt.on}, []string{w.DueAt.Format(time.RFC3339), w.SettlementDate.String()}); diff != "" {
				t.Errorf("due (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnchors walks the windows from an instant on by Next.
func TestAnchors(t *testing.T) {
	t.Parallel()
	on := func(kind calendar.AnchorKind, roll calendar.Roll) calendar.Anchor {
		return calendar.Anchor{Kind: kind, Roll: roll}
	}
	weekly := func(roll calendar.Roll, days ...time.Weekday) calendar.Anchor {
		a := on(calendar.Weekly, roll)
		a.Weekdays = days
		return a
	}
	monthly := func(roll calendar.Roll, days ...int) calendar.Anchor {
		a := on(calendar.Monthly, roll)
		a.MonthDays = days
		return a
	}
	tests := []struct {
		name   string
		id     string
		anchor calendar.Anchor
		from   string
		want   []string // business dates of the windows
	}{
		{"weekly", "BD", weekly(0, time.Thursday), "2026-04-01", []string{"2026-04-02", "2026-04-09", "2026-04-16"}},
		{"weekly on two days", "BD", weekly(0, time.Thursday, time.Monday), "2026-04-01", []string{"2026-04-02", "2026-04-06", "2026-04-09"}},
		{"weekly on a holiday", "BD", weekly(0, time.Thursday), "2026-03-20", []string{"2026-03-26", "2026-04-02"}},
		{"weekly, preceding", "BD", weekly(calendar.RollPreceding, time.Thursday), "2026-03-20", []string{"2026-03-25", "2026-04-02"}},
		{"weekly, following", "BD", weekly(calendar.RollFollowing, time.Thursday), "2026-03-20", []string{"2026-03-29", "2026-04-02"}},
		{"two weekdays roll to one date", "PK", weekly(calendar.RollFollowing, time.Saturday, time.Sunday, time.Monday), "2026-04-01", []string{"2026-04-06", "2026-04-13"}},
		{"monthly", "PK", monthly(0, 1, 15), "2026-01-01", []string{"2026-01-01", "2026-01-15", "2026-02-01", "2026-02-15"}},
		{"31 clamps", "PK", monthly(0, 31), "2026-01-01", []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"}},
		{"30 clamps", "PK", monthly(0, 30), "2026-01-01", []string{"2026-01-30", "2026-02-28", "2026-03-30"}},
		{"29 clamps", "PK", monthly(0, 29), "2026-01-30", []string{"2026-02-28", "2026-03-29"}},
		{"29 in a leap year", "BR-2016", monthly(0, 29), "2016-01-30", []string{"2016-02-29", "2016-03-29"}},
		{"29 to 31 clamp to one date", "PK", monthly(0, 29, 30, 31), "2026-02-01", []string{"2026-02-28", "2026-03-29", "2026-03-30", "2026-03-31"}},
		{"31, then following", "PK", monthly(calendar.RollFollowing, 31), "2026-02-03", []string{"2026-03-02", "2026-03-31", "2026-04-30", "2026-06-01"}},
		{"31, then preceding", "PK", monthly(calendar.RollPreceding, 31), "2026-02-03", []string{"2026-02-27", "2026-03-31", "2026-04-30", "2026-05-26"}},
		{"31, then modified following", "PK", monthly(calendar.RollModifiedFollowing, 31), "2026-02-03", []string{"2026-02-27", "2026-03-31", "2026-04-30", "2026-05-26"}},
		{"15, then modified following", "PK", monthly(calendar.RollModifiedFollowing, 15), "2026-02-03", []string{"2026-02-16", "2026-03-16", "2026-04-15"}},
		{"1, then preceding: the month before", "PK", monthly(calendar.RollPreceding, 1), "2026-02-03", []string{"2026-02-27", "2026-04-01", "2026-04-30"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, "Asia/Karachi", "18:00", 1, shipped(t, tt.id))
			s.Cutoffs = append([]calendar.WindowCutoff{{At: calendar.MustClock("09:00"), Label: "morning"}}, s.Cutoffs...)
			s.Anchor = tt.anchor
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			w, err := s.WindowAt(calendar.Cutoff(calendar.MustDate(tt.from), calendar.MustClock("10:00"), s.Zone))
			var got []string
			for range tt.want {
				if err != nil {
					t.Fatal(err)
				}
				if want := calendar.Cutoff(w.BusinessDate, calendar.MustClock("18:00"), s.Zone); !w.Closes.Equal(want) || w.Ordinal != 1 {
					t.Errorf("%s does not close at the last cut-off of its date", write(w))
				}
				got = append(got, w.BusinessDate.String())
				w, err = s.Next(w)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("business dates (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	override := func(label, at string) calendar.CutoffOverride {
		return calendar.CutoffOverride{Date: calendar.MustDate("2026-03-19"), Label: label, At: calendar.MustClock(at)}
	}
	type overrides = []calendar.CutoffOverride
	each, lastOnly := calendar.Anchor{}, calendar.Anchor{Kind: calendar.Daily}
	tests := []struct {
		name      string
		anchor    calendar.Anchor
		overrides []overrides // one list per calendar
		want      []string    // closings from noon of 2026-03-18 on, in UTC: Karachi is five hours ahead
	}{
		{"none", each, nil, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 13:00", "03-20 morning 06:00"}},
		{"the last cut-off, later", each, []overrides{{override("", "20:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 15:00", "03-20 morning 06:00"}},
		{"the last cut-off, before another", each, []overrides{{override("", "13:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 evening 08:00", "03-20 morning 06:00"}},
		{"the last cut-off, at another", each, []overrides{{override("", "15:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 evening 10:00", "03-20 morning 06:00"}},
		{"the last cut-off, before all others", each, []overrides{{override("", "09:00")}}, []string{"03-18 evening 13:00", "03-19 evening 04:00", "03-20 morning 06:00"}},
		{"by label", each, []overrides{{override("noon", "14:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 09:00", "03-19 evening 13:00", "03-20 morning 06:00"}},
		{"by label, past the next one", each, []overrides{{override("morning", "16:00")}}, []string{"03-18 evening 13:00", "03-19 noon 10:00", "03-19 evening 13:00", "03-20 morning 06:00"}},
		{"by the label of the last", each, []overrides{{override("evening", "17:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 12:00", "03-20 morning 06:00"}},
		{"by a label the schedule does not have", each, []overrides{{override("night", "17:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 13:00", "03-20 morning 06:00"}},
		{"with and without label: the earlier counts", each, []overrides{{override("", "17:00"), override("evening", "16:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 11:00", "03-20 morning 06:00"}},
		{"with and without label: the earlier counts, the other way round", each, []overrides{{override("", "16:00"), override("evening", "17:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 11:00", "03-20 morning 06:00"}},
		{"two calendars: the earlier counts", each, []overrides{{override("", "17:00")}, {override("", "16:00")}}, []string{"03-18 evening 13:00", "03-19 morning 06:00", "03-19 noon 10:00", "03-19 evening 11:00", "03-20 morning 06:00"}},
		{"daily", lastOnly, []overrides{{override("", "13:00")}}, []string{"03-18 evening 13:00", "03-19 evening 08:00", "03-20 evening 13:00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := threeADay(t)
			s.Zone, s.Calendars, s.Anchor = zone(t, "Asia/Karachi"), nil, tt.anchor
			for i, list := range tt.overrides {
				c := shipped(t, "PK")
				c.ID, c.CutoffOverrides = fmt.Sprint("PK", i), list
				s.Calendars = append(s.Calendars, c)
			}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			w, err := s.WindowAt(instant(t, "2026-03-18T12:00:00Z"))
			var got []string
			for range tt.want {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, w.BusinessDate.String()[5:]+" "+w.Label+" "+w.Closes.Format("15:04"))
				w, err = s.Next(w)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("closings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWindowOfRefuses(t *testing.T) {
	t.Parallel()
	eid := calendar.MustDate("2026-03-19")
	early := threeADay(t)
	early.Calendars[0].CutoffOverrides = []calendar.CutoffOverride{{Date: eid, At: calendar.MustClock("13:00")}}
	weekly := threeADay(t)
	weekly.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Friday}}
	tests := []struct {
		name     string
		schedule *calendar.Schedule
		date     calendar.Date
		ordinal  int
		want     error
	}{
		{"ordinal beyond the last", threeADay(t), eid, 3, calendar.ErrNoWindow},
		{"ordinal below the first", threeADay(t), eid, -1, calendar.ErrNoWindow},
		{"no date", threeADay(t), calendar.Date{}, 0, calendar.ErrNoWindow},
		{"overridden away", early, eid, 1, calendar.ErrNoWindow},
		{"not the weekday", weekly, eid, 2, calendar.ErrNoWindow},
		{"not the last cut-off", weekly, eid.AddDays(1), 0, calendar.ErrNoWindow},
		{"a date the zone skips, with its successor", daily(t, "Pacific/Apia", "00:00", 0), calendar.MustDate("2011-12-30"), 0, calendar.ErrNoWindow},
		{"skipped together with its successor", nightly(t), calendar.MustDate("2026-03-08"), 0, calendar.ErrNoWindow},
		{"an empty schedule", &calendar.Schedule{}, eid, 0, calendar.ErrNoWindow},
		{"beyond the calendar", threeADay(t), calendar.MustDate("2027-01-01"), 0, calendar.ErrOutOfRange},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, err := tt.schedule.WindowOf(tt.date, tt.ordinal)
			if !errors.Is(err, tt.want) || w != (calendar.Window{}) {
				t.Errorf("WindowOf(%s, %d) = %s, %v, want %v", tt.date, tt.ordinal, write(w), err, tt.want)
			}
		})
	}
}

func TestWindowAtOutOfRange(t *testing.T) {
	t.Parallel()
	rolled := daily(t, "Asia/Karachi", "18:00", 0, shipped(t, "PK"))
	rolled.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{31}, Roll: calendar.RollFollowing}
	anchored := func(a calendar.Anchor) *calendar.Schedule {
		s := daily(t, "UTC", "18:00", 0)
		s.Anchor = a
		return s
	}
	fridays := anchored(calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Friday}})
	middles := anchored(calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{15}})
	tests := []struct {
		name     string
		schedule *calendar.Schedule
		at       string
		want     error // nil: there is a window
	}{
		{"weekly, after the years", fridays, "9999-12-31T18:00:00Z", calendar.ErrOutOfRange},
		{"weekly, last window", fridays, "9999-12-31T17:59:59Z", nil},
		{"weekly, before the years", fridays, "0001-01-03T00:00:00Z", calendar.ErrOutOfRange},
		{"weekly, never", anchored(calendar.Anchor{Kind: calendar.Weekly}), "2026-01-01T00:00:00Z", calendar.ErrOutOfRange},
		{"monthly, after the years", middles, "9999-12-15T18:00:00Z", calendar.ErrOutOfRange},
		{"monthly, last window", middles, "9999-12-15T17:59:59Z", nil},
		{"monthly, before the years", middles, "0001-01-15T17:59:59Z", calendar.ErrOutOfRange},
		{"monthly, never", anchored(calendar.Anchor{Kind: calendar.Monthly}), "2026-01-01T00:00:00Z", calendar.ErrOutOfRange},
		{"last window with a settlement date", threeADay(t), "2026-12-31T12:29:59Z", nil},
		{"first without", threeADay(t), "2026-12-31T12:30:00Z", calendar.ErrOutOfRange},
		{"first window of the facts", threeADay(t), "2025-01-01T05:30:00Z", nil},
		{"the one before opens on a date without", threeADay(t), "2025-01-01T05:29:59Z", calendar.ErrOutOfRange},
		{"and begins there", threeADay(t), "2024-12-31T12:30:00Z", calendar.ErrOutOfRange},
		{"the one before that", threeADay(t), "2024-12-31T12:29:59Z", calendar.ErrOutOfRange},
		{"the opening is not known", rolled, "2025-01-15T00:00:00Z", calendar.ErrOutOfRange},
		{"the opening is known", rolled, "2025-02-15T00:00:00Z", nil},
		{"the closing is not known", rolled, "2027-12-31T14:00:00Z", calendar.ErrOutOfRange},
		{"after the years", daily(t, "UTC", "18:00", 0), "9999-12-31T18:00:00Z", calendar.ErrOutOfRange},
		{"before the years", daily(t, "UTC", "18:00", 0), "0001-01-01T12:00:00Z", calendar.ErrOutOfRange},
		{"first window of all", daily(t, "UTC", "18:00", 0), "0001-01-01T18:00:00Z", nil},
		{"a schedule with nothing in it", &calendar.Schedule{}, "2026-01-01T00:00:00Z", calendar.ErrNoWindow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, err := tt.schedule.WindowAt(instant(t, tt.at))
			if !errors.Is(err, tt.want) {
				t.Errorf("WindowAt(%s) = %s, %v, want %v", tt.at, write(w), err, tt.want)
			}
		})
	}
}

func TestWindowJSONWithHours(t *testing.T) {
	t.Parallel()
	s := threeADay(t)
	s.Delay = calendar.Delay{N: 4, Unit: calendar.Hours}
	want, err := s.WindowAt(instant(t, "2026-01-09T10:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const form = `{"business_date":"2026-01-09","label":"evening","ordinal":2,"opens":"2026-01-09T09:30:00Z",` +
		`"closes":"2026-01-09T12:30:00Z","settlement_date":"2026-01-09","due_at":"2026-01-09T16:30:00Z"}`
	if diff := cmp.Diff(form, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var got calendar.Window
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("read back %s, %v, want %s", write(got), err, write(want))
	}
}

func TestWindowJSON(t *testing.T) {
	t.Parallel()
	want, err := threeADay(t).WindowAt(instant(t, "2026-01-10T10:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const form = `{"business_date":"2026-01-10","label":"evening","ordinal":2,` +
		`"opens":"2026-01-10T09:30:00Z","closes":"2026-01-10T12:30:00Z","settlement_date":"2026-01-12"}`
	if diff := cmp.Diff(form, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var got calendar.Window
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("read back %s, %v, want %s", write(got), err, write(want))
	}
}
