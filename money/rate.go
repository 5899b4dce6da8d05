package money

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Rate is an exact decimal: a fee of 0.0185, a tax of 18 %, a price of one currency in another. It has at most 38
// significant digits, 18 of them after the point. The zero value is 0. Rates are immutable and comparable with ==,
// because each value has one form only.
type Rate struct {
	coefficient Amount
	scale       uint8 // fraction digits of coefficient, the last of which is not 0
}

// ParseRate reads a decimal with an optional leading "-", plain ("0.0185") or in percent ("1.85%"); where there is a
// point there is a digit on both sides of it. The error is [ErrBadRate].
func ParseRate(s string) (Rate, error) {
	unsigned, negative := strings.CutPrefix(s, "-")
	unsigned, percent := strings.CutSuffix(unsigned, "%")
	whole, fraction, ok := splitDecimal(unsigned)
	if !ok {
		return Rate{}, fmt.Errorf("%w: %s is neither a decimal such as 0.0185 nor a percentage such as 1.85%%", ErrBadRate, quote(s))
	}
	digits, scale := whole+fraction, len(fraction)
	if percent {
		digits, scale = "00"+digits, scale+2
	}
	for scale > 0 && digits[len(digits)-1] == '0' {
		digits, scale = digits[:len(digits)-1], scale-1
	}
	digits = strings.TrimLeft(digits, "0")
	if scale > maxScale || len(digits) > maxDigits {
		return Rate{}, fmt.Errorf("%w: %s has more than %d digits, or %d after the point", ErrBadRate, quote(s), maxDigits, maxScale)
	}
	return Rate{coefficient: signed(negative, parseDigits(digits)), scale: uint8(scale)}, nil
}

// MustRate is [ParseRate] for rates written in the program; it panics on a bad one.
func MustRate(s string) Rate {
	r, err := ParseRate(s)
	if err != nil {
		panic(err)
	}
	return r
}

// Of returns exactly r * a, in minor units of a.
func (r Rate) Of(a Amount) Exact {
	var x, y apd.Decimal
	var product Exact
	r.coefficient.decimal(r.scale, &x)
	a.decimal(0, &y)
	if _, err := exact.Mul(&product.d, &x, &y); err != nil {
		panic(fmt.Sprintf("money: %s of %s: %v", r, a, err)) // at most 76 digits, and 100 fit
	}
	return product
}

// Fraction returns r as numerator / denominator, the denominator a power of ten: 0.0185 is 185 / 10000. With it [Scale]
// takes a rate out of an amount that includes it: tax = gross * numerator / (denominator + numerator).
func (r Rate) Fraction() (numerator, denominator Amount) {
	return r.coefficient, Minor(int64(powersOfTen[r.scale]))
}

// Times returns exactly r * s, or [ErrBadRate] where that has too many digits to be a rate.
func (r Rate) Times(s Rate) (Rate, error) {
	var x, y, product apd.Decimal
	r.coefficient.decimal(r.scale, &x)
	s.coefficient.decimal(s.scale, &y)
	if _, err := exact.Mul(&product, &x, &y); err != nil {
		return Rate{}, fmt.Errorf("%w: %s * %s: %w", ErrBadRate, r, s, err)
	}
	out, err := ParseRate(product.Text('f'))
	if err != nil {
		return Rate{}, fmt.Errorf("%s * %s: %w", r, s, err)
	}
	return out, nil
}

// Rest returns exactly 1 - r: what a discount of r leaves. [ErrBadRate] as for [Rate.Times].
func (r Rate) Rest() (Rate, error) {
	var x, rest apd.Decimal
	r.coefficient.decimal(r.scale, &x)
	if _, err := exact.Sub(&rest, apd.New(1, 0), &x); err != nil {
		return Rate{}, fmt.Errorf("%w: 1 - %s: %w", ErrBadRate, r, err)
	}
	return ParseRate(rest.Text('f'))
}

// Sign returns -1, 0 or +1 as r is negative, zero or positive.
func (r Rate) Sign() int { return r.coefficient.Sign() }

// IsZero reports whether r is 0.
func (r Rate) IsZero() bool { return r == Rate{} }

// Cmp returns -1 if r < s, 0 if r = s and +1 if r > s.
func (r Rate) Cmp(s Rate) int {
	var x, y apd.Decimal
	r.coefficient.decimal(r.scale, &x)
	s.coefficient.decimal(s.scale, &y)
	return x.Cmp(&y)
}

// Equal reports whether r = s, as == does; it lets go-cmp look at rates.
func (r Rate) Equal(s Rate) bool { return r == s }

// String returns r as a plain decimal in the shortest form: "0.0185".
func (r Rate) String() string { return string(r.append(nil)) }

// MarshalText returns [Rate.String].
func (r Rate) MarshalText() ([]byte, error) { return r.append(nil), nil }

// UnmarshalText reads what [ParseRate] reads, with its errors.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

func (r Rate) append(buf []byte) []byte { return r.coefficient.appendDecimal(buf, int(r.scale), false) }

// powersOfTen holds 10^0 to 10^18.
var powersOfTen = [maxScale + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}
