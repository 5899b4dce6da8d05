package settlex

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/scratch"
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
	// read several times, of a batch that is taken whole in the middle of its
	// transaction, and must be the same each time.
	Items iter.Seq2[payment.Event, error]
	// Result, if not nil, is told what became of each item, in their order.
	Result func(payment.PayoutResult) error
}

// PayoutBatch takes a batch of payouts. Independent ones are taken group by group,
// each durably with its results, so that after a crash the same call goes on where
// it stopped; a batch that is taken whole or not at all is one transaction, of at
// most payment.MaxPayoutsAll payouts, and its results are told behind it. Memory
// does not grow with independent batches; a transaction keeps what the store has to
// write, on bolt some 8 KB for each payout. The same batch again books nothing and gives
// the same results; other content under its id is refused. What a payout waits for,
// money or approval, does not refuse it.
//
// Errors: payment.ErrBatchChanged, those of Items and Result, and of the store.
func (e *Engine) PayoutBatch(ctx context.Context, order PayoutOrder) (payment.PayoutBatch, error) {
	b := &payoutBatch{engine: e, order: order}
	if err := b.survey(ctx); err != nil {
		return b.batch, fmt.Errorf("batch of payouts %s: %w", payment.MaskCards(order.ID), err)
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
	if err := payment.CheckCard(b.order.ID); err != nil {
		return err
	}
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
	if b.order.Mode == payment.PayoutsAll {
		return b.wholly(ctx)
	}
	for group, err := range b.groups(b.batch.Decided) {
		if err != nil {
			return err
		}
		var after payment.PayoutBatch
		err = b.engine.books.Write(ctx, func(tx ledger.Tx) (err error) {
			after, err = b.decide(ctx, tx, group)
			return err
		})
		if err != nil {
			return err
		}
		b.batch, b.fresh = after, false
		for _, item := range group {
			if err := b.tell([]payment.PayoutResult{item.Result}); err != nil {
				return err
			}
		}
	}
	return nil
}

// decide books the items of a group as far as they can be, and notes their results. An
// error means that the note is refused: the transaction must not be committed then, for
// whoever has taken the batch meanwhile may have taken other items.
func (b *payoutBatch) decide(ctx context.Context, tx ledger.Tx, group []*payment.PayoutItem) (payment.PayoutBatch, error) {
	note := &payment.PayoutGroup{Before: b.batch, New: b.fresh, Items: group}
	err := failed(b.engine.books.DoTx(ctx, tx, append(commandsOf(group), note)...))
	return note.After, err
}

// groups makes commands of the items behind the first ones, group by group, as far
// as they are those that were read for the first time.
func (b *payoutBatch) groups(behind int) iter.Seq2[[]*payment.PayoutItem, error] {
	return func(yield func([]*payment.PayoutItem, error) bool) {
		sums := payment.NewPayoutSums()
		var group []*payment.PayoutItem
		n, ended := 0, 0
		for event, err := range b.order.Items {
			fault, err := itemFault(err)
			if err == nil {
				err = sums.Add(&event, fault)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if n++; n > behind {
				group = append(group, b.item(n, &event, fault))
			}
			if n%payoutGroup != 0 && n != b.batch.Count {
				continue
			}
			if n > b.batch.Count || sums.Sum() != b.prints[ended] {
				yield(nil, errOtherPayouts)
				return
			}
			if ended++; len(group) > 0 && !yield(group, nil) {
				return
			}
			group = nil
		}
		if n != b.batch.Count {
			yield(nil, errOtherPayouts)
		}
	}
}

var errOtherPayouts = errors.New("its payouts were others when they were read for the first time")

// commandsOf are the items of a group, and room for what notes their results.
func commandsOf(group []*payment.PayoutItem) []ledger.Command {
	commands := make([]ledger.Command, 0, len(group)+1)
	for _, item := range group {
		commands = append(commands, item)
	}
	return commands
}

// failed is the error of the last command: those of the others are results.
func failed(errs []error, err error) error {
	if err != nil {
		return err
	}
	return errs[len(errs)-1]
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

// errItemRefused rolls a batch back that is to be taken whole.
var errItemRefused = errors.New("a payout of the batch is refused")

// wholly takes all items in one transaction, group by group, or none.
func (b *payoutBatch) wholly(ctx context.Context) error {
	before, fresh := b.batch, b.fresh
	var first payment.PayoutResult
	err := b.engine.books.Write(ctx, func(tx ledger.Tx) error {
		b.batch, b.fresh = before, fresh // it may be run again
		for group, err := range b.groups(0) {
			if err != nil {
				return err
			}
			after, err := b.decide(ctx, tx, group)
			if err != nil {
				return err
			}
			for _, item := range group {
				if first = item.Result; first.Outcome == payment.PayoutWasRefused {
					return errItemRefused
				}
			}
			b.batch, b.fresh = after, false
		}
		return nil
	})
	if err != nil {
		b.batch, b.fresh = before, fresh
	}
	if errors.Is(err, errItemRefused) {
		err = b.reject(ctx, first)
	}
	if err != nil {
		return err
	}
	return b.recount(ctx)
}

// reject notes that nothing of a batch is taken because of an item. A trial of each
// item by itself finds the others that would be refused.
func (b *payoutBatch) reject(ctx context.Context, because payment.PayoutResult) error {
	results, err := b.try(ctx)
	if err != nil {
		return err
	}
	results[because.No-1] = because
	before, fresh := b.batch, b.fresh
	return b.engine.books.Write(ctx, func(tx ledger.Tx) error {
		b.batch, b.fresh = before, fresh
		for some := range slices.Chunk(results, payoutGroup) {
			note := &payment.PayoutGroup{Before: b.batch, New: b.fresh, Rejected: true}
			for _, result := range some {
				if result.Outcome != payment.PayoutWasRefused {
					result = payment.PayoutResult{No: result.No, ID: result.ID, Outcome: payment.PayoutWasNotTaken}
				}
				note.Items = append(note.Items, &payment.PayoutItem{Result: result})
			}
			if err := failed(b.engine.books.DoTx(ctx, tx, note)); err != nil {
				return err
			}
			b.batch, b.fresh = note.After, false
		}
		return nil
	})
}

// try gives what would become of each item by itself, behind those before it.
func (b *payoutBatch) try(ctx context.Context) (results []payment.PayoutResult, err error) {
	err = b.engine.onTrial(ctx, scratch.Options{}, func(trial *ledger.Ledger) error {
		results = make([]payment.PayoutResult, 0, b.batch.Count)
		for group, err := range b.groups(0) {
			if err != nil {
				return err
			}
			if _, err := trial.DoAll(ctx, commandsOf(group)...); err != nil {
				return err
			}
			for _, item := range group {
				results = append(results, item.Result)
			}
		}
		return nil
	})
	return results, err
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
