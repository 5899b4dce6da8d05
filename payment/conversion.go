package payment

import (
	"fmt"
	"strings"

	"github.com/settlex/settlex/money"
)

// Converted is what an amount of one currency becomes in another, in its minor units.
type Converted struct {
	Worth  money.Amount `json:"worth"`  // at the mid rate
	Got    money.Amount `json:"got"`    // by the merchant
	Spread money.Amount `json:"spread"` // the difference, our income
}

// Convert turns an amount of one currency into another at the quote: what it is worth
// at the mid rate is rounded half to even, what the merchant gets is rounded down, and
// the spread is the difference, so that nothing is left over.
//
// Errors: ErrQuote (the merchant would get nothing, or more than the money is worth),
// ErrTooLarge, money.ErrOverflow.
func (q *Quote) Convert(sold money.Currency, amount money.Amount, bought money.Currency) (c Converted, err error) {
	if err := q.check(); err != nil {
		return c, err
	}
	if c.Worth, err = exchanged(sold, amount, bought, q.Mid, money.HalfEven); err != nil {
		return c, err
	}
	if err := checkAmount(bought, c.Worth); err != nil {
		return c, fmt.Errorf("what is bought: %w", err)
	}
	if c.Got, err = exchanged(sold, amount, bought, q.Client, money.Down); err != nil {
		return c, err
	}
	if c.Got.IsZero() {
		return c, fmt.Errorf("%w: %s %s are not one minor unit of %s", ErrQuote, sold, sold.Format(amount), bought)
	}
	c.Spread, err = c.Worth.Sub(c.Got)
	return c, err
}

// check reports the first fault the quote has by itself.
func (q *Quote) check() error {
	switch {
	case q.ID == "" || q.Source == "":
		return fmt.Errorf("%w: id %q of source %q", ErrQuote, q.ID, q.Source)
	case q.QuotedAt.IsZero() || q.ValidUntil.Before(q.QuotedAt):
		return fmt.Errorf("%w: quote %s is valid from %s to %s", ErrQuote, q.ID, q.QuotedAt.Format(timeFormat), q.ValidUntil.Format(timeFormat))
	case q.Client.Sign() <= 0 || q.Mid.Cmp(q.Client) < 0:
		return fmt.Errorf("%w: quote %s gives %s where the money is worth %s", ErrQuote, q.ID, q.Client, q.Mid)
	}
	return nil
}

// exchanged is an amount at a rate, in minor units of what is bought.
func exchanged(sold money.Currency, amount money.Amount, bought money.Currency, r money.Rate, mode money.Rounding) (money.Amount, error) {
	up, down := r.Fraction()
	var err error
	if digits := bought.Exponent() - sold.Exponent(); digits >= 0 {
		up, err = shifted(up, digits)
	} else {
		down, err = shifted(down, -digits)
	}
	if err != nil {
		return up, err
	}
	return money.Scale(amount, up, down, mode)
}

// shifted is an amount with so many zeros behind it.
func shifted(a money.Amount, digits int) (money.Amount, error) {
	if a.IsZero() || digits == 0 {
		return a, nil
	}
	return money.ParseMinor(a.String() + strings.Repeat("0", digits))
}
