package payment

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// decisionTable is what may happen to a decision about a reserve: it is carried out
// at once, or refused. The reserve tells what became of it.
var decisionTable = table{
	resource: DecisionRecord,
	moves: []Move{
		{ReserveRelease, "", Completed, ""},
		{ReserveBuild, "", Completed, ""},
		{ReserveReturn, "", Completed, ""},
	},
	requires: map[Kind][]Field{
		ReserveRelease: {FieldParent, FieldReasonCode, FieldActor},
		ReserveBuild:   {FieldMerchant, FieldCurrency, FieldAmount, FieldParent, FieldReasonCode, FieldActor},
		ReserveReturn:  {FieldMerchant, FieldCurrency, FieldParent, FieldReasonCode, FieldActor},
	},
}

// ReserveDecision is what somebody decided about a reserve.
type ReserveDecision struct {
	Facts
	Life
	Moved money.Amount `json:"moved"` // minor units, into or out of the reserve; the kind of its step says which
}

// Ref makes ReserveDecision a ledger.Record.
func (d *ReserveDecision) Ref() ledger.Ref { return ledger.Ref{Kind: DecisionRecord, ID: d.ID} }

// decisions are the recipes of its events.
func (p *plan) decisions() map[Kind]func() error {
	return map[Kind]func() error{ReserveRelease: p.releaseHold, ReserveBuild: p.buildPool, ReserveReturn: p.returnPool}
}

// decided recognises a repetition of a decision.
func (p *plan) decided() (known bool, err error) {
	d := take[ReserveDecision](p.state, DecisionRecord, p.event.ID)
	if d == nil {
		return false, nil
	}
	p.repeated = true
	if was := d.Steps[0].Kind; was != p.event.Kind {
		return true, differs(FieldKind, string(was), string(p.event.Kind))
	}
	now := *p.event
	if now.Currency.IsZero() { // a release takes it from its deposit
		now.Currency = d.Currency
	}
	return true, d.same(&now)
}

// releaseHold is the recipe of a hold that somebody gives back before its date, whole
// or, where the event carries an amount, in part.
func (p *plan) releaseHold() error {
	if known, err := p.decided(); known || err != nil {
		return err
	}
	d := take[Deposit](p.state, DepositRecord, p.event.Parent)
	if d == nil {
		return unknown(FieldParent, DepositRecord, p.event.Parent)
	}
	if err := p.goesBack(d); err != nil {
		return err
	}
	if err := p.locate(d.Merchant, false); err != nil {
		return err
	}
	hold, err := p.openHold(d)
	if err != nil {
		return err
	}
	if hold == nil || hold.Empty() {
		return &FieldError{FieldParent, fmt.Errorf("%s %w: nothing is withheld of deposit %s, or its date has begun", p.event.Kind, ErrTransition, d.ID)}
	}
	amount := p.event.Amount
	if amount.IsZero() {
		if amount, err = hold.Left(); err != nil {
			return err
		}
	}
	pin, _, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	changed := *hold
	if changed.Hold, err = hold.Release(amount, laterDate(hold.HeldOn, pin.BusinessDate), p.event.ReasonCode); err != nil {
		return &FieldError{FieldAmount, err}
	}
	entry := p.post(EntryReserveFreed, "released", -1, p.dr(ReservePath(p.merchant.ID), amount), p.cr(AvailablePath(p.merchant.ID), amount))
	p.entries[entry].Reference = p.event.ReasonCode
	if err := p.rehold(hold, &changed, amount.Neg(), p.event.ReasonCode); err != nil {
		return err
	}
	p.decide(amount)
	source := &Facts{ID: d.ID, Parent: d.ID, OrderID: d.OrderID, Method: d.Method, Rail: d.Rail}
	return p.move(entry, CategoryReserve, string(ReserveRelease), source, Item{Reserve: amount, Original: hold.HeldOn})
}

// decide keeps the decision.
func (p *plan) decide(moved money.Amount) {
	p.records = append(p.records, &ReserveDecision{Facts: facts(p.event), Life: born(p.event, Completed), Moved: moved})
}

