package money_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

// exacts draws figures as fees make them: amounts and what rates make of amounts.
func exacts() *rapid.Generator[money.Exact] {
	return rapid.OneOf(
		rapid.Map(amounts(), money.ExactOf),
		rapid.Custom(func(t *rapid.T) money.Exact { return rates().Draw(t, "rate").Of(amounts().Draw(t, "amount")) }),
	)
}

func TestExactAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, f := exacts().Draw(t, "e"), exacts().Draw(t, "f")
		m := roundings().Draw(t, "m")
		x, y := ratOf(t, e.String()), ratOf(t, f.String())
		sum, err := e.Add(f)
		if err != nil || ratOf(t, sum.String()).Cmp(new(big.Rat).Add(x, y)) != 0 {
			t.Fatalf("%v + %v = %v, %v", e, f, sum, err)
		}
		difference, err := e.Sub(f)
		if err != nil || ratOf(t, difference.String()).Cmp(new(big.Rat).Sub(x, y)) != 0 {
			t.Fatalf("%v - %v = %v, %v", e, f, difference, err)
		}
		if e.Cmp(f) != x.Cmp(y) || e.Equal(f) != (x.Cmp(y) == 0) {
			t.Fatalf("Cmp(%v, %v) = %d", e, f, e.Cmp(f))
		}
		for _, operand := range []money.Exact{e, f, sum, difference} {
			rounded, err := operand.Round(m)
			wantBig(t, m.String()+" of "+operand.String(), roundRat(ratOf(t, operand.String()), m), rounded, err)
		}
		if x.Cmp(ratOf(t, e.String())) != 0 || y.Cmp(ratOf(t, f.String())) != 0 {
			t.Fatalf("operands changed to %v and %v", e, f)
		}
	})
}

func TestExactRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := exacts().Draw(t, "e")
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back money.Exact
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(e) || back.String() != e.String() {
			t.Fatalf("json.Unmarshal(%s) = %v, %v", text, back, err)
		}
	})
}

func TestExactString(t *testing.T) {
	t.Parallel()
	var zero money.Exact
	for _, tc := range []struct {
		name string
		e    money.Exact
		want string
	}{
		{"zero value", zero, "0"},
		{"amount", money.ExactOf(money.Minor(40000)), "40000"},
		{"negative amount", money.ExactOf(money.Minor(-5)), "-5"},
		{"fraction", money.MustRate("1.85%").Of(money.Minor(99_999)), "1849.9815"},
		{"whole after all", money.MustRate("2%").Of(money.Minor(40_000)), "800"},
		{"below one", money.MustRate("2.5%").Of(money.Minor(-20)), "-0.5"},
		{"negative rate of zero", money.MustRate("-2.5%").Of(money.Minor(0)), "0"},
		{"smallest", money.MustRate("0.000000000000000001").Of(money.Minor(1)), "0.000000000000000001"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, tc.e.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExactUnmarshalText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, want string
		err              error
	}{
		{name: "zero", text: "-0.00", want: "0"},
		{name: "fraction", text: "1849.98150", want: "1849.9815"},
		{name: "negative", text: "-0.5", want: "-0.5"},
		{name: "widest", text: strings.Repeat("9", 82) + "." + strings.Repeat("9", 18), want: strings.Repeat("9", 82) + "." + strings.Repeat("9", 18)},
		{name: "too wide", text: strings.Repeat("9", 101), err: money.ErrOverflow},
		{name: "too wide, with fraction", text: strings.Repeat("9", 100) + ".5", err: money.ErrOverflow},
		{name: "too fine", text: "0." + strings.Repeat("0", 18) + "1", err: money.ErrBadAmount},
		{name: "empty", text: "", err: money.ErrBadAmount},
		{name: "exponent", text: "1E5", err: money.ErrBadAmount},
		{name: "not a number", text: "NaN", err: money.ErrBadAmount},
		{name: "infinite", text: "-Infinity", err: money.ErrBadAmount},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := money.ExactOf(money.Minor(7))
			err := e.UnmarshalText([]byte(tc.text))
			if tc.err != nil {
				wantError(t, tc.err, "", err)
				tc.want = "7" // left alone
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, e.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExactOverflows(t *testing.T) {
	t.Parallel()
	var widest money.Exact
	if err := widest.UnmarshalText([]byte(strings.Repeat("9", 100))); err != nil {
		t.Fatal(err)
	}
	half := money.MustRate("0.5").Of(money.Minor(1))
	_, err := widest.Add(money.ExactOf(money.Minor(1)))
	wantError(t, money.ErrOverflow, " + 1", err)
	_, err = widest.Add(half)
	wantError(t, money.ErrOverflow, " + 0.5", err)
	_, err = widest.Sub(half)
	wantError(t, money.ErrOverflow, " - 0.5", err)
	_, err = widest.Round(money.Down)
	wantError(t, money.ErrOverflow, "999", err)
}

// A product of 38 by 38 digits is exact, whatever is done with it afterwards.
func TestWidestProduct(t *testing.T) {
	t.Parallel()
	rate := money.MustRate(strings.Repeat("9", 20) + "." + strings.Repeat("9", 18))
	product := rate.Of(minor(t, limit))
	want := new(big.Rat).Mul(ratOf(t, rate.String()), new(big.Rat).SetInt(bigLimit))
	if ratOf(t, product.String()).Cmp(want) != 0 {
		t.Errorf("product = %v, want %v", product, want)
	}
	_, err := product.Round(money.HalfEven)
	wantError(t, money.ErrOverflow, "", err)
}

func TestQuotient(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                      string
		a, numerator, denominator int64
		want                      string
		err                       error
	}{
		{"whole", 6, 4, 3, "8", nil},
		{"a fraction", 1500, 850, 1000, "1275", nil},
		{"digits", 99999, 1, 100000, "0.99999", nil},
		{"negative", -1, 1, 8, "-0.125", nil},
		{"a third", 1, 1, 3, "", money.ErrInexact},
		{"too many digits", 1, 1, 1 << 20, "", money.ErrInexact},
		{"of nothing", 1, 1, 0, "", money.ErrZeroDenominator},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.Quotient(money.Minor(tc.a), money.Minor(tc.numerator), money.Minor(tc.denominator))
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if err == nil && got.String() != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
