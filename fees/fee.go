package fees

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/money"
)

// ErrInconsistent means that a fee is not the sum of its parts, or its tax not the sum of its lines.
var ErrInconsistent = errors.New("inconsistent fee")

// Fee is a computed fee with its explanation. All amounts are minor units of the movement's currency. Fee and Tax are disjoint:
// the movement costs Fee + Tax. Fee equals the sum of Parts, Tax the sum of Taxes, exactly.
type Fee struct {
	ScheduleID string        `json:"schedule_id"`
	Version    string        `json:"version"`           // of the schedule
	Base       money.Amount  `json:"base"`              // the amount that was priced
	Cost       *money.Amount `json:"cost,omitempty"`    // the rail's cost that was passed on; nil: none was
	CostTax    money.Amount  `json:"cost_tax,omitzero"` // tax on Cost
	Fee        money.Amount  `json:"fee"`               // without tax
	Tax        money.Amount  `json:"tax"`               //
	Taxes      []TaxLine     `json:"taxes,omitempty"`   // one per tax code, in the order of the schedule; none without a tax
	Parts      []Part        `json:"parts"`             // in the order they were added
	Month      string        `json:"month,omitempty"`   // to whose minimum it counts, "2026-03"; empty: to none
	Period     string        `json:"period,omitempty"`  // in which the movement was counted for later prices, as Period.Key names it; empty: it was not
}

// TaxLine is the tax owed under one code. It may be 0.
type TaxLine struct {
	Code   string       `json:"code"`
	Amount money.Amount `json:"amount"`
}

// The kinds of parts that no component has: what the schedule's own limits add or take away, and the tax taken out of a fee
// that includes it.
const (
	KindMin         = "schedule_min"
	KindMax         = "schedule_max"
	KindIncludedTax = "included_tax"
	KindMonthlyMin  = "monthly_min" // all of a fee that brings a month up to its minimum
)

// Limit says which limit of a component decided its value.
type Limit string

// The limits of a component. The zero value means that neither did.
const (
	LimitMin Limit = "min"
	LimitMax Limit = "max"
)

// Part is one addend of a fee. Amount - Rounding is the exact value of the part: Raw, or where Limit is set the component's
// minimum or maximum.
type Part struct {
	Kind     string       `json:"kind"`              // the component's kind, or one of KindMin, KindMax, KindIncludedTax, KindMonthlyMin
	Raw      money.Exact  `json:"raw"`               // exact value in minor units, before limits and rounding
	Limit    Limit        `json:"limit,omitempty"`   // which limit of the component took the place of Raw
	Amount   money.Amount `json:"amount"`            // what the part adds to the fee
	Rounding money.Exact  `json:"rounding"`          // what rounding added, in minor units
	Base     Base         `json:"base,omitempty"`    // what the component is a share of; empty: the amount that was priced
	Units    *money.Exact `json:"units,omitempty"`   // how many units were priced; nil: the component has no Unit
	Reached  *Reached     `json:"reached,omitempty"` // which tiers priced it, and why; nil: it has none
}

// Reached explains a part that was priced by tiers.
type Reached struct {
	Mode    Mode         `json:"mode"`
	Measure Measure      `json:"measure"`
	Period  string       `json:"period,omitempty"` // that was counted over, as Period.Key names it; empty: nothing was counted
	Before  money.Amount `json:"before"`           // the counter before the movement: minor units, or movements
	Slices  []Slice      `json:"slices"`           // at least one; together the amount that was priced
}

// Slice is what one tier priced.
type Slice struct {
	Tier   int          `json:"tier"` // from 1
	Amount money.Amount `json:"amount"`
	Rate   money.Rate   `json:"rate"`
	Raw    money.Exact  `json:"raw"` // Rate of Amount; of the first slice, with what is fixed
}

// Total returns Fee + Tax. Errors: money.ErrOverflow.
func (f *Fee) Total() (money.Amount, error) { return f.Fee.Add(f.Tax) }

// Check proves that f is the sum of its parts and its tax the sum of its lines. Errors: ErrInconsistent with both figures,
// money.ErrOverflow.
func (f *Fee) Check() error {
	var fee, tax money.Amount
	var err error
	for i := range f.Parts {
		if fee, err = fee.Add(f.Parts[i].Amount); err != nil {
			return f.wrap("add the parts", err)
		}
	}
	for i := range f.Taxes {
		if tax, err = tax.Add(f.Taxes[i].Amount); err != nil {
			return f.wrap("add the tax lines", err)
		}
	}
	if fee != f.Fee {
		return fmt.Errorf("%w: schedule %q version %q: fee %s, sum of its parts %s", ErrInconsistent, f.ScheduleID, f.Version, f.Fee, fee)
	}
	if tax != f.Tax {
		return fmt.Errorf("%w: schedule %q version %q: tax %s, sum of its lines %s", ErrInconsistent, f.ScheduleID, f.Version, f.Tax, tax)
	}
	return nil
}

// wrap adds the place and the deed to err.
func (f *Fee) wrap(deed string, err error) error {
	return fmt.Errorf("fee of %s by schedule %q version %q: %s: %w", f.Base, f.ScheduleID, f.Version, deed, err)
}
