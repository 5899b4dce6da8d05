package reserve

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// ErrBadFigures means that a hold was asked for figures that describe no deposit or no reserve.
var ErrBadFigures = errors.New("bad reserve figures")

// The least and the greatest number of days that a plan may hold.
const (
	DaysMin = 3
	DaysMax = 180
)

// Kind says how a plan builds the reserve.
type Kind string

// The kinds there are. A merchant may have a plan of each at once, and of each kind one.
const (
	KindRolling Kind = "rolling" // a share of each deposit, for a number of days
	KindFixed   Kind = "fixed"   // a security: a share of what becomes available, until the cap is reached
	KindMinimum Kind = "minimum" // a balance that stays: what becomes available, until the cap is reached
)

// Kinds lists them, in the order in which they are built.
func Kinds() []Kind { return []Kind{KindRolling, KindFixed, KindMinimum} }

// Pooled reports whether a plan of the kind builds one balance for the merchant, and not a hold for each deposit.
func (k Kind) Pooled() bool { return k == KindFixed || k == KindMinimum }

// AtEnd says what becomes of what a plan has withheld once no version of it is in force any more.
type AtEnd string

// What there is to say. Nothing said means EndKeep for a rolling plan and EndRelease for the others.
const (
	EndKeep    AtEnd = "keep"    // a hold keeps to its date; a fixed or minimum reserve stays until somebody decides
	EndRelease AtEnd = "release" // it is given back
)

// Plan is one version of a reserve plan. A plan that passed Validate is never changed; other terms are a new version.
type Plan struct {
	ID            string        `json:"id"`
	Version       string        `json:"version"`
	EffectiveFrom calendar.Date `json:"effective_from,omitzero"` // first day in force; none = since ever
	EffectiveTo   calendar.Date `json:"effective_to,omitzero"`   // last day in force; none = until further notice
	Kind          Kind          `json:"kind"`
	Rate          money.Rate    `json:"rate,omitzero"`    // rolling: share of the gross amount; fixed: of what becomes available; 0 to 1, 0 withholds nothing
	Days          int           `json:"days,omitempty"`   // rolling: calendar days from hold to release, DaysMin to DaysMax
	Cap           *money.Amount `json:"cap,omitempty"`    // greatest balance the plan builds, in minor units; nil = none, which only a rolling plan may have
	AtEnd         AtEnd         `json:"at_end,omitempty"` // what becomes of it when the plan has ended
}

// Pin names the version of a plan that a hold was made by.
type Pin struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// String is "id@version".
func (p Pin) String() string { return p.ID + "@" + p.Version }

// Pin returns the name of this version of p.
func (p *Plan) Pin() Pin { return Pin{ID: p.ID, Version: p.Version} }

// InForce reports whether d lies within p's effective dates, both included.
func (p *Plan) InForce(d calendar.Date) bool {
	return !d.Before(p.EffectiveFrom) && (p.EffectiveTo.IsZero() || !d.After(p.EffectiveTo))
}

// Releases reports whether what p has withheld is given back when p has ended.
func (p *Plan) Releases() bool {
	return p.AtEnd == EndRelease || p.AtEnd == "" && p.Kind.Pooled()
}

// Hold returns what p withholds of a deposit of gross, captured on the business date, when the merchant's reserve already holds
// balance, and the date it is to be released. Amounts are minor units of one currency.
//
// The amount is the rate of gross, rounded down, so that no more than the agreed share is ever withheld; never more than gross,
// and never more than the cap leaves: a balance at or above the cap holds nothing. The release date is business + Days, holiday or
// not, also when the amount is 0.
//
// Whether p is in force is the caller's question. p must have passed Validate. Errors: ErrBadFigures for a negative figure, no
// date, or a release after 9999-12-31; money.ErrOverflow.
func (p *Plan) Hold(gross, balance money.Amount, business calendar.Date) (amount money.Amount, release calendar.Date, err error) {
	release = business.AddDays(p.Days)
	if gross.Sign() < 0 || balance.Sign() < 0 || release.IsZero() {
		return money.Amount{}, calendar.Date{}, fmt.Errorf("%w: plan %q version %q: gross %s, balance %s, date %q",
			ErrBadFigures, p.ID, p.Version, gross, balance, business)
	}
	if amount, err = p.Rate.Of(gross).Round(money.Down); err != nil {
		return money.Amount{}, calendar.Date{}, fmt.Errorf("plan %q version %q: hold of %s: %w", p.ID, p.Version, gross, err)
	}
	amount = money.Min(amount, gross)
	if p.Cap != nil {
		room, err := p.Cap.Sub(balance)
		if err != nil {
			return money.Amount{}, calendar.Date{}, fmt.Errorf("plan %q version %q: cap %s less balance %s: %w", p.ID, p.Version, p.Cap, balance, err)
		}
		amount = money.Max(money.Amount{}, money.Min(amount, room))
	}
	return amount, release, nil
}
