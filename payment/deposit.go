package payment

import (
	"cmp"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
)

// depositTable is what may happen to a deposit. It is partially_refunded or
// refunded by what stands refunded of it, which no event says. What failed or
// expired may succeed late, and what succeeded may fail late.
var depositTable = table{
	resource: DepositRecord,
	moves: []Move{
		{DepositCreated, "", Pending, event.DepositCreated},
		{DepositAction, Pending, RequiresAction, event.DepositRequiresAction},
		{DepositAuthorized, Pending, Authorized, event.DepositPending},
		{DepositAuthorized, RequiresAction, Authorized, event.DepositPending},
		{DepositCaptured, "", Succeeded, event.DepositSucceeded},
		{DepositCaptured, Pending, Succeeded, event.DepositSucceeded},
		{DepositCaptured, RequiresAction, Succeeded, event.DepositSucceeded},
		{DepositCaptured, Authorized, Succeeded, event.DepositSucceeded},
		{DepositFailed, Pending, Failed, event.DepositFailed},
		{DepositFailed, RequiresAction, Failed, event.DepositFailed},
		{DepositFailed, Authorized, Failed, event.DepositFailed},
		{DepositExpired, Pending, Expired, event.DepositExpired},
		{DepositExpired, RequiresAction, Expired, event.DepositExpired},
		{DepositExpired, Authorized, Expired, event.DepositExpired},
		{DepositCanceled, Pending, Canceled, event.DepositCanceled},
		{DepositCanceled, RequiresAction, Canceled, event.DepositCanceled},
		{DepositCanceled, Authorized, Canceled, event.DepositCanceled},
		{DepositFailed, Succeeded, Failed, event.DepositFailed},
		{DepositFailed, PartiallyRefunded, Failed, event.DepositFailed},
		{DepositFailed, Refunded, Failed, event.DepositFailed},
		{DepositCaptured, Failed, Succeeded, event.DepositSucceeded},
		{DepositCaptured, Expired, Succeeded, event.DepositSucceeded},
	},
	early: []Move{{On: DepositFailed, From: Succeeded, To: Succeeded}, {On: DepositExpired, From: Succeeded, To: Succeeded}},
	requires: map[Kind][]Field{
		DepositCreated:  {FieldMerchant, FieldCurrency, FieldAmount, FieldMethod},
		DepositCaptured: {FieldMerchant, FieldCurrency, FieldAmount, FieldMethod},
	},
}

// deposits are the recipes of its events.
func (p *plan) deposits() map[Kind]func() error {
	return map[Kind]func() error{
		DepositCreated: p.begin, DepositAction: p.goOn, DepositAuthorized: p.goOn, DepositExpired: p.goOn, DepositCanceled: p.goOn,
		DepositCaptured: p.capture, DepositFailed: p.failLate,
	}
}

// begin is the recipe of a deposit that is not captured yet: nothing is booked.
func (p *plan) begin() error {
	if d := take[Deposit](p.state, DepositRecord, p.event.ID); d != nil {
		if err := p.happensTo(DepositRecord, &d.Facts, &d.Life); p.repeated || err != nil {
			return err
		}
		_, err := d.next(p.event)
		return err
	}
	if err := p.locate(p.event.Merchant, true); err != nil {
		return err
	}
	if err := p.takesNew(); err != nil {
		return err
	}
	p.records = append(p.records, &Deposit{Facts: facts(p.event), Life: born(p.event, Pending)})
	return nil
}

// goOn is the recipe of what happens to a deposit before it is captured: nothing
// is booked.
func (p *plan) goOn() error {
	d, err := existing[*Deposit](p, DepositRecord)
	if err != nil || p.repeated {
		return err
	}
	changed := *d
	if early := d.early(p.event); early != nil {
		changed.Life = *early
	} else if changed.Life, err = d.next(p.event); err != nil {
		return err
	}
	p.records = append(p.records, &changed)
	return nil
}

