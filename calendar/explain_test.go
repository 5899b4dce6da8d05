package calendar_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

func TestDay(t *testing.T) {
	t.Parallel()
	c := shipped(t, "PK")
	c.ExtraOpen = []calendar.Date{calendar.MustDate("2026-03-21"), calendar.MustDate("2026-03-28")}
	c.CutoffOverrides = []calendar.CutoffOverride{
		{Date: calendar.MustDate("2026-03-19"), At: calendar.MustClock("13:00"), Name: "the day before Eid"},
		{Date: calendar.MustDate("2026-03-19"), Label: "noon", At: calendar.MustClock("12:00")},
	}
	for date, want := range map[string]struct {
		open      bool
		why       string
		overrides int
	}{
		"2026-03-19": {true, "", 2},
		"2026-03-20": {false, "holiday Eid al-Fitr, estimated", 0},
		"2026-03-21": {true, "extra_open, weekend, holiday Eid al-Fitr, estimated", 0},
		"2026-03-28": {true, "extra_open, weekend", 0},
		"2026-03-29": {false, "weekend", 0},
		"2026-05-01": {false, "holiday Labor Day", 0},
	} {
		day, err := c.Day(calendar.MustDate(date))
		if err != nil {
			t.Fatal(err)
		}
		if day.Open != want.open || day.Why() != want.why || len(day.Overrides) != want.overrides {
			t.Errorf("%s: open %t, %q, %d overrides, want %+v", date, day.Open, day.Why(), len(day.Overrides), want)
		}
	}
	if _, err := c.Day(calendar.MustDate("2028-01-01")); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("beyond the facts: %v", err)
	}
}

func TestEstimated(t *testing.T) {
	t.Parallel()
	var got []string
	for _, h := range shipped(t, "AE").Estimated(calendar.MustDate("2026-03-21"), calendar.MustDate("2026-05-26")) {
		got = append(got, h.Date.String()+" "+h.Name)
	}
	if diff := cmp.Diff([]string{"2026-03-21 Eid al-Fitr Holiday", "2026-03-22 Eid al-Fitr Holiday", "2026-05-26 Arafat Day"}, got); diff != "" {
		t.Errorf("estimated (-want +got):\n%s", diff)
	}
}

// TestWay goes from a business date to its settlement date, through two calendars.
func TestWay(t *testing.T) {
	t.Parallel()
	s := daily(t, "Asia/Dhaka", "18:00", 2, shipped(t, "BD"), shipped(t, "SG"))
	w, err := s.WindowOf(calendar.MustDate("2026-04-01"), 0)
	if err != nil {
		t.Fatal(err)
	}
	way, err := s.Way(w)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range way {
		line := step.Date.String() + " closed"
		if step.Open {
			line = step.Date.String() + " open"
		}
		for _, day := range step.Days {
			if !day.Open {
				line += ", " + day.Calendar + " " + day.Why()
			}
		}
		got = append(got, line)
	}
	want := []string{
		"2026-04-01 open", "2026-04-02 open", "2026-04-03 closed, BD weekend, SG holiday Good Friday",
		"2026-04-04 closed, BD weekend, SG weekend", "2026-04-05 closed, SG weekend", "2026-04-06 open",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("way (-want +got):\n%s", diff)
	}
}

// TestWindowsBeforeTheFacts wants an error wherever a cut-off hangs on a date that a
// calendar knows nothing about, and might override: that closes a window or opens it.
func TestWindowsBeforeTheFacts(t *testing.T) {
	t.Parallel()
	for _, delay := range []calendar.Delay{{}, {N: 1}, {N: 30, Unit: calendar.CalendarDays}, {N: 30 * 24, Unit: calendar.Hours}} {
		s := threeADay(t)
		s.Delay = delay
		for date, first := range map[string]int{"2024-12-28": -1, "2024-12-31": -1, "2025-01-01": 1, "2025-01-02": 0} {
			for ordinal := range 3 {
				w, err := s.WindowOf(calendar.MustDate(date), ordinal)
				known := first >= 0 && ordinal >= first
				if known && err != nil || !known && !errors.Is(err, calendar.ErrOutOfRange) {
					t.Errorf("%v: WindowOf(%s, %d) = %s, %v", delay, date, ordinal, write(w), err)
				}
			}
		}
		if delay.Unit == calendar.Hours {
			if on, err := s.SettlementDate(calendar.MustDate("2024-12-31")); !errors.Is(err, calendar.ErrOutOfRange) {
				t.Errorf("%v: the settlement date is %s, %v", delay, on, err)
			}
		}
		w, err := s.WindowAt(instant(t, "2025-01-01T05:30:00Z"))
		if err != nil {
			t.Fatal(err)
		}
		if way, err := s.Way(w); err != nil || way[len(way)-1].Date != w.SettlementDate {
			t.Errorf("%v: way %+v, %v", delay, way, err)
		}
	}
}

