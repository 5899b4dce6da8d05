package fees_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// TestCandidates: who could be chosen, in the order of the selection, and what decided.
func TestCandidates(t *testing.T) {
	t.Parallel()
	upi := fees.Match{Method: "UPI"}
	for _, tc := range []struct {
		name  string
		table fees.Table
		want  []string // id, version, why; the first is chosen
	}{
		{"nothing", fees.Table{row("a", "1", fees.Match{Method: "CARD"})}, nil},
		{"one", fees.Table{row("a", "1", upi)}, []string{"a 1 only_one"}},
		{"most bound", fees.Table{row("a", "1", fees.Match{}, priority(9)), row("b", "1", upi)}, []string{"b 1 bound", "a 1 bound"}},
		{"priority", fees.Table{row("a", "1", upi, from("2026-01-02")), row("b", "1", upi, priority(1))}, []string{"b 1 priority", "a 1 priority"}},
		{"first day", fees.Table{row("a", "1", upi), row("b", "1", upi, from("2026-01-01"))}, []string{"b 1 effective_from", "a 1 effective_from"}},
		{"id", fees.Table{row("b", "1", upi), row("a", "1", upi)}, []string{"a 1 id", "b 1 id"}},
		{"what does not stand", fees.Table{
			row("a", "1", upi), row("a", "2", upi, from("2026-01-01")), row("b", "1", upi, to("2025-12-31")), row("c", "1", fees.Match{}),
		}, []string{"a 2 bound", "c 1 bound", "a 1 superseded", "b 1 not_in_force"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for i, c := range tc.table.Candidates(query()) {
				got = append(got, c.Schedule.ID+" "+c.Schedule.Version+" "+string(c.Why))
				diff(t, i == 0, c.Chosen)
			}
			diff(t, tc.want, got)
		})
	}
}

// TestCandidatesChooseAsSelect: the candidate that is chosen is the schedule that is selected.
func TestCandidatesChooseAsSelect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := anyTable(t)
		q := query()
		q.Event, q.On = rapid.SampledFrom(fees.Events()).Draw(t, "query event"), q.On.AddDays(rapid.IntRange(-9, 9).Draw(t, "day"))
		choose := table.Select
		if q.Event.Optional() {
			choose = table.SelectNamed
		}
		want, _ := choose(q) // nothing matches: nil
		var got *fees.Schedule
		for _, c := range table.Candidates(q) {
			if c.Chosen {
				got = c.Schedule
			}
		}
		if got != want {
			t.Fatalf("selected %v, chosen %v", want, got)
		}
	})
}

// anyTable draws a valid table, with a currency bound or not.
func anyTable(t *rapid.T) (table fees.Table) {
	values := func(v string) *rapid.Generator[string] { return rapid.SampledFrom([]string{"", v, "other"}) }
	for i := range rapid.IntRange(0, 14).Draw(t, "schedules") {
		match := fees.Match{
			Merchant: values("m").Draw(t, "merchant"), Method: values("UPI").Draw(t, "method"), Region: values("IN").Draw(t, "region"),
			Brand: values("visa").Draw(t, "brand"), Event: rapid.SampledFrom(append(fees.Events(), "")).Draw(t, "event"),
		}
		switch match.Event {
		case fees.EventSettlement, fees.EventInstant, fees.EventFX: // have neither
			match.Method, match.Brand = "", ""
		}
		if rapid.Bool().Draw(t, "currency") {
			match.Currency = money.MustCurrency("INR")
		}
		day := from("2026-01-01") // two versions of an id never begin on the same day
		id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")
		s := row(id, string(rune('a'+i)), match, day, priority(rapid.IntRange(0, 1).Draw(t, "priority")))
		s.EffectiveFrom = s.EffectiveFrom.AddDays(i)
		if rapid.Bool().Draw(t, "ends") {
			s.EffectiveTo = s.EffectiveFrom.AddDays(rapid.IntRange(0, 9).Draw(t, "days"))
		}
		table = append(table, s)
	}
	if err := table.Validate(); err != nil {
		t.Fatal(err)
	}
	return table
}
