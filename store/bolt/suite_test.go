package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
	"github.com/settlex/settlex/store/storetest"
)

// TestSuite is the suite that every store must pass.
func TestSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{Open: openNew, Reopen: reopen})
}

// TestDifferential: a file holds what the plainest store there is holds, to the byte.
func TestDifferential(t *testing.T) {
	t.Parallel()
	storetest.Differential(t, func(testing.TB) ledger.Store { return storetest.NewMemory() }, openNew)
}

// stored is a store that knows its file.
type stored struct {
	*bolt.Store
	path string
}

func openNew(t testing.TB) ledger.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	return &stored{bolttest.OpenFile(t, path), path}
}

func reopen(t testing.TB, store ledger.Store) ledger.Store {
	t.Helper()
	was, ok := store.(*stored)
	if !ok {
		t.Fatalf("a %T was not opened here", store)
	}
	if err := was.Close(); err != nil {
		t.Fatal(err)
	}
	return &stored{bolttest.OpenFile(t, was.path), was.path}
}
