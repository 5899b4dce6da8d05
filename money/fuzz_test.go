package money_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/money"
)

var (
	minorShape  = regexp.MustCompile(`^-?[0-9]+$`)
	majorShape  = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	rateShape   = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?%?$`)
	exactShape  = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	seedFigures = []string{
		"", "0", "-0", "-", "1", "007", "400", "400.5", "400.", ".5", "4e2", "+1", " 1", "1,000", "0.0185", "1.85%", "-0.5%", "%",
		"99999999999999999999999999999999999999", "100000000000000000000000000000000000000", "9223372036854775808", "٤", "NaN", "\x00",
	}
)

func FuzzParseMinor(f *testing.F) {
	for _, s := range seedFigures {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.ParseMinor(s)
		if err != nil {
			if !a.IsZero() {
				t.Fatalf("%q: %v beside %v", s, a, err)
			}
			return
		}
		if !minorShape.MatchString(s) {
			t.Fatalf("accepted %q", s)
		}
		if back, err := money.ParseMinor(a.String()); err != nil || back != a {
			t.Fatalf("%q -> %v -> %v, %v", s, a, back, err)
		}
		if back, err := money.FromBytes(a.Bytes()); err != nil || back != a {
			t.Fatalf("%q -> %x -> %v, %v", s, a.Bytes(), back, err)
		}
	})
}

func FuzzCurrencyParse(f *testing.F) {
	all := slices.Collect(money.Currencies())
	for i, s := range seedFigures {
		f.Add(uint8(i*7), s)
	}
	f.Fuzz(func(t *testing.T, index uint8, s string) {
		c := all[int(index)%len(all)]
		a, err := c.Parse(s)
		if err != nil {
			if !a.IsZero() {
				t.Fatalf("%q: %v beside %v", s, a, err)
			}
			return
		}
		_, fraction, _ := strings.Cut(s, ".")
		if !majorShape.MatchString(s) || len(fraction) > c.Exponent() || a.Sign() < 0 {
			t.Fatalf("%s accepted %q as %v", c, s, a)
		}
		for _, text := range []string{c.Format(a), c.FormatShort(a)} {
			if back, err := c.Parse(text); err != nil || back != a {
				t.Fatalf("%q -> %s -> %v, %v", s, text, back, err)
			}
		}
	})
}

func FuzzParseCurrency(f *testing.F) {
	for _, s := range []string{"", "INR", "inr", "XXX", "PKRX", "P\x00R"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := money.ParseCurrency(s); (err == nil) == c.IsZero() || err == nil && c.String() != s {
			t.Fatalf("%q -> %v, %v", s, c, err)
		}
	})
}

func FuzzParseRate(f *testing.F) {
	for _, s := range seedFigures {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := money.ParseRate(s)
		if err != nil {
			if !r.IsZero() {
				t.Fatalf("%q: %v beside %v", s, r, err)
			}
			return
		}
		if !rateShape.MatchString(s) {
			t.Fatalf("accepted %q", s)
		}
		if back, err := money.ParseRate(r.String()); err != nil || back != r {
			t.Fatalf("%q -> %v -> %v, %v", s, r, back, err)
		}
		if of := r.Of(money.Minor(1)).String(); of != r.String() {
			t.Fatalf("%v of 1 is %s", r, of)
		}
	})
}

func FuzzExactUnmarshalText(f *testing.F) {
	for _, s := range seedFigures {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var e, back money.Exact
		if err := e.UnmarshalText([]byte(s)); err != nil {
			return
		}
		if !exactShape.MatchString(s) {
			t.Fatalf("accepted %q", s)
		}
		if err := back.UnmarshalText([]byte(e.String())); err != nil || !back.Equal(e) {
			t.Fatalf("%q -> %v -> %v, %v", s, e, back, err)
		}
	})
}
