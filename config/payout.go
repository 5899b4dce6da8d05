package config

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

func (b *book) readPayouts(n node) {
	taken := make(claims)
	for i, item := range n.items() {
		o := item.object()
		rule := payment.PayoutRule{For: b.scopes(o.get("for").required()), Queue: o.get("queue").boolean()}
		rule.ApproveAbove = b.approvals(o.get("approve_above"), rule.For)
		o.done()
		taken.add(o.get("for"), fmt.Sprintf("payouts[%d]", i), calendar.Date{}, rule.For)
		b.rules.Payouts = append(b.rules.Payouts, rule)
	}
}

// approvals reads the amounts above which payouts need approval, one for a
// currency.
func (b *book) approvals(n node, scopes []merchant.Scope) map[money.Currency]money.Amount {
	if !n.present() {
		return nil
	}
	above, seen := make(map[money.Currency]money.Amount), make(declared[money.Currency])
	for _, item := range n.items() {
		amount, currency := item.price()
		if amount == nil || !seen.add(item, currency, "an amount of "+currency.String()) {
			continue
		}
		takes := func(s merchant.Scope) bool { return slices.Contains(b.taken(s), currency) }
		if len(scopes) > 0 && !slices.ContainsFunc(scopes, takes) {
			item.faultf("is in %s, which nothing that the rule is for takes", currency)
		}
		above[currency] = *amount
	}
	return above
}
