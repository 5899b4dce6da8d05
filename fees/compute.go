package fees

import (
	"errors"

	"github.com/settlex/settlex/money"
)

// ErrNegativeAmount means that a fee was asked for an amount below 0.
var ErrNegativeAmount = errors.New("negative amount")

// ErrNoComponent means that no component's band holds the amount. A table that passed Validate never says so.
var ErrNoComponent = errors.New("no component prices the amount")

// Compute returns the fee of amount, in minor units of the currency that the schedule was selected for, with its explanation.
// The order is fixed: raw value of each component (rate of the amount, exactly, plus fixed), the component's minimum and
// maximum, the sum, one rounding (or one rounding each, with PerComponent), the schedule's minimum and maximum, and tax on the
// rounded fee. Under PerLine each part is the growth of the rounded running sum, so parts always add up to the fee. Where the
// tax is included, the fee is what remains after the tax is taken out, in a part of its own.
//
// The schedule must have passed Validate. Errors: ErrNegativeAmount, ErrNoComponent, money.ErrOverflow.
func (s *Schedule) Compute(amount money.Amount) (Fee, error) {
	f := Fee{ScheduleID: s.ID, Version: s.Version, Base: amount}
	if amount.Sign() < 0 {
		return Fee{}, f.wrap("compute", ErrNegativeAmount)
	}
	if err := s.addComponents(&f); err != nil {
		return Fee{}, err
	}
	if err := s.applyLimits(&f); err != nil {
		return Fee{}, f.wrap("apply the schedule's limits", err)
	}
	if err := s.applyTax(&f); err != nil {
		return Fee{}, f.wrap("compute the tax", err)
	}
	if err := f.Check(); err != nil {
		panic("fees: " + err.Error()) // the arithmetic above adds every part it books
	}
	return f, nil
}

// addComponents fills f with the rounded components that apply to its base.
func (s *Schedule) addComponents(f *Fee) error {
	f.Parts = make([]Part, 0, s.partCount(f.Base))
	var sum money.Exact
	for i := range s.Components {
		c := &s.Components[i]
		if !c.Band.Contains(f.Base) {
			continue
		}
		var err error
		if sum, err = s.addComponent(f, c, sum); err != nil {
			return f.wrap("component "+c.Kind, err)
		}
	}
	if len(f.Parts) == 0 {
		return f.wrap("compute", ErrNoComponent)
	}
	return nil
}

// partCount returns how many parts the fee of amount can have.
func (s *Schedule) partCount(amount money.Amount) int {
	n := 0
	for i := range s.Components {
		if s.Components[i].Band.Contains(amount) {
			n++
		}
	}
	if s.Min != nil || s.Max != nil {
		n++
	}
	if s.Tax.Inclusive {
		n++
	}
	return n
}

// addComponent books c as the next part of f and returns the exact running sum with it.
func (s *Schedule) addComponent(f *Fee, c *Component, sum money.Exact) (money.Exact, error) {
	raw, err := c.raw(f.Base)
	if err != nil {
		return sum, err
	}
	value, limit := c.limited(raw)
	if sum, err = sum.Add(value); err != nil {
		return sum, err
	}
	amount, err := s.round(f.Fee, value, sum)
	if err != nil {
		return sum, err
	}
	if f.Fee, err = f.Fee.Add(amount); err != nil {
		return sum, err
	}
	rounding, err := money.ExactOf(amount).Sub(value)
	if err != nil {
		return sum, err
	}
	f.Parts = append(f.Parts, Part{Kind: c.Kind, Raw: raw, Limit: limit, Amount: amount, Rounding: rounding})
	return sum, nil
}

// round returns the whole minor units of a part: of its own value, or the growth of the rounded running sum since before.
func (s *Schedule) round(before money.Amount, value, sum money.Exact) (money.Amount, error) {
	if s.Rounding.Per == PerComponent {
		return value.Round(s.Rounding.Mode)
	}
	after, err := sum.Round(s.Rounding.Mode)
	if err != nil {
		return money.Amount{}, err
	}
	return after.Sub(before)
}

// raw returns the exact value of c before its limits: rate of the amount plus fixed.
func (c *Component) raw(amount money.Amount) (money.Exact, error) {
	switch {
	case c.Fixed == nil:
		return c.Rate.Of(amount), nil
	case c.Rate.IsZero():
		return money.ExactOf(*c.Fixed), nil
	}
	return c.Rate.Of(amount).Add(money.ExactOf(*c.Fixed))
}

// limited keeps raw between the component's minimum and maximum, and says which of them it had to use.
func (c *Component) limited(raw money.Exact) (money.Exact, Limit) {
	if c.Min != nil {
		if least := money.ExactOf(*c.Min); raw.Cmp(least) < 0 {
			return least, LimitMin
		}
	}
	if c.Max != nil {
		if most := money.ExactOf(*c.Max); raw.Cmp(most) > 0 {
			return most, LimitMax
		}
	}
	return raw, ""
}

// applyLimits keeps the rounded fee between the schedule's minimum and maximum; what that changes is a part of its own.
func (s *Schedule) applyLimits(f *Fee) error {
	if s.Min != nil && f.Fee.Cmp(*s.Min) < 0 {
		return f.setFee(KindMin, *s.Min)
	}
	if s.Max != nil && f.Fee.Cmp(*s.Max) > 0 {
		return f.setFee(KindMax, *s.Max)
	}
	return nil
}

// setFee moves the fee to total and books the difference as a part.
func (f *Fee) setFee(kind string, total money.Amount) error {
	diff, err := total.Sub(f.Fee)
	if err != nil {
		return err
	}
	f.Parts = append(f.Parts, Part{Kind: kind, Raw: money.ExactOf(diff), Amount: diff})
	f.Fee = total
	return nil
}
