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
	Target money.Currency `json:"target,omitzero"` // what is paid; a batch in it is not converted
	Spread money.Rate     `json:"spread,omitzero"` // our share of what the money is worth: the merchant gets the mid rate less this
	MaxAge time.Duration  `json:"max_age"`         // a quote that was given longer ago is stale
	// OfMerchant takes each merchant's own currency for Target; who has none is paid in the
	// currency the payments came in.
	OfMerchant bool `json:"of_merchant,omitempty"`
}

// Converts gives the currency that a batch of a merchant is paid in, by the merchant's terms;
// false: it is the batch's own.
func (t *FXTerms) Converts(c money.Currency, terms Terms) (target money.Currency, ok bool) {
	if t == nil {
		return c, false
	}
	if target = t.Target; t.OfMerchant {
		target = terms.Currency
	}
	return target, !target.IsZero() && target != c
}

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
	if t.Target.IsZero() != t.OfMerchant {
		faults = append(faults, errors.New("fx: target: is one currency that is paid, or each merchant's own"))
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
