package calendar_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

// TestTimeRules has a row or more for each numbered rule about time, and all the
// vectors of the design. Each asks one question and compares the answer's text. Rule 8,
// which says what is pinned when a movement is booked, is tested where it is booked:
// settlement's TestRule8.
func TestTimeRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		ask  func(t *testing.T) string
		want string
	}{
		{"rule 1: New York skips 02:30", cutoffOf("America/New_York", "2026-03-08", "02:30"), "2026-03-08T07:00:00Z"},
		{"rule 1: New York shows 01:30 twice", cutoffOf("America/New_York", "2026-11-01", "01:30"), "2026-11-01T05:30:00Z"},
		{"rule 1: London skips 01:30", cutoffOf("Europe/London", "2026-03-29", "01:30"), "2026-03-29T01:00:00Z"},
		{"rule 1: London shows 01:30 twice", cutoffOf("Europe/London", "2026-10-25", "01:30"), "2026-10-25T00:30:00Z"},
		{"rule 1: Kolkata", cutoffOf("Asia/Kolkata", "2026-01-09", "18:00"), "2026-01-09T12:30:00Z"},

		{"rule 2: an event just before a cut-off belongs to its window", windowOf(threeADay, "2026-01-08T05:29:59.999999999Z"), "2026-01-08 morning/0 [01-07T12:30Z, 01-08T05:30Z) due 2026-01-08"},
		{"rule 2: an event at a cut-off belongs to the next", windowOf(threeADay, "2026-01-08T05:30:00Z"), "2026-01-08 noon/1 [01-08T05:30Z, 01-08T09:30Z) due 2026-01-08"},
		{"rule 2: cutoff_inclusive flips it", windowOf(func(tb testing.TB) *calendar.Schedule {
			tb.Helper()
			s := threeADay(tb)
			s.CutoffInclusive = true
			return s
		}, "2026-01-08T05:30:00Z"), "2026-01-08 morning/0 [01-07T12:30Z, 01-08T05:30Z) due 2026-01-08"},
		{"rule 2: a day of 23 hours", windowOf(inNewYork("18:00"), "2026-03-08T00:00:00Z"), "2026-03-08 day/0 [03-07T23:00Z, 03-08T22:00Z) due 2026-03-08"},
		{"rule 2: a day of 25 hours", windowOf(inNewYork("18:00"), "2026-11-01T00:00:00Z"), "2026-11-01 day/0 [10-31T22:00Z, 11-01T23:00Z) due 2026-11-01"},

		{"rule 3: the business date is the local date of the closing cut-off", windowOf(inNewYork("23:30"), "2026-01-08T12:00:00Z"), "2026-01-08 day/0 [01-08T04:30Z, 01-09T04:30Z) due 2026-01-08"},
		{"rule 3: it may be a holiday", windowOf(threeADay, "2026-01-26T10:00:00Z"), "2026-01-26 evening/2 [01-26T09:30Z, 01-26T12:30Z) due 2026-01-27"},

		{"rule 4: BD, Friday T+1", dueOf("BD", "2026-03-20", 1), "2026-03-24"},
		{"rule 4: BD, Thursday T+1", dueOf("BD", "2026-04-09", 1), "2026-04-12"},
		{"rule 4: PK, Thursday T+1", dueOf("PK", "2026-03-19", 1), "2026-03-24"},
		{"rule 4: IN, Friday T+1 before a second Saturday", dueOf("IN", "2026-01-09", 1), "2026-01-12"},
		{"rule 4: IN, Friday T+1 before a first Saturday", dueOf("IN", "2026-01-02", 1), "2026-01-03"},
		{"rule 4: IN, Friday T+2 over Republic Day", dueOf("IN", "2026-01-23", 2), "2026-01-28"},
		{"rule 4: T+0 on an open day", dueOf("PK", "2026-03-19", 0), "2026-03-19"},
		{"rule 4: T+0 on a closed day", dueOf("PK", "2026-03-20", 0), "2026-03-24"},
		{"rule 4: T+1 from a closed day counts strictly after it", dueOf("PK", "2026-03-22", 1), "2026-03-24"},

		{"rule 5: open in all calendars", dueOfAll("2026-04-01", 2, "BD", "SG"), "2026-04-06"},
		{"rule 5: three calendars", dueOfAll("2026-04-01", 2, "BD", "SG", "EU"), "2026-04-07"},
		{"rule 5: extra_open beats weekend and holiday", func(t *testing.T) string {
			t.Helper()
			c := shipped(t, "PK")
			c.ExtraOpen = []calendar.Date{calendar.MustDate("2026-03-21")} // a Saturday of Eid
			return due(t, calendar.MustDate("2026-03-19"), 1, c)
		}, "2026-03-21"},
		{"rule 5: extra_open of one calendar opens no other", func(t *testing.T) string {
			t.Helper()
			c := shipped(t, "PK")
			c.ExtraOpen = []calendar.Date{calendar.MustDate("2026-03-21")}
			return due(t, calendar.MustDate("2026-03-19"), 1, c, shipped(t, "AE"))
		}, "2026-03-24"},
		{"rule 5: cutoff_override replaces a cut-off", func(t *testing.T) string {
			t.Helper()
			c := shipped(t, "PK")
			c.CutoffOverrides = []calendar.CutoffOverride{{Date: calendar.MustDate("2026-03-19"), At: calendar.MustClock("13:00")}}
			return windowOf(func(tb testing.TB) *calendar.Schedule {
				tb.Helper()
				return daily(tb, "Asia/Karachi", "18:00", 1, c)
			}, "2026-03-19T07:00:00Z")(t)
		}, "2026-03-19 day/0 [03-18T13:00Z, 03-19T08:00Z) due 2026-03-24"},

		{"rule 6: the 31st clamps to the last day", windowOf(monthly(31, calendar.RollNone), "2026-02-10T00:00:00Z"), "2026-02-28 day/0 [01-31T13:00Z, 02-28T13:00Z) due 2026-03-02"},
		{"rule 6: clamped, then rolled", windowOf(monthly(31, calendar.RollFollowing), "2026-02-10T00:00:00Z"), "2026-03-02 day/0 [02-02T13:00Z, 03-02T13:00Z) due 2026-03-02"},
		{"rule 6: clamped, then rolled back", windowOf(monthly(31, calendar.RollPreceding), "2026-02-10T00:00:00Z"), "2026-02-27 day/0 [01-30T13:00Z, 02-27T13:00Z) due 2026-02-27"},
		{"rule 6: clamped, then rolled within the month", windowOf(monthly(29, calendar.RollModifiedFollowing), "2026-02-10T00:00:00Z"), "2026-02-27 day/0 [01-29T13:00Z, 02-27T13:00Z) due 2026-02-27"},
		{"rule 6: the 29th of a leap year", windowOf(monthly(30, calendar.RollNone), "2024-02-10T00:00:00Z"), "2024-02-29 day/0 [01-30T13:00Z, 02-29T13:00Z) due 2024-02-29"},

		{"rule 7: past valid_until", dueOf("IN", "2026-12-31", 1), beyond("IN", "2025-2026.1", "2025-01-01 to 2026-12-31", "2027-01-01")},
		{"rule 7: before valid_from", dueOf("IN", "2024-12-30", 0), beyond("IN", "2025-2026.1", "2025-01-01 to 2026-12-31", "2024-12-30")},
		{"rule 7: one of two calendars ends", dueOfAll("2026-12-31", 1, "PK", "IN"), beyond("IN", "2025-2026.1", "2025-01-01 to 2026-12-31", "2027-01-01")},
		{"rule 7: one ends, though another is closed anyway", dueOfAll("2026-12-31", 2, "SG", "IN"), beyond("IN", "2025-2026.1", "2025-01-01 to 2026-12-31", "2027-01-01")},
		{"rule 7: in hours", func(t *testing.T) string {
			t.Helper()
			s := daily(t, "Asia/Kolkata", "18:00", 0, shipped(t, "IN"))
			s.Delay = calendar.Delay{N: 6, Unit: calendar.Hours}
			_, err := s.WindowAt(instant(t, "2026-12-31T10:00:00Z"))
			return textOf(t, "", err)
		}, beyond("IN", "2025-2026.1", "2025-01-01 to 2026-12-31", "2027-01-01")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.ask(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// textOf gives an answer, or the error of rule 7 instead.
func textOf(t *testing.T, answer string, err error) string {
	t.Helper()
	if err != nil && !errors.Is(err, calendar.ErrOutOfRange) {
		t.Fatal(err)
	}
	if err != nil {
		return err.Error()
	}
	return answer
}

func beyond(id, version, validity, date string) string {
	return "date outside the calendar's validity: calendar " + id + " (version " + version + ") is valid from " + validity + ", asked about " + date
}

func cutoffOf(zoneName, date, clock string) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return calendar.Cutoff(calendar.MustDate(date), calendar.MustClock(clock), zone(t, zoneName)).Format(time.RFC3339)
	}
}

func windowOf(schedule func(testing.TB) *calendar.Schedule, at string) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		w, err := schedule(t).WindowAt(instant(t, at))
		return textOf(t, write(w), err)
	}
}

