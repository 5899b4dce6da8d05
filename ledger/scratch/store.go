package scratch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/settlex/settlex/ledger"
)

// Options say how much is kept where. The zero value is good.
type Options struct {
	// Dir is where temporary files are made, if they are needed; empty: os.TempDir.
	Dir string
	// Items is how many items and records are kept in memory; 0: 32,768.
	Items int
}

// Store is a ledger.Store on top of a snapshot.
type Store struct {
	base     ledger.Reader
	options  Options
	mu       sync.Mutex
	head     ledger.Head // once booked is true
	booked   bool
	accounts map[ledger.AccountID]*ledger.Account
	items    map[string]*ledger.Booked    // the newest, by key
	records  map[ledger.Ref]ledger.Record // the newest; nil: removed
	spilled  *spill                       // nil: all are the newest
	fault    error                        // of a file: nothing is sure any more
}

// New makes a store that shows what base shows. base has to be readable until
// nobody uses the store any more.
func New(base ledger.Reader, options Options) *Store {
	if options.Items == 0 {
		options.Items = 1 << 15
	}
	if options.Dir == "" {
		options.Dir = os.TempDir()
	}
	s := &Store{base: base, options: options, accounts: make(map[ledger.AccountID]*ledger.Account)}
	s.clear()
	return s
}

// clear forgets the newest.
func (s *Store) clear() {
	s.items, s.records = make(map[string]*ledger.Booked), make(map[ledger.Ref]ledger.Record)
}

// Close removes all files. Closing again does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = errors.New("scratch: it is closed")
	if s.spilled == nil {
		return nil
	}
	spilled := s.spilled
	s.spilled = nil
	return spilled.close()
}

// Read implements ledger.Store.
func (s *Store) Read(_ context.Context, fn func(ledger.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.within(func(tx *tx) error { return fn(tx) })
}

// Write implements ledger.Store.
func (s *Store) Write(_ context.Context, fn func(ledger.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.within(func(tx *tx) error {
		if err := fn(tx); err != nil || tx.saved == nil {
			return err
		}
		s.take(tx.saved)
		if len(s.items)+len(s.records) < s.options.Items {
			return nil
		}
		s.fault = s.spill()
		return s.fault
	})
}

func (s *Store) within(fn func(*tx) error) error {
	if s.fault != nil {
		return s.fault
	}
	return fn(&tx{Reader: s.base, store: s})
}

// take keeps what a transaction saved.
func (s *Store) take(c *ledger.Changes) {
	s.head, s.booked = c.Head, true
	for _, a := range c.Accounts {
		s.accounts[a.After.AccountID] = a.After
	}
	if c.Block != nil {
		for _, item := range c.Block.Items {
			if item.Key != "" {
				s.items[item.Key] = item
			}
		}
	}
	for _, r := range c.Records {
		s.records[r.Ref] = r.Record
	}
}

// spill puts the newest away.
func (s *Store) spill() error {
	if s.spilled == nil {
		var err error
		if s.spilled, err = newSpill(s.options.Dir); err != nil {
			return err
		}
	}
	if err := s.spilled.put(s.items, s.records); err != nil {
		return fmt.Errorf("put aside what was tried: %w", err)
	}
	s.clear()
	return nil
}

// tx is a transaction.
type tx struct {
	ledger.Reader // the snapshot
	store         *Store
	saved         *ledger.Changes
}

// Lock implements ledger.Tx: there is nobody else.
func (t *tx) Lock(context.Context, ...ledger.Ref) error { return nil }

// Save implements ledger.Tx.
func (t *tx) Save(_ context.Context, c *ledger.Changes) error {
	if t.saved != nil {
		return errors.New("scratch: one save for each transaction")
	}
	for i := range c.Accounts {
		if c.Accounts[i].Share {
			return fmt.Errorf("scratch: the snapshot gave a share of %s only", c.Accounts[i].After.AccountID)
		}
	}
	t.saved = c
	return nil
}

// Heads implements ledger.Reader.
func (t *tx) Heads(ctx context.Context) ([]ledger.Head, error) {
	heads, err := t.Reader.Heads(ctx)
	if err != nil || !t.store.booked {
		return heads, err
	}
	heads = append([]ledger.Head(nil), heads...)
	for i := range heads {
		if heads[i].Lane == t.store.head.Lane {
			heads[i] = t.store.head
		}
	}
	return heads, nil
}

// Load implements ledger.Reader.
func (t *tx) Load(ctx context.Context, need *ledger.Need, state *ledger.State) error {
	if len(need.Standings)+len(need.Trees) > 0 {
		return fmt.Errorf("scratch: balances of other dates and trees of accounts cannot be tried: %w", errors.ErrUnsupported)
	}
	if t.store.booked {
		state.PutHead(t.store.head)
	}
	rest := *need
	var err error
	if rest.Keys, err = without(need.Keys, func(key string) (bool, error) { return t.store.key(key, state) }); err != nil {
		return err
	}
	if rest.Records, err = without(need.Records, func(ref ledger.Ref) (bool, error) { return t.store.record(ref, state) }); err != nil {
		return err
	}
	known := func(id ledger.AccountID) (bool, error) {
		account, ok := t.store.accounts[id]
		if ok {
			state.PutAccount(id, account)
		}
		return ok, nil
	}
	if rest.Moved, err = without(need.Moved, known); err != nil {
		return err
	}
	if rest.Accounts, err = without(need.Accounts, known); err != nil {
		return err
	}
	return t.Reader.Load(ctx, &rest, state)
}

// without gives what is not known, and leaves the list as it is.
func without[T any](list []T, known func(T) (bool, error)) ([]T, error) {
	kept := make([]T, 0, len(list))
	for _, one := range list {
		ok, err := known(one)
		if err != nil {
			return nil, err
		}
		if !ok {
			kept = append(kept, one)
		}
	}
	return kept, nil
}

// key tells the state who took a key, if it was taken here.
func (s *Store) key(key string, state *ledger.State) (bool, error) {
	item, ok := s.items[key]
	if !ok && s.spilled != nil {
		var err error
		if item, err = s.spilled.item(key); err != nil {
			return false, err
		}
		ok = item != nil
	}
	if ok {
		state.PutKey(key, item)
	}
	return ok, nil
}

// record tells the state a record, if it was put or removed here.
func (s *Store) record(ref ledger.Ref, state *ledger.State) (bool, error) {
	record, ok := s.records[ref]
	if !ok && s.spilled != nil {
		var err error
		if record, ok, err = s.spilled.record(ref); err != nil {
			return false, err
		}
	}
	if ok {
		state.PutRecord(ref, record)
	}
	return ok, nil
}
