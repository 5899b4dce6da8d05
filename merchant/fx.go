package merchant

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
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

// CheckTarget wants a schedule, whatever the method, for what a schedule pays in another
// currency: what of that is canceled or comes back is settled in it. There has to be one
// whenever the schedule is in force, and from then on. known are the merchants that there
// are; the others have no region of their own. The error wraps ErrNoSchedule.
func (b *Book) CheckTarget(s *Schedule, known []Merchant) error {
	if s.FX == nil {
		return nil
	}
	for _, scope := range s.For {
		for _, back := range b.comesBack(s.FX, scope, known) {
			date, lacks := b.lacks(back, s.EffectiveFrom)
			if !lacks {
				continue
			}
			on := "on " + date.String()
			if date.IsZero() {
				on = "before any date"
			}
			return fmt.Errorf("%s is paid in %s, and %w is meant for %s %s, whatever the method: none would settle what is canceled or comes back",
				scope, back.Currency, ErrNoSchedule, back, on)
		}
	}
	return nil
}

// lacks gives the first date from one on at which no schedule is meant for a case; false: one
// always is. That changes on dates of those that are at some time alone.
func (b *Book) lacks(c Scope, from calendar.Date) (date calendar.Date, lacks bool) {
	ids := make(map[string]bool)
	for i := range b.Schedules {
		if Covered(b.Schedules[i].For, c) {
			ids[b.Schedules[i].ID] = true
		}
	}
	var of Book
	dates := []calendar.Date{from}
	for i := range b.Schedules {
		s := &b.Schedules[i]
		if !ids[s.ID] {
			continue
		}
		of.Schedules = append(of.Schedules, *s)
		if s.EffectiveFrom.After(from) {
			dates = append(dates, s.EffectiveFrom)
		}
	}
	slices.SortFunc(dates, calendar.Date.Compare)
	for _, date := range dates {
		if of.meant(c, noon(date), Narrowest) == nil {
			return date, true
		}
	}
	return from, false
}

// noon is an instant at which a date has begun in every zone but the last; of no date, one
// before any that a schedule could be effective from.
func noon(date calendar.Date) time.Time {
	if date.IsZero() {
		return time.Date(1, time.January, 3, 0, 0, 0, 0, time.UTC)
	}
	return calendar.Cutoff(date, calendar.Clock{}, time.UTC).Add(12 * time.Hour)
}

// comesBack gives the cases of what comes back that a scope pays in another currency.
func (b *Book) comesBack(t *FXTerms, scope Scope, known []Merchant) (cases []Scope) {
	add := func(m *Merchant, target money.Currency) {
		if target.IsZero() || target == scope.Currency {
			return
		}
		if region, err := b.Region(m, target); err == nil { // else that is what is wrong
			cases = append(cases, Scope{Merchant: scope.Merchant, Region: region.ID, Currency: target})
		}
	}
	if !t.OfMerchant && scope.Merchant == "" {
		add(nil, t.Target)
		if scope.Region != "" && !t.Target.IsZero() { // of who has it as its own
			cases = append(cases, Scope{Region: scope.Region, Currency: t.Target})
		}
		return cases
	}
	for i := range known {
		switch m := &known[i]; {
		case scope.Merchant != "" && scope.Merchant != m.ID:
		case t.OfMerchant:
			add(m, m.Currency)
		default:
			add(m, t.Target)
		}
	}
	return cases
}
