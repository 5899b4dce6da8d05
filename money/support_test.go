package money_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

// limit is the largest amount there is, 10^38-1.
var limit = strings.Repeat("9", 38)

var (
	bigOne   = big.NewInt(1)
	bigLimit = new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil), bigOne)
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func minor(t fataler, s string) money.Amount {
	t.Helper()
	a, err := money.ParseMinor(s)
	if err != nil {
		t.Fatalf("ParseMinor(%q): %v", s, err)
	}
	return a
}

func minors(t fataler, texts ...string) []money.Amount {
	t.Helper()
	amounts := make([]money.Amount, len(texts))
	for i, s := range texts {
		amounts[i] = minor(t, s)
	}
	return amounts
}

// bigOf reads the bytes of a, not its text, so that the two check each other.
func bigOf(a money.Amount) *big.Int {
	b := a.Bytes()
	n := new(big.Int).SetBytes(b[:])
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(bigOne, 128))
	}
	return n
}

// amounts draws small figures, figures around the borders of words, and figures of any width, of both signs.
func amounts() *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount {
		text := rapid.OneOf(
			rapid.StringMatching(`[0-9]{1,6}`),
			rapid.StringMatching(`[0-9]{1,38}`),
			rapid.SampledFrom([]string{
				"9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
				"9999999999999999999", "10000000000000000000", limit, "1" + strings.Repeat("0", 37),
				strings.Repeat("9", 37) + "8", "5" + strings.Repeat("0", 37), "4" + strings.Repeat("9", 37),
			}),
		).Draw(t, "digits")
		if rapid.Bool().Draw(t, "negative") {
			text = "-" + text
		}
		return minor(t, text)
	})
}

func roundings() *rapid.Generator[money.Rounding] {
	return rapid.SampledFrom([]money.Rounding{money.HalfEven, money.HalfUp, money.Down, money.Up})
}

// wantBig compares a result with the figure math/big makes of it: equal, or ErrOverflow when that is out of range.
func wantBig(t fataler, what string, want *big.Int, got money.Amount, err error) {
	t.Helper()
	if want.CmpAbs(bigLimit) > 0 {
		if !errors.Is(err, money.ErrOverflow) {
			t.Fatalf("%s = %v, %v, want ErrOverflow for %v", what, got, err, want)
		}
		if !got.IsZero() {
			t.Fatalf("%s returned %v beside an error", what, got)
		}
		return
	}
	if err != nil || bigOf(got).Cmp(want) != 0 {
		t.Fatalf("%s = %v, %v, want %v", what, got, err, want)
	}
}

// roundRat is the naive reference of every rounding.
func roundRat(r *big.Rat, m money.Rounding) *big.Int {
	quotient, rest := new(big.Int).QuoRem(new(big.Int).Abs(r.Num()), r.Denom(), new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(r.Denom())
	odd := quotient.Bit(0) == 1
	up := rest.Sign() != 0 && map[money.Rounding]bool{
		money.HalfEven: half > 0 || half == 0 && odd,
		money.HalfUp:   half >= 0,
		money.Down:     false,
		money.Up:       true,
	}[m]
	if up {
		quotient.Add(quotient, bigOne)
	}
	if r.Sign() < 0 {
		quotient.Neg(quotient)
	}
	return quotient
}

func wantError(t *testing.T, want error, text string, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error = %v, want %v", got, want)
	}
	if got != nil && !strings.Contains(got.Error(), text) {
		t.Fatalf("error = %q, want it to say %q", got, text)
	}
}
