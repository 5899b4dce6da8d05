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
	"github.com/settlex/settlex/ledger/scratch"
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
	// Dir is where temporary files are made when a file is too long for memory: up
	// to some 5 KB for each event. Empty: os.TempDir.
	Dir string
	// Rows is how many rows are kept in memory; 0: 16,384.
	Rows int
}

// Ingested is what became of a file.
type Ingested struct {
	Rows     int // rows read, good and bad
	Booked   int // events that are new
	Late     int // of them, too late for their own window: they go to a later batch
	Repeated int // events that had been booked before
	Bad      int // rows refused
}

// faultsListed is how many faults a RejectedError lists at most.
const faultsListed = 1000

// RejectedError lists the bad rows of a file of which nothing was taken.
type RejectedError struct {
	Bad    int           // how many there are
	Faults []*feed.Error // the first 1,000 of them, in file order
}

// Error gives the number of bad rows and the first.
func (r *RejectedError) Error() string {
	return fmt.Sprintf("nothing was taken: %d bad rows, the first: %v", r.Bad, r.Faults[0])
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
// group; after a crash the same call goes on where it stopped. A file may have any
// length: memory does not grow with it, but for 200 bytes for each row that is
// refused because of what is booked, and for each account that the file touches.
// Errors: *RejectedError, *feed.FileError, those of the store, and of temporary files.
func (e *Engine) Ingest(ctx context.Context, rows iter.Seq2[feed.Row, error], options IngestOptions) (_ Ingested, err error) {
	in := newIngest(e, options)
	defer func() { err = errors.Join(err, in.close()) }()
	if err := in.read(rows); err != nil {
		return in.result, err
	}
	if err := in.decide(ctx); err != nil {
		return in.result, err
	}
	if err := in.rows.Close(); err != nil { // what is booked next needs the room more
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
	rows    *feed.Sorter    // that can be read, by instant
	fresh   *feed.Sorter    // of them, those that are good and new, in that order
	bad     *feed.Sorter    // by line
	refused payment.Refused // of the bad ones, those refused for what is booked
	known   bool            // they were refused when the file came before
	result  Ingested
}

func newIngest(e *Engine, options IngestOptions) *ingest {
	to := feed.SorterOptions{Dir: options.Dir, Rows: options.Rows}
	return &ingest{
		engine: e, options: options, rows: feed.NewSorter(byLife(), to), fresh: feed.NewSorter(nil, to),
		bad: feed.NewSorter(func(a, b *feed.Kept) int { return cmp.Compare(a.Line, b.Line) }, to),
	}
}

// byLife orders rows by their instants, and then as a payment lives.
func byLife() func(a, b *feed.Kept) int {
	order := make(map[payment.Kind]int)
	for i, kind := range payment.Kinds() {
		order[kind] = i
	}
	return func(a, b *feed.Kept) int {
		if c := a.OccurredAt.Compare(b.OccurredAt); c != 0 {
			return c
		}
		return cmp.Compare(order[a.Kind], order[b.Kind])
	}
}

func (in *ingest) close() error {
	return errors.Join(in.rows.Close(), in.fresh.Close(), in.bad.Close())
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
		if fault == nil {
			row.Event = row.Normalize()
			if err := in.engine.checkInstant(row.OccurredAt); err != nil {
				fault = row.Fault(&payment.FieldError{Field: payment.FieldOccurredAt, Err: err})
			}
		}
		into := in.rows
		if fault != nil {
			into = in.bad
		}
		if err := into.Add(feed.Kept{Row: row, Fault: fault}); err != nil {
			return fmt.Errorf("keep line %d: %w", row.Line, err)
		}
	}
	in.refused.File = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// recall finds the rows that were refused when the file came before: what
// was booked since, from the same file too, must not make them good.
func (in *ingest) recall(ctx context.Context) (refused map[int]payment.RefusedRow, err error) {
	err = in.engine.books.Read(ctx, func(r ledger.Reader) error {
		for stored, err := range ledger.RecordsOf[*payment.Refused](ctx, r, payment.RefusedRecord, in.refused.File) {
			if err != nil {
				return err
			}
			in.refused, in.known = *stored, true
			break
		}
		return nil
	})
	refused = make(map[int]payment.RefusedRow, len(in.refused.Rows))
	for _, row := range in.refused.Rows {
		refused[row.Line] = row
	}
	return refused, err
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
	refused, err := in.recall(ctx)
	if err != nil {
		return err
	}
	return in.engine.onTrial(ctx, scratch.Options{Dir: in.options.Dir, Items: 2 * in.options.Rows}, func(trial *ledger.Ledger) error {
		done := 0
		for group, err := range groups(in.rows) {
			if err != nil {
				return err
			}
			done += len(group)
			if group, err = in.setAside(ctx, trial, group, refused); err != nil {
				return err
			}
			if err := in.try(ctx, trial, group); err != nil {
				return err
			}
			in.progress(done)
		}
		return nil
	})
}

// onTrial runs fn with books like the engine's, in which nothing stays.
func (e *Engine) onTrial(ctx context.Context, options scratch.Options, fn func(*ledger.Ledger) error) error {
	return e.books.Read(ctx, func(base ledger.Reader) error {
		store := scratch.New(base, options)
		trial, err := ledger.New(store, ledger.Config{Chart: e.books.Chart(), Clock: e.clock})
		if err == nil {
			err = fn(trial)
		}
		return errors.Join(err, store.Close())
	})
}

// groups gives rows as many together as a transaction books.
func groups(rows *feed.Sorter) iter.Seq2[[]feed.Kept, error] {
	return func(yield func([]feed.Kept, error) bool) {
		group := make([]feed.Kept, 0, min(ingestGroup, rows.Len()))
		for kept, err := range rows.All() {
			if err != nil {
				yield(nil, fmt.Errorf("read rows again: %w", err))
				return
			}
			if group = append(group, kept); len(group) < ingestGroup {
				continue
			}
			if !yield(group, nil) {
				return
			}
			group = group[:0]
		}
		if len(group) > 0 {
			yield(group, nil)
		}
	}
}

// setAside takes those out of a group that were refused when the file came before,
// but for those that are booked by now, from elsewhere.
func (in *ingest) setAside(ctx context.Context, trial *ledger.Ledger, group []feed.Kept, refused map[int]payment.RefusedRow) (rest []feed.Kept, err error) {
	if len(refused) == 0 {
		return group, nil
	}
	for _, kept := range group {
		was, ok := refused[kept.Line]
		if !ok {
			rest = append(rest, kept)
			continue
		}
		fault := errors.New(was.Fault)
		command, outcome := in.engine.command(kept.Event)
		errs, err := trial.DoAll(ctx, &asking{command, outcome})
		switch {
		case err != nil:
			return nil, err
		case errs[0] == nil:
			in.result.Repeated++
			continue
		case errors.Is(errs[0], errFresh):
			fault = fmt.Errorf("%w; so it was when the file came before, and now the row can be taken in a file of its own", fault)
		}
		kept.Fault = &feed.Error{File: kept.File, Line: was.Line, Column: was.Column, Field: was.Field, Err: fault}
		if err := in.bad.Add(kept); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// asking is a command that does nothing, without an error if it was done before.
type asking struct {
	ledger.Command
	outcome func() (repeated, late bool)
}

var errFresh = errors.New("was not booked before")

// Apply implements ledger.Command.
func (a *asking) Apply(s *ledger.State) error {
	if err := a.Command.Apply(s); err != nil {
		return err
	}
	if repeated, _ := a.outcome(); !repeated {
		return errFresh
	}
	return nil
}

// try decides a group on what was decided before it.
func (in *ingest) try(ctx context.Context, trial *ledger.Ledger, group []feed.Kept) error {
	commands, outcomes := in.commands(group)
	errs, err := trial.DoAll(ctx, commands...)
	if err != nil {
		return err
	}
	for i, kept := range group {
		repeated := false
		if errs[i] == nil {
			repeated, _ = outcomes[i]()
		}
		switch {
		case errs[i] != nil:
			err = in.refuse(kept, errs[i])
		case repeated:
			in.result.Repeated++
		default:
			err = in.fresh.Add(kept)
		}
		if err != nil {
			return fmt.Errorf("keep line %d: %w", kept.Line, err)
		}
	}
	return nil
}

// refuse notes a row that is bad because of what is booked.
func (in *ingest) refuse(kept feed.Kept, err error) error {
	fault := kept.Row.Fault(err)
	kept.Fault = fault
	in.refused.Rows = append(in.refused.Rows, payment.RefusedRow{Line: fault.Line, Column: fault.Column, Field: fault.Field, Fault: fault.Err.Error()})
	return in.bad.Add(kept)
}

func (in *ingest) commands(group []feed.Kept) ([]ledger.Command, []func() (repeated, late bool)) {
	commands, outcomes := make([]ledger.Command, len(group)), make([]func() (bool, bool), len(group))
	for i := range group {
		commands[i], outcomes[i] = in.engine.command(group[i].Event)
	}
	return commands, outcomes
}

// report tells about the bad rows, or refuses the file because of them.
func (in *ingest) report() error {
	in.result.Bad = in.bad.Len()
	rejected := &RejectedError{Bad: in.bad.Len()}
	for kept, err := range in.bad.All() {
		switch {
		case err != nil:
			return fmt.Errorf("read bad rows again: %w", err)
		case in.options.BadRow != nil:
			if err := in.options.BadRow(kept.Row, kept.Fault); err != nil {
				return fmt.Errorf("set aside line %d: %w", kept.Line, err)
			}
		case len(rejected.Faults) < faultsListed:
			rejected.Faults = append(rejected.Faults, kept.Fault)
		}
	}
	if len(rejected.Faults) > 0 {
		return rejected
	}
	return nil
}

// book books what was found good, and with the first of it which rows were
// refused. Nothing may be refused now, unless somebody else has written in
// between: then the error says where it stopped.
func (in *ingest) book(ctx context.Context) error {
	remember := len(in.refused.Rows) > 0 && !in.known
	for group, err := range groups(in.fresh) {
		if err != nil {
			return err
		}
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
				return fmt.Errorf("stopped after %d of %d events: %w", in.result.Booked, in.fresh.Len(), group[i].Row.Fault(errs[i]))
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
