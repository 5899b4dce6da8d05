package main

import (
	"strconv"
	"strings"

	"github.com/settlex/settlex/money"
)

// figure writes an amount for people: all digits of its currency, thousands
// parted by commas.
func figure(c money.Currency, a money.Amount) string { return grouped(c.Format(a)) }

// number writes a count for people.
func number(n int) string { return grouped(strconv.Itoa(n)) }

// count writes a number of things: 1 file, 2 files.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// grouped parts the thousands of a decimal number.
func grouped(decimal string) string {
	sign := ""
	if rest, negative := strings.CutPrefix(decimal, "-"); negative {
		sign, decimal = "-", rest
	}
	whole, fraction, hasFraction := strings.Cut(decimal, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if hasFraction {
		b.WriteString("." + fraction)
	}
	return b.String()
}
