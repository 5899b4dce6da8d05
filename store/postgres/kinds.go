package postgres

import (
	"sync"

	"github.com/settlex/settlex/ledger"
)

// kinds remembers which accounts are single and which are spread, so that neither is looked for among the others. It may be
// behind: a spread account becomes single once. nil knows nothing.
type kinds struct {
	mu     sync.RWMutex
	single map[ledger.AccountID]bool
}

// maxKinds bounds the memory: about 20 MB.
const maxKinds = 1 << 17

// note remembers accounts that are there.
func (k *kinds) note(rows map[ledger.AccountID]*accountRow) {
	if k == nil {
		return
	}
	for id, row := range rows {
		k.mu.RLock()
		was, known := k.single[id]
		k.mu.RUnlock()
		if !known || was != row.Single {
			k.set(id, row.Single)
		}
	}
}

func (k *kinds) set(id ledger.AccountID, single bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.single == nil || len(k.single) >= maxKinds {
		k.single = make(map[ledger.AccountID]bool)
	}
	k.single[id] = single
}

// forget makes accounts ones that nothing is known of.
func (k *kinds) forget(ids []ledger.AccountID) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range ids {
		delete(k.single, id)
	}
}

// singles leaves out what is known to be spread.
func (k *kinds) singles(ids []ledger.AccountID) []ledger.AccountID {
	singles, _, _ := k.split(ids)
	return singles
}

// split tells among what to look for accounts: singles lack what is known to be spread, spread lack certain, which is what is known to
// be single. All is told at once: what others learn meanwhile must not make an account one that is looked for nowhere.
func (k *kinds) split(ids []ledger.AccountID) (singles, spread, certain []ledger.AccountID) {
	if k == nil || len(ids) == 0 {
		return ids, ids, nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	singles, spread = make([]ledger.AccountID, 0, len(ids)), make([]ledger.AccountID, 0, len(ids))
	for _, id := range ids {
		single, known := k.single[id]
		if !known || single {
			singles = append(singles, id)
		}
		if !known || !single {
			spread = append(spread, id)
		} else {
			certain = append(certain, id)
		}
	}
	return singles, spread, certain
}
