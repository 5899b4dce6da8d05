package payment

import (
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
)

// depositTable is what may happen to a deposit. It is partially_refunded or
// refunded by what stands refunded of it, which no event says.
var depositTable = table{
	resource: DepositRecord,
	moves: []Move{
		{DepositCaptured, "", Succeeded, event.DepositSucceeded},
		{DepositFailed, Succeeded, Failed, event.DepositFailed},
	},
	requires: map[Kind][]Field{DepositCaptured: {FieldMerchant, FieldCurrency, FieldAmount, FieldMethod}},
}

// deposits are the recipes of its events.
func (p *plan) deposits() map[Kind]func() error {
	return map[Kind]func() error{DepositCaptured: p.capture, DepositFailed: p.failLate}
}

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
	if err := p.takesNew(); err != nil {
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
	deposit.Undrawn = p.items[0].item.Net
	deposit.Settles, err = p.settles(pin, timing)
	return err
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
