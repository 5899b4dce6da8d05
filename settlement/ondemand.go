package settlement

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Kind says what makes a batch.
type Kind string

// Kinds. The zero value is a batch of a window.
const (
	OnDemand Kind = "on_demand" // somebody asks for what is available
	Instant  Kind = "instant"   // somebody asks for what is pending too, for the fee of that event
)

// ErrNothingToPay marks a request for a settlement that would pay nothing.
var ErrNothingToPay = errors.New("there is nothing to pay")

// ErrNoInstant marks a request for an instant settlement that has no price.
var ErrNoInstant = errors.New("no fee schedule is for instant settlements")

// Request asks for a settlement now, of a merchant in one currency.
type Request struct {
	Key      string         `json:"key"` // idempotency key: the same request again does nothing
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	Kind     Kind           `json:"kind"`
	By       string         `json:"by"`             // who asks
	At       time.Time      `json:"at,omitzero"`    // UTC; movements booked from it on are not settled by it
	Batch    string         `json:"batch,omitzero"` // its id
}

// Ref makes Request a ledger.Record.
func (r *Request) Ref() ledger.Ref { return RequestRef(r.Key) }

// RequestRef names the record of a request.
func RequestRef(key string) ledger.Ref { return ledger.Ref{Kind: RequestRecord, ID: key} }

// validate refuses what is no request.
func (r *Request) validate() error {
	if err := merchant.CheckID(r.Key); err != nil {
		return fault(payment.FieldID, "%w", err)
	}
	if r.Kind != OnDemand && r.Kind != Instant {
		return fault(payment.FieldKind, "%q is neither %s nor %s", r.Kind, OnDemand, Instant)
	}
	return payment.CheckActor(r.By)
}

// repeats tells whether a request is the same as one that was made.
func (r *Request) repeats(made *Request) error {
	for _, c := range []struct {
		field    payment.Field
		was, now string
	}{
		{payment.FieldMerchant, made.Merchant, r.Merchant}, {payment.FieldCurrency, made.Currency.String(), r.Currency.String()},
		{payment.FieldKind, string(made.Kind), string(r.Kind)}, {payment.FieldActor, made.By, r.By},
	} {
		if c.was != c.now {
			return fault(c.field, "%w: was %q, is now %q", payment.ErrConflict, c.was, c.now)
		}
	}
	return nil
}

// Request closes a batch that somebody asks for, at the instant of the request. Whatever of
// the merchant is due by then is closed first, as the job would have: so the batch has the
// same members whenever jobs run. done is told of each batch. repeated: it had been asked for
// before, and is given as it stands.
//
// The batch has every movement that was booked before the request, is in no batch and is
// available by its date, or, instant, every one; and what the last batch carried on, however
// little. Its errors are *payment.FieldError (ErrNothingToPay, ErrNoInstant,
// payment.ErrConflict, payment.ErrUnknownMerchant, payment.ErrInactive), what closing refuses, and the ledger's.
func (c *Closer) Request(ctx context.Context, req Request, done func(*Batch)) (batch *Batch, repeated bool, err error) {
	if err := req.validate(); err != nil {
		return nil, false, err
	}
	if err := c.resume(ctx, done); err != nil {
		return nil, false, err
	}
	if batch, err = c.requested(ctx, &req); batch != nil || err != nil {
		return batch, batch != nil, err
	}
	req.At = req.At.UTC().Truncate(time.Microsecond)
	for batch == nil {
		if err := c.closeOwner(ctx, &req, done); err != nil {
			return nil, false, err
		}
		at := req.At
		if batch, err = c.ask(ctx, &req); err != nil {
			return nil, false, fmt.Errorf("settle %s %s %s: %w", req.Merchant, req.Currency, req.Kind, err)
		}
		if batch == nil && !req.At.After(at) { // somebody else asked meanwhile
			batch, err = c.requested(ctx, &req)
			return batch, true, err
		}
	}
	if batch, err = c.finish(ctx, batch); err == nil {
		done(batch)
	}
	return batch, false, err
}

