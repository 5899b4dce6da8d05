package storetest_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/storetest"
)

// every counts calls and picks out some.
type every struct{ calls atomic.Int64 }

func (e *every) nth(n int64) bool { return e.calls.Add(1)%n == 0 }

// staleReads is a store that answers some reads from an old snapshot.
type staleReads struct {
	ledger.Store
	every
	old atomic.Value
}

func (s *staleReads) Read(ctx context.Context, fn func(ledger.Reader) error) error {
	if s.nth(5) {
		if old, ok := s.old.Load().(ledger.Reader); ok {
			return fn(old)
		}
	}
	return s.Store.Read(ctx, func(r ledger.Reader) error {
		if s.calls.Load()%40 == 1 { // a snapshot of a Memory outlives its transaction
			s.old.Store(r)
		}
		return fn(r)
	})
}

// lostWrites is a store that acknowledges some writes and forgets them.
type lostWrites struct {
	ledger.Store
	every
}

var errLost = errors.New("lost")

func (s *lostWrites) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	lose := s.nth(20)
	err := s.Store.Write(ctx, func(tx ledger.Tx) error {
		if err := fn(tx); err != nil || !lose {
			return err
		}
		return errLost
	})
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// freeKeys is a store that forgets who took some keys.
type freeKeys struct {
	ledger.Store
	every
}

func (s *freeKeys) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return s.Store.Write(ctx, func(tx ledger.Tx) error {
		if s.nth(4) {
			return fn(forgetful{tx})
		}
		return fn(tx)
	})
}

type forgetful struct{ ledger.Tx }

func (f forgetful) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	err := f.Tx.Load(ctx, need, s)
	for _, key := range need.Keys {
		s.PutKey(key, nil)
	}
	return err
}

// halfRollbacks is a store that commits some of what was to be rolled back.
type halfRollbacks struct {
	ledger.Store
	every
}

func (s *halfRollbacks) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	var failed error
	err := s.Store.Write(ctx, func(tx ledger.Tx) error {
		if failed = fn(tx); failed != nil && s.nth(3) {
			return nil
		}
		return failed
	})
	return errors.Join(err, failed)
}

// A checker that finds nothing proves nothing: each of these stores breaks a
// promise, and its history must not be linearizable.
func TestHistoriesOfBrokenStores(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(ledger.Store) ledger.Store{
		"stale reads":    func(s ledger.Store) ledger.Store { return &staleReads{Store: s} },
		"lost writes":    func(s ledger.Store) ledger.Store { return &lostWrites{Store: s} },
		"free keys":      func(s ledger.Store) ledger.Store { return &freeKeys{Store: s} },
		"half rollbacks": func(s ledger.Store) ledger.Store { return &halfRollbacks{Store: s} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) { // one of them is enough
				history := storetest.RecordHistory(t, wrap(storetest.NewMemory()), seed)
				ok, err := history.Linearizable()
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					return
				}
			}
			t.Error("the histories are linearizable")
		})
	}
}
