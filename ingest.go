package settlex

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
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
	Late     int // of them, too late for their own window: they go to a later batch
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

// Ingest books the events of a file in order of their instants; those of one
// instant in the order of a payment's life, then of the file. First everything is decided without writing, so
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
	refused payment.Refused // of the bad ones, those refused for what is booked
	known   bool            // they were refused when the file came before
	result  Ingested
}

type badRow struct {
	row   feed.Row
	fault *feed.Error
}

// read takes the rows of the file; what cannot be read is bad.
func (in *ingest) read(rows iter.Seq2[feed.Row, error]) error {
	hash := sha256.New()
	for row, err := range rows {
		var fault *feed.Error
		if err != nil && !errors.As(err, &fault) {
			return err
		}
		in.result.Rows++
		_, _ = fmt.Fprintf(hash, "%d\n%s\n%s\n%v\n", row.Line, row.Header, row.Raw, row.Event) // a hash takes everything
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
	in.refused.File = hex.EncodeToString(hash.Sum(nil))
	order := make(map[payment.Kind]int)
	for i, kind := range payment.Kinds() {
		order[kind] = i
	}
	slices.SortStableFunc(in.rows, func(a, b feed.Row) int {
		return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(order[a.Kind], order[b.Kind]))
	})
	return nil
}

// recall takes out the rows that were refused when the file came before: what
// was booked since, from the same file too, must not make them good.
func (in *ingest) recall(ctx context.Context) error {
	return in.engine.books.Read(ctx, func(r ledger.Reader) error {
		for stored, err := range ledger.RecordsOf[*payment.Refused](ctx, r, payment.RefusedRecord, in.refused.File) {
			if err != nil {
				return err
			}
			in.refused, in.known = *stored, true
			break
		}
		refused := make(map[int]payment.RefusedRow)
		for _, row := range in.refused.Rows {
			refused[row.Line] = row
		}
		in.rows = slices.DeleteFunc(in.rows, func(row feed.Row) bool {
			was, ok := refused[row.Line]
			if ok {
				fault := &feed.Error{File: row.File, Line: was.Line, Column: was.Column, Field: was.Field, Err: errors.New(was.Fault)}
				in.bad = append(in.bad, badRow{row, fault})
			}
			return ok
		})
		return nil
	})
}

// refuse notes a row that is bad because of what is booked.
func (in *ingest) refuse(row feed.Row, err error) {
	fault := row.Fault(err)
	in.bad = append(in.bad, badRow{row, fault})
	in.refused.Rows = append(in.refused.Rows, payment.RefusedRow{Line: fault.Line, Column: fault.Column, Field: fault.Field, Fault: fault.Err.Error()})
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

// decide runs all rows through the real commands without saving anything, and
// keeps the good ones that are new.
func (in *ingest) decide(ctx context.Context) error {
	if err := in.recall(ctx); err != nil {
		return err
	}
	fresh := make([]feed.Row, 0, len(in.rows))
	err := in.engine.books.DryRun(ctx, func(apply func(...ledger.Command) ([]error, error)) error {
		done := 0
		for group := range slices.Chunk(in.rows, ingestGroup) {
			commands, outcomes := in.commands(group)
			errs, err := apply(commands...)
			if err != nil {
				return err
			}
			for i := range group {
				if errs[i] != nil {
					in.refuse(group[i], errs[i])
				} else if repeated, _ := outcomes[i](); repeated {
					in.result.Repeated++
				} else {
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

func (in *ingest) commands(group []feed.Row) ([]ledger.Command, []func() (repeated, late bool)) {
	commands, outcomes := make([]ledger.Command, len(group)), make([]func() (bool, bool), len(group))
	for i := range group {
		commands[i], outcomes[i] = in.engine.command(group[i].Event)
	}
	return commands, outcomes
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

// book books what was found good, and with the first of it which rows were
// refused. Nothing may be refused now, unless somebody else has written in
// between: then the error says where it stopped.
func (in *ingest) book(ctx context.Context) error {
	remember := len(in.refused.Rows) > 0 && !in.known
	for group := range slices.Chunk(in.rows, ingestGroup) {
		commands, outcomes := in.commands(group)
		together := commands
		if remember {
			together, remember = append(slices.Clip(commands), &putting{records: []ledger.Record{&in.refused}}), false
		}
		errs, err := in.engine.books.DoAll(ctx, together...)
		if err != nil {
			return fmt.Errorf("book events from line %d on: %w", group[0].Line, err)
		}
		for i := range group {
			if errs[i] != nil {
				return fmt.Errorf("stopped after %d of %d events: %w", in.result.Booked, len(in.rows), group[i].Fault(errs[i]))
			}
			in.count(outcomes[i]())
		}
		in.progress(in.result.Rows + in.result.Booked)
	}
	return nil
}

func (in *ingest) count(repeated, late bool) {
	switch {
	case repeated:
		in.result.Repeated++
		return
	case late:
		in.result.Late++
	}
	in.result.Booked++
}

func (in *ingest) progress(done int) {
	if in.options.Progress != nil {
		in.options.Progress(done, 2*in.result.Rows)
	}
}