// requested gives the batch of a request that was made before; nil: it was not.
func (c *Closer) requested(ctx context.Context, req *Request) (batch *Batch, err error) {
	err = c.Books.Read(ctx, func(r ledger.Reader) error {
		if m, err := recordOf[*payment.Merchant](ctx, r, payment.MerchantRef(req.Merchant)); err != nil || m == nil {
			return errors.Join(err, fault(payment.FieldMerchant, "%q: %w", req.Merchant, payment.ErrUnknownMerchant))
		}
		made, err := recordOf[*Request](ctx, r, req.Ref())
		if err != nil || made == nil {
			return err
		}
		if err := req.repeats(made); err != nil {
			return err
		}
		batch, err = Find(ctx, r, made.Batch)
		return err
	})
	return batch, err
}

// closeOwner closes what is due of the merchant at the instant of a request, in no other
// way than the job.
func (c *Closer) closeOwner(ctx context.Context, req *Request, done func(*Batch)) error {
	ready := Ready{Horizon: req.At, Rules: c.Rules}
	o := owner{req.Merchant, req.Currency}
	var commands []ledger.Command
	err := c.Books.Read(ctx, func(r ledger.Reader) error {
		p, err := positionOf(ctx, r, o)
		if err == nil {
			commands, err = byHandOf(ctx, r, p, c.Schedules, ready)
		}
		return err
	})
	if err != nil {
		return err
	}
	errs, err := c.Books.DoAll(ctx, commands...)
	if err = errors.Join(append(errs, err)...); err != nil {
		return err
	}
	var targets []Target
	err = c.Books.Read(ctx, func(r ledger.Reader) error {
		p, err := positionOf(ctx, r, o)
		if err != nil {
			return err
		}
		m, err := merchantOf(ctx, r, req.Merchant)
		if err != nil {
			return err
		}
		if m.Status != payment.Closing && m.Status != payment.Closed {
			m = nil
		}
		targets, err = dueOf(ctx, r, p, m, c.Schedules, ready)
		return err
	})
	if err != nil {
		return err
	}
	return c.closeAll(ctx, &targets, done)
}

// asked says which movements a request takes.
type asked struct {
	kind   Kind
	number uint64        // among the requests of its owner, from 1
	before time.Time     // booked
	on     calendar.Date // and available by this date
}

// takes tells whether a movement that is settled in a window, or by hand, belongs to the
// request. What is not pending is available.
func (a *asked) takes(item *payment.Item, w *calendar.Window) bool {
	switch {
	case !item.BookedAt.Before(a.before):
		return false
	case a.kind == Instant || item.Pending.IsZero():
		return true
	case item.Manual:
		return !item.Matures().After(a.on)
	}
	return payment.AvailableBy(w, a.before, a.on)
}

// askedOf is what a batch was asked for; nil: it is a window's.
func askedOf(b *Batch) *asked {
	if b.Kind == "" {
		return nil
	}
	return &asked{kind: b.Kind, number: b.Number, before: b.Watermark.Before, on: b.AvailableBy}
}

// targetOf is what closing a batch goes by.
func targetOf(b *Batch) *Target {
	return &Target{Merchant: b.Merchant, Currency: b.Currency, Window: b.Window, watermark: b.Watermark.Before, asked: askedOf(b)}
}

// visitAll visits all movements of an owner that are in no batch, from one on (its id;
// empty: from the first), with the window each is settled in; none, where that is by hand.
func visitAll(
	ctx context.Context, r ledger.Reader, o owner, from string, schedules Schedules,
	visit func(item *payment.Item, s *merchant.Schedule, w *calendar.Window, late bool) (bool, error),
) error {
	for record, err := range r.Records(ctx, payment.ItemRecord, o.prefix(), from) {
		if err != nil {
			return err
		}
		item, ok := record.(*payment.Item)
		if !ok {
			return fmt.Errorf("%w: record of kind %q is a %T", ledger.ErrCorrupt, payment.ItemRecord, record)
		}
		var s *merchant.Schedule
		var w *calendar.Window
		late := false
		if !item.Manual {
			if s, err = schedules(item.Window.Schedule); err != nil {
				return err
			}
			w = new(calendar.Window)
			if *w, late, err = windowOf(s, item); err != nil {
				return err
			}
		}
		if more, err := visit(item, s, w, late); err != nil || !more {
			return err
		}
	}
	return nil
}

