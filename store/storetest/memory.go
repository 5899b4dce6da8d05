package storetest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// Memory is a store without bytes: the seam as plainly as it can be kept. It
// keeps no index, so that there is nothing it could get wrong, and is for books
// of a few hundred items. What it holds is gone with it.
type Memory struct {
	writer sync.Mutex // held by the one write transaction
	mu     sync.Mutex // guards now
	now    *snapshot
}

// NewMemory makes a store that holds nothing.
func NewMemory() *Memory {
	return &Memory{now: &snapshot{accounts: map[ledger.AccountID]*ledger.Account{}, records: map[ledger.Ref]ledger.Record{}}}
}

// Write implements ledger.Store: fn works on a copy, which becomes the store
// when it returns nil.
func (m *Memory) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.writer.Lock()
	defer m.writer.Unlock()
	next := m.snapshot().clone()
	if err := fn(next); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = next
	return nil
}

// Read implements ledger.Store.
func (m *Memory) Read(ctx context.Context, fn func(ledger.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fn(m.snapshot())
}

func (m *Memory) snapshot() *snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// snapshot is one state of a Memory, and the transaction that makes the next.
// What was once put into it never changes.
type snapshot struct {
	head     ledger.Head
	blocks   []*ledger.Block
	hashes   []ledger.Hash
	accounts map[ledger.AccountID]*ledger.Account
	records  map[ledger.Ref]ledger.Record
}

func (s *snapshot) clone() *snapshot {
	return &snapshot{
		head: s.head, blocks: slices.Clone(s.blocks), hashes: slices.Clone(s.hashes),
		accounts: maps.Clone(s.accounts), records: maps.Clone(s.records),
	}
}

// Save implements ledger.Tx.
func (s *snapshot) Save(ctx context.Context, c *ledger.Changes) error {
	if c.Block != nil {
		more, err := ledger.LogHashes(ctx, s, 0, s.head.Blocks, c.Block.Seal().Leaf)
		if err != nil {
			return err
		}
		s.blocks, s.hashes = append(s.blocks, c.Block), append(s.hashes, more...)
	}
	s.head = c.Head
	for _, a := range c.Accounts {
		s.accounts[a.After.AccountID] = a.After
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

// Heads implements ledger.Reader.
func (s *snapshot) Heads(context.Context) ([]ledger.Head, error) { return []ledger.Head{s.head}, nil }

// Lock implements ledger.Tx: there is one writer at a time.
func (s *snapshot) Lock(context.Context, ...ledger.Ref) error { return nil }

// Load implements ledger.Reader.
func (s *snapshot) Load(ctx context.Context, need *ledger.Need, state *ledger.State) error {
	for _, key := range need.Keys {
		if item := s.keyed(key); item != nil {
			state.PutKey(key, item)
		}
	}
	state.PutHead(s.head)
	for _, id := range slices.Concat(need.Moved, need.Accounts) {
		state.PutAccount(id, s.accounts[id])
	}
	for _, ref := range need.Records {
		state.PutRecord(ref, s.records[ref])
	}
	for _, standing := range need.Standings {
		balance, err := s.BalanceOn(ctx, standing.AccountID, standing.On)
		if err != nil {
			return err
		}
		state.PutStanding(standing, balance)
	}
	for _, tree := range need.Trees {
		ids := slices.DeleteFunc(slices.Collect(maps.Keys(s.accounts)), func(id ledger.AccountID) bool { return !tree.Holds(id) })
		state.PutTree(tree, ids)
	}
	return nil
}

// items yields the items from seq on.
func (s *snapshot) items(seq uint64) iter.Seq[*ledger.Booked] {
	return func(yield func(*ledger.Booked) bool) {
		at, _ := slices.BinarySearchFunc(s.blocks, seq, func(b *ledger.Block, seq uint64) int {
			if b.Last() < seq {
				return -1
			}
			return 1
		})
		for _, b := range s.blocks[at:] {
			for _, item := range b.Items {
				if item.Seq >= seq && !yield(item) {
					return
				}
			}
		}
	}
}

// keyed gives the item that took a key, or nil.
func (s *snapshot) keyed(key string) *ledger.Booked {
	for item := range s.items(1) {
		if item.Key == key {
			return item
		}
	}
	return nil
}

// sum adds up what the entries that count do to an account.
func (s *snapshot) sum(id ledger.AccountID, counts func(*ledger.Booked) bool) (b ledger.Balance, err error) {
	for item := range s.items(1) {
		if !item.IsEntry() || !counts(item) {
			continue
		}
		for _, p := range item.Postings {
			switch {
			case p.ID() != id:
			case p.Side == ledger.Debit:
				b.Debits, err = b.Debits.Add(p.Amount)
			default:
				b.Credits, err = b.Credits.Add(p.Amount)
			}
			if err != nil {
				return b, err
			}
		}
	}
	return b, nil
}

// BalanceBefore implements ledger.Reader.
func (s *snapshot) BalanceBefore(_ context.Context, id ledger.AccountID, before ledger.Place) (ledger.Balance, error) {
	return s.sum(id, func(e *ledger.Booked) bool { return e.Place().Compare(before) < 0 })
}

// BalanceOn implements ledger.Reader.
func (s *snapshot) BalanceOn(_ context.Context, id ledger.AccountID, on calendar.Date) (ledger.Balance, error) {
	return s.sum(id, func(e *ledger.Booked) bool { return !e.ValueDate.After(on) })
}

// Hashes implements ledger.Reader.
func (s *snapshot) Hashes(_ context.Context, _ uint16, indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = s.hashes[at]
	}
	return out, nil
}

// Accounts implements ledger.Reader.
func (s *snapshot) Accounts(_ context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for _, id := range slices.SortedFunc(maps.Keys(s.accounts), ledger.AccountID.Compare) {
			if strings.HasPrefix(id.Path, prefix) && !yield(*s.accounts[id], nil) {
				return
			}
		}
	}
}

// Blocks implements ledger.Reader.
func (s *snapshot) Blocks(_ context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		for _, b := range s.blocks {
			if b.Last() >= seq && !yield(b, nil) {
				return
			}
		}
	}
}

