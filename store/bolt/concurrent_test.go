package bolt_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// Callers that come together share commits, and each gets its own outcome: the
// limited account is never overdrawn, whoever comes first.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const callers, each = 16, 30
	books := bolttest.Books(t, config(t).Chart)
	mustPost(t, books, sale("float", callers*each/2*10))
	var paid, refused atomic.Int64
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			for j := range each {
				key := fmt.Sprintf("%d-%d", i, j)
				results, err := books.Post(t.Context(), payout(key, 10))
				switch {
				case errors.Is(err, ledger.ErrInsufficientFunds):
					refused.Add(1)
					continue
				case err != nil:
					t.Errorf("%s: %v", key, err)
					return
				}
				paid.Add(1)
				if results[0].Key != key {
					t.Errorf("%s was given the result of %s", key, results[0].Key)
				}
				if again, err := books.Post(t.Context(), payout(key, 10)); err != nil || !again[0].Replayed || again[0].Seq != results[0].Seq {
					t.Errorf("%s again: %+v, %v", key, again, err)
				}
			}
		})
	}
	wait.Wait()
	if paid.Load() != callers*each/2 || refused.Load() != callers*each/2 {
		t.Errorf("%d were paid and %d refused, want half of %d each", paid.Load(), refused.Load(), callers*each)
	}
	wantPosted(t, books, available, "0.00")
}

// Reading and verifying go on beside writers, on a snapshot that does not
// change, and disturb nobody.
func TestVerifyBesideWriters(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for j := range 20 {
				if _, err := h.books.Post(t.Context(), many(1+j%7, fmt.Sprintf("%d-%d-", i, j))...); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Go(func() {
		for i := range 10 {
			h.update(t, func(tx *bbolt.Tx) error {
				_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale(fmt.Sprint("host-", i), 1))
				return errors.Join(err, order(tx, fmt.Sprint(i)))
			})
		}
	})
	for range 2 {
		readers.Go(func() {
			for last := uint64(0); ; {
				v, err := h.books.Verify(t.Context())
				if err != nil || len(v.Findings) > 0 || v.Entries < last {
					t.Errorf("%+v, %v after %d entries", v, err, last)
					return
				}
				last = v.Entries
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	readers.Go(func() {
		for {
			total, err := h.books.TrialBalance(t.Context())
			if err != nil || !total.Balanced() {
				t.Errorf("trial balance %+v, %v", total, err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	writers.Wait()
	close(done)
	readers.Wait()
}

// A reader's snapshot stays as it was while others write, however long it
// takes; it may even post itself.
func TestPostWhileReading(t *testing.T) {
	t.Parallel()
	books := bolttest.Books(t, config(t).Chart)
	mustPost(t, books, many(50, "s")...)
	seen := 0
	for line, err := range books.Lines(t.Context(), available, inr(), ledger.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen++
		mustPost(t, books, sale("again "+line.Entry.Key, 1))
	}
	if seen != 50 {
		t.Errorf("saw %d lines, want the 50 there were at the beginning", seen)
	}
	wantPosted(t, books, available, "1.00")
}
