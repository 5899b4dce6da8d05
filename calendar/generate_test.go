package calendar_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
)

// Zones with every habit there is: none, summer time of an hour and of half an
// hour, backwards in winter, at midnight, suspended for Ramadan, given up, a
// date skipped.
var zoneNames = []string{
	"UTC", "Asia/Kolkata", "Asia/Karachi", "Asia/Dhaka", "Asia/Kathmandu", "America/New_York", "Europe/London",
	"Europe/Dublin", "America/Sao_Paulo", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca",
	"Africa/Cairo", "Asia/Tehran", "Pacific/Apia", "Pacific/Fakaofo", "Pacific/Kiritimati", "Pacific/Kwajalein",
	"America/Caracas", "Antarctica/Troll",
}

func genZone() *rapid.Generator[*time.Location] {
	return rapid.Custom(func(t *rapid.T) *time.Location {
		loc, err := calendar.LoadZone(rapid.SampledFrom(zoneNames).Draw(t, "name"))
		if err != nil {
			t.Fatal(err)
		}
		return loc
	})
}

func genClock() *rapid.Generator[calendar.Clock] {
	return rapid.Custom(func(t *rapid.T) calendar.Clock {
		// Half of them at the hours at which clocks are moved.
		hour := rapid.OneOf(rapid.IntRange(0, 23), rapid.SampledFrom([]int{0, 1, 2, 3, 23})).Draw(t, "hour")
		minute := rapid.OneOf(rapid.IntRange(0, 59), rapid.SampledFrom([]int{0, 1, 30, 59})).Draw(t, "minute")
		return calendar.MustClock(time.Date(2026, 1, 1, hour, minute, 0, 0, time.UTC).Format("15:04"))
	})
}

// genInstant draws instants from 1992 to 2031, half of them within two days of a
// moment at which clocks in loc are moved, or of the end of a year.
func genInstant(loc *time.Location) *rapid.Generator[time.Time] {
	from := time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	until := time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(rapid.Int64Range(from, until-1).Draw(t, "second"), 0).UTC()
		if rapid.Bool().Draw(t, "near a jump") {
			_, end := at.In(loc).ZoneBounds()
			if !end.IsZero() && end.Unix() < until-secondsOfTwoDays {
				at = end.UTC().Add(time.Duration(rapid.IntRange(-48*60, 48*60).Draw(t, "minutes off")) * time.Minute)
			}
		}
		return at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 999_999_999}).Draw(t, "nanoseconds")))
	})
}

const secondsOfTwoDays = 2 * 24 * 60 * 60

// genCalendar draws a calendar of 1991 to 2032 whose weekend, holidays, extra
// open dates and overrides crowd around a date.
func genCalendar(id string, near calendar.Date) *rapid.Generator[*calendar.Calendar] {
	return rapid.Custom(func(t *rapid.T) *calendar.Calendar {
		dates := func(name string) []calendar.Date {
			offsets := rapid.SliceOfNDistinct(rapid.IntRange(-40, 40), 0, 12, rapid.ID).Draw(t, name)
			slices.Sort(offsets)
			list := make([]calendar.Date, len(offsets))
			for i, n := range offsets {
				list[i] = near.AddDays(n)
			}
			return list
		}
		c := &calendar.Calendar{
			ID: id, Version: "1", Source: "drawn by lot",
			ValidFrom: calendar.MustDate("1991-01-01"), ValidUntil: calendar.MustDate("2032-12-31"),
			ExtraOpen: dates("extra open"),
		}
		days := rapid.SliceOfN(rapid.SampledFrom([]time.Weekday{0, 1, 4, 5, 6}), 0, 3).Draw(t, "weekend")
		c.Weekend = calendar.WeekendOf(days...).WithNth(time.Saturday, rapid.IntRange(0, 5).Draw(t, "nth"))
		for _, d := range dates("holidays") {
			c.Holidays = append(c.Holidays, calendar.Holiday{Date: d, Name: "Holiday"})
		}
		for _, d := range dates("overrides") {
			c.CutoffOverrides = append(c.CutoffOverrides, calendar.CutoffOverride{
				Date: d, At: genClock().Draw(t, "override"),
				Label: rapid.SampledFrom([]string{"", "", "w0", "w1", "w2"}).Draw(t, "label"),
			})
		}
		return c
	})
}

