package bolt_test

import (
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// What runs hold is dropped from memory, also where only the host ever writes.
func TestHostsTailsAreDropped(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	most := 0
	for i := range 200 {
		h.update(t, func(tx *bbolt.Tx) error {
			_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale(fmt.Sprintf("s%d", i), 100))
			return err
		})
		most = max(most, bolt.Tails(h.db))
	}
	if most > 6 {
		t.Errorf("%d tails are kept", most)
	}
}

// A host that begins while a commit of the ledger's own is being taken over does
// not get in its way.
func TestHostBesideLedger(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 150 && err == nil; i++ {
			err = h.db.Update(func(tx *bbolt.Tx) error {
				_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale(fmt.Sprintf("host%d", i), 1))
				return err
			})
		}
		done <- err
	}()
	for i := range 150 {
		mustPost(t, h.books, sale(fmt.Sprintf("own%d", i), 1))
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A store that is closed answers nothing any more, least of all from memory.
func TestAccountOfClosedStore(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, books, sale("s1", 100))
	if _, ok, err := books.Account(t.Context(), bank, inr()); !ok || err != nil {
		t.Fatalf("account: %t, %v", ok, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if a, ok, err := books.Account(t.Context(), bank, inr()); err == nil {
		t.Errorf("account of a closed store: %v, %t", a.Balance, ok)
	}
}

// With more keys than the filter may hold, and after opening again, no key is
// taken twice.
func TestKeysBeyondMemory(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	options := bolttest.Small()
	options.KeyMemory = 1 // nothing fits
	for range 3 {
		store, err := bolt.Open(path, options)
		if err != nil {
			t.Fatal(err)
		}
		books, err := ledger.New(store, config(t))
		if err != nil {
			t.Fatal(err)
		}
		before, err := headOf(t.Context(), books)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			mustPost(t, books, sale(fmt.Sprint("k", i), 100))
		}
		after, err := headOf(t.Context(), books)
		if err != nil {
			t.Fatal(err)
		}
		if before.Seq > 0 && after != before {
			t.Errorf("replays were booked: %d items became %d", before.Seq, after.Seq)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
