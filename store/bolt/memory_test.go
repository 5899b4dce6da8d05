package bolt_test

import (
	"errors"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// How an account stands is told without a snapshot when the memory knows it for
// sure: from a write of ours on until a host saves something, whatever becomes of
// that.
func TestCurrentAccount(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	id := ledger.AccountID{Path: available, Currency: inr()}
	stands := func(minor int64) {
		t.Helper()
		a, known, err := h.store.CurrentAccount(t.Context(), id)
		switch {
		case err != nil:
			t.Fatal(err)
		case known != (minor >= 0):
			t.Errorf("known: %t, want %t", known, minor >= 0)
		case known && a.Credits != money.Minor(minor):
			t.Errorf("it has %s, want %d", a.Credits, minor)
		}
	}
	const unknown = -1
	stands(unknown)
	mustPost(t, h.books, sale("s1", 1))
	stands(1)
	err := h.db.Update(func(tx *bbolt.Tx) error {
		_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("s2", 1))
		stands(unknown)
		return errors.Join(err, errHost)
	})
	if !errors.Is(err, errHost) {
		t.Fatal(err)
	}
	stands(unknown)
	mustPost(t, h.books, sale("s3", 1))
	stands(2)
	if err := h.inHost(sale("s4", 1)); err != nil {
		t.Fatal(err)
	}
	stands(unknown)
	mustDo(t, h.books, put(known("m1", "Asha"))) // which looks at no account
	stands(unknown)
	mustPost(t, h.books, sale("s5", 1))
	stands(4)
	mustPost(t, h.books, sale("s5", 1))
	stands(4)
}
