package money

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// maxScale is the most fraction digits of a rate, and so of an exact figure; 10^18 is a word.
const maxScale = 18

// exactDigits bounds an exact figure; the product of an amount and a rate has at most 76 digits.
const exactDigits = 100

// exact is the context of all decimal arithmetic: whatever would lose a digit is an error.
var exact = apd.Context{
	Precision:   exactDigits,
	MaxExponent: apd.MaxExponent,
	MinExponent: apd.MinExponent,
	Traps:       apd.DefaultTraps | apd.Inexact | apd.Rounded | apd.Clamped,
}

// Exact is an exact decimal number of minor units, such as 1849.9815: what a [Rate] makes of an [Amount], and sums of
// such figures, before the one rounding. The zero value is 0. Exacts are immutable; compare them with [Exact.Cmp] or
// [Exact.Equal], not with ==.
type Exact struct {
	// Finite, with an exponent from -18 to 0.
	d apd.Decimal
}

// ExactOf returns a as an exact figure.
func ExactOf(a Amount) Exact {
	var e Exact
	a.decimal(0, &e.d)
	return e
}

// Add returns e + f, or [ErrOverflow] beyond 100 digits.
func (e Exact) Add(f Exact) (Exact, error) {
	var sum Exact
	if _, err := exact.Add(&sum.d, &e.d, &f.d); err != nil {
		return Exact{}, fmt.Errorf("%w: %s + %s", ErrOverflow, e, f)
	}
	return sum, nil
}

// Sub returns e - f, or [ErrOverflow] beyond 100 digits.
func (e Exact) Sub(f Exact) (Exact, error) {
	var difference Exact
	if _, err := exact.Sub(&difference.d, &e.d, &f.d); err != nil {
		return Exact{}, fmt.Errorf("%w: %s - %s", ErrOverflow, e, f)
	}
	return difference, nil
}

// Quotient returns exactly a * numerator / denominator. It is [ErrZeroDenominator] for the denominator 0, [ErrInexact] where
// that has more than 18 fraction digits.
func Quotient(a, numerator, denominator Amount) (Exact, error) {
	if denominator.IsZero() {
		return Exact{}, fmt.Errorf("%w: %s * %s / 0", ErrZeroDenominator, a, numerator)
	}
	var x, y, scale, product, divisor, rest apd.BigInt
	product.Mul(a.magnitude(&x), numerator.magnitude(&y))
	product.Mul(&product, scale.SetUint64(powersOfTen[maxScale]))
	var e Exact
	e.d.Coeff.QuoRem(&product, denominator.magnitude(&divisor), &rest)
	if rest.Sign() != 0 {
		return Exact{}, fmt.Errorf("%w: %s * %s / %s", ErrInexact, a, numerator, denominator)
	}
	e.d.Exponent = -maxScale
	e.d.Negative = a.Sign()*numerator.Sign()*denominator.Sign() < 0
	return e, nil
}

// Cmp returns -1 if e < f, 0 if e = f and +1 if e > f.
func (e Exact) Cmp(f Exact) int { return e.d.Cmp(&f.d) }

// Equal reports whether e = f.
func (e Exact) Equal(f Exact) bool { return e.Cmp(f) == 0 }

// Round returns e as a whole number of minor units. This is the only rounding there is: everything before it is exact.
// It is [ErrOverflow] when the result is out of range, [ErrBadRounding] for an unknown m.
func (e Exact) Round(m Rounding) (Amount, error) {
	var divisor apd.BigInt
	divisor.SetUint64(powersOfTen[-e.d.Exponent])
	return roundQuotient(e.d.Negative, &e.d.Coeff, &divisor, m)
}

// String returns e in minor units, in the shortest form: "1849.9815".
func (e Exact) String() string {
	var reduced apd.Decimal
	reduced.Reduce(&e.d)
	if reduced.IsZero() {
		return "0"
	}
	return reduced.Text('f')
}

// MarshalText returns [Exact.String].
func (e Exact) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what [Exact.String] writes: [ErrBadAmount] for another text or more than 18 fraction digits,
// [ErrOverflow] beyond 100 digits.
func (e *Exact) UnmarshalText(text []byte) error {
	unsigned, negative := strings.CutPrefix(string(text), "-")
	whole, fraction, ok := splitDecimal(unsigned)
	if !ok || len(fraction) > maxScale {
		return fmt.Errorf("%w: %s is not a decimal number of minor units with at most %d fraction digits",
			ErrBadAmount, quote(string(text)), maxScale)
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole)+len(fraction) > exactDigits {
		return fmt.Errorf("%w: %s has more than %d digits", ErrOverflow, quote(string(text)), exactDigits)
	}
	var parsed Exact
	if _, ok := parsed.d.Coeff.SetString("0"+whole+fraction, 10); !ok {
		panic("money: digits refused: " + quote(string(text)))
	}
	parsed.d.Exponent = -int32(len(fraction))
	parsed.d.Negative = negative && parsed.d.Coeff.Sign() != 0
	*e = parsed
	return nil
}

// decimal sets d to a / 10^scale.
func (a Amount) decimal(scale uint8, d *apd.Decimal) {
	a.magnitude(&d.Coeff)
	d.Exponent = -int32(scale)
	d.Negative = a.hi < 0
}

// magnitude sets z to |a| and returns it. A result on the caller's stack saves an allocation.
func (a Amount) magnitude(z *apd.BigInt) *apd.BigInt {
	positive := a.Abs()
	z.SetUint64(positive.lo)
	if positive.hi != 0 {
		var high apd.BigInt
		high.SetUint64(uint64(positive.hi))
		z.Or(z, high.Lsh(&high, 64))
	}
	return z
}

// fromBig returns the amount of that sign and magnitude, or [ErrOverflow].
func fromBig(negative bool, magnitude *apd.BigInt) (Amount, error) {
	if magnitude.IsUint64() {
		return signed(negative, Amount{lo: magnitude.Uint64()}), nil
	}
	var high, low apd.BigInt
	high.Rsh(magnitude, 64)
	low.Sub(magnitude, low.Lsh(&high, 64))
	a := Amount{hi: int64(high.Uint64()), lo: low.Uint64()}
	if !high.IsInt64() || !a.inRange() {
		return Amount{}, fmt.Errorf("%w: %s", ErrOverflow, magnitude.Text(10))
	}
	return signed(negative, a), nil
}