// which yields the items from seq on that are wanted.
func (s *snapshot) which(seq uint64, wanted func(*ledger.Booked) bool) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for item := range s.items(seq) {
			if wanted(item) && !yield(item, nil) {
				return
			}
		}
	}
}

// Items implements ledger.Reader.
func (s *snapshot) Items(_ context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return s.which(seq, func(*ledger.Booked) bool { return true })
}

// Referenced implements ledger.Reader.
func (s *snapshot) Referenced(_ context.Context, reference string, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return s.which(1, func(b *ledger.Booked) bool { return b.Reference == reference && b.Place().Compare(from) >= 0 })
}

// Movements implements ledger.Reader.
func (s *snapshot) Movements(_ context.Context, id ledger.AccountID, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return s.which(1, func(b *ledger.Booked) bool { return touches(b, id) && b.Place().Compare(from) >= 0 })
}

// touches tells whether an item is an entry with a posting on an account.
func touches(b *ledger.Booked, id ledger.AccountID) bool {
	return b.IsEntry() && slices.ContainsFunc(b.Postings, func(p ledger.Posting) bool { return p.ID() == id })
}

// Dated implements ledger.Reader.
func (s *snapshot) Dated(_ context.Context, id ledger.AccountID, from ledger.DatedPlace) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		var list []*ledger.Booked
		for e := range s.items(1) {
			if touches(e, id) && (e.ValueDate.After(from.On) || e.ValueDate == from.On && e.Place().Compare(from.Place) >= 0) {
				list = append(list, e)
			}
		}
		slices.SortStableFunc(list, func(a, b *ledger.Booked) int { return a.ValueDate.Compare(b.ValueDate) })
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Records implements ledger.Reader.
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

// Check implements ledger.Reader: there is nothing beside the journal.
func (s *snapshot) Check(context.Context, func(ledger.Finding)) error { return nil }