func TestRolledFrom(t *testing.T) {
	t.Parallel()
	s := daily(t, "Asia/Karachi", "18:00", 0, shipped(t, "PK"))
	s.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Friday, time.Saturday, time.Monday}, Roll: calendar.RollFollowing}
	for date, want := range map[string][]string{
		"2026-03-24": {"2026-03-20", "2026-03-21", "2026-03-23"},
		"2026-03-27": {"2026-03-27"},
		"2026-03-25": nil,
	} {
		from, err := s.RolledFrom(calendar.MustDate(date))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range from {
			got = append(got, d.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rolled to %s (-want +got):\n%s", date, diff)
		}
	}
	s.Anchor = calendar.Anchor{}
	if from, err := s.RolledFrom(calendar.MustDate("2026-03-21")); err != nil || len(from) != 1 || from[0] != calendar.MustDate("2026-03-21") {
		t.Errorf("nothing rolls, yet %v, %v", from, err)
	}
}

func TestReplaces(t *testing.T) {
	t.Parallel()
	at := func(date, label, clock string) calendar.CutoffOverride {
		return calendar.CutoffOverride{Date: calendar.MustDate(date), Label: label, At: calendar.MustClock(clock)}
	}
	weekly := calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Thursday}}
	tests := []struct {
		name     string
		anchor   calendar.Anchor
		override calendar.CutoffOverride
		want     bool
	}{
		{"the day's last", calendar.Anchor{}, at("2026-03-19", "", "13:00"), true},
		{"by label", calendar.Anchor{}, at("2026-03-19", "noon", "13:00"), true},
		{"by label, so that its window is gone", calendar.Anchor{}, at("2026-03-19", "morning", "16:00"), true},
		{"a label that is none", calendar.Anchor{}, at("2026-03-19", "night", "13:00"), false},
		{"daily, the day's last", calendar.Anchor{Kind: calendar.Daily}, at("2026-03-19", "evening", "13:00"), true},
		{"daily, a cut-off that closes nothing", calendar.Anchor{Kind: calendar.Daily}, at("2026-03-19", "noon", "13:00"), false},
		{"weekly, on the day", weekly, at("2026-03-19", "", "13:00"), true},
		{"weekly, on another", weekly, at("2026-03-20", "", "13:00"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := threeADay(t)
			s.Anchor = tt.anchor
			s.Calendars[0].CutoffOverrides = []calendar.CutoffOverride{tt.override}
			if got, err := s.Replaces(tt.override); err != nil || got != tt.want {
				t.Errorf("replaces %t, %v, want %t", got, err, tt.want)
			}
		})
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	s := daily(t, "Asia/Kolkata", "18:00", 2, shipped(t, "IN"))
	last, err := s.Reach(instant(t, "2026-11-01T00:00:00Z"), instant(t, "2026-12-01T00:00:00Z"))
	if err != nil || last.BusinessDate != calendar.MustDate("2026-12-01") {
		t.Errorf("reaches %s, %v", write(last), err)
	}
	last, err = s.Reach(instant(t, "2026-12-01T00:00:00Z"), instant(t, "2027-02-01T00:00:00Z"))
	if !errors.Is(err, calendar.ErrOutOfRange) || last.BusinessDate != calendar.MustDate("2026-12-29") {
		t.Errorf("reaches %s, %v", write(last), err)
	}
	last, err = s.Reach(instant(t, "2027-01-15T00:00:00Z"), instant(t, "2027-02-01T00:00:00Z"))
	if !errors.Is(err, calendar.ErrOutOfRange) || last != (calendar.Window{}) {
		t.Errorf("reaches %s, %v", write(last), err)
	}
}
