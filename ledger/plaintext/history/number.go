package history

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/settlex/settlex/money"
)

// number is a decimal number as it was written, without marks between groups.
type number struct {
	negative bool
	whole    string // digits; empty is 0
	fraction string // digits
}

func (n number) isZero() bool { return strings.Trim(n.whole+n.fraction, "0") == "" }

// String is the number in its shortest form.
func (n number) String() string {
	whole, fraction := strings.TrimLeft(n.whole, "0"), strings.TrimRight(n.fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if n.negative && !n.isZero() {
		whole = "-" + whole
	}
	return whole
}

// minor is the number in minor units of a currency.
func (n number) minor(c money.Currency) (money.Amount, error) {
	text, negative := strings.CutPrefix(n.String(), "-")
	_, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > c.Exponent() {
		return money.Amount{}, fmt.Errorf("%s has %d decimals, %s has %d", n, len(fraction), c, c.Exponent())
	}
	amount, err := c.Parse(text)
	if err != nil {
		return money.Amount{}, err
	}
	if negative {
		amount = amount.Neg()
	}
	return amount, nil
}

// minorDown is minor with further decimals cut off.
func (n number) minorDown(c money.Currency) (money.Amount, error) {
	n.fraction = n.fraction[:min(len(n.fraction), c.Exponent())]
	return n.minor(c)
}

// maxDigits bounds what one number may have: more than any amount.
const maxDigits = 100

func (n number) rat() *big.Rat {
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		panic("history: " + n.String() + " is no number") // it is made of digits
	}
	return r
}

// numberOf is an exact decimal number; ok is false for one that has no end.
func numberOf(r *big.Rat) (n number, ok bool) {
	decimals, exact := r.FloatPrec()
	if !exact || decimals > maxDigits {
		return number{}, false
	}
	text, negative := strings.CutPrefix(r.FloatString(decimals), "-")
	n.negative = negative
	n.whole, n.fraction, _ = strings.Cut(text, ".")
	return n, len(n.whole) <= maxDigits
}

// ungroup reads digits with marks. decimal is the mark of decimals, 0 when
// nothing says which it is; then a number that could be read in two ways is
// refused. Spaces part groups.
func ungroup(text string, decimal byte) (n number, err error) {
	if decimal == 0 {
		if decimal, err = decimalMark(text); err != nil {
			return n, err
		}
	}
	whole, fraction := text, ""
	if decimal != 0 && decimal != noMark {
		if strings.Count(text, string(decimal)) > 1 {
			return n, fmt.Errorf("%s has more than one decimal mark %q", text, decimal)
		}
		whole, fraction, _ = strings.Cut(text, string(decimal))
	}
	for _, group := range strings.FieldsFunc("0"+whole, func(r rune) bool { return r == ' ' || r == '.' || r == ',' }) {
		n.whole += group
	}
	if strings.Contains(whole, "..") || strings.Contains(whole, ",,") || strings.TrimRight(whole, ".,") != whole || strings.TrimLeft(whole, ".,") != whole {
		return n, fmt.Errorf("%s has a mark without digits on both sides", text)
	}
	for i := range len(fraction) {
		if !isDigit(fraction[i]) {
			return n, fmt.Errorf("%s has %q behind its decimal mark", text, fraction[i])
		}
	}
	n.whole, n.fraction = n.whole[1:], fraction
	if len(n.whole)+len(n.fraction) > maxDigits {
		return n, fmt.Errorf("%s has %d digits, at most %d are allowed", shown(text), len(n.whole)+len(n.fraction), maxDigits)
	}
	if n.whole == "" && n.fraction == "" {
		return n, fmt.Errorf("%q has no digit", text)
	}
	return n, nil
}

// noMark says that a number has no decimal mark.
const noMark = ' '

// decimalMark finds the mark of decimals by looking at one number.
func decimalMark(text string) (byte, error) {
	last := strings.LastIndexAny(text, ".,")
	if last < 0 {
		return noMark, nil
	}
	mark, other := text[last], byte(',')
	if mark == ',' {
		other = '.'
	}
	once := strings.Count(text, string(mark)) == 1
	switch {
	case strings.IndexByte(text, other) >= 0 && once, once && strings.IndexByte(text, ' ') >= 0:
		return mark, nil
	case strings.IndexByte(text, other) >= 0:
		return 0, fmt.Errorf("%s mixes the marks . and ,", text)
	case !once:
		return noMark, nil
	case len(text)-last-1 == 3 && last > 0 && last <= 3 && text[0] != '0':
		return 0, fmt.Errorf("%s may be %s or %s: a decimal-mark or commodity directive says which",
			text, strings.Replace(text, string(mark), "", 1), strings.Replace(text, string(mark), ".", 1))
	}
	return mark, nil
}
