package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/settlex/settlex/ledger"
)

// historyFaults is a store that loses some answers: of writes that committed,
// and of writes that did not.
type historyFaults struct {
	ledger.Store
	mu     sync.Mutex
	chance *rand.Rand
}

func (f *historyFaults) draw() (before, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.chance.IntN(100)
	return n < 6, n >= 94
}

func (f *historyFaults) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	before, after := f.draw()
	err := f.Store.Write(ctx, func(tx ledger.Tx) error {
		if err := fn(tx); err != nil || !before {
			return err
		}
		return errEdgeUndone
	})
	if errors.Is(err, errEdgeUndone) || err == nil && after {
		return fmt.Errorf("%w: %w", ledger.ErrIndefinite, errEdgeLost)
	}
	return err
}
