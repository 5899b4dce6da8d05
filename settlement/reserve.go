package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// freed is a hold that is given back, with the reason.
type freed struct {
	hold   *payment.Hold
	reason string
}

// frees says when reserves of an owner are given back by themselves. Without rules that is on
// their dates.
type frees struct {
	schedules Schedules
	rules     *payment.Rules
	windows   payment.Windows
}

// freesOf finds what is given back of an owner. What has ended before its last batch closed
// belongs to the next one.
func freesOf(ctx context.Context, r ledger.Reader, p *payment.Position, schedules Schedules, rules *payment.Rules) *frees {
	f := &frees{schedules: schedules, rules: rules, windows: payment.Windows{Book: &merchant.Book{}, Last: p.Last()}}
	if rules != nil {
		f.windows.Book = rules.Book
	}
	f.windows.Scope = func() (merchant.Scope, error) {
		m, err := merchantOf(ctx, r, p.Merchant)
		if err != nil {
			return merchant.Scope{}, err
		}
		return f.windows.Book.Case(&m.Merchant, p.Currency, "")
	}
	return f
}

// release says when and why a hold is given back.
func (f *frees) release(hold *payment.Hold) (on calendar.Date, at time.Time, reason string, err error) {
	if f.rules == nil {
		return hold.ReleaseOn, hold.ReleaseAt, reasonDue, nil
	}
	return f.rules.Release(hold)
}

// hold gives the window a hold is released in that comes due at an instant: the window that
// holds the start of its release date, but never one before that its deposit is settled in.
func (f *frees) hold(hold *payment.Hold, at time.Time, reason string) (s *merchant.Schedule, w calendar.Window, err error) {
	pinned, err := f.schedules(hold.Window.Schedule)
	if err != nil {
		return nil, w, err
	}
	if s, w, err = f.windows.Released(pinned, at, reason != reasonDue); err != nil {
		return nil, w, fmt.Errorf("release of the reserve of %s: %w", hold.ID, err)
	}
	if settled := hold.Settled(); payment.MarkOf(pinned, settled).Compare(payment.MarkOf(s, w)) > 0 {
		s, w = pinned, settled
	}
	return s, w, nil
}

// zonesApart is by how many days the local dates of one instant differ at most.
const zonesApart = 2

// earliestDate is the first local date of an instant, in the zone furthest west.
func earliestDate(at time.Time) calendar.Date { return payment.DateUTC(at.Add(-12 * time.Hour)) }

// unknowns keeps, of what nobody can tell in which window it is given back, what comes first.
type unknowns struct {
	from time.Time     // windows whose watermark is after this instant may be it
	on   calendar.Date // it is of this business date or a later one, in whatever zone
	err  error         // nil: all is known
}

// note takes an error of something that is given back in a window of a business date, or of a
// later one. One that is no unknown window is returned.
func (u *unknowns) note(on calendar.Date, err error) error {
	unknown, ok := errors.AsType[*payment.UnknownWindow](err)
	if !ok || !Refused(err) {
		return err
	}
	if u.err == nil || on.Before(u.on) {
		u.on = on
	}
	if u.err == nil || unknown.From.Before(u.from) {
		u.from, u.err = unknown.From, err
	}
	return nil
}

// scanHolds visits the holds of an owner that are to be released up to a date,
// in order of their own dates, with the window each is released in. Those of
// merchants settled by hand are in no window. Those whose window nobody knows are noted.
func scanHolds(
	ctx context.Context, r ledger.Reader, o owner, last calendar.Date, f *frees, unknown *unknowns,
	visit func(hold freed, s *merchant.Schedule, w calendar.Window),
) error {
	early := f.rules != nil && f.rules.EndsEarly()
	for hold, err := range ledger.RecordsOf[*payment.Hold](ctx, r, payment.HoldRecord, o.prefix()) {
		if err != nil {
			return err
		}
		if hold.ReleaseOn.After(last) && !early {
			return nil
		}
		if hold.Manual {
			continue
		}
		on, at, reason, err := f.release(hold)
		if err != nil {
			return err
		}
		if on.After(last) { // perhaps so late that no calendar knows the day
			continue
		}
		schedule, window, err := f.hold(hold, at, reason)
		if err == nil {
			visit(freed{hold, reason}, schedule, window)
		} else if err = unknown.note(earliestDate(at), err); err != nil {
			return err
		}
	}
	return nil
}

// rest is what a merchant gets back without a movement that would bring it into a
// batch: a fixed or minimum reserve whose plan has ended, what was carried on for
// somebody who is leaving.
type rest struct {
	there   bool              // is there anything, now
	leaves  func(Target) bool // may a batch that is still to close leave something there
	on      calendar.Date     // when it is due
	windows payment.Windows
	find    func(*payment.Windows) (*merchant.Schedule, calendar.Window, error) // the window it is given back in; no schedule: in none
	what    string
}

