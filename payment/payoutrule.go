package payment

import (
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// A PayoutRule says how payouts are decided. The narrowest rule that is meant for
// a payout holds whole, of equally narrow ones the first. Without one a payout is
// approved as it is requested, and refused when there is no money for it.
type PayoutRule struct {
	For []merchant.Scope
	// ApproveAbove has for a currency the amount in minor units above which a
	// payout, its fee and tax left out, needs the approval of somebody else than
	// who asked for it. A currency it lacks has no such amount; with 0 every payout
	// needs approval.
	ApproveAbove map[money.Currency]money.Amount
	// Queue has a payout wait while there is no money for it. Otherwise it is
	// refused.
	Queue bool
}

// payoutRule is the rule for the payouts of a case.
func (r *Rules) payoutRule(c merchant.Scope) (rule PayoutRule) {
	best := -1
	for i := range r.Payouts {
		if rank, ok := merchant.Narrowest(r.Payouts[i].For, c); ok && (best < 0 || rank < best) {
			rule, best = r.Payouts[i], rank
		}
	}
	return rule
}

// needsApproval tells whether somebody else has to approve a payout.
func (r *PayoutRule) needsApproval(e *Event) bool {
	above, ok := r.ApproveAbove[e.Currency]
	return ok && e.Amount.Cmp(above) > 0
}
