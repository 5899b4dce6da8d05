// Package anystore has the tests of a room run on every store, without a word about stores in them.
//
//	func open(t testing.TB) *desk {
//		store := anystore.Open(t) // empty, closed when the test ends
//		...
//	}
//
//	// TestPostgres runs the tests of this package once more, on PostgreSQL.
//	func TestPostgres(t *testing.T) { t.Parallel(); anystore.Again(t, anystore.Choice{}) }
//
// To run one of them on PostgreSQL by hand:
//
//	SETTLEX_TEST_STORE=postgres go test -run TestName ./room
//
// What a store does is for package storetest to ask. This package is for what is built on one: the same tests must pass whatever it is.
package anystore

import (
	"context"
	"os"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt/bolttest"
	"github.com/settlex/settlex/store/postgres/pgtest"
	"github.com/settlex/settlex/store/postgres/postgrestest"
)

// StoreVar is the environment variable that says what tests run on, see Kind. Empty: Bolt.
const StoreVar = "SETTLEX_TEST_STORE"

// Kind is a kind of store.
type Kind string

const (
	// Bolt is a file.
	Bolt Kind = "bolt"
	// Postgres is a ledger of one lane on the newest server there is.
	Postgres Kind = "postgres"
)

// Chosen is the kind of store that the tests of this process run on.
func Chosen(t testing.TB) Kind {
	t.Helper()
	switch kind := Kind(os.Getenv(StoreVar)); kind {
	case "", Bolt:
		return Bolt
	case Postgres:
		return kind
	default:
		t.Fatalf("%s=%s: want %s or %s", StoreVar, kind, Bolt, Postgres)
		return kind
	}
}

// Open opens an empty store and closes it when the test ends.
func Open(t testing.TB) ledger.Store {
	t.Helper()
	if Chosen(t) == Postgres {
		return postgrestest.OpenURL(t, postgrestest.Ledger(t, pgtest.Newest(t), 1))
	}
	return bolttest.Open(t)
}

// Books keeps books on a store of their own and verifies them when the test ends. Tests that set a clock, or need the store, use On.
func Books(t testing.TB, chart *ledger.Chart) *ledger.Ledger {
	t.Helper()
	return On(t, Open(t), ledger.Config{Chart: chart})
}

// On keeps books on a store and verifies them when the test ends, before the store is closed.
func On(t testing.TB, store ledger.Store, config ledger.Config) *ledger.Ledger {
	t.Helper()
	books, err := ledger.New(store, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v, err := books.Verify(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Errorf("verify: %v", err)
			return
		}
		for _, finding := range v.Findings {
			t.Errorf("verify: %s", finding)
		}
	})
	return books
}
