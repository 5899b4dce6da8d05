package bolt

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// maxCached is how many accounts the cache holds before it starts anew.
const maxCached = 100_000

// cache is the accounts of the last commits, for the next writer. It stands for
// one head of the journal: a writer that finds another one in the file, because
// the host wrote in a transaction of its own, drops it all. Store.writer
// guards it.
type cache struct {
	head     ledger.Head
	accounts map[ledger.AccountID]ledger.Account
}

// at gives the cache if it stands for a head, emptied if it does not.
func (c *cache) at(head ledger.Head) map[ledger.AccountID]ledger.Account {
	if c.accounts == nil || c.head != head {
		c.head, c.accounts = head, make(map[ledger.AccountID]ledger.Account)
	}
	return c.accounts
}

// committed takes over what a transaction has saved, once it is in the file.
func (c *cache) committed(saved []*ledger.Changes) {
	for _, changes := range saved {
		c.head = changes.Head
		if len(c.accounts)+len(changes.Accounts) > maxCached {
			clear(c.accounts)
		}
		for _, a := range changes.Accounts {
			if c.accounts != nil {
				c.accounts[a.AccountID] = *a
			}
		}
	}
}

// beginCache makes sure that the cache stands for what a writer builds on, before
// it saves anything: a command that touches no account never looked.
func (t *Tx) beginCache(ctx context.Context) error {
	if t.cache == nil || len(t.saved) > 0 {
		return nil
	}
	head, err := t.Head(ctx)
	if err != nil {
		return err
	}
	t.cache.at(head)
	return nil
}

// drop forgets everything, after a commit whose outcome is not known.
func (c *cache) drop() { *c = cache{} }

// cachedAccount is account through the cache, as long as the transaction has
// saved nothing itself.
func (t *Tx) cachedAccount(id ledger.AccountID) (*ledger.Account, error) {
	if t.cache == nil || len(t.saved) > 0 {
		return t.account(id)
	}
	head, err := t.Head(nil) //nolint:staticcheck // it looks at no context
	if err != nil {
		return nil, err
	}
	accounts := t.cache.at(head)
	if a, ok := accounts[id]; ok {
		return &a, nil
	}
	return t.account(id)
}

func (t *Tx) account(id ledger.AccountID) (*ledger.Account, error) {
	data := t.bucket(bucketAccounts).Get(accountKey(id))
	if data == nil {
		return nil, nil
	}
	account, err := ledger.DecodeAccount(id, data)
	if err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	return account, nil
}
