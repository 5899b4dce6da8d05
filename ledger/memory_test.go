package ledger_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/settlex/settlex/ledger"
)

// memory is a store without bytes: the seam as plainly as it can be kept. It
// keeps no index, so that there is nothing it could get wrong.
type memory struct {
	writer sync.Mutex
	mu     sync.Mutex
	now    *snapshot
	writes int                        // transactions that were begun
	commit func(next *snapshot) error // when set: asked before each commit
	damage func(next *snapshot)       // when set: changes what Read shows
	begin  func(ctx context.Context)  // when set: called as a write begins
}

func newMemory() *memory {
	return &memory{now: &snapshot{
		accounts: map[ledger.AccountID]ledger.Account{},
		records:  map[ledger.Ref]ledger.Record{},
	}}
}

func (m *memory) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	m.writes++
	if m.begin != nil {
		m.begin(ctx)
	}
	next := m.snapshot().clone()
	next.saved = false
	if err := fn(next); err != nil || !next.saved {
		return err
	}
	if m.commit != nil {
		if err := m.commit(next); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = next
	return nil
}

func (m *memory) Read(_ context.Context, fn func(ledger.Reader) error) error {
	s := m.snapshot()
	if m.damage != nil {
		s = s.clone()
		m.damage(s)
	}
	return fn(s)
}

func (m *memory) snapshot() *snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// snapshot is one state of a memory, and the transaction that makes the next.
type snapshot struct {
	head     ledger.Head
	blocks   []*ledger.Block
	accounts map[ledger.AccountID]ledger.Account
	records  map[ledger.Ref]ledger.Record
	saved    bool // by the transaction that made it

	headErr, blockErr, accountErr error // damage
}

func (s *snapshot) clone() *snapshot {
	next := *s
	next.blocks = slices.Clone(s.blocks)
	next.accounts = maps.Clone(s.accounts)
	next.records = maps.Clone(s.records)
	return &next
}

func (s *snapshot) entries() []*ledger.Booked {
	var out []*ledger.Booked
	for _, b := range s.blocks {
		out = append(out, b.Entries...)
	}
	return out
}

func (s *snapshot) Head(context.Context) (ledger.Head, error) { return s.head, s.headErr }

func (s *snapshot) Load(_ context.Context, need *ledger.Need, state *ledger.State) error {
	for _, key := range need.Keys {
		i := slices.IndexFunc(s.entries(), func(b *ledger.Booked) bool { return b.Key == key })
		if i < 0 {
			state.PutKey(key, nil)
		} else {
			state.PutKey(key, s.entries()[i])
		}
	}
	for _, id := range need.Accounts {
		if a, ok := s.accounts[id]; ok {
			state.PutAccount(id, &a)
		} else {
			state.PutAccount(id, nil)
		}
	}
	for _, ref := range need.Records {
		state.PutRecord(ref, s.records[ref])
	}
	return nil
}

func (s *snapshot) Save(_ context.Context, c *ledger.Changes) error {
	s.saved, s.head = true, c.Head
	if c.Block != nil {
		s.blocks = append(s.blocks, c.Block)
	}
	for _, a := range c.Accounts {
		s.accounts[a.AccountID] = *a
	}
	for _, r := range c.Records {
		if r.Record == nil {
			delete(s.records, r.Ref)
		} else {
			s.records[r.Ref] = r.Record
		}
	}
	return nil
}

func (s *snapshot) Accounts(_ context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for _, id := range slices.SortedFunc(maps.Keys(s.accounts), ledger.AccountID.Compare) {
			if strings.HasPrefix(id.Path, prefix) && !yield(s.accounts[id], nil) {
				return
			}
		}
		if s.accountErr != nil {
			yield(ledger.Account{}, s.accountErr)
		}
	}
}

func (s *snapshot) Blocks(_ context.Context, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		for _, b := range s.blocks {
			if b.Last() >= seq && !yield(b, nil) {
				return
			}
		}
		if s.blockErr != nil {
			yield(nil, s.blockErr)
		}
	}
}

func (s *snapshot) Entries(_ context.Context, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for _, e := range s.entries() {
			if e.Seq >= seq && !yield(e, nil) {
				return
			}
		}
	}
}

func (s *snapshot) Movements(ctx context.Context, id ledger.AccountID, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for e, err := range s.Entries(ctx, seq) {
			touched := slices.ContainsFunc(e.Postings, func(p ledger.Posting) bool { return p.ID() == id })
			if touched && !yield(e, err) {
				return
			}
		}
	}
}

func (s *snapshot) Records(_ context.Context, kind, prefix, from string) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		var ids []string
		for ref := range s.records {
			if ref.Kind == kind && strings.HasPrefix(ref.ID, prefix) && ref.ID >= from {
				ids = append(ids, ref.ID)
			}
		}
		slices.Sort(ids)
		for _, id := range ids {
			if !yield(s.records[ledger.Ref{Kind: kind, ID: id}], nil) {
				return
			}
		}
	}
}

func (s *snapshot) Check(context.Context, func(ledger.Finding)) error { return nil }
