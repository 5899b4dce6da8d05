package ledger_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
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
	hashes   []tlog.Hash
	accounts map[ledger.AccountID]ledger.Account
	records  map[ledger.Ref]ledger.Record
	events   []*event.Event
	saved    bool // by the transaction that made it

	loads *int // how many more succeed; nil: all

	headErr, blockErr, hashErr, accountErr, recordErr, itemErr, eventErr error // damage
}

func (s *snapshot) clone() *snapshot {
	next := *s
	next.blocks = slices.Clone(s.blocks)
	next.hashes = slices.Clone(s.hashes)
	next.events = slices.Clone(s.events)
	next.accounts = maps.Clone(s.accounts)
	next.records = maps.Clone(s.records)
	return &next
}

func (s *snapshot) items() []*ledger.Booked {
	var out []*ledger.Booked
	for _, b := range s.blocks {
		out = append(out, b.Items...)
	}
	return out
}

func (s *snapshot) Heads(context.Context) ([]ledger.Head, error) {
	return []ledger.Head{s.head}, s.headErr
}

func (s *snapshot) Lock(context.Context, ...ledger.Ref) error { return nil }

func (s *snapshot) Load(ctx context.Context, need *ledger.Need, state *ledger.State) error {
	if s.loads != nil {
		if *s.loads--; *s.loads < 0 {
			return errRefused
		}
	}
	if s.headErr != nil {
		return s.headErr
	}
	for _, key := range need.Keys {
		i := slices.IndexFunc(s.items(), func(b *ledger.Booked) bool { return b.Key == key })
		if i >= 0 {
			state.PutKey(key, s.items()[i])
		}
	}
	state.PutHead(s.head)
	for _, id := range slices.Concat(need.Moved, need.Accounts) {
		if a, ok := s.accounts[id]; ok {
			state.PutAccount(id, &a)
		} else {
			state.PutAccount(id, nil)
		}
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
		var ids []ledger.AccountID
		for id := range s.accounts {
			if tree.Holds(id) {
				ids = append(ids, id)
			}
		}
		state.PutTree(tree, ids)
	}
	return nil
}

// sum adds up what the entries that pass do to an account.
func (s *snapshot) sum(id ledger.AccountID, pass func(*ledger.Booked) bool) (b ledger.Balance, err error) {
	for _, e := range s.items() {
		if !e.IsEntry() || !pass(e) {
			continue
		}
		for _, p := range e.Postings {
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

func (s *snapshot) BalanceBefore(_ context.Context, id ledger.AccountID, before ledger.Place) (ledger.Balance, error) {
	return s.sum(id, func(e *ledger.Booked) bool { return e.Place().Compare(before) < 0 })
}

func (s *snapshot) BalanceOn(_ context.Context, id ledger.AccountID, on calendar.Date) (ledger.Balance, error) {
	return s.sum(id, func(e *ledger.Booked) bool { return !e.ValueDate.After(on) })
}

func (s *snapshot) Hashes(_ context.Context, _ uint16, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if s.hashErr != nil || at >= int64(len(s.hashes)) {
			return nil, cmp.Or(s.hashErr, fmt.Errorf("%w: no hash %d", ledger.ErrCorrupt, at))
		}
		out[i] = s.hashes[at]
	}
	return out, nil
}

// seal makes the whole log anew.
func (s *snapshot) seal() {
	s.hashes = nil
	for i, b := range s.blocks {
		more, err := ledger.LogHashes(context.Background(), s, 0, uint64(i), b.Leaf())
		if err != nil {
			panic(err)
		}
		s.hashes = append(s.hashes, more...)
	}
}

func (s *snapshot) Save(ctx context.Context, c *ledger.Changes) error {
	if c.Block != nil {
		more, err := ledger.LogHashes(ctx, s, 0, uint64(len(s.blocks)), c.Block.Seal().Leaf)
		if err != nil {
			return err
		}
		s.hashes = append(slices.Clip(s.hashes), more...)
		s.blocks = append(s.blocks, c.Block)
	}
	s.saved, s.head = true, c.Head
	s.events = append(s.events, c.Events...)
	for _, a := range c.Accounts {
		s.accounts[a.After.AccountID] = *a.After
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

func (s *snapshot) Blocks(_ context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Block, error] {
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

func (s *snapshot) Items(_ context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for _, e := range s.items() {
			if e.Seq >= seq && !yield(e, nil) {
				return
			}
		}
		if s.itemErr != nil {
			yield(nil, s.itemErr)
		}
	}
}

func (s *snapshot) Movements(ctx context.Context, id ledger.AccountID, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for e, err := range ledger.Entries(ctx, s) {
			touched := err != nil || slices.ContainsFunc(e.Postings, func(p ledger.Posting) bool { return p.ID() == id }) && e.Place().Compare(from) >= 0
			if touched && !yield(e, err) {
				return
			}
		}
	}
}

func (s *snapshot) Dated(ctx context.Context, id ledger.AccountID, from ledger.DatedPlace) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		var list []*ledger.Booked
		for e, err := range s.Movements(ctx, id, ledger.Place{}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if e.ValueDate.After(from.On) || e.ValueDate == from.On && e.Place().Compare(from.Place) >= 0 {
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

func (s *snapshot) Referenced(ctx context.Context, reference string, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for e, err := range s.Items(ctx, 0, 1) {
			if (err != nil || e.Reference == reference && e.Place().Compare(from) >= 0) && !yield(e, err) {
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
		if s.recordErr != nil {
			yield(nil, s.recordErr)
		}
	}
}

func (s *snapshot) Events(_ context.Context, _ uint16, from uint64) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		for _, e := range s.events {
			if e.No >= from && !yield(e, nil) {
				return
			}
		}
		if s.eventErr != nil {
			yield(nil, s.eventErr)
		}
	}
}

func (s *snapshot) Check(context.Context, func(ledger.Finding)) error { return nil }
