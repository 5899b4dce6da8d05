package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/ledger"
)

// ErrNotFresh marks a ledger that holds something else than the beginning of
// this import.
var ErrNotFresh = errors.New("ledger holds something else already")

// batch is how many requests are booked in one transaction.
const batch = 1000

// Booked counts what an import came to.
type Booked struct {
	New      uint64 // entries booked by this call
	Replayed uint64 // entries that an earlier one had booked
	Names    uint64 // accounts whose name in the journal was kept as metadata
}

// Book books the journal into a ledger that is empty, or that an earlier call
// was booking it into: then it goes on where that one stopped, and what is there
// is left as it is. Entries are booked in the order of the journal, 1,000 in a
// transaction, each durable before the next begins. Before them come the names
// of accounts that are not their path, as the account's metadata "name".
// progress may be nil.
//
// If the ledger's chart has limits, or dates are closed, everything is first
// tried without writing; memory grows with the journal then.
//
// Errors: *FaultsError for accounts that the ledger's chart does not have,
// ErrNotFresh, ErrChanged, and those of Ledger.Execute, among them
// ledger.ErrIndefinite: call again.
func (j *Journal) Book(ctx context.Context, books *ledger.Ledger, progress func(done, total uint64)) (Booked, error) {
	unfit := &faults{}
	j.fits(books.Chart(), unfit)
	if err := unfit.err(j.Summary.Files); err != nil {
		return Booked{}, err
	}
	strict, err := j.look(ctx, books)
	if err != nil {
		return Booked{}, err
	}
	if strict || limited(books.Chart()) {
		if err := j.rehearse(ctx, books); err != nil {
			return Booked{}, err
		}
	}
	var out Booked
	for requests, err := range j.batches(ctx) {
		if err != nil {
			return out, err
		}
		outcomes, err := books.Execute(ctx, ledger.Atomic, requests...)
		if err == nil {
			err = ledger.Failed(outcomes)
		}
		if err != nil {
			return out, fmt.Errorf("book entries from %d on: %w", out.New+out.Replayed+1, err)
		}
		out.add(outcomes)
		if progress != nil {
			progress(out.New+out.Replayed, j.Summary.Entries)
		}
	}
	return out, nil
}

func (b *Booked) add(outcomes []ledger.Outcome) {
	for i := range outcomes {
		switch o := &outcomes[i]; {
		case o.Act == ledger.Changed:
			b.Names++
		case o.Replayed:
			b.Replayed++
		default:
			b.New++
		}
	}
}

// look wants everything in the ledger to be the beginning of this import.
// strict tells that dates are closed.
func (j *Journal) look(ctx context.Context, books *ledger.Ledger) (strict bool, err error) {
	err = books.Read(ctx, func(r ledger.Reader) error {
		head, err := ledger.Together(ctx, r)
		if err != nil || head.Seq == 0 {
			return err
		}
		strict = !head.Closed.IsZero()
		next, stop := iter.Pull2(j.requests(ctx))
		defer stop()
		for item, err := range ledger.Journal(ctx, r, nil) {
			if err != nil {
				return err
			}
			request, err, more := next()
			if err != nil {
				return err
			}
			if key := keyOf(request); !more || item.Key != key {
				return fmt.Errorf("%w: item %d, %s %q, is not of this import", ErrNotFresh, item.Seq, item.Act, item.Key)
			}
		}
		return nil
	})
	return strict, err
}

func keyOf(r ledger.Request) string {
	switch r := r.(type) {
	case ledger.Entry:
		return r.Key
	case ledger.AccountChange:
		return r.Key
	}
	return ""
}

// rehearse runs the whole import without writing.
func (j *Journal) rehearse(ctx context.Context, books *ledger.Ledger) error {
	return books.DryRun(ctx, func(apply func(...ledger.Command) ([]error, error)) error {
		for requests, err := range j.batches(ctx) {
			if err != nil {
				return err
			}
			errs, err := apply(&rehearsal{requests})
			if err := errors.Join(append(errs, err)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// rehearsal is a command that books requests, all or none.
type rehearsal struct{ requests []ledger.Request }

// At is now.
func (*rehearsal) At() time.Time { return time.Time{} }

// Need asks for what the requests touch.
func (r *rehearsal) Need(_ *ledger.State, n *ledger.Need) {
	for _, request := range r.requests {
		n.Request(request)
	}
}

// Apply books them.
func (r *rehearsal) Apply(s *ledger.State) error {
	for _, request := range r.requests {
		if _, err := s.Execute(request); err != nil {
			return err
		}
	}
	return nil
}

// batches cuts the requests up. A slice is good until the next one.
func (j *Journal) batches(ctx context.Context) iter.Seq2[[]ledger.Request, error] {
	return func(yield func([]ledger.Request, error) bool) {
		var requests []ledger.Request
		for request, err := range j.requests(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if requests = append(requests, request); len(requests) < batch {
				continue
			}
			if !yield(requests, nil) {
				return
			}
			requests = nil
		}
		if len(requests) > 0 {
			yield(requests, nil)
		}
	}
}

// requests are everything that an import books, in order.
func (j *Journal) requests(ctx context.Context) iter.Seq2[ledger.Request, error] {
	return func(yield func(ledger.Request, error) bool) {
		for _, change := range j.names() {
			if !yield(change, nil) {
				return
			}
		}
		for entry, err := range j.Entries(ctx) {
			if !yield(entry, err) {
				return
			}
		}
	}
}

// names are the changes that keep names which are not their path.
func (j *Journal) names() []ledger.AccountChange {
	if j.Summary.Own {
		return nil // a path says its name
	}
	names := make(map[string]string)
	for _, a := range j.accounts {
		if strings.ReplaceAll(a.name, ":", "/") != a.path {
			names[a.path] = a.name
		}
	}
	var out []ledger.AccountChange
	for id := range j.balances {
		name, ok := names[id.Path]
		if !ok {
			continue
		}
		digest := sha256.Sum256([]byte(id.String()))
		out = append(out, ledger.AccountChange{
			Key: "import/name/" + hex.EncodeToString(digest[:16]), Kind: j.options.Kind, Account: id.Path, Currency: id.Currency,
			Metadata: []ledger.Attribute{{Name: "name", Value: name}},
		})
	}
	slices.SortFunc(out, func(a, b ledger.AccountChange) int {
		return ledger.AccountID{Path: a.Account, Currency: a.Currency}.Compare(ledger.AccountID{Path: b.Account, Currency: b.Currency})
	})
	return out
}
