package payment

import (
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// Rules are the configuration that decides about payments. They are read only
// and shared by all commands of an engine.
type Rules struct {
	Book  *merchant.Book
	Fees  fees.Table
	Plans []reserve.Plan // several versions of one id differ in EffectiveFrom
	// Payouts say which payouts need approval, and whether they wait for money.
	Payouts []PayoutRule
	// CreateMerchants makes a merchant nobody knows come into being with its
	// first deposit, in the region of the deposit's currency. Otherwise such a
	// deposit is refused.
	CreateMerchants bool
	// Rails are what is particular to rails, by name; one that is not listed nets
	// nothing.
	Rails map[string]RailTerms
	// DrawReserve says whose refunds and disputes draw on what is left of their
	// deposit's own reserve before they draw on what is available.
	DrawReserve []merchant.Scope
	// PayTwice says of whose deposits the same money may be refunded and disputed.
	// Each of both stays within the deposit.
	PayTwice []merchant.Scope
	// ApproveAbove is the amount of an adjustment in minor units up to which whoever
	// asks for it decides alone. In a currency without one, every adjustment needs
	// somebody else's approval.
	ApproveAbove map[money.Currency]money.Amount
}

// RailTerms are what is particular to a rail. The zero value nets nothing: what
// it pays or takes goes through the bank.
type RailTerms struct {
	NetsRefunds  bool // refunds it has paid come off what it pays us
	NetsDisputes bool // so do the money it takes for disputes and gives back
}

// plan gives the version of a reserve plan in force on a date; nil: none is.
func (r *Rules) plan(id string, on calendar.Date) *reserve.Plan {
	var best *reserve.Plan
	for i := range r.Plans {
		p := &r.Plans[i]
		if p.ID == id && p.InForce(on) && (best == nil || p.EffectiveFrom.After(best.EffectiveFrom)) {
			best = p
		}
	}
	return best
}

// pin finds the window a movement belongs to, and the schedule that says so.
func (r *Rules) pin(scope merchant.Scope, e *Event) (WindowPin, *merchant.Schedule, error) {
	schedule, err := r.Book.Schedule(scope, e.OccurredAt)
	if err != nil {
		return WindowPin{}, nil, &FieldError{FieldMerchant, err}
	}
	window, err := schedule.Timing.WindowAt(e.OccurredAt)
	if err != nil {
		return WindowPin{}, nil, &FieldError{FieldOccurredAt, fmt.Errorf("schedule %s: %w", schedule.ID, err)}
	}
	return WindowPin{Schedule: schedule.Pin(), Window: window}, schedule, nil
}

// ByHand tells that no job closes the windows of a schedule.
func ByHand(s *merchant.Schedule) bool { return manual(s) }

func manual(s *merchant.Schedule) bool { return s.Timing.Anchor.Kind == calendar.Manual }

// price computes the fee for an event of a merchant. Dates of fee versions are
// counted in the time zone of the movement's schedule, so on is given.
func (r *Rules) price(scope merchant.Scope, e *Event, kind fees.Event, on calendar.Date) (*fees.Schedule, fees.Fee, error) {
	schedule, err := r.Fees.Select(fees.Query{
		Merchant: scope.Merchant, Region: scope.Region, Currency: scope.Currency, Method: e.Method,
		Brand: e.Brand, Funding: e.Funding, Event: kind, On: on,
	})
	if err != nil {
		return nil, fees.Fee{}, err
	}
	fee, err := schedule.Compute(e.Amount)
	if err != nil {
		return nil, fees.Fee{}, fmt.Errorf("fee schedule %s: %w", schedule.ID, err)
	}
	return schedule, fee, nil
}
