package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// words are what is left to read of a line. The first fault stays; after it
// every reader gives a zero value.
type words struct {
	left []string
	err  error
}

func split(text string) *words {
	w := &words{left: strings.Fields(text)}
	for i, word := range w.left {
		w.left[i] = strings.TrimSuffix(word, ",")
	}
	return w
}

func (w *words) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *words) more() bool { return w.err == nil && len(w.left) > 0 }

// peek is the next word; empty at the end.
func (w *words) peek() string {
	if !w.more() {
		return ""
	}
	return w.left[0]
}

func (w *words) next(what string) string {
	if !w.more() {
		w.fail("the line ends where %s should be", what)
		return ""
	}
	word := w.left[0]
	w.left = w.left[1:]
	return word
}

// accept takes a phrase if it is next.
func (w *words) accept(phrase string) bool {
	want := strings.Fields(phrase)
	if w.err != nil || len(w.left) < len(want) {
		return false
	}
	for i, word := range want {
		if w.left[i] != word {
			return false
		}
	}
	w.left = w.left[len(want):]
	return true
}

// expect wants a phrase next.
func (w *words) expect(phrase string) {
	if !w.accept(phrase) {
		w.fail("%q should be %q", strings.Join(w.left, " "), phrase)
	}
}

// end wants nothing to be left.
func (w *words) end() error {
	if w.more() {
		w.fail("nothing is known to do with %q", strings.Join(w.left, " "))
	}
	return w.err
}

func (w *words) currency() money.Currency {
	code := w.next("a currency")
	if w.err != nil {
		return money.Currency{}
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		w.fail("%w", err)
	}
	return c
}

// figure reads an amount in a currency that is known; it may be negative.
func (w *words) figure(c money.Currency) money.Amount {
	word := w.next("an amount")
	if w.err != nil {
		return money.Amount{}
	}
	digits, negative := strings.CutPrefix(word, "-")
	a, err := c.Parse(digits)
	if err != nil {
		w.fail("%w", err)
	}
	if negative {
		return a.Neg()
	}
	return a
}

// amount reads "1000.00 INR".
func (w *words) amount() (money.Amount, money.Currency) {
	digits := w.next("an amount")
	c := w.currency()
	if w.err != nil {
		return money.Amount{}, c
	}
	return (&words{left: []string{digits}}).parsed(w, c), c
}

// parsed reads a figure and leaves its fault with another reader.
func (w *words) parsed(report *words, c money.Currency) money.Amount {
	a := w.figure(c)
	if w.err != nil {
		report.fail("%w", w.err)
	}
	return a
}

// rate reads "2%".
func (w *words) rate() money.Rate {
	word := w.next("a rate")
	if w.err != nil {
		return money.Rate{}
	}
	r, err := money.ParseRate(word)
	if err != nil {
		w.fail("%w", err)
	}
	return r
}

func (w *words) date() calendar.Date {
	word := w.next("a date")
	if w.err != nil {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(word)
	if err != nil {
		w.fail("%w", err)
	}
	return d
}

func (w *words) number() int {
	word := w.next("a number")
	if w.err != nil {
		return 0
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		w.fail("%w", errors.Unwrap(err))
	}
	return n
}
