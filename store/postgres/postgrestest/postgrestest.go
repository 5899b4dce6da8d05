// Package postgrestest gives tests a ledger on PostgreSQL of their own, and ends each of them with Verify.
//
//	func TestSale(t *testing.T) {
//		t.Parallel()
//		books := postgrestest.Books(t, chart)
//		_, err := books.Post(t.Context(), sale)
//		...
//	}
//
// Whatever a test did, its books must be sound afterwards: a test whose Verify finds anything fails. A test that damages its rows on purpose
// opens its ledger with postgres.Open itself.
//
// Without a server the test is skipped, as package pgtest does it. Databases are lent ([Ledger]): one test after another gets the same ones,
// emptied in a few milliseconds, because making one takes as long as hundreds of bookings.
package postgrestest

import (
	"context"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// Open opens a store on an empty ledger of one lane, on the newest server, and closes it when the test ends.
func Open(t testing.TB) *postgres.Store {
	t.Helper()
	return OpenURL(t, Ledger(t, pgtest.Newest(t), 1))
}

// OpenURL is Open for a ledger the test chose, such as one it opens again. Closing the store earlier is allowed.
func OpenURL(t testing.TB, url string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close %s: %v", url, err)
		}
	})
	return store
}

// Books keeps books on a store of their own and verifies them when the test ends. Tests that set a clock, or need the store, use On.
func Books(t testing.TB, chart *ledger.Chart) *ledger.Ledger {
	t.Helper()
	return On(t, Open(t), ledger.Config{Chart: chart})
}

// On keeps books on a store and verifies them when the test ends, before the store is closed. They are not verified on a store that the test
// has closed itself.
func On(t testing.TB, store ledger.Store, config ledger.Config) *ledger.Ledger {
	t.Helper()
	books, err := ledger.New(store, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v, err := books.Verify(context.WithoutCancel(t.Context()))
		if !closed(err) {
			report(t, v, err)
		}
	})
	return books
}

// Verify fails the test for everything that Ledger.Verify finds now, in the middle of a test or before it closes the store.
func Verify(t testing.TB, books *ledger.Ledger) {
	t.Helper()
	v, err := books.Verify(t.Context())
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

// closed tells whether an error comes of a store that was closed.
func closed(err error) bool { return err != nil && strings.HasSuffix(err.Error(), "closed pool") }