// genSchedule draws a valid schedule whose calendars are busy around a date.
func genSchedule(loc *time.Location, near calendar.Date) *rapid.Generator[*calendar.Schedule] {
	return rapid.Custom(func(t *rapid.T) *calendar.Schedule {
		s := &calendar.Schedule{
			Zone:            loc,
			Anchor:          genAnchor().Draw(t, "anchor"),
			CutoffInclusive: rapid.Bool().Draw(t, "inclusive"),
			Delay: calendar.Delay{
				N:    rapid.IntRange(0, 7).Draw(t, "n"),
				Unit: rapid.SampledFrom([]calendar.Unit{calendar.BusinessDays, calendar.CalendarDays, calendar.Hours}).Draw(t, "unit"),
			},
		}
		clocks := rapid.SliceOfNDistinct(genClock(), 1, 4, rapid.ID).Draw(t, "cut-offs")
		slices.SortFunc(clocks, calendar.Clock.Compare)
		for i, c := range clocks {
			if s.Anchor.Kind == calendar.Cron {
				break
			}
			s.Cutoffs = append(s.Cutoffs, calendar.WindowCutoff{At: c, Label: "w" + string(rune('0'+i))})
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "calendars") {
			s.Calendars = append(s.Calendars, genCalendar(string(rune('A'+i)), near).Draw(t, "calendar"))
		}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func genAnchor() *rapid.Generator[calendar.Anchor] {
	return rapid.Custom(func(t *rapid.T) calendar.Anchor {
		roll := rapid.Map(rapid.IntRange(0, 3), func(n int) calendar.Roll { return calendar.Roll(n) })
		a := calendar.Anchor{Kind: calendar.AnchorKind(rapid.IntRange(0, 5).Draw(t, "kind"))}
		switch a.Kind {
		case calendar.Weekly:
			weekday := rapid.Map(rapid.IntRange(0, 6), func(n int) time.Weekday { return time.Weekday(n) })
			a.Weekdays = rapid.SliceOfNDistinct(weekday, 1, 3, rapid.ID).Draw(t, "weekdays")
			a.Roll = roll.Draw(t, "roll")
		case calendar.Monthly:
			a.MonthDays = rapid.SliceOfNDistinct(rapid.IntRange(1, 31), 1, 4, rapid.ID).Draw(t, "month days")
			a.Roll = roll.Draw(t, "roll")
		case calendar.Cron:
			a.Cron = genCron().Filter(often).Draw(t, "cron")
			a.Roll = roll.Draw(t, "roll")
		default:
		}
		return a
	})
}

// genCron draws expressions, half of whose times are in the hours at which clocks
// are moved.
func genCron() *rapid.Generator[calendar.CronExpr] {
	return rapid.Custom(func(t *rapid.T) calendar.CronExpr {
		times := func(name string, most int, near []int) string {
			n := rapid.OneOf(rapid.IntRange(0, most), rapid.SampledFrom(near))
			list := rapid.SliceOfNDistinct(n, 1, 3, rapid.ID).Draw(t, name)
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
		}
		field := func(name string, least, most int, names ...string) string {
			part := rapid.Custom(func(t *rapid.T) string {
				from := rapid.IntRange(least, most).Draw(t, "from")
				to := rapid.IntRange(from, most).Draw(t, "to")
				step := rapid.IntRange(1, most).Draw(t, "step")
				switch rapid.IntRange(0, 5).Draw(t, "form") {
				case 0:
					return fmt.Sprintf("%d-%d", from, to)
				case 1:
					return fmt.Sprintf("%d-%d/%d", from, to, step)
				case 2:
					return fmt.Sprintf("*/%d", step)
				case 3:
					if len(names) > 0 {
						return names[(from-least)%len(names)]
					}
				}
				return strconv.Itoa(from)
			})
			if rapid.Bool().Draw(t, name+" any") {
				return "*"
			}
			return strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, name), ",")
		}
		text := strings.Join([]string{
			times("minute", 59, []int{0, 15, 30, 59}), times("hour", 23, []int{0, 1, 2, 3, 23}),
			field("day", 1, 31), field("month", 1, 12, "jan", "Feb"), field("weekday", 0, 7, "sun", "MON", "tue"),
		}, " ")
		c, err := calendar.ParseCron(text)
		if err != nil {
			if strings.Contains(err.Error(), "no year has such a date") {
				return calendar.MustCron("0 17 * * *")
			}
			t.Fatal(err)
		}
		return c
	})
}

// often reports whether an expression names a date of every quarter of a year.
func often(c calendar.CronExpr) bool {
	last := calendar.MustDate("2024-01-01")
	for d := last; d.Before(calendar.MustDate("2026-01-01")); d = d.AddDays(1) {
		if c.Names(d) {
			last = d
		}
		if d.DaysSince(last) > 60 {
			return false
		}
	}
	return true
}
