package config

import (
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
)

// readLetGo reads what lets the batches of a schedule go, and in how many parts.
func (b *book) readLetGo(o *object, s *merchant.Schedule) {
	if amount, currency := o.get("max_payout").price(); amount != nil {
		if s.MaxPayout = *amount; amount.IsZero() {
			o.get("max_payout").faultf("is 0: nothing could leave")
		}
		switch {
		case s.FX == nil:
			b.only(o.get("max_payout"), currency, s.For)
		case s.FX.OfMerchant:
			o.get("max_payout").faultf("is in %s, but what leaves is in each merchant's own currency", currency)
		case currency != s.FX.Target && !s.FX.Target.IsZero():
			o.get("max_payout").faultf("is in %s, but what leaves is %s", currency, s.FX.Target)
		}
	}
	if amount, currency := o.get("approve_above").price(); amount != nil {
		s.ApproveAbove = amount
		b.only(o.get("approve_above"), currency, s.For)
	}
	hold := o.get("hold")
	if !hold.present() {
		return
	}
	h := hold.object()
	s.Hold = &merchant.ScheduleHold{Until: unmarshal[calendar.Date](h.get("until")), Reason: h.get("reason").required().text()}
	h.done()
}