func inNewYork(cutoff string) func(testing.TB) *calendar.Schedule {
	return func(tb testing.TB) *calendar.Schedule {
		tb.Helper()
		return daily(tb, "America/New_York", cutoff, 0)
	}
}

// monthly closes on a day of the month at 18:00 in Karachi, by weekends alone.
func monthly(day int, roll calendar.Roll) func(testing.TB) *calendar.Schedule {
	return func(tb testing.TB) *calendar.Schedule {
		tb.Helper()
		c := &calendar.Calendar{
			ID: "weekends", Version: "1", Source: "made up", Weekend: calendar.WeekendOf(time.Saturday, time.Sunday),
			ValidFrom: calendar.MustDate("2023-01-01"), ValidUntil: calendar.MustDate("2027-12-31"),
		}
		s := daily(tb, "Asia/Karachi", "18:00", 0, c)
		s.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{day}, Roll: roll}
		return s
	}
}

func due(t *testing.T, d calendar.Date, n int, calendars ...*calendar.Calendar) string {
	t.Helper()
	on, err := daily(t, "UTC", "18:00", n, calendars...).SettlementDate(d)
	return textOf(t, on.String(), err)
}

func dueOf(id, date string, n int) func(t *testing.T) string { return dueOfAll(date, n, id) }

func dueOfAll(date string, n int, ids ...string) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		var all []*calendar.Calendar
		for _, id := range ids {
			all = append(all, shipped(t, id))
		}
		return due(t, calendar.MustDate(date), n, all...)
	}
}
