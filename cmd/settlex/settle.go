package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/settlement"
)

func (p *program) settleCommand() *cobra.Command {
	var through dateFlag
	cmd := &cobra.Command{
		Use:   "settle --through DATE",
		Short: "Close the settlement windows that are due",
		Long: `Settle closes every window up to a business date whose cut-off has passed, in order of the cut-offs, and releases the
reserves that are due. Closing is idempotent: a window that is closed stays as it is.`,
		Example: `  settlex settle --through 2026-03-31`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if through.IsZero() {
				return misused(cmd, errors.New("--through is missing: the last business date to settle"))
			}
			return p.alone(cmd.Context(), func(ctx context.Context, s *session) error { return p.settle(ctx, s.engine, through.Date) })
		},
	}
	cmd.Flags().Var(&through, "through", "last business `DATE` to settle, YYYY-MM-DD")
	return cmd
}

func (p *program) settle(ctx context.Context, engine *settlex.Engine, through calendar.Date) error {
	next := make(cutoffs)
	fault := engine.RefreshQuotes(ctx) // told at the end: what the last good quotes are too old for is held
	settled, err := p.close(ctx, engine, through, next.note)
	if fault = errors.Join(fault, err); err != nil && !settlement.Refused(err) { // what is refused of one merchant is told at the end
		return fault
	}
	switch {
	case settled.Batches > 0:
		p.sayf("closed %s with %s through %s, %s of them carried forward\n",
			count(settled.Batches, "batch", "batches"), count(settled.Lines, "line", "lines"), through, number(settled.Carried))
	default:
		p.sayf("no window was due through %s\n", through)
	}
	if settled.Matured > 0 {
		p.sayf("settled by hand: what has matured is available to %s\n", count(settled.Matured, "merchant", "merchants"))
	}
	if settled.Followed > 0 {
		p.sayf("%s: released on their date, or as their merchants are\n", count(settled.Followed, "batch was held or let go", "batches were held or let go"))
	}
	if err := p.convert(ctx, engine, next.note); err != nil {
		return errors.Join(fault, err)
	}
	closed, err := engine.CloseOut(ctx)
	if err != nil {
		return errors.Join(fault, err)
	}
	for _, id := range closed {
		p.sayf("merchant %s is closed: nothing is owed either way\n", id)
	}
	waiting, err := p.waiting(ctx, engine, through)
	if err != nil {
		return errors.Join(fault, err)
	}
	if waiting > 0 {
		p.sayf("%s through %s stay open: the clock, at %s, has not reached their cut-offs\n",
			count(waiting, "batch", "batches"), through, p.clock().UTC().Format(time.RFC3339))
	}
	return errors.Join(fault, p.sayCutoffs(engine, next))
}

// cutoffs are schedules by id, whose next cut-offs are shown with their batches.
type cutoffs map[string]merchant.Pin

// note remembers the schedule of a batch.
func (c cutoffs) note(b *settlement.Batch) { c[b.Window.Schedule.ID] = b.Window.Schedule }

// cutoffsMax is how many schedules are named: where each merchant has one of its own,
// nobody reads them all.
const cutoffsMax = 10

// sayCutoff tells the next cut-off of the schedule that a batch was closed by, which need not be its merchant's for other methods.
func (p *program) sayCutoff(engine *settlex.Engine, b *settlement.Batch) error {
	return p.sayCutoffs(engine, cutoffs{b.Window.Schedule.ID: b.Window.Schedule})
}

// sayCutoffs tells the next cut-offs of schedules, each with its zone.
func (p *program) sayCutoffs(engine *settlex.Engine, next cutoffs) error {
	for i, id := range slices.Sorted(maps.Keys(next)) {
		if i == cutoffsMax {
			p.sayf("and of %s\n", count(len(next)-i, "other schedule", "other schedules"))
			break
		}
		cutoff, err := engine.NextCutoffOf(next[id])
		switch {
		case errors.Is(err, calendar.ErrOutOfRange):
			p.warnf("%v", err)
		case err != nil:
			return err
		case !cutoff.ByHand:
			p.sayf("next cut-off of %s: %s\n", id, cutoff)
		}
	}
	return nil
}

// convert says which batches have got the quote they waited for, and tells of each.
func (p *program) convert(ctx context.Context, engine *settlex.Engine, each func(*settlement.Batch)) error {
	return engine.Convert(ctx, func(b *settlement.Batch) {
		each(b)
		if b.BuysNothing() {
			p.sayf("batch %s of %s buys nothing at quote %s: its %s %s go to the next one\n", b.ID, b.Merchant, b.FX.Quote.ID, b.Currency, b.Currency.Format(b.Net))
			return
		}
		p.sayf("batch %s of %s is converted at quote %s: it pays %s %s\n", b.ID, b.Merchant, b.FX.Quote.ID, b.PaidIn().Format(b.Pays()), b.PaidIn())
	})
}

// waiting counts the batches up to a date that wait for their cut-offs. Beyond
// the end of a calendar it warns that nobody can tell.
func (p *program) waiting(ctx context.Context, engine *settlex.Engine, through calendar.Date) (int, error) {
	n, err := engine.Waiting(ctx, through)
	if errors.Is(err, calendar.ErrOutOfRange) {
		p.warnf("which batches wait for their cut-offs cannot be told of all: %v", err)
		return n, nil
	}
	return n, err
}

// close closes what is due, tells of each batch, and shows how far it has come.
func (p *program) close(ctx context.Context, engine *settlex.Engine, through calendar.Date, each func(*settlement.Batch)) (settlex.Settled, error) {
	total, err := engine.Due(ctx, through)
	if err != nil && !settlement.Refused(err) { // else Settle tells it
		return settlex.Settled{}, err
	}
	shown := p.begin("settle")
	defer shown.end()
	closed := 0
	return engine.Settle(ctx, through, func(b *settlement.Batch) {
		each(b)
		closed++
		shown.at(closed, total)
	})
}
