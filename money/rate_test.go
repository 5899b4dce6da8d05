package money_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, want string // no want: refused
	}{
		{"zero", "0", "0"},
		{"zero per cent", "0%", "0"},
		{"negative zero", "-0.00", "0"},
		{"decimal", "0.0185", "0.0185"},
		{"percent", "1.85%", "0.0185"},
		{"zeros at the end", "0.018500", "0.0185"},
		{"zeros before", "000.0185", "0.0185"},
		{"whole percent", "18%", "0.18"},
		{"ten percent", "10%", "0.1"},
		{"hundred percent", "100%", "1"},
		{"above one", "150%", "1.5"},
		{"whole", "120", "120"},
		{"negative", "-0.5%", "-0.005"},
		{"exchange rate", "83.1275", "83.1275"},
		{"smallest", "0.000000000000000001", "0.000000000000000001"},
		{"smallest in percent", "0.0000000000000001%", "0.000000000000000001"},
		{"zeros beyond the scale", "1.850000000000000000000000%", "0.0185"},
		{"widest", strings.Repeat("9", 20) + "." + strings.Repeat("9", 18), strings.Repeat("9", 20) + "." + strings.Repeat("9", 18)},
		{"widest whole", limit, limit},
		{"too small", "0.0000000000000000001", ""},
		{"too small in percent", "0.00000000000000001%", ""},
		{"too wide", "1" + limit, ""},
		{"too wide with fraction", strings.Repeat("9", 21) + "." + strings.Repeat("9", 18), ""},
		{"empty", "", ""},
		{"only a sign", "-", ""},
		{"only percent", "%", ""},
		{"two percents", "1%%", ""},
		{"percent before", "%1", ""},
		{"space before percent", "1 %", ""},
		{"plus", "+1%", ""},
		{"exponent", "1e-2", ""},
		{"decimal comma", "1,85%", ""},
		{"no digit before", ".5%", ""},
		{"no digit after", "5.%", ""},
		{"infinite", "Inf", ""},
		{"not a number", "NaN", ""},
		{"long", strings.Repeat("1", 1000), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.ParseRate(tc.text)
			if tc.want == "" {
				wantError(t, money.ErrBadRate, "bad rate: ", err)
				if len(err.Error()) > 200 {
					t.Errorf("error of %d bytes", len(err.Error()))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got != money.MustRate(tc.want) {
				t.Errorf("%s and %s are the same rate in two forms", tc.text, tc.want)
			}
		})
	}
}

func TestMustRatePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	money.MustRate("a tenth")
}

// rates draws every shape of text a rate may have.
func rates() *rapid.Generator[money.Rate] {
	return rapid.Custom(func(t *rapid.T) money.Rate {
		return money.MustRate(rapid.StringMatching(`-?([0-9]{1,3}|[0-9]{1,18})(\.[0-9]{1,5}|\.[0-9]{1,16})?%?`).Draw(t, "rate"))
	})
}

func ratOf(t fataler, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("math/big refuses %q", text)
	}
	return r
}

func TestRateAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, s, a := rates().Draw(t, "r"), rates().Draw(t, "s"), amounts().Draw(t, "a")
		x, y := ratOf(t, r.String()), ratOf(t, s.String())
		if r.Cmp(s) != x.Cmp(y) || (r == s) != (x.Cmp(y) == 0) || r.Equal(s) != (r == s) {
			t.Fatalf("Cmp(%v, %v) = %d", r, s, r.Cmp(s))
		}
		if r.Sign() != x.Sign() || r.IsZero() != (x.Sign() == 0) {
			t.Fatalf("Sign(%v) = %d", r, r.Sign())
		}
		numerator, denominator := r.Fraction()
		if x.Cmp(new(big.Rat).SetFrac(bigOf(numerator), bigOf(denominator))) != 0 {
			t.Fatalf("Fraction(%v) = %v / %v", r, numerator, denominator)
		}
		want := new(big.Rat).Mul(x, new(big.Rat).SetInt(bigOf(a)))
		if got := r.Of(a); ratOf(t, got.String()).Cmp(want) != 0 {
			t.Fatalf("%v of %v = %v, want %v", r, a, got, want)
		}
	})
}

func TestRateRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rates().Draw(t, "r")
		text, err := json.Marshal(r)
		if err != nil || string(text) != `"`+r.String()+`"` {
			t.Fatalf("json.Marshal(%v) = %s, %v", r, text, err)
		}
		var back money.Rate
		if err := json.Unmarshal(text, &back); err != nil || back != r {
			t.Fatalf("json.Unmarshal(%s) = %v, %v", text, back, err)
		}
	})
}

func TestRatePercentIsAHundredth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,16})?`).Draw(t, "text")
		percent := money.MustRate(text + "%")
		if want := new(big.Rat).Quo(ratOf(t, text), big.NewRat(100, 1)); ratOf(t, percent.String()).Cmp(want) != 0 {
			t.Fatalf("%s%% = %v, want %v", text, percent, want)
		}
	})
}

func TestRateUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	r := money.MustRate("18%")
	for _, text := range []string{`0.18`, `""`, `"18 %"`} {
		if err := json.Unmarshal([]byte(text), &r); err == nil {
			t.Errorf("json.Unmarshal(%s) = %v, want an error", text, r)
		}
	}
	if r != money.MustRate("0.18") {
		t.Errorf("a failed read left %v", r)
	}
}
