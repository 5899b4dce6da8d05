package payment

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// Pool is a fixed or minimum reserve of a merchant in one currency: one balance,
// however it was built. Amounts are minor units.
type Pool struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	Kind     reserve.Kind   `json:"kind"`
	Plan     reserve.Pin    `json:"plan"`             // the version that built last
	Built    money.Amount   `json:"built"`            // taken out of available so far
	Released money.Amount   `json:"released"`         // given back so far
	Changed  calendar.Date  `json:"changed,omitzero"` // business date of the last change
	Reason   string         `json:"reason,omitempty"` // of the last change
	Told     uint64         `json:"told,omitzero"`    // how many events have left about it
}

// Ref makes Pool a ledger.Record.
func (p *Pool) Ref() ledger.Ref { return PoolRef(p.Merchant, p.Currency, p.Kind) }

// PoolRef names a merchant's fixed or minimum reserve in one currency.
func PoolRef(merchantID string, currency money.Currency, kind reserve.Kind) ledger.Ref {
	return ledger.Ref{Kind: PoolRecord, ID: ItemPrefix(merchantID, currency) + string(kind)}
}

// Balance is what the pool holds, in minor units. Errors: money.ErrOverflow.
func (p *Pool) Balance() (money.Amount, error) { return p.Built.Sub(p.Released) }

// PoolChange is what happens to a pool: above 0 it is built out of what is available,
// below 0 it gives back.
type PoolChange struct {
	Amount money.Amount // minor units
	Reason string
	Plan   reserve.Pin // that builds
	On     calendar.Date
	At     time.Time // when it happened
}

// NextChange decides what closing a business date does to a merchant's pool, which
// has what became available in it, in minor units: the plan that is meant for it
// builds, or gives back what is above its cap; without one the pool is given back,
// unless its plan says to keep it. Nothing to do is a change of 0. Errors: those of
// reserve.Plan.Build.
func (r *Rules) NextChange(pool *Pool, scope merchant.Scope, on calendar.Date, available money.Amount) (c PoolChange, err error) {
	balance, err := pool.Balance()
	if err != nil {
		return c, fmt.Errorf("%s: %w", pool.Ref(), err)
	}
	c.On, c.Plan = on, pool.Plan
	if plan := r.meant(scope, pool.Kind, on); plan != nil {
		c.Plan = plan.Pin()
		c.Amount, c.Reason, err = plan.Build(available, balance)
		return c, err
	}
	if r.keeps(pool.Plan.ID, on) {
		return c, nil
	}
	c.Amount, c.Reason = balance.Neg(), reserve.ReasonPlanEnded
	return c, nil
}

// keeps tells whether a plan that is not in force for a merchant leaves it what it has
// built: the last version that was says so. Of a plan that is not known nothing is said.
func (r *Rules) keeps(id string, on calendar.Date) bool {
	if end, releases := r.ended(id); !end.IsZero() && !end.After(on) {
		return !releases
	}
	var last *reserve.Plan
	for i := range r.Plans {
		p := &r.Plans[i]
		if p.ID == id && !p.EffectiveFrom.After(on) && (last == nil || p.EffectiveFrom.After(last.EffectiveFrom)) {
			last = p
		}
	}
	return last != nil && !last.Releases()
}

// EndsPools tells whether any fixed or minimum plan has an end on which it gives back
// what it has built.
func (r *Rules) EndsPools() bool {
	return slices.ContainsFunc(r.Plans, func(p reserve.Plan) bool { return p.Kind.Pooled() && !p.EffectiveTo.IsZero() && p.Releases() })
}

// PoolEnds says on which day a merchant's fixed or minimum reserve is given back because
// the plan that is meant for it has ended; the zero date: on none. The case is of all methods.
func (r *Rules) PoolEnds(scope merchant.Scope, kind reserve.Kind) calendar.Date {
	if !kind.Pooled() {
		return calendar.Date{}
	}
	on, releases := r.ended(r.Book.ReservePlan(scope, func(id string) bool { return r.isOf(id, kind) }))
	if !releases {
		return calendar.Date{}
	}
	return on
}

// Caps says how much a merchant's pool may hold, in minor units: by the version that
// built last, and by the one that is meant for the merchant on a business date. nil: the
// version is not known, or none is meant for it.
func (r *Rules) Caps(pool *Pool, scope merchant.Scope, on calendar.Date) (built, now *money.Amount) {
	if i := slices.IndexFunc(r.Plans, func(p reserve.Plan) bool { return p.Pin() == pool.Plan }); i >= 0 {
		built = r.Plans[i].Cap
	}
	if plan := r.meant(scope, pool.Kind, on); plan != nil {
		now = plan.Cap
	}
	return built, now
}

// Change makes a change of the pool: the entry that books it, the pool afterwards and
// the event that leaves. Errors: reserve.ErrBadRelease for more than the pool holds;
// money.ErrOverflow.
func (p *Pool) Change(key string, c PoolChange) (entry ledger.Entry, after *Pool, news event.Event, err error) {
	changed := *p
	changed.Changed, changed.Reason = c.On, c.Reason
	pool, available := PoolPath(p.Merchant, p.Kind), AvailablePath(p.Merchant)
	entry = ledger.Entry{Key: key, Reference: c.Reason, ValueDate: c.On, Owner: Owner, OrFirstOpen: true}
	t := event.ReserveHeld
	if amount := c.Amount.Abs(); c.Amount.Sign() > 0 {
		entry.Kind = EntryReserveBuilt
		entry.Postings = []ledger.Posting{ledger.Dr(available, amount, p.Currency), ledger.Cr(pool, amount, p.Currency)}
		changed.Plan = c.Plan
		changed.Built, err = p.Built.Add(amount)
	} else {
		t, entry.Kind = event.ReserveReleased, EntryReserveFreed
		entry.Postings = []ledger.Posting{ledger.Dr(pool, amount, p.Currency), ledger.Cr(available, amount, p.Currency)}
		changed.Released, err = p.Released.Add(amount)
	}
	if err != nil {
		return entry, nil, news, fmt.Errorf("%s: %w", p.Ref(), err)
	}
	if changed.Released.Cmp(changed.Built) > 0 {
		return entry, nil, news, fmt.Errorf("%w: %s: %s of %s built and %s released", reserve.ErrBadRelease, p.Ref(), c.Amount.Abs(), p.Built, p.Released)
	}
	news, err = changed.news(t, c)
	return entry, &changed, news, err
}

// news makes the event about what has become of a pool, and counts it.
func (p *Pool) news(t event.Type, c PoolChange) (event.Event, error) {
	left, err := p.Balance()
	if err != nil {
		return event.Event{}, fmt.Errorf("%s: %w", p.Ref(), err)
	}
	object := event.Object{Kind: PoolRecord, ID: p.Ref().ID}
	status := Held
	if left.IsZero() {
		status = Released
	}
	data, err := json.Marshal(&ReservePayload{
		Payload: Payload{
			ID: object.ID, Object: object.Kind, Status: status, Merchant: p.Merchant, Currency: p.Currency,
			Amount: p.Currency.FormatShort(c.Amount.Abs()), AmountMinor: c.Amount.Abs(), ReasonCode: c.Reason, OccurredAt: c.At,
		},
		Left: p.Currency.FormatShort(left), LeftMinor: left, Plan: p.Plan.String(),
	})
	if err != nil {
		return event.Event{}, fmt.Errorf("payload of %s of %s: %w", t, object, err)
	}
	p.Told++
	return event.Event{Type: t, Object: object, Sequence: p.Told, Merchant: p.Merchant, Data: data}, nil
}
