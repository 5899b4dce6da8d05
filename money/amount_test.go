package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

func TestAmountArithmetic(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, a, b, sum, difference string }{
		{"zeros", "0", "0", "0", "0"},
		{"small", "40000", "250", "40250", "39750"},
		{"across zero", "-5", "3", "-2", "-8"},
		{"carry into the high word", "18446744073709551615", "1", "18446744073709551616", "18446744073709551614"},
		{"borrow from the high word", "18446744073709551616", "-1", "18446744073709551615", "18446744073709551617"},
		{"up to the limit", strings.Repeat("9", 37) + "8", "1", limit, strings.Repeat("9", 37) + "7"},
		{"limit less limit", limit, limit, "overflow", "0"},
		{"limit and its negative", limit, "-" + limit, "0", "overflow"},
		{"one past the limit", limit, "1", "overflow", strings.Repeat("9", 37) + "8"},
		{"one past the negative limit", "-" + limit, "-1", "overflow", "-" + strings.Repeat("9", 37) + "8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check := func(what, want string, got money.Amount, err error) {
				if want == "overflow" {
					wantError(t, money.ErrOverflow, tc.a, err)
					return
				}
				if diff := cmp.Diff(minor(t, want), got); err != nil || diff != "" {
					t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
				}
			}
			a, b := minor(t, tc.a), minor(t, tc.b)
			sum, err := a.Add(b)
			check("sum", tc.sum, sum, err)
			difference, err := a.Sub(b)
			check("difference", tc.difference, difference, err)
		})
	}
}

func TestAmountAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		x, y := bigOf(a), bigOf(b)
		sum, err := a.Add(b)
		wantBig(t, "a + b", new(big.Int).Add(x, y), sum, err)
		difference, err := a.Sub(b)
		wantBig(t, "a - b", new(big.Int).Sub(x, y), difference, err)
		wantBig(t, "-a", new(big.Int).Neg(x), a.Neg(), nil)
		wantBig(t, "|a|", new(big.Int).Abs(x), a.Abs(), nil)
		if a.Cmp(b) != x.Cmp(y) || a.Equal(b) != (x.Cmp(y) == 0) || (a == b) != (x.Cmp(y) == 0) {
			t.Fatalf("Cmp(%v, %v) = %d", a, b, a.Cmp(b))
		}
		if a.Sign() != x.Sign() || a.IsZero() != (x.Sign() == 0) {
			t.Fatalf("Sign(%v) = %d", a, a.Sign())
		}
		if lo, hi := money.Min(a, b), money.Max(a, b); lo.Cmp(hi) > 0 || (lo != a || hi != b) && (lo != b || hi != a) {
			t.Fatalf("Min, Max of %v and %v = %v, %v", a, b, lo, hi)
		}
		if n, ok := a.Int64(); ok != x.IsInt64() || ok && n != x.Int64() {
			t.Fatalf("Int64(%v) = %d, %t", a, n, ok)
		}
	})
}

func TestSumAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(amounts(), 0, 12).Draw(t, "terms")
		want := new(big.Int)
		for _, a := range terms {
			want.Add(want, bigOf(a))
		}
		got, err := money.Sum(terms...)
		wantBig(t, "sum", want, got, err)
	})
}

func TestSumLooksAtTheTotalOnly(t *testing.T) {
	t.Parallel()
	got, err := money.Sum(minors(t, limit, limit, limit, "7", "-"+limit, "-"+limit, "-"+limit)...)
	if diff := cmp.Diff(money.Minor(7), got); err != nil || diff != "" {
		t.Errorf("sum: %v (-want +got):\n%s", err, diff)
	}
	_, err = money.Sum(minors(t, limit, "1")...)
	wantError(t, money.ErrOverflow, "sum of 2 amounts", err)
	// Three limits are 3*10^38-3, just below 2^128: in two words they would look like a small negative amount.
	_, err = money.Sum(minors(t, limit, limit, limit)...)
	wantError(t, money.ErrOverflow, "sum of 3 amounts", err)
}

func TestMinor(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 1, -1, 16180, -16180, math.MaxInt64, math.MinInt64} {
		a := money.Minor(n)
		if bigOf(a).Cmp(big.NewInt(n)) != 0 || a.String() != big.NewInt(n).String() {
			t.Errorf("Minor(%d) = %v", n, a)
		}
		if back, ok := a.Int64(); !ok || back != n {
			t.Errorf("Minor(%d).Int64() = %d, %t", n, back, ok)
		}
	}
}

