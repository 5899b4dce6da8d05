package payment

import (
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// Sources say from where the money of a refund or a dispute was taken, in this
// order: from what its deposit has in pending, from what is left of the deposit's
// own reserve, from available. Or, the other way round, to where it went back.
// Minor units.
type Sources struct {
	Pending   money.Amount `json:"pending,omitzero"`
	Reserve   money.Amount `json:"reserve,omitzero"`
	Available money.Amount `json:"available,omitzero"`
}

// settles gives the window that what is booked now is settled in. Where no job
// settles, it is the one of the event.
func (p *plan) settles(pin WindowPin, s *merchant.Schedule) (WindowPin, error) {
	if manual(s) {
		return pin, nil
	}
	in, _, err := settles(s, pin, notBefore(p.state.Now(), p.state, PositionRef(p.merchant.ID, p.event.Currency)))
	return in, err
}

// ownPending tells whether a deposit's own money is pending for an event of now:
// the event is settled in the deposit's window, by the same version of the
// schedule; or nobody but the merchant settles, and the deposit's date has not
// come. Both are a matter of dates: which jobs have run makes no difference. What a
// settlement has taken that somebody asked for is pending no more.
func (p *plan) ownPending(d *Deposit) (bool, error) {
	if asked := p.position().Asked; asked.took(d.Asked, &d.Settles.Window) {
		return false, nil
	}
	pin, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil || pin.Schedule != d.Settles.Schedule {
		return false, err
	}
	if manual(schedule) {
		return calendar.DateOf(p.state.Now(), schedule.Timing.Zone).Before(d.Settles.SettlementDate), nil
	}
	in, err := p.settles(pin, schedule)
	return in.BusinessDate == d.Settles.BusinessDate && in.Ordinal == d.Settles.Ordinal, err
}

// drawPending counts at most an amount as taken of the deposit's own pending money.
func (p *plan) drawPending(d *Deposit, most money.Amount) (drawn money.Amount, err error) {
	own, err := p.ownPending(d)
	if err != nil || !own || d.Undrawn.Sign() <= 0 {
		return drawn, err
	}
	drawn = money.Min(most, d.Undrawn)
	d.Undrawn, err = d.Undrawn.Sub(drawn)
	return drawn, err
}

// draw books an entry that takes the event's amount from the merchant, in the
// order of Sources, to an account of the rail. What it takes of the deposit's own
// money is counted there.
func (p *plan) draw(d *Deposit, kind, step, to string) (drawn Sources, entry int, err error) {
	if drawn.Pending, err = p.drawPending(d, p.event.Amount); err != nil {
		return drawn, -1, err
	}
	rest, err := p.event.Amount.Sub(drawn.Pending)
	if err != nil {
		return drawn, -1, err
	}
	if !rest.IsZero() && merchant.Covered(p.rules.DrawReserve, p.scope) {
		if drawn.Reserve, err = p.drawReserve(d, rest, -1); err != nil {
			return drawn, -1, err
		}
	}
	entry = p.post(kind, step, -1,
		p.dr(PendingPath(p.merchant.ID), drawn.Pending), p.dr(AvailablePath(p.merchant.ID), rest), p.cr(to, p.event.Amount))
	drawn.Available, err = rest.Sub(drawn.Reserve)
	return drawn, entry, err
}

// restore books an entry that gives an amount back to the merchant from an
// account of the rail: what was taken last goes back first. A reserve whose date
// has come, money that would no longer be pending, and all that is about a deposit
// that has failed meanwhile go to available.
func (p *plan) restore(d *Deposit, drawn Sources, amount money.Amount, kind, step, from string) (back Sources, entry int, err error) {
	own, err := p.ownPending(d)
	if err != nil {
		return back, -1, err
	}
	left, err := amount.Sub(money.Min(amount, drawn.Available))
	if err != nil {
		return back, -1, err
	}
	held := money.Min(left, drawn.Reserve)
	if own && d.Status != Failed {
		if back.Pending, err = left.Sub(held); err != nil {
			return back, -1, err
		}
	}
	if d.Undrawn, err = d.Undrawn.Add(back.Pending); err != nil {
		return back, -1, err
	}
	rest, err := amount.Sub(back.Pending)
	if err != nil {
		return back, -1, err
	}
	entry = p.post(kind, step, -1,
		p.dr(from, amount), p.cr(AvailablePath(p.merchant.ID), rest), p.cr(PendingPath(p.merchant.ID), back.Pending))
	if !held.IsZero() {
		if back.Reserve, err = p.restoreReserve(d, held, entry); err != nil {
			return back, entry, err
		}
	}
	back.Available, err = rest.Sub(back.Reserve)
	return back, entry, err
}

// own makes a movement say what of it is the deposit's own pending money, and,
// where nobody but the merchant settles, when that becomes available.
func (i *Item) own(d *Deposit, amount money.Amount) {
	if i.Pending = amount; !amount.IsZero() {
		i.MaturesOn = d.Settles.SettlementDate
	}
}
