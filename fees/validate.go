package fees

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/money"
)

// Fault is one thing wrong with a schedule. Validate joins all of them; callers that know the file find the line by Index and
// Field.
type Fault struct {
	Index   int    // position of the schedule in its table, from 0
	ID      string // of the schedule, possibly empty
	Version string
	Field   string // path within the schedule, as in its JSON: components[0].rate
	Problem string // what is wrong, with the figures
}

// Error names the schedule, the field and the problem.
func (f *Fault) Error() string {
	if f.ID == "" {
		return fmt.Sprintf("fee schedule number %d: %s: %s", f.Index+1, f.Field, f.Problem)
	}
	return fmt.Sprintf("fee schedule %q version %q: %s: %s", f.ID, f.Version, f.Field, f.Problem)
}

// Validate checks every schedule, and that id and version, and id and first day, each name one schedule only. It returns all
// faults joined, each a *Fault, or nil.
func (t Table) Validate() error {
	var all []error
	for i := range t {
		c := checker{schedule: &t[i], index: i}
		c.check()
		for j := range t[:i] {
			c.checkAgainst(&t[j])
		}
		all = append(all, c.faults...)
	}
	return errors.Join(all...)
}

// Validate checks s on its own. It returns all faults joined, each a *Fault, or nil.
func (s *Schedule) Validate() error {
	c := checker{schedule: s}
	c.check()
	return errors.Join(c.faults...)
}

// ValidateBeside checks s against an earlier schedule of its table. It returns all faults joined, each a *Fault of s, or nil.
func (s *Schedule) ValidateBeside(earlier *Schedule) error {
	c := checker{schedule: s}
	c.checkAgainst(earlier)
	return errors.Join(c.faults...)
}

// checker collects the faults of one schedule.
type checker struct {
	schedule *Schedule
	index    int
	faults   []error
}

// add notes a fault of the field.
func (c *checker) add(field, format string, args ...any) {
	s := c.schedule
	c.faults = append(c.faults, &Fault{Index: c.index, ID: s.ID, Version: s.Version, Field: field, Problem: fmt.Sprintf(format, args...)})
}

// check runs every rule that needs only the schedule itself.
func (c *checker) check() {
	s := c.schedule
	c.name("id", s.ID)
	c.name("version", s.Version)
	if !s.EffectiveTo.IsZero() && s.EffectiveTo.Before(s.EffectiveFrom) {
		c.add("effective_to", "%s is before effective_from %s", s.EffectiveTo, s.EffectiveFrom)
	}
	if s.Match.Event != "" && !s.Match.Event.known() {
		c.add("match.event", "%q is not one of %s", s.Match.Event, listed(Events()))
	}
	c.match()
	c.components()
	c.bands()
	c.limits("", s.Min, s.Max)
	c.monthlyMin()
	c.currency()
	c.tax()
	oneOf(c, "rounding.per", s.Rounding.Per, PerLine, PerComponent)
	if s.Rounding.Mode > money.Up {
		c.add("rounding.mode", "%d is not a rounding mode", s.Rounding.Mode)
	}
	oneOf(c, "refund_policy", s.Refund, RefundKeep, RefundReturnProRata)
	oneOf(c, "dispute_policy", s.Dispute, DisputeKeep, DisputeReturnOnWin)
	oneOf(c, "charge", s.Charge, ChargeNet, ChargeGross)
	c.policies()
	if s.Charge == ChargeGross && !s.Match.Event.counted() {
		c.add("charge", "gross is for captures, refunds, disputes and payouts: match one of these events")
	}
}

// match refuses facts that no movement of the event has, so that the schedule would never price one.
func (c *checker) match() {
	m := &c.schedule.Match
	switch m.Event {
	case EventSettlement, EventInstant, EventFX:
		c.unknown(m.Method != "", "method")
		c.unknown(m.Brand != "", "brand")
		c.unknown(m.Funding != "", "funding")
		c.unknown(m.Domestic != nil, "domestic")
	}
}

// unknown refuses a fact that is bound and that movements of the event do not have.
func (c *checker) unknown(bound bool, fact string) {
	if bound {
		c.add("match."+fact, "is a fact of payments, and event %s is of batches: the schedule would never price one", c.schedule.Match.Event)
	}
}

// policies refuses policies of what the schedule does not price, which would do nothing.
func (c *checker) policies() {
	s := c.schedule
	e := s.Match.Event
	if !e.known() { // it prices whatever there is, or is faulted
		return
	}
	if s.Refund == RefundReturnProRata && e != EventCapture && e != EventRefund {
		c.add("refund_policy", "%s is for captures and refunds, and does nothing for event %s", s.Refund, e)
	}
	if s.Dispute == DisputeReturnOnWin && e != EventDispute {
		c.add("dispute_policy", "%s is for disputes, and does nothing for event %s", s.Dispute, e)
	}
}

// checkAgainst notes what makes s and an earlier schedule of the table the same.
func (c *checker) checkAgainst(o *Schedule) {
	s := c.schedule
	if s.ID == "" || s.ID != o.ID {
		return
	}
	if s.Version == o.Version {
		c.add("version", "is in the table twice")
	}
	if s.Match.Event != o.Match.Event && (s.sums() || o.sums()) {
		c.add("match.event", "is %s, that of version %q %s: what a schedule counts, and its monthly minimum, is of one event", orAny(s.Match.Event), o.Version, orAny(o.Match.Event))
	}
	if s.EffectiveFrom == o.EffectiveFrom {
		c.add("effective_from", "is that of version %q too, so neither is the later one", o.Version)
	}
}

// sums reports whether what s charges is added up over several movements.
func (s *Schedule) sums() bool {
	_, counts := s.Counts()
	return counts || s.MonthlyMin != nil
}

// orAny spells out an event that is not bound.
func orAny(e Event) string {
	if e == "" {
		return "any"
	}
	return string(e)
}

// name requires a text without blanks around it.
func (c *checker) name(field, value string) {
	switch {
	case value == "":
		c.add(field, "is required")
	case strings.TrimSpace(value) != value:
		c.add(field, "%q begins or ends with a blank", value)
	}
}

// components checks each component on its own.
func (c *checker) components() {
	if len(c.schedule.Components) == 0 {
		c.add("components", "at least one is required; a free schedule has one with rate 0")
	}
	for i := range c.schedule.Components {
		p := &c.schedule.Components[i]
		at := fmt.Sprintf("components[%d].", i)
		c.name(at+"kind", p.Kind)
		if slices.Contains([]string{KindMin, KindMax, KindIncludedTax, KindMonthlyMin}, p.Kind) {
			c.add(at+"kind", "%q is reserved for the explanation", p.Kind)
		}
		c.price(at+"rate", p.Rate, p.Base)
		oneOf(c, at+"base", p.Base, BaseGross, BaseCost, BaseCostAndTax)
		if (p.Base == BaseCost || p.Base == BaseCostAndTax) && c.schedule.Match.Event != EventCapture {
			c.add(at+"base", "the cost of captures is known, of nothing else: match event %s", EventCapture)
		}
		c.tiers(at, p)
		c.unit(at, p)
		c.amount(at+"fixed", p.Fixed)
		c.limits(at, p.Min, p.Max)
		c.amount(at+"band.over", &p.Band.Over)
		c.amount(at+"band.up_to", &p.Band.UpTo)
		if !p.Band.UpTo.IsZero() && p.Band.UpTo.Cmp(p.Band.Over) <= 0 {
			c.add(at+"band.up_to", "%s is not above over %s", p.Band.UpTo, p.Band.Over)
		}
	}
}