func TestParseMinor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, want string
		err              error
		says             string
	}{
		{name: "zero", text: "0", want: "0"},
		{name: "negative zero", text: "-0", want: "0"},
		{name: "plain", text: "16180", want: "16180"},
		{name: "negative", text: "-16180", want: "-16180"},
		{name: "leading zeros", text: strings.Repeat("0", 60) + "7", want: "7"},
		{name: "19 digits", text: "9999999999999999999", want: "9999999999999999999"},
		{name: "20 digits", text: "10000000000000000000", want: "10000000000000000000"},
		{name: "zeros between the halves", text: "10000000000000000000000000001", want: "10000000000000000000000000001"},
		{name: "limit", text: limit, want: limit},
		{name: "negative limit", text: "-" + limit, want: "-" + limit},
		{name: "past the limit", text: "1" + strings.Repeat("0", 38), err: money.ErrOverflow, says: "39 digits"},
		{name: "past the negative limit", text: "-1" + strings.Repeat("0", 38), err: money.ErrOverflow, says: "39 digits"},
		{name: "long text is cut", text: strings.Repeat("x", 100), err: money.ErrBadAmount, says: `x"...`},
		{name: "empty", text: "", err: money.ErrBadAmount},
		{name: "only a sign", text: "-", err: money.ErrBadAmount},
		{name: "two signs", text: "--1", err: money.ErrBadAmount},
		{name: "plus", text: "+1", err: money.ErrBadAmount},
		{name: "point", text: "1.5", err: money.ErrBadAmount, says: `"1.5" is not an integer number of minor units`},
		{name: "exponent", text: "1e5", err: money.ErrBadAmount},
		{name: "space", text: " 1", err: money.ErrBadAmount},
		{name: "separator", text: "1,000", err: money.ErrBadAmount},
		{name: "underscore", text: "1_000", err: money.ErrBadAmount},
		{name: "Bengali digits", text: "১২", err: money.ErrBadAmount},
		{name: "just below the digits", text: "/", err: money.ErrBadAmount},
		{name: "just above the digits", text: ":", err: money.ErrBadAmount},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.ParseMinor(tc.text)
			if tc.err != nil {
				wantError(t, tc.err, tc.says, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAmountRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		if want := bigOf(a).String(); a.String() != want {
			t.Fatalf("String = %s, want %s", a, want)
		}
		if back := minor(t, a.String()); back != a {
			t.Fatalf("ParseMinor(%s) = %v", a, back)
		}
		if back, err := money.FromBytes(a.Bytes()); err != nil || back != a {
			t.Fatalf("FromBytes(%x) = %v, %v", a.Bytes(), back, err)
		}
		text, err := json.Marshal(a)
		if err != nil || string(text) != `"`+a.String()+`"` {
			t.Fatalf("json.Marshal(%v) = %s, %v", a, text, err)
		}
		var back money.Amount
		if err := json.Unmarshal(text, &back); err != nil || back != a {
			t.Fatalf("json.Unmarshal(%s) = %v, %v", text, back, err)
		}
	})
}

func TestAmountBytes(t *testing.T) {
	t.Parallel()
	word := func(first, rest byte) (b [16]byte) {
		for i := range b {
			b[i] = rest
		}
		b[0] = first
		return b
	}
	if diff := cmp.Diff(word(0xff, 0xff), money.Minor(-1).Bytes()); diff != "" {
		t.Errorf("bytes of -1 (-want +got):\n%s", diff)
	}
	past := minor(t, limit).Bytes() // ends in ff: one more carries into the byte before
	past[15], past[14], past[13], past[12], past[11] = 0, 0, 0, 0, 0x40
	for name, b := range map[string][16]byte{
		"10^38": past, "2^127-1": word(0x7f, 0xff), "-2^127": word(0x80, 0),
	} {
		if got, err := money.FromBytes(b); err == nil {
			t.Errorf("FromBytes(%s) = %v, want ErrOverflow", name, got)
		} else {
			wantError(t, money.ErrOverflow, "bytes", err)
		}
	}
}

func TestAmountJSONRefusesNumbers(t *testing.T) {
	t.Parallel()
	var a money.Amount
	for _, text := range []string{`12345`, `""`, `"1.5"`, `true`} {
		if err := json.Unmarshal([]byte(text), &a); err == nil {
			t.Errorf("json.Unmarshal(%s) = %v, want an error", text, a)
		}
	}
	if !a.IsZero() {
		t.Errorf("a failed read left %v", a)
	}
}

// Not parallel: it counts the allocations of the whole program.
func TestAmountArithmeticAllocatesNothing(t *testing.T) {
	a, b := minor(t, limit), minor(t, "-18446744073709551616")
	var sum, difference, back money.Amount
	count := testing.AllocsPerRun(100, func() {
		sum, _ = a.Add(b)
		difference, _ = b.Sub(b)
		back, _ = money.FromBytes(a.Neg().Bytes())
		_ = a.Cmp(b) + sum.Sign() + difference.Sign() + back.Sign()
	})
	if count != 0 {
		t.Errorf("%v allocations", count)
	}
}
