package payment

import (
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

const timeFormat = time.RFC3339

// DateUTC is the date of an instant in UTC.
func DateUTC(t time.Time) calendar.Date { return calendar.DateOf(t, time.UTC) }

// refundTable is what may happen to a refund. One that is unknown may have been
// paid, so it is asked about and not canceled.
var refundTable = table{
	resource: RefundRecord,
	moves: []Move{
		{RefundCreated, "", Pending, event.RefundCreated},
		{RefundUnknown, Pending, Unknown, event.RefundUnknown},
		{RefundConfirmed, Pending, Succeeded, event.RefundSucceeded},
		{RefundConfirmed, Unknown, Succeeded, event.RefundSucceeded},
		{RefundFailed, Pending, Failed, event.RefundFailed},
		{RefundFailed, Unknown, Failed, event.RefundFailed},
		{RefundFailed, Succeeded, Failed, event.RefundFailed},
		{RefundCanceled, Pending, Canceled, event.RefundCanceled},
		{RefundConfirmed, Failed, Succeeded, event.RefundSucceeded},
		{RefundConfirmed, Canceled, Succeeded, event.RefundSucceeded},
	},
	early:    []Move{{On: RefundFailed, From: Succeeded, To: Succeeded}},
	requires: map[Kind][]Field{RefundCreated: {FieldParent, FieldCurrency, FieldAmount, FieldReasonCode}},
}

// refunds are the recipes of its events.
func (p *plan) refunds() map[Kind]func() error {
	return map[Kind]func() error{
		RefundCreated: p.refund, RefundUnknown: p.refundUnknown, RefundConfirmed: p.refundPaid,
		RefundFailed: p.refundEnds, RefundCanceled: p.refundEnds,
	}
}

// parent gives the deposit of a refund or dispute and completes the event from
// it. Open and lost disputes and refunds may never exceed the deposit.
func (p *plan) parent() (*Deposit, error) {
	d := take[Deposit](p.state, DepositRecord, p.event.Parent)
	if d == nil {
		return nil, unknown(FieldParent, DepositRecord, p.event.Parent)
	}
	if err := p.goesBack(d); err != nil {
		return nil, err
	}
	if d.Status != Succeeded && d.Status != PartiallyRefunded && d.Status != Refunded {
		return nil, &FieldError{FieldParent, fmt.Errorf("%s %w: deposit %s is %s", p.event.Kind, ErrTransition, d.ID, d.Status)}
	}
	if p.event.OccurredAt.Before(d.CapturedAt()) {
		return nil, &FieldError{FieldOccurredAt, fmt.Errorf("%s is before deposit %s was captured at %s",
			p.event.OccurredAt.Format(timeFormat), d.ID, d.CapturedAt().Format(timeFormat))}
	}
	if err := p.locate(d.Merchant, false); err != nil {
		return nil, err
	}
	left, err := p.left(d)
	if err != nil {
		return nil, err
	}
	if p.event.Amount.Cmp(left) > 0 {
		c := d.Currency
		return nil, &FieldError{FieldAmount, fmt.Errorf("%s %s is %w: of deposit %s, %s was captured, %s is refunded and %s disputed",
			c, c.Format(p.event.Amount), ErrTooMuch, d.ID, c.Format(d.Amount), c.Format(d.Refunded), c.Format(d.Disputed))}
	}
	return d, nil
}

// goesBack completes an event from the deposit whose way its money takes: one that
// names another method or rail is refused. A rail that follows from the method (see
// Normalize) is not named.
func (p *plan) goesBack(d *Deposit) error {
	derived := strings.ToLower(p.event.Method)
	for _, c := range []struct {
		field      Field
		own, named string
	}{{FieldMethod, d.Method, p.event.Method}, {FieldRail, d.Rail, p.event.Rail}} {
		if c.named != "" && c.named != c.own && (c.field != FieldRail || c.named != derived) {
			return &FieldError{c.field, fmt.Errorf("%q is another one than deposit %s came by, %q", c.named, d.ID, c.own)}
		}
	}
	return p.inherit(&d.Facts)
}

// mayPayTwice tells whether refunds and disputes are held against the deposit each
// by themselves.
func (p *plan) mayPayTwice() bool { return merchant.Covered(p.rules.PayTwice, p.scope) }

// left is what may still be refunded or disputed of a deposit.
func (p *plan) left(d *Deposit) (money.Amount, error) {
	if p.mayPayTwice() {
		if p.event.Kind == RefundCreated {
			return d.Amount.Sub(d.Refunded)
		}
		return d.Amount.Sub(d.Disputed)
	}
	gone, err := d.Refunded.Add(d.Disputed)
	if err != nil {
		return gone, err
	}
	return d.Amount.Sub(gone)
}

// refund is the recipe of a refund: the merchant's money goes to the rail, and the
// fee comes back by the policy pinned at capture.
func (p *plan) refund() error {
	if r := take[Refund](p.state, RefundRecord, p.event.ID); r != nil {
		p.repeated = true
		return r.same(p.event)
	}
	if !p.following {
		if err := checkReported(p.event.ID, latePrefix, "refund", "refunds that follow from a late success"); err != nil {
			return err
		}
	}
	d, err := p.parent()
	if err != nil {
		return err
	}
	refund := &Refund{Facts: facts(p.event), Life: born(p.event, Pending)}
	schedule, fee, err := p.price(fees.EventRefund, d.PricedOn)
	if err != nil {
		return unpriced(FieldKind, err)
	}
	if schedule != nil {
		refund.Fee, refund.Invoiced, refund.Policy = fee, schedule.Charge == fees.ChargeGross, schedule.Refund
		if err := p.countMonth(fees.EventRefund, &refund.Fee); err != nil {
			return err
		}
	}
	changed := *d
	p.records = append(p.records, refund)
	return p.takeRefund(refund, &changed, refundTaking{kind: EntryRefund, step: "created", typ: RefundRecord, charges: schedule != nil})
}

// refundTaking says how a refund is taken from its merchant.
type refundTaking struct {
	kind, step string // of its entry
	part       string // before the steps of its parts
	typ        string // of its movement
	charges    bool   // what the refund itself costs is charged
}

// takeRefund takes a refund, the event's amount, from its merchant: fee and withholding
// of the deposit, which it changes, follow, and what the refund itself costs, by the
// price list in force when the deposit was captured.
func (p *plan) takeRefund(r *Refund, d *Deposit, how refundTaking) (err error) {
	before := *d
	d.Twice = d.Twice || p.mayPayTwice()
	if d.Refunded, err = d.Refunded.Add(r.Amount); err != nil {
		return err
	}
	d.settleStatus()
	var taken int
	if r.Drawn, taken, err = p.draw(d, how.kind, how.step, railRefundsPath(r.Rail)); err != nil {
		return err
	}
	item := Item{Gross: r.Amount.Neg()}
	item.own(&before, r.Drawn.Pending.Neg())
	if d.Policy == fees.RefundReturnProRata {
		now, err := d.refee(false)
		if err != nil {
			return err
		}
		r.FeeReturned, r.TaxReturned = now.Fee, now.Taxes
		back, err := p.giveFee(d.Invoiced, how.part+"fee", taken, processingFee, d.ID, r.FeeReturned, r.TaxReturned)
		if err != nil {
			return err
		}
		if err := item.withFee(back); err != nil {
			return err
		}
	}
	if how.charges {
		fee, err := p.takeFee(r.Invoiced, EntryRefundFee, how.part+"refund_fee", taken, AvailablePath(p.merchant.ID), refundFee, d.ID, &r.Fee)
		if err != nil {
			return err
		}
		if err := item.withFee(fee); err != nil {
			return err
		}
	}
	if item.Withholding, err = p.rewithhold(d, how.part+"withholding", taken); err != nil {
		return err
	}
	p.records = append(p.records, d)
	return p.move(taken, CategoryRefund, how.typ, &r.Facts, item)
}

// refundAfterAll takes a refund once more that was paid although it had failed or was
// canceled. The rail says so: it may leave more refunded than was captured.
func (p *plan) refundAfterAll(r *Refund) error {
	deposit := take[Deposit](p.state, DepositRecord, r.Parent)
	if deposit == nil {
		return unknown(FieldParent, DepositRecord, r.Parent)
	}
	d, e := *deposit, *p.event
	e.Amount = r.Amount
	p.event = &e
	r.Restored = Sources{}
	err := p.takeRefund(r, &d, refundTaking{
		kind: EntryRefundRevived, step: "revived", part: "revived.", typ: string(RefundConfirmed), charges: r.Policy == fees.RefundReturnProRata,
	})
	if err != nil {
		return err
	}
	gone, err := d.taken(d.Refunded, d.Disputed)
	if err != nil {
		return err
	}
	over, err := gone.Sub(d.Amount)
	d.Over = money.Max(d.Over, over)
	return err
}

// taken is what refunds and disputes come to together, or the larger of both where the
// same money may be both.
func (d *Deposit) taken(refunded, disputed money.Amount) (money.Amount, error) {
	if d.Twice {
		return money.Max(refunded, disputed), nil
	}
	return refunded.Add(disputed)
}

// refee brings what stands returned of the deposit's fee and of each tax into line with
// what stands refunded: its share of each, rounded once, and all of it once the deposit
// has failed. So the parts of several refunds add up exactly, whichever of them fail. The result is what comes back now, or, again,
// what is charged once more.
func (d *Deposit) refee(again bool) (*fees.Fee, error) {
	var change fees.Fee
	var err error
	if change.Fee, d.FeeBack, err = d.dueBack(d.Fee.Fee, d.FeeBack, again); err != nil {
		return nil, err
	}
	before := d.TaxBack
	d.TaxBack = nil
	for i, line := range d.Fee.Taxes {
		var standing money.Amount
		if i < len(before) {
			standing = before[i].Amount
		}
		moved := fees.TaxLine{Code: line.Code}
		if moved.Amount, standing, err = d.dueBack(line.Amount, standing, again); err != nil {
			return nil, err
		}
		if change.Tax, err = change.Tax.Add(moved.Amount); err != nil {
			return nil, err
		}
		change.Taxes = append(change.Taxes, moved)
		d.TaxBack = append(d.TaxBack, fees.TaxLine{Code: line.Code, Amount: standing})
	}
	return &change, nil
}

// dueBack is what comes back now of a fee, or, again, is charged once more, and what
// then stands returned. Books that were kept before a failure was measured so may have
// returned a unit too much or too little: it stays until the next refund.
func (d *Deposit) dueBack(fee, standing money.Amount, again bool) (change, total money.Amount, err error) {
	gone := d.Refunded
	if d.Status == Failed {
		gone = d.Amount
	}
	if total, err = fees.ReturnedTotal(fee, d.Amount, gone, d.Rounding); err != nil {
		return change, total, err
	}
	if change, err = total.Sub(standing); again {
		change = change.Neg()
	}
	if err != nil || change.Sign() < 0 {
		return money.Amount{}, standing, err
	}
	return change, total, nil
}

// settleStatus derives the status of a deposit from what is refunded; one that has
// failed stays so.
func (d *Deposit) settleStatus() {
	switch {
	case d.Status == Failed:
	case d.Refunded.IsZero():
		d.Status = Succeeded
	case d.Refunded.Cmp(d.Amount) >= 0:
		d.Status = Refunded
	default:
		d.Status = PartiallyRefunded
	}
}

// refundUnknown is the recipe of a refund whose outcome nobody knows yet: the
// money stays with the rail.
func (p *plan) refundUnknown() error {
	before, err := existing[*Refund](p, RefundRecord)
	if err != nil || p.repeated {
		return err
	}
	changed := *before
	if changed.Life, err = changed.next(p.event); err != nil {
		return err
	}
	p.records = append(p.records, &changed)
	return nil
}

// refundPaid is the recipe of a refund the rail has paid, from our bank or from
// what it owes us.
func (p *plan) refundPaid() error {
	before, err := existing[*Refund](p, RefundRecord)
	if err != nil || p.repeated {
		return err
	}
	changed := *before
	if changed.Life, err = changed.next(p.event); err != nil {
		return err
	}
	p.turn(&before.Life)
	if before.Status == Failed || before.Status == Canceled {
		if err := p.refundAfterAll(&changed); err != nil {
			return err
		}
	}
	changed.Netted = p.rules.Rails[changed.Rail].NetsRefunds
	p.post(EntryRefundPaid, "confirmed", -1,
		p.dr(railRefundsPath(changed.Rail), changed.Amount), p.cr(p.funds(changed.Rail, changed.Netted), changed.Amount))
	p.records = append(p.records, &changed)
	return nil
}

// funds is the account that a rail's payment moves: what the rail owes us, where
// it nets, or else the bank.
func (p *plan) funds(rail string, netted bool) string {
	if netted {
		return receivablePath(rail)
	}
	return bankPath(p.bank)
}

// refundEnds is the recipe of a refund that was canceled, that the rail could not
// pay, or that came back. A returned fee is charged again by an entry of its own.
func (p *plan) refundEnds() error {
	before, err := existing[*Refund](p, RefundRecord)
	if err != nil || p.repeated {
		return err
	}
	deposit := take[Deposit](p.state, DepositRecord, before.Parent)
	if deposit == nil {
		return unknown(FieldParent, DepositRecord, before.Parent)
	}
	r, d := *before, *deposit
	if early := r.early(p.event); early != nil {
		r.Life = *early
		p.records = append(p.records, &r)
		return nil
	}
	if r.Life, err = r.next(p.event); err != nil {
		return err
	}
	p.turn(&before.Life)
	refunds := railRefundsPath(r.Rail)
	if before.Status == Succeeded {
		p.post(EntryRefundBounced, "bounced", -1, p.dr(p.funds(r.Rail, r.Netted), r.Amount), p.cr(refunds, r.Amount))
	}
	kind, step := EntryRefundFailed, "failed"
	if r.Status == Canceled {
		kind, step = EntryRefundCanceled, "canceled"
	}
	var ended int
	if r.Restored, ended, err = p.restore(&d, r.Drawn, r.Amount, kind, step, refunds); err != nil {
		return err
	}
	if d.Refunded, err = d.Refunded.Sub(r.Amount); err != nil {
		return err
	}
	d.settleStatus()
	var item Item
	if d.Policy == fees.RefundReturnProRata {
		again, err := d.refee(true)
		if err != nil {
			return err
		}
		if item, err = p.takeFee(d.Invoiced, EntryFeeRecharged, step+".fee", ended, AvailablePath(p.merchant.ID), processingFee, d.ID, again); err != nil {
			return err
		}
	}
	p.records = append(p.records, &r, &d)
	if r.Policy == fees.RefundReturnProRata {
		back, err := p.giveFee(r.Invoiced, step+".refund_fee", ended, refundFee, d.ID, r.Fee.Fee, r.Fee.Taxes)
		if err != nil {
			return err
		}
		if err := item.withFee(back); err != nil {
			return err
		}
	}
	item.Gross = r.Amount
	item.own(&d, r.Restored.Pending)
	if item.Withholding, err = p.rewithhold(&d, step+".withholding", ended); err != nil {
		return err
	}
	return p.move(ended, CategoryRefund, string(p.event.Kind), &r.Facts, item)
}
