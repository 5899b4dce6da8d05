package fees_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// query asks for a UPI capture of merchant m in January.
func query() fees.Query {
	return fees.Query{
		Merchant: "m", Method: "UPI", Region: "IN", Currency: money.MustCurrency("INR"), Event: fees.EventCapture,
		On: calendar.MustDate("2026-01-15"),
	}
}

// row is a schedule of which only the selection matters.
func row(id, version string, m fees.Match, edit ...func(*fees.Schedule)) fees.Schedule {
	s := percent("2%")
	s.ID, s.Version, s.Match = id, version, m
	for _, e := range edit {
		e(&s)
	}
	return s
}

func from(d string) func(*fees.Schedule) {
	return func(s *fees.Schedule) { s.EffectiveFrom = calendar.MustDate(d) }
}

func to(d string) func(*fees.Schedule) {
	return func(s *fees.Schedule) { s.EffectiveTo = calendar.MustDate(d) }
}

func priority(n int) func(*fees.Schedule) { return func(s *fees.Schedule) { s.Priority = n } }

func TestSelect(t *testing.T) {
	t.Parallel()
	upi, merchant := fees.Match{Method: "UPI"}, fees.Match{Merchant: "m", Method: "UPI"}
	for _, tc := range []struct {
		name  string
		table fees.Table
		want  string // id and version
	}{
		{"the only one", fees.Table{row("a", "1", fees.Match{})}, "a/1"},
		{"most bound dimensions", fees.Table{row("a", "1", upi, priority(9)), row("b", "1", merchant), row("c", "1", fees.Match{})}, "b/1"},
		{"then priority", fees.Table{row("a", "1", upi, from("2026-01-10")), row("b", "1", fees.Match{Region: "IN"}, priority(1))}, "b/1"},
		{"then a lower priority loses", fees.Table{row("a", "1", upi, priority(-1)), row("b", "1", upi)}, "b/1"},
		{"then latest effective_from", fees.Table{row("a", "1", upi, from("2026-01-01")), row("b", "1", upi, from("2026-01-02"))}, "b/1"},
		{"then a date beats none", fees.Table{row("a", "1", upi), row("b", "1", upi, from("2026-01-02"))}, "b/1"},
		{"then smallest id", fees.Table{row("b", "1", upi), row("a", "1", upi), row("c", "1", upi)}, "a/1"},
		{"first day", fees.Table{row("a", "1", upi, from("2026-01-15"))}, "a/1"},
		{"last day", fees.Table{row("a", "1", upi, to("2026-01-15"))}, "a/1"},
		{"latest version in force", fees.Table{
			row("a", "1", upi), row("a", "3", upi, from("2026-02-01")), row("a", "2", upi, from("2026-01-01")),
		}, "a/2"},
		{"a later version that binds less supersedes", fees.Table{row("a", "1", merchant), row("a", "2", upi, from("2026-01-01"))}, "a/2"},
		{"an earlier version comes back when the later ends", fees.Table{
			row("a", "1", upi), row("a", "2", upi, from("2026-01-01"), to("2026-01-14")),
		}, "a/1"},
		{"a superseded version leaves the field to others", fees.Table{
			row("a", "1", merchant), row("a", "2", fees.Match{Merchant: "other", Method: "UPI"}, from("2026-01-01")), row("b", "1", upi),
		}, "b/1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for range tc.table { // in every rotation: order never decides
				tc.table = append(tc.table[1:len(tc.table):len(tc.table)], tc.table[0])
				got, err := tc.table.Select(query())
				if err != nil {
					t.Fatal(err)
				}
				diff(t, tc.want, got.ID+"/"+got.Version)
			}
		})
	}
}

