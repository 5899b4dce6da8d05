package money

import (
	"errors"
	"strconv"
)

// The faults callers branch on, with errors.Is. The text around them carries the figures.
var (
	// ErrOverflow: a result would be beyond ±(10^38-1) minor units, or an exact figure beyond 100 digits.
	ErrOverflow = errors.New("amount overflow")
	// ErrBadAmount: a text is not an amount.
	ErrBadAmount = errors.New("bad amount")
	// ErrUnknownCurrency: a code is not an active ISO 4217 code with a minor unit.
	ErrUnknownCurrency = errors.New("unknown currency")
	// ErrBadRate: a text is not a rate, or has more digits than a rate holds.
	ErrBadRate = errors.New("bad rate")
	// ErrBadRounding: a text or value names no rounding.
	ErrBadRounding = errors.New("bad rounding")
	// ErrZeroDenominator: a fraction has the denominator 0.
	ErrZeroDenominator = errors.New("denominator is zero")
	// ErrInexact: a quotient has no decimal of at most 18 fraction digits.
	ErrInexact = errors.New("quotient is not a short decimal")
	// ErrBadWeights: weights to allocate by are negative, or all zero.
	ErrBadWeights = errors.New("bad weights")
)

// quote shows input in an error, cut so that a hostile text cannot fill a log.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
