package payment

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// capture is the recipe of a captured deposit: the rail owes us, we owe the
// merchant; fee, tax and reserve come out of what is pending.
func (p *plan) capture() error {
	if d := take[Deposit](p.state, DepositRecord, p.event.ID); d != nil {
		p.repeated = true
		return d.same(p.event)
	}
	if err := p.locate(p.event.Merchant, true); err != nil {
		return err
	}
	pin, timing, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	schedule, fee, err := p.rules.price(p.scope, p.event, fees.EventCapture, pin.BusinessDate)
	if err != nil {
		return &FieldError{FieldMethod, err}
	}
	deposit := &Deposit{
		Facts: facts(p.event), Life: born(p.event, Succeeded),
		Fee: fee, Policy: schedule.Refund, Rounding: schedule.Rounding.Mode, PricedOn: pin.BusinessDate,
	}
	pending := PendingPath(p.merchant.ID)
	captured := p.post(EntryCaptured, "captured", -1,
		p.dr(receivablePath(p.event.Rail), p.event.Amount), p.cr(pending, p.event.Amount))
	p.charge(EntryDepositFee, "fee", captured, pending, processingFee, &fee)
	held, err := p.hold(deposit, pin, timing, captured)
	if err != nil {
		return err
	}
	p.records = append(p.records, deposit)
	err = p.move(captured, CategoryPayment, DepositRecord, &deposit.Facts, Item{
		Gross: p.event.Amount, Fee: fee.Fee.Neg(), Tax: fee.Tax.Neg(), TaxCode: taxCode(fee.Taxes), Reserve: held.Neg(),
	})
	if err != nil {
		return err
	}
	p.items[0].item.Pending = p.items[0].item.Net
	return nil
}

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

// failLate is the recipe of a deposit that failed after it was captured. The
// reserve held against it is freed, and its fee returned by the pinned policy.
func (p *plan) failLate() error {
	d, err := existing[*Deposit](p, DepositRecord)
	if err != nil || p.repeated {
		return err
	}
	if !d.Refunded.IsZero() || !d.Disputed.IsZero() {
		return &FieldError{FieldID, fmt.Errorf("%s %w: %s has refunds of %s and disputes of %s", p.event.Kind, ErrTransition, d.ID,
			d.Currency.Format(d.Refunded), d.Currency.Format(d.Disputed))}
	}
	changed := *d
	if changed.Life, err = d.next(p.event); err != nil {
		return err
	}
	available := AvailablePath(p.merchant.ID)
	failed := p.post(EntryDepositFailed, "failed", -1, p.dr(available, d.Amount), p.cr(receivablePath(d.Rail), d.Amount))
	item := Item{Gross: d.Amount.Neg()}
	if d.Policy == fees.RefundReturnProRata {
		if _, err := p.giveBack("failed.fee", failed, processingFee, d.Fee.Fee, d.Fee.Taxes); err != nil {
			return err
		}
		item.Fee, item.Tax, item.TaxCode = d.Fee.Fee, d.Fee.Tax, taxCode(d.Fee.Taxes)
	}
	if item.Reserve, err = p.free(d, failed); err != nil {
		return err
	}
	p.records = append(p.records, &changed)
	return p.move(failed, CategoryPayment, string(DepositFailed), &d.Facts, item)
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

// resource is a record that an event opened and later ones happen to.
type resource interface {
	ledger.Record
	known() *Facts
	lived() *Life
}

func (f *Facts) known() *Facts { return f }
func (l *Life) lived() *Life   { return l }

// existing gives the resource an event happens to, completes the event from
// it, and recognises a repetition.
func existing[T resource](p *plan, kind string) (T, error) {
	found, ok := p.state.Record(ledger.Ref{Kind: kind, ID: p.event.ID}).(T)
	if !ok {
		return found, unknown(FieldID, kind, p.event.ID)
	}
	facts := found.known()
	err := p.agree(facts)
	if err != nil {
		return found, err
	}
	if err = p.inherit(facts); err != nil {
		return found, err
	}
	if p.repeated, err = found.lived().find(p.event); p.repeated || err != nil {
		return found, err
	}
	if p.event.OccurredAt.Before(facts.OccurredAt) {
		return found, &FieldError{FieldOccurredAt, fmt.Errorf("%s is before %s %s came into being at %s",
			p.event.OccurredAt.Format(timeFormat), kind, facts.ID, facts.OccurredAt.Format(timeFormat))}
	}
	return found, p.locate(facts.Merchant, false)
}

// taxCode names the codes of tax lines for a report: one, or several joined.
func taxCode(lines []fees.TaxLine) string {
	out := ""
	for _, line := range lines {
		if out != "" {
			out += "+"
		}
		out += line.Code
	}
	return out
}

func laterDate(a, b calendar.Date) calendar.Date {
	if b.After(a) {
		return b
	}
	return a
}
