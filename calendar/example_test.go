package calendar_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
)

// India, three windows a day, paid the same day: a payment on the second
// Saturday of January is due on Monday.
func Example() {
	india, _ := calendar.Shipped("IN")
	kolkata, err := calendar.LoadZone("Asia/Kolkata")
	if err != nil {
		fmt.Println(err)
		return
	}
	schedule := calendar.Schedule{
		Zone: kolkata,
		Cutoffs: []calendar.WindowCutoff{
			{At: calendar.MustClock("11:00"), Label: "morning"},
			{At: calendar.MustClock("15:00"), Label: "noon"},
			{At: calendar.MustClock("18:00"), Label: "evening"},
		},
		Anchor:    calendar.Anchor{Kind: calendar.EachWindow},
		Calendars: calendar.Calendars{india},
	}
	if err := schedule.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	w, err := schedule.WindowAt(time.Date(2026, time.January, 10, 16, 20, 0, 0, kolkata))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.BusinessDate, w.BusinessDate.Weekday(), w.Label)
	fmt.Println("closes", w.Closes.Format(time.RFC3339))
	fmt.Println("due", w.SettlementDate, w.SettlementDate.Weekday())
	// Output:
	// 2026-01-10 Saturday evening
	// closes 2026-01-10T12:30:00Z
	// due 2026-01-12 Monday
}

// On the day New York moves its clocks forward there is no 02:30: the cut-off
// falls on the instant of the jump.
func ExampleCutoff() {
	newYork, err := calendar.LoadZone("America/New_York")
	if err != nil {
		fmt.Println(err)
		return
	}
	cutoff := calendar.Cutoff(calendar.MustDate("2026-03-08"), calendar.MustClock("02:30"), newYork)
	fmt.Println(cutoff.Format(time.RFC3339), "is", cutoff.In(newYork).Format("15:04"))
	// Output: 2026-03-08T07:00:00Z is 03:00
}

func ExampleCalendar_Open() {
	india, _ := calendar.Shipped("IN")
	for _, date := range []string{"2026-01-03", "2026-01-10", "2027-01-02"} {
		open, err := india.Open(calendar.MustDate(date))
		fmt.Println(date, open, errors.Is(err, calendar.ErrOutOfRange))
	}
	// Output:
	// 2026-01-03 true false
	// 2026-01-10 false false
	// 2027-01-02 false true
}

func ExampleCalendars_AddBusinessDays() {
	pakistan, _ := calendar.Shipped("PK")
	due, err := calendar.Calendars{pakistan}.AddBusinessDays(calendar.MustDate("2026-03-19"), 1)
	fmt.Println(due, err)
	// Output: 2026-03-24 <nil>
}

func ExampleSchedule_Next() {
	schedule := calendar.Schedule{
		Zone:    time.UTC,
		Cutoffs: []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}},
		Anchor:  calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{31}},
	}
	w, err := schedule.WindowOf(calendar.MustDate("2026-01-31"), 0)
	for range 3 {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(w.BusinessDate)
		w, err = schedule.Next(w)
	}
	// Output:
	// 2026-01-31
	// 2026-02-28
	// 2026-03-31
}

// A cron expression names dates and cut-offs; the rule of cut-offs does the rest. In
// New York the hour from 2:00 to 3:00 is skipped on 2026-03-08.
func ExampleParseCron() {
	newYork, err := calendar.LoadZone("America/New_York")
	if err != nil {
		fmt.Println(err)
		return
	}
	nightly, err := calendar.ParseCron("30 2 * * *")
	if err != nil {
		fmt.Println(err)
		return
	}
	schedule := calendar.Schedule{
		Zone:   newYork,
		Anchor: calendar.Anchor{Kind: calendar.Cron, Cron: nightly},
		Delay:  calendar.Delay{N: 4, Unit: calendar.Hours},
	}
	w, err := schedule.WindowAt(time.Date(2026, time.March, 7, 12, 0, 0, 0, time.UTC))
	for range 2 {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(w.BusinessDate, "closes", w.Closes.In(newYork).Format("15:04 -07:00"), "due", w.DueAt.In(newYork).Format("15:04"))
		w, err = schedule.Next(w)
	}
	// Output:
	// 2026-03-08 closes 03:00 -04:00 due 07:00
	// 2026-03-09 closes 02:30 -04:00 due 06:30
}
