package config

import (
	"fmt"

	"github.com/settlex/settlex/payment"
)

// readRails reads what is particular to rails.
func (b *book) readRails(n node) {
	ids := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		id := o.get("id").id()
		terms := netted(o.get("nets"))
		o.done()
		if id == "" || !ids.add(o.get("id"), id, "rail "+id) {
			continue
		}
		if b.rules.Rails == nil {
			b.rules.Rails = make(map[string]payment.RailTerms)
		}
		b.rules.Rails[id] = terms
	}
}

// netted reads what a rail takes off what it pays us.
func netted(n node) (terms payment.RailTerms) {
	for _, item := range n.items() {
		what := scan(item, func(s string) (string, error) {
			if s != "refunds" && s != "disputes" {
				return "", fmt.Errorf("%q is neither refunds nor disputes", s)
			}
			return s, nil
		})
		if what == "refunds" && terms.NetsRefunds || what == "disputes" && terms.NetsDisputes {
			item.faultf("%s is there twice", what)
		}
		terms.NetsRefunds = terms.NetsRefunds || what == "refunds"
		terms.NetsDisputes = terms.NetsDisputes || what == "disputes"
	}
	return terms
}

// readRefunds reads for whom refunds and disputes are booked otherwise.
func (b *book) readRefunds(n node) {
	o := n.object()
	b.rules.DrawReserve = b.scopes(o.get("draw_reserve"))
	b.rules.PayTwice = b.scopes(o.get("beside_disputes"))
	o.done()
}
