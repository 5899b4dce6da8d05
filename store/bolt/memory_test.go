package bolt_test

import (
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/store/bolt"
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
