// Package storetest is the suite that every store of the ledger must pass: the
// same rules, the same results, whatever keeps the bytes.
//
//	func TestSuite(t *testing.T) {
//		t.Parallel()
//		storetest.Run(t, storetest.Harness{Open: ...})
//	}
package storetest

import (
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
)

// Harness brings a store into the suite.
type Harness struct {
	// Open gives a store that holds nothing yet; it is closed when the test
	// ends.
	Open func(t testing.TB) ledger.Store
	// Reopen closes a store that Open or Reopen gave and opens what it holds
	// again; nil: what the store holds does not outlive it.
	Reopen func(t testing.TB, store ledger.Store) ledger.Store
	// Histories is how many of them are made; 0: 8. In the short mode there are
	// at most 2.
	Histories int
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	t.Run("edge cases", func(t *testing.T) { t.Parallel(); EdgeCases(t, h) })
	t.Run("events", func(t *testing.T) { t.Parallel(); Events(t, h) })
	t.Run("model", func(t *testing.T) { t.Parallel(); Model(t, h) })
	t.Run("histories", func(t *testing.T) { t.Parallel(); Histories(t, h) })
}

// books keeps books on a store. Whoever asks for them verifies them at the end.
func books(t testing.TB, store ledger.Store, config ledger.Config) *ledger.Ledger {
	t.Helper()
	l, err := ledger.New(store, config)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// noon is where the suite's clocks begin.
func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }
