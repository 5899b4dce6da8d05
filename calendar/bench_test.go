package calendar_test

import (
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
)

func BenchmarkWindowAt(b *testing.B) {
	weekly := daily(b, "Asia/Dhaka", "18:00", 1, shipped(b, "BD"))
	weekly.Anchor = calendar.Anchor{
		Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Thursday}, Roll: calendar.RollPreceding,
	}
	monthly := daily(b, "America/New_York", "18:00", 1, shipped(b, "PK"), shipped(b, "BR"))
	monthly.Anchor = calendar.Anchor{
		Kind: calendar.Monthly, MonthDays: []int{1, 15, 31}, Roll: calendar.RollModifiedFollowing,
	}
	for _, bench := range []struct {
		name     string
		schedule *calendar.Schedule
		at       string
	}{
		{"Kolkata-3-a-day", threeADay(b), "2026-01-08T07:00:00Z"},
		{"Karachi-daily", daily(b, "Asia/Karachi", "23:59", 1, shipped(b, "PK")), "2026-03-19T07:00:00Z"},
		{"Dhaka-weekly", weekly, "2026-03-24T07:00:00Z"},
		{"NewYork-daily", daily(b, "America/New_York", "18:00", 1, shipped(b, "BR")), "2026-07-08T07:00:00Z"},
		{"NewYork-daily-near-a-jump", daily(b, "America/New_York", "18:00", 1, shipped(b, "BR")), "2026-03-08T07:30:00Z"},
		{"NewYork-monthly-2-calendars", monthly, "2026-07-08T07:00:00Z"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			at := instant(b, bench.at)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bench.schedule.WindowAt(at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSettlementDate(b *testing.B) {
	for _, bench := range []struct {
		name, id, date string
		n              int
	}{
		{"T+1", "IN", "2026-01-08", 1},
		{"T+1-over-Eid", "PK", "2026-03-19", 1},
		{"T+30", "PK", "2026-03-19", 30},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := daily(b, "UTC", "18:00", bench.n, shipped(b, bench.id))
			d := calendar.MustDate(bench.date)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.SettlementDate(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
