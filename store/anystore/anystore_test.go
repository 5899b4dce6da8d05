package anystore_test

import (
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/postgres"
)

// TestPostgres runs the tests of this package once more, on PostgreSQL.
func TestPostgres(t *testing.T) {
	t.Parallel()
	anystore.Again(t, anystore.Choice{Run: "^(TestOpen|TestBooks)$"})
}

// A test gets the kind of store it is run on.
func TestOpen(t *testing.T) {
	t.Parallel()
	store := anystore.Open(t)
	var right bool
	switch kind := anystore.Chosen(t); kind {
	case anystore.Bolt:
		_, right = store.(*bolt.Store)
	case anystore.Postgres:
		_, right = store.(*postgres.Store)
	}
	if !right {
		t.Errorf("on %s the store is a %T", anystore.Chosen(t), store)
	}
}

// Books are empty, and can be written to.
func TestBooks(t *testing.T) {
	t.Parallel()
	inr := money.MustCurrency("INR")
	for range 2 {
		chart, err := ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income})
		if err != nil {
			t.Fatal(err)
		}
		sale := ledger.Entry{Key: "s1", Kind: "sale", Postings: []ledger.Posting{ledger.Dr("cash", money.Minor(1), inr), ledger.Cr("sales", money.Minor(1), inr)}}
		result, err := anystore.Books(t, chart).Post(t.Context(), sale)
		if err != nil || result[0].Replayed {
			t.Errorf("a first sale: %+v, %v", result, err)
		}
	}
}