// tiers checks the tiers of a component, which stand in the place of its rate.
func (c *checker) tiers(at string, p *Component) {
	t := p.Tiers
	if t == nil {
		return
	}
	at += "tiers"
	if !p.Rate.IsZero() || p.Unit != nil || p.Base != "" && p.Base != BaseGross {
		c.add(at, "take the place of rate, unit and base: leave those out")
	}
	oneOf(c, at+".mode", t.Mode, Graduated, Volume)
	oneOf(c, at+".measure", t.Measure, MeasureAmount, MeasureCount)
	oneOf(c, at+".period", t.Period, PeriodMonth, PeriodYear, PeriodEver, PeriodMovement)
	if t.Period == PeriodMovement && t.Measure == MeasureCount {
		c.add(at+".measure", "a movement by itself is always the first: count amounts, or over another period")
	}
	c.counted(at+".period", t)
	if len(t.Steps) == 0 {
		c.add(at+".steps", "at least one is required")
	}
	for i := range t.Steps {
		c.tier(fmt.Sprintf("%s.steps[%d].", at, i), t, i)
	}
}

// counted requires what is counted of to be counted somewhere, and over one period for a whole schedule.
func (c *checker) counted(field string, t *Tiers) {
	if t.Period == PeriodMovement {
		return
	}
	switch e := c.schedule.Match.Event; {
	case e.counted():
	case e == "":
		c.add(field, "counts one kind of event: match one, or count over a %s", PeriodMovement)
	default:
		c.add(field, "no %s is counted: count over a %s", e, PeriodMovement)
	}
	own := t.Period
	if own == "" {
		own = PeriodMonth
	}
	if p, _ := c.schedule.Counts(); p != own {
		c.add(field, "is %s, that of other tiers %s: a schedule counts over one", own, p)
	}
}

// tier checks one tier among the others.
func (c *checker) tier(at string, t *Tiers, i int) {
	step := &t.Steps[i]
	c.price(at+"rate", step.Rate, BaseGross)
	c.amount(at+"fixed", step.Fixed)
	last := i == len(t.Steps)-1
	switch {
	case last && !step.UpTo.IsZero():
		c.add(at+"up_to", "no tier is for what is above %s: the last has no up_to", step.UpTo)
	case !last && step.UpTo.Sign() <= 0:
		c.add(at+"up_to", "is required above 0: only the last tier has no end")
	case !last && i > 0 && step.UpTo.Cmp(t.Steps[i-1].UpTo) <= 0:
		c.add(at+"up_to", "%s is not above that of the tier before, %s", step.UpTo, t.Steps[i-1].UpTo)
	}
	if i > 0 && step.Fixed != nil && t.Period == PeriodMovement && t.Mode != Volume {
		c.add(at+"fixed", "is never charged: each movement begins in the first tier")
	}
}

// unit checks the unit of a component, which stands in the place of its rate.
func (c *checker) unit(at string, p *Component) {
	u := p.Unit
	if u == nil {
		return
	}
	if !p.Rate.IsZero() {
		c.add(at+"unit", "takes the place of rate: leave that out")
	}
	c.amount(at+"unit.price", &u.Price)
	if u.Size.Sign() <= 0 {
		c.add(at+"unit.size", "%s is not above 0", u.Size)
	} else if _, err := money.Quotient(money.Minor(1), money.Minor(1), u.Size); err != nil && !u.Started {
		c.add(at+"unit.size", "%s does not divide without a remainder: take a product of twos and fives, or charge for started units", u.Size)
	}
}

// monthlyMin checks the minimum of a month, which is of one kind of fee.
func (c *checker) monthlyMin() {
	s := c.schedule
	c.amount("monthly_min", s.MonthlyMin)
	if s.MonthlyMin == nil {
		return
	}
	if !s.Match.Event.counted() {
		c.add("monthly_min", "is of captures, refunds, disputes or payouts: match one of these events")
	}
}

