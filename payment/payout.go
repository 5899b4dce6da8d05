package payment

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// ErrOwnApproval marks a payout that whoever asked for it wants to approve.
var ErrOwnApproval = errors.New("asked for the payout and cannot approve it")

// payoutTable is what may happen to a payout. Completed is not the end of it.
var payoutTable = table{
	resource: PayoutRecord,
	moves: []Move{
		{PayoutRequested, "", Requested, event.PayoutCreated},
		{PayoutQueued, Requested, Queued, event.PayoutQueued},
		{PayoutReleased, Queued, Requested, event.PayoutReleased},
		{PayoutApproved, Requested, Approved, event.PayoutApproved},
		{PayoutRejected, Requested, Rejected, event.PayoutRejected},
		{PayoutRejected, Queued, Rejected, event.PayoutRejected},
		{PayoutCanceled, Requested, Canceled, event.PayoutCanceled},
		{PayoutCanceled, Queued, Canceled, event.PayoutCanceled},
		{PayoutCanceled, Approved, Canceled, event.PayoutCanceled},
		{PayoutSent, Approved, Sent, event.PayoutSent},
		{PayoutUnknown, Sent, Unknown, event.PayoutUnknown},
		{PayoutCompleted, Sent, Completed, event.PayoutCompleted},
		{PayoutCompleted, Unknown, Completed, event.PayoutCompleted},
		{PayoutFailed, Requested, Failed, event.PayoutFailed},
		{PayoutFailed, Approved, Failed, event.PayoutFailed},
		{PayoutFailed, Sent, Failed, event.PayoutFailed},
		{PayoutFailed, Unknown, Failed, event.PayoutFailed},
		{PayoutReturned, Completed, Returned, event.PayoutReturned},
		{PayoutCompleted, Failed, Completed, event.PayoutCompleted},
	},
	early: []Move{{On: PayoutFailed, From: Completed, To: Completed}},
	requires: map[Kind][]Field{
		PayoutRequested: {FieldMerchant, FieldCurrency, FieldAmount, FieldMethod},
		PayoutApproved:  {FieldActor},
		PayoutRejected:  {FieldActor},
	},
	follow: []Kind{PayoutQueued, PayoutReleased},
}

// payouts are the recipes of its events.
func (p *plan) payouts() map[Kind]func() error {
	return map[Kind]func() error{
		PayoutRequested: p.payout, PayoutApproved: p.payoutApproved, PayoutRejected: p.payoutMoves, PayoutCanceled: p.payoutMoves,
		PayoutSent: p.payoutMoves, PayoutUnknown: p.payoutMoves, PayoutCompleted: p.payoutMoves, PayoutFailed: p.payoutMoves,
		PayoutReturned: p.payoutMoves,
	}
}

// payout is the recipe of a requested payout: one that nobody else has to
// approve is approved with it.
func (p *plan) payout() error {
	if known := take[Payout](p.state, PayoutRecord, p.event.ID); known != nil {
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	if err := p.takesNew(); err != nil {
		return err
	}
	_, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	priced, fee, err := p.price(fees.EventPayout, calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone))
	if err != nil {
		return unpriced(FieldKind, err)
	}
	payout := &Payout{Facts: facts(p.event), Life: born(p.event, Requested), Fee: fee, Invoiced: priced.Charge == fees.ChargeGross, Batch: p.batch}
	if err := p.mayLeave(payout, schedule); err != nil {
		return err
	}
	rule := p.rules.payoutRule(p.scope)
	if payout.NeedsApproval = rule.needsApproval(p.event); payout.NeedsApproval && p.event.Actor == "" {
		return &FieldError{FieldActor, fmt.Errorf("is missing; somebody else has to approve a payout of more than %s %s, so it must say who asks for it",
			p.event.Currency, p.event.Currency.Format(rule.ApproveAbove[p.event.Currency]))}
	}
	waits, err := p.waits(payout, &rule, schedule)
	if err != nil {
		return err
	}
	if waits {
		return p.queue(payout)
	}
	return p.fund(payout, schedule)
}

// fund takes the money of a payout out of what is available. For a merchant
// that is settled by hand, what has matured by then becomes available first,
// whether or not a job has run: the outcome depends on dates only. What is the
// batches' of windows that have closed before it cannot take, see Spendable.
func (p *plan) fund(payout *Payout, schedule *merchant.Schedule) error {
	if err := p.mature(calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone)); err != nil {
		return err
	}
	total, _, err := payout.total()
	if err != nil {
		return err
	}
	if err := p.spends(total, p.key("requested")); err != nil {
		return err
	}
	own, _, err := p.fromHand(payout, schedule)
	if err != nil {
		return err
	}
	requested := p.post(EntryPayout, "requested", -1, p.dr(AvailablePath(p.merchant.ID), total), p.cr(payoutsPath(p.merchant.ID), total))
	if !payout.NeedsApproval {
		if payout.Life, err = payout.follows(PayoutApproved, p.event); err != nil {
			return err
		}
	}
	p.records = append(p.records, payout)
	err = p.move(requested, CategoryPayout, PayoutRecord, &payout.Facts, payout.taken())
	if err == nil {
		p.items[len(p.items)-1].item.Manual = own
	}
	return err
}

// taken is what the payout takes out of what is available; a fee that is invoiced is no
// part of it.
func (p *Payout) taken() Item {
	item := Item{Gross: p.Amount.Neg()}
	if !p.Invoiced {
		item.Fee, item.Tax, item.TaxCode = p.Fee.Fee.Neg(), p.Fee.Tax.Neg(), taxCode(p.Fee.Taxes)
	}
	return item
}

