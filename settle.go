package settlex

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Settled is what a run of Settle did.
type Settled struct {
	Batches int // closed by this run, those carried forward included
	Carried int // of them, carried forward
	Lines   int // of the closed batches
	Matured int // merchants settled by hand whose pending money became available

	Followed int // batches that were held or released, as their schedules and merchants are
}

// Settle closes every window that is due up to a business date (the zero date:
// up to now) and releases the reserves that are due. Windows close in order of
// their watermarks, however late; a window whose watermark the clock has not
// reached stays open. Running it again does nothing. done, if not nil, is told
// of each batch. What the books refuse of one merchant keeps no other one open;
// the error joins the refusals.
func (e *Engine) Settle(ctx context.Context, through calendar.Date, done func(*settlement.Batch)) (Settled, error) {
	var out Settled
	ready := e.ready(e.now(), through)
	var fault error
	if out.Matured, fault = e.settleByHand(ctx, ready); fault != nil && !settlement.Refused(fault) {
		return out, fault
	}
	targets, err := e.due(ctx, ready)
	if err != nil {
		if err = fmt.Errorf("find what is due: %w", err); !settlement.Refused(err) {
			return out, settlement.Behind(err, fault)
		}
		fault = errors.Join(fault, err)
	}
	closer := e.closer()
	err = closer.Close(ctx, targets, func(b *settlement.Batch) {
		out.Batches++
		out.Lines += b.Lines
		if b.AtClose == settlement.CarriedForward {
			out.Carried++
		}
		if done != nil {
			done(b)
		}
	})
	if err != nil && !settlement.Refused(err) {
		return out, settlement.Behind(err, fault)
	}
	fault = errors.Join(fault, err)
	if out.Followed, err = settlement.FollowHolds(ctx, e.books, e.now()); err != nil && !settlement.Refused(err) {
		return out, settlement.Behind(err, fault)
	}
	return out, errors.Join(fault, err)
}

// closer closes batches by the engine's rules and quotes.
func (e *Engine) closer() settlement.Closer {
	return settlement.Closer{Books: e.books, Book: e.rules.Book, Schedules: e.schedule, Rules: e.rules, Quotes: e.quotes}
}

// Due counts the batches that Settle would close. What is refused of one merchant keeps none
// of the others from being counted; the error joins the refusals.
func (e *Engine) Due(ctx context.Context, through calendar.Date) (int, error) {
	targets, err := e.due(ctx, e.ready(e.now(), through))
	return len(targets), err
}

// Waiting counts the batches of business dates up to a date that Settle leaves
// open because the clock has not reached their cut-offs. A window that nothing
// has happened in is no batch.
func (e *Engine) Waiting(ctx context.Context, through calendar.Date) (int, error) {
	due, err := e.Due(ctx, through)
	if err != nil && !settlement.Refused(err) {
		return 0, err
	}
	var all []settlement.Target
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all, err = settlement.Due(ctx, r, e.schedule, e.whole(through))
		return err
	})
	return len(all) - due, err
}

// whole is ready at an instant late enough for the last cut-off of a date in
// any zone, and no later: calendars end.
func (e *Engine) whole(through calendar.Date) settlement.Ready {
	ready := e.ready(calendar.Cutoff(through.AddDays(2), calendar.Clock{}, time.UTC), through)
	ready.Horizon = ready.Horizon.Add(ready.Grace)
	return ready
}

// ready says what is to be closed at an instant.
func (e *Engine) ready(at time.Time, through calendar.Date) settlement.Ready {
	ready := settlement.Ready{Horizon: at, Through: through, Rules: e.rules}
	for _, s := range e.schedules {
		ready.Grace = max(ready.Grace, s.Timing.Grace)
	}
	return ready
}

func (e *Engine) due(ctx context.Context, ready settlement.Ready) (targets []settlement.Target, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		targets, err = settlement.Due(ctx, r, e.schedule, ready)
		return err
	})
	return targets, err
}

// settleByHand makes available what has matured for merchants whose windows no
// job closes, and releases their reserves.
func (e *Engine) settleByHand(ctx context.Context, ready settlement.Ready) (moved int, err error) {
	var commands []ledger.Command
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		commands, err = settlement.ByHand(ctx, r, e.schedule, ready)
		return err
	})
	if err != nil && !settlement.Refused(err) {
		return 0, err
	}
	fault := err
	errs, err := e.books.DoAll(ctx, commands...)
	if err != nil {
		return 0, errors.Join(fault, err)
	}
	for i, err := range errs {
		if err != nil && !settlement.Refused(err) {
			return moved, err
		}
		if m, ok := commands[i].(*payment.Mature); ok && err == nil && m.Moved {
			moved++
		}
	}
	return moved, errors.Join(append(errs, fault)...)
}
