package bolt_test

import (
	"bytes"
	"errors"
	"maps"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// What is stored and has to be read to save may be damaged. Nothing of a save
// that comes across it is written, not even when somebody commits all the same.
func TestSaveRefusedWritesNothing(t *testing.T) {
	t.Parallel()
	hold := func(key string) ledger.Hold {
		return ledger.Hold{Key: key, Kind: "hold", Postings: sale("", 100).Postings}
	}
	tests := map[string]string{"the sum of the holds": "records/ledger_hold", "the list of runs": "runs"}
	for name, key := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newDamaged(t, nil)
			mustPost(t, h.books, sale("s0", 100))
			var was []byte
			h.plant(t, "meta", func(b *bbolt.Bucket) error {
				was = bytes.Clone(b.Get([]byte(key)))
				return b.Put([]byte(key), []byte("x"))
			})
			before := h.dump(t)
			err := h.books.Write(t.Context(), func(tx ledger.Tx) error {
				for range 2 {
					if _, err := h.books.ExecuteTx(t.Context(), tx, ledger.Atomic, hold("h1")); !errors.Is(err, ledger.ErrCorrupt) {
						t.Errorf("holding: %v, want ErrCorrupt", err)
					}
				}
				return nil // as if nothing had happened
			})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(h.dump(t), before) {
				t.Error("the file has changed")
			}
			h.update(t, func(tx *bbolt.Tx) error { // a host that goes on in the same way
				if _, err := h.books.ExecuteTx(t.Context(), bolt.Wrap(tx), ledger.Atomic, hold("h1")); !errors.Is(err, ledger.ErrCorrupt) {
					t.Errorf("holding: %v, want ErrCorrupt", err)
				}
				return nil
			})
			h.plant(t, "meta", func(b *bbolt.Bucket) error {
				if was == nil {
					return b.Delete([]byte(key))
				}
				return b.Put([]byte(key), was)
			})
			if _, ok, err := h.books.Entry(t.Context(), "h1"); ok || err != nil {
				t.Errorf("the hold is there: %t, %v", ok, err)
			}
		})
	}
}
