package calendar_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

// daily returns a schedule of one window a day.
func daily(tb testing.TB, zoneName, cutoff string, delay int, calendars ...*calendar.Calendar) *calendar.Schedule {
	tb.Helper()
	s := &calendar.Schedule{
		Zone:      zone(tb, zoneName),
		Cutoffs:   []calendar.WindowCutoff{{At: calendar.MustClock(cutoff), Label: "day"}},
		Delay:     calendar.Delay{N: delay},
		Anchor:    calendar.Anchor{Kind: calendar.Daily},
		Calendars: calendars,
	}
	if err := s.Validate(); err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSettlementDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id, date string
		delay          calendar.Delay
		want           string
	}{
		{"Eid and the weekend around it", "BD", "2026-03-20", calendar.Delay{N: 1}, "2026-03-24"},
		{"a weekend on Friday and Saturday", "BD", "2026-04-09", calendar.Delay{N: 1}, "2026-04-12"},
		{"Eid, weekend, Pakistan Day", "PK", "2026-03-19", calendar.Delay{N: 1}, "2026-03-24"},
		{"second Saturday", "IN", "2026-01-09", calendar.Delay{N: 1}, "2026-01-12"},
		{"first Saturday", "IN", "2026-01-02", calendar.Delay{N: 1}, "2026-01-03"},
		{"fourth Saturday, Sunday, Republic Day", "IN", "2026-01-23", calendar.Delay{N: 2}, "2026-01-28"},
		{"Easter in TARGET", "EU", "2026-04-02", calendar.Delay{N: 1}, "2026-04-07"},
		{"Christmas in England, observed", "GB", "2026-12-24", calendar.Delay{N: 1}, "2026-12-29"},
		{"Eid and the weekend in the Emirates", "AE", "2026-03-19", calendar.Delay{N: 1}, "2026-03-23"},
		{"Chinese New Year", "SG", "2026-02-16", calendar.Delay{N: 2}, "2026-02-20"},
		{"Thanksgiving", "US", "2026-11-25", calendar.Delay{N: 2}, "2026-11-30"},

		{"T+0 on an open date", "IN", "2026-01-23", calendar.Delay{}, "2026-01-23"},
		{"T+0 on a closed date", "IN", "2026-01-24", calendar.Delay{}, "2026-01-27"},
		{"calendar days to an open date", "PK", "2026-03-12", calendar.Delay{N: 7, Unit: calendar.CalendarDays}, "2026-03-19"},
		{"calendar days to a closed date", "PK", "2026-03-13", calendar.Delay{N: 7, Unit: calendar.CalendarDays}, "2026-03-24"},
		{"0 calendar days", "PK", "2026-03-20", calendar.Delay{Unit: calendar.CalendarDays}, "2026-03-24"},
		{"the day before the facts begin", "IN", "2024-12-31", calendar.Delay{N: 1}, "2025-01-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, "UTC", "18:00", 0, shipped(t, tt.id))
			s.Delay = tt.delay
			got, err := s.SettlementDate(calendar.MustDate(tt.date))
			if err != nil || got.String() != tt.want {
				t.Errorf("%s %s T+%d = %s, %v, want %s", tt.id, tt.date, tt.delay.N, got, err, tt.want)
			}
		})
	}
}

func TestSettlementDateOutOfRange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, date string
		delay      calendar.Delay
	}{
		{"T+0 past the end", "2027-01-01", calendar.Delay{}},
		{"T+1 over the end", "2026-12-31", calendar.Delay{N: 1}},
		{"T+0 before the beginning", "2024-12-31", calendar.Delay{}},
		{"calendar days over the end", "2026-12-30", calendar.Delay{N: 2, Unit: calendar.CalendarDays}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, "UTC", "18:00", 0, shipped(t, "IN"))
			s.Delay = tt.delay
			got, err := s.SettlementDate(calendar.MustDate(tt.date))
			var facts *calendar.RangeError
			if !errors.As(err, &facts) || facts.Calendar != "IN" {
				t.Errorf("%s T+%d = %s, %v", tt.date, tt.delay.N, got, err)
			}
		})
	}
}

