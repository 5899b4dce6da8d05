package fees

import (
	"errors"

	"github.com/settlex/settlex/money"
)

// ErrNegativeAmount means that a fee was asked for an amount below 0.
var ErrNegativeAmount = errors.New("negative amount")

// ErrNoComponent means that no component's band holds the amount. A table that passed Validate never says so.
var ErrNoComponent = errors.New("no component prices the amount")

// Compute is Price of an amount of which nothing else is known.
func (s *Schedule) Compute(amount money.Amount) (Fee, error) { return s.Price(&Input{Amount: amount}) }

// Price returns the fee of a movement, in minor units of the currency that the schedule was selected for, with its explanation.
// The order is fixed: raw value of each component (rate of its base, exactly, or tiers or units, plus fixed), the component's minimum and
// maximum, the sum, one rounding (or one rounding each, with PerComponent), the schedule's minimum and maximum, and tax on the
// rounded fee. Under PerLine each part is the growth of the rounded running sum, so parts always add up to the fee. Where the
// tax is included, the fee is what remains after the tax is taken out, in a part of its own.
//
// The schedule must have passed Validate. Errors: ErrNegativeAmount, ErrNoComponent, ErrNoCost, ErrNoCounter, money.ErrOverflow.
func (s *Schedule) Price(in *Input) (Fee, error) {
	f := Fee{ScheduleID: s.ID, Version: s.Version, Base: in.Amount}
	if in.Amount.Sign() < 0 || in.CostTax.Sign() < 0 || in.Cost != nil && in.Cost.Sign() < 0 {
		return Fee{}, f.wrap("compute", ErrNegativeAmount)
	}
	if err := s.addComponents(&f, in); err != nil {
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
func (s *Schedule) addComponents(f *Fee, in *Input) error {
	f.Parts = make([]Part, 0, s.partCount(f.Base))
	var sum money.Exact
	for i := range s.Components {
		c := &s.Components[i]
		if !c.Band.Contains(f.Base) {
			continue
		}
		var err error
		if sum, err = s.addComponent(f, in, c, sum); err != nil {
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
func (s *Schedule) addComponent(f *Fee, in *Input, c *Component, sum money.Exact) (money.Exact, error) {
	part, err := c.part(in)
	if err != nil {
		return sum, err
	}
	if part.Base != "" && f.Cost == nil {
		f.Cost, f.CostTax = new(*in.Cost), in.CostTax
	}
	value, limit := c.limited(part.Raw)
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
	part.Limit, part.Amount, part.Rounding = limit, amount, rounding
	f.Parts = append(f.Parts, part)
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

// part returns c's part of the fee with its exact value before limits: its share of the base plus fixed.
func (c *Component) part(in *Input) (p Part, err error) {
	p.Kind = c.Kind
	if c.Base != BaseGross {
		p.Base = c.Base
	}
	base, err := c.Base.of(in)
	if err != nil {
		return p, err
	}
	switch {
	case c.Tiers != nil:
		if p.Reached, err = c.Tiers.slices(in); err == nil {
			p.Raw, err = c.Tiers.raw(p.Reached)
		}
	case c.Unit != nil:
		p.Units = new(money.Exact)
		*p.Units, p.Raw, err = c.Unit.raw(base)
	case c.Fixed != nil && c.Rate.IsZero():
		p.Raw = money.ExactOf(*c.Fixed)
		return p, nil
	default:
		p.Raw = c.Rate.Of(base)
	}
	if err == nil && c.Fixed != nil {
		p.Raw, err = p.Raw.Add(money.ExactOf(*c.Fixed))
	}
	return p, err
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
