package postgres

import (
	"sync"
	"sync/atomic"

	"github.com/settlex/settlex/ledger"
)

// rivals estimates how often two transactions of this process want the same accounts with limits. Then one waits for the other until it
// is committed, and both would have been done sooner as one.
type rivals struct {
	mu     sync.Mutex
	last   map[ledger.AccountID]*kept // what the last transaction that booked has touched
	chance float64                    // that the next one touches some of it too: of late
	worth  atomic.Int32               // transactions that are worth having at once; 0: nothing is known yet
}

const (
	// rivalsMemory is how many transactions the estimate goes back, about.
	rivalsMemory = 16
	// rivalsBearable is how likely it may be that a transaction has to wait for one of the others.
	rivalsBearable = 0.5
)

// note compares what a transaction has touched with what the one before has.
func (r *rivals) note(accounts map[ledger.AccountID]*kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	met := 0.0
	for id, k := range accounts {
		if k.single && r.last[id] != nil {
			met = 1
			break
		}
	}
	r.last = accounts
	r.chance += (met - r.chance) / rivalsMemory
	r.worth.Store(1 + int32(rivalsBearable/max(r.chance, 1e-3)))
}

// atMost is how many transactions are worth having at once, of a number that is possible.
func (r *rivals) atMost(n int) int {
	if worth := int(r.worth.Load()); worth > 0 {
		return min(n, worth)
	}
	return n
}
