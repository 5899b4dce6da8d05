package config

import (
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// readWithholding reads of whose deposits tax is withheld.
func (b *book) readWithholding(n node) {
	taken := make(map[string]claims)
	for i, item := range n.items() {
		o := item.object()
		rule := payment.WithholdingRule{
			Code:          o.get("code").id(),
			Rate:          scan(o.get("rate").required(), money.ParseRate),
			Base:          payment.WithholdingBase(o.get("base").text()),
			Rounding:      unmarshal[money.Rounding](o.get("rounding")),
			EffectiveFrom: unmarshal[calendar.Date](o.get("effective_from")),
			EffectiveTo:   unmarshal[calendar.Date](o.get("effective_to")),
		}
		if returned := o.get("returned"); returned.present() {
			rule.Kept = !returned.boolean()
		}
		rule.For = b.scopes(o.get("for").required())
		o.done()
		item.adopt(rule.Validate())
		if taken[rule.Code] == nil {
			taken[rule.Code] = make(claims)
		}
		taken[rule.Code].add(o.get("for"), fmt.Sprintf("withholding[%d]", i), rule.EffectiveFrom, rule.For)
		b.rules.Withholding = append(b.rules.Withholding, rule)
	}
}
