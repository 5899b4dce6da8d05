package postgres_test

import (
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/storetest"
)

// TestSuite is the suite that every store must pass.
func TestSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{Open: openNew, Reopen: reopen})
}

// located is a store that knows its database.
type located struct {
	*postgres.Store
	dsn string
}

func openNew(t testing.TB) ledger.Store {
	t.Helper()
	dsn := emptyLedger(t, 1)
	return &located{openStore(t, dsn, postgres.Options{}), dsn}
}

func reopen(t testing.TB, store ledger.Store) ledger.Store {
	t.Helper()
	was, ok := store.(*located)
	if !ok {
		t.Fatalf("a %T was not opened here", store)
	}
	if err := was.Close(); err != nil {
		t.Fatal(err)
	}
	return &located{openStore(t, was.dsn, postgres.Options{}), was.dsn}
}
