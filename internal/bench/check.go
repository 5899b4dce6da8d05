package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrFigures marks a ledger whose figures at the end of a run are not what was
// booked.
var ErrFigures = errors.New("figures do not add up")

// check holds the journal's head and the trial balance against what was booked.
func (r *run) check(ctx context.Context) error {
	head, err := r.head(ctx)
	if err != nil {
		return err
	}
	out := &r.result.Head
	out.Seq, out.Accounts, out.Blocks = head.Seq, head.Accounts, head.Blocks
	if items := uint64(out.Openings + r.settings.Entries + out.Beyond); head.Seq != items {
		return fmt.Errorf("%w: the head counts %d items, %d were booked", ErrFigures, head.Seq, items)
	}
	accounts := uint64(r.settings.Accounts + 1)
	if r.settings.Hot > 0 {
		accounts++
	}
	if r.settings.Reads {
		accounts++
	}
	if head.Accounts != accounts {
		return fmt.Errorf("%w: the head counts %d accounts, %d were opened", ErrFigures, head.Accounts, accounts)
	}
	trial, err := r.books.TrialBalance(ctx)
	if err != nil {
		return err
	}
	total := trial.Totals[Currency()]
	if !trial.Balanced() || len(trial.Totals) != 1 || uint64(len(trial.Rows)) != accounts {
		return fmt.Errorf("%w: trial balance of %d accounts: debits %s, credits %s", ErrFigures, len(trial.Rows),
			Currency().Format(total.Debit), Currency().Format(total.Credit))
	}
	out.Debits = total.Debit.String()
	return nil
}

// verify has the ledger prove its books.
func (r *run) verify(ctx context.Context) error {
	began := time.Now()
	v, err := r.books.Verify(ctx)
	if err == nil {
		err = v.Err()
	}
	if err != nil {
		return err
	}
	r.result.VerifySeconds = new(rounded(time.Since(began).Seconds(), 6))
	return nil
}
