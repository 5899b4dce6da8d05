package config_test

import (
	"testing"

	"github.com/settlex/settlex/calendar"
)

// calendarOf parses the least configuration with calendars, and gives the one
// that its schedule goes by.
func calendarOf(t *testing.T, id, calendars string) *calendar.Calendar {
	t.Helper()
	c := parse(t, replace(t, "calendars: [IN]", "calendars: ["+id+"]")+"calendars:\n"+calendars)
	return c.Rules.Book.Schedules[0].Timing.Calendars[0]
}

func TestCalendarWrittenOut(t *testing.T) {
	t.Parallel()
	got := calendarOf(t, "BANK", `
  - id: BANK
    name: Our bank
    source: its letter of 2025-12-01
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    weekend: [2nd saturday, sunday]
    holidays: # in any order
      - {date: 2026-08-15, name: Independence Day}
      - {date: 2026-01-26, name: Republic Day, estimated: true}
    extra_open: [2026-03-29, 2026-03-01]
    cutoff_overrides:
      - {date: 2026-03-03, label: b, at: 17:00}
      - {date: 2026-03-03, label: a, at: 11:00, name: the day before Holi}
`)
	date := calendar.MustDate
	diff(t, &calendar.Calendar{
		ID: "BANK", Version: got.Version, Name: "Our bank", Source: "its letter of 2025-12-01",
		ValidFrom: date("2026-01-01"), ValidUntil: date("2026-12-31"),
		Weekend: calendar.WeekendOf(0).WithNth(6, 2),
		Holidays: []calendar.Holiday{
			{Date: date("2026-01-26"), Name: "Republic Day", Estimated: true},
			{Date: date("2026-08-15"), Name: "Independence Day"},
		},
		ExtraOpen: []calendar.Date{date("2026-03-01"), date("2026-03-29")},
		CutoffOverrides: []calendar.CutoffOverride{
			{Date: date("2026-03-03"), Label: "a", At: calendar.MustClock("11:00"), Name: "the day before Holi"},
			{Date: date("2026-03-03"), Label: "b", At: calendar.MustClock("17:00")},
		},
	}, got)
}

// Eid moved by a day after the shipped calendar was made.
func TestCalendarExtends(t *testing.T) {
	t.Parallel()
	base, _ := calendar.Shipped("PK")
	got := calendarOf(t, "PK", `
  - id: PK # takes the place of the shipped one
    extends: PK
    remove_holidays: [2026-03-20]
    holidays:
      - {date: 2026-03-24, name: Eid al-Fitr}
      - {date: 2026-03-21, name: Eid al-Fitr} # no longer estimated
    cutoff_overrides: [{date: 2026-03-19, at: 13:00}]
`)
	diff(t, "changes to calendar PK, version "+base.Version+": "+base.Source, got.Source)
	diff(t, base.Name, got.Name)
	diff(t, base.Weekend, got.Weekend)
	diff(t, len(base.Holidays), len(got.Holidays))
	for date, want := range map[string]bool{"2026-03-20": true, "2026-03-21": false, "2026-03-23": false, "2026-03-24": false, "2026-03-25": true} {
		if open, err := got.Open(calendar.MustDate(date)); err != nil || open != want {
			t.Errorf("%s: open %v, %v; want %v", date, open, err, want)
		}
	}
	for _, h := range got.Holidays {
		if h.Date == calendar.MustDate("2026-03-21") && h.Estimated {
			t.Error("2026-03-21 is still estimated")
		}
	}
	if again, _ := calendar.Shipped("PK"); len(again.Holidays) != len(base.Holidays) || got.Version == base.Version {
		t.Errorf("the shipped calendar has changed, or version %s names two sets of facts", got.Version)
	}
}

// A calendar may extend one further up in the file, and know fewer dates.
func TestCalendarNarrowed(t *testing.T) {
	t.Parallel()
	got := calendarOf(t, "B", `
  - {id: A, extends: IN, holidays: [{date: 2026-03-30, name: "Ours"}]}
  - {id: B, extends: A, valid_from: 2026-03-01, valid_until: 2026-03-31}
`)
	base, _ := calendar.Shipped("IN")
	want := []calendar.Holiday{}
	for _, h := range base.Holidays {
		if y, m, _ := h.Date.YMD(); y == 2026 && m == 3 {
			want = append(want, h)
		}
	}
	diff(t, len(want)+1, len(got.Holidays))
	if _, err := got.Open(calendar.MustDate("2026-04-01")); err == nil {
		t.Error("2026-04-01 is known")
	}
}
