package payment

import (
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// handMoney is what no job settles of a position and has matured by a date. A merchant
// who was settled by hand once, and is by a schedule now, has it beside what batches pay.
func (p *Position) handMoney(on calendar.Date) (money.Amount, error) {
	left := p.Manual
	var err error
	for _, m := range p.Maturing {
		if m.On.After(on) && err == nil {
			left, err = left.Sub(m.Amount)
		}
	}
	return left, err
}

// OwedByHand is what a merchant owes of what no job settles: 0, or below. One who was
// settled by hand once may, and batches pay so much less. Minor units. Errors:
// money.ErrOverflow.
func (p *Position) OwedByHand(on calendar.Date) (money.Amount, error) {
	left, err := p.handMoney(on)
	return money.Min(left, money.Amount{}), err
}

// anyByHand tells whether anything may be paid out to the event's merchant that no batch
// pays.
func (p *plan) anyByHand() bool {
	_, schedule, err := p.rules.pin(p.scope, p.event)
	return err == nil && manual(schedule) || p.position().Manual.Sign() > 0
}

// fromHand tells whether a payout is paid out of what no job settles, and then is
// settled by none either, and gives how much of that there is: the merchant is settled
// by hand, or was, and that money pays for it.
func (p *plan) fromHand(payout *Payout, schedule *merchant.Schedule) (own bool, left money.Amount, err error) {
	if manual(schedule) {
		return true, left, nil
	}
	total, _, err := payout.total()
	if err != nil {
		return false, left, err
	}
	left, err = p.position().handMoney(calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone))
	return total.Cmp(left) <= 0, left, err
}

// mayLeave refuses a payout of a merchant who is leaving of what a batch will pay.
func (p *plan) mayLeave(payout *Payout, schedule *merchant.Schedule) error {
	m, status, since := p.stood()
	if m == nil || !leaving(status) {
		return nil
	}
	own, left, err := p.fromHand(payout, schedule)
	if own || err != nil {
		return err
	}
	c := payout.Currency
	return &FieldError{FieldAmount, fmt.Errorf("%s and its fee are more than the %s that no batch pays, and %s %w: it is %s since %s",
		c.Format(payout.Amount), c.Format(left), m.ID, ErrInactive, status, since.Format(timeFormat))}
}
