package config

import (
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

func (b *book) readReserves(n node) {
	ids, taken := make(declared[dated]), make(map[reserve.Kind]claims)
	for _, item := range n.items() {
		o := item.object()
		p, scopes := b.plan(o)
		o.done()
		p.Version = version(p)
		item.adopt(p.Validate())
		if p.ID == "" {
			continue
		}
		this := dated{p.ID, p.EffectiveFrom}
		ids.add(o.get("id"), this, "reserve plan "+this.String())
		if i := slices.IndexFunc(b.rules.Plans, func(q reserve.Plan) bool { return q.ID == p.ID && q.Kind != p.Kind }); i >= 0 {
			o.get("kind").faultf("differs from that of another version of reserve plan %s, %s", p.ID, b.rules.Plans[i].Kind)
		}
		if taken[p.Kind] == nil {
			taken[p.Kind] = make(claims)
		}
		taken[p.Kind].add(o.get("for"), p.ID, calendar.Date{}, scopes)
		b.mean(o.get("for"), p.ID, scopes)
		b.rules.Plans = append(b.rules.Plans, p)
	}
}

func (b *book) plan(o *object) (reserve.Plan, []merchant.Scope) {
	p := reserve.Plan{
		ID:            o.get("id").id(),
		EffectiveFrom: unmarshal[calendar.Date](o.get("effective_from")),
		EffectiveTo:   unmarshal[calendar.Date](o.get("effective_to")),
		Kind:          reserve.KindRolling,
	}
	if kind := o.get("kind"); kind.present() {
		p.Kind = reserve.Kind(kind.text())
	}
	rate, days := o.get("rate"), o.get("days")
	if p.Kind == reserve.KindRolling {
		rate, days = rate.required(), days.required()
	}
	p.Rate, p.Days = scan(rate, money.ParseRate), days.integer()
	p.AtEnd = reserve.AtEnd(o.get("at_end").text())
	scopes := b.scopes(o.get("for").required())
	if p.Kind.Pooled() && slices.ContainsFunc(scopes, func(s merchant.Scope) bool { return s.Method != "" }) {
		o.get("for").faultf("names a method, but a %s reserve is the merchant's, whatever it is paid by", p.Kind)
	}
	limit := o.get("cap")
	most, currency := limit.price()
	if most != nil {
		p.Cap = most
		b.only(limit, currency, scopes)
	}
	return p, scopes
}

// mean says what a plan is for. That is not versioned, so all versions of a
// plan must say the same.
func (b *book) mean(n node, id string, scopes []merchant.Scope) {
	plans := &b.rules.Book.Plans
	i := slices.IndexFunc(*plans, func(p merchant.PlanScope) bool { return p.Plan == id })
	switch {
	case i < 0:
		*plans = append(*plans, merchant.PlanScope{Plan: id, For: scopes})
	case !slices.Equal((*plans)[i].For, scopes):
		n.faultf("differs from that of another version of reserve plan %s: all versions are for the same", id)
	}
}
