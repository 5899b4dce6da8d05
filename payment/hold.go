package payment

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// hold withholds the reserve of the plan that is meant for the merchant.
func (p *plan) hold(d *Deposit, pin WindowPin, schedule *merchant.Schedule, partOf int) (held money.Amount, err error) {
	plan := p.rules.plan(p.rules.Book.ReservePlan(p.scope), pin.BusinessDate)
	if plan == nil {
		return held, nil
	}
	position := p.position()
	balance, err := position.heldAfter(pin.BusinessDate)
	if err != nil {
		return held, err
	}
	held, release, err := plan.Hold(p.event.Amount, balance, pin.BusinessDate)
	if err != nil {
		return held, fmt.Errorf("reserve plan %s: %w", plan.ID, err)
	}
	if held.IsZero() {
		return held, nil
	}
	p.post(EntryReserveHeld, "reserve", partOf, p.dr(PendingPath(p.merchant.ID), held), p.cr(ReservePath(p.merchant.ID), held))
	hold := &Hold{
		Window: pin, Manual: manual(schedule), ReleaseAt: calendar.Cutoff(release, calendar.Clock{}, schedule.Timing.Zone),
		Hold: reserve.Hold{
			ID: d.ID, Merchant: p.merchant.ID, Currency: p.event.Currency, Plan: plan.Pin(),
			Amount: held, HeldOn: pin.BusinessDate, ReleaseOn: release,
		},
	}
	d.Hold = hold.Ref().ID
	if position.Held, err = addOn(position.Held, release, held); err != nil {
		return held, err
	}
	p.records = append(p.records, position, hold)
	return held, nil
}

// position gives a copy of the merchant's position in the event's currency.
func (p *plan) position() *Position {
	if stored := take[Position](p.state, PositionRecord, PositionRef(p.merchant.ID, p.event.Currency).ID); stored != nil {
		changed := *stored
		return &changed
	}
	return &Position{Merchant: p.merchant.ID, Currency: p.event.Currency}
}

// heldAfter sums what is withheld beyond a date, and forgets what is due by
// then: whether a job has released it yet makes no difference to a cap.
func (p *Position) heldAfter(date calendar.Date) (sum money.Amount, err error) {
	due := 0
	for _, held := range p.Held {
		if !held.On.After(date) {
			due++
			continue
		}
		if sum, err = sum.Add(held.Amount); err != nil {
			return sum, err
		}
	}
	p.Held = p.Held[due:]
	return sum, nil
}

// free gives back what is left of a deposit's reserve. Once its release date
// has begun it is left to the release, whether that has been booked or not.
func (p *plan) free(d *Deposit, partOf int) (left money.Amount, err error) {
	if d.Hold == "" {
		return left, nil
	}
	hold := take[Hold](p.state, HoldRecord, d.Hold)
	if hold == nil || !p.state.Now().Before(hold.ReleaseAt) {
		return left, nil
	}
	on := laterDate(hold.HeldOn, p.valueDate())
	entry, released, left, err := hold.ReleaseAll(on, reserve.ReasonDepositFailed)
	if err != nil {
		return left, err
	}
	entry.PartOf = p.entries[partOf].Key
	p.entries = append(p.entries, entry)
	p.deletes = append(p.deletes, hold.Ref())
	p.records = append(p.records, released)
	position := p.position()
	if at, found := findOn(position.Held, hold.ReleaseOn); found {
		if position.Held, err = addOn(position.Held, hold.ReleaseOn, left.Neg()); err != nil {
			return left, err
		}
		if position.Held[at].Amount.IsZero() {
			position.Held = slices.Delete(position.Held, at, at+1)
		}
		p.records = append(p.records, position)
	}
	return left, nil
}

// ReleaseAll gives back what is left of a hold on a date: the entry that does
// it, the hold afterwards, and the amount in minor units. The record changes
// its kind, so whoever applies it removes the old one.
func (h *Hold) ReleaseAll(on calendar.Date, reason string) (ledger.Entry, *Hold, money.Amount, error) {
	left, err := h.Left()
	if err != nil {
		return ledger.Entry{}, nil, left, err
	}
	released, err := h.Release(left, on, reason)
	if err != nil {
		return ledger.Entry{}, nil, left, err
	}
	entry := ledger.Entry{
		Key: DepositRecord + "/" + h.ID + "/reserve.released", Kind: EntryReserveFreed, Reference: reason, ValueDate: on,
		Owner: Owner, OrFirstOpen: true,
		Postings: []ledger.Posting{
			ledger.Dr(ReservePath(h.Merchant), left, h.Currency), ledger.Cr(AvailablePath(h.Merchant), left, h.Currency),
		},
	}
	return entry, &Hold{Hold: released, Window: h.Window, Manual: h.Manual}, left, nil
}
