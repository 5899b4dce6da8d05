package merchant

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
)

// MaxSpreadDigits is how many digits behind the point a spread has at most: with the
// twelve of a quoted rate, what the merchant gets is exact.
const MaxSpreadDigits = 6

// FXTerms say that batches are paid in another currency than their payments came in,
// and at what price.
type FXTerms struct {
	Target money.Currency `json:"target"`          // what is paid; a batch in it is not converted
	Spread money.Rate     `json:"spread,omitzero"` // our share of what the money is worth: the merchant gets the mid rate less this
	MaxAge time.Duration  `json:"max_age"`         // a quote that was given longer ago is stale
}

// Converts tells whether a batch in a currency is paid in another one.
func (t *FXTerms) Converts(c money.Currency) bool { return t != nil && t.Target != c }

// Client gives the rate that a merchant gets where the mid rate is given. The error is
// money.ErrBadRate for a rate of too many digits.
func (t *FXTerms) Client(mid money.Rate) (money.Rate, error) {
	left, err := t.Spread.Rest()
	if err != nil {
		return left, err
	}
	return mid.Times(left)
}

// faults are everything that is wrong with the terms.
func (t *FXTerms) faults() []error {
	var faults []error
	if t.Target.IsZero() {
		faults = append(faults, errors.New("fx: target: is missing: the currency that is paid"))
	}
	_, fraction, _ := strings.Cut(t.Spread.String(), ".")
	switch one := money.MustRate("1"); {
	case t.Spread.Sign() < 0 || t.Spread.Cmp(one) >= 0:
		faults = append(faults, fmt.Errorf("fx: spread: %s is not from 0%% to below 100%%", t.Spread))
	case len(fraction) > MaxSpreadDigits:
		faults = append(faults, fmt.Errorf("fx: spread: %s has more than %d digits behind the point", t.Spread, MaxSpreadDigits))
	}
	if t.MaxAge <= 0 {
		faults = append(faults, fmt.Errorf("fx: max_age: %s is not above 0", t.MaxAge))
	}
	return faults
}
