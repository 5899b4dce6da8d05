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

func BenchmarkSelect(b *testing.B) {
	table, q := hundred(b), captured("merchant-025")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Select(q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompute(b *testing.B) {
	s := hundred(b)[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Compute(money.Minor(99999)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelectCompute(b *testing.B) {
	table, q := hundred(b), captured("merchant-025")
	b.ReportAllocs()
	for b.Loop() {
		s, err := table.Select(q)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Compute(money.Minor(99999)); err != nil {
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
