package calendar_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
)

func TestClockText(t *testing.T) {
	t.Parallel()
	for minutes := range 24 * 60 {
		want := time.Date(2026, time.January, 2, 0, minutes, 0, 0, time.UTC).Format("15:04")
		c, err := calendar.ParseClock(want)
		if err != nil {
			t.Fatal(err)
		}
		if c.String() != want || c.Minutes() != minutes {
			t.Errorf("ParseClock(%q) = %s, %d minutes", want, c, c.Minutes())
		}
		text, err := c.MarshalText()
		var back calendar.Clock
		if err != nil || back.UnmarshalText(text) != nil || back != c {
			t.Errorf("%s: text %q reads as %s, %v", c, text, back, err)
		}
	}
}

func TestParseClockRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "24:00", "23:60", "9:00", "09:0", "0900", "09-00", "-1:00", "+9:00", "09:00:00", " 09:00"} {
		t.Run(s, func(t *testing.T) {
			t.Parallel()
			if got, err := calendar.ParseClock(s); !errors.Is(err, calendar.ErrBadClock) {
				t.Errorf("ParseClock(%q) = %s, %v", s, got, err)
			}
			var c calendar.Clock
			if err := c.UnmarshalText([]byte(s)); !errors.Is(err, calendar.ErrBadClock) {
				t.Errorf("UnmarshalText(%q): %v", s, err)
			}
		})
	}
}

func TestMustClockPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	calendar.MustClock("24:00")
}

func TestCutoff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone, date, clock, want string
	}{
		{"New York skips 02:30", "America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00:00Z"},
		{"New York shows 01:30 twice", "America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00Z"},
		{"London skips 01:30", "Europe/London", "2026-03-29", "01:30", "2026-03-29T01:00:00Z"},
		{"London shows 01:30 twice", "Europe/London", "2026-10-25", "01:30", "2026-10-25T00:30:00Z"},
		{"Kolkata never moves", "Asia/Kolkata", "2026-01-09", "18:00", "2026-01-09T12:30:00Z"},

		{"the last minute before the gap", "America/New_York", "2026-03-08", "01:59", "2026-03-08T06:59:00Z"},
		{"the beginning of the gap", "America/New_York", "2026-03-08", "02:00", "2026-03-08T07:00:00Z"},
		{"the end of the gap", "America/New_York", "2026-03-08", "03:00", "2026-03-08T07:00:00Z"},
		{"the first minute after the gap", "America/New_York", "2026-03-08", "03:01", "2026-03-08T07:01:00Z"},
		{"the end of the repeated hour", "America/New_York", "2026-11-01", "02:00", "2026-11-01T07:00:00Z"},
		{"Sao Paulo skips midnight", "America/Sao_Paulo", "2017-10-15", "00:00", "2017-10-15T03:00:00Z"},
		{"Sao Paulo repeats the hour before midnight", "America/Sao_Paulo", "2017-02-18", "23:30", "2017-02-19T01:30:00Z"},
		{"midnight after the repeated hour", "America/Sao_Paulo", "2017-02-19", "00:00", "2017-02-19T03:00:00Z"},
		{"Lord Howe skips half an hour", "Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30:00Z"},
		{"Dublin's winter is the exception", "Europe/Dublin", "2026-10-25", "01:30", "2026-10-25T00:30:00Z"},
		{"St John's goes back over midnight", "America/St_Johns", "2006-10-28", "23:30", "2006-10-29T02:00:00Z"},
		{"midnight is shown before the clock goes back", "America/St_Johns", "2006-10-29", "00:00", "2006-10-29T02:30:00Z"},
		{"and at 00:01 only after", "America/St_Johns", "2006-10-29", "00:01", "2006-10-29T03:31:00Z"},
		{"Apia skips a whole date", "Pacific/Apia", "2011-12-30", "18:00", "2011-12-30T10:00:00Z"},
		{"the date after the skipped one", "Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00:00Z"},
		{"Kwajalein skips a whole date", "Pacific/Kwajalein", "1993-08-21", "12:00", "1993-08-21T12:00:00Z"},
		{"Manila before it had a zone", "Asia/Manila", "1844-12-31", "12:00", "1844-12-31T15:56:08Z"},
		{"New York on the last day of a leap year", "America/New_York", "2028-12-31", "18:00", "2028-12-31T23:00:00Z"},
		{"London on the first day after a leap year", "Europe/London", "2029-01-01", "00:30", "2029-01-01T00:30:00Z"},
		{"Cairo on the last day of a leap year", "Africa/Cairo", "2024-12-31", "00:00", "2024-12-30T22:00:00Z"},
		{"Lord Howe on the last day of a leap year", "Australia/Lord_Howe", "2028-12-31", "23:59", "2028-12-31T12:59:00Z"},
		{"first date", "UTC", "0001-01-01", "00:00", "0001-01-01T00:00:00Z"},
		{"last date", "America/New_York", "9999-12-31", "23:59", "10000-01-01T04:59:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := calendar.Cutoff(calendar.MustDate(tt.date), calendar.MustClock(tt.clock), zone(t, tt.zone))
			if diff := cmp.Diff(tt.want, got.Format("2006-01-02T15:04:05Z07:00")); diff != "" {
				t.Errorf("cut-off (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCutoffOfNoDate(t *testing.T) {
	t.Parallel()
	if got := calendar.Cutoff(calendar.Date{}, calendar.MustClock("18:00"), time.UTC); !got.IsZero() {
		t.Errorf("Cutoff of no date = %s", got)
	}
}

// TestCutoffAgreesWithTheWall walks minute by minute from an instant at which no
// wall can show the cut-off yet, and looks at the wall.
func TestCutoffAgreesWithTheWall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		loc := genZone().Draw(t, "zone")
		d := calendar.DateOf(genInstant(loc).Draw(t, "near"), loc)
		c := genClock().Draw(t, "clock")
		y, m, day := d.YMD()
		wanted := time.Date(y, m, day, 0, c.Minutes(), 0, 0, time.UTC)

		at := wanted.Add(-27 * time.Hour)
		for {
			local := at.In(loc)
			_, offset := local.Zone()
			if !local.Add(time.Duration(offset) * time.Second).UTC().Before(wanted) {
				break
			}
			at = at.Add(time.Minute)
		}
		if diff := cmp.Diff(at, calendar.Cutoff(d, c, loc)); diff != "" {
			t.Fatalf("cut-off %s %s in %s (-want +got):\n%s", d, c, loc, diff)
		}
	})
}

