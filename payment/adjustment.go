package payment

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// ErrSelfApproval marks an approval by whoever asked for it.
var ErrSelfApproval = errors.New("needs another pair of eyes")

// adjustmentTable is what may happen to an adjustment. Up to the amount that Rules
// say it is approved at once.
var adjustmentTable = table{
	resource: AdjustmentRecord,
	moves: []Move{
		{AdjustmentCredit, "", Requested, event.AdjustmentCreated},
		{AdjustmentCredit, "", Approved, event.AdjustmentCreated},
		{AdjustmentDebit, "", Requested, event.AdjustmentCreated},
		{AdjustmentDebit, "", Approved, event.AdjustmentCreated},
		{AdjustmentApproved, Requested, Approved, event.AdjustmentApproved},
		{AdjustmentRejected, Requested, Rejected, event.AdjustmentRejected},
	},
	requires: map[Kind][]Field{
		AdjustmentCredit:   {FieldMerchant, FieldCurrency, FieldAmount, FieldReasonCode, FieldActor},
		AdjustmentDebit:    {FieldMerchant, FieldCurrency, FieldAmount, FieldReasonCode, FieldActor},
		AdjustmentApproved: {FieldActor},
		AdjustmentRejected: {FieldReasonCode, FieldActor},
	},
}

// Adjustment is money that people give to a merchant or take from it, with a
// reason, outside of any payment.
type Adjustment struct {
	Facts
	Life
	Debit bool `json:"debit,omitempty"` // taken from the merchant
}

// Ref makes Adjustment a ledger.Record.
func (a *Adjustment) Ref() ledger.Ref { return ledger.Ref{Kind: AdjustmentRecord, ID: a.ID} }

// adjustments are the recipes of its events.
func (p *plan) adjustments() map[Kind]func() error {
	return map[Kind]func() error{
		AdjustmentCredit: p.adjust, AdjustmentDebit: p.adjust, AdjustmentApproved: p.adjustmentDecided, AdjustmentRejected: p.adjustmentDecided,
	}
}

// adjust is the recipe of an adjustment that somebody asks for.
func (p *plan) adjust() error {
	debit := p.event.Kind == AdjustmentDebit
	if known := take[Adjustment](p.state, AdjustmentRecord, p.event.ID); known != nil {
		if known.Debit != debit {
			return differs(FieldKind, string(known.Steps[0].Kind), string(p.event.Kind))
		}
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	a := &Adjustment{Facts: facts(p.event), Life: born(p.event, Requested), Debit: debit}
	if p.rules.alone(p.event.Currency, p.event.Amount) {
		a.Life = born(p.event, Approved)
	}
	p.records = append(p.records, a)
	if a.Status == Requested {
		return nil
	}
	return p.bookAdjustment(a)
}

// alone tells whether one person may decide about an amount.
func (r *Rules) alone(c money.Currency, amount money.Amount) bool {
	limit, ok := r.ApproveAbove[c]
	return ok && amount.Cmp(limit) <= 0
}

// adjustmentDecided is the recipe of an adjustment that somebody else decided about.
func (p *plan) adjustmentDecided() error {
	before, err := existing[*Adjustment](p, AdjustmentRecord)
	if err != nil || p.repeated {
		return err
	}
	a := *before
	if a.Life, err = a.next(p.event); err != nil {
		return err
	}
	p.records = append(p.records, &a)
	if a.Status == Rejected {
		return nil
	}
	if err := p.another(&a.Facts); err != nil {
		return err
	}
	return p.bookAdjustment(&a)
}

// another refuses an approval by whoever asked for it.
func (p *plan) another(asked *Facts) error {
	if SameActor(p.event.Actor, asked.Actor) {
		return &FieldError{FieldActor, fmt.Errorf("%s %w: %s asked for it", asked.ID, ErrSelfApproval, asked.Actor)}
	}
	return nil
}

func (p *plan) bookAdjustment(a *Adjustment) error {
	available := AvailablePath(a.Merchant)
	if a.Debit {
		booked := p.post(EntryAdjustedDown, "booked", -1, p.dr(available, a.Amount), p.cr(goodwillExpense, a.Amount))
		return p.move(booked, CategoryAdjustment, string(AdjustmentDebit), &a.Facts, Item{Gross: a.Amount.Neg()})
	}
	booked := p.post(EntryAdjusted, "booked", -1, p.dr(goodwillExpense, a.Amount), p.cr(available, a.Amount))
	return p.move(booked, CategoryAdjustment, string(AdjustmentCredit), &a.Facts, Item{Gross: a.Amount})
}
