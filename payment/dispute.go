package payment

import (
	"fmt"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// disputeTable is what may happen to a dispute.
var disputeTable = table{
	resource: DisputeRecord,
	moves: []Move{
		{DisputeOpened, "", NeedsResponse, event.DisputeOpened},
		{DisputeWon, NeedsResponse, Won, event.DisputeWon},
		{DisputeLost, NeedsResponse, Lost, event.DisputeLost},
	},
	requires: map[Kind][]Field{DisputeOpened: {FieldParent, FieldCurrency, FieldAmount}},
}

// disputes are the recipes of its events.
func (p *plan) disputes() map[Kind]func() error {
	return map[Kind]func() error{DisputeOpened: p.dispute, DisputeWon: p.disputeWon, DisputeLost: p.disputeLost}
}

// dispute is the recipe of a dispute that was opened: the scheme withdraws the
// money, and the merchant pays the dispute fee.
func (p *plan) dispute() error {
	if d := take[Dispute](p.state, DisputeRecord, p.event.ID); d != nil {
		p.repeated = true
		return d.same(p.event)
	}
	deposit, err := p.parent()
	if err != nil {
		return err
	}
	schedule, fee, err := p.rules.price(p.scope, p.event, fees.EventDispute, deposit.PricedOn)
	if err != nil {
		return &FieldError{FieldKind, err}
	}
	dispute := &Dispute{Facts: facts(p.event), Life: born(p.event, NeedsResponse), Fee: fee, Policy: schedule.Dispute}
	available := AvailablePath(p.merchant.ID)
	opened := p.post(EntryDispute, "opened", -1, p.dr(available, p.event.Amount), p.cr(clearingPath(p.event.Rail), p.event.Amount))
	p.charge(EntryDisputeFee, "fee", opened, available, disputeFee, &fee)
	changed := *deposit
	if changed.Disputed, err = deposit.Disputed.Add(p.event.Amount); err != nil {
		return err
	}
	p.records = append(p.records, dispute, &changed)
	return p.move(opened, CategoryDispute, DisputeRecord, &dispute.Facts,
		Item{Gross: p.event.Amount.Neg(), Fee: fee.Fee.Neg(), Tax: fee.Tax.Neg(), TaxCode: taxCode(fee.Taxes)})
}

// disputeWon is the recipe of a dispute decided for the merchant, wholly or,
// where the event carries an amount, in part.
func (p *plan) disputeWon() error {
	before, err := existing[*Dispute](p, DisputeRecord)
	if err != nil || p.repeated {
		return err
	}
	d := *before
	if d.Life, err = d.next(p.event); err != nil {
		return err
	}
	if d.Recovered = p.event.Amount; d.Recovered.IsZero() {
		d.Recovered = d.Amount
	}
	if d.Recovered.Cmp(d.Amount) > 0 {
		c := d.Currency
		return &FieldError{FieldAmount, fmt.Errorf("%s %s is more than the %s of dispute %s", c, c.Format(d.Recovered), c.Format(d.Amount), d.ID)}
	}
	won := p.post(EntryDisputeWon, "won", -1, p.dr(clearingPath(d.Rail), d.Recovered), p.cr(AvailablePath(p.merchant.ID), d.Recovered))
	item := Item{Gross: d.Recovered}
	if d.Policy == fees.DisputeReturnOnWin {
		if _, err := p.giveBack("won.fee", won, disputeFee, d.Fee.Fee, d.Fee.Taxes); err != nil {
			return err
		}
		item.Fee, item.Tax, item.TaxCode = d.Fee.Fee, d.Fee.Tax, taxCode(d.Fee.Taxes)
	}
	if err := p.undispute(&d, d.Recovered); err != nil {
		return err
	}
	p.records = append(p.records, &d)
	return p.move(won, CategoryDispute, string(DisputeWon), &d.Facts, item)
}

// undispute lets the won part of a deposit be refunded again.
func (p *plan) undispute(d *Dispute, amount money.Amount) error {
	deposit := take[Deposit](p.state, DepositRecord, d.Parent)
	if deposit == nil {
		return unknown(FieldParent, DepositRecord, d.Parent)
	}
	changed := *deposit
	var err error
	if changed.Disputed, err = deposit.Disputed.Sub(amount); err != nil {
		return err
	}
	p.records = append(p.records, &changed)
	return nil
}

// disputeLost closes a dispute; the money went when it was opened.
func (p *plan) disputeLost() error {
	before, err := existing[*Dispute](p, DisputeRecord)
	if err != nil || p.repeated {
		return err
	}
	d := *before
	if d.Life, err = d.next(p.event); err != nil {
		return err
	}
	p.records = append(p.records, &d)
	return nil
}
