package settlex

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/settlement"
)

// replayGroup is how many events one transaction of a replay books at most.
const replayGroup = 512

// replay is history being told again to books of its own.
type replay struct {
	*simulation
	changed bool    // by the other rules
	on      *Engine // on the store of the replay
	clock   time.Time
	tick    time.Time // the next midnight, UTC
	windows time.Time // the next watermark of any schedule
	paid    batchQueue

	group   []deed
	left    map[ledger.Ref]bool                // what could not be replayed: nothing happens to it any more
	behind  map[ledger.Ref]payment.PayoutQueue // in which payouts wait that had left by now
	closing map[string]bool                    // merchants that had been closed by now
}

// deed is one step of history that is booked with others.
type deed struct {
	kept    feed.Kept
	command ledger.Command
}

// under books a command under the instant at which history booked it.
type under struct {
	ledger.Command
	at time.Time
}

// At implements ledger.Command.
func (u *under) At() time.Time { return u.at }

// replay tells history again by rules, and gives what came of it.
func (s *simulation) replay(ctx context.Context, rules *payment.Rules, changed bool) (_ *outcomes, err error) {
	store, remove, err := s.Scratch()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	r := &replay{
		simulation: s, changed: changed, left: make(map[ledger.Ref]bool), behind: make(map[ledger.Ref]payment.PayoutQueue), closing: make(map[string]bool),
	}
	if r.on, err = New(ctx, Config{Store: store, Rules: rules, Quotes: s.quotes, Clock: func() time.Time { return r.clock }}); err != nil {
		return nil, err
	}
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	if !changed {
		if err := r.agree(ctx); err != nil {
			return nil, err
		}
	}
	return r.outcomes(ctx)
}

