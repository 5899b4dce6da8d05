package settlex

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/settlement"
)

// ErrWindowsOpen marks a period that cannot be closed because settlement
// windows up to its end are not.
var ErrWindowsOpen = errors.New("settlement windows are open")

// ClosePeriod closes value dates up to one: entries of the host's own with such
// a value date are refused from then on, and facts about payments that arrive
// late are booked on the first open date and keep their own. It is refused while a
// settlement window up to that date is not closed (ErrWindowsOpen, naming the
// first), and by the ledger when it would close nothing or a date that is not
// over (ledger.ErrPeriodOrder). What was refused may be tried again under the
// same key; the same close again is a replay. The reason is kept in the journal.
func (e *Engine) ClosePeriod(ctx context.Context, through calendar.Date, key, reason string) (ledger.Result, error) {
	move := &periodMove{change: ledger.PeriodChange{Key: key, Through: through, Kind: "period.closed", Reference: reason}}
	err := e.books.Write(ctx, func(tx ledger.Tx) error {
		if err := tx.Lock(ctx); err != nil { // no movement may come once the windows were looked at
			return err
		}
		if err := e.windowsClosed(ctx, tx, through); err != nil {
			return err
		}
		errs, err := e.books.DoTx(ctx, tx, move)
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		return ledger.Result{}, fmt.Errorf("close the period: %w", err)
	}
	return move.result, nil
}

// periodMove closes or reopens as the engine's own act: one that is refused,
// because the day is not over, may be tried again under the same key.
type periodMove struct {
	change ledger.PeriodChange
	result ledger.Result
}

func (p *periodMove) At() time.Time { return time.Time{} }

func (p *periodMove) Need(_ *ledger.State, n *ledger.Need) { n.Request(p.change) }

func (p *periodMove) Apply(s *ledger.State) (err error) {
	p.result, err = s.Execute(p.change)
	return err
}

// ReopenPeriod opens value dates after one; the zero date opens all. It is a
// recorded act like closing.
func (e *Engine) ReopenPeriod(ctx context.Context, through calendar.Date, key, reason string) (ledger.Result, error) {
	move := &periodMove{change: ledger.PeriodChange{Key: key, Reopen: true, Through: through, Kind: "period.reopened", Reference: reason}}
	if err := e.books.Do(ctx, move); err != nil {
		return ledger.Result{}, fmt.Errorf("reopen the period: %w", err)
	}
	return move.result, nil
}

// windowsClosed looks for windows up to a date with a movement or a reserve in
// no batch, whether or not their cut-off has come.
func (e *Engine) windowsClosed(ctx context.Context, r ledger.Reader, through calendar.Date) error {
	open, refused := settlement.Due(ctx, r, e.schedule, e.whole(through))
	if refused != nil && !settlement.Refused(refused) {
		return refused
	}
	if len(open) > 0 {
		t := open[0]
		err := fmt.Errorf("%w: %d, the first of %s in %s for %s", ErrWindowsOpen, len(open), t.Merchant, t.Currency, t.Window.BusinessDate)
		return errors.Join(err, refused)
	}
	if refused != nil { // nobody knows which
		return fmt.Errorf("%w: %w", ErrWindowsOpen, refused)
	}
	for unfinished, err := range ledger.RecordsOf[*settlement.Unfinished](ctx, r, settlement.ClosingRecord, "") {
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: batch %s is being closed", ErrWindowsOpen, unfinished.Batch)
	}
	return nil
}