// buildPool is the recipe of a fixed or minimum reserve that somebody builds out of
// what is available. What has matured by then is, whether or not a job has run.
func (p *plan) buildPool() error {
	if known, err := p.decided(); known || err != nil {
		return err
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	if err := p.stays(); err != nil {
		return err
	}
	if err := p.closed(); err != nil {
		return err
	}
	pin, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	var plan *reserve.Plan
	for _, kind := range reserve.Kinds() {
		if meant := p.rules.meant(p.scope, kind, pin.BusinessDate); kind.Pooled() && meant != nil && meant.ID == p.event.Parent {
			plan = meant
		}
	}
	if plan == nil {
		return &FieldError{FieldParent, fmt.Errorf("fixed or minimum plan %q of merchant %s is %w on %s", p.event.Parent, p.merchant.ID, ErrUnknown, pin.BusinessDate)}
	}
	if err := p.mature(calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone)); err != nil {
		return err
	}
	pool := p.pool(plan.Kind)
	balance, err := pool.Balance()
	if err != nil {
		return err
	}
	after, err := balance.Add(p.event.Amount)
	if err != nil {
		return err
	}
	if c := p.event.Currency; after.Cmp(*plan.Cap) > 0 {
		return &FieldError{FieldAmount, fmt.Errorf("%s %s is more than plan %s builds: %s of %s are there", c, c.Format(p.event.Amount), plan.ID,
			c.Format(balance), c.Format(*plan.Cap))}
	}
	if err := p.spends(p.event.Amount, p.key("built")); err != nil {
		return err
	}
	return p.changePool(pool, pin, plan.Pin(), p.event.Amount)
}

// closed refuses to change a pool while batches are due that change it too: they would
// see what was decided after them, and what they pay would depend on when they close.
func (p *plan) closed() error {
	watermark, _, err := p.position().Due(p.state.Now(), p.rules, p.windows(), p.schedule)
	pools, poolsErr := p.poolsDue()
	if err := errors.Join(err, poolsErr); err != nil {
		return &FieldError{FieldMerchant, err}
	}
	if pools.After(watermark) {
		watermark = pools
	}
	if !watermark.IsZero() {
		return &FieldError{FieldMerchant, fmt.Errorf("%s: %w: up to %s", p.merchant.ID, ErrWindowsDue, watermark.UTC().Format(timeFormat))}
	}
	return nil
}

// returnPool is the recipe of a fixed or minimum reserve that somebody gives back,
// whole or, where the event carries an amount, in part.
func (p *plan) returnPool() error {
	if known, err := p.decided(); known || err != nil {
		return err
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	if err := p.closed(); err != nil {
		return err
	}
	pin, _, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	for _, kind := range reserve.Kinds() {
		if !kind.Pooled() {
			continue
		}
		pool := p.pool(kind)
		balance, err := pool.Balance()
		if err != nil {
			return err
		}
		if pool.Plan.ID != p.event.Parent || balance.IsZero() {
			continue
		}
		amount := p.event.Amount
		if amount.IsZero() {
			amount = balance
		}
		return p.changePool(pool, pin, pool.Plan, amount.Neg())
	}
	return &FieldError{FieldParent, fmt.Errorf("%s %w: plan %q withholds nothing of merchant %s", p.event.Kind, ErrTransition, p.event.Parent, p.merchant.ID)}
}

// pool gives the merchant's fixed or minimum reserve, which may be empty.
func (p *plan) pool(kind reserve.Kind) *Pool {
	if stored := take[Pool](p.state, PoolRecord, PoolRef(p.merchant.ID, p.event.Currency, kind).ID); stored != nil {
		return stored
	}
	return &Pool{Merchant: p.merchant.ID, Currency: p.event.Currency, Kind: kind}
}

// changePool books a decided change of a pool. Only what is available is taken.
func (p *plan) changePool(pool *Pool, pin WindowPin, plan reserve.Pin, amount money.Amount) error {
	step := "built"
	if amount.Sign() < 0 {
		step = "returned"
	}
	entry, after, news, err := pool.Change(p.key(step), PoolChange{
		Amount: amount, Reason: p.event.ReasonCode, Plan: plan, On: pin.BusinessDate, At: p.event.OccurredAt,
	})
	if err != nil {
		return &FieldError{FieldAmount, err}
	}
	entry.ValueDate = p.valueDate()
	if amount.Sign() > 0 {
		entry.Kind = EntryReserveFunded
	}
	p.entries = append(p.entries, entry)
	p.records = append(p.records, after)
	p.news = append(p.news, news)
	p.decide(amount.Abs())
	source := &Facts{ID: string(pool.Kind), Parent: plan.ID}
	return p.move(len(p.entries)-1, CategoryReserve, string(p.event.Kind), source, Item{Reserve: amount.Neg()})
}