// run tells everything that was booked before the end.
func (r *replay) run(ctx context.Context) error {
	until := r.result.Until
	for kept, err := range r.past.told.All() {
		if err != nil {
			return err
		}
		at := spotOf(&kept).at
		if !at.Before(until) {
			r.progress()
			continue
		}
		if err := r.advance(ctx, at); err != nil {
			return err
		}
		if err := r.tell(ctx, kept); err != nil {
			return err
		}
		r.progress()
	}
	if err := r.advance(ctx, until.Add(time.Microsecond)); err != nil {
		return err
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.clock = until
	if err := r.settle(ctx); err != nil {
		return err
	}
	return r.daily(ctx) // a month may be over with the last date
}

// advance lets the time pass until an instant: windows close at their watermarks before it,
// batches are paid, and once a day everything else is done that jobs do. What was booked at
// the very instant had seen none of what was done then, or it would have been booked after it.
func (r *replay) advance(ctx context.Context, to time.Time) error {
	if r.tick.IsZero() {
		if to.Year() <= 1 { // merchants come first, whenever they were created
			return nil
		}
		r.clock = to
		r.tick = calendar.Cutoff(payment.DateUTC(to).AddDays(1), calendar.Clock{}, time.UTC)
		r.windows = r.watermark(to)
	}
	for {
		next := earliest(r.tick, r.windows, r.paid.next())
		if !next.Before(to) {
			return nil
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		r.clock = next
		if err := r.pass(ctx); err != nil {
			return err
		}
	}
}

func earliest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// pass does what is due at the clock's instant.
func (r *replay) pass(ctx context.Context) error {
	day := !r.tick.After(r.clock)
	if day || !r.windows.IsZero() && !r.windows.After(r.clock) {
		if err := r.settle(ctx); err != nil {
			return err
		}
		r.windows = r.watermark(r.clock)
	}
	if err := r.pay(ctx); err != nil || !day {
		return err
	}
	r.tick = calendar.Cutoff(payment.DateUTC(r.clock).AddDays(1), calendar.Clock{}, time.UTC)
	return r.daily(ctx)
}

// watermark is the first one of any schedule after an instant; zero: there is none, or
// calendars end before.
func (r *replay) watermark(after time.Time) (first time.Time) {
	for _, s := range r.on.schedules {
		if s.Timing.Anchor.Kind == calendar.Manual {
			continue
		}
		w, err := s.Timing.WindowAt(after.Add(-s.Timing.Grace))
		for err == nil && !s.Watermark(w).After(after) {
			w, err = s.Timing.Next(w)
		}
		if err == nil && (first.IsZero() || s.Watermark(w).Before(first)) {
			first = s.Watermark(w)
		}
	}
	return first
}

// settle closes what is due. Whose account is frozen keeps the batch open, as it does in
// the books.
func (r *replay) settle(ctx context.Context) error {
	_, err := r.on.Settle(ctx, calendar.Date{}, r.closed)
	if err != nil && !settlement.Refused(err) {
		return err
	}
	return nil
}

// daily does what jobs do besides.
func (r *replay) daily(ctx context.Context) error {
	if err := r.on.Convert(ctx, nil); err != nil && !settlement.Refused(err) {
		return err
	}
	if _, err := r.on.CloseInvoices(ctx, payment.Month{}, nil); err != nil {
		return err
	}
	for ref, queue := range r.behind {
		if _, err := r.on.releaseQueue(ctx, &queue, nil); err != nil {
			return err
		}
		var now payment.PayoutQueue
		err := r.on.books.Read(ctx, func(reader ledger.Reader) (err error) {
			now, err = payment.FindPayoutQueue(ctx, reader, queue.Merchant, queue.Currency)
			return err
		})
		if err != nil {
			return err
		}
		if now.Waiting() == 0 {
			delete(r.behind, ref)
		}
	}
	for id := range r.closing {
		if err := r.closeOut(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// batchQueue are batches that will be paid, the next one first.
type batchQueue []leavingBatch

// leavingBatch is a batch of which nothing was reported.
type leavingBatch struct {
	id string
	at time.Time
}

func (b leavingBatch) compare(o leavingBatch) int {
	return cmp.Or(b.at.Compare(o.at), cmp.Compare(b.id, o.id))
}

// add puts a batch in its place.
func (q *batchQueue) add(b leavingBatch) {
	at, _ := slices.BinarySearchFunc(*q, b, leavingBatch.compare)
	*q = slices.Insert(*q, at, b)
}

// due takes the batches out that are paid by an instant.
func (q *batchQueue) due(by time.Time) (due []leavingBatch) {
	for len(*q) > 0 && !(*q)[0].at.After(by) {
		due = append(due, (*q)[0])
		*q = (*q)[1:]
	}
	return due
}

// next is when the next one is paid; zero: none is.
func (q batchQueue) next() time.Time {
	if len(q) == 0 {
		return time.Time{}
	}
	return q[0].at
}

// closed has a batch of which the books say nothing be paid on its settlement date.
func (r *replay) closed(b *settlement.Batch) {
	if b.AtClose != settlement.Closed || r.past.known[b.ID] {
		return
	}
	at := r.clock
	if s, err := r.on.schedule(b.Window.Schedule); err == nil {
		if due := calendar.Cutoff(b.Window.SettlementDate, calendar.Clock{}, s.Timing.Zone); due.After(at) {
			at = due
		}
	}
	r.paid.add(leavingBatch{b.ID, at})
}

// assumedRail is the rail of batches of which the books say nothing, and who approves them.
const assumedRail = "simulated"

// pay books the batches that are paid by now.
func (r *replay) pay(ctx context.Context) error {
	var commands []ledger.Command
	for _, b := range r.paid.due(r.clock) {
		for _, e := range []payment.Event{
			{Kind: payment.BatchApproved, Actor: assumedRail}, {Kind: payment.BatchSent, Rail: assumedRail}, {Kind: payment.BatchPaid},
		} {
			e.ID, e.OccurredAt = b.id, b.at
			commands = append(commands, &under{&settlement.Move{Rules: r.on.rules, Event: e.Normalize()}, r.clock})
		}
	}
	if len(commands) == 0 {
		return nil
	}
	errs, err := r.on.books.DoAll(ctx, commands...)
	for _, e := range errs {
		if e != nil && !errors.Is(e, payment.ErrTransition) && !errors.Is(e, settlement.ErrHeld) { // it waits for its release
			err = errors.Join(err, e)
		}
	}
	return err
}

// tell tells one step again, together with others where it may be.
func (r *replay) tell(ctx context.Context, k feed.Kept) error {
	at := spotOf(&k).at
	switch k.Kind {
	case payment.PayoutReleased, deedFinish, deedAccount, deedMature, deedClose, deedRequest:
		if err := r.flush(ctx); err != nil {
			return err
		}
		r.clock = at
		return r.alone(ctx, k)
	case payment.ReserveBuild, payment.ReserveReturn, payment.WriteOffApproved,
		payment.DebtReclassified, payment.DebtRestored: // which see whether windows are due
		if err := r.flush(ctx); err != nil {
			return err
		}
		r.clock = at
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	c, err := r.command(&k)
	if err != nil {
		return err
	}
	if k.Kind != deedMerchant { // whose instant is its own
		c = &under{c, at}
	}
	r.group = append(r.group, deed{k, c})
	if len(r.group) < replayGroup {
		return nil
	}
	return r.flush(ctx)
}

// command makes a step's command.
func (r *replay) command(k *feed.Kept) (ledger.Command, error) {
	switch k.Kind {
	case deedMerchant:
		d := new(payment.MerchantDecision)
		err := json.Unmarshal([]byte(besides(k)), d)
		d.Rules = r.on.rules
		return d, err
	case deedHold:
		d := new(settlement.HoldDecision)
		return d, json.Unmarshal([]byte(besides(k)), d)
	case deedExchange:
		stored := new(payment.Exchanged)
		err := json.Unmarshal([]byte(besides(k)), stored)
		ask := stored.Ask()
		ask.Rules = r.on.rules
		return &ask, err
	}
	e := k.Event.Normalize()
	if e.Kind.OfBatch() {
		return &settlement.Move{Rules: r.on.rules, Event: e}, nil
	}
	return &payment.Handle{Rules: r.on.rules, Event: e, Batch: besides(k)}, nil
}

// flush books what was told.
func (r *replay) flush(ctx context.Context) error {
	var commands []ledger.Command
	var deeds []*deed
	for i := range r.group {
		if d := &r.group[i]; !r.left[refOf(&d.kept)] {
			commands, deeds = append(commands, d.command), append(deeds, d)
		}
	}
	r.group = nil
	errs, err := r.on.books.DoAll(ctx, commands...)
	if err != nil {
		return err
	}
	for i, err := range errs {
		if err == nil {
			continue
		}
		if err := r.refused(ctx, deeds[i], err); err != nil {
			return err
		}
	}
	return nil
}

// refOf names what a step happened to.
func refOf(k *feed.Kept) ledger.Ref { return ledger.Ref{Kind: k.File, ID: idOf(k)} }

// refused decides about a step that the books of the replay refuse.
func (r *replay) refused(ctx context.Context, d *deed, cause error) error {
	k, ref := &d.kept, refOf(&d.kept)
	if r.left[ref] {
		return nil
	}
	if errors.Is(cause, ledger.ErrCorrupt) || errors.Is(cause, ctx.Err()) && ctx.Err() != nil {
		return cause
	}
	switch {
	case k.Kind == deedExchange, payment.Refusable(k.Kind):
	case k.Kind.OfBatch(): // other rules make other batches
		if k.Kind != payment.BatchCanceled && k.Kind != payment.BatchReturned {
			return nil
		}
	default:
		return fmt.Errorf("%w: %s %s of %s: %w", ErrNotReplayable, k.Kind, k.ID, spotOf(k).at.Format(time.RFC3339), cause)
	}
	if ref.Kind == payment.PayoutRecord {
		again, err := r.waited(ctx, d)
		if err != nil || again {
			return err
		}
	}
	r.leave(k, cause)
	return nil
}

// waited looks whether a payout of which more is told still waits for money: once there
// is enough the step is told again, else it is taken out of its queue.
func (r *replay) waited(ctx context.Context, d *deed) (again bool, err error) {
	p, err := r.payout(ctx, d.kept.ID)
	if err != nil || p == nil || p.Status != payment.Queued {
		return false, err
	}
	r.clock = spotOf(&d.kept).at
	if _, err := r.release(ctx, p, r.clock); err != nil {
		return false, err
	}
	errs, err := r.on.books.DoAll(ctx, d.command)
	if err != nil || errs[0] == nil {
		return err == nil, err
	}
	cancel := &payment.Handle{Rules: r.on.rules, Event: payment.Event{
		Kind: payment.PayoutCanceled, ID: p.ID, OccurredAt: r.clock, ReasonCode: "it waited for money when it had left",
	}}
	return false, r.on.books.Do(ctx, &under{cancel, r.clock})
}

// payout reads a payout of the replay; nil: there is none.
func (r *replay) payout(ctx context.Context, id string) (found *payment.Payout, err error) {
	err = r.on.books.Read(ctx, func(reader ledger.Reader) error {
		for p, err := range ledger.RecordsOf[*payment.Payout](ctx, reader, payment.PayoutRecord, id) {
			if err == nil && p.ID == id {
				found = p
			}
			return err
		}
		return nil
	})
	return found, err
}

// leave leaves a step out, and everything that happens later to what it is about.
func (r *replay) leave(k *feed.Kept, cause error) {
	r.left[refOf(k)] = true
	r.result.Left = append(r.result.Left, LeftOut{
		Changed: r.changed, Kind: k.Kind, ID: k.ID, At: spotOf(k).at, Merchant: k.Merchant, Currency: k.Currency, Amount: k.Amount, Reason: cause.Error(),
	})
}

// alone does what is no command of its own.
func (r *replay) alone(ctx context.Context, k feed.Kept) error {
	switch k.Kind {
	case deedFinish:
		return r.closeOut(ctx, k.ID)
	case deedAccount:
		return r.changeAccount(ctx, &k)
	case deedRequest:
		return r.request(ctx, &k)
	case deedClose:
		r.clock = k.OccurredAt
		return r.settle(ctx)
	case deedMature:
		_, err := r.on.settleByHand(ctx, r.on.ready(r.clock, calendar.Date{}))
		if err != nil && !settlement.Refused(err) {
			return err
		}
		return nil
	}
	p, err := r.payout(ctx, k.ID)
	if err != nil || p == nil || p.Status != payment.Queued {
		return err
	}
	queue, err := r.release(ctx, p, k.OccurredAt)
	if err != nil {
		return err
	}
	if p, err = r.payout(ctx, k.ID); err == nil && p.Status == payment.Queued {
		r.behind[queue.Ref()] = queue
	}
	return err
}

// release lets the payouts of a queue go up to one of them, as far as there is money.
func (r *replay) release(ctx context.Context, last *payment.Payout, at time.Time) (queue payment.PayoutQueue, err error) {
	for {
		var places []payment.PayoutPlace
		err := r.on.books.Read(ctx, func(reader ledger.Reader) error {
			if queue, err = payment.FindPayoutQueue(ctx, reader, last.Merchant, last.Currency); err == nil {
				places, err = payment.PayoutPlaces(ctx, reader, last.Merchant, last.Currency, 1)
			}
			return err
		})
		if err != nil || len(places) == 0 {
			return queue, err
		}
		one := &payment.Release{Rules: r.on.rules, Queue: queue, Place: places[0], Instant: at}
		err = r.on.books.Do(ctx, &under{one, r.clock})
		if err != nil || !one.Released || places[0].Payout == last.ID {
			return queue, err
		}
	}
}

// request asks for a settlement that had been asked for.
func (r *replay) request(ctx context.Context, k *feed.Kept) error {
	var req settlement.Request
	if err := json.Unmarshal([]byte(besides(k)), &req); err != nil {
		return err
	}
	req.Batch = ""
	_, _, err := r.on.RequestSettlement(ctx, req, r.closed)
	if settlement.Refused(err) {
		r.leave(k, err)
		return nil
	}
	return err
}

// closeOut closes a merchant who had been closed by now, unless anything is owed yet.
func (r *replay) closeOut(ctx context.Context, id string) error {
	err := r.on.books.Write(ctx, func(tx ledger.Tx) error { return r.on.CloseOutTx(ctx, tx, id) })
	if errors.Is(err, payment.ErrOwed) {
		r.closing[id] = true
		return nil
	}
	if delete(r.closing, id); errors.Is(err, payment.ErrTransition) {
		return nil
	}
	return err
}

// changeAccount sets an account's limits or status as somebody decided.
func (r *replay) changeAccount(ctx context.Context, k *feed.Kept) error {
	var c ledger.Change
	if err := json.Unmarshal([]byte(besides(k)), &c); err != nil {
		return err
	}
	change := ledger.AccountChange{
		Key: k.ID, Account: c.Path, Currency: c.Currency, Limits: c.Limits, Status: c.Status, Force: c.Force, Kind: k.ReasonCode, Reference: k.RailRef,
	}
	if c.HasMetadata {
		change.Metadata = slices.Concat([]ledger.Attribute{}, c.Metadata)
	}
	_, err := r.on.books.ChangeAccount(ctx, change)
	if errors.Is(err, ledger.ErrNotEmpty) { // by other rules something may stand there
		return nil
	}
	return err
}
