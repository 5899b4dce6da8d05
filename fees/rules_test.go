package fees_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// Rule 1: most bound dimensions, then priority, then latest effective_from, then id; exactly one; none is an error, never 0. So
// it is by every fact that can be bound.
func TestRule1Selection(t *testing.T) {
	t.Parallel()
	inr := money.MustCurrency("INR")
	full := fees.Query{
		Merchant: "m", Method: "CARD", Brand: "visa", Funding: "debit", Region: "IN", Currency: inr, Event: fees.EventCapture,
		On: calendar.MustDate("2026-01-15"), Domestic: new(false),
	}
	for _, tc := range []struct {
		name  string
		match fees.Match
		bound int
	}{
		{"merchant", fees.Match{Merchant: "m"}, 1},
		{"method", fees.Match{Method: "CARD"}, 1},
		{"brand", fees.Match{Brand: "visa"}, 1},
		{"funding", fees.Match{Funding: "debit"}, 1},
		{"border", fees.Match{Domestic: new(false)}, 1},
		{"region", fees.Match{Region: "IN"}, 1},
		{"currency", fees.Match{Currency: inr}, 1},
		{"event", fees.Match{Event: fees.EventCapture}, 1},
		{"all", fees.Match{
			Merchant: "m", Method: "CARD", Brand: "visa", Funding: "debit", Domestic: new(false), Region: "IN", Currency: inr, Event: fees.EventCapture,
		}, 8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			table := fees.Table{
				row("a", "1", fees.Match{}, priority(99), from("2026-01-14")),
				row("d", "1", tc.match, from("2026-01-02")), row("c", "1", tc.match, from("2026-01-03")), row("b", "1", tc.match, from("2026-01-03")),
				row("e", "1", tc.match, priority(1)),
			}
			diff(t, tc.bound, tc.match.Bound())
			for _, want := range []string{"e", "b", "c", "d", "a"} { // each that is chosen is then taken away
				got, err := table.Select(full)
				if err != nil {
					t.Fatal(err)
				}
				diff(t, want, got.ID)
				table = without(table, got.ID)
			}
			if _, err := table.Select(full); !errors.Is(err, fees.ErrNoSchedule) {
				t.Errorf("error %v, want %v", err, fees.ErrNoSchedule)
			}
		})
	}
}

// without is a table that lacks an id.
func without(table fees.Table, id string) (rest fees.Table) {
	for i := range table {
		if table[i].ID != id {
			rest = append(rest, table[i])
		}
	}
	return rest
}

// Rule 3: exact decimals; nothing loses a digit but in the one rounding.
func TestRule3ExactDecimals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ rate, amount, raw, fee string }{
		{"1.85%", "999.99", "1849.9815", "18.50"},
		{"0.123456789012345678", "0.01", "0.123456789012345678", "0.00"},
		{"33.333333333333333%", "99999999999.99", "3333333333332.99996666666666667", "33333333333.33"},
	} {
		fee := compute(t, percent(tc.rate), inr(t, tc.amount))
		diff(t, tc.raw, fee.Parts[0].Raw.String())
		diff(t, inr(t, tc.fee), fee.Fee)
	}
	third := percent("0")
	third.Components[0].Unit = &fees.Unit{Size: money.Minor(3), Price: money.Minor(1)}
	if _, err := third.Compute(money.Minor(1)); !errors.Is(err, money.ErrInexact) {
		t.Errorf("error %v, want %v", err, money.ErrInexact)
	}
}

// Rule 4: component raw, component min and max, sum, one rounding (or each, where reported apart), schedule min and max, tax.
// Any other order would give another figure.
func TestRule4Order(t *testing.T) {
	t.Parallel()
	s := percent("1.005%")
	s.Tax = gst()
	for _, tc := range []struct {
		name     string
		edit     func(*fees.Schedule)
		fee, tax string
	}{
		{"one rounding of 1.005 and 1.005", func(s *fees.Schedule) {
			s.Components = append(s.Components, fees.Component{Kind: "scheme", Rate: money.MustRate("1.005%")})
		}, "2.01", "0.36"},
		{"a rounding each", func(s *fees.Schedule) {
			s.Components = append(s.Components, fees.Component{Kind: "scheme", Rate: money.MustRate("1.005%")})
			s.Rounding.Per = fees.PerComponent
		}, "2.00", "0.36"},
		{"the component's limits before the sum", func(s *fees.Schedule) {
			s.Components[0].Min = new(money.Minor(150))
			s.Components = append(s.Components, fees.Component{Kind: "scheme", Rate: money.MustRate("4%"), Max: new(money.Minor(100))})
		}, "2.50", "0.45"},
		{"the schedule's limits after it, before tax", func(s *fees.Schedule) {
			s.Components = append(s.Components, fees.Component{Kind: "scheme", Rate: money.MustRate("4%")})
			s.Max = new(money.Minor(300))
		}, "3.00", "0.54"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := s
			s.Components = append([]fees.Component{}, s.Components...)
			tc.edit(&s)
			fee := compute(t, s, inr(t, "100"))
			diff(t, inr(t, tc.fee), fee.Fee)
			diff(t, inr(t, tc.tax), fee.Tax)
		})
	}
}