func TestScheduleValidate(t *testing.T) {
	t.Parallel()
	at := calendar.MustClock
	tests := []struct {
		name   string
		change func(s *calendar.Schedule)
		want   []string
	}{
		{"as it is", func(*calendar.Schedule) {}, nil},
		{"one cut-off needs no label", func(s *calendar.Schedule) { s.Cutoffs[0].Label = "" }, nil},
		{
			"nothing given",
			func(s *calendar.Schedule) { *s = calendar.Schedule{} },
			[]string{"schedule has no cut-off", "timezone is missing"},
		},
		{"the machine's zone", func(s *calendar.Schedule) { s.Zone = time.Local }, []string{"depends on the machine"}},
		{
			"cut-offs backwards",
			func(s *calendar.Schedule) {
				s.Cutoffs = append(s.Cutoffs, calendar.WindowCutoff{At: at("11:00"), Label: "noon"})
			},
			[]string{"cut-off 11:00 must come after 18:00"},
		},
		{
			"same label",
			func(s *calendar.Schedule) {
				s.Cutoffs = append(s.Cutoffs, calendar.WindowCutoff{At: at("20:00"), Label: "day"})
			},
			[]string{`cut-offs 18:00 and 20:00 have the same label "day"`},
		},
		{
			"delay and grace",
			func(s *calendar.Schedule) {
				s.Delay, s.Grace = calendar.Delay{N: -1, Unit: 7}, -time.Second
			},
			[]string{"delay of -1 days is not within 0 to 366", "unknown unit of delay 7", "grace -1s is negative"},
		},
		{"grace of a week", func(s *calendar.Schedule) { s.Grace = 7 * 24 * time.Hour }, nil},
		{"grace of years", func(s *calendar.Schedule) { s.Grace = 2_000_000 * time.Hour }, []string{"grace 2000000h0m0s is more than 168h0m0s, a week"}},
		{"grace too fine", func(s *calendar.Schedule) { s.Grace = time.Second + 1 }, []string{"grace 1.000000001s is not of whole microseconds"}},
		{"delay too long", func(s *calendar.Schedule) { s.Delay.N = 367 }, []string{"delay of 367 days"}},
		{"delay in hours", func(s *calendar.Schedule) { s.Delay = calendar.Delay{N: 367, Unit: calendar.Hours} }, nil},
		{
			"delay too long in hours",
			func(s *calendar.Schedule) { s.Delay = calendar.Delay{N: 8785, Unit: calendar.Hours} },
			[]string{"delay of 8785 hours is not within 0 to 8784"},
		},
		{
			"cron without an expression",
			func(s *calendar.Schedule) { s.Anchor = calendar.Anchor{Kind: calendar.Cron} },
			[]string{`a cron expression belongs to a cron anchor and only there: kind cron has ""`, "the cron expression has the cut-offs, so none is listed beside it: here are 1"},
		},
		{
			"daily with an expression",
			func(s *calendar.Schedule) { s.Anchor.Cron = calendar.MustCron("0 17 * * *") },
			[]string{`kind daily has "0 17 * * *"`},
		},
		{
			"cron, rolled",
			func(s *calendar.Schedule) {
				s.Cutoffs = nil
				s.Anchor = calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("0 17 * * *"), Roll: calendar.RollFollowing}
			},
			nil,
		},
		{
			"unknown anchor and roll",
			func(s *calendar.Schedule) { s.Anchor = calendar.Anchor{Kind: 9, Roll: 9} },
			[]string{"anchor: unknown kind 9", "anchor: unknown roll 9"},
		},
		{
			"weekly on no day",
			func(s *calendar.Schedule) { s.Anchor = calendar.Anchor{Kind: calendar.Weekly} },
			[]string{"anchor: weekdays belong to a weekly anchor and only there: kind weekly has 0"},
		},
		{
			"monthly on no day, with weekdays",
			func(s *calendar.Schedule) {
				s.Anchor = calendar.Anchor{Kind: calendar.Monthly, Weekdays: []time.Weekday{time.Friday}}
			},
			[]string{"kind monthly has 1", "month_days belong to a monthly anchor and only there: kind monthly has 0"},
		},
		{
			"daily with a roll",
			func(s *calendar.Schedule) { s.Anchor.Roll = calendar.RollFollowing },
			[]string{"roll following belongs to a weekly, monthly or cron anchor, not to daily"},
		},
		{
			"weekdays unknown and twice",
			func(s *calendar.Schedule) {
				s.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{1, 7, 1}}
			},
			[]string{"weekday 7 is unknown", "weekday 1 is unknown or listed twice"},
		},
		{
			"month days unknown and twice",
			func(s *calendar.Schedule) {
				s.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{15, 0, 32, 15}}
			},
			[]string{"month day 0 is not", "month day 32 is not", "month day 15 is not within 1 to 31 or listed twice"},
		},
		{
			"calendars missing, twice, wrong",
			func(s *calendar.Schedule) {
				wrong := bank()
				wrong.Version = ""
				s.Calendars = calendar.Calendars{bank(), nil, wrong}
			},
			[]string{"calendar 2 of the schedule is missing", `calendar "bank" is listed twice`, "version is missing"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := daily(t, "UTC", "18:00", 1, bank())
			tt.change(s)
			wantFaults(t, s.Validate(), tt.want)
		})
	}
}

func TestScheduleJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(s *calendar.Schedule)
		want   string
	}{
		{
			"daily",
			func(*calendar.Schedule) {},
			`{"timezone":"Asia/Dhaka","windows":[{"cutoff":"18:00","label":"day"}],` +
				`"delay":{"n":1,"unit":"business_days"},"anchor":{"kind":"daily"}}`,
		},
		{
			"weekly",
			func(s *calendar.Schedule) {
				s.Anchor = calendar.Anchor{
					Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Thursday}, Roll: calendar.RollPreceding,
				}
				s.Delay.Unit = calendar.CalendarDays
				s.CutoffInclusive, s.Grace = true, 90*time.Second
			},
			`{"timezone":"Asia/Dhaka","windows":[{"cutoff":"18:00","label":"day"}],` +
				`"delay":{"n":1,"unit":"calendar_days"},` +
				`"anchor":{"kind":"weekly","weekdays":["thursday"],"roll":"preceding"},` +
				`"cutoff_inclusive":true,"grace":"1m30s"}`,
		},
		{
			"cron, hours",
			func(s *calendar.Schedule) {
				s.Anchor = calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("0 17 * * 1-5")}
				s.Cutoffs, s.Delay = nil, calendar.Delay{N: 4, Unit: calendar.Hours}
			},
			`{"timezone":"Asia/Dhaka","delay":{"n":4,"unit":"hours"},"anchor":{"kind":"cron","cron":"0 17 * * 1-5"}}`,
		},
		{
			"monthly",
			func(s *calendar.Schedule) {
				s.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{15, 31}}
				s.Cutoffs[0].Label = ""
				s.Calendars = calendar.Calendars{{ID: "c"}}
			},
			`{"timezone":"Asia/Dhaka","windows":[{"cutoff":"18:00"}],` +
				`"delay":{"n":1,"unit":"business_days"},"anchor":{"kind":"monthly","month_days":[15,31]},` +
				`"calendars":[{"id":"c","version":"","name":"","source":"","valid_from":"","valid_until":"","weekend":[]}]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := daily(t, "Asia/Dhaka", "18:00", 1)
			tt.change(want)
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(text)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			got := new(calendar.Schedule)
			if err := json.Unmarshal(text, got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(sameZone)); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

func sameZone(a, b *time.Location) bool { return a.String() == b.String() }

func TestScheduleJSONRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"zone", `{"timezone":"Asia/Atlantis"}`, `timezone "Asia/Atlantis"`},
		{"grace", `{"grace":"soon"}`, "grace: "},
		{"cut-off", `{"windows":[{"cutoff":"24:00"}]}`, "there is no 24:00"},
		{"unit", `{"delay":{"unit":"weeks"}}`, `unknown unit of delay "weeks": want business_days, calendar_days, hours`},
		{"kind", `{"anchor":{"kind":"dayly"}}`, `unknown anchor kind "dayly": want each_window, daily`},
		{"roll", `{"anchor":{"roll":"back"}}`, `unknown roll "back": want none, following`},
		{"weekday", `{"anchor":{"weekdays":["thu"]}}`, `bad weekday: "thu"`},
		{"weekday as a number", `{"anchor":{"weekdays":[4]}}`, "cannot unmarshal number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := new(calendar.Schedule)
			wantFaults(t, json.Unmarshal([]byte(tt.text), s), []string{tt.want})
			if diff := cmp.Diff(new(calendar.Schedule), s); diff != "" {
				t.Errorf("half a schedule was read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownNamesAreNotWritten(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"kind":    calendar.Anchor{Kind: 9},
		"roll":    calendar.Anchor{Roll: 9},
		"weekday": calendar.Anchor{Weekdays: []time.Weekday{9}},
		"unit":    calendar.Delay{Unit: 9},
	} {
		if text, err := json.Marshal(value); err == nil {
			t.Errorf("%s: written as %s", name, text)
		}
	}
	if got := calendar.CalendarDays.String(); got != "calendar_days" {
		t.Errorf("the unit of calendar days is called %q", got)
	}
	if got := calendar.AnchorKind(9).String(); got != "unknown(9)" {
		t.Errorf("unknown kind is called %q", got)
	}
}

// FuzzScheduleJSON reads schedules as configuration and the store hand them over:
// whatever is valid must be written and read without loss, and find its windows.
func FuzzScheduleJSON(f *testing.F) {
	f.Add([]byte(`{"timezone":"Asia/Kolkata","windows":[{"cutoff":"11:00","label":"a"},{"cutoff":"18:00","label":"b"}]}`), int64(1_770_000_000))
	f.Add([]byte(`{"timezone":"America/New_York","windows":[{"cutoff":"02:30"}],"anchor":{"kind":"weekly","weekdays":["sunday"],"roll":"following"},`+
		`"calendars":[{"id":"c","version":"1","source":"s","valid_from":"2026-01-01","valid_until":"2026-12-31","weekend":["2nd sunday"],`+
		`"holidays":[{"date":"2026-03-08","name":"h"}],"cutoff_overrides":[{"date":"2026-03-09","at":"01:00"}]}]}`), int64(1_772_953_200))
	f.Add([]byte(`{"timezone":"Pacific/Apia","windows":[{"cutoff":"00:00"}],"anchor":{"kind":"monthly","month_days":[30]},"cutoff_inclusive":true,"grace":"5m"}`), int64(1_325_239_200))
	f.Add([]byte(`{"timezone":"Africa/Cairo","anchor":{"kind":"cron","cron":"0,30 2,23 29-31 * 7","roll":"preceding"},"delay":{"n":30,"unit":"hours"}}`), int64(1_735_603_200))
	f.Fuzz(func(t *testing.T, text []byte, second int64) {
		s := new(calendar.Schedule)
		if json.Unmarshal(text, s) != nil || s.Validate() != nil {
			return
		}
		written, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("valid but not written: %v", err)
		}
		back := new(calendar.Schedule)
		if err := json.Unmarshal(written, back); err != nil {
			t.Fatalf("%s cannot be read back: %v", written, err)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != string(written) {
			t.Fatalf("%s is written as %s, %v the second time", written, again, err)
		}
		at := time.Unix(second, 0).UTC()
		w, err := s.WindowAt(at)
		if err != nil {
			if !errors.Is(err, calendar.ErrOutOfRange) {
				t.Fatal(err)
			}
			return
		}
		if !holds(s, w, at) {
			t.Fatalf("%s is not in %+v", at, w)
		}
	})
}

// holds reports whether w holds the instant at, as s counts.
func holds(s *calendar.Schedule, w calendar.Window, at time.Time) bool {
	if s.CutoffInclusive {
		return w.Opens.Before(at) && !w.Closes.Before(at)
	}
	return !at.Before(w.Opens) && at.Before(w.Closes)
}
