package money

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// maxDigits is the width of an amount: every figure of at most 38 digits is one, and no other.
const maxDigits = 38

// tenTo19 is the largest power of ten in a word; an amount is two such halves.
const tenTo19 = 10_000_000_000_000_000_000

// ParseMinor reads an integer number of minor units: decimal digits with an optional leading "-", as [Amount.String]
// writes them. The error is [ErrBadAmount] for any other text, [ErrOverflow] beyond 38 digits.
func ParseMinor(s string) (Amount, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if !allDigits(digits) {
		return Amount{}, fmt.Errorf("%w: %s is not an integer number of minor units", ErrBadAmount, quote(s))
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > maxDigits {
		return Amount{}, fmt.Errorf("%w: %s has %d digits, at most %d fit", ErrOverflow, quote(s), len(digits), maxDigits)
	}
	return signed(negative, parseDigits(digits)), nil
}

// String returns a in minor units, "-16180".
func (a Amount) String() string {
	if n, ok := a.Int64(); ok {
		return strconv.FormatInt(n, 10)
	}
	var buf [maxDigits + 1]byte
	return string(a.appendDecimal(buf[:0], 0, false))
}

// MarshalText returns [Amount.String].
func (a Amount) MarshalText() ([]byte, error) {
	return a.appendDecimal(nil, 0, false), nil
}

// UnmarshalText reads what [ParseMinor] reads, with its errors.
func (a *Amount) UnmarshalText(text []byte) error {
	parsed, err := ParseMinor(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// appendDecimal appends a with its last scale digits after a point; short leaves out the zeros that end the fraction,
// and a point with nothing after it.
func (a Amount) appendDecimal(buf []byte, scale int, short bool) []byte {
	var digits [maxDigits]byte
	first := a.putDigits(&digits, scale+1)
	point, end := maxDigits-scale, maxDigits
	for short && end > point && digits[end-1] == '0' {
		end--
	}
	if a.hi < 0 {
		buf = append(buf, '-')
	}
	buf = append(buf, digits[first:point]...)
	if end > point {
		buf = append(buf, '.')
		buf = append(buf, digits[point:end]...)
	}
	return buf
}

// putDigits writes |a| into the end of digits, with zeros before it up to the given width, and returns where it begins.
func (a Amount) putDigits(digits *[maxDigits]byte, width int) int {
	magnitude := a.Abs()
	front, back := bits.Div64(uint64(magnitude.hi), magnitude.lo, tenTo19)
	first := putWord(digits, maxDigits, back)
	if front > 0 {
		first = putZeros(digits, first, maxDigits/2)
		first = putWord(digits, first, front)
	}
	return putZeros(digits, first, maxDigits-width)
}

// putWord writes n, nothing for 0, to end before index end, and returns where it begins.
func putWord(digits *[maxDigits]byte, end int, n uint64) int {
	for ; n > 0; n /= 10 {
		end--
		digits[end] = byte('0' + n%10)
	}
	return end
}

// putZeros writes zeros before index end back to index begin, and returns where they begin.
func putZeros(digits *[maxDigits]byte, end, begin int) int {
	for end > begin {
		end--
		digits[end] = '0'
	}
	return end
}

// parseDigits returns the figure of at most 38 decimal digits.
func parseDigits[T string | []byte](digits T) Amount {
	split := max(0, len(digits)-maxDigits/2)
	hi, lo := bits.Mul64(word(digits[:split]), tenTo19)
	lo, carry := bits.Add64(lo, word(digits[split:]), 0)
	return Amount{hi: int64(hi + carry), lo: lo}
}

// word returns the figure of at most 19 decimal digits.
func word[T string | []byte](digits T) uint64 {
	var n uint64
	for i := range len(digits) {
		n = n*10 + uint64(digits[i]-'0')
	}
	return n
}

func signed(negative bool, magnitude Amount) Amount {
	if negative {
		return magnitude.Neg()
	}
	return magnitude
}

// allDigits reports whether s is one or more ASCII digits.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
