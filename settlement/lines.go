package settlement

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

const reasonDue = reserve.ReasonDue

// writer writes the lines of a batch. What it writes is a pure function of the
// batch's members, wherever a chunk ends: carry in, the reserve released, the
// movements in their order, the minimum balance kept, carry out, what is turned into
// another currency.
type writer struct {
	batch    Batch
	items    []lateItem // of this chunk
	from     string     // id of the last of them
	more     bool       // there are others behind them
	releases []lateItem // booked by closing itself; in its first chunk
}

// continuing is the command that writes a further chunk.
type continuing struct{ writer }

// At implements ledger.Command.
func (c *continuing) At() time.Time { return c.batch.Watermark.Before }

// Need implements ledger.Command.
func (c *continuing) Need(_ *ledger.State, n *ledger.Need) {
	n.Record(c.batch.Ref())
	n.Record(heldRef(c.batch.ID))
	n.Record(MerchantHoldRef(c.batch.Merchant))
	if c.batch.BlockedBy != "" {
		n.Record(blocksRef(c.batch.Merchant, c.batch.Currency))
	}
}

// Apply implements ledger.Command.
func (c *continuing) Apply(s *ledger.State) error {
	stored, ok := s.Record(c.batch.Ref()).(*Batch)
	if !ok || stored.Status != Closing || stored.Written != c.batch.Written {
		return fmt.Errorf("%w: batch %s is not being closed, or by somebody else", ledger.ErrCorrupt, c.batch.ID)
	}
	c.batch = *stored
	return c.write(s)
}

// write adds this chunk's lines, and closes the batch with its last line.
func (w *writer) write(s *ledger.State) error {
	b := &w.batch
	b.Status = Closing
	rest, err := b.carriedOn()
	if err != nil {
		return err
	}
	if b.Written.Lines == 0 {
		if err = w.carry(s, b.OpeningCarry, carryIn, ""); err != nil {
			return err
		}
		for _, r := range w.releases {
			if err := w.line(s, r); err != nil {
				return err
			}
		}
	}
	for _, item := range w.items {
		if err := w.line(s, item); err != nil {
			return err
		}
		s.Delete(item.item.Ref())
		err = b.count(item.item)
		if err != nil {
			return err
		}
		if b.Written.Items, err = b.Written.Items.Add(item.item.Net); err != nil {
			return err
		}
	}
	if w.more {
		s.Put(&Unfinished{Batch: b.ID})
		s.Put(&w.batch)
		return nil
	}
	if err := w.carry(s, b.Kept.Neg(), balanceKept, reasonKept); err != nil {
		return err
	}
	if err := w.carry(s, rest, carryOut, ""); err != nil {
		return err
	}
	if b.FX.made() {
		if err := w.line(s, b.fxOut()); err != nil {
			return err
		}
	}
	return w.close(s)
}

// close proves that the lines add up to the batch and makes it visible.
func (w *writer) close(s *ledger.State) error {
	b := &w.batch
	if want := b.linesLeave(); b.Written.Lines != b.Lines || b.Written.Running != want {
		return fmt.Errorf("%w: batch %s: %d lines sum to %s, it has %d lines and a net of %s", ErrEquation, b.ID,
			b.Written.Lines, b.Currency.Format(b.Written.Running), b.Lines, b.Currency.Format(want))
	}
	if b.Status = b.Steps[len(b.Steps)-1].Status; len(b.Parts) > 0 {
		b.Status = stands(b.Parts)
	}
	if err := b.Check(); err != nil {
		return err
	}
	s.Delete((&Unfinished{Batch: b.ID}).Ref())
	told := event.SettlementCreated
	if b.AtClose == CarriedForward {
		told = event.SettlementCarriedForward
	}
	if err := b.tell(s, told, &b.Steps[0]); err != nil {
		return err
	}
	at := b.followed() // somebody may have held or released the merchant since the first chunk
	b.follow(s, at, at)
	return b.save(s, 1)
}

// linesLeave is what all lines of the batch sum to: its net, or nothing of it in its own
// currency once that is another one.
func (b *Batch) linesLeave() money.Amount {
	if b.FX.made() {
		return money.Amount{}
	}
	return b.Net
}

// Types of the lines of carry.
const (
	carryIn     = "carry_in"
	balanceKept = "balance_kept"
	carryOut    = "carry_out"
)

// reasonKept is why a batch keeps something back: the schedule's min_balance_retained.
const reasonKept = "min_balance_retained"

func (w *writer) carry(s *ledger.State, amount money.Amount, typ, reason string) error {
	if amount.IsZero() {
		return nil
	}
	b := &w.batch
	return w.line(s, lateItem{item: &payment.Item{
		Merchant: b.Merchant, Currency: b.Currency, Window: b.Window, BookedAt: b.Watermark.Before, OccurredAt: b.Watermark.Before,
		Category: payment.CategoryCarry, Type: typ, SourceID: b.ID, ReasonCode: reason, Gross: amount, Net: amount,
	}})
}

func (w *writer) line(s *ledger.State, member lateItem) error {
	b := &w.batch
	running, err := b.Written.Running.Add(member.item.Net)
	if err != nil {
		return err
	}
	b.Written.Running = running
	b.Written.Lines++
	s.Put(&Line{Batch: b.ID, No: b.Written.Lines, Late: member.late, Running: running, Item: *member.item})
	return nil
}
