package settlement

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// scanWindows visits the windows in which movements of an owner are settled that are in no
// batch: those its position counts, and those that are behind. It reads no movement.
func scanWindows(ctx context.Context, r ledger.Reader, p *payment.Position, schedules Schedules, visit func(*merchant.Schedule, calendar.Window)) error {
	for i := range p.Open {
		if err := visitWindow(ctx, r, p, p.Open[i].WindowMark, schedules, visit); err != nil {
			return err
		}
	}
	if p.Folded.Watermark.IsZero() {
		return nil
	}
	for folded, err := range ledger.RecordsOf[*payment.FoldedWindow](ctx, r, payment.FoldedRecord, payment.ItemPrefix(p.Merchant, p.Currency)) {
		if err == nil {
			err = visitWindow(ctx, r, p, folded.WindowMark, schedules, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// foldedBehind gives the windows behind a target, in order, that its owner's position counts as behind.
func foldedBehind(ctx context.Context, r ledger.Reader, t *Target) (behind []payment.WindowSum, err error) {
	for folded, err := range ledger.RecordsOf[*payment.FoldedWindow](ctx, r, payment.FoldedRecord, t.owner().prefix()) {
		if err != nil {
			return nil, err
		}
		if folded.Compare(t.mark()) > 0 {
			behind = append(behind, folded.WindowSum)
		}
	}
	return behind, nil
}

func visitWindow(
	ctx context.Context, r ledger.Reader, p *payment.Position, in payment.WindowMark, schedules Schedules, visit func(*merchant.Schedule, calendar.Window),
) error {
	s, err := schedules(in.Schedule)
	if err != nil {
		return err
	}
	w, err := windowAt(ctx, r, p, s, in)
	if err == nil {
		visit(s, w)
	}
	return err
}

// windowAt gives the window of a mark: the schedule's own, or, where it has another one
// there by the calendars and zones of this program, the one its movements were pinned to.
func windowAt(
	ctx context.Context, r ledger.Reader, p *payment.Position, s *merchant.Schedule, in payment.WindowMark,
) (calendar.Window, error) {
	w, err := s.Timing.WindowAt(in.Watermark.Add(-s.Timing.Grace - time.Microsecond))
	if err != nil || s.Watermark(w).Equal(in.Watermark) {
		return w, err
	}
	for item, err := range ledger.RecordsOf[*payment.Item](ctx, r, payment.ItemRecord, payment.ItemPrefix(p.Merchant, p.Currency)) {
		if err != nil {
			return w, err
		}
		if item.Manual || item.Window.Schedule != in.Schedule {
			continue
		}
		settled, _, err := windowOf(s, item)
		if err != nil {
			return w, err
		}
		if payment.MarkOf(s, settled).Compare(in) == 0 {
			return settled, nil
		}
	}
	return w, fmt.Errorf("%w: no movement of merchant %s in %s is settled by schedule %s at %s, as its position says", ledger.ErrCorrupt,
		p.Merchant, p.Currency, in.Schedule, in.Watermark.UTC().Format(time.RFC3339Nano))
}

// sumOf gives what the movements of a batch add up to; false: none is settled in its window.
func (c *closing) sumOf(s *ledger.State, p *payment.Position) (payment.WindowSum, bool) {
	mark := c.mark()
	for _, w := range p.Open {
		if w.Compare(mark) == 0 {
			return w, true
		}
	}
	if folded, ok := s.Record(payment.FoldedRef(p.Merchant, p.Currency, mark)).(*payment.FoldedWindow); ok {
		return folded.WindowSum, true
	}
	return payment.WindowSum{WindowMark: mark}, false
}

// mark is the place of the batch among those of its owner.
func (c *closing) mark() payment.WindowMark {
	return payment.WindowMark{Watermark: c.fixed.Watermark.Before, Schedule: c.fixed.Window.Schedule}
}
