package bolt_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
	"github.com/settlex/settlex/store/storetest"
)

// TestSuite is the suite that every store must pass.
func TestSuite(t *testing.T) {
	t.Parallel()
	var paths sync.Map // store -> path
	open := func(t testing.TB, path string) ledger.Store {
		t.Helper()
		store := bolttest.OpenFile(t, path)
		paths.Store(store, path)
		return store
	}
	storetest.Run(t, storetest.Harness{
		Open: func(t testing.TB) ledger.Store { return open(t, filepath.Join(t.TempDir(), "ledger.db")) },
		Reopen: func(t testing.TB, store ledger.Store) ledger.Store {
			t.Helper()
			path, _ := paths.Load(store)
			if err := store.(*bolt.Store).Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, path.(string))
		},
	})
}