// TestEarliest is Cutoff with seconds and their fractions.
func TestEarliest(t *testing.T) {
	t.Parallel()
	for wall, want := range map[string]string{
		"2026-03-08T01:59:59.999999999Z": "2026-03-08T06:59:59.999999999Z",
		"2026-03-08T02:00:00.5Z":         "2026-03-08T07:00:00Z",
		"2026-03-08T03:00:00.5Z":         "2026-03-08T07:00:00.5Z",
		"2026-11-01T01:30:00.25Z":        "2026-11-01T05:30:00.25Z",
		"2028-12-31T12:00:00.125Z":       "2028-12-31T17:00:00.125Z",
	} {
		got := calendar.Earliest(instant(t, wall), zone(t, "America/New_York"))
		if diff := cmp.Diff(want, got.Format(time.RFC3339Nano)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", wall, diff)
		}
	}
}

func FuzzParseClock(f *testing.F) {
	for _, s := range []string{"00:00", "23:59", "24:00", "9:00", "", "12:60", "12:3x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := calendar.ParseClock(s)
		if err == nil && (c.String() != s || c.Minutes() < 0 || c.Minutes() >= 24*60) {
			t.Fatalf("ParseClock(%q) = %s, %d minutes", s, c, c.Minutes())
		}
		if _, wantErr := time.Parse("15:04", s); len(s) == 5 && (err == nil) != (wantErr == nil) {
			t.Fatalf("ParseClock(%q): %v; time.Parse: %v", s, err, wantErr)
		}
		if err != nil && !errors.Is(err, calendar.ErrBadClock) {
			t.Fatalf("ParseClock(%q): %v", s, err)
		}
	})
}
