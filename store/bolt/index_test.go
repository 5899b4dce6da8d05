package bolt_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// offByOne is a store that reads a minor unit more than is stored, as one with a
// cache that is behind the file would.
type offByOne struct{ ledger.Store }

func (o offByOne) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return o.Store.Write(ctx, func(tx ledger.Tx) error { return fn(offByOneTx{tx}) })
}

type offByOneTx struct{ ledger.Tx }

func (o offByOneTx) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	if err := o.Tx.Load(ctx, need, s); err != nil {
		return err
	}
	for _, id := range slices.Concat(need.Moved, need.Accounts) {
		if a, ok := s.Account(id); ok {
			var err error
			if a.Credits, err = a.Credits.Add(money.Minor(1)); err != nil {
				return err
			}
			s.PutAccount(id, &a)
		}
	}
	return nil
}

// Totals that are not what is in the file and what the block adds to it are not
// written.
func TestTotalsDoNotAddUp(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	books := bolttest.On(t, store, config(t))
	mustPost(t, books, sale("s1", 100))
	wrong, err := ledger.New(offByOne{store}, config(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = wrong.Post(t.Context(), sale("s2", 100))
	if !errors.Is(err, ledger.ErrCorrupt) || errors.Is(err, ledger.ErrIndefinite) {
		t.Errorf("error is %v, want ErrCorrupt", err)
	}
	mustPost(t, books, sale("s2", 100))
	wantPosted(t, books, available, "2.00")
}