// Rule 5: half-even to the minor unit by default, the others by choice.
func TestRule5Rounding(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rate, amount string
		even, up     string
	}{
		{"2.5%", "0.20", "0.00", "0.01"},
		{"0.2%", "12.50", "0.02", "0.03"},
		{"1.85%", "999.99", "18.50", "18.50"},
		{"18%", "18.50", "3.33", "3.33"},
		{"2%", "400", "8.00", "8.00"},
		{"1.35%", "850", "11.48", "11.48"},
	} {
		s := percent(tc.rate)
		diff(t, inr(t, tc.even), compute(t, s, inr(t, tc.amount)).Fee)
		s.Rounding.Mode = money.HalfUp
		diff(t, inr(t, tc.up), compute(t, s, inr(t, tc.amount)).Fee)
	}
}

// Rule 6: tax on the rounded fee, split by largest remainder; fee and tax are disjoint. An instant settlement of 2,000.00 costs
// 5.00 and 0.90, and pays 1,994.10.
func TestRule6Tax(t *testing.T) {
	t.Parallel()
	s := percent("0.25%")
	s.Match.Event, s.Tax = fees.EventInstant, gst()
	selected, err := fees.Table{s}.SelectNamed(fees.Query{Event: fees.EventInstant, Currency: money.MustCurrency("INR"), On: calendar.MustDate("2026-03-02")})
	if err != nil {
		t.Fatal(err)
	}
	fee := compute(t, *selected, inr(t, "2000.00"))
	diff(t, inr(t, "5.00"), fee.Fee)
	diff(t, inr(t, "0.90"), fee.Tax)
	total, err := fee.Total()
	if err != nil {
		t.Fatal(err)
	}
	net, err := inr(t, "2000.00").Sub(total)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, inr(t, "1994.10"), net)

	s.Tax.Split = []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}}
	diff(t, []fees.TaxLine{line("cgst", 17), line("sgst", 16)}, compute(t, s, inr(t, "733.33")).Taxes) // 0.33 on 1.83
}

// Rule 7: what was counted is given, so the same value before gives the same fee, and another one another.
func TestRule7ValueBefore(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{"0": "8.00", "900": "6.50", "1000": "6.00"} {
		for range 2 {
			diff(t, inr(t, want), price(t, tiered(fees.Graduated), fees.Input{Amount: inr(t, "400"), Before: &fees.Counter{Amount: inr(t, before)}}).Fee)
		}
	}
}

// Rule 8: a fee keeps schedule version, component amounts, raw value and rounding difference.
func TestRule8Explanation(t *testing.T) {
	t.Parallel()
	s := interchange()
	s.Components[1].Max = new(money.Minor(100))
	s.Components = append(s.Components, fees.Component{Kind: "scheme", Rate: money.MustRate("0.0185%")})
	fee := price(t, s, fees.Input{Amount: inr(t, "999.99"), Cost: new(inr(t, "12.34"))})
	diff(t, "percent 1", fee.ScheduleID+" "+fee.Version)
	var got []string
	for _, p := range fee.Parts {
		got = append(got, p.Kind+": raw "+p.Raw.String()+" limit "+string(p.Limit)+" is "+p.Amount.String()+" rounding "+p.Rounding.String())
	}
	diff(t, []string{
		"interchange: raw 1234 limit  is 1234 rounding 0", "commission: raw 229.998 limit max is 100 rounding 0",
		"scheme: raw 18.499815 limit  is 18 rounding -0.499815",
	}, got)
}