// demand is what a request takes of a position.
type demand struct {
	asked
	request Request
	net     money.Amount // of all it takes
	pending money.Amount // of that, what is pending
	paidIn  money.Amount // of that, what the merchant has paid in
	toDebt  money.Amount // beside that, what the merchant has paid in that went to a debt at once
	manual  money.Amount // of that, what is settled by hand
	windows []taken      // what is settled by a job, by window
	dates   []payment.Maturity
	rest    money.Amount // what it leaves of what is available, which may be below 0
	last    time.Time    // the latest instant at which a movement was booked
}

// taken is what a request takes of a window, and whether it leaves any.
type taken struct {
	payment.WindowSum
	left bool
}

// survey counts what a request takes. Memory grows with the number of windows.
func (d *demand) survey(ctx context.Context, r ledger.Reader, p *payment.Position, schedules Schedules) error {
	return visitAll(ctx, r, owner{p.Merchant, p.Currency}, "", schedules,
		func(item *payment.Item, s *merchant.Schedule, w *calendar.Window, _ bool) (bool, error) {
			if item.BookedAt.After(d.last) {
				d.last = item.BookedAt
			}
			if item.Manual {
				return true, d.byHand(item, p)
			}
			return true, d.count(item, s, w)
		})
}

// count counts a movement that a job would settle.
func (d *demand) count(item *payment.Item, s *merchant.Schedule, w *calendar.Window) (err error) {
	sum := payment.SumOf(s, *w)
	at, known := slices.BinarySearchFunc(d.windows, sum.WindowMark, func(t taken, m payment.WindowMark) int { return t.Compare(m) })
	if !known {
		d.windows = slices.Insert(d.windows, at, taken{WindowSum: sum})
	}
	if !d.takes(item, w) {
		d.windows[at].left = true
		d.rest, err = money.Sum(d.rest, item.Net, item.Pending.Neg())
		return err
	}
	if err := d.windows[at].Count(item); err != nil {
		return err
	}
	if err := sum.Count(item); err != nil {
		return err
	}
	if d.paidIn, err = d.paidIn.Add(sum.PaidIn); err != nil {
		return err
	}
	if d.toDebt, err = d.toDebt.Add(sum.ToDebt); err != nil {
		return err
	}
	if d.pending, err = d.pending.Add(item.Pending); err != nil {
		return err
	}
	d.net, err = d.net.Add(item.Net)
	return err
}

// byHand counts a movement that is settled by hand.
func (d *demand) byHand(item *payment.Item, p *payment.Position) (err error) {
	pends := !item.Pending.IsZero() && p.Pends(item.Matures())
	if !d.takes(item, nil) {
		if d.rest, err = d.rest.Add(item.Net); err == nil && pends {
			d.rest, err = d.rest.Sub(item.Pending)
		}
		return err
	}
	if d.net, err = d.net.Add(item.Net); err != nil {
		return err
	}
	if d.manual, err = d.manual.Add(item.Net); err != nil || item.Pending.IsZero() {
		return err
	}
	if pends {
		if d.pending, err = d.pending.Add(item.Pending); err != nil {
			return err
		}
	}
	at := slices.IndexFunc(d.dates, func(m payment.Maturity) bool { return m.On == item.Matures() })
	if at < 0 {
		at, d.dates = len(d.dates), append(d.dates, payment.Maturity{On: item.Matures()})
	}
	d.dates[at].Amount, err = d.dates[at].Amount.Add(item.Pending)
	return err
}