// TestSelectMatch: each dimension keeps out what it does not name.
func TestSelectMatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		match fees.Match
		edit  func(*fees.Query)
		want  bool
	}{
		{"merchant", fees.Match{Merchant: "m"}, nil, true},
		{"other merchant", fees.Match{Merchant: "n"}, nil, false},
		{"method", fees.Match{Method: "UPI"}, nil, true},
		{"other method", fees.Match{Method: "CARD"}, nil, false},
		{"case counts", fees.Match{Method: "upi"}, nil, false},
		{"brand unknown", fees.Match{Brand: "visa"}, nil, false},
		{"brand", fees.Match{Brand: "visa"}, func(q *fees.Query) { q.Brand = "visa" }, true},
		{"funding unknown", fees.Match{Funding: "debit"}, nil, false},
		{"funding", fees.Match{Funding: "debit"}, func(q *fees.Query) { q.Funding = "debit" }, true},
		{"region", fees.Match{Region: "IN"}, nil, true},
		{"other region", fees.Match{Region: "PK"}, nil, false},
		{"currency", fees.Match{Currency: money.MustCurrency("INR")}, nil, true},
		{"other currency", fees.Match{Currency: money.MustCurrency("PKR")}, nil, false},
		{"event", fees.Match{Event: fees.EventCapture}, nil, true},
		{"other event", fees.Match{Event: fees.EventPayout}, nil, false},
		{"domestic unknown", fees.Match{Domestic: new(true)}, nil, false},
		{"domestic", fees.Match{Domestic: new(true)}, func(q *fees.Query) { q.Domestic = new(true) }, true},
		{"cross-border", fees.Match{Domestic: new(true)}, func(q *fees.Query) { q.Domestic = new(false) }, false},
		{"not yet", fees.Match{}, func(q *fees.Query) { q.On = calendar.MustDate("2025-12-31") }, false},
		{"no longer", fees.Match{}, func(q *fees.Query) { q.On = calendar.MustDate("2026-02-01") }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q := query()
			if tc.edit != nil {
				tc.edit(&q)
			}
			_, err := fees.Table{row("a", "1", tc.match, from("2026-01-01"), to("2026-01-31"))}.Select(q)
			if got := err == nil; got != tc.want {
				t.Fatalf("matched %v, want %v (error %v)", got, tc.want, err)
			}
			if err != nil && !errors.Is(err, fees.ErrNoSchedule) {
				t.Errorf("error %v, want %v", err, fees.ErrNoSchedule)
			}
		})
	}
}

func TestSelectErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		edit func(*fees.Query)
		want error
		text string
	}{
		{"nothing matches", func(*fees.Query) {}, fees.ErrNoSchedule,
			"no fee schedule for event capture, merchant m, method UPI, region IN, currency INR, on 2026-01-15"},
		{"every fact named", func(q *fees.Query) { q.Brand, q.Funding, q.Domestic = "visa", "debit", new(true) }, fees.ErrNoSchedule,
			"no fee schedule for event capture, merchant m, method UPI, brand visa, funding debit, region IN, domestic, currency INR, on 2026-01-15"},
		{"cross-border", func(q *fees.Query) { q.Domestic = new(false) }, fees.ErrNoSchedule,
			"no fee schedule for event capture, merchant m, method UPI, region IN, cross-border, currency INR, on 2026-01-15"},
		{"nothing asked", func(q *fees.Query) { *q = fees.Query{} }, fees.ErrBadQuery,
			"bad fee query: event, currency and date are required: event none, currency none, on none"},
		{"unknown event", func(q *fees.Query) { q.Event = "captured" }, fees.ErrBadQuery,
			"bad fee query: event, currency and date are required: event captured, merchant m, method UPI, region IN, currency INR, on 2026-01-15"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q := query()
			tc.edit(&q)
			_, err := fees.Table{row("a", "1", fees.Match{Method: "CARD"})}.Select(q)
			if !errors.Is(err, tc.want) {
				t.Fatalf("error %v, want %v", err, tc.want)
			}
			diff(t, tc.text, err.Error())
			var facts *fees.NoScheduleError
			if errors.As(err, &facts) {
				diff(t, q, facts.Query)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	table := fees.Table{row("a", "1", fees.Match{}), row("a", "2", fees.Match{}), row("b", "2", fees.Match{})}
	got, ok := table.Find("a", "2")
	if !ok || got != &table[1] {
		t.Errorf("a 2: %v, %v", got, ok)
	}
	if got, ok := table.Find("b", "1"); ok {
		t.Errorf("b 1: found %v", got)
	}
}

// TestSelectNamed: what is optional is priced only by schedules that name its event.
func TestSelectNamed(t *testing.T) {
	t.Parallel()
	anything := row("anything", "1", fees.Match{Currency: money.MustCurrency("INR")})
	for _, event := range fees.Events() {
		t.Run(string(event), func(t *testing.T) {
			t.Parallel()
			q := query()
			q.Event = event
			if s, err := (fees.Table{anything}).SelectNamed(q); s != nil || err != nil {
				t.Fatalf("selected %v (%v), want none", s, err)
			}
			named := row("named", "1", fees.Match{Event: event})
			s, err := fees.Table{anything, named}.SelectNamed(q)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "named", s.ID)
		})
	}
	if _, err := (fees.Table{anything}).SelectNamed(fees.Query{Event: fees.EventFX}); !errors.Is(err, fees.ErrBadQuery) {
		t.Fatalf("error %v, want %v", err, fees.ErrBadQuery)
	}
}
