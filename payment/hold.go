package payment

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// hold withholds the reserve of the plan that is meant for the merchant.
func (p *plan) hold(d *Deposit, pin WindowPin, schedule *merchant.Schedule, partOf int) (held money.Amount, err error) {
	plan := p.rules.meant(p.scope, reserve.KindRolling, pin.BusinessDate)
	if plan == nil {
		return held, nil
	}
	position := p.position()
	balance, err := position.heldAfter(pin.BusinessDate, p.rules)
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
		Zone: schedule.Timing.Zone.String(),
		Hold: reserve.Hold{
			ID: d.ID, Merchant: p.merchant.ID, Currency: p.event.Currency, Plan: plan.Pin(),
			Amount: held, HeldOn: pin.BusinessDate, ReleaseOn: release,
		},
	}
	if !hold.Manual {
		hold.From = schedule.Watermark(pin.Window)
	}
	d.Hold = hold.Ref().ID
	if err := position.withhold(hold, held); err != nil {
		return held, err
	}
	p.keep(position)
	p.records = append(p.records, hold)
	p.holds = append(p.holds, holdChange{after: hold, reason: string(p.event.Kind)})
	return held, nil
}

// Settled is the window its deposit is settled in: the hold is not released before.
func (h *Hold) Settled() calendar.Window {
	if h.Settles != nil {
		return *h.Settles
	}
	return h.Window.Window
}

// position gives a copy of the merchant's position in the event's currency, as
// the plan leaves it.
func (p *plan) position() *Position {
	ref := PositionRef(p.merchant.ID, p.event.Currency)
	for _, r := range p.records {
		if kept, ok := r.(*Position); ok && kept.Ref() == ref {
			changed := *kept
			return &changed
		}
	}
	if stored := take[Position](p.state, PositionRecord, ref.ID); stored != nil {
		changed := *stored
		return &changed
	}
	return &Position{Merchant: p.merchant.ID, Currency: p.event.Currency}
}

