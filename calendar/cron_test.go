package calendar_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
)

func TestParseCron(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		dates []string // of January and February 2026, as far as the fourth
	}{
		{"30 11,17 * * 1-5", []string{"2026-01-01", "2026-01-02", "2026-01-05", "2026-01-06"}},
		{"0 17 * * mon,Wed,FRI", []string{"2026-01-02", "2026-01-05", "2026-01-07", "2026-01-09"}},
		{"0 17 */10 * *", []string{"2026-01-01", "2026-01-11", "2026-01-21", "2026-01-31"}},
		{"0 17 1-15/7 * *", []string{"2026-01-01", "2026-01-08", "2026-01-15", "2026-02-01"}},
		{"0 17 31 jan,feb *", []string{"2026-01-31"}},
		{"0 17 * FEB 7", []string{"2026-02-01", "2026-02-08", "2026-02-15", "2026-02-22"}},
		{"0 17 * * 6-7", []string{"2026-01-03", "2026-01-04", "2026-01-10", "2026-01-11"}},
		{"0 17 15 * 0", []string{"2026-01-04", "2026-01-11", "2026-01-15", "2026-01-18"}},    // of both fields, either
		{"0 17 */15 * 0", []string{"2026-02-01"}},                                            // of one that begins with a star, both
		{"0 17 1-7 * */5", []string{"2026-01-02", "2026-01-04", "2026-02-01", "2026-02-06"}}, // */5 of the week is Sunday and Friday
		{"0 17 31 2 0", []string{"2026-02-01", "2026-02-08", "2026-02-15", "2026-02-22"}},    // no such day, but Sundays
		{" 0\t17  1 * * ", []string{"2026-01-01", "2026-02-01"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			c, err := calendar.ParseCron(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for d := calendar.MustDate("2026-01-01"); d.Before(calendar.MustDate("2026-03-01")) && len(got) < 4; d = d.AddDays(1) {
				if c.Names(d) {
					got = append(got, d.String())
				}
			}
			if diff := cmp.Diff(tt.dates, got); diff != "" {
				t.Errorf("dates (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCronRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", "it has 0 fields, want 5"},
		{"@daily", "it has 1 fields, want 5"},
		{"0 0 17 * * *", "it has 6 fields, want 5"},
		{"60 17 * * *", `minute: "60" is not a number from 0 to 59`},
		{"0 24 * * *", `hour: "24" is not a number from 0 to 23`},
		{"0 17 0 * *", `day of the month: "0" is not a number from 1 to 31`},
		{"0 17 * 13 *", `month: "13" is not a number from 1 to 12 or a name from jan to dec`},
		{"0 17 * * 8", `day of the week: "8" is not a number from 0 to 7 or a name from sun to sat`},
		{"0 17 * * monday", `"monday" is not a number`},
		{"0 17 * * fri-mon", `"fri-mon" ends before it begins`},
		{"0 17 * * 1,", `"" is not a number`},
		{"0 17 ? * 1", `"?" is not a number`},
		{"0 17 L * *", `"L" is not a number`},
		{"-5 17 * * *", `"" is not a number`},
		{"+5 17 * * *", `"+5" is not a number`},
		{"005 17 * * *", `"005" is not a number`},
		{"5/10 17 * * *", `"5/10": a step needs * or a range such as 0-59 before it`},
		{"*/0 17 * * *", `"*/0": a step is a number from 1 to 59`},
		{"*/60 17 * * *", `"*/60": a step is a number from 1 to 59`},
		{"0 17 30 2 *", "no year has such a date"},
		{"0 17 31 feb,4,jun,9,nov *", "no year has such a date"},
		{"0 17 */31 2 8-1", `"8" is not`},
		{"* 17-18 * * *", "120 cut-offs a day, the most are 96"},
		{"*/10 * * * *", "144 cut-offs a day, the most are 96"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			c, err := calendar.ParseCron(tt.text)
			if !errors.Is(err, calendar.ErrBadCron) || !strings.Contains(err.Error(), tt.want) || !c.IsZero() {
				t.Errorf("got %q, %v, want %q", c, err, tt.want)
			}
		})
	}
}

// TestCronWindows walks the windows of cron schedules by Next.
func TestCronWindows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, cron, zone string
		roll             calendar.Roll
		calendars        calendar.Calendars
		from             string
		want             []string
	}{
		{
			"two cut-offs of the working days", "30 11,17 * * 1-5", "Asia/Karachi", 0, nil, "2026-03-05T07:00:00Z",
			[]string{
				"2026-03-05 17:30/1 [03-05T06:30Z, 03-05T12:30Z) due 2026-03-05", "2026-03-06 11:30/0 [03-05T12:30Z, 03-06T06:30Z) due 2026-03-06",
				"2026-03-06 17:30/1 [03-06T06:30Z, 03-06T12:30Z) due 2026-03-06", "2026-03-09 11:30/0 [03-06T12:30Z, 03-09T06:30Z) due 2026-03-09",
			},
		},
		{
			"the hour that is skipped in spring skips no window", "30 2 * * *", "America/New_York", 0, nil, "2026-03-07T12:00:00Z",
			[]string{"2026-03-08 /0 [03-07T07:30Z, 03-08T07:00Z) due 2026-03-08", "2026-03-09 /0 [03-08T07:00Z, 03-09T06:30Z) due 2026-03-09"},
		},
		{
			"the hour that is repeated in autumn repeats no window", "30 1 * * *", "America/New_York", 0, nil, "2026-11-01T00:00:00Z",
			[]string{"2026-11-01 /0 [10-31T05:30Z, 11-01T05:30Z) due 2026-11-01", "2026-11-02 /0 [11-01T05:30Z, 11-02T06:30Z) due 2026-11-02"},
		},
		{
			"cut-offs of one skipped hour close one window", "15,45 2 * * sun", "America/New_York", 0, nil, "2026-03-02T00:00:00Z",
			[]string{"2026-03-08 02:45/1 [03-01T07:45Z, 03-08T07:00Z) due 2026-03-08", "2026-03-15 02:15/0 [03-08T07:00Z, 03-15T06:15Z) due 2026-03-15"},
		},
		{
			"dates that roll to one close once, at each cut-off", "0 12,18 * * sat,sun,mon", "UTC", calendar.RollFollowing, calendar.Calendars{shipped(t, "PK")}, "2026-01-06T00:00:00Z",
			[]string{
				"2026-01-12 12:00/0 [01-05T18:00Z, 01-12T12:00Z) due 2026-01-12", "2026-01-12 18:00/1 [01-12T12:00Z, 01-12T18:00Z) due 2026-01-12",
				"2026-01-19 12:00/0 [01-12T18:00Z, 01-19T12:00Z) due 2026-01-19",
			},
		},
		{
			"the 29th of February", "0 0 29 2 *", "UTC", 0, nil, "2097-01-01T00:00:00Z",
			[]string{"2104-02-29 /0 [02-29T00:00Z, 02-29T00:00Z) due 2104-02-29", "2108-02-29 /0 [02-29T00:00Z, 02-29T00:00Z) due 2108-02-29"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, tt.zone, "00:00", 0, tt.calendars...)
			s.Cutoffs, s.Anchor = nil, calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron(tt.cron), Roll: tt.roll}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			w, err := s.WindowAt(instant(t, tt.from))
			var got []string
			for range tt.want {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, write(w))
				w, err = s.Next(w)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("windows (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCronOverride replaces a cut-off of a cron expression by its time of day.
func TestCronOverride(t *testing.T) {
	t.Parallel()
	c := shipped(t, "PK")
	c.CutoffOverrides = []calendar.CutoffOverride{{Date: calendar.MustDate("2026-03-06"), Label: "17:30", At: calendar.MustClock("15:00")}}
	s := daily(t, "Asia/Karachi", "00:00", 0, c)
	s.Cutoffs, s.Anchor = nil, calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("30 11,17 * * 1-5")}
	w, err := s.WindowAt(instant(t, "2026-03-06T08:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("2026-03-06 17:30/1 [03-06T06:30Z, 03-06T10:00Z) due 2026-03-06", write(w)); diff != "" {
		t.Errorf("window (-want +got):\n%s", diff)
	}
}

func TestCronText(t *testing.T) {
	t.Parallel()
	a := calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("30  11,17 * * 1-5")}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"kind":"cron","cron":"30 11,17 * * 1-5"}`, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var got calendar.Anchor
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`{"kind":"cron","cron":"soon"}`), &got); !errors.Is(err, calendar.ErrBadCron) {
		t.Errorf("read %v, %v", got, err)
	}
	var none calendar.CronExpr
	if none.Names(calendar.MustDate("2026-01-01")) || none.String() != "" || calendar.MustCron("0 0 * * *").Names(calendar.Date{}) {
		t.Error("no expression or no date is named")
	}
}

// TestCronAgreesWithTheRules compares the dates of an expression with the rules as
// they are written, a number at a time.
func TestCronAgreesWithTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := genCron().Draw(t, "cron")
		named := cronByTheRules(c.String())
		first := calendar.MustDate("2023-01-01").AddDays(rapid.IntRange(0, 1500).Draw(t, "first"))
		for d := first; d.DaysSince(first) < 60; d = d.AddDays(1) {
			if got, want := c.Names(d), named(d); got != want {
				t.Fatalf("%q names %s: %t, want %t", c, d, got, want)
			}
		}
	})
}

// TestCronAgreesWithCron compares the closings of windows in UTC, where no clock
// is moved, with the times at which a cron would wake. That cron counts */2 as any
// day where ours does not, so steps over all days are left out.
func TestCronAgreesWithCron(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := genCron().Filter(func(c calendar.CronExpr) bool {
			return often(c) && !strings.Contains(c.String(), "*/") && !strings.Contains(c.String(), "7")
		}).Draw(t, "cron")
		clock, err := cron.ParseStandard(c.String())
		if err != nil {
			t.Fatal(err)
		}
		s := &calendar.Schedule{Zone: time.UTC, Anchor: calendar.Anchor{Kind: calendar.Cron, Cron: c}}
		at := genInstant(time.UTC).Draw(t, "instant")
		w, err := s.WindowAt(at)
		for range 20 {
			if err != nil {
				t.Fatal(err)
			}
			if want := clock.Next(at.UTC()); !w.Closes.Equal(want) {
				t.Fatalf("%q: after %s a window closes at %s, want %s", c, at, w.Closes, want)
			}
			at = w.Closes
			w, err = s.Next(w)
		}
	})
}

// cronSet expands a field into its numbers.
func cronSet(field string, least, most int, names string) []int {
	for i, name := range strings.Fields(names) {
		field = strings.ReplaceAll(strings.ToLower(field), name, strconv.Itoa(least+i))
	}
	var set []int
	for part := range strings.SplitSeq(field, ",") {
		span, every, _ := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(span, "-")
		if span == "*" {
			from, to = strconv.Itoa(least), strconv.Itoa(most)
		} else if !ranged {
			to = from
		}
		low, _ := strconv.Atoi(from)
		high, _ := strconv.Atoi(to)
		step, _ := strconv.Atoi(every)
		for n := low; n <= high; n++ {
			if (n-low)%max(step, 1) == 0 {
				set = append(set, n)
			}
		}
	}
	return set
}

func cronByTheRules(text string) func(calendar.Date) bool {
	fields := strings.Fields(text)
	days, months := cronSet(fields[2], 1, 31, ""), cronSet(fields[3], 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec")
	weekdays := cronSet(fields[4], 0, 6, "sun mon tue wed thu fri sat")
	return func(d calendar.Date) bool {
		_, m, day := d.YMD()
		ofMonth := slices.Contains(days, day)
		ofWeek := slices.Contains(weekdays, int(d.Weekday())) || d.Weekday() == time.Sunday && slices.Contains(weekdays, 7)
		if strings.HasPrefix(fields[2], "*") || strings.HasPrefix(fields[4], "*") {
			ofMonth, ofWeek = ofMonth && ofWeek, false
		}
		return slices.Contains(months, int(m)) && (ofMonth || ofWeek)
	}
}

// cronTimes lists the times of day of an expression.
func cronTimes(text string) []calendar.WindowCutoff {
	fields := strings.Fields(text)
	var all []calendar.WindowCutoff
	for minute := range 24 * 60 {
		if slices.Contains(cronSet(fields[0], 0, 59, ""), minute%60) && slices.Contains(cronSet(fields[1], 0, 23, ""), minute/60) {
			at := calendar.MustClock(time.Unix(int64(minute)*60, 0).UTC().Format("15:04"))
			all = append(all, calendar.WindowCutoff{At: at, Label: at.String()})
		}
	}
	if len(all) == 1 {
		all[0].Label = ""
	}
	return all
}

// FuzzParseCron wants every expression that is accepted to be read again from its
// own text, and to name dates.
func FuzzParseCron(f *testing.F) {
	f.Add("30 11,17 * * 1-5")
	f.Add("*/15 8-18/2 1,15 jan-jun */2")
	f.Add("0 0 29 2 7")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := calendar.ParseCron(text)
		if err != nil {
			if !errors.Is(err, calendar.ErrBadCron) {
				t.Fatal(err)
			}
			return
		}
		again, err := calendar.ParseCron(c.String())
		if err != nil || !again.Equal(c) {
			t.Fatalf("%q is read again as %q, %v", c, again, err)
		}
		s := calendar.Schedule{Zone: time.UTC, Anchor: calendar.Anchor{Kind: calendar.Cron, Cron: c}}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.WindowAt(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatalf("%q has no window: %v", c, err)
		}
	})
}
