package settlex

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Route says what leaves by a rail: payouts by their merchant, region, currency and
// method, settlement batches by their merchant, region and currency. The narrowest scope
// wins, as it does for schedules; what no route is for is left to others, who report it.
type Route struct {
	Rail payment.Rail
	For  []merchant.Scope // at least one
}

// routes are those of an engine.
type routes struct {
	rails  []payment.Rail
	scopes [][]merchant.Scope
	id     string // of what they are for: another one means to look at everything again
}

// newRoutes checks and takes routes.
func newRoutes(list []Route) (routes, error) {
	var r routes
	owner := make(map[merchant.Scope]string)
	hash := sha256.New()
	for i, route := range list {
		if route.Rail == nil {
			return r, fmt.Errorf("settlex: route %d has no rail", i)
		}
		name := route.Rail.Name()
		if err := merchant.CheckID(name); err != nil {
			return r, fmt.Errorf("settlex: rail %q: %w", name, err)
		}
		if r.rail(name) != nil {
			return r, fmt.Errorf("settlex: rail %s is there twice", name)
		}
		if len(route.For) == 0 {
			return r, fmt.Errorf("settlex: rail %s is for nothing", name)
		}
		for _, scope := range route.For {
			if other, taken := owner[scope]; taken {
				return r, fmt.Errorf("settlex: rails %s and %s are both for %s", other, name, scope)
			}
			owner[scope] = name
			_, _ = fmt.Fprintf(hash, "%s\x00%s\x00%s\x00%s\x00", scope.Merchant, scope.Region, scope.Currency, scope.Method) // a hash takes everything
		}
		r.rails, r.scopes = append(r.rails, route.Rail), append(r.scopes, route.For)
	}
	r.id = hex.EncodeToString(hash.Sum(nil)[:8])
	return r, nil
}

// rail finds a rail by its name; nil: there is none.
func (r *routes) rail(name string) payment.Rail {
	for _, rail := range r.rails {
		if rail.Name() == name {
			return rail
		}
	}
	return nil
}

// way finds the rail that a case leaves by; nil: none.
func (r *routes) way(c merchant.Scope) payment.Rail {
	if i, ok := merchant.NarrowestOf(r.scopes, c); ok {
		return r.rails[i]
	}
	return nil
}

// together is the command that does several as one: all of them or none.
type together struct {
	at       time.Time
	commands []ledger.Command
	needs    []ledger.Ref                // what then touches
	then     func(s *ledger.State) error // after the commands; nil: nothing more
}

func (t *together) At() time.Time { return t.at }

func (t *together) Need(s *ledger.State, n *ledger.Need) {
	for _, ref := range t.needs {
		n.Record(ref)
	}
	for _, c := range t.commands {
		c.Need(s, n)
	}
}

func (t *together) Apply(s *ledger.State) error {
	for i, c := range t.commands {
		if err := c.Apply(s); err != nil {
			return &memberError{i, err}
		}
	}
	if t.then == nil {
		return nil
	}
	return t.then(s)
}

// memberError says which of the commands was refused.
type memberError struct {
	index int
	err   error
}

func (e *memberError) Error() string { return e.err.Error() }
func (e *memberError) Unwrap() error { return e.err }

// record reads a record by its name; the zero value if there is none.
func record[T ledger.Record](ctx context.Context, r ledger.Reader, ref ledger.Ref) (found T, err error) {
	for one, err := range r.Records(ctx, ref.Kind, ref.ID, ref.ID) {
		if err != nil {
			return found, err
		}
		if one.Ref() != ref {
			break
		}
		typed, ok := one.(T)
		if !ok {
			return found, fmt.Errorf("%w: record %s is a %T", ledger.ErrCorrupt, ref, one)
		}
		return typed, nil
	}
	return found, nil
}

// handed is what a rail may ask about what it was handed.
type handed struct {
	books *ledger.Ledger
	rail  string
}

// Submission implements payment.Handed.
func (h *handed) Submission(ctx context.Context, message string) (found *payment.Submission, err error) {
	err = h.books.Read(ctx, func(r ledger.Reader) error {
		for _, ref := range submissionRefs(&payment.Submission{Rail: h.rail, Message: message}) {
			found, err = record[*payment.Submission](ctx, r, ref)
			if err != nil || found != nil {
				return err
			}
		}
		return fmt.Errorf("message %q of rail %s is %w", message, h.rail, payment.ErrUnknown)
	})
	return found, err
}

// Instructions implements payment.Handed.
func (h *handed) Instructions(ctx context.Context, s *payment.Submission) ([]payment.Instruction, error) {
	list := make([]payment.Instruction, 0, len(s.Instructions))
	err := h.books.Read(ctx, func(r ledger.Reader) error {
		for _, id := range s.Instructions {
			one, err := record[*payment.Instruction](ctx, r, payment.InstructionRef(id))
			if err == nil && one == nil {
				err = fmt.Errorf("%w: instruction %s of submission %s is not there", ledger.ErrCorrupt, id, s.Message)
			}
			if err != nil {
				return err
			}
			list = append(list, *one)
		}
		return nil
	})
	return list, err
}

// Open implements payment.Handed.
func (h *handed) Open(ctx context.Context) iter.Seq2[*payment.Submission, error] {
	return open(ctx, h.books, h.rail+"/")
}

// open yields the submissions of which something is open, of a rail or, with an empty
// prefix, of all. They are read before the first is yielded, so that whoever gets
// one may write.
func open(ctx context.Context, books *ledger.Ledger, prefix string) iter.Seq2[*payment.Submission, error] {
	return func(yield func(*payment.Submission, error) bool) {
		var found []*payment.Submission
		err := books.Read(ctx, func(r ledger.Reader) error {
			found = nil
			for s, err := range ledger.RecordsOf[*payment.Submission](ctx, r, payment.SubmissionRecord, prefix) {
				if err != nil {
					return err
				}
				found = append(found, s)
			}
			return nil
		})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, s := range found {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// submissionRefs are where a submission may be: while something of it is open, and when
// nothing more is expected. An answer may be quicker than whoever handed it over.
func submissionRefs(s *payment.Submission) []ledger.Ref {
	open := payment.SubmissionRef(s.Rail, s.Message)
	return []ledger.Ref{open, {Kind: payment.SubmissionEndRecord, ID: open.ID}}
}

// change puts a submission, wherever it is, as it is after something that was told of it.
func change(s *ledger.State, refs []ledger.Ref, edit func(*payment.Submission) error) error {
	for _, ref := range refs {
		stored, ok := s.Record(ref).(*payment.Submission)
		if !ok {
			continue
		}
		changed := *stored
		if err := edit(&changed); err != nil {
			return err
		}
		if changed.Ref() != ref {
			s.Delete(ref)
		}
		s.Put(&changed)
		return nil
	}
	return fmt.Errorf("%w: submission %s is not there", ledger.ErrCorrupt, refs[0].ID)
}

// joinNamed adds an error, with the name of what it is about, to others.
func joinNamed(faults error, name string, err error) error {
	if err == nil {
		return faults
	}
	return errors.Join(faults, fmt.Errorf("%s: %w", name, err))
}
