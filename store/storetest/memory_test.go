package storetest_test

import (
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/storetest"
)

// TestMemory runs the suite on the plainest store there is: what fails here
// fails because of the ledger, or of the suite.
func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{
		Open: func(testing.TB) ledger.Store { return storetest.NewMemory() },
	})
}

// TestLanes: the ledger gives the same answers whatever the lanes of its store.
func TestLanes(t *testing.T) {
	t.Parallel()
	storetest.Lanes(t,
		func(testing.TB) ledger.Store { return storetest.NewMemory() },
		func(testing.TB) ledger.Store { return storetest.NewLanes(3) },
	)
}

// TestLanesAtOnce: clients at once are told what could have come of one request after the other, whatever the lanes.
func TestLanesAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Histories(t, storetest.Harness{
		Open: func(testing.TB) ledger.Store { return storetest.NewLanes(3) },
	})
}