// heldAfter sums what is withheld beyond a date. What is due by then is not: whether a job has
// released it yet makes no difference to a cap. Nor is what a plan gives back that has ended
// by then.
func (p *Position) heldAfter(date calendar.Date, rules *Rules) (sum money.Amount, err error) {
	for _, held := range p.Held {
		if !held.On.After(date) {
			continue
		}
		if end, releases := rules.ended(held.Plan); releases && !end.After(date) {
			continue
		}
		if sum, err = sum.Add(held.Amount); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// free gives back what is left of a deposit's reserve. Once its release date
// has begun it is left to the release, whether that has been booked or not.
func (p *plan) free(d *Deposit, partOf int) (left money.Amount, err error) {
	hold, err := p.openHold(d)
	if err != nil || hold == nil || hold.Empty() {
		return left, err
	}
	on := laterDate(hold.HeldOn, p.valueDate())
	entry, released, left, err := hold.ReleaseAll(on, reserve.ReasonDepositFailed)
	if err != nil {
		return left, err
	}
	entry.PartOf = p.entries[partOf].Key
	p.entries = append(p.entries, entry)
	return left, p.rehold(hold, released, left.Neg(), reserve.ReasonDepositFailed)
}

// drawReserve takes at most an amount of what is left of a deposit's own hold,
// as long as its release date has not begun, and makes it available: a movement
// of its own. It is booked as part of an entry of the plan, or, with -1, by
// itself, before the entry it is drawn for.
func (p *plan) drawReserve(d *Deposit, most money.Amount, partOf int) (drawn money.Amount, err error) {
	hold, err := p.openHold(d)
	if err != nil || hold == nil {
		return drawn, err
	}
	left, err := hold.Left()
	if err != nil {
		return drawn, err
	}
	if drawn = money.Min(most, left); drawn.Sign() <= 0 {
		return money.Amount{}, nil
	}
	changed := *hold
	if changed.Hold, err = hold.Draw(drawn); err != nil {
		return drawn, err
	}
	entry := p.post(EntryReserveDrawn, "reserve.drawn", partOf,
		p.dr(ReservePath(p.merchant.ID), drawn), p.cr(AvailablePath(p.merchant.ID), drawn))
	if err := p.rehold(hold, &changed, drawn.Neg(), string(p.event.Kind)); err != nil {
		return drawn, err
	}
	return drawn, p.moveReserve(entry, "reserve_drawn", d, drawn)
}

// restoreReserve puts back into a deposit's hold at most what stands drawn of
// it, out of what is available. Once the release date has begun nothing is put
// back, nor against a deposit that has failed: the money stays available.
func (p *plan) restoreReserve(d *Deposit, amount money.Amount, partOf int) (restored money.Amount, err error) {
	hold, err := p.openHold(d)
	if err != nil || hold == nil || d.Status == Failed {
		return restored, err
	}
	out, err := hold.Out()
	if err != nil {
		return restored, err
	}
	if restored = money.Min(amount, out); restored.Sign() <= 0 {
		return money.Amount{}, nil
	}
	changed := *hold
	if changed.Hold, err = hold.Restore(restored); err != nil {
		return restored, err
	}
	entry := p.post(EntryReserveBack, "reserve.restored", partOf,
		p.dr(AvailablePath(p.merchant.ID), restored), p.cr(ReservePath(p.merchant.ID), restored))
	if err := p.rehold(hold, &changed, restored, string(p.event.Kind)); err != nil {
		return restored, err
	}
	return restored, p.moveReserve(entry, "reserve_restored", d, restored.Neg())
}

// moveReserve describes a movement between a deposit's reserve and what is
// available, and gives its entry the reason: what it was drawn for.
func (p *plan) moveReserve(entry int, typ string, d *Deposit, amount money.Amount) error {
	reason := string(p.event.Kind)
	p.entries[entry].Reference = reason
	source := &Facts{ID: d.ID, Parent: d.ID, OrderID: d.OrderID, Method: d.Method, Rail: d.Rail}
	if err := p.move(entry, CategoryReserve, typ, source, Item{Reserve: amount}); err != nil {
		return err
	}
	p.items[len(p.items)-1].item.ReasonCode = reason
	return nil
}

// openHold gives the hold of a deposit as the plan leaves it, whatever is left
// of it, until its release date begins; then, or without a hold, nil.
func (p *plan) openHold(d *Deposit) (*Hold, error) {
	if d.Hold == "" {
		return nil, nil
	}
	var hold *Hold
	for _, r := range p.records {
		if h, ok := r.(*Hold); ok && h.Ref().ID == d.Hold {
			hold = h
		}
	}
	for _, kind := range []string{HoldRecord, ReleasedRecord} {
		if hold == nil {
			hold = take[Hold](p.state, kind, d.Hold)
		}
	}
	if hold == nil {
		return nil, nil
	}
	_, at, _, err := p.rules.Release(hold)
	if err != nil || !p.state.Now().Before(at) {
		return nil, err
	}
	return hold, nil
}

// rehold replaces a hold by what it has become, and counts the change in what
// the position withholds until its date.
func (p *plan) rehold(before, after *Hold, change money.Amount, reason string) error {
	if i := slices.Index(p.records, ledger.Record(before)); i >= 0 {
		p.records = slices.Delete(p.records, i, i+1)
	} else {
		p.deletes = append(p.deletes, before.Ref())
	}
	position := p.position()
	if err := position.withhold(after, change); err != nil {
		return err
	}
	p.keep(position)
	p.records = append(p.records, after)
	p.holds = append(p.holds, holdChange{before, after, reason})
	return nil
}

// withhold counts a change of what a hold withholds.
func (p *Position) withhold(h *Hold, change money.Amount) (err error) {
	at, known := slices.BinarySearchFunc(p.Held, h.withheld(), Withheld.Compare)
	held := slices.Clone(p.Held)
	if !known {
		held = slices.Insert(held, at, h.withheld())
	}
	if held[at].Amount, err = held[at].Amount.Add(change); err != nil {
		return err
	}
	switch held[at].Amount.Sign() {
	case -1:
		return fmt.Errorf("%w: position %s withholds %s less than nothing of plan %s until %s", ledger.ErrCorrupt, p.Ref().ID, held[at].Amount.Neg(), h.Plan.ID, h.ReleaseOn)
	case 0:
		held = slices.Delete(held, at, at+1)
	}
	p.Held = held
	return nil
}

// Freed returns the position after something of a hold was given back. Errors:
// money.ErrOverflow, ledger.ErrCorrupt.
func (p *Position) Freed(h *Hold, amount money.Amount) (*Position, error) {
	changed := *p
	return &changed, changed.withhold(h, amount.Neg())
}

// keep has a changed record saved, in place of what the plan kept of it before.
func (p *plan) keep(changed ledger.Record) {
	if i := slices.IndexFunc(p.records, func(r ledger.Record) bool { return r.Ref() == changed.Ref() }); i >= 0 {
		p.records[i] = changed
		return
	}
	p.records = append(p.records, changed)
}

// ReleaseAll gives back what is left of a hold on a date: the entry that does
// it, the hold afterwards, and the amount in minor units. The record changes
// its kind, so whoever applies it removes the old one. The key of the entry is that
// of its release alone: what was put back after one is released by another.
func (h *Hold) ReleaseAll(on calendar.Date, reason string) (ledger.Entry, *Hold, money.Amount, error) {
	left, err := h.Left()
	if err != nil {
		return ledger.Entry{}, nil, left, err
	}
	released, err := h.Release(left, on, reason)
	if err != nil {
		return ledger.Entry{}, nil, left, err
	}
	key := DepositRecord + "/" + h.ID + "/reserve.released"
	if !h.Released.IsZero() { // something was put back into it since
		key += "/" + strconv.FormatUint(h.Told, 10)
	}
	entry := ledger.Entry{
		Key: key, Kind: EntryReserveFreed, Reference: reason, ValueDate: on,
		Owner: Owner, OrFirstOpen: true,
		Postings: []ledger.Posting{
			ledger.Dr(ReservePath(h.Merchant), left, h.Currency), ledger.Cr(AvailablePath(h.Merchant), left, h.Currency),
		},
	}
	changed := *h
	changed.Hold = released
	return entry, &changed, left, nil
}
