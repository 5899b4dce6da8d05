package calendar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

// bank returns a calendar of 2026 with something of everything: Eid on a
// Friday, the Saturday after it open all the same, and shorter hours before.
func bank() *calendar.Calendar {
	return &calendar.Calendar{
		ID: "bank", Version: "3", Name: "A bank", Source: "made up",
		ValidFrom: calendar.MustDate("2026-01-01"), ValidUntil: calendar.MustDate("2026-12-31"),
		Weekend: calendar.WeekendOf(time.Saturday, time.Sunday),
		Holidays: []calendar.Holiday{
			{Date: calendar.MustDate("2026-03-20"), Name: "Eid al-Fitr", Estimated: true},
			{Date: calendar.MustDate("2026-03-21"), Name: "Eid al-Fitr", Estimated: true},
			{Date: calendar.MustDate("2026-03-23"), Name: "Pakistan Day"},
		},
		ExtraOpen: []calendar.Date{calendar.MustDate("2026-03-21")},
		CutoffOverrides: []calendar.CutoffOverride{
			{Date: calendar.MustDate("2026-03-19"), At: calendar.MustClock("13:00"), Name: "the day before Eid"},
		},
	}
}

func TestCalendarOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, date string
		want       bool
	}{
		{"a weekday", "2026-03-19", true},
		{"a holiday", "2026-03-20", false},
		{"extra_open beats weekend and holiday", "2026-03-21", true},
		{"the weekend", "2026-03-22", false},
		{"a holiday after the weekend", "2026-03-23", false},
		{"first date", "2026-01-01", true},
		{"last date", "2026-12-31", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := bank().Open(calendar.MustDate(tt.date))
			if err != nil || got != tt.want {
				t.Errorf("Open(%s) = %t, %v, want %t", tt.date, got, err, tt.want)
			}
		})
	}
}

func TestCalendarOutOfRange(t *testing.T) {
	t.Parallel()
	for _, date := range []string{"2025-12-31", "2027-01-01", ""} {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			var d calendar.Date
			if err := d.UnmarshalText([]byte(date)); err != nil {
				t.Fatal(err)
			}
			_, err := bank().Open(d)
			var facts *calendar.RangeError
			if !errors.Is(err, calendar.ErrOutOfRange) || !errors.As(err, &facts) {
				t.Fatalf("Open(%s): %v", d, err)
			}
			want := &calendar.RangeError{
				Calendar: "bank", Version: "3", Date: d,
				ValidFrom: calendar.MustDate("2026-01-01"), ValidUntil: calendar.MustDate("2026-12-31"),
			}
			if diff := cmp.Diff(want, facts); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
			if date == "" {
				date = "no date"
			}
			wantFaults(t, err, []string{"asked about " + date})
		})
	}
	_, err := bank().Open(calendar.MustDate("2027-01-01"))
	want := "date outside the calendar's validity: calendar bank (version 3) is valid from 2026-01-01 to 2026-12-31, asked about 2027-01-01"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestCalendarValidate(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate
	tests := []struct {
		name   string
		change func(c *calendar.Calendar)
		want   []string // each in the error's text; none: valid
	}{
		{"as it is", func(*calendar.Calendar) {}, nil},
		{
			"nothing given",
			func(c *calendar.Calendar) { *c = calendar.Calendar{} },
			[]string{"id is missing", "version is missing", "source is missing", "valid_from and valid_until must both be given"},
		},
		{
			"validity backwards",
			func(c *calendar.Calendar) { c.ValidUntil = day("2025-12-31") },
			[]string{"valid_until 2025-12-31 is before valid_from 2026-01-01"},
		},
		{
			"never open",
			func(c *calendar.Calendar) { c.Weekend = calendar.WeekendOf(0, 1, 2, 3, 4, 5, 6) },
			[]string{"weekend closes all seven days"},
		},
		{
			"holiday out of range",
			func(c *calendar.Calendar) { c.ValidUntil = day("2026-03-22") },
			[]string{`holiday "2026-03-23" is outside the validity 2026-01-01 to 2026-03-22`},
		},
		{
			"holiday without a date",
			func(c *calendar.Calendar) { c.Holidays[0].Date = calendar.Date{} },
			[]string{`holiday "" is outside the validity`},
		},
		{
			"holiday without a name",
			func(c *calendar.Calendar) { c.Holidays[0].Name = "" },
			[]string{"holiday 2026-03-20 has no name"},
		},
		{
			"holiday twice",
			func(c *calendar.Calendar) { c.Holidays[1].Date = c.Holidays[0].Date },
			[]string{"holiday 2026-03-20 must come after 2026-03-20"},
		},
		{
			"extra_open out of order and range",
			func(c *calendar.Calendar) { c.ExtraOpen = append(c.ExtraOpen, day("2025-03-21")) },
			[]string{`extra_open "2025-03-21" is outside`, "extra_open 2025-03-21 must come after 2026-03-21"},
		},
		{
			"override twice",
			func(c *calendar.Calendar) { c.CutoffOverrides = append(c.CutoffOverrides, c.CutoffOverrides[0]) },
			[]string{`cutoff_override 2026-03-19 "" must come after 2026-03-19 ""`},
		},
		{
			"two overrides of one date with two labels",
			func(c *calendar.Calendar) {
				c.CutoffOverrides = append(c.CutoffOverrides, calendar.CutoffOverride{Date: day("2026-03-19"), Label: "noon"})
			},
			nil,
		},
		{
			"override out of range",
			func(c *calendar.Calendar) { c.CutoffOverrides[0].Date = day("2025-01-01") },
			[]string{`cutoff_override "2025-01-01" is outside`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := bank()
			tt.change(c)
			wantFaults(t, c.Validate(), tt.want)
		})
	}
}

// wantFaults checks that err names every fault, and that there is none when
// nothing is wanted.
func wantFaults(t *testing.T, err error, want []string) {
	t.Helper()
	if len(want) == 0 {
		if err != nil {
			t.Errorf("unexpected: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	for _, fault := range want {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("error does not say %q:\n%v", fault, err)
		}
	}
}

func TestCalendarJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(bank())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"bank","version":"3","name":"A bank","source":"made up",` +
		`"valid_from":"2026-01-01","valid_until":"2026-12-31","weekend":["sunday","saturday"],"holidays":[` +
		`{"date":"2026-03-20","name":"Eid al-Fitr","estimated":true},` +
		`{"date":"2026-03-21","name":"Eid al-Fitr","estimated":true},` +
		`{"date":"2026-03-23","name":"Pakistan Day"}],` +
		`"extra_open":["2026-03-21"],` +
		`"cutoff_overrides":[{"date":"2026-03-19","at":"13:00","name":"the day before Eid"}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	got := new(calendar.Calendar)
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bank(), got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}