// leave takes what the request takes out of a position, but for its sum.
func (d *demand) leave(p *payment.Position) (err error) {
	for _, w := range d.windows {
		if err := p.Take(w.WindowSum, !w.left); err != nil {
			return err
		}
	}
	for _, m := range d.dates {
		if _, err := p.TakeByHand(m); err != nil {
			return err
		}
	}
	if p.Manual, err = p.Manual.Sub(d.manual); err != nil {
		return err
	}
	p.Asked.Count = d.number
	if d.kind == Instant {
		p.Asked.Instant = d.number
		return nil
	}
	p.Asked.Demand, p.Asked.At, p.Asked.Through = d.number, d.before, d.on
	return nil
}

// ask closes the batch of a request in its first transaction. No batch: movements are
// booked that are later than the request, which is raised behind them; or it has been made.
func (c *Closer) ask(ctx context.Context, req *Request) (batch *Batch, err error) {
	at := req.At
	err = c.Books.Write(ctx, func(tx ledger.Tx) error {
		batch, req.At = nil, at
		target := Target{Merchant: req.Merchant, Currency: req.Currency}
		if err := tx.Lock(ctx, positionsOf([]Target{target})...); err != nil {
			return err
		}
		made, err := recordOf[*Request](ctx, tx, req.Ref())
		if err != nil || made != nil {
			return err
		}
		cmd, err := c.demanded(ctx, tx, req)
		if err != nil || cmd == nil {
			return err
		}
		if err := c.run(ctx, tx, cmd); err != nil {
			return err
		}
		batch = &cmd.batch
		return nil
	})
	return batch, err
}

// demanded makes the command that closes the batch of a request; nil: the request was
// raised.
func (c *Closer) demanded(ctx context.Context, tx ledger.Tx, req *Request) (*closing, error) {
	position, err := recordOf[*payment.Position](ctx, tx, payment.PositionRef(req.Merchant, req.Currency))
	if err != nil {
		return nil, err
	}
	if position == nil {
		return nil, fault(payment.FieldMerchant, "%w: nothing has happened to merchant %s in %s", ErrNothingToPay, req.Merchant, req.Currency)
	}
	if position.Closed.After(req.At) {
		req.At = position.Closed
		return nil, nil
	}
	watermark, due, err := c.over(ctx, tx, req.At, position)
	if err != nil && !Refused(err) {
		return nil, err
	}
	if err != nil {
		return nil, fault(payment.FieldMerchant, "%s: %w", req.Merchant, err)
	}
	if due && watermark.After(req.At) { // a window is over by what was booked, not by the clock of the request
		req.At = watermark
		return nil, nil
	}
	if due {
		return nil, fault(payment.FieldMerchant, "%s: %w: up to %s", req.Merchant, payment.ErrWindowsDue, watermark.UTC().Format(time.RFC3339))
	}
	m, err := merchantOf(ctx, tx, req.Merchant)
	if err != nil {
		return nil, err
	}
	if status, since := m.StoodAt(req.At); status == payment.Suspended {
		return nil, fault(payment.FieldMerchant, "%s %w: it is %s since %s", m.ID, payment.ErrInactive, status, since.Format(time.RFC3339))
	}
	region, err := c.Book.Region(&m.Merchant, req.Currency)
	if err != nil {
		return nil, err
	}
	scope, err := c.Book.Case(&m.Merchant, req.Currency, "")
	if err != nil {
		return nil, err
	}
	schedule, err := c.Book.Schedule(scope, req.At)
	if err != nil {
		return nil, err
	}
	window, err := windowOn(schedule, req)
	if err != nil {
		return nil, err
	}
	d := &demand{request: *req, asked: asked{kind: req.Kind, number: position.Asked.Count + 1, before: req.At, on: laterOf(window.BusinessDate, position.Asked.Through)}}
	if err := d.survey(ctx, tx, position, c.Schedules); err != nil {
		return nil, err
	}
	if !d.last.Before(req.At) {
		req.At = d.last.Add(time.Microsecond)
		return nil, nil
	}
	target := Target{Merchant: req.Merchant, Currency: req.Currency, Window: payment.WindowPin{Schedule: schedule.Pin(), Window: window}, watermark: req.At, asked: &d.asked}
	cmd := &closing{schedule: schedule, rules: c.Rules, last: leaving(m, req.At), scope: scope, demand: d}
	cmd.fixed = Batch{
		ID: batchID(&target), Merchant: req.Merchant, Currency: req.Currency, Window: target.Window, Status: Closing, Region: region.ID, Bank: region.Bank,
		ZoneData: calendar.ZoneData(), Timezone: schedule.Timing.Zone.String(), Kind: req.Kind, Number: d.number, AvailableBy: d.on, RequestedBy: req.By,
	}
	d.request.Batch = cmd.fixed.ID
	if cmd.fx, err = c.exchanges(ctx, schedule, m, &target, req.At); err != nil {
		return nil, err
	}
	if err := cmd.offered(); err != nil {
		return nil, err
	}
	if cmd.fixed.Watermark, err = make(marks).before(ctx, tx, req.At); err != nil {
		return nil, err
	}
	return cmd, c.collect(ctx, tx, &target, &cmd.writer)
}

