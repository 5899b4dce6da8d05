package settlex

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

// releaseGroup is how many payouts of one queue a transaction releases at most.
const releaseGroup = 256

// ReleasePayouts books the payouts that wait for money, first in, first out, as
// far as there is money for them by now, and gives how many. Of each queue, a
// merchant's in one currency, the first without money keeps the others waiting. A
// queue whose first payout the ledger refuses for another reason, such as a frozen
// account, does not keep other queues waiting: the error joins the refusals. done,
// if not nil, is told of each payout.
func (e *Engine) ReleasePayouts(ctx context.Context, done func(payment.PayoutPlace)) (released int, err error) {
	var queues []payment.PayoutQueue
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		queues, err = payment.PayoutQueues(ctx, r)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find payouts that wait: %w", err)
	}
	var faults []error
	for i := range queues {
		n, err := e.releaseQueue(ctx, &queues[i], done)
		if released += n; err != nil {
			faults = append(faults, fmt.Errorf("release payouts of %s in %s: %w", queues[i].Merchant, queues[i].Currency, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return released, errors.Join(faults...)
}

// releaseQueue releases of one queue what there is money for, a transaction at a
// time.
func (e *Engine) releaseQueue(ctx context.Context, queue *payment.PayoutQueue, done func(payment.PayoutPlace)) (released int, err error) {
	for {
		group, err := e.releases(ctx, queue)
		if err != nil || len(group) == 0 {
			return released, err
		}
		if ready, err := e.wouldRelease(ctx, group[0]); err != nil || !ready {
			return released, err
		}
		commands := make([]ledger.Command, len(group))
		for i, r := range group {
			commands[i] = r
		}
		errs, err := e.books.DoAll(ctx, commands...)
		if err != nil {
			return released, err
		}
		for i, r := range group {
			if !r.Released {
				return released, errs[i]
			}
			if released++; done != nil {
				done(r.Place)
			}
		}
	}
}

// releases makes the commands that release the first payouts of a queue, one after
// another: each finds the queue as the one before has left it, or does nothing.
func (e *Engine) releases(ctx context.Context, of *payment.PayoutQueue) (group []*payment.Release, err error) {
	now := e.now()
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		group = nil
		queue, err := payment.FindPayoutQueue(ctx, r, of.Merchant, of.Currency)
		if err != nil {
			return err
		}
		places, err := payment.PayoutPlaces(ctx, r, of.Merchant, of.Currency, releaseGroup)
		for i := range places {
			group = append(group, &payment.Release{Rules: e.rules, Queue: queue, Place: places[i], Instant: now})
			queue.Left++
		}
		return err
	})
	return group, err
}

// wouldRelease tells whether a release would do something, so that a queue that
// has to wait costs no transaction.
func (e *Engine) wouldRelease(ctx context.Context, first *payment.Release) (bool, error) {
	trial := *first
	err := e.books.DryRun(ctx, func(apply func(...ledger.Command) ([]error, error)) error {
		errs, err := apply(&trial)
		return errors.Join(append(errs, err)...)
	})
	return trial.Released, err
}

// payoutGroup is how many payouts of a batch one transaction takes.
const payoutGroup = 512

// PayoutOrder is a batch of payouts to be taken.
type PayoutOrder struct {
	ID   string // [A-Za-z0-9._-], at most 64 bytes
	Mode payment.PayoutMode
	// Items are events of kind payout; one without an instant is requested when the
	// batch is. An error that is or wraps a *payment.FieldError or *feed.Error stands
	// for an item that cannot be read, any other one ends the batch. The sequence is
	// read twice and must be the same both times.
	Items iter.Seq2[payment.Event, error]
	// Result, if not nil, is told what became of each item, in their order.
	Result func(payment.PayoutResult) error
}

// PayoutBatch takes a batch of payouts. Independent ones are taken group by group,
// each durably with its results, so that after a crash the same call goes on where
// it stopped; a batch that is taken whole or not at all is one transaction, of at
// most payment.MaxPayoutsAll payouts. The same batch again books nothing and gives
// the same results; other content under its id is refused. What a payout waits for,
// money or approval, does not refuse it.
//
// Errors: payment.ErrBatchChanged, those of Items and Result, and of the store.
func (e *Engine) PayoutBatch(ctx context.Context, order PayoutOrder) (payment.PayoutBatch, error) {
	b := &payoutBatch{engine: e, order: order}
	if err := b.survey(ctx); err != nil {
		return b.batch, fmt.Errorf("batch of payouts %s: %w", order.ID, err)
	}
	if err := b.recount(ctx); err != nil {
		return b.batch, fmt.Errorf("batch of payouts %s: %w", order.ID, err)
	}
	if err := b.take(ctx); err != nil {
		return b.batch, fmt.Errorf("batch of payouts %s, after %d of %d: %w", order.ID, b.batch.Decided, b.batch.Count, err)
	}
	return b.batch, nil
}

// payoutBatch is one run of PayoutBatch.
type payoutBatch struct {
	engine *Engine
	order  PayoutOrder
	batch  payment.PayoutBatch
	fresh  bool     // nothing of it is stored
	prints []string // of the items up to the end of each group, as the first reading found them
}

// survey reads through the items once, and finds what is known of the batch.
func (b *payoutBatch) survey(ctx context.Context) error {
	if err := merchant.CheckID(b.order.ID); err != nil {
		return err
	}
	if b.order.Mode != payment.PayoutsIndependent && b.order.Mode != payment.PayoutsAll {
		return fmt.Errorf("mode %q is neither %s nor %s", b.order.Mode, payment.PayoutsIndependent, payment.PayoutsAll)
	}
	sums := payment.NewPayoutSums()
	n := 0
	for event, err := range b.order.Items {
		fault, err := itemFault(err)
		if err != nil {
			return err
		}
		if err := sums.Add(&event, fault); err != nil {
			return err
		}
		if n++; n%payoutGroup == 0 {
			b.prints = append(b.prints, sums.Sum())
		}
	}
	b.prints = append(b.prints, sums.Sum())
	b.batch, b.fresh = sums.Batch(b.order.ID, b.order.Mode, b.engine.now()), true
	if n == 0 {
		return errors.New("there is no payout in it")
	}
	if b.order.Mode == payment.PayoutsAll && n > payment.MaxPayoutsAll {
		return fmt.Errorf("%d payouts are too many to be taken all or none, at most %d are allowed", n, payment.MaxPayoutsAll)
	}
	return b.find(ctx)
}

// find looks whether the batch was begun before.
func (b *payoutBatch) find(ctx context.Context) error {
	return b.engine.books.Read(ctx, func(r ledger.Reader) error {
		for stored, err := range ledger.RecordsOf[*payment.PayoutBatch](ctx, r, payment.PayoutBatchRecord, b.order.ID) {
			if err != nil {
				return err
			}
			if stored.ID != b.order.ID {
				continue
			}
			if stored.Hash != b.batch.Hash || stored.Mode != b.batch.Mode {
				return fmt.Errorf("%w: it was used on %s for %d payouts, mode %s", payment.ErrBatchChanged,
					stored.Created.Format("2006-01-02"), stored.Count, stored.Mode)
			}
			b.batch, b.fresh = *stored, false
			break
		}
		return nil
	})
}

// recount tells the results of what was decided before.
func (b *payoutBatch) recount(ctx context.Context) error {
	if b.fresh || b.order.Result == nil {
		return nil
	}
	return b.engine.books.Read(ctx, func(r ledger.Reader) error {
		for stored, err := range ledger.RecordsOf[*payment.PayoutResults](ctx, r, payment.PayoutResultsRecord, b.order.ID+"/") {
			if err != nil {
				return err
			}
			if err := b.tell(stored.Results); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *payoutBatch) tell(results []payment.PayoutResult) error {
	for _, result := range results {
		if b.order.Result == nil {
			return nil
		}
		if err := b.order.Result(result); err != nil {
			return err
		}
	}
	return nil
}

// take reads the items once more and takes those that are not decided.
func (b *payoutBatch) take(ctx context.Context) error {
	if b.batch.Decided == b.batch.Count {
		return nil
	}
	size := payoutGroup
	if b.order.Mode == payment.PayoutsAll {
		size = payment.MaxPayoutsAll
	}
	sums := payment.NewPayoutSums()
	var group []*payment.PayoutItem
	n, ended := 0, 0
	for event, err := range b.order.Items {
		fault, err := itemFault(err)
		if err != nil {
			return err
		}
		if err := sums.Add(&event, fault); err != nil {
			return err
		}
		if n++; n > b.batch.Decided {
			group = append(group, b.item(n, &event, fault))
		}
		if n%payoutGroup != 0 && n != b.batch.Count {
			continue
		}
		if n > b.batch.Count || sums.Sum() != b.prints[ended] {
			return errors.New("its payouts were others when they were read for the first time")
		}
		if ended++; len(group) == size || n == b.batch.Count {
			if err := b.takeGroup(ctx, group); err != nil {
				return err
			}
			group = group[:0]
		}
	}
	if n != b.batch.Count {
		return errors.New("its payouts were others when they were read for the first time")
	}
	return nil
}

// item is the command for one item of the batch.
func (b *payoutBatch) item(no int, event *payment.Event, fault error) *payment.PayoutItem {
	e := event.Normalize()
	if event.OccurredAt.IsZero() {
		e.OccurredAt = b.batch.Created
	}
	if fault == nil {
		if err := b.engine.checkInstant(e.OccurredAt); err != nil {
			fault = &payment.FieldError{Field: payment.FieldOccurredAt, Err: err}
		}
	}
	return &payment.PayoutItem{
		Handle: payment.Handle{Rules: b.engine.rules, Event: e, Batch: b.order.ID}, Fault: fault,
		Result: payment.PayoutResult{No: no, ID: e.ID},
	}
}

// takeGroup takes items and tells their results.
func (b *payoutBatch) takeGroup(ctx context.Context, group []*payment.PayoutItem) error {
	if len(group) == 0 {
		return nil
	}
	note := &payment.PayoutGroup{Before: b.batch, New: b.fresh, Items: group}
	var err error
	if b.order.Mode == payment.PayoutsAll {
		err = b.together(ctx, note)
	} else {
		err = b.each(ctx, note)
	}
	if err != nil {
		return err
	}
	b.batch, b.fresh = note.After, false
	for _, item := range group {
		if err := b.tell([]payment.PayoutResult{item.Result}); err != nil {
			return err
		}
	}
	return nil
}

// each takes items for themselves, in one transaction with their results.
func (b *payoutBatch) each(ctx context.Context, note *payment.PayoutGroup) error {
	commands := make([]ledger.Command, 0, len(note.Items)+1)
	for _, item := range note.Items {
		commands = append(commands, item)
	}
	errs, err := b.engine.books.DoAll(ctx, append(commands, note)...)
	if err != nil {
		return err
	}
	return errs[len(errs)-1] // the others are results
}

// together takes all items or none. When one is refused, a dry run of each by
// itself finds the others that would be.
func (b *payoutBatch) together(ctx context.Context, note *payment.PayoutGroup) error {
	note.Together = true
	err := b.engine.books.Do(ctx, note)
	first := slices.IndexFunc(note.Items, func(i *payment.PayoutItem) bool { return i.Result.Outcome == payment.PayoutWasRefused })
	if err == nil || first < 0 || errors.Is(err, payment.ErrBatchChanged) || errors.Is(err, ledger.ErrCorrupt) || errors.Is(err, ledger.ErrIndefinite) {
		return err
	}
	refused := note.Items[first].Result
	err = b.engine.books.DryRun(ctx, func(apply func(...ledger.Command) ([]error, error)) error {
		for _, item := range note.Items {
			if _, err := apply(item); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, item := range note.Items {
		if i == first {
			item.Result = refused
		} else if item.Result.Outcome != payment.PayoutWasRefused {
			item.Result = payment.PayoutResult{No: item.Result.No, ID: item.Result.ID, Outcome: payment.PayoutWasNotTaken}
		}
	}
	note.Together, note.Rejected = false, true
	return b.engine.books.Do(ctx, note)
}

// itemFault parts an item that cannot be read from an error of the reading.
func itemFault(err error) (fault, broken error) {
	if at, ok := errors.AsType[*feed.Error](err); ok {
		if at.Field == "" {
			return at.Err, nil
		}
		return &payment.FieldError{Field: at.Field, Err: at.Err}, nil
	}
	if at, ok := errors.AsType[*payment.FieldError](err); ok {
		return at, nil
	}
	return nil, err
}