// capture is the recipe of a captured deposit: the rail owes us, we owe the
// merchant; fee, tax and reserve come out of what is pending.
func (p *plan) capture() error {
	known, facts, life, err := p.captured()
	if err != nil || p.repeated {
		return err
	}
	if known == nil { // else the payer's money is there already
		if err := p.takesNew(); err != nil {
			return err
		}
	}
	pin, timing, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	on := calendar.DateOf(p.event.OccurredAt, timing.Timing.Zone)
	schedule, fee, err := p.price(fees.EventCapture, on)
	if err != nil {
		return unpriced(FieldMethod, err)
	}
	deposit := &Deposit{
		Facts: facts, Life: life,
		Fee: fee, Invoiced: schedule.Charge == fees.ChargeGross, Policy: schedule.Refund, Rounding: schedule.Rounding.Mode, PricedOn: on,
	}
	pending := PendingPath(p.merchant.ID)
	captured := p.post(EntryCaptured, "captured", -1,
		p.dr(receivablePath(facts.Rail), p.event.Amount), p.cr(pending, p.event.Amount))
	item, err := p.takeFee(deposit.Invoiced, EntryDepositFee, "fee", captured, pending, processingFee, deposit.ID, &fee)
	if err != nil {
		return err
	}
	if err := p.countMonth(fees.EventCapture, &deposit.Fee); err != nil {
		return err
	}
	withheld, err := p.withhold(deposit, captured, pin.BusinessDate)
	if err != nil {
		return err
	}
	held, err := p.hold(deposit, pin, timing, captured)
	if err != nil {
		return err
	}
	p.records = append(p.records, deposit)
	item.Gross, item.Withholding, item.Reserve = p.event.Amount, withheld.Neg(), held.Neg()
	if err := p.move(captured, CategoryPayment, DepositRecord, &deposit.Facts, item); err != nil {
		return err
	}
	p.items[0].item.Pending = p.items[0].item.Net
	deposit.Undrawn, deposit.Asked = p.items[0].item.Net, p.position().Asked.Count
	if deposit.Settles, err = p.settles(pin, timing); err != nil {
		return err
	}
	if known != nil && (known.Status == Failed || known.Status == Expired) {
		p.succeedLate(deposit)
	}
	return nil
}

// captured gives the deposit that is captured as it was before, or nil where the
// event opens it, and its facts and life afterwards.
func (p *plan) captured() (*Deposit, Facts, Life, error) {
	d := take[Deposit](p.state, DepositRecord, p.event.ID)
	switch {
	case d == nil:
		return nil, facts(p.event), born(p.event, Succeeded), p.locate(p.event.Merchant, true)
	case d.Steps[0].Kind == DepositCaptured:
		p.repeated = true
		err := d.same(p.event)
		return d, d.Facts, d.Life, err
	}
	now := d.Facts
	if d.CapturedAt().IsZero() {
		now.complete(p.event)
	}
	if err := p.happensTo(DepositRecord, &now, &d.Life); err != nil {
		return d, now, d.Life, err
	}
	if p.repeated {
		err := now.sameCost(p.event)
		return d, now, d.Life, err
	}
	life, err := d.next(p.event)
	return d, now, life, err
}

// complete takes over what was not known when the deposit began. References are
// those of the capture.
func (f *Facts) complete(e *Event) {
	f.Brand, f.Funding, f.OrderID = cmp.Or(f.Brand, e.Brand), cmp.Or(f.Funding, e.Funding), cmp.Or(f.OrderID, e.OrderID)
	f.Border, f.Cost, f.CostTax = cmp.Or(f.Border, e.Border), e.cost(), e.costTax()
	f.RailRef, f.BankRef = cmp.Or(e.RailRef, f.RailRef), cmp.Or(e.BankRef, f.BankRef)
}

// CapturedAt is the instant of the capture; zero: it was never captured.
func (d *Deposit) CapturedAt() time.Time {
	for _, step := range d.Steps {
		if step.Kind == DepositCaptured {
			return step.At
		}
	}
	return time.Time{}
}

// ReasonLateSuccess is why a deposit is refunded that nobody waited for any more.
const ReasonLateSuccess = "late_success"

