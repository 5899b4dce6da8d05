// Package bolttest gives tests a ledger on a bolt file of their own, and ends
// each of them with Verify.
//
//	func TestSale(t *testing.T) {
//		t.Parallel()
//		books := bolttest.Books(t, chart)
//		_, err := books.Post(t.Context(), sale)
//		...
//	}
//
// Whatever a test did, its books must be sound afterwards: a test whose Verify
// finds anything fails. A test that damages its file on purpose opens it with
// bolt.Open itself.
package bolttest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// Small is options by which every few items are flushed and runs are merged, so
// that a test of a few entries goes through all of it.
func Small() bolt.Options { return bolt.Options{RunItems: 3} }

// Open opens a store in a new file below t.TempDir and closes it when the test
// ends.
func Open(t testing.TB) *bolt.Store {
	t.Helper()
	return OpenFile(t, filepath.Join(t.TempDir(), "ledger.db"))
}

// OpenFile is Open for a file the test chose, such as one it opens again.
// Closing the store earlier is allowed.
func OpenFile(t testing.TB, path string) *bolt.Store {
	t.Helper()
	store, err := bolt.Open(path, Small())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close %s: %v", path, err)
		}
	})
	return store
}

// Books keeps books on a store of their own and verifies them when the test
// ends. Tests that set a clock, or need the store, use On.
func Books(t testing.TB, chart *ledger.Chart) *ledger.Ledger {
	t.Helper()
	return On(t, Open(t), ledger.Config{Chart: chart})
}

// On keeps books on a store and verifies them when the test ends, before the
// store is closed. A test that closes the store itself opens the file again,
// and the books on that store are verified.
func On(t testing.TB, store ledger.Store, config ledger.Config) *ledger.Ledger {
	t.Helper()
	books, err := ledger.New(store, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v, err := books.Verify(context.Background()) // t.Context is over by now
		if !errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
			report(t, v, err)
		}
	})
	return books
}

// Verify fails the test for everything that Ledger.Verify finds now, in the
// middle of a test or before it closes the store.
func Verify(t testing.TB, books *ledger.Ledger) {
	t.Helper()
	v, err := books.Verify(context.Background())
	report(t, v, err)
}

func report(t testing.TB, v *ledger.Verification, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("verify: %v", err)
		return
	}
	for _, finding := range v.Findings {
		t.Errorf("verify: %s", finding)
	}
}
