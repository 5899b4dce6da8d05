package payment

import (
	"fmt"
	"strconv"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// disputeTable is what may happen to a dispute. The scheme moves its own money
// when it likes: that is no step of the dispute, and nobody outside waits for it.
var disputeTable = table{
	resource: DisputeRecord,
	moves: []Move{
		{DisputeOpened, "", NeedsResponse, event.DisputeOpened},
		{DisputeEvidence, NeedsResponse, UnderReview, event.DisputeUpdated},
		{DisputeWon, NeedsResponse, Won, event.DisputeWon},
		{DisputeWon, UnderReview, Won, event.DisputeWon},
		{DisputeLost, NeedsResponse, Lost, event.DisputeLost},
		{DisputeLost, UnderReview, Lost, event.DisputeLost},
		{On: DisputeDebited, From: NeedsResponse, To: NeedsResponse},
		{On: DisputeDebited, From: UnderReview, To: UnderReview},
		{On: DisputeDebited, From: Won, To: Won},
		{On: DisputeDebited, From: Lost, To: Lost},
		{On: DisputeCredited, From: Won, To: Won},
	},
	requires: map[Kind][]Field{DisputeOpened: {FieldParent, FieldCurrency, FieldAmount, FieldReasonCode}},
}

// disputes are the recipes of its events.
func (p *plan) disputes() map[Kind]func() error {
	return map[Kind]func() error{
		DisputeOpened: p.dispute, DisputeEvidence: p.disputeMoves, DisputeWon: p.disputeWon, DisputeLost: p.disputeMoves,
		DisputeDebited: p.disputeDebited, DisputeCredited: p.disputeCredited,
	}
}

// Square tells whether the dispute is decided and the scheme has taken from us,
// all in all, what the merchant has lost, so that nothing of it is left in
// clearing. Errors: money.ErrOverflow.
func (d *Dispute) Square() (bool, error) {
	if d.Status != Won && d.Status != Lost {
		return false, nil
	}
	lost, err := d.Amount.Sub(d.Recovered)
	if err != nil {
		return false, err
	}
	taken, err := d.Debited.Amount.Sub(d.Credited.Amount)
	return lost == taken, err
}

// dispute is the recipe of a dispute that was opened: the merchant's money is
// withdrawn, and it pays the dispute fee.
func (p *plan) dispute() error {
	if d := take[Dispute](p.state, DisputeRecord, p.event.ID); d != nil {
		p.repeated = true
		return d.same(p.event)
	}
	deposit, err := p.parent()
	if err != nil {
		return err
	}
	schedule, fee, err := p.price(fees.EventDispute, deposit.PricedOn)
	if err != nil {
		return unpriced(FieldKind, err)
	}
	dispute := &Dispute{Facts: facts(p.event), Life: born(p.event, NeedsResponse), Fee: fee, Policy: schedule.Dispute, Invoiced: schedule.Charge == fees.ChargeGross}
	changed := *deposit
	changed.Twice = deposit.Twice || p.mayPayTwice()
	var opened int
	if dispute.Drawn, opened, err = p.draw(&changed, EntryDispute, "opened", clearingPath(p.event.Rail)); err != nil {
		return err
	}
	item, err := p.takeFee(dispute.Invoiced, EntryDisputeFee, "fee", opened, AvailablePath(p.merchant.ID), disputeFee, deposit.ID, &fee)
	if err != nil {
		return err
	}
	if err := p.countMonth(fees.EventDispute, &dispute.Fee); err != nil {
		return err
	}
	if changed.Disputed, err = deposit.Disputed.Add(p.event.Amount); err != nil {
		return err
	}
	p.records = append(p.records, dispute, &changed)
	item.Gross = p.event.Amount.Neg()
	item.own(deposit, dispute.Drawn.Pending.Neg())
	if item.Withholding, err = p.rewithhold(&changed, "withholding", opened); err != nil {
		return err
	}
	return p.move(opened, CategoryDispute, DisputeRecord, &dispute.Facts, item)
}

// disputeWon is the recipe of a dispute decided for the merchant, wholly or,
// where the event carries an amount, in part.
func (p *plan) disputeWon() error {
	d, err := p.disputeNext()
	if err != nil || p.repeated {
		return err
	}
	if d.Recovered, err = p.upTo(d.Amount, "of dispute "+d.ID); err != nil {
		return err
	}
	deposit := take[Deposit](p.state, DepositRecord, d.Parent)
	if deposit == nil {
		return unknown(FieldParent, DepositRecord, d.Parent)
	}
	changed := *deposit
	if changed.Disputed, err = deposit.Disputed.Sub(d.Recovered); err != nil { // the won part may be refunded again
		return err
	}
	owes, _, err := p.debt()
	if err != nil {
		return err
	}
	if p.gone() && owes == nil {
		p.records = append(p.records, d, &changed)
		return p.wonTooLate(d, &changed)
	}
	var won int
	if d.Restored, won, err = p.restore(&changed, d.Drawn, d.Recovered, EntryDisputeWon, "won", clearingPath(d.Rail)); err != nil {
		return err
	}
	item := Item{Gross: d.Recovered}
	item.own(deposit, d.Restored.Pending)
	if d.Policy == fees.DisputeReturnOnWin {
		back, err := p.giveFee(d.Invoiced, "won.fee", won, disputeFee, d.Parent, d.Fee.Fee, d.Fee.Taxes)
		if err != nil {
			return err
		}
		if err := item.withFee(back); err != nil {
			return err
		}
	}
	if item.Withholding, err = p.rewithhold(&changed, "won.withholding", won); err != nil {
		return err
	}
	p.records = append(p.records, d, &changed)
	return p.move(won, CategoryDispute, string(DisputeWon), &d.Facts, item)
}

// wonTooLate is the recipe of a dispute decided for a merchant who has been closed:
// it makes good what the merchant owes us, the tax that is withheld again with it, and
// since no batch will pay the rest, that is kept in suspense, with its owner. A fee that
// comes back is not divided.
func (p *plan) wonTooLate(d *Dispute, deposit *Deposit) error {
	owed, err := p.overdrawn()
	if err != nil {
		return err
	}
	withheld, err := p.wouldRewithhold(deposit)
	if err != nil {
		return err
	}
	if owed, err = owed.Sub(withheld); err != nil {
		return err
	}
	available, suspense := AvailablePath(p.merchant.ID), suspensePath(p.bank, ledger.Credit)
	item := Item{Gross: money.Min(d.Recovered, owed)}
	kept, err := d.Recovered.Sub(item.Gross)
	if err != nil {
		return err
	}
	won := p.post(EntryDisputeWon, "won", -1, p.dr(clearingPath(d.Rail), d.Recovered), p.cr(available, item.Gross), p.cr(suspense, kept))
	if d.Policy == fees.DisputeReturnOnWin {
		if owed, err = owed.Sub(item.Gross); err != nil {
			return err
		}
		back, more, err := p.feeTooLate(d, won, owed)
		if err != nil {
			return err
		}
		if kept, err = kept.Add(more); err != nil {
			return err
		}
		if err := item.withFee(back); err != nil {
			return err
		}
	}
	if !kept.IsZero() {
		if err := p.keepFor(KeptLineID(d.ID), &d.Facts, kept); err != nil {
			return err
		}
	}
	if item.Gross.IsZero() && item.Fee.IsZero() && item.Tax.IsZero() {
		return nil
	}
	if item.Withholding, err = p.rewithhold(deposit, "won.withholding", won); err != nil {
		return err
	}
	return p.move(won, CategoryDispute, string(DisputeWon), &d.Facts, item)
}

// feeTooLate gives back the fee of a dispute of a merchant who has been closed: whole to
// make good what is owed, or else into suspense, and then it is kept. One that was
// invoiced makes good what is owed of fees first.
func (p *plan) feeTooLate(d *Dispute, won int, owed money.Amount) (back Item, kept money.Amount, err error) {
	to := func(rest money.Amount) string {
		if rest.Cmp(owed) <= 0 {
			return p.available(rest)
		}
		kept = rest
		return suspensePath(p.bank, ledger.Credit)
	}
	if d.Invoiced {
		back, err = p.credit(to, "won.fee", won, disputeFee, d.Parent, d.Fee.Fee, d.Fee.Taxes)
	} else {
		var total money.Amount
		if total, err = d.Fee.Total(); err != nil {
			return back, kept, err
		}
		back = Item{Fee: d.Fee.Fee, Tax: d.Fee.Tax, TaxCode: taxCode(d.Fee.Taxes)}
		_, err = p.giveBackTo(to(total), "won.fee", won, disputeFee, d.Fee.Fee, d.Fee.Taxes)
	}
	if !kept.IsZero() {
		back = Item{}
	}
	return back, kept, err
}

// disputeNext gives a copy of the event's dispute as it stands afterwards.
func (p *plan) disputeNext() (*Dispute, error) {
	before, err := existing[*Dispute](p, DisputeRecord)
	if err != nil || p.repeated {
		return nil, err
	}
	d := *before
	d.Life, err = d.next(p.event)
	return &d, err
}

// upTo is the event's amount, or all of a limit where it has none. More than the
// limit is a fault that names it.
func (p *plan) upTo(limit money.Amount, what string) (money.Amount, error) {
	c := p.event.Currency
	switch {
	case p.event.Amount.IsZero():
		return limit, nil
	case p.event.Amount.Cmp(limit) > 0:
		return limit, &FieldError{FieldAmount, fmt.Errorf("%s %s is more than the %s %s", c, c.Format(p.event.Amount), c.Format(limit), what)}
	}
	return p.event.Amount, nil
}

// disputeMoves is the recipe of a dispute that goes on, or is lost: the money went
// when it was opened.
func (p *plan) disputeMoves() error {
	d, err := p.disputeNext()
	if err != nil || p.repeated {
		return err
	}
	p.records = append(p.records, d)
	return nil
}

// schemeMoves adds the event's amount, or where it has none all that is left up to a
// limit, to what the scheme has moved of a dispute, and gives it. The entries of the second
// part on end with its number; all go by what the rail netted at the first.
func (p *plan) schemeMoves(d *Dispute, moved *Passed, limit money.Amount, what string) (amount money.Amount, step string, err error) {
	left, err := limit.Sub(moved.Amount)
	if err != nil {
		return amount, "", err
	}
	var parts []Step
	for _, s := range d.Steps {
		if s.Kind == p.event.Kind {
			parts = append(parts, s)
		}
	}
	switch {
	case len(parts) == 1:
		moved.Netted = p.rules.Rails[d.Rail].NetsDisputes
	case left.IsZero():
		return amount, "", differs(FieldOccurredAt, parts[0].At.Format(time.RFC3339Nano), p.event.OccurredAt.Format(time.RFC3339Nano))
	default:
		what = "that are left of the " + d.Currency.Format(limit) + " " + what
		step = "/" + strconv.Itoa(len(parts))
	}
	if amount, err = p.upTo(left, what); err != nil {
		return amount, "", err
	}
	moved.Amount, err = moved.Amount.Add(amount)
	return amount, step, err
}

// disputeDebited is the recipe of the scheme that takes the money of a dispute
// from us.
func (p *plan) disputeDebited() error {
	d, err := p.disputeNext()
	if err != nil || p.repeated {
		return err
	}
	taken, step, err := p.schemeMoves(d, &d.Debited, d.Amount, "of dispute "+d.ID)
	if err != nil {
		return err
	}
	p.post(EntryDisputeDebit, "debited"+step, -1, p.dr(clearingPath(d.Rail), taken), p.cr(p.funds(d.Rail, d.Debited.Netted), taken))
	p.records = append(p.records, d)
	return nil
}

// disputeCredited is the recipe of the scheme that gives back what was won.
func (p *plan) disputeCredited() error {
	d, err := p.disputeNext()
	if err != nil || p.repeated {
		return err
	}
	given, step, err := p.schemeMoves(d, &d.Credited, d.Recovered, "recovered of dispute "+d.ID)
	if err != nil {
		return err
	}
	p.post(EntryDisputeCredit, "credited"+step, -1, p.dr(p.funds(d.Rail, d.Credited.Netted), given), p.cr(clearingPath(d.Rail), given))
	p.records = append(p.records, d)
	return nil
}
