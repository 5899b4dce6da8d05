package money

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// Amount is a signed number of minor units of some currency, |amount| <= 10^38-1: as wide as NUMERIC(38,0) and
// DECIMAL(38) in databases and files. The zero value is 0. Amounts are immutable, comparable with ==, and small enough
// to pass by value; arithmetic on them allocates nothing.
type Amount struct {
	// 128-bit two's complement. The bound leaves room that Add counts on: a sum of two amounts that wraps around 2^127
	// lands outside the bound, so one range check finds both faults.
	hi int64
	lo uint64
}

// 10^38-1 and its negative, in words.
const (
	limitHi = 0x4b3b4ca85a86c47a
	limitLo = 0x098a223fffffffff
	floorHi = ^limitHi
	floorLo = -limitLo & math.MaxUint64
)

// Minor returns n minor units.
func Minor(n int64) Amount { return Amount{hi: n >> 63, lo: uint64(n)} }

// FromBytes reads the form [Amount.Bytes] writes. The error is [ErrOverflow] when the figure is beyond ±(10^38-1).
func FromBytes(b [16]byte) (Amount, error) {
	a := Amount{hi: int64(binary.BigEndian.Uint64(b[:8])), lo: binary.BigEndian.Uint64(b[8:])}
	if !a.inRange() {
		return Amount{}, fmt.Errorf("%w: bytes %x", ErrOverflow, b)
	}
	return a, nil
}

// Bytes returns a as 16 bytes, big-endian two's complement.
func (a Amount) Bytes() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(a.hi))
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return b
}

// Add returns a + b, or [ErrOverflow].
func (a Amount) Add(b Amount) (Amount, error) {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	sum := Amount{hi: a.hi + b.hi + int64(carry), lo: lo}
	if !sum.inRange() {
		return Amount{}, overflow(a, "+", b)
	}
	return sum, nil
}

// Sub returns a - b, or [ErrOverflow].
func (a Amount) Sub(b Amount) (Amount, error) {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	difference := Amount{hi: a.hi - b.hi - int64(borrow), lo: lo}
	if !difference.inRange() {
		return Amount{}, overflow(a, "-", b)
	}
	return difference, nil
}

// Neg returns -a.
func (a Amount) Neg() Amount {
	lo, borrow := bits.Sub64(0, a.lo, 0)
	return Amount{hi: -a.hi - int64(borrow), lo: lo}
}

// Abs returns |a|.
func (a Amount) Abs() Amount {
	if a.hi < 0 {
		return a.Neg()
	}
	return a
}

// Cmp returns -1 if a < b, 0 if a = b and +1 if a > b.
func (a Amount) Cmp(b Amount) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	return cmp.Compare(a.lo, b.lo)
}

// Equal reports whether a = b, as == does; it lets go-cmp look at amounts.
func (a Amount) Equal(b Amount) bool { return a == b }

// Sign returns -1, 0 or +1 as a is negative, zero or positive.
func (a Amount) Sign() int {
	switch {
	case a.hi < 0:
		return -1
	case a.IsZero():
		return 0
	}
	return 1
}

// IsZero reports whether a is 0.
func (a Amount) IsZero() bool { return a == Amount{} }

// Int64 returns a as an int64 and whether it fits.
func (a Amount) Int64() (int64, bool) {
	n := int64(a.lo)
	return n, a.hi == n>>63
}

// Sum returns the total of amounts, 0 for none. Only the total counts: it is [ErrOverflow] exactly when the total is out
// of range, whatever the order.
func Sum(amounts ...Amount) (Amount, error) {
	var top, hi, lo uint64 // 192-bit two's complement
	for _, a := range amounts {
		var carry uint64
		lo, carry = bits.Add64(lo, a.lo, 0)
		hi, carry = bits.Add64(hi, uint64(a.hi), carry)
		top += uint64(a.hi>>63) + carry
	}
	total := Amount{hi: int64(hi), lo: lo}
	if top != uint64(total.hi>>63) || !total.inRange() {
		return Amount{}, fmt.Errorf("%w: sum of %d amounts", ErrOverflow, len(amounts))
	}
	return total, nil
}

// Min returns the smaller of a and b.
func Min(a, b Amount) Amount {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}

// Max returns the larger of a and b.
func Max(a, b Amount) Amount {
	if b.Cmp(a) > 0 {
		return b
	}
	return a
}

func (a Amount) inRange() bool {
	if a.hi >= 0 {
		return a.hi < limitHi || a.hi == limitHi && a.lo <= limitLo
	}
	return a.hi > floorHi || a.hi == floorHi && a.lo >= floorLo
}

// overflow stays out of line so that Add and Sub stay small.
//
//go:noinline
func overflow(a Amount, operator string, b Amount) error {
	return fmt.Errorf("%w: %s %s %s", ErrOverflow, a, operator, b)
}
