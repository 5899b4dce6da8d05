package payment_test

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/scratch"
)

// inside is a store in a transaction of another one: what is committed here is undone
// with that. It counts what is saved, and remembers what it has read until then.
type inside struct {
	tx    ledger.Tx
	tries bool // each transaction beforehand, for it may fail after it has saved something
	saves int
	saved func(*ledger.Changes)      // is told of all of it; nil: nobody is
	read  map[string][]ledger.Record // by kind
}

// errHalf marks what nothing would undo.
var errHalf = errors.New("a transaction failed after it had saved something")

// Write implements ledger.Store.
func (s *inside) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if s.tries {
		trial := scratch.New(s.view(), scratch.Options{})
		if err := errors.Join(trial.Write(ctx, fn), trial.Close()); err != nil {
			return err
		}
	}
	saves := s.saves
	err := fn(s.view())
	if err != nil && s.saves > saves {
		return errors.Join(errHalf, err)
	}
	return err
}

// Read implements ledger.Store.
func (s *inside) Read(_ context.Context, fn func(ledger.Reader) error) error { return fn(s.view()) }

func (s *inside) view() insideTx { return insideTx{Tx: s.tx, store: s} }

// insideTx is the transaction, seen through the store.
type insideTx struct {
	ledger.Tx
	store *inside
}

// Save implements ledger.Tx.
func (t insideTx) Save(ctx context.Context, c *ledger.Changes) error {
	t.store.saves++
	t.store.read = nil
	if t.store.saved != nil {
		t.store.saved(c)
	}
	return t.Tx.Save(ctx, c)
}

// Records implements ledger.Reader.
func (t insideTx) Records(ctx context.Context, kind, prefix, from string) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		records, err := t.store.records(ctx, kind)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, r := range records {
			if id := r.Ref().ID; strings.HasPrefix(id, prefix) && id >= from && !yield(r, nil) {
				return
			}
		}
	}
}

// records are all of a kind.
func (s *inside) records(ctx context.Context, kind string) ([]ledger.Record, error) {
	if known, ok := s.read[kind]; ok {
		return known, nil
	}
	var all []ledger.Record
	for r, err := range s.tx.Records(ctx, kind, "", "") {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if s.read == nil {
		s.read = make(map[string][]ledger.Record)
	}
	s.read[kind] = all
	return all, nil
}
