package payment

import (
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// ErrNotOwed marks more than a merchant owes: a negative balance that is not as
// large, a debt that is not there.
var ErrNotOwed = errors.New("more than the merchant owes")

// debtTable is what may happen to a negative balance that was made a receivable:
// batches take it back as far as they have money; or all of what is left of it goes
// back at once.
var debtTable = table{
	resource: DebtRecord,
	moves: []Move{
		{On: DebtReclassified, To: Reclassified},
		{On: DebtRestored, From: Reclassified, To: Restored},
	},
	requires: map[Kind][]Field{DebtReclassified: {FieldMerchant, FieldCurrency, FieldAmount}},
}

// topUpTable is what may happen to money that a merchant pays in.
var topUpTable = table{
	resource: TopUpRecord,
	moves:    []Move{{On: ToppedUp, To: Received}},
	requires: map[Kind][]Field{ToppedUp: {FieldMerchant, FieldCurrency, FieldAmount}},
}

// writeOffTable is what may happen to a debt that is given up.
var writeOffTable = table{
	resource: WriteOffRecord,
	moves: []Move{
		{On: WriteOffRequested, To: Requested},
		{On: WriteOffApproved, From: Requested, To: Approved},
		{On: WriteOffRejected, From: Requested, To: Rejected},
	},
	requires: map[Kind][]Field{
		WriteOffRequested: {FieldMerchant, FieldCurrency, FieldAmount, FieldReasonCode, FieldActor},
		WriteOffApproved:  {FieldActor},
		WriteOffRejected:  {FieldReasonCode, FieldActor},
	},
}

// Statuses of debts.
const (
	Reclassified Status = "reclassified" // stands in merchants/{m}/receivable
	Restored     Status = "restored"     // back in available
)

// Debt is a negative balance that stands as a receivable, as at the end of a
// period. There is one at a time for each merchant and currency.
type Debt struct {
	Facts
	Life
	BookedAt   time.Time    `json:"booked_at,omitzero"`   // what its movement counts as booked at, UTC: batches of before do not recover it
	Paid       money.Amount `json:"paid,omitzero"`        // by top-ups
	WrittenOff money.Amount `json:"written_off,omitzero"` // given up
	Recovered  money.Amount `json:"recovered,omitzero"`   // taken back into available by batches that had money
	Added      money.Amount `json:"added,omitzero"`       // to Amount, by batches of schedules that make a net below zero a receivable
	Collected  bool         `json:"collected,omitempty"`  // such a batch has made it: no batch takes it back but out of what the merchant pays in
}

// TopUp is money that a merchant pays in.
type TopUp struct {
	Facts
	Life
	ToDebt money.Amount `json:"to_debt,omitzero"` // of Amount, what paid a debt that stands as a receivable
	ToFees money.Amount `json:"to_fees,omitzero"` // of Amount, what paid invoiced fees; the rest is in available
}

// WriteOff is a debt that is given up.
type WriteOff struct {
	Facts // Parent: the lost dispute that it comes from; empty: bad debt
	Life
	OfDebt money.Amount `json:"of_debt,omitzero"` // of Amount, what was a debt that stood as a receivable
	OfFees money.Amount `json:"of_fees,omitzero"` // of Amount, what was invoiced fees; the rest was in available
}

// Ref makes Debt a ledger.Record.
func (d *Debt) Ref() ledger.Ref { return ledger.Ref{Kind: DebtRecord, ID: d.ID} }

// Ref makes TopUp a ledger.Record.
func (t *TopUp) Ref() ledger.Ref { return ledger.Ref{Kind: TopUpRecord, ID: t.ID} }

// Ref makes WriteOff a ledger.Record.
func (w *WriteOff) Ref() ledger.Ref { return ledger.Ref{Kind: WriteOffRecord, ID: w.ID} }

// DebtRef names the record of a debt.
func DebtRef(id string) ledger.Ref { return ledger.Ref{Kind: DebtRecord, ID: id} }

// Left is what of a reclassified debt is neither paid, written off nor recovered.
// Errors: an amount out of range.
func (d *Debt) Left() (money.Amount, error) {
	return money.Sum(d.Amount, d.Added, d.Paid.Neg(), d.WrittenOff.Neg(), d.Recovered.Neg())
}

// Debit makes the debt of what a merchant lacks when a batch closes whose schedule makes that
// a receivable, or adds it to the one that stands. Its facts are the batch's. Errors:
// money.ErrOverflow.
func Debit(standing *Debt, made Facts) (*Debt, error) {
	if standing == nil {
		step := Step{Kind: DebtReclassified, Status: Reclassified, At: made.OccurredAt, Reason: made.ReasonCode}
		return &Debt{Facts: made, Life: Life{Status: Reclassified, Steps: []Step{step}}, BookedAt: made.OccurredAt, Collected: true}, nil
	}
	debt := *standing
	var err error
	debt.Added, err = debt.Added.Add(made.Amount)
	return &debt, err
}

// Stands notes what of a debt stands. One of which nothing is left, or that was restored, is
// the merchant's debt no longer. Errors: an amount out of range.
func (p *Position) Stands(d *Debt) error {
	p.Debt, p.Debited, p.Collected = "", money.Amount{}, false
	left, err := d.Left()
	if err != nil || left.IsZero() || d.Status != Reclassified {
		return err
	}
	p.Debt, p.Debited, p.Collected = d.ID, left, d.Collected
	if !d.Collected { // what somebody has reclassified is paid before what batches have added
		p.Debited = money.Min(left, d.Added)
	}
	return nil
}

// RecoverableBy tells whether a batch of a window that closes at an instant recovers the
// debt out of what it has: its own movement is in that batch or one before, and somebody
// has reclassified it.
func (d *Debt) RecoverableBy(closes, watermark time.Time) bool {
	return !d.Collected && d.Status == Reclassified && d.OccurredAt.Before(closes) && d.BookedAt.Before(watermark)
}

// expense is what the write-off is to us.
func (w *WriteOff) expense() string {
	if w.Parent != "" {
		return disputeLossExpense
	}
	return badDebtExpense
}

// debts are the recipes of what a merchant owes.
func (p *plan) debts() map[Kind]func() error {
	return map[Kind]func() error{
		DebtReclassified: p.reclassify, DebtRestored: p.restoreDebt, ToppedUp: p.topUp,
		FeesDeducted:      p.deductFees,
		WriteOffRequested: p.writeOff, WriteOffApproved: p.writeOffDecided, WriteOffRejected: p.writeOffDecided,
	}
}

// reclassify makes a negative balance a receivable.
func (p *plan) reclassify() error {
	if known := take[Debt](p.state, DebtRecord, p.event.ID); known != nil {
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	if stands, _, err := p.debt(); err != nil || stands != nil {
		if err != nil {
			return err
		}
		return &FieldError{FieldMerchant, fmt.Errorf("%s %w: debt %s of %s is %s", p.event.Kind, ErrTransition, stands.ID, p.merchant.ID, Reclassified)}
	}
	if err := p.closed(); err != nil {
		return err
	}
	if err := p.matureNow(); err != nil {
		return err
	}
	if owed, err := p.owed(); err != nil {
		return err
	} else if p.event.Amount.Cmp(owed) > 0 {
		return p.notOwed(owed)
	}
	debt := &Debt{
		Facts: facts(p.event), Life: born(p.event, Reclassified), BookedAt: notBefore(p.state.Now(), p.state, p.position().Ref()),
	}
	if err := p.stands(debt); err != nil {
		return err
	}
	p.records = append(p.records, debt)
	booked := p.post(EntryDebtReclassified, "reclassified", -1,
		p.dr(MerchantReceivablePath(debt.Merchant), debt.Amount), p.cr(AvailablePath(debt.Merchant), debt.Amount))
	return p.move(booked, CategoryAdjustment, string(DebtReclassified), &debt.Facts, Item{Gross: debt.Amount})
}

// owed is what the merchant owes that no money covers which is still to come to it:
// neither what is pending, nor what is available. It is asked where no window is due:
// where none is in grace either, it is never more than the available balance is below zero.
func (p *plan) owed() (owed money.Amount, err error) {
	_, mark, err := p.window()
	if err != nil {
		return owed, err
	}
	owed, waits, err := p.position().owed(mark, take[Merchant](p.state, MerchantRecord, p.merchant.ID))
	if err != nil || waits {
		return owed, err
	}
	overdrawn, err := p.overdrawn()
	return money.Min(owed, overdrawn), err
}

// overdrawn is by how much the merchant's available balance is below zero, with what
// the plan has made available.
func (p *plan) overdrawn() (money.Amount, error) {
	account, _ := p.state.Account(ledger.AccountID{Path: AvailablePath(p.merchant.ID), Currency: p.event.Currency})
	sum, err := account.Net(ledger.Debit)
	if err != nil {
		return sum, err
	}
	matures, err := p.matures()
	if err != nil {
		return sum, err
	}
	sum, err = sum.Sub(matures)
	return money.Max(sum, money.Amount{}), err
}

func (p *plan) notOwed(owed money.Amount) error {
	c := p.event.Currency
	return &FieldError{FieldAmount, fmt.Errorf("%s is %w, %s %s", c.Format(p.event.Amount), ErrNotOwed, c, c.Format(owed))}
}

// restoreDebt takes what is left of a debt back into available.
func (p *plan) restoreDebt() error {
	before, err := existing[*Debt](p, DebtRecord)
	if err != nil || p.repeated {
		return err
	}
	debt := *before
	if debt.Life, err = debt.next(p.event); err != nil {
		return err
	}
	if err := p.closed(); err != nil {
		return err
	}
	left, err := debt.Left()
	if err != nil {
		return err
	}
	p.records = append(p.records, &debt)
	if p.position().Debt == debt.ID { // of one that was paid whole before, nothing stands there
		if err := p.stands(&debt); err != nil {
			return err
		}
	}
	booked := p.post(EntryDebtRestored, "restored", -1, p.dr(AvailablePath(debt.Merchant), left), p.cr(MerchantReceivablePath(debt.Merchant), left))
	if booked < 0 { // nothing of it is left
		return nil
	}
	return p.move(booked, CategoryAdjustment, string(DebtRestored), &debt.Facts, Item{Gross: left.Neg()})
}

// debt gives a copy of the merchant's debt that is reclassified, and what is left of
// it; nil: there is none of which anything is left.
func (p *plan) debt() (*Debt, money.Amount, error) {
	id := p.position().Debt
	if id == "" {
		return nil, money.Amount{}, nil
	}
	stored := take[Debt](p.state, DebtRecord, id)
	if stored == nil {
		return nil, money.Amount{}, fmt.Errorf("%w: position of %s names debt %q, which is not there", ledger.ErrCorrupt, p.merchant.ID, id)
	}
	debt := *stored
	left, err := debt.Left()
	if err != nil || left.IsZero() {
		return nil, left, err
	}
	return &debt, left, nil
}

// lessen adds a debt of which more was paid or written off.
func (p *plan) lessen(debt *Debt) error {
	p.records = append(p.records, debt)
	return p.stands(debt)
}

// stands keeps what a debt is to the merchant's position from now on.
func (p *plan) stands(debt *Debt) error {
	position := p.position()
	if err := position.Stands(debt); err != nil {
		return err
	}
	p.keep(position)
	return nil
}

// topUp is the recipe of money that the merchant pays in: it pays a reclassified
// debt first, then what is owed of invoiced fees; the rest, or all of it, is available.
// What paid a debt is a movement of its window too, of nothing: as it would have been before
// the batch that has made the debt was closed. So it is refused where that is not known, as it
// would have been then.
func (p *plan) topUp() error {
	if known := take[TopUp](p.state, TopUpRecord, p.event.ID); known != nil {
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	paid := &TopUp{Facts: facts(p.event), Life: born(p.event, Received)}
	debt, left, err := p.debt()
	if err != nil {
		return err
	}
	if debt != nil {
		paid.ToDebt = lesser(left, paid.Amount)
		if debt.Paid, err = debt.Paid.Add(paid.ToDebt); err != nil {
			return err
		}
		if err := p.lessen(debt); err != nil {
			return err
		}
	}
	p.records = append(p.records, paid)
	rest, err := paid.Amount.Sub(paid.ToDebt)
	if err != nil {
		return err
	}
	if paid.ToFees, err = p.payBill(rest, func(b *Billing) *money.Amount { return &b.Paid }); err != nil {
		return err
	}
	owed, err := paid.ToDebt.Add(paid.ToFees)
	if err != nil {
		return err
	}
	if rest, err = rest.Sub(paid.ToFees); err != nil {
		return err
	}
	booked := p.post(EntryToppedUp, "received", -1,
		p.dr(bankPath(p.bank), paid.Amount), p.cr(MerchantReceivablePath(paid.Merchant), owed), p.cr(AvailablePath(paid.Merchant), rest))
	if rest.IsZero() {
		if paid.ToDebt.IsZero() {
			return nil
		}
		if _, in, err := p.window(); err != nil || in == nil { // settled by hand, what is nothing goes nowhere
			return err
		}
	}
	return p.move(booked, CategoryAdjustment, TopUpRecord, &paid.Facts, Item{Gross: rest, ToDebt: paid.ToDebt})
}

func lesser(a, b money.Amount) money.Amount {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}

// writeOff is the recipe of a debt that somebody asks to give up.
func (p *plan) writeOff() error {
	if known := take[WriteOff](p.state, WriteOffRecord, p.event.ID); known != nil {
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	if err := p.lostDispute(); err != nil {
		return err
	}
	p.records = append(p.records, &WriteOff{Facts: facts(p.event), Life: born(p.event, Requested)})
	return nil
}

// lostDispute looks for the dispute a write-off comes from, if it names one.
func (p *plan) lostDispute() error {
	if p.event.Parent == "" {
		return nil
	}
	d := take[Dispute](p.state, DisputeRecord, p.event.Parent)
	switch {
	case d == nil || d.Merchant != p.event.Merchant:
		return unknown(FieldParent, DisputeRecord, p.event.Parent)
	case d.Status != Lost:
		return &FieldError{FieldParent, fmt.Errorf("%s %w: dispute %s is %s", p.event.Kind, ErrTransition, d.ID, d.Status)}
	}
	return nil
}

// writeOffDecided is the recipe of a write-off that somebody else decided about.
// What stands as a receivable goes first.
func (p *plan) writeOffDecided() error {
	before, err := existing[*WriteOff](p, WriteOffRecord)
	if err != nil || p.repeated {
		return err
	}
	w := *before
	if w.Life, err = w.next(p.event); err != nil {
		return err
	}
	p.records = append(p.records, &w)
	if w.Status == Rejected {
		return nil
	}
	if err := p.another(&w.Facts); err != nil {
		return err
	}
	if err := p.closed(); err != nil {
		return err
	}
	return p.giveUp(&w)
}

// giveUp books a write-off.
func (p *plan) giveUp(w *WriteOff) error {
	debt, left, err := p.debt()
	if err != nil {
		return err
	}
	w.OfDebt = lesser(left, w.Amount)
	rest, err := w.Amount.Sub(w.OfDebt)
	if err != nil {
		return err
	}
	if w.OfFees, err = p.payBill(rest, func(b *Billing) *money.Amount { return &b.WrittenOff }); err != nil {
		return err
	}
	if rest, err = rest.Sub(w.OfFees); err != nil {
		return err
	}
	if err := p.matureNow(); err != nil {
		return err
	}
	uncovered, err := p.owed()
	if err != nil {
		return err
	}
	if rest.Cmp(uncovered) > 0 {
		owed, err := money.Sum(left, w.OfFees, uncovered)
		if err != nil {
			return err
		}
		c := w.Currency
		return &FieldError{FieldAmount, fmt.Errorf("%s is %w, %s %s", c.Format(w.Amount), ErrNotOwed, c, c.Format(owed))}
	}
	if debt != nil {
		if debt.WrittenOff, err = debt.WrittenOff.Add(w.OfDebt); err != nil {
			return err
		}
		if err := p.lessen(debt); err != nil {
			return err
		}
	}
	receivable, err := w.OfDebt.Add(w.OfFees)
	if err != nil {
		return err
	}
	booked := p.post(EntryWrittenOff, "booked", -1,
		p.dr(w.expense(), w.Amount), p.cr(MerchantReceivablePath(w.Merchant), receivable), p.cr(AvailablePath(w.Merchant), rest))
	if rest.IsZero() {
		return nil
	}
	return p.move(booked, CategoryAdjustment, WriteOffRecord, &w.Facts, Item{Gross: rest})
}