// window is the one it is given back in once a batch is closed; no schedule: in none.
func (r *rest) window(closed payment.WindowMark) (*merchant.Schedule, calendar.Window, error) {
	windows := r.windows
	windows.Last = closed
	s, w, err := r.find(&windows)
	if err != nil {
		return nil, w, fmt.Errorf("%s: %w", r.what, err)
	}
	return s, w, nil
}

// among adds those in which it may be given back, by when the batches before them
// close: one of an earlier business date may have the later watermark. A window in
// which nothing turns out to be there is no batch.
func (r *rest) among(targets []Target, unknown *unknowns, add func(*merchant.Schedule, calendar.Window)) error {
	if !r.there && !slices.ContainsFunc(targets, r.leaves) {
		return nil
	}
	batches := []payment.WindowMark{r.windows.Last}
	for _, t := range targets {
		batches = append(batches, t.mark())
	}
	for _, closed := range batches {
		s, w, err := r.window(closed)
		if err == nil && s != nil {
			add(s, w)
		} else if err = unknown.note(r.on.AddDays(-1), err); err != nil {
			return err
		}
	}
	return nil
}

// scanPools visits the fixed and minimum reserves of an owner that are given back
// up to a date because their plans have ended. Those of merchants settled by hand
// wait for a decision.
func scanPools(ctx context.Context, r ledger.Reader, o owner, last calendar.Date, f *frees, visit func(*rest) error) error {
	if f.rules == nil || !f.rules.EndsPools() {
		return nil
	}
	scope, err := f.windows.Scope()
	if err != nil {
		return err
	}
	for _, kind := range reserve.Kinds() {
		on := f.rules.PoolEnds(scope, kind)
		if on.IsZero() || on.After(last) {
			continue
		}
		pool := &rest{
			on: on, windows: f.windows, what: fmt.Sprintf("return of the %s reserve of %s", kind, o.merchant),
			leaves: func(t Target) bool { return t.Window.BusinessDate.Before(on) }, // its plan has it built
			find:   func(w *payment.Windows) (*merchant.Schedule, calendar.Window, error) { return w.On(on) },
		}
		if pool.there, err = poolHolds(ctx, r, o, kind); err == nil {
			err = visit(pool)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// poolHolds tells whether a reserve of an owner holds anything.
func poolHolds(ctx context.Context, r ledger.Reader, o owner, kind reserve.Kind) (bool, error) {
	ref := payment.PoolRef(o.merchant, o.currency, kind)
	for pool, err := range ledger.RecordsOf[*payment.Pool](ctx, r, payment.PoolRecord, ref.ID) {
		if err != nil {
			return false, err
		}
		if pool.Ref() == ref {
			return pool.Built != pool.Released, nil
		}
	}
	return false, nil
}

// positionOf reads the position of an owner.
func positionOf(ctx context.Context, r ledger.Reader, o owner) (*payment.Position, error) {
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, payment.PositionRef(o.merchant, o.currency).ID) {
		if err != nil {
			return nil, err
		}
		if p.Merchant == o.merchant && p.Currency == o.currency {
			return p, nil
		}
		break
	}
	return &payment.Position{Merchant: o.merchant, Currency: o.currency}, nil
}

// dueReserves gives the holds that a target releases, in order of their dates, and
// whether anything else makes it a batch: a fixed or minimum reserve that is given
// back, or what is left to a merchant who is leaving.
func (c *Closer) dueReserves(ctx context.Context, r ledger.Reader, t *Target, m *payment.Merchant) (due []freed, left bool, err error) {
	position, err := positionOf(ctx, r, t.owner())
	if err != nil {
		return nil, false, err
	}
	f := freesOf(ctx, r, position, c.Schedules, c.Rules)
	var unknown unknowns
	last := t.Window.BusinessDate.AddDays(zonesApart) // a window of another version's may be of a business date before the release date
	err = scanHolds(ctx, r, t.owner(), last, f, &unknown, func(hold freed, s *merchant.Schedule, w calendar.Window) {
		if s.Pin() == t.Window.Schedule && t.holds(w) {
			due = append(due, hold)
		}
	})
	if err != nil {
		return nil, false, err
	}
	here := func(back *rest) error {
		if !back.there {
			return nil
		}
		s, w, err := back.window(f.windows.Last)
		left = left || err == nil && s != nil && s.Pin() == t.Window.Schedule && t.holds(w)
		return unknown.note(back.on.AddDays(-1), err)
	}
	if err = scanPools(ctx, r, t.owner(), t.Window.BusinessDate, f, here); err == nil {
		err = scanLeaving(ctx, r, m, position, f, nil, here)
	}
	if unknown.from.Before(t.watermark) { // what is behind the batch may be unknown
		err = errors.Join(err, unknown.err)
	}
	return due, left, err
}

// release books the holds that are due and makes them movements of this batch.
func (c *closing) release(s *ledger.State, position *payment.Position) (*payment.Position, error) {
	for _, due := range c.holds {
		item, err := releaseHold(s, due, c.batch.Window.BusinessDate, c.batch.Watermark.Before)
		if err != nil {
			return nil, err
		}
		if position, err = position.Freed(due.hold, item.Reserve); err != nil {
			return nil, err
		}
		item.Window = c.batch.Window
		if err := c.batch.add(item); err != nil {
			return nil, err
		}
		c.releases = append(c.releases, lateItem{item: item})
	}
	return position, nil
}

// build has the merchant's fixed and minimum reserves take their share of what the
// batch would pay, in this order, or give back what they hold too much. A share is
// of what the batch brings, not of what an earlier one has carried into it.
func (c *closing) build(s *ledger.State, carry money.Amount) error {
	if c.rules == nil {
		return nil
	}
	for _, kind := range reserve.Kinds() {
		if !kind.Pooled() {
			continue
		}
		available, err := carry.Add(c.batch.Totals.Net)
		if err != nil {
			return err
		}
		if kind == reserve.KindFixed {
			available = money.Min(available, c.batch.Totals.Net)
		}
		pool := poolOf(s, &c.batch, kind)
		change, err := c.change(pool, available)
		if err != nil {
			return err
		}
		if change.Amount.IsZero() {
			continue
		}
		change.At = c.batch.Watermark.Before
		item, err := changePool(s, pool, change, c.batch.key("reserve."+string(kind)), &c.batch)
		if err != nil {
			return err
		}
		if err := c.batch.add(item); err != nil {
			return err
		}
		c.releases = append(c.releases, lateItem{item: item})
	}
	return nil
}

// change decides what the batch does to a reserve. Who is leaving has all of it back.
func (c *closing) change(pool *payment.Pool, available money.Amount) (payment.PoolChange, error) {
	on := c.batch.Window.BusinessDate
	if !c.last {
		return c.rules.NextChange(pool, c.scope, on, available)
	}
	balance, err := pool.Balance()
	return payment.PoolChange{Amount: balance.Neg(), Reason: reserve.ReasonClosing, Plan: pool.Plan, On: on}, err
}

// poolOf gives a reserve of a batch's merchant, which may be empty.
func poolOf(s *ledger.State, b *Batch, kind reserve.Kind) *payment.Pool {
	if pool, ok := s.Record(payment.PoolRef(b.Merchant, b.Currency, kind)).(*payment.Pool); ok {
		return pool
	}
	return &payment.Pool{Merchant: b.Merchant, Currency: b.Currency, Kind: kind}
}

// changePool books a change of a reserve and describes the movement.
func changePool(s *ledger.State, pool *payment.Pool, change payment.PoolChange, key string, b *Batch) (*payment.Item, error) {
	entry, after, news, err := pool.Change(key, change)
	if err != nil {
		return nil, err
	}
	booked, err := s.Book(entry)
	if err != nil {
		return nil, err
	}
	s.Put(after)
	s.Tell(news)
	kind := payment.ReserveBuild
	if change.Amount.Sign() < 0 {
		kind = payment.ReserveReturn
	}
	return &payment.Item{
		Merchant: b.Merchant, Currency: b.Currency, Window: b.Window, Lane: booked.Lane, Seq: booked.Seq, Entry: booked.Key,
		BookedAt: change.At, OccurredAt: change.At, Category: payment.CategoryReserve, Type: string(kind),
		SourceID: string(pool.Kind), ParentID: after.Plan.ID, ReasonCode: change.Reason, Reserve: change.Amount.Neg(), Net: change.Amount.Neg(),
	}, nil
}

// releaseHold gives back what is left of a hold and describes the movement. It
// bears the instant it was due at, whenever the job runs, so that its line is
// the same after days off.
func releaseHold(s *ledger.State, due freed, on calendar.Date, at time.Time) (*payment.Item, error) {
	hold := due.hold
	entry, released, left, err := hold.ReleaseAll(on, due.reason)
	if err != nil {
		return nil, err
	}
	booked, err := s.Book(entry)
	if err != nil {
		return nil, err
	}
	news, err := released.News(hold, due.reason, at)
	if err != nil {
		return nil, err
	}
	s.Delete(hold.Ref())
	s.Put(released)
	s.Tell(news)
	return &payment.Item{
		Merchant: hold.Merchant, Currency: hold.Currency, Lane: booked.Lane, Seq: booked.Seq, Entry: booked.Key,
		BookedAt: at, OccurredAt: at, Category: payment.CategoryReserve, Type: string(payment.ReserveRelease),
		SourceID: hold.ID, ParentID: hold.ID, ReasonCode: due.reason, Reserve: left, Net: left, Manual: hold.Manual, Original: hold.HeldOn,
	}, nil
}