// bands requires that every amount lies in the band of some component, so that none is free by oversight.
func (c *checker) bands() {
	bands := make([]Band, 0, len(c.schedule.Components))
	for i := range c.schedule.Components {
		bands = append(bands, c.schedule.Components[i].Band)
	}
	slices.SortFunc(bands, func(a, b Band) int { return a.Over.Cmp(b.Over) })
	var reach money.Amount // every amount up to here is in a band
	for _, b := range bands {
		if b.Over.Cmp(reach) > 0 {
			c.add("components", "no band holds amounts over %s up to %s", reach, b.Over)
		}
		if b.UpTo.IsZero() {
			return
		}
		reach = money.Max(reach, b.UpTo)
	}
	if len(bands) > 0 {
		c.add("components", "no band holds amounts over %s", reach)
	}
}

// currency requires a bound currency where the schedule names amounts of money, which mean nothing without one.
func (c *checker) currency() {
	s := c.schedule
	if !s.Match.Currency.IsZero() {
		return
	}
	named := s.Min != nil || s.Max != nil || s.MonthlyMin != nil
	for i := range s.Components {
		p := &s.Components[i]
		named = named || p.Fixed != nil || p.Min != nil || p.Max != nil || p.Band != Band{} || p.Unit != nil || p.Tiers.namesMoney()
	}
	if named {
		c.add("match.currency", "is required, because the schedule names amounts of money")
	}
}

// namesMoney reports whether a tier begins at, or costs, an amount of money.
func (t *Tiers) namesMoney() bool {
	return t != nil && slices.ContainsFunc(t.Steps, func(s Tier) bool {
		return s.Fixed != nil || !s.UpTo.IsZero() && t.Measure != MeasureCount
	})
}

// tax checks the tax and its split.
func (c *checker) tax() {
	t := &c.schedule.Tax
	if t.IsZero() {
		return
	}
	c.name("tax.code", t.Code)
	c.rate("tax.rate", t.Rate)
	for i, p := range t.Split {
		at := fmt.Sprintf("tax.split[%d].", i)
		c.name(at+"code", p.Code)
		if slices.ContainsFunc(t.Split[:i], func(o TaxPart) bool { return o.Code == p.Code }) {
			c.add(at+"code", "%q is in the split twice", p.Code)
		}
		if p.Weight <= 0 {
			c.add(at+"weight", "%d is not above 0", p.Weight)
		}
	}
}

// rate requires a share of 0 to 1: the likeliest slip is a percentage written without its sign.
func (c *checker) rate(field string, r money.Rate) {
	one := money.Minor(1)
	if r.Sign() < 0 {
		c.add(field, "%s is below 0", r)
	} else if r.Of(one).Cmp(money.ExactOf(one)) > 0 {
		c.add(field, "%s is more than 1, which is 100 %%", r)
	}
}

// price requires a share of less than 1, but for what passes a cost on: all of an amount is no price, but 1 percent without its sign.
func (c *checker) price(field string, r money.Rate, of Base) {
	if of != BaseCost && of != BaseCostAndTax && r == money.MustRate("1") {
		c.add(field, "1 is 100 %%, all of the amount; 1 percent is 1%%")
		return
	}
	c.rate(field, r)
}

// limits requires a minimum and a maximum of at least 0, in order.
func (c *checker) limits(at string, least, most *money.Amount) {
	c.amount(at+"min", least)
	c.amount(at+"max", most)
	if least != nil && most != nil && least.Cmp(*most) > 0 {
		c.add(at+"min", "%s is above max %s", least, most)
	}
}

// amount requires an amount of at least 0, if there is one.
func (c *checker) amount(field string, a *money.Amount) {
	if a != nil && a.Sign() < 0 {
		c.add(field, "%s is below 0", a)
	}
}

// oneOf requires one of the values, or none, which stands for the first.
func oneOf[T ~string](c *checker, field string, value T, values ...T) {
	if value != "" && !slices.Contains(values, value) {
		c.add(field, "%q is not one of %v", value, values)
	}
}

// listed names values for an error text.
func listed[T ~string](values []T) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}
