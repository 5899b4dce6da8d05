package calendar_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

func TestShippedAreValid(t *testing.T) {
	t.Parallel()
	ids := calendar.ShippedIDs()
	if diff := cmp.Diff([]string{"AE", "BD", "BR", "BR-2016", "EU", "GB", "IN", "PK", "SG", "US"}, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			c := shipped(t, id)
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
			if c.ID != id || c.Name == "" || c.Weekend.IsZero() {
				t.Errorf("id %q, name %q, weekend %q", c.ID, c.Name, c.Weekend)
			}
			if y, m, d := c.ValidFrom.YMD(); m != 1 || d != 1 {
				t.Errorf("valid from %s: no whole year %d", c.ValidFrom, y)
			}
			if y, m, d := c.ValidUntil.YMD(); m != 12 || d != 31 {
				t.Errorf("valid until %s: no whole year %d", c.ValidUntil, y)
			}
			years := make(map[int]int)
			for _, h := range c.Holidays {
				y, _, _ := h.Date.YMD()
				years[y]++
			}
			first, _, _ := c.ValidFrom.YMD()
			last, _, _ := c.ValidUntil.YMD()
			for y := first; y <= last; y++ {
				if years[y] < 6 { // TARGET closes on six days
					t.Errorf("only %d holidays in %d", years[y], y)
				}
			}
		})
	}
}

func TestShippedFacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id, date string
		want           bool
	}{
		{"India, first Saturday", "IN", "2026-01-03", true},
		{"India, second Saturday", "IN", "2026-01-10", false},
		{"India, third Saturday", "IN", "2026-01-17", true},
		{"India, fourth Saturday", "IN", "2026-01-24", false},
		{"India, fifth Saturday", "IN", "2026-01-31", true},
		{"India, Sunday", "IN", "2026-01-25", false},
		{"India, Republic Day", "IN", "2026-01-26", false},
		{"Pakistan, Saturday", "PK", "2026-01-03", false},
		{"Pakistan, Friday", "PK", "2026-01-02", true},
		{"Pakistan, Kashmir Day", "PK", "2026-02-05", false},
		{"Bangladesh, Friday", "BD", "2026-01-02", false},
		{"Bangladesh, Sunday", "BD", "2026-01-04", true},
		{"Bangladesh, Victory Day", "BD", "2026-12-16", false},
		{"Emirates, Friday: a working day since 2022", "AE", "2026-01-02", true},
		{"Emirates, Saturday", "AE", "2026-01-03", false},
		{"Emirates, Sunday", "AE", "2026-01-04", false},
		{"Emirates, Eid al-Fitr, a Friday", "AE", "2026-03-20", false},
		{"Emirates, after Eid", "AE", "2026-03-23", true},
		{"Emirates, National Day", "AE", "2026-12-02", false},
		{"Emirates, Arafat Day", "AE", "2025-06-03", false},
		{"TARGET, Good Friday", "EU", "2026-04-03", false},
		{"TARGET, Easter Monday", "EU", "2026-04-06", false},
		{"TARGET, Labour Day", "EU", "2026-05-01", false},
		{"TARGET, Ascension Day", "EU", "2026-05-14", true},
		{"TARGET, Whit Monday", "EU", "2026-05-25", true},
		{"TARGET, Saturday", "EU", "2026-05-30", false},
		{"TARGET, 26 December 2025", "EU", "2025-12-26", false},
		{"England, Easter Monday", "GB", "2026-04-06", false},
		{"England, May Day", "GB", "2026-05-04", false},
		{"England, August bank holiday", "GB", "2026-08-31", false},
		{"England, Boxing Day observed on a Monday", "GB", "2026-12-28", false},
		{"England, Christmas observed in 2027", "GB", "2027-12-27", false},
		{"England, no day of Scotland", "GB", "2026-01-02", true},
		{"Singapore, Chinese New Year", "SG", "2026-02-18", false},
		{"Singapore, Vesak Day observed on a Monday", "SG", "2026-06-01", false},
		{"Singapore, Deepavali observed on a Monday", "SG", "2026-11-09", false},
		{"Singapore, the day after Chinese New Year", "SG", "2026-02-19", true},
		{"Singapore, Saturday", "SG", "2026-02-21", false},
		{"United States, Martin Luther King", "US", "2026-01-19", false},
		{"United States, Independence Day observed", "US", "2026-07-03", false},
		{"United States, Independence Day observed on a Monday", "US", "2027-07-05", false},
		{"United States, Thanksgiving", "US", "2026-11-26", false},
		{"United States, the day after", "US", "2026-11-27", true},
		{"United States, Good Friday", "US", "2026-04-03", true},
		{"United States, Halloween of 2025, a Friday", "US", "2025-10-31", true},
		{"United States, a day of mourning", "US", "2025-01-09", true},
		{"Brazil, Carnival", "BR", "2026-02-17", false},
		{"Brazil 2017, Carnival", "BR-2016", "2017-02-28", false},
		{"Brazil 2017, a Thursday", "BR-2016", "2017-03-02", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := shipped(t, tt.id).Open(calendar.MustDate(tt.date))
			if err != nil || got != tt.want {
				t.Errorf("%s open on %s = %t, %v, want %t", tt.id, tt.date, got, err, tt.want)
			}
		})
	}
}

func TestShippedEndWhereFactsEnd(t *testing.T) {
	t.Parallel()
	for id, dates := range map[string][2]string{
		"IN":      {"2024-12-31", "2027-01-01"},
		"PK":      {"2024-12-31", "2028-01-01"},
		"BD":      {"2024-12-31", "2028-01-01"},
		"BR":      {"2024-12-31", "2028-01-01"},
		"AE":      {"2024-12-31", "2028-01-01"},
		"EU":      {"2024-12-31", "2028-01-01"},
		"GB":      {"2024-12-31", "2028-01-01"},
		"SG":      {"2024-12-31", "2028-01-01"},
		"US":      {"2024-12-31", "2028-01-01"},
		"BR-2016": {"2015-12-31", "2019-01-01"},
	} {
		for _, date := range dates {
			if open, err := shipped(t, id).Open(calendar.MustDate(date)); err == nil {
				t.Errorf("%s says %t about %s", id, open, date)
			}
		}
	}
}

func TestShippedEstimates(t *testing.T) {
	t.Parallel()
	estimated := make(map[string]int)
	for _, id := range calendar.ShippedIDs() {
		for _, h := range shipped(t, id).Holidays {
			if h.Estimated {
				estimated[id]++
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"AE": 18, "BD": 11, "IN": 2, "PK": 19}, estimated); diff != "" {
		t.Errorf("estimated holidays (-want +got):\n%s", diff)
	}
}

func TestShippedIsACopy(t *testing.T) {
	t.Parallel()
	shipped(t, "PK").Holidays[0].Name = "changed"
	if got := shipped(t, "PK").Holidays[0].Name; got == "changed" {
		t.Error("a change to a shipped calendar is seen by the next caller")
	}
}

func TestShippedUnknown(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "XX", "in", "../data/IN", "README", "IN.json"} {
		if c, ok := calendar.Shipped(id); ok || c != nil {
			t.Errorf("Shipped(%q) = %v, %t", id, c, ok)
		}
	}
}

func shipped(tb testing.TB, id string) *calendar.Calendar {
	tb.Helper()
	c, ok := calendar.Shipped(id)
	if !ok {
		tb.Fatalf("calendar %s is not shipped", id)
	}
	return c
}
