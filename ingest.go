package settlex

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/settlement"
)

// ingestGroup is how many events one transaction books.
const ingestGroup = 512

// IngestOptions adjust Ingest. The zero value takes a file whole or not at all.
type IngestOptions struct {
	// BadRow receives every bad row, in file order, and lets Ingest take the
	// rest. nil: one bad row keeps the whole file out.
	BadRow func(feed.Row, *feed.Error) error
	// Progress is told how many events of how many have been looked at, each
	// twice: once to check, once to book.
	Progress func(done, total int)
}

// Ingested is what became of a file.
type Ingested struct {
	Rows     int // rows read, good and bad
	Booked   int // events that are new
	Repeated int // events that had been booked before
	Bad      int // rows refused
}

// RejectedError lists the bad rows of a file of which nothing was taken.
type RejectedError struct {
	Faults []*feed.Error // in file order
}

// Error gives the number of bad rows and the first.
func (r *RejectedError) Error() string {
	return fmt.Sprintf("nothing was taken: %d bad rows, the first: %v", len(r.Faults), r.Faults[0])
}

// Unwrap gives the faults.
func (r *RejectedError) Unwrap() []error {
	out := make([]error, len(r.Faults))
	for i, f := range r.Faults {
		out[i] = f
	}
	return out
}

// Ingest books the events of a file in order of their instants; rows of the
// same instant in file order. First everything is decided without writing, so
// that a bad row (by itself, or because of what is booked already) keeps the
// whole file out, or with BadRow is set aside. Booking is durable group by
// group; after a crash the same call goes on where it stopped. Errors:
// *RejectedError, *feed.FileError, and those of the store.
func (e *Engine) Ingest(ctx context.Context, rows iter.Seq2[feed.Row, error], options IngestOptions) (Ingested, error) {
	in := &ingest{engine: e, options: options}
	if err := in.read(rows); err != nil {
		return in.result, err
	}
	if err := in.decide(ctx); err != nil {
		return in.result, err
	}
	if err := in.report(); err != nil {
		return in.result, err
	}
	return in.result, in.book(ctx)
}

// ingest is one run of Ingest.
type ingest struct {
	engine  *Engine
	options IngestOptions
	rows    []feed.Row
	bad     []badRow
	result  Ingested
}

type badRow struct {
	row   feed.Row
	fault *feed.Error
}

// read takes the rows of the file; what cannot be read is bad.
func (in *ingest) read(rows iter.Seq2[feed.Row, error]) error {
	for row, err := range rows {
		var fault *feed.Error
		if err != nil && !errors.As(err, &fault) {
			return err
		}
		in.result.Rows++
		if fault != nil {
			in.bad = append(in.bad, badRow{row, fault})
			continue
		}
		row.Event = row.Normalize()
		if err := in.engine.checkInstant(row.OccurredAt); err != nil {
			in.bad = append(in.bad, badRow{row, row.Fault(&payment.FieldError{Field: payment.FieldOccurredAt, Err: err})})
			continue
		}
		in.rows = append(in.rows, row)
	}
	slices.SortStableFunc(in.rows, func(a, b feed.Row) int { return a.OccurredAt.Compare(b.OccurredAt) })
	return nil
}

// skew is how far ahead of ours the clock of whoever reports an event may be.
const skew = 5 * time.Minute

// checkInstant refuses what has not happened yet: booked, it would drag the
// journal's time along, and everything after it would be late.
func (e *Engine) checkInstant(at time.Time) error {
	if now := e.now(); at.After(now.Add(skew)) {
		return fmt.Errorf("%s is in the future; it is %s", at.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return nil
}

// command makes the command that books a row, and a way to ask whether it was
// booked before.
func (in *ingest) command(row *feed.Row) (ledger.Command, *bool) {
	if row.Kind == payment.BatchSent || row.Kind == payment.BatchPaid {
		move := &settlement.Move{Event: row.Event}
		return move, &move.Repeated
	}
	handle := &payment.Handle{Rules: in.engine.rules, Event: row.Event}
	return handle, &handle.Repeated
}

// decide runs all rows through the real commands without saving anything, and
// keeps the good ones that are new.
func (in *ingest) decide(ctx context.Context) error {
	fresh := make([]feed.Row, 0, len(in.rows))
	err := in.engine.books.DryRun(ctx, func(apply func(...ledger.Command) ([]error, error)) error {
		done := 0
		for group := range slices.Chunk(in.rows, ingestGroup) {
			commands, repeated := in.commands(group)
			errs, err := apply(commands...)
			if err != nil {
				return err
			}
			for i := range group {
				switch {
				case errs[i] != nil:
					in.bad = append(in.bad, badRow{group[i], group[i].Fault(errs[i])})
				case *repeated[i]:
					in.result.Repeated++
				default:
					fresh = append(fresh, group[i])
				}
			}
			done += len(group)
			in.progress(done)
		}
		return nil
	})
	in.rows = fresh
	return err
}

func (in *ingest) commands(group []feed.Row) ([]ledger.Command, []*bool) {
	commands, repeated := make([]ledger.Command, len(group)), make([]*bool, len(group))
	for i := range group {
		commands[i], repeated[i] = in.command(&group[i])
	}
	return commands, repeated
}

// report tells about the bad rows, or refuses the file because of them.
func (in *ingest) report() error {
	in.result.Bad = len(in.bad)
	slices.SortStableFunc(in.bad, func(a, b badRow) int { return a.row.Line - b.row.Line })
	if len(in.bad) == 0 {
		return nil
	}
	if in.options.BadRow == nil {
		rejected := &RejectedError{}
		for _, b := range in.bad {
			rejected.Faults = append(rejected.Faults, b.fault)
		}
		return rejected
	}
	for _, b := range in.bad {
		if err := in.options.BadRow(b.row, b.fault); err != nil {
			return fmt.Errorf("set aside line %d: %w", b.row.Line, err)
		}
	}
	return nil
}

// book books what was found good. Nothing may be refused now, unless somebody
// else has written in between: then the error says where it stopped.
func (in *ingest) book(ctx context.Context) error {
	total := in.result.Rows
	for group := range slices.Chunk(in.rows, ingestGroup) {
		commands, repeated := in.commands(group)
		errs, err := in.engine.books.DoAll(ctx, commands...)
		if err != nil {
			return fmt.Errorf("book events from line %d on: %w", group[0].Line, err)
		}
		for i := range group {
			switch {
			case errs[i] != nil:
				return fmt.Errorf("stopped after %d of %d events: %w", in.result.Booked, len(in.rows), group[i].Fault(errs[i]))
			case *repeated[i]:
				in.result.Repeated++
			default:
				in.result.Booked++
			}
		}
		in.progress(total + in.result.Booked)
	}
	return nil
}

func (in *ingest) progress(done int) {
	if in.options.Progress != nil {
		in.options.Progress(done, 2*in.result.Rows)
	}
}
