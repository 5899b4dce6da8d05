package config

import (
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/payment"
)

// readDeposits reads what becomes of deposits that are captured late.
func (b *book) readDeposits(n node) {
	taken := make(claims)
	for i, item := range n.items() {
		o := item.object()
		rule := payment.LateRule{
			Policy: scan(o.get("late_success").required(), latePolicy),
			For:    b.scopes(o.get("for").required()),
		}
		o.done()
		taken.add(o.get("for"), fmt.Sprintf("deposits[%d]", i), calendar.Date{}, rule.For)
		b.rules.LateSuccess = append(b.rules.LateSuccess, rule)
	}
}

func latePolicy(s string) (payment.LatePolicy, error) {
	switch p := payment.LatePolicy(s); p {
	case payment.LateAccept, payment.LateRefund:
		return p, nil
	}
	return "", fmt.Errorf("%q is neither %s nor %s", s, payment.LateAccept, payment.LateRefund)
}
