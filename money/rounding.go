package money

import (
	"fmt"

	"github.com/cockroachdb/apd/v3"
)

// Rounding says which whole minor unit stands for an exact figure that lies between two. The zero value is HalfEven.
type Rounding uint8

// The modes, with what they make of 2.5, 3.5 and -2.5.
const (
	HalfEven Rounding = iota // nearest, a tie to the even neighbour: 2, 4, -2
	HalfUp                   // nearest, a tie away from zero: 3, 4, -3
	Down                     // towards zero: 2, 3, -2
	Up                       // away from zero: 3, 4, -3
)

var roundings = [...]string{HalfEven: "half_even", HalfUp: "half_up", Down: "down", Up: "up"}

// String returns the name used in configuration: half_even, half_up, down or up.
func (m Rounding) String() string {
	if !m.known() {
		return fmt.Sprintf("rounding(%d)", uint8(m))
	}
	return roundings[m]
}

// MarshalText returns the name, or [ErrBadRounding] for a value that is none of the modes.
func (m Rounding) MarshalText() ([]byte, error) {
	if !m.known() {
		return nil, fmt.Errorf("%w: %s", ErrBadRounding, m)
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads a name, or fails with [ErrBadRounding].
func (m *Rounding) UnmarshalText(text []byte) error {
	for mode, name := range roundings {
		if name == string(text) {
			*m = Rounding(mode)
			return nil
		}
	}
	return fmt.Errorf("%w: %s, want half_even, half_up, down or up", ErrBadRounding, quote(string(text)))
}

func (m Rounding) known() bool { return int(m) < len(roundings) }

// Scale returns a * numerator / denominator, multiplied exactly and rounded once. It is [ErrZeroDenominator] for the
// denominator 0, [ErrOverflow] when the result (not the product) is out of range, [ErrBadRounding] for an unknown m.
func Scale(a, numerator, denominator Amount, m Rounding) (Amount, error) {
	if denominator.IsZero() {
		return Amount{}, fmt.Errorf("%w: %s * %s / 0", ErrZeroDenominator, a, numerator)
	}
	var x, y, product, divisor apd.BigInt
	product.Mul(a.magnitude(&x), numerator.magnitude(&y))
	negative := a.Sign()*numerator.Sign()*denominator.Sign() < 0
	return roundQuotient(negative, &product, denominator.magnitude(&divisor), m)
}

// roundQuotient returns magnitude / divisor, rounded as m says and signed. It is the only place in the house where a
// figure loses digits.
func roundQuotient(negative bool, magnitude, divisor *apd.BigInt, m Rounding) (Amount, error) {
	if !m.known() {
		return Amount{}, fmt.Errorf("%w: %s", ErrBadRounding, m)
	}
	var quotient, rest apd.BigInt
	quotient.QuoRem(magnitude, divisor, &rest)
	if rest.Sign() != 0 && m.awayFromZero(&quotient, &rest, divisor) {
		var one apd.BigInt
		quotient.Add(&quotient, one.SetUint64(1))
	}
	return fromBig(negative, &quotient)
}

// awayFromZero decides for quotient + rest/divisor with 0 < rest < divisor.
func (m Rounding) awayFromZero(quotient, rest, divisor *apd.BigInt) bool {
	switch m {
	case Down:
		return false
	case Up:
		return true
	}
	var twice apd.BigInt
	switch twice.Add(rest, rest).Cmp(divisor) {
	case -1:
		return false
	case +1:
		return true
	}
	return m == HalfUp || quotient.Bit(0) == 1
}
