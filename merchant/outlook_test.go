package merchant_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
)

// nse is the Indian calendar, with overrides.
func nse(t testing.TB, overrides ...calendar.CutoffOverride) *calendar.Calendar {
	t.Helper()
	c, ok := calendar.Shipped("IN")
	if !ok {
		t.Fatal("no calendar IN")
	}
	c.CutoffOverrides = overrides
	return c
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	at := func(date, label string) calendar.CutoffOverride {
		return calendar.CutoffOverride{Date: calendar.MustDate(date), Label: label, At: calendar.MustClock("13:00")}
	}
	india := schedule("india", merchant.Scope{Region: "IN"})
	india.Timing.Zone, india.Timing.Delay.N = zone("Asia/Kolkata"), 2
	india.Timing.Calendars = calendar.Calendars{nse(t, at("2026-03-03", "evening"), at("2026-11-10", ""), at("2026-12-01", "night"), at("2026-12-02", ""))}
	later := version(india, "2", "2027-02-01")
	book := merchant.Book{Schedules: []merchant.Schedule{india, later, schedule("every day", merchant.Scope{})}}
	now := time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC)
	texts := func(days int) []string {
		var all []string
		for _, err := range book.Concerns(now, days) {
			all = append(all, err.Error())
		}
		return all
	}
	const beyond = "date outside the calendar's validity: calendar IN (version 2025-2026.1) is valid from 2025-01-01 to 2026-12-31, asked about "
	want := []string{
		"calendar IN, version 2025-2026.1: valid until 2026-12-31, 38 days from 2026-11-23, fewer than 90",
		"calendar IN, version 2025-2026.1: the override of 2026-12-01, night, to 13:00 replaces no cut-off of india",
		"schedule india@1: no window can be computed after that of 2026-12-29: " + beyond + "2027-01-01",
		"schedule india@2: its window of 2027-01-31T18:30:00Z cannot be computed: " + beyond + "2027-02-02",
	}
	if diff := cmp.Diff(want, texts(90)); diff != "" {
		t.Errorf("within 90 days (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{want[1], want[3]}, texts(30)); diff != "" {
		t.Errorf("within 30 days (-want +got):\n%s", diff)
	}
	uses := book.CalendarsInUse(now)
	if len(uses) != 1 || len(uses[0].Schedules) != 2 {
		t.Errorf("in use %+v", uses)
	}
}
