package settlex

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// HoldBatch keeps a batch from leaving until somebody releases it, and gives it as it
// stands. Holding one that somebody holds already changes nothing.
//
// This method and the others that decide about a batch take the id of a part too
// (settlement.PartID): what is decided about the batch is about all parts that stand so
// that it may be.
//
// Errors of this method and of the others that decide about a batch: *payment.FieldError,
// wrapping settlement.ErrUnknownBatch, payment.ErrTransition when the batch does not stand
// so, settlement.ErrHeld, settlement.ErrOwnBatch, or saying what is missing.
func (e *Engine) HoldBatch(ctx context.Context, id, by, reason string) (*settlement.Batch, error) {
	return e.decideBatch(ctx, payment.BatchHeld, id, by, reason)
}

// ReleaseBatch lets a batch go on that is held, unless its merchant is: see
// ReleaseMerchant. Whoever does it is its maker from then on.
func (e *Engine) ReleaseBatch(ctx context.Context, id, by, reason string) (*settlement.Batch, error) {
	return e.decideBatch(ctx, payment.BatchReleased, id, by, reason)
}

// ApproveBatch has a batch leave that waits for somebody to look at it. By must not be
// its maker. The reason may be empty.
func (e *Engine) ApproveBatch(ctx context.Context, id, by, reason string) (*settlement.Batch, error) {
	return e.decideBatch(ctx, payment.BatchApproved, id, by, reason)
}

// CancelBatch gives a batch up that is not on its way: its money is a line of the
// merchant's next batch.
func (e *Engine) CancelBatch(ctx context.Context, id, by, reason string) (*settlement.Batch, error) {
	return e.decideBatch(ctx, payment.BatchCanceled, id, by, reason)
}

// RetryBatch has a batch leave once more that was refused, under the same id. Whoever
// does it is its maker from then on.
func (e *Engine) RetryBatch(ctx context.Context, id, by, reason string) (*settlement.Batch, error) {
	return e.decideBatch(ctx, payment.BatchRetried, id, by, reason)
}

func (e *Engine) decideBatch(ctx context.Context, kind payment.Kind, id, by, reason string) (b *settlement.Batch, err error) {
	if kind != payment.BatchApproved || by == "" {
		if err := payment.CheckDecision(by, reason); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
	}
	of, _ := settlement.BatchOf(id)
	if b, err = e.Batch(ctx, of); err != nil {
		return nil, err
	}
	at := e.now()
	if last := b.Steps[len(b.Steps)-1].At; !at.After(last) { // two decisions have two instants
		at = last.Add(time.Microsecond)
	}
	event := payment.Event{Kind: kind, ID: id, OccurredAt: at, Actor: by, ReasonCode: reason}
	move := &settlement.Move{Rules: e.rules, Event: event.Normalize()}
	if err := e.books.Do(ctx, move); err != nil {
		return nil, fmt.Errorf("batch %s: %w", id, err)
	}
	return e.Batch(ctx, of)
}

// Batch gives a batch as it stands. Error: settlement.ErrUnknownBatch.
func (e *Engine) Batch(ctx context.Context, id string) (b *settlement.Batch, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		b, err = settlement.Find(ctx, r, id)
		return err
	})
	return b, err
}

// BatchQuery says which batches are meant. Empty fields mean any.
type BatchQuery struct {
	Merchant string
	Currency money.Currency
	Status   settlement.Status
	From, To calendar.Date // business dates, both included
}

// Batches visits the batches that a query means, in order of currency, business date,
// cut-off and merchant, until visit says no.
func (e *Engine) Batches(ctx context.Context, q BatchQuery, visit func(*settlement.Batch) (more bool)) error {
	return e.books.Read(ctx, func(r ledger.Reader) error {
		for b, err := range settlement.All(ctx, r) {
			if err != nil {
				return err
			}
			if q.means(b) && !visit(b) {
				return nil
			}
		}
		return nil
	})
}

func (q *BatchQuery) means(b *settlement.Batch) bool {
	date := b.Window.BusinessDate
	return (q.Merchant == "" || b.Merchant == q.Merchant) && (q.Currency.IsZero() || b.Currency == q.Currency) &&
		(q.Status == "" || b.Status == q.Status) && (q.From.IsZero() || !date.Before(q.From)) && (q.To.IsZero() || !date.After(q.To))
}

// HoldMerchant holds all batches of a merchant that are not sent, and those that are
// closed from now on, until ReleaseMerchant. Holding one who is held changes nothing.
// Errors: *payment.FieldError, wrapping payment.ErrUnknownMerchant.
func (e *Engine) HoldMerchant(ctx context.Context, id, by, reason string) error {
	return e.decideHold(ctx, &settlement.HoldDecision{Merchant: id, By: by, Reason: reason, When: e.now()})
}

// ReleaseMerchant lets the batches go on that are held because their merchant is. Whoever
// does it is their maker from then on. Errors: *payment.FieldError, wrapping
// settlement.ErrNotHeld or payment.ErrUnknownMerchant.
func (e *Engine) ReleaseMerchant(ctx context.Context, id, by, reason string) error {
	return e.decideHold(ctx, &settlement.HoldDecision{Merchant: id, Release: true, By: by, Reason: reason, When: e.now()})
}

func (e *Engine) decideHold(ctx context.Context, d *settlement.HoldDecision) error {
	if err := e.books.Do(ctx, d); err != nil {
		return fmt.Errorf("merchant %s: %w", d.Merchant, err)
	}
	_, err := settlement.FollowHolds(ctx, e.books, e.now())
	return err
}

// MerchantHold gives the hold of a merchant that is in force; nil: none is.
func (e *Engine) MerchantHold(ctx context.Context, id string) (p *settlement.HoldPeriod, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		holds, err := settlement.FindMerchantHold(ctx, r, id)
		p = holds.InForce()
		return err
	})
	return p, err
}
