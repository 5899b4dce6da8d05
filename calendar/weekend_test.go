package calendar_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

func TestWeekendContains(t *testing.T) {
	t.Parallel()
	india := calendar.WeekendOf(time.Sunday).WithNth(time.Saturday, 2, 4)
	bangladesh := calendar.WeekendOf(time.Friday, time.Saturday)
	tests := []struct {
		name    string
		weekend calendar.Weekend
		month   string
		want    []int // closed days of the month
	}{
		{"none", calendar.Weekend{}, "2026-01", nil},
		{"India, January 2026", india, "2026-01", []int{4, 10, 11, 18, 24, 25}},
		{"India, a month that begins on Saturday", india, "2026-08", []int{2, 8, 9, 16, 22, 23, 30}},
		{"India, a month of four whole weeks", india, "2026-02", []int{1, 8, 14, 15, 22, 28}},
		{"Bangladesh, April 2026", bangladesh, "2026-04", []int{3, 4, 10, 11, 17, 18, 24, 25}},
		{"fifth Friday", calendar.Weekend{}.WithNth(time.Friday, 5), "2026-01", []int{30}},
		{"no fifth Friday", calendar.Weekend{}.WithNth(time.Friday, 5), "2026-02", nil},
		{"numbers no month has", calendar.Weekend{}.WithNth(time.Friday, 0, 6, -1).WithNth(7, 1), "2026-01", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			first := calendar.MustDate(tt.month + "-01")
			var got []int
			for d := first; d.String()[:7] == tt.month; d = d.AddDays(1) {
				if tt.weekend.Contains(d) {
					got = append(got, d.DaysSince(first)+1)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("closed days (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWeekendJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		weekend calendar.Weekend
		want    string
	}{
		{"none", calendar.Weekend{}, `[]`},
		{"two days", calendar.WeekendOf(time.Saturday, time.Sunday), `["sunday","saturday"]`},
		{"India", calendar.WeekendOf(time.Sunday).WithNth(time.Saturday, 4, 2), `["sunday","2nd saturday","4th saturday"]`},
		{"every one by number", calendar.Weekend{}.WithNth(time.Monday, 1, 2, 3, 4, 5), `["monday"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(tt.weekend)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(text)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			var got calendar.Weekend
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.weekend, got); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
			if got.IsZero() != (tt.want == `[]`) {
				t.Errorf("IsZero of %s = %t", got, got.IsZero())
			}
		})
	}
}

func TestWeekendString(t *testing.T) {
	t.Parallel()
	india := calendar.WeekendOf(time.Sunday).WithNth(time.Saturday, 2, 4)
	if diff := cmp.Diff("sunday, 2nd saturday, 4th saturday", india.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestWeekendJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"sunday"`, `["sun"]`, `["Sunday"]`, `["6th sunday"]`, `["2nd sun"]`, `["2nd"]`, `[6]`, `{}`, `["2nd  sunday"]`} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var w calendar.Weekend
			if err := json.Unmarshal([]byte(text), &w); !errors.Is(err, calendar.ErrBadWeekday) || !w.IsZero() {
				t.Errorf("read as %q, %v", w, err)
			}
		})
	}
}
