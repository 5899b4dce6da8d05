package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

func (b *book) readFees(n node) {
	ids := make(declared[dated])
	for _, item := range n.items() {
		o := item.object()
		s := b.fee(o)
		s.Version = version(s)
		adoptFee(item, &s)
		this := dated{s.ID, s.EffectiveFrom}
		if s.ID != "" {
			ids.add(o.get("id"), this, "fee schedule "+this.String())
		}
		for i := range b.rules.Fees {
			adoptVersion(item, &s, &b.rules.Fees[i])
		}
		b.rules.Fees = append(b.rules.Fees, s)
	}
}

func (b *book) fee(o *object) (s fees.Schedule) {
	placed := b.r.quiet(func() {
		s.ID = o.get("id").id()
		s.EffectiveFrom = unmarshal[calendar.Date](o.get("effective_from"))
		s.EffectiveTo = unmarshal[calendar.Date](o.get("effective_to"))
		s.Priority = o.get("priority").integer()
		s.Match = b.match(o.get("match").required())
	})
	amount := amountsOf(o.get("match"), s.Match.Currency)
	for _, item := range o.get("components").required().items() {
		s.Components = append(s.Components, component(item, amount))
	}
	s.Min, s.Max = amount(o.get("min")), amount(o.get("max"))
	s.MonthlyMin = amount(o.get("monthly_min"))
	s.Tax = b.taxOf(o.get("tax"))
	s.Rounding = rounding(o.get("rounding"))
	s.Refund = fees.RefundPolicy(o.get("refund_policy").text())
	s.Dispute = fees.DisputePolicy(o.get("dispute_policy").text())
	s.Charge = fees.Charge(o.get("charge").text())
	if known := b.r.quiet(o.done); !placed || !known {
		b.doubtful.fees = true
	}
	return s
}

func (b *book) match(n node) fees.Match {
	o := n.object()
	m := fees.Match{
		Event:    fees.Event(o.get("event").text()),
		Region:   b.regionOf(o.get("region")),
		Currency: unmarshal[money.Currency](o.get("currency")),
		Merchant: b.merchantOf(o.get("merchant")),
		Method:   o.get("method").text(),
		Brand:    o.get("brand").text(),
		Funding:  o.get("funding").text(),
	}
	if domestic := o.get("domestic"); domestic.present() {
		m.Domestic = new(domestic.boolean())
	}
	o.done()
	return m
}

// amountsOf gives the function that reads amounts of the currency that is
// matched; without one nobody knows their decimals.
func amountsOf(match node, currency money.Currency) func(node) *money.Amount {
	return func(n node) *money.Amount {
		switch {
		case !n.present():
			return nil
		case !currency.IsZero():
			return n.amountIn(currency)
		case match.r.within[join(match.key, "currency")]:
			n.someAmount()
		default:
			n.fault(errors.New("is an amount of money: match a currency, so that its decimals are known"))
		}
		return nil
	}
}

func component(n node, amount func(node) *money.Amount) fees.Component {
	o := n.object()
	c := fees.Component{
		Kind:  o.get("kind").required().text(),
		Rate:  scan(o.get("rate"), money.ParseRate),
		Fixed: amount(o.get("fixed")),
		Min:   amount(o.get("min")),
		Max:   amount(o.get("max")),
		Base:  fees.Base(o.get("base").text()),
		Tiers: tiers(o.get("tiers"), amount),
		Unit:  unit(o.get("unit"), amount),
	}
	if !o.get("rate").present() && !o.get("fixed").present() && !o.get("unit").present() && !o.get("tiers").present() {
		n.faultf("has no price: it needs a rate (0%% where it is free), fixed, unit or tiers")
	}
	band := o.get("band").object()
	if over := amount(band.get("over")); over != nil {
		c.Band.Over = *over
	}
	if upTo := amount(band.get("up_to")); upTo != nil {
		c.Band.UpTo = *upTo
	}
	band.done()
	o.done()
	return c
}

func tiers(n node, amount func(node) *money.Amount) *fees.Tiers {
	if !n.present() {
		return nil
	}
	o := n.object()
	t := &fees.Tiers{
		Mode:    fees.Mode(o.get("mode").text()),
		Measure: fees.Measure(o.get("measure").text()),
		Period:  fees.Period(o.get("period").text()),
	}
	upTo := amount
	if t.Measure == fees.MeasureCount {
		upTo = func(n node) *money.Amount { return new(money.Minor(int64(n.integer()))) }
	}
	for _, item := range o.get("steps").required().items() {
		tier := item.object()
		step := fees.Tier{Rate: scan(tier.get("rate"), money.ParseRate), Fixed: amount(tier.get("fixed"))}
		if up := upTo(tier.get("up_to")); up != nil {
			step.UpTo = *up
		}
		tier.done()
		t.Steps = append(t.Steps, step)
	}
	o.done()
	return t
}

func unit(n node, amount func(node) *money.Amount) *fees.Unit {
	if !n.present() {
		return nil
	}
	o := n.object()
	u := &fees.Unit{Started: o.get("started").boolean()}
	if size := amount(o.get("size").required()); size != nil {
		u.Size = *size
	}
	if price := amount(o.get("price").required()); price != nil {
		u.Price = *price
	}
	o.done()
	return u
}

func rounding(n node) fees.Rounding {
	o := n.object()
	r := fees.Rounding{
		Mode: unmarshal[money.Rounding](o.get("mode")),
		Per:  fees.Per(o.get("per").text()),
	}
	o.done()
	return r
}

// adoptFee notes what the room finds wrong. Taxes were validated where they
// stand.
func adoptFee(n node, s *fees.Schedule) {
	for _, err := range leaves(s.Validate()) {
		fault, ok := errors.AsType[*fees.Fault](err)
		if !ok || strings.HasPrefix(fault.Field, "tax.") {
			continue
		}
		if aboutAmounts.MatchString(fault.Field+": "+fault.Problem) && !aboutCounts(s, fault.Field) {
			fault.Problem = inMajorUnits(fault.Problem, s.Match.Currency)
		}
		n.adopt(fault)
	}
}

// adoptVersion notes what the room finds wrong with the event of a version beside that of an earlier one. That they are two is checked
// where the id stands.
func adoptVersion(n node, s, earlier *fees.Schedule) {
	for _, err := range leaves(s.ValidateBeside(earlier)) {
		if fault, ok := errors.AsType[*fees.Fault](err); ok && fault.Field == "match.event" {
			n.adopt(fault)
		}
	}
}

var (
	aboutAmounts = regexp.MustCompile(`^([^:]*\.)?(fixed|min|max|over|up_to|size|price|monthly_min): |^components: no band`)
	figures      = regexp.MustCompile(`-?[0-9]+`)
)

// aboutCounts tells whether a field is the end of a tier that counts movements.
func aboutCounts(s *fees.Schedule, field string) bool {
	for i := range s.Components {
		t := s.Components[i].Tiers
		if t != nil && t.Measure == fees.MeasureCount && strings.HasSuffix(field, "up_to") &&
			strings.HasPrefix(field, fmt.Sprintf("components[%d].tiers.", i)) {
			return true
		}
	}
	return false
}

// inMajorUnits writes the figures of a text as the file does; a room has them
// in minor units.
func inMajorUnits(text string, currency money.Currency) string {
	return figures.ReplaceAllStringFunc(text, func(figure string) string {
		amount, err := money.ParseMinor(figure)
		if err != nil {
			return figure
		}
		return currency.Format(amount)
	})
}
