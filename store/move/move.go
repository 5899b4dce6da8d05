package move

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// Sentinels a caller may branch on.
var (
	// ErrLanes marks a journal that does not lie in the first lane alone.
	ErrLanes = errors.New("only a journal of one lane can be moved")
	// ErrOther marks a target that holds something else than the beginning of
	// the source. It was not changed.
	ErrOther = errors.New("the target holds other books")
	// ErrChanged marks a source that somebody wrote to meanwhile: run again.
	ErrChanged = errors.New("the source was written to meanwhile")
)

// Stage is a part of a move.
type Stage string

// The stages, in their order.
const (
	Journal Stage = "journal"
	Events  Stage = "events"
	Records Stage = "records"
	Verify  Stage = "verify"
)

// Options adjust a move. The zero value will do.
type Options struct {
	// Begun says that the target is known to be that of an interrupted move. Without
	// it a target is either empty, or holds all of the source already.
	Begun bool
	// Begin is called before the first write to a target that is empty, to note down
	// that a move has begun; nil: nobody is told.
	Begin func(context.Context) error
	// Kept are checkpoints that the journal must continue.
	Kept []ledger.TreeHead
	// Progress is told how far a stage has come; nil: nobody is told. Of the
	// journal items are counted, of the events those, of the records kinds.
	Progress func(stage Stage, done, total uint64)
}

// Moved is what a move came to.
type Moved struct {
	Resumed  uint64 // items of the journal that were there when it began
	Items    uint64 // of the journal
	Blocks   uint64
	Accounts uint64
	Events   uint64
	Records  uint64 // of the rooms above the ledger that were written or removed
	Root     ledger.Hash
}

// Run moves the books of one store to another, and proves that all of them arrived:
// the target verifies, and its journal, accounts, events and records are those of the
// source.
// Errors: ErrLanes, ErrOther, ErrChanged, ledger.ErrCorrupt. After any of them, and
// when ctx ends, what has arrived stays; call it again with Begun to go on.
func Run(ctx context.Context, from, to ledger.Store, o Options) (Moved, error) {
	if o.Progress == nil {
		o.Progress = func(Stage, uint64, uint64) {}
	}
	if o.Begin == nil {
		o.Begin = func(context.Context) error { return nil }
	}
	m := &mover{from: from, to: to, options: o}
	err := from.Read(ctx, func(source ledger.Reader) error { return m.run(ctx, source) })
	if err == nil {
		err = m.unchanged(ctx)
	}
	return m.moved, err
}

// mover is one move.
type mover struct {
	from, to ledger.Store
	options  Options
	source   ledger.Head // of the snapshot that is moved
	moved    Moved
}

