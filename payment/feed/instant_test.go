package feed_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func TestTimes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone, at, want string
	}{
		{"UTC", "", "2026-02-01T09:30:00Z", "2026-02-01T09:30:00Z"},
		{"offset", "", "2026-02-01T09:30:00+05:30", "2026-02-01T04:00:00Z"},
		{"offset to the west", "", "2026-02-01T09:30:00-03:00", "2026-02-01T12:30:00Z"},
		{"no known offset", "", "2026-02-01T09:30:00-00:00", "2026-02-01T09:30:00Z"},
		{"offset beats zone", "Asia/Dhaka", "2026-02-01T09:30:00Z", "2026-02-01T09:30:00Z"},
		{"space", "", "2026-02-01 09:30:00Z", "2026-02-01T09:30:00Z"},
		{"one fraction digit", "", "2026-02-01T09:30:00.5Z", "2026-02-01T09:30:00.5Z"},
		{"microseconds", "", "2026-02-01T09:30:00.000001Z", "2026-02-01T09:30:00.000001Z"},
		{"nanoseconds are cut", "", "2026-02-01T09:30:00.123456999Z", "2026-02-01T09:30:00.123456Z"},
		{"nanoseconds are cut, not rounded up", "", "2026-02-01T23:59:59.999999999Z", "2026-02-01T23:59:59.999999Z"},
		{"leap day", "", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"first", "", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"last", "", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},

		{"zone", "Asia/Kolkata", "2026-02-01T18:00:00", "2026-02-01T12:30:00Z"},
		{"zone without rules", "UTC", "2026-02-01T18:00:00", "2026-02-01T18:00:00Z"},
		{"zone beyond its table", "Europe/London", "2999-07-01T12:00:00", "2999-07-01T11:00:00Z"},
		{"marketplace", "America/Sao_Paulo", "2016-10-04T14:46:00", "2016-10-04T17:46:00Z"},
		{"marketplace in summer", "America/Sao_Paulo", "2016-12-04T14:46:00", "2016-12-04T16:46:00Z"},
		{"day behind", "Pacific/Kiritimati", "2026-02-01T01:00:00", "2026-01-31T11:00:00Z"},
		{"day ahead", "Pacific/Pago_Pago", "2026-02-01T23:00:00", "2026-02-02T10:00:00Z"},

		{"skipped", "America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:00:00Z"},
		{"skipped, its first second", "America/New_York", "2026-03-08T02:00:00", "2026-03-08T07:00:00Z"},
		{"skipped, its last microsecond", "America/New_York", "2026-03-08T02:59:59.999999", "2026-03-08T07:00:00Z"},
		{"before the jump", "America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59Z"},
		{"behind the jump", "America/New_York", "2026-03-08T03:00:00", "2026-03-08T07:00:00Z"},
		{"skipped in London", "Europe/London", "2026-03-29T01:30:00", "2026-03-29T01:00:00Z"},
		{"skipped midnight", "America/Sao_Paulo", "2016-10-16T00:00:00", "2016-10-16T03:00:00Z"},
		{"skipped day", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"},
		{"skipped half hour", "Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00Z"},

		{"repeated", "America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"},
		{"repeated, its first second", "America/New_York", "2026-11-01T01:00:00", "2026-11-01T05:00:00Z"},
		{"behind the repetition", "America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00Z"},
		{"repeated in London", "Europe/London", "2026-10-25T01:30:00", "2026-10-25T00:30:00Z"},
		{"repeated before midnight", "America/Sao_Paulo", "2017-02-18T23:30:00", "2017-02-19T01:30:00Z"},
		{"repeated half hour", "Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := "kind,id,occurred_at\ndeposit,a," + test.at + "\n"
			events, faults := read(t, "a.csv", text, feed.Mapping{Timezone: test.zone})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			got := events[0].OccurredAt
			if diff := cmp.Diff(test.want, got.Format(time.RFC3339Nano)); diff != "" {
				t.Errorf("%s in %q (-want +got):\n%s", test.at, test.zone, diff)
			}
			if got.Location() != time.UTC {
				t.Errorf("location %s", got.Location())
			}
		})
	}
}

// Every quarter of an hour of a year, in zones that do odd things, against the
// definition: no earlier instant shows the time or a later one.
func TestLocalTimesAreEarliest(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02T15:04:05"
	for zoneName, year := range map[string]int{
		"America/New_York": 2026, "Australia/Lord_Howe": 2026, "Pacific/Apia": 2011, "America/Sao_Paulo": 2016,
		"Africa/Casablanca": 2026, "Asia/Karachi": 2008,
	} {
		t.Run(zoneName, func(t *testing.T) {
			t.Parallel()
			zone, err := calendar.LoadZone(zoneName)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			text.WriteString("kind,id,occurred_at\n")
			var want []string
			start := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			at := start.Add(-48 * time.Hour)
			for clock := start; clock.Year() == year; clock = clock.Add(15 * time.Minute) {
				shown := clock.Format(layout)
				text.WriteString("deposit,a," + shown + "\n")
				for at.In(zone).Format(layout) < shown {
					at = at.Add(15 * time.Minute)
				}
				want = append(want, at.Format(layout))
			}
			events, faults := read(t, "a.csv", text.String(), feed.Mapping{Timezone: zoneName})
			var got []string
			for _, e := range events {
				got = append(got, e.OccurredAt.Format(layout))
			}
			if diff := cmp.Diff(want, got); diff != "" || len(faults) > 0 {
				t.Errorf("%q (-want +got):\n%s", faults, diff)
			}
		})
	}
}

func TestZoneColumn(t *testing.T) {
	t.Parallel()
	m := feed.Mapping{TimezoneColumn: "tz"}
	tests := []struct {
		name, zone, at, want string
	}{
		{"unknown", "Mars/Base", "2026-02-01T00:00:00", `z.csv:2:1: occurred_at: bad time: unknown time zone "Mars/Base"`},
		{"the machine's", "Local", "2026-02-01T00:00:00", `z.csv:2:1: occurred_at: bad time: unknown time zone "Local"`},
		{"a path", "../../etc/passwd", "2026-02-01T00:00:00", `z.csv:2:1: occurred_at: bad time: unknown time zone "../../etc/passwd"`},
		{"none", "", "2026-02-01T00:00:00", `z.csv:2:12: occurred_at: bad time "2026-02-01T00:00:00": no offset, and no time zone is given`},
		{"not needed", "Mars/Base", "2026-02-01T00:00:00Z", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, faults := read(t, "z.csv", "tz,kind,id,occurred_at\n"+test.zone+",deposit,a,"+test.at+"\n", m)
			if diff := cmp.Diff(test.want, strings.Join(faults, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A local time means the same whatever the order of the columns.
func TestZoneColumnBehind(t *testing.T) {
	t.Parallel()
	m := feed.Mapping{TimezoneColumn: "tz", Columns: map[payment.Field]string{payment.FieldOccurredAt: "at"}}
	text := `{"at":"2026-02-01T05:30:00","kind":"deposit","id":"a","tz":"Asia/Kolkata"}`
	events, faults := read(t, "z.ndjson", text, m)
	if len(faults) > 0 || !events[0].OccurredAt.Equal(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v %q", events, faults)
	}
}
