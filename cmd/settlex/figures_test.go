package main

import (
	"testing"

	"github.com/settlex/settlex/money"
)

func TestFigure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, currency string
		minor          string
		want           string
	}{
		{"zero", "INR", "0", "0.00"},
		{"below one", "INR", "-5", "-0.05"},
		{"three digits", "PKR", "99999", "999.99"},
		{"a thousand", "PKR", "100000", "1,000.00"},
		{"negative, with all its digits", "BDT", "-123456789012", "-1,234,567,890.12"},
		{"negative, a full group", "BDT", "-12345600", "-123,456.00"},
		{"no minor unit", "JPY", "1234567", "1,234,567"},
		{"three fraction digits", "KWD", "1234567", "1,234.567"},
		{"as large as amounts get", "INR", "99999999999999999999999999999999999999", "999,999,999,999,999,999,999,999,999,999,999,999.99"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			amount, err := money.ParseMinor(test.minor)
			if err != nil {
				t.Fatal(err)
			}
			if got := figure(money.MustCurrency(test.currency), amount); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 batches", 1: "1 batch", 2: "2 batches", 12345: "12,345 batches"} {
		if got := count(n, "batch", "batches"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
