package calendar_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
)

func TestNewDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		y    int
		m    time.Month
		d    int
		want string // empty: an error
	}{
		{"first", 1, time.January, 1, "0001-01-01"},
		{"last", 9999, time.December, 31, "9999-12-31"},
		{"leap day", 2024, time.February, 29, "2024-02-29"},
		{"leap day of a century", 2000, time.February, 29, "2000-02-29"},
		{"no leap day of a century", 1900, time.February, 29, ""},
		{"no leap day", 2026, time.February, 29, ""},
		{"April has 30", 2026, time.April, 31, ""},
		{"day 0", 2026, time.April, 0, ""},
		{"month 13", 2026, 13, 1, ""},
		{"month 0", 2026, 0, 1, ""},
		{"year 0", 0, time.January, 1, ""},
		{"year 10000", 10000, time.January, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := calendar.NewDate(tt.y, tt.m, tt.d)
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Errorf("date (-want +got):\n%s", diff)
			}
			if (tt.want == "") != errors.Is(err, calendar.ErrBadDate) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestParseDateRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "2026-1-2", "2026-01-2", "26-01-02", "2026/01/02", "2026-01-02 ", " 2026-01-02", "2026-13-01",
		"2026-00-10", "2026-02-30", "0000-01-01", "+026-01-01", "-001-01-01", "2026-01-0a", "20260102", "٢٠٢٦-01",
	} {
		t.Run(s, func(t *testing.T) {
			t.Parallel()
			if got, err := calendar.ParseDate(s); !errors.Is(err, calendar.ErrBadDate) || !got.IsZero() {
				t.Errorf("ParseDate(%q) = %q, %v", s, got, err)
			}
		})
	}
}

func TestDateAgreesWithTime(t *testing.T) {
	t.Parallel()
	day := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	d := calendar.MustDate("0001-01-01")
	for day.Year() < 10000 {
		y, m, dd := d.YMD()
		if wy, wm, wd := day.Date(); y != wy || m != wm || dd != wd || d.Weekday() != day.Weekday() {
			t.Fatalf("%s (%s), want %s", d, d.Weekday(), day)
		}
		if back, err := calendar.NewDate(y, m, dd); err != nil || back != d {
			t.Fatalf("NewDate(%d, %d, %d) = %s, %v, want %s", y, m, dd, back, err, d)
		}
		next := d.AddDays(1)
		if !next.IsZero() && (next.DaysSince(d) != 1 || !next.After(d) || !d.Before(next) || next.Compare(d) != 1) {
			t.Fatalf("%s is not the day after %s", next, d)
		}
		day, d = day.AddDate(0, 0, 1), next
	}
	if !d.IsZero() {
		t.Errorf("the day after 9999-12-31 is %s", d)
	}
}

func TestDateText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := genDate().Draw(t, "date")
		text, err := json.Marshal(map[calendar.Date]calendar.Date{want: want})
		if err != nil {
			t.Fatal(err)
		}
		var got map[calendar.Date]calendar.Date
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[calendar.Date]calendar.Date{want: want}, got); diff != "" {
			t.Fatalf("after JSON %s (-want +got):\n%s", text, diff)
		}
	})
}

func TestNoDate(t *testing.T) {
	t.Parallel()
	var none calendar.Date
	y, m, d := none.YMD()
	if !none.IsZero() || none.String() != "" || y != 0 || m != 0 || d != 0 || !none.AddDays(1).IsZero() {
		t.Errorf("no date answers %q, %d, %d, %d, %s", none, y, m, d, none.AddDays(1))
	}
	if !none.Before(calendar.MustDate("0001-01-01")) {
		t.Error("no date is not before every date")
	}
	text, err := none.MarshalText()
	if err != nil || len(text) != 0 {
		t.Errorf("MarshalText = %q, %v", text, err)
	}
	read := calendar.MustDate("2026-01-02")
	if err := read.UnmarshalText(nil); err != nil || !read.IsZero() {
		t.Errorf("UnmarshalText of nothing: %s, %v", read, err)
	}
	if err := read.UnmarshalText([]byte("soon")); !errors.Is(err, calendar.ErrBadDate) {
		t.Errorf("UnmarshalText(soon): %v", err)
	}
}

func TestAddDaysLeavesTheYears(t *testing.T) {
	t.Parallel()
	d := calendar.MustDate("2026-01-02")
	for _, n := range []int{1 << 62, -1 << 62, 4_000_000, -4_000_000, 1 << 32, 3_652_059} {
		if got := d.AddDays(n); !got.IsZero() {
			t.Errorf("AddDays(%d) = %s", n, got)
		}
	}
	if got := d.AddDays(-2); got != calendar.MustDate("2025-12-31") {
		t.Errorf("AddDays(-2) = %s", got)
	}
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, instant, zone, want string
	}{
		{"UTC", "2026-01-02T23:59:59.999999999Z", "UTC", "2026-01-02"},
		{"ahead", "2026-01-02T18:30:00Z", "Asia/Kolkata", "2026-01-03"},
		{"just not ahead", "2026-01-02T18:29:59.999999999Z", "Asia/Kolkata", "2026-01-02"},
		{"behind", "2026-03-08T04:59:59Z", "America/New_York", "2026-03-07"},
		{"before 1970", "1969-12-31T23:00:00Z", "UTC", "1969-12-31"},
		{"before 1970, with a fraction", "1969-12-31T23:59:59.5Z", "UTC", "1969-12-31"},
		{"beyond the years", "9999-12-31T23:00:00Z", "Asia/Kolkata", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := calendar.DateOf(instant(t, tt.instant), zone(t, tt.zone))
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Errorf("date (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMustDatePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	calendar.MustDate("2026-02-30")
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-01-02", "0001-01-01", "9999-12-31", "2024-02-29", "2026-02-29", "", "2026-1-02"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		want, wantErr := time.Parse(time.DateOnly, s)
		if wantErr == nil && want.Year() == 0 {
			if err == nil {
				t.Fatalf("ParseDate(%q) = %s: there is no year 0", s, d)
			}
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("ParseDate(%q): %v; time.Parse: %v", s, err, wantErr)
		}
		if err == nil && (d.String() != s || d != calendar.DateOf(want, time.UTC)) {
			t.Fatalf("ParseDate(%q) = %s", s, d)
		}
		if err != nil && (!errors.Is(err, calendar.ErrBadDate) || !d.IsZero()) {
			t.Fatalf("ParseDate(%q) = %s, %v", s, d, err)
		}
	})
}

func genDate() *rapid.Generator[calendar.Date] {
	first := calendar.MustDate("0001-01-01")
	return rapid.Map(rapid.IntRange(0, 3_652_058), first.AddDays)
}

func instant(tb testing.TB, s string) time.Time {
	tb.Helper()
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := calendar.LoadZone(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}
