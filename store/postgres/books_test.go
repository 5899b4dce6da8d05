package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
	"github.com/settlex/settlex/store/postgres/postgrestest"
)

// The cast of most tests: a platform that keeps merchants' money.
const (
	bank      = "bank"
	sales     = "sales"
	available = "merchants/m1/available" // limited to 0
	pending   = "merchants/m1/pending"   // not limited
)

func rupee() money.Currency { return money.MustCurrency("INR") }

func tradeChart(t testing.TB) *ledger.Chart {
	t.Helper()
	c, err := ledger.NewChart(
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: sales, Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
		ledger.Pattern{Path: "merchants/{m}/pending", Type: ledger.Liability},
		ledger.Pattern{Path: "drawers/{d}", Type: ledger.Asset},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// midday is where the tests' clocks begin.
func midday() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// transfer debits one account and credits the other, in INR.
func transfer(key, debit, credit string, minor int64) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "transfer", Postings: []ledger.Posting{
		ledger.Dr(debit, money.Minor(minor), rupee()),
		ledger.Cr(credit, money.Minor(minor), rupee()),
	}}
}

// emptyLedger is a database with a ledger of a number of lanes, on the newest server.
func emptyLedger(t testing.TB, lanes int) (dsn string) {
	t.Helper()
	return postgrestest.Ledger(t, pgtest.Newest(t), lanes)
}

// openStore opens a store that is closed when the test ends.
func openStore(t testing.TB, dsn string, options postgres.Options) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// keepBooks keeps books on a store, by a clock that stands still, and verifies them when the test ends.
func keepBooks(t testing.TB, store ledger.Store) *ledger.Ledger {
	t.Helper()
	l, err := ledger.New(store, ledger.Config{Chart: tradeChart(t), Clock: midday})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v, err := l.Verify(context.WithoutCancel(t.Context()))
		if err == nil {
			err = v.Err()
		}
		if err != nil {
			t.Errorf("verify: %v", err)
		}
		if v != nil {
			for _, f := range v.Findings {
				t.Log(f)
			}
		}
	})
	return l
}

// wantPosted compares what stands on an account, in minor units.
func wantPosted(t testing.TB, l *ledger.Ledger, path string, want int64) {
	t.Helper()
	a, _, err := l.Account(t.Context(), path, rupee())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Posted(); err != nil || got != money.Minor(want) {
		t.Errorf("%s stands at %v, %v, want %d", path, got, err, want)
	}
}

// mustPost posts entries.
func mustPost(t testing.TB, l *ledger.Ledger, entries ...ledger.Entry) []ledger.Result {
	t.Helper()
	results, err := l.Post(t.Context(), entries...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}
