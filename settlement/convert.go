package settlement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// reasonBuysNothing is why a batch was given up that nobody gave up: the quote came late, and
// what the batch comes to at it is less than one minor unit of what would be paid.
const reasonBuysNothing = "fx_buys_nothing"

// Convert looks again for quotes of the batches that wait for one: the quote that was in
// force at the batch's watermark, if it has come meanwhile, else one that is in force
// now. A batch that is converted is released, unless something else holds it, and the
// files of its date are written again. One that buys nothing would have been carried forward
// had the quote been there in time: it is given up, and its money is a line of the next batch
// (BuysNothing). done is told of each. What is refused of one batch
// keeps no other one waiting; the error joins the refusals.
func (c *Closer) Convert(ctx context.Context, now time.Time, done func(*Batch)) error {
	waiting, err := c.unconverted(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, b := range waiting {
		cmd, err := c.converting(ctx, b, now)
		if err == nil && cmd != nil {
			err = c.Books.Do(ctx, cmd)
		}
		switch {
		case err != nil && !Refused(err):
			return errors.Join(append(faults, fmt.Errorf("convert batch %s: %w", b.ID, err))...)
		case err != nil:
			faults = append(faults, fmt.Errorf("convert batch %s: %w", b.ID, err))
		case cmd != nil && cmd.became() != nil:
			done(cmd.became())
		}
	}
	return errors.Join(faults...)
}

// resolving is a command that ends what a batch waits for. Afterwards became gives the batch;
// nil: it had ended meanwhile.
type resolving interface {
	ledger.Command
	became() *Batch
}

// unconverted reads the batches that wait for quotes, in order of their ids.
func (c *Closer) unconverted(ctx context.Context) (waiting []*Batch, err error) {
	err = c.Books.Read(ctx, func(r ledger.Reader) error {
		waiting = nil
		var ids []string
		for u, err := range ledger.RecordsOf[*Unconverted](ctx, r, UnconvertedRecord, "") {
			if err != nil {
				return err
			}
			ids = append(ids, u.Batch)
		}
		for _, id := range ids {
			b, err := Find(ctx, r, id)
			if err != nil {
				return err
			}
			waiting = append(waiting, b)
		}
		return nil
	})
	return waiting, err
}

// converting gives the command that converts a batch, or gives it up where a quote buys
// nothing; nil: there is no quote for it.
func (c *Closer) converting(ctx context.Context, b *Batch, now time.Time) (resolving, error) {
	schedule, err := c.Schedules(b.Window.Schedule)
	if err != nil {
		return nil, err
	}
	for _, at := range []time.Time{b.Watermark.Before, now} {
		if at.Before(b.Watermark.Before) {
			continue
		}
		p, err := priced(ctx, c.Quotes, schedule.FX, b.Currency, b.FX.Target, at)
		if err != nil {
			return nil, err
		}
		if p.quote == nil {
			continue
		}
		switch becomes, err := p.quote.Convert(b.Currency, b.Net, b.FX.Target); {
		case err == nil:
			return &converting{
				id: b.ID, quote: p.quote, becomes: becomes, at: at, now: now, target: b.FX.Target, currency: b.Currency, limit: schedule.MaxPayout, merchant: b.Merchant,
			}, nil
		case errors.Is(err, payment.ErrQuote):
			return c.givingUp(b, p.quote, at, now), nil
		}
	}
	return nil, nil
}

// givingUp is the command that cancels a batch which buys nothing at a quote that was in
// force at an instant; nil: something else holds it too, which comes first.
func (c *Closer) givingUp(b *Batch, quote *payment.Quote, at, now time.Time) resolving {
	if !b.onlyWaits() {
		return nil
	}
	f := *b.FX
	f.Quote, f.At = quote, at
	e := payment.Event{Kind: payment.BatchCanceled, ID: b.ID, OccurredAt: later(now, b.Hold.Since), ReasonCode: reasonBuysNothing}
	return &givingUp{Move: Move{Rules: c.Rules, Event: e.Normalize(), nothing: &f}}
}

// givingUp is the move that puts the money of a batch back which buys nothing.
type givingUp struct{ Move }

func (g *givingUp) became() *Batch { return g.Move.after }

// converting is the command that converts a batch that waits.
type converting struct {
	id       string
	merchant string
	quote    *payment.Quote
	becomes  payment.Converted
	at       time.Time // the quote is in force then
	now      time.Time
	target   money.Currency
	currency money.Currency // of the batch's own
	limit    money.Amount   // of one instruction
	batch    Batch          // afterwards
	made     bool
}

func (c *converting) became() *Batch {
	if !c.made {
		return nil
	}
	return &c.batch
}

// At implements ledger.Command.
func (c *converting) At() time.Time { return c.at }

// Need implements ledger.Command.
func (c *converting) Need(s *ledger.State, n *ledger.Need) {
	n.Record(BatchRef(c.id))
	n.Record(heldRef(c.id))
	n.Record(MerchantHoldRef(c.merchant))
	n.Explore(func() {
		if b, ok := s.Record(BatchRef(c.id)).(*Batch); ok {
			b.block(s)
		}
	})
	n.Record((&Reported{Currency: c.currency}).Ref())
	(&Batch{ID: c.id, Currency: c.currency}).needFX(n, c.target)
}

// Apply implements ledger.Command.
func (c *converting) Apply(s *ledger.State) error {
	c.made = false
	stored, ok := s.Record(BatchRef(c.id)).(*Batch)
	if !ok {
		return fmt.Errorf("%w: batch %s is not there", ledger.ErrCorrupt, c.id)
	}
	if !stored.FX.waits() || stored.Status == Canceled || stored.Status == Closing {
		return nil // meanwhile
	}
	b := *stored
	if err := b.convert(s, c.quote, c.becomes, c.at); err != nil {
		return err
	}
	b.Written.Lines, b.Written.Running = b.Lines, b.linesLeave()
	s.Put(&Line{Batch: b.ID, No: b.Lines, Running: b.Written.Running, Item: *b.fxOut().item})
	s.Delete((&Unconverted{Batch: b.ID}).Ref())
	b.unreport(s)
	if err := b.divide(c.limit); err != nil {
		return err
	}
	c.release(s, &b)
	if err := b.Check(); err != nil {
		return err
	}
	if err := b.save(s, len(stored.Steps)); err != nil {
		return err
	}
	c.batch, c.made = b, true
	return nil
}

// release lets a batch go on that was held for nothing but the lack of a quote, unless its
// merchant is held.
func (c *converting) release(s *ledger.State, b *Batch) {
	if b.Status != Held || b.Hold.Reason != HoldNoQuote && b.Hold.Reason != HoldStaleQuote {
		return
	}
	at := later(c.now, b.Hold.Since)
	b.take(Closed, Step{Kind: payment.BatchReleased, At: at, Reason: "quote " + c.quote.ID})
	b.follow(s, at, at)
}
