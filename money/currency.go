package money

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Currency is an ISO 4217 currency that has a minor unit. The zero value is no currency ([Currency.IsZero]). Currencies
// are comparable with == and take four bytes.
type Currency struct {
	code     [3]byte
	exponent uint8
}

// ParseCurrency returns the currency of an upper-case ISO 4217 code such as "INR", or [ErrUnknownCurrency].
func ParseCurrency(code string) (Currency, error) {
	i, found := slices.BinarySearchFunc(iso4217[:], code, func(c listed, code string) int {
		return strings.Compare(c.code, code)
	})
	if !found {
		return Currency{}, fmt.Errorf("%w: %s is no active ISO 4217 code with a minor unit", ErrUnknownCurrency, quote(code))
	}
	return iso4217[i].currency(), nil
}

// MustCurrency is [ParseCurrency] for codes written in the program; it panics on an unknown one.
func MustCurrency(code string) Currency {
	c, err := ParseCurrency(code)
	if err != nil {
		panic(err)
	}
	return c
}

// Currencies yields every known currency, by code.
func Currencies() iter.Seq[Currency] {
	return func(yield func(Currency) bool) {
		for _, c := range iso4217 {
			if !yield(c.currency()) {
				return
			}
		}
	}
}

// String returns the code, "INR"; the empty string for no currency.
func (c Currency) String() string {
	if c.IsZero() {
		return ""
	}
	return string(c.code[:])
}

// Exponent returns the number of fraction digits of a major unit: 2 for INR, 0 for JPY, 3 for KWD.
func (c Currency) Exponent() int { return int(c.exponent) }

// IsZero reports whether c is no currency.
func (c Currency) IsZero() bool { return c == Currency{} }

// Compare orders currencies by code, no currency first.
func (c Currency) Compare(d Currency) int { return bytes.Compare(c.code[:], d.code[:]) }

// Equal reports whether c and d are the same currency, as == does; it lets go-cmp look at currencies.
func (c Currency) Equal(d Currency) bool { return c == d }

// MarshalText returns the code; empty for no currency.
func (c Currency) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a code as [ParseCurrency] does; empty text is no currency.
func (c *Currency) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Currency{}
		return nil
	}
	parsed, err := ParseCurrency(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Format returns a in major units with all fraction digits of c and no separators: "400.00", "-0.05", "400" in JPY. For
// no currency it returns the minor units.
func (c Currency) Format(a Amount) string {
	var buf [maxDigits + 2]byte
	return string(a.appendDecimal(buf[:0], c.Exponent(), false))
}

// FormatShort is [Currency.Format] without zeros that end the fraction: "400", "400.5". The HTTP API answers in it.
func (c Currency) FormatShort(a Amount) string {
	var buf [maxDigits + 2]byte
	return string(a.appendDecimal(buf[:0], c.Exponent(), true))
}

// Parse reads an unsigned decimal of major units, "400" or "400.5", as callers and files write amounts: digits, and
// where there is a point, at least one digit on both sides of it and at most [Currency.Exponent] after it. Signs,
// exponents, spaces and separators are refused with [ErrBadAmount], more than 38 digits with [ErrOverflow], and
// everything with [ErrUnknownCurrency] when c is no currency.
func (c Currency) Parse(s string) (Amount, error) {
	if c.IsZero() {
		return Amount{}, fmt.Errorf("%w: amount %s has none", ErrUnknownCurrency, quote(s))
	}
	whole, fraction, ok := splitDecimal(s)
	if !ok {
		return Amount{}, fmt.Errorf("%w: %s is not a decimal number of %s, such as %s",
			ErrBadAmount, quote(s), c, c.Format(Minor(40000)))
	}
	if len(fraction) > c.Exponent() {
		return Amount{}, fmt.Errorf("%w: %s has %d fraction digits, %s takes at most %d",
			ErrBadAmount, quote(s), len(fraction), c, c.Exponent())
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > maxDigits-c.Exponent() {
		return Amount{}, fmt.Errorf("%w: %s %s has %d digits before the point, at most %d fit",
			ErrOverflow, c, quote(s), len(whole), maxDigits-c.Exponent())
	}
	var buf [maxDigits]byte
	digits := append(append(buf[:0], whole...), fraction...)
	for range c.Exponent() - len(fraction) {
		digits = append(digits, '0')
	}
	return parseDigits(digits), nil
}

// splitDecimal cuts "12.50" into "12" and "50", and "12" into "12" and nothing; ok means that it is an unsigned decimal
// with a digit on both sides of any point.
func splitDecimal(s string) (whole, fraction string, ok bool) {
	whole, fraction, point := strings.Cut(s, ".")
	return whole, fraction, allDigits(whole) && (!point || allDigits(fraction))
}
