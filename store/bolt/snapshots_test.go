package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// While writers of ours and a host's write as fast as they can, and everything
// is flushed and merged all the time, each snapshot says by its indexes what its
// own journal says, now and when it is old.
func TestReadsBesideWriters(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true, InitialMmapSize: 1 << 28})
	h.books = bolttest.On(t, h.store, config(t))
	rounds := 250
	if testing.Short() {
		rounds = 60
	}
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for i := range 2 {
		writers.Go(func() { writeAll(t, h, i, rounds) })
	}
	writers.Go(func() { hostAll(t, h, rounds) })
	for i := range 3 {
		readers.Go(func() {
			source := rand.New(rand.NewPCG(7, uint64(i)))
			for last := uint64(0); ; {
				var err error
				if last, err = readOnce(t.Context(), h, source, last); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	readers.Go(func() { watchAccount(t, h, done) })
	writers.Wait()
	close(done)
	readers.Wait()
}

func drawn(source *rand.Rand, key string) ledger.Entry {
	e := transfer(key, "sale", bank, fmt.Sprintf("merchants/m%d/available", source.IntN(9)), 1+source.Int64N(900))
	e.ValueDate = march(1 + source.IntN(2))
	e.Reference = []string{"", "r1", keyCollides[0], keyCollides[1]}[source.IntN(4)]
	return e
}

func writeAll(t *testing.T, h *host, writer, rounds int) {
	t.Helper()
	source := rand.New(rand.NewPCG(1, uint64(writer)))
	for n := range rounds {
		entries := make([]ledger.Entry, 1+source.IntN(6))
		for i := range entries {
			entries[i] = drawn(source, fmt.Sprint(writer, "-", n, "-", i))
		}
		if _, err := h.books.Post(t.Context(), entries...); err != nil {
			t.Error(err)
			return
		}
	}
}

func hostAll(t *testing.T, h *host, rounds int) {
	t.Helper()
	source := rand.New(rand.NewPCG(2, 1))
	for n := range rounds {
		end := error(nil)
		if n%3 == 0 {
			end = errHost
		}
		err := h.db.Update(func(tx *bbolt.Tx) error {
			for call := range 1 + n%3 {
				if _, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), drawn(source, fmt.Sprint("host-", n, "-", call))); err != nil {
					return err
				}
			}
			return end
		})
		if !errors.Is(err, end) {
			t.Error(err)
			return
		}
	}
}

// readOnce compares a snapshot with its journal twice, with others writing in
// between, and makes sure that it is not older than the one before.
func readOnce(ctx context.Context, h *host, source *rand.Rand, last uint64) (seq uint64, err error) {
	err = h.books.Read(ctx, func(r ledger.Reader) error {
		ours := r.(*bolt.Tx) //nolint:errcheck // it panics
		says, err := newNaive(ctx, ours)
		if err != nil {
			return err
		}
		if seq = says.head.Seq; seq < last {
			return fmt.Errorf("a snapshot of item %d follows one of item %d", seq, last)
		}
		which := source.IntN(6)
		for range 2 {
			if err := says.check(ctx, ours, func(i int) bool { return i == which }); err != nil {
				return err
			}
			if ours = bolt.Wrap(ours.Bolt()); source.IntN(3) > 0 {
				return nil
			}
		}
		return nil
	})
	return seq, err
}

// watchAccount: an account never goes back, and stands as some snapshot says.
func watchAccount(t *testing.T, h *host, done <-chan struct{}) {
	t.Helper()
	last := ledger.Balance{}
	for {
		a, _, err := h.books.Account(t.Context(), bank, inr())
		if err != nil || a.Seq < last.Seq || a.Debits.Cmp(last.Debits) < 0 {
			t.Errorf("after %+v the account is %+v, %v", last, a.Balance, err)
			return
		}
		last = a.Balance
		select {
		case <-done:
			return
		default:
		}
	}
}
