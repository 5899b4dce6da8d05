package fees_test

import (
	"fmt"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// hundred is a table of 100 schedules: one per merchant, with two versions each, and the platform's defaults.
func hundred(tb testing.TB) fees.Table {
	tb.Helper()
	var table fees.Table
	for i := range 49 {
		match := fees.Match{Merchant: fmt.Sprintf("merchant-%03d", i), Method: "UPI", Currency: money.MustCurrency("INR"), Event: fees.EventCapture}
		for v, day := range []string{"2025-01-01", "2026-01-01"} {
			s := row(fmt.Sprintf("upi-%03d", i), fmt.Sprint(v), match, from(day))
			s.Tax = gst()
			table = append(table, s)
		}
	}
	for _, method := range []string{"UPI", "CARD"} {
		table = append(table, row("default-"+method, "1", fees.Match{Method: method, Currency: money.MustCurrency("INR"), Event: fees.EventCapture}))
	}
	if err := table.Validate(); err != nil {
		tb.Fatal(err)
	}
	return table
}

// captured asks for the fee of a capture.
func captured(merchant string) fees.Query {
	return fees.Query{
		Merchant: merchant, Method: "UPI", Region: "IN", Currency: money.MustCurrency("INR"), Event: fees.EventCapture,
		On: calendar.MustDate("2026-01-15"),
	}
}

// costly gives a schedule of the table what a price can have, so that the benchmark is of no easy one.
func costly(table fees.Table) fees.Table {
	for i := range table {
		table[i].Components[0].Fixed = new(money.Minor(300))
		table[i].Components[0].Max = new(money.Minor(200000))
		table[i].Tax = gst()
	}
	return table
}

func BenchmarkSelect(b *testing.B) {
	table, q := hundred(b), captured("merchant-025")
	for _, of := range []struct {
		name     string
		selector interface {
			Select(fees.Query) (*fees.Schedule, error)
		}
	}{{"table", table}, {"index", fees.NewIndex(table)}} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := of.selector.Select(q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompute(b *testing.B) {
	s := costly(hundred(b))[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Compute(money.Minor(99999)); err != nil {
			b.Fatal(err)
		}
	}
}

// oneFee gives what the price of one payment takes: chosen among 100 schedules, percent, fixed and cap, with its tax.
func oneFee(tb testing.TB) func() error {
	tb.Helper()
	index, q := fees.NewIndex(costly(hundred(tb))), captured("merchant-025")
	return func() error {
		s, err := index.Select(q)
		if err != nil {
			return err
		}
		_, err = s.Compute(money.Minor(99999))
		return err
	}
}

func BenchmarkFee(b *testing.B) {
	fee := oneFee(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := fee(); err != nil {
			b.Fatal(err)
		}
	}
}

// Every payment has its fee chosen and computed: that makes garbage of two slices at most, its components and what its tax is split in. Not
// parallel: it counts the allocations of the whole program.
func TestFeeAllocatesLittle(t *testing.T) {
	fee := oneFee(t)
	count := testing.AllocsPerRun(100, func() {
		if err := fee(); err != nil {
			t.Fatal(err)
		}
	})
	if count > 2 {
		t.Errorf("%v allocations, want at most 2", count)
	}
}

// BenchmarkTieredFee is the same where the price goes by what came before, across the end of a tier.
func BenchmarkTieredFee(b *testing.B) {
	table := costly(hundred(b))
	for i := range table {
		table[i].Components[0].Rate, table[i].Components[0].Tiers = money.Rate{}, tiered(fees.Graduated).Components[0].Tiers
	}
	index, q := fees.NewIndex(table), captured("merchant-025")
	before := &fees.Counter{Period: "2026-01", Amount: money.Minor(50000)}
	b.ReportAllocs()
	for b.Loop() {
		s, err := index.Select(q)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Price(&fees.Input{Amount: money.Minor(99999), Before: before}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReturned(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fees.Returned(money.Minor(2001), money.Minor(100000), money.Minor(33333), money.Minor(33333), money.HalfEven); err != nil {
			b.Fatal(err)
		}
	}
}