// over gives the watermark of the last window that is over at an instant and not closed.
func (c *Closer) over(ctx context.Context, r ledger.Reader, at time.Time, p *payment.Position) (watermark time.Time, due bool, err error) {
	rules := cmp.Or(c.Rules, &payment.Rules{Book: c.Book})
	windows := freesOf(ctx, r, p, c.Schedules, rules).windows
	return p.Due(at, rules, &windows, c.Schedules)
}

// offered refuses an instant settlement that nobody has priced.
func (c *closing) offered() error {
	b := &c.fixed
	if b.Kind != Instant {
		return nil
	}
	if c.rules != nil {
		_, ok, err := c.rules.PriceBatch(c.scope, fees.EventInstant, money.Minor(0), b.Window.BusinessDate)
		if ok || err != nil {
			return err
		}
	}
	return fault(payment.FieldKind, "%w: merchant %s in %s on %s", ErrNoInstant, b.Merchant, b.Currency, b.Window.BusinessDate)
}

// windowOn is the window of a request: it closes at its instant, and its money is due that
// day, or, on demand, on the first one that is open.
func windowOn(s *merchant.Schedule, req *Request) (calendar.Window, error) {
	w, err := s.Timing.WindowAt(req.At)
	if err != nil {
		return w, fault(payment.FieldOccurredAt, "schedule %s: %w", s.ID, err)
	}
	w.BusinessDate, w.Label, w.Ordinal = calendar.DateOf(req.At, s.Timing.Zone), string(req.Kind), 0
	w.Closes, w.SettlementDate, w.DueAt = req.At, w.BusinessDate, time.Time{}
	if req.Kind == OnDemand {
		at := s.Timing
		at.Delay = calendar.Delay{}
		if w.SettlementDate, err = at.SettlementDate(w.BusinessDate); err != nil {
			return w, fault(payment.FieldOccurredAt, "schedule %s: %w", s.ID, err)
		}
	}
	return w, nil
}

// paysNothing refuses a request that would pay nothing.
func (c *closing) paysNothing(p payable) error {
	b := &c.batch
	f := b.Currency.Format
	if !c.fx.buys(b.Currency, p.pays) {
		return fault(payment.FieldAmount, "%w: %s %s are not one minor unit of %s at quote %s", ErrNothingToPay, b.Currency, f(p.pays), c.fx.target, c.fx.quote.ID)
	}
	return fault(payment.FieldAmount, "%w: of %s %s %s is kept back, and the fee has to come out of the rest", ErrNothingToPay, b.Currency, f(p.total), f(p.kept))
}

// recordOf reads one record; nil: it is not there.
func recordOf[T ledger.Record](ctx context.Context, r ledger.Reader, ref ledger.Ref) (found T, err error) {
	for record, err := range ledger.RecordsOf[T](ctx, r, ref.Kind, ref.ID) {
		if err != nil {
			return found, err
		}
		if record.Ref() == ref {
			return record, nil
		}
		break // the exact id is the first with this prefix
	}
	return found, nil
}
