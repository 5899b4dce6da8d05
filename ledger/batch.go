package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Mode says what becomes of a batch when one of its items fails.
type Mode uint8

// The modes. The zero value is none and is refused.
const (
	Atomic      Mode = iota + 1 // all or nothing
	Independent                 // each item for itself
)

// String is the mode in lower case.
func (m Mode) String() string { return name(m, "atomic", "independent") }

// Outcome is what became of one item of a batch.
type Outcome struct {
	Result       // empty when Err is set, and for an Assertion
	Err    error // why the item was not booked, or an Assertion is wrong; nil: all is well
}

// Execute runs a batch of requests in one transaction: one outcome for each, in
// their order. In an Atomic batch the first item that fails carries its error
// and all others one that wraps ErrNotApplied; in an Independent one each item
// sees what those before it did. What the state of the ledger refused burns the
// key of that item alone: a retry gets the same *Failure. Failed makes one error
// of the outcomes.
//
// Errors of an item: *EntryError, *ConflictError, *Failure, ErrNotApplied. The
// error beside them is for the batch as a whole: ErrInvalid for no mode or a
// missing request, ErrIndefinite (retry with the same keys), or that of the
// context or the store, after which nothing was written.
func (l *Ledger) Execute(ctx context.Context, mode Mode, requests ...Request) ([]Outcome, error) {
	b, err := newBatch(mode, requests)
	if err == nil && len(requests) > 0 {
		err = l.Do(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	return b.outcomes, nil
}

// ExecuteTx is Execute inside the caller's transaction: what was booked, and
// keys that were burnt, commit or vanish with it. An item that failed left
// nothing else in the transaction, which stays usable. See bolt.Wrap.
func (l *Ledger) ExecuteTx(ctx context.Context, tx Tx, mode Mode, requests ...Request) ([]Outcome, error) {
	b, err := newBatch(mode, requests)
	if err != nil {
		return nil, err
	}
	errs, err := l.DoTx(ctx, tx, b)
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return b.outcomes, nil
}

// Try is a dry run of Execute on a snapshot: the real path without its save.
// Nothing is written and no key is burnt. Results have the sequences and instants
// they would have got.
func (l *Ledger) Try(ctx context.Context, mode Mode, requests ...Request) ([]Outcome, error) {
	b, err := newBatch(mode, requests)
	if err != nil {
		return nil, err
	}
	err = l.DryRun(ctx, func(apply func(...Command) ([]error, error)) error {
		errs, err := apply(b)
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		return nil, err
	}
	return b.outcomes, nil
}

// one runs a single request.
func (l *Ledger) one(ctx context.Context, r Request) (Result, error) {
	outcomes, err := l.Execute(ctx, Atomic, r)
	if err != nil {
		return Result{}, err
	}
	return outcomes[0].Result, outcomes[0].Err
}

// batch is requests of a caller as a command. Apply accepts the command even
// when items fail, because their keys are burnt: the outcomes tell.
type batch struct {
	mode     Mode
	requests []Request
	outcomes []Outcome
	only     [1]Outcome // of a single request, so that it needs no allocation
	asked    *State     // the last one Need has seen
	spots    []spot     // there, one for each request; nil: a small batch
}

// smallBatch is up to where it costs more to note spots than to look again.
const smallBatch = 8

func newBatch(mode Mode, requests []Request) (*batch, error) {
	if mode != Atomic && mode != Independent {
		return nil, fmt.Errorf("%w: a batch is atomic or independent, not %s", ErrInvalid, mode)
	}
	for i, r := range requests {
		if r == nil {
			return nil, &ItemError{Index: i, Err: fmt.Errorf("%w: request is missing", ErrInvalid)}
		}
	}
	return &batch{mode: mode, requests: requests}, nil
}

func (b *batch) At() time.Time { return time.Time{} }

// Need asks once for what does not depend on what is loaded.
func (b *batch) Need(s *State, n *Need) {
	again := b.asked == s
	if !again {
		b.asked, b.spots = s, nil
		if len(b.requests) > smallBatch {
			b.spots, n.found = make([]spot, len(b.requests)), make([]*place, 0, 2*len(b.requests))
		}
	}
	for i, r := range b.requests {
		if again {
			switch r.(type) {
			case Entry, Hold, AccountChange, PeriodChange:
				continue
			}
		} else if b.spots != nil {
			n.spot = &b.spots[i]
		}
		n.Request(r)
	}
	n.spot, n.found = nil, nil
}

func (b *batch) Apply(s *State) error {
	if b.only = [1]Outcome{}; len(b.requests) == 1 {
		b.outcomes = b.only[:]
	} else {
		b.outcomes = make([]Outcome, len(b.requests))
	}
	decide := b.independent
	if b.mode == Atomic {
		decide = b.atomic
	}
	err := decide(s)
	b.asked, b.spots = nil, nil // outcomes are kept by callers, and may keep b: not the state too
	return err
}

func (b *batch) independent(s *State) error {
	for i, r := range b.requests {
		err := b.execute(s, i)
		if err == nil {
			continue
		}
		if errors.Is(err, ErrCorrupt) { // what stands behind it would be decided on the same data
			return err
		}
		b.outcomes[i].Err = err
		if err := s.freeze(r, err); err != nil {
			return err
		}
	}
	return nil
}

// execute runs one request and notes its result. Spots are good for the state
// they were found in.
func (b *batch) execute(s *State, i int) error {
	var at spot
	if b.asked == s && b.spots != nil {
		at = b.spots[i]
	}
	item, replayed, err := s.execute(b.requests[i], at)
	if item != nil {
		out := &b.outcomes[i]
		out.Booked, out.Replayed = *item, replayed
	}
	return err
}

func (b *batch) atomic(s *State) error {
	failed := -1
	err := s.attempt(func() error {
		for i := range b.requests {
			if err := b.execute(s, i); err != nil {
				failed = i
				return err
			}
		}
		return nil
	})
	if failed < 0 || errors.Is(err, ErrCorrupt) {
		return err
	}
	because := (&ItemError{Index: failed, Err: err}).Error() // as text: only the item that failed is what its error says
	for i := range b.outcomes {
		b.outcomes[i] = Outcome{Err: fmt.Errorf("%w because of %s", ErrNotApplied, because)}
	}
	b.outcomes[failed].Err = err
	return s.freeze(b.requests[failed], err)
}

// freeze burns the key of a request that the state refused, if it is not burnt
// already.
func (s *State) freeze(r Request, err error) error {
	var failure *Failure
	if !errors.As(err, &failure) || failure.Frozen || failure.Key == "" {
		return nil
	}
	return s.burn(r, failure)
}