// succeedLate has a deposit that succeeded after it had failed or expired refunded
// in the same transaction, where the rules say so.
func (p *plan) succeedLate(d *Deposit) {
	if p.rules.lateSuccess(p.scope) != LateRefund {
		return
	}
	p.follows = &Event{
		Kind: RefundCreated, ID: LateRefundID(d.ID), OccurredAt: p.event.OccurredAt, Currency: d.Currency, Amount: d.Amount,
		Parent: d.ID, ReasonCode: ReasonLateSuccess,
	}
}

// LateRefundID is the id of the refund by which a deposit goes back that succeeded
// late: "late-" and the deposit's, or where that is too long for an id, "late-" and
// 32 hexadecimal digits of its SHA-256.
func LateRefundID(deposit string) string { return madeID(latePrefix, deposit) }

// failLate is the recipe of a deposit that failed. If it had been captured, all of it is
// taken back, whatever was refunded or disputed of it, first of what it still has in
// pending; the reserve held against it is freed, and what is left of its fee returned by
// the pinned policy. A failure that preceded the capture books nothing.
func (p *plan) failLate() error {
	d, err := existing[*Deposit](p, DepositRecord)
	if err != nil || p.repeated {
		return err
	}
	if d.CapturedAt().IsZero() || d.early(p.event) != nil { // nothing was booked, or nothing is
		return p.goOn()
	}
	changed := *d
	if changed.Life, err = d.next(p.event); err != nil {
		return err
	}
	drawn, err := p.drawPending(&changed, d.Amount)
	if err != nil {
		return err
	}
	rest, err := d.Amount.Sub(drawn)
	if err != nil {
		return err
	}
	failed := p.post(EntryDepositFailed, "failed", -1,
		p.dr(PendingPath(p.merchant.ID), drawn), p.dr(AvailablePath(p.merchant.ID), rest), p.cr(receivablePath(d.Rail), d.Amount))
	item := Item{Gross: d.Amount.Neg()}
	item.own(d, drawn.Neg())
	if d.Policy == fees.RefundReturnProRata {
		now, err := changed.refee(false)
		if err != nil {
			return err
		}
		back, err := p.giveFee(d.Invoiced, "failed.fee", failed, processingFee, d.ID, now.Fee, now.Taxes)
		if err != nil {
			return err
		}
		if err := item.withFee(back); err != nil {
			return err
		}
	}
	if item.Withholding, err = p.rewithhold(&changed, "failed.withholding", failed); err != nil {
		return err
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
	return found, p.happensTo(kind, found.known(), found.lived())
}

// happensTo holds an event against what is known of its resource, completes the
// event from it, and recognises a repetition.
func (p *plan) happensTo(kind string, facts *Facts, life *Life) error {
	err := p.agree(facts)
	if err != nil {
		return err
	}
	if err = p.inherit(facts); err != nil {
		return err
	}
	if p.repeated, err = life.find(p.event); p.repeated || err != nil {
		return err
	}
	if p.event.OccurredAt.Before(facts.OccurredAt) && (kind != DepositRecord || life.early(p.event) == nil) {
		return &FieldError{FieldOccurredAt, fmt.Errorf("%s is before %s %s came into being at %s",
			p.event.OccurredAt.Format(timeFormat), kind, facts.ID, facts.OccurredAt.Format(timeFormat))}
	}
	if facts.Merchant == "" || kind == BankLineRecord && take[Merchant](p.state, MerchantRecord, facts.Merchant) == nil {
		return p.place(nil)
	}
	return p.locate(facts.Merchant, false)
}

// opens tells whether an event opens a resource that is no merchant's, and then
// finds its bank; else the event repeats what did.
func opens[T resource](p *plan, kind string) (bool, error) {
	known, ok := p.state.Record(ledger.Ref{Kind: kind, ID: p.event.ID}).(T)
	if !ok {
		return true, p.place(nil)
	}
	p.repeated = true
	if first := known.lived().Steps[0].Kind; first != p.event.Kind {
		return false, differs(FieldKind, string(first), string(p.event.Kind))
	}
	return false, known.known().same(p.event)
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
