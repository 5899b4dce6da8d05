package calendar_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
)

func TestCalendarsOpenWhereAllAre(t *testing.T) {
	t.Parallel()
	short := bank()
	short.ValidUntil = calendar.MustDate("2026-06-30")
	fridays := bank()
	fridays.Weekend = calendar.WeekendOf(time.Friday)
	tests := []struct {
		name      string
		calendars calendar.Calendars
		date      string
		want      bool
		outside   bool
	}{
		{name: "no calendars", date: "2026-03-22", want: true},
		{name: "both open", calendars: calendar.Calendars{bank(), fridays}, date: "2026-03-19", want: true},
		{name: "first closed", calendars: calendar.Calendars{bank(), fridays}, date: "2026-03-29"},
		{name: "second closed", calendars: calendar.Calendars{bank(), fridays}, date: "2026-03-27"},
		{name: "one does not know", calendars: calendar.Calendars{bank(), short}, date: "2026-07-01", outside: true},
		{name: "one is closed, another does not know", calendars: calendar.Calendars{bank(), short}, date: "2026-07-04", outside: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.calendars.Open(calendar.MustDate(tt.date))
			if got != tt.want || errors.Is(err, calendar.ErrOutOfRange) != tt.outside {
				t.Errorf("Open(%s) = %t, %v", tt.date, got, err)
			}
		})
	}
}

func TestCalendarsWalk(t *testing.T) {
	t.Parallel()
	cs := calendar.Calendars{bank()}
	monthEnd := bank()
	monthEnd.Holidays = append(monthEnd.Holidays,
		calendar.Holiday{Date: calendar.MustDate("2026-05-29"), Name: "a Friday at the end of May"})
	tests := []struct {
		name       string
		walk       func(calendar.Date) (calendar.Date, error)
		date, want string // want empty: out of range
	}{
		{"following an open date", cs.Following, "2026-03-19", "2026-03-19"},
		{"following a holiday", cs.Following, "2026-03-20", "2026-03-21"},
		{"following over a holiday", cs.Following, "2026-03-22", "2026-03-24"},
		{"following beyond the end", cs.Following, "2027-01-01", ""},
		{"preceding an open date", cs.Preceding, "2026-03-24", "2026-03-24"},
		{"preceding over a weekend", cs.Preceding, "2026-03-23", "2026-03-21"},
		{"preceding beyond the beginning", cs.Preceding, "2025-12-31", ""},
		{"modified following within the month", cs.ModifiedFollowing, "2026-03-28", "2026-03-30"},
		{"modified following at the month's end", cs.ModifiedFollowing, "2026-02-28", "2026-02-27"},
		{"modified following over a holiday", calendar.Calendars{monthEnd}.ModifiedFollowing, "2026-05-29", "2026-05-28"},
		{"modified following beyond the end", cs.ModifiedFollowing, "2027-01-01", ""},
		{"following without calendars", calendar.Calendars(nil).Following, "2026-03-22", "2026-03-22"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.walk(calendar.MustDate(tt.date))
			if got.String() != tt.want || errors.Is(err, calendar.ErrOutOfRange) != (tt.want == "") {
				t.Errorf("from %s: %q, %v, want %q", tt.date, got, err, tt.want)
			}
		})
	}
}

func TestAddBusinessDays(t *testing.T) {
	t.Parallel()
	cs := calendar.Calendars{bank()}
	tests := []struct {
		name      string
		calendars calendar.Calendars
		date      string
		n         int
		want      string
	}{
		{"0 on an open date", cs, "2026-03-19", 0, "2026-03-19"},
		{"0 on a closed date", cs, "2026-03-20", 0, "2026-03-21"},
		{"1 from an open date", cs, "2026-03-19", 1, "2026-03-21"},
		{"1 from a closed date", cs, "2026-03-20", 1, "2026-03-21"},
		{"2 over the weekend", cs, "2026-03-19", 2, "2026-03-24"},
		{"10", cs, "2026-04-01", 10, "2026-04-15"},
		{"without calendars", nil, "2026-03-19", 10, "2026-03-29"},
		{"without calendars 0", nil, "2026-03-19", 0, "2026-03-19"},
		{"the last open date", cs, "2026-12-30", 1, "2026-12-31"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.calendars.AddBusinessDays(calendar.MustDate(tt.date), tt.n)
			if err != nil || got.String() != tt.want {
				t.Errorf("%s and %d business days = %s, %v, want %s", tt.date, tt.n, got, err, tt.want)
			}
		})
	}
}

func TestAddBusinessDaysRefuses(t *testing.T) {
	t.Parallel()
	cs := calendar.Calendars{bank()}
	if _, err := cs.AddBusinessDays(calendar.MustDate("2026-12-31"), 1); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("past valid_until: %v", err)
	}
	if _, err := cs.AddBusinessDays(calendar.MustDate("2025-12-31"), 0); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("before valid_from: %v", err)
	}
	if _, err := cs.AddBusinessDays(calendar.Date{}, 1); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("no date: %v", err)
	}
	if _, err := calendar.Calendars(nil).AddBusinessDays(calendar.MustDate("9999-12-31"), 1); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("past the years: %v", err)
	}
	if _, err := calendar.Calendars(nil).Following(calendar.Date{}); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("no date without calendars: %v", err)
	}
	if _, err := cs.AddBusinessDays(calendar.MustDate("2026-03-19"), -1); err == nil {
		t.Error("-1 business days: no error")
	}
}

func TestAddBusinessDaysCountsOpenDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		near := calendar.MustDate("2026-03-20")
		cs := calendar.Calendars{genCalendar("A", near).Draw(t, "A"), genCalendar("B", near).Draw(t, "B")}
		d := near.AddDays(rapid.IntRange(-60, 60).Draw(t, "offset"))
		n := rapid.IntRange(1, 12).Draw(t, "n")
		got, err := cs.AddBusinessDays(d, n)
		if err != nil {
			// Two weekends can leave no day of the week open at all.
			if !errors.Is(err, calendar.ErrOutOfRange) {
				t.Fatal(err)
			}
			return
		}
		count := 0
		for day := d.AddDays(1); !day.After(got); day = day.AddDays(1) {
			if open, err := cs.Open(day); err != nil {
				t.Fatal(err)
			} else if open {
				count++
			}
		}
		if last, err := cs.Open(got); err != nil || !last || count != n {
			t.Fatalf("%s and %d business days = %s: %d open dates, the last open: %t, %v", d, n, got, count, last, err)
		}
	})
}
