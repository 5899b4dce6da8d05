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
func (k *kinds) singles(ids []ledger.AccountID) []ledger.AccountID { return k.without(ids, false) }

// spread leaves out what is known to be single.
func (k *kinds) spread(ids []ledger.AccountID) []ledger.AccountID { return k.without(ids, true) }

func (k *kinds) without(ids []ledger.AccountID, single bool) []ledger.AccountID {
	if k == nil || len(ids) == 0 {
		return ids
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := make([]ledger.AccountID, 0, len(ids))
	for _, id := range ids {
		if is, known := k.single[id]; !known || is != single {
			out = append(out, id)
		}
	}
	return out
}