// total is what the payout takes of the merchant's money: amount, fee and tax; extra is
// fee and tax alone, which are nothing where they are invoiced.
func (p *Payout) total() (total, extra money.Amount, err error) {
	if p.Invoiced {
		return p.Amount, extra, nil
	}
	if extra, err = p.Fee.Total(); err != nil {
		return total, extra, err
	}
	total, err = p.Amount.Add(extra)
	return total, extra, err
}

// payoutApproved is the recipe of an approval, which moves no money: it takes
// somebody else than who asked for the payout.
func (p *plan) payoutApproved() error {
	before, err := existing[*Payout](p, PayoutRecord)
	if err != nil || p.repeated {
		return err
	}
	payout := *before
	if payout.Life, err = payout.next(p.event); err != nil {
		return err
	}
	if SameActor(p.event.Actor, payout.Actor) {
		return &FieldError{FieldActor, fmt.Errorf("%q %w", p.event.Actor, ErrOwnApproval)}
	}
	p.records = append(p.records, &payout)
	return nil
}

// payoutMoves is the recipe of a payout on its way.
func (p *plan) payoutMoves() error {
	before, err := existing[*Payout](p, PayoutRecord)
	if err != nil || p.repeated {
		return err
	}
	payout := *before
	p.records = append(p.records, &payout)
	if early := payout.early(p.event); early != nil {
		payout.Life = *early
		return nil
	}
	if p.event.Kind == PayoutCompleted && before.Status == Failed && !before.had(PayoutSent) {
		return &FieldError{FieldKind, fmt.Errorf("%s %w: %s is %s, and was never sent", p.event.Kind, ErrTransition, p.event.ID, before.Status)}
	}
	if payout.Life, err = payout.next(p.event); err != nil {
		return err
	}
	total, extra, err := payout.total()
	if err != nil {
		return err
	}
	m, rail := p.merchant.ID, railPayoutsPath(payout.Rail)
	switch p.event.Kind {
	case PayoutUnknown: // the money stays where it is until somebody knows
		return nil
	case PayoutSent:
		p.post(EntryPayoutSent, "sent", -1, p.dr(payoutsPath(m), payout.Amount), p.cr(rail, payout.Amount))
		return nil
	case PayoutCompleted:
		if before.Status == Failed {
			return p.payoutAfterAll(&payout, total)
		}
		postings := []ledger.Posting{
			p.dr(rail, payout.Amount), p.dr(payoutsPath(m), extra), p.cr(bankPath(p.bank), payout.Amount),
		}
		return p.earn(&payout, p.post(EntryPayoutDone, "completed", -1, append(postings, p.earned(&payout)...)...), "fee")
	case PayoutReturned: // after it completed: the fee was earned
		returned := p.post(EntryPayoutReturned, "returned", -1, p.dr(bankPath(p.bank), payout.Amount), p.cr(AvailablePath(m), payout.Amount))
		return p.move(returned, CategoryPayout, string(PayoutReturned), &payout.Facts, Item{Gross: payout.Amount})
	default:
		if before.Status == Queued {
			return p.leave(before)
		}
		back := []ledger.Posting{p.dr(payoutsPath(m), total)}
		if before.Status == Sent || before.Status == Unknown {
			back = []ledger.Posting{p.dr(rail, payout.Amount), p.dr(payoutsPath(m), extra)}
		}
		return p.payoutBack(&payout, back, total)
	}
}

// payoutAfterAll is the recipe of a payout that was paid although it had failed: the
// money has left the bank, so the merchant pays amount, fee and tax once more, whatever
// it has.
func (p *plan) payoutAfterAll(payout *Payout, total money.Amount) error {
	postings := []ledger.Posting{p.dr(AvailablePath(p.merchant.ID), total), p.cr(bankPath(p.bank), payout.Amount)}
	paid := p.post(EntryPayoutRevived, "revived", -1, append(postings, p.earned(payout)...)...)
	if err := p.earn(payout, paid, "revived.fee"); err != nil {
		return err
	}
	return p.move(paid, CategoryPayout, string(PayoutCompleted), &payout.Facts, payout.taken())
}

// earned are the postings by which the fee of a payout that is paid becomes ours; none
// where it is invoiced.
func (p *plan) earned(payout *Payout) []ledger.Posting {
	if payout.Invoiced {
		return nil
	}
	return append([]ledger.Posting{p.cr(payoutFee, payout.Fee.Fee)}, p.taxes(p.cr, payout.Fee.Taxes)...)
}

// earn counts the fee of a payout that is paid, which is ours from then on, and invoices it where it is invoiced.
func (p *plan) earn(payout *Payout, paid int, step string) error {
	if err := p.countMonth(fees.EventPayout, &payout.Fee); err != nil || !payout.Invoiced {
		return err
	}
	return p.invoice(step, paid, payoutFee, "", payout.Fee.Fee, payout.Fee.Taxes)
}

// payoutBack gives back all of a payout that failed, was rejected or canceled.
func (p *plan) payoutBack(payout *Payout, from []ledger.Posting, total money.Amount) error {
	kind := string(p.event.Kind)
	step := map[Kind]string{PayoutFailed: EntryPayoutFailed, PayoutRejected: EntryPayoutRejected, PayoutCanceled: EntryPayoutCanceled}[p.event.Kind]
	given := p.post(step, string(payout.Status), -1, append(from, p.cr(AvailablePath(p.merchant.ID), total))...)
	item := payout.taken()
	item.Gross, item.Fee, item.Tax = item.Gross.Neg(), item.Fee.Neg(), item.Tax.Neg()
	return p.move(given, CategoryPayout, kind, &payout.Facts, item)
}