func (m *mover) run(ctx context.Context, source ledger.Reader) (err error) {
	if m.source, err = onlyLane(ctx, source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if m.moved.Root, err = ledger.Root(ctx, source, 0, m.source.Blocks); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	begin, err := m.begin(ctx, source)
	if err != nil {
		return err
	}
	if m.moved.Resumed = begin.Seq; begin.Seq == 0 && begin.Events == 0 && !m.options.Begun {
		if err := m.options.Begin(ctx); err != nil {
			return err
		}
	}
	if err := m.journal(ctx, source, begin); err != nil {
		return err
	}
	if err := m.events(ctx, source, begin); err != nil {
		return err
	}
	if err := m.records(ctx, source); err != nil {
		return err
	}
	return m.prove(ctx, source)
}

// onlyLane gives the end of a journal that lies in the first lane alone.
func onlyLane(ctx context.Context, r ledger.Reader) (ledger.Head, error) {
	heads, err := r.Heads(ctx)
	if err != nil {
		return ledger.Head{}, err
	}
	for _, h := range heads {
		if h.Lane > 0 && h.Seq > 0 {
			return h, fmt.Errorf("%w: lane %d has %d items", ErrLanes, h.Lane, h.Seq)
		}
		if h.Lane > 0 && h.Events > 0 {
			return h, fmt.Errorf("%w: lane %d has %d events", ErrLanes, h.Lane, h.Events)
		}
	}
	return heads[0], nil
}

// begin gives the end of what is in the target, which must be where the source
// begins.
func (m *mover) begin(ctx context.Context, source ledger.Reader) (head ledger.Head, err error) {
	err = m.to.Read(ctx, func(target ledger.Reader) error {
		head, err = onlyLane(ctx, target)
		switch {
		case errors.Is(err, ErrLanes):
			return fmt.Errorf("%w: %w", ErrOther, err)
		case err != nil:
			return err
		case head.Seq > m.source.Seq || head.Blocks > m.source.Blocks:
			return fmt.Errorf("%w: it has %d items in %d blocks, the source %d in %d", ErrOther, head.Seq, head.Blocks, m.source.Seq, m.source.Blocks)
		case head.Events > m.source.Events:
			return fmt.Errorf("%w: it has %d events, the source %d", ErrOther, head.Events, m.source.Events)
		}
		if err := sameLog(ctx, source, target, head.Blocks); err != nil {
			return err
		}
		if err := sameEvents(ctx, source, target, head.Events); err != nil {
			return err
		}
		if m.options.Begun {
			return nil
		}
		return m.untouched(ctx, source, target, head)
	})
	if err != nil {
		return head, fmt.Errorf("target: %w", err)
	}
	return head, nil
}

// sameLog wants two journals to have the same first blocks.
func sameLog(ctx context.Context, source, target ledger.Reader, blocks uint64) error {
	want, err := ledger.Root(ctx, source, 0, blocks)
	if err != nil {
		return err
	}
	have, err := ledger.Root(ctx, target, 0, blocks)
	if err == nil && have != want {
		err = fmt.Errorf("%w: its log of %d blocks has the root %v, the source's has %v", ErrOther, blocks, have, want)
	}
	return err
}

// untouched wants a target to be empty or to hold all of the source: any other was
// not begun by a move.
func (m *mover) untouched(ctx context.Context, source, target ledger.Reader, head ledger.Head) error {
	whole := head.Seq == m.source.Seq && head.Events == m.source.Events
	switch {
	case head.Seq == 0 && (!whole || head.Events == 0):
		return empty(ctx, target, head)
	case head.Seq < m.source.Seq:
		return fmt.Errorf("%w: %d of the source's %d items, and no move that is under way", ErrOther, head.Seq, m.source.Seq)
	case head.Events < m.source.Events:
		return fmt.Errorf("%w: %d of the source's %d events, and no move that is under way", ErrOther, head.Events, m.source.Events)
	}
	for _, kind := range kinds() {
		for change, err := range ledger.CompareRecords(ctx, source, target, kind, "") {
			if err == nil {
				err = fmt.Errorf("%w: record %s is not that of the source", ErrOther, change.Ref)
			}
			return err
		}
	}
	return nil
}

// empty wants a target without a journal to have nothing else either.
func empty(ctx context.Context, target ledger.Reader, head ledger.Head) error {
	for _, kind := range kinds() {
		for record, err := range target.Records(ctx, kind, "", "") {
			if err == nil {
				err = fmt.Errorf("%w: it has no journal, but record %s", ErrOther, record.Ref())
			}
			return err
		}
	}
	if head.Events > 0 {
		return fmt.Errorf("%w: it has no journal, but %d events", ErrOther, head.Events)
	}
	return nil
}

// unchanged looks whether the source is still what was moved.
func (m *mover) unchanged(ctx context.Context) error {
	return m.from.Read(ctx, func(now ledger.Reader) error {
		head, err := onlyLane(ctx, now)
		if err == nil && (head.Seq != m.source.Seq || head.Blocks != m.source.Blocks) {
			err = fmt.Errorf("%w: it had %d items and has %d", ErrChanged, m.source.Seq, head.Seq)
		}
		if err == nil && head.Events != m.source.Events {
			err = fmt.Errorf("%w: it had %d events and has %d", ErrChanged, m.source.Events, head.Events)
		}
		return err
	})
}

// prove verifies the target and holds it against the source.
func (m *mover) prove(ctx context.Context, source ledger.Reader) error {
	m.options.Progress(Verify, 0, 1)
	chart, err := payment.Chart() // any would do: what was booked is not held against it
	if err != nil {
		return err
	}
	books, err := ledger.New(m.to, ledger.Config{Chart: chart})
	if err != nil {
		return err
	}
	kept := append([]ledger.TreeHead{{Blocks: m.source.Blocks, Root: m.moved.Root}}, m.options.Kept...)
	v, err := books.Verify(ctx, kept...)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	report := func(f ledger.Finding) { v.Findings = append(v.Findings, f) }
	err = books.Read(ctx, func(target ledger.Reader) error { return m.compare(ctx, source, target, report) })
	if err == nil {
		err = v.Err()
	}
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	m.moved.Items, m.moved.Blocks, m.moved.Accounts, m.moved.Events = v.Entries, v.Blocks, v.Accounts, v.Events
	m.options.Progress(Verify, 1, 1)
	return nil
}

// compare reports in what the target differs from the source.
func (m *mover) compare(ctx context.Context, source, target ledger.Reader, report func(ledger.Finding)) error {
	head, err := onlyLane(ctx, target)
	if err != nil {
		return err
	}
	head.NotBefore = m.source.NotBefore
	if head != m.source {
		report(ledger.Finding{Place: "head", Want: fmt.Sprintf("%+v", m.source), Have: fmt.Sprintf("%+v", head)})
	}
	if err := ledger.CompareAccounts(ctx, source, target, report); err != nil {
		return err
	}
	if err := compareEvents(ctx, source, target, report); err != nil {
		return err
	}
	for _, kind := range append(kinds(), ledger.HoldRecord, ledger.ExpiryRecord, ledger.ReversalRecord) {
		for change, err := range ledger.CompareRecords(ctx, source, target, kind, "") {
			if err != nil {
				return err
			}
			report(ledger.Finding{Place: "record " + change.Ref.String(), Want: "as in the source", Have: "another"})
		}
	}
	return nil
}
