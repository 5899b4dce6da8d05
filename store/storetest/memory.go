package storetest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Memory is a store without bytes: the seam as plainly as it can be kept. It
// keeps no index, so that there is nothing it could get wrong, and is for books
// of a few hundred items. What it holds is gone with it.
//
// With several lanes, each write transaction books in the next one, and accounts
// without limits are kept in shares, as a store does whose transactions run side
// by side. Here they do not: what it tells of instants is what such a store would.
type Memory struct {
	writer sync.Mutex // held by the one write transaction
	mu     sync.Mutex // guards now
	now    *snapshot
}

// NewMemory makes a store of one lane that holds nothing.
func NewMemory() *Memory { return NewLanes(1) }

// NewLanes makes a store of several lanes that holds nothing.
func NewLanes(lanes int) *Memory {
	s := &snapshot{
		heads: make([]ledger.Head, lanes), blocks: make([][]*ledger.Block, lanes), hashes: make([][]ledger.Hash, lanes), events: make([][]*event.Event, lanes),
		accounts: map[ledger.AccountID]*ledger.Account{}, spread: map[ledger.AccountID][]*ledger.Account{}, records: map[ledger.Ref]changed{},
	}
	for i := range s.heads {
		s.heads[i].Lane = uint16(i)
	}
	return &Memory{now: s}
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
	next.lane = (next.lane + 1) % len(next.heads)
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
	lane     int // that the transaction books in
	heads    []ledger.Head
	blocks   [][]*ledger.Block
	hashes   [][]ledger.Hash
	accounts map[ledger.AccountID]*ledger.Account   // whole; of those in shares only what is no total
	spread   map[ledger.AccountID][]*ledger.Account // by lane, nil: nothing was booked there
	records  map[ledger.Ref]changed
	events   [][]*event.Event
}

// changed is a record, and in which lane and when it was put there.
type changed struct {
	ledger.Record
	lane uint16
	at   time.Time // of the lane's last item by then
	told time.Time // of its last event
}

func (s *snapshot) clone() *snapshot {
	next := &snapshot{
		lane: s.lane, heads: slices.Clone(s.heads), blocks: slices.Clone(s.blocks), hashes: slices.Clone(s.hashes), events: slices.Clone(s.events),
		accounts: maps.Clone(s.accounts), spread: make(map[ledger.AccountID][]*ledger.Account, len(s.spread)), records: maps.Clone(s.records),
	}
	for id, shares := range s.spread {
		next.spread[id] = slices.Clone(shares)
	}
	return next
}

// Lock implements ledger.Tx: there is one writer at a time.
func (s *snapshot) Lock(context.Context, ...ledger.Ref) error { return nil }

// Save implements ledger.Tx.
func (s *snapshot) Save(ctx context.Context, c *ledger.Changes) error {
	lane := s.heads[s.lane].Lane
	for _, e := range c.Events {
		if err := e.Check(); err != nil {
			return err
		}
	}
	s.events[s.lane] = append(slices.Clip(s.events[s.lane]), c.Events...)
	if c.Block != nil {
		more, err := ledger.LogHashes(ctx, s, lane, s.heads[s.lane].Blocks, c.Block.Seal().Leaf)
		if err != nil {
			return err
		}
		s.blocks[s.lane] = append(slices.Clip(s.blocks[s.lane]), c.Block)
		s.hashes[s.lane] = append(slices.Clip(s.hashes[s.lane]), more...)
	}
	s.heads[s.lane] = c.Head
	for _, a := range c.Accounts {
		if err := s.saveAccount(a); err != nil {
			return err
		}
	}
	for _, r := range c.Records {
		if delete(s.records, r.Ref); r.Record != nil {
			s.records[r.Ref] = changed{r.Record, lane, c.Head.At, c.Head.Told}
		}
	}
	if c.Alone {
		for i := range s.heads {
			h := &s.heads[i]
			h.Closed = c.Head.Closed
			if until := latest(c.Promised, c.Head.At); until.After(h.At) && len(s.heads) > 1 {
				h.NotBefore = latest(h.NotBefore, until)
			}
		}
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// saveAccount writes an account whole, or what was added to it as its lane's
// share.
func (s *snapshot) saveAccount(c ledger.ChangedAccount) error {
	id := c.After.AccountID
	shares, spread := s.spread[id]
	spread = spread || c.Before == nil && len(s.heads) > 1
	if !spread || c.After.Limited || c.After.Capped || len(c.After.Velocity) > 0 {
		delete(s.spread, id)
		s.accounts[id] = c.After
		return nil
	}
	if shares == nil {
		shares = make([]*ledger.Account, len(s.heads))
		s.spread[id] = shares
	}
	share := &ledger.Account{}
	if shares[s.lane] != nil {
		*share = *shares[s.lane]
	}
	before := c.Before
	if before == nil {
		before = &ledger.Account{}
	}
	share.Lane, share.Seq = c.After.Lane, c.After.Seq
	if err := addDifference(share, c.After, before); err != nil {
		return err
	}
	shares[s.lane] = share
	base := *c.After
	base.Balance, base.Holds = ledger.Balance{}, 0
	s.accounts[id] = &base
	return nil
}

// addDifference adds to an account what another one has more than it had.
func addDifference(to, after, before *ledger.Account) error {
	to.Holds += after.Holds - before.Holds
	for _, f := range []struct{ to, after, before *money.Amount }{
		{&to.Debits, &after.Debits, &before.Debits}, {&to.Credits, &after.Credits, &before.Credits},
		{&to.HeldDebits, &after.HeldDebits, &before.HeldDebits}, {&to.HeldCredits, &after.HeldCredits, &before.HeldCredits},
	} {
		more, err := f.after.Sub(*f.before)
		if err == nil {
			*f.to, err = f.to.Add(more)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// share gives what an account is in one lane.
func (s *snapshot) share(id ledger.AccountID, lane int) *ledger.Account {
	a := *s.accounts[id]
	if share := s.spread[id][lane]; share != nil {
		a.Balance, a.Holds = share.Balance, share.Holds
	}
	return &a
}

// account gives an account as a whole, or nil.
func (s *snapshot) account(id ledger.AccountID) *ledger.Account {
	stored := s.accounts[id]
	if stored == nil {
		return nil
	}
	a, at := *stored, s.at(stored.Lane, stored.Seq)
	for _, share := range s.spread[id] {
		if share == nil {
			continue
		}
		if err := addDifference(&a, share, &ledger.Account{}); err != nil {
			panic(err) // the tests' figures are small
		}
		if t := s.at(share.Lane, share.Seq); !t.Before(at) {
			at, a.Lane, a.Seq = t, share.Lane, share.Seq
		}
	}
	return &a
}

// at is the instant of an item; 0 is before the first.
func (s *snapshot) at(lane uint16, seq uint64) time.Time {
	if seq == 0 {
		return time.Time{}
	}
	for item := range s.items(lane, seq) {
		return item.At
	}
	return time.Time{}
}

// Heads implements ledger.Reader.
func (s *snapshot) Heads(context.Context) ([]ledger.Head, error) { return slices.Clone(s.heads), nil }

// Load implements ledger.Reader.
func (s *snapshot) Load(ctx context.Context, need *ledger.Need, state *ledger.State) error {
	if state.PutHead(s.heads[s.lane]); len(s.heads) > 1 {
		state.SeveralLanes()
	}
	for _, h := range s.heads {
		if need.Alone {
			state.Behind(h.Lane, h.Settled())
		}
	}
	for _, key := range need.Keys {
		if item := s.keyed(key); item != nil {
			state.PutKey(key, item)
			state.Behind(item.Lane, item.At)
		}
	}
	for _, id := range need.Moved {
		if s.spread[id] != nil {
			state.PutShare(id, s.share(id, s.lane))
			state.Behind(s.accounts[id].Home, s.accounts[id].Opened)
			continue
		}
		s.loadWhole(id, state)
	}
	for _, id := range need.Accounts {
		s.loadWhole(id, state)
	}
	for _, ref := range need.Records {
		state.PutRecord(ref, s.records[ref].Record)
		state.Behind(s.records[ref].lane, s.records[ref].at)
		state.Heard(s.records[ref].lane, s.records[ref].told)
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

func (s *snapshot) loadWhole(id ledger.AccountID, state *ledger.State) {
	a := s.account(id)
	state.PutAccount(id, a)
	if a == nil {
		return
	}
	state.Behind(a.Lane, s.at(a.Lane, a.Seq))
	for lane, share := range s.spread[id] {
		if share != nil {
			state.Behind(uint16(lane), s.heads[lane].Settled())
		}
	}
}

// items yields the items of a lane from seq on.
func (s *snapshot) items(lane uint16, seq uint64) iter.Seq[*ledger.Booked] {
	return func(yield func(*ledger.Booked) bool) {
		blocks := s.blocks[lane]
		at, _ := slices.BinarySearchFunc(blocks, seq, func(b *ledger.Block, seq uint64) int {
			if b.Last() < seq {
				return -1
			}
			return 1
		})
		for _, b := range blocks[at:] {
			for _, item := range b.Items {
				if item.Seq >= seq && !yield(item) {
					return
				}
			}
		}
	}
}

// journal gives all items in order of their places.
func (s *snapshot) journal() (all []*ledger.Booked) {
	for lane := range s.heads {
		all = slices.AppendSeq(all, s.items(uint16(lane), 1))
	}
	slices.SortStableFunc(all, func(a, b *ledger.Booked) int { return a.Place().Compare(b.Place()) })
	return all
}

// keyed gives the item that took a key, or nil.
func (s *snapshot) keyed(key string) *ledger.Booked {
	for lane := range s.heads {
		for item := range s.items(uint16(lane), 1) {
			if item.Key == key {
				return item
			}
		}
	}
	return nil
}

// sum adds up what the entries that count do to an account.
func (s *snapshot) sum(id ledger.AccountID, counts func(*ledger.Booked) bool) (b ledger.Balance, _ error) {
	for _, item := range s.journal() {
		if !item.IsEntry() || !counts(item) {
			continue
		}
		for _, p := range item.Postings {
			if p.ID() == id {
				if err := b.Add(p); err != nil {
					return b, err
				}
				b.Lane, b.Seq = item.Lane, item.Seq
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
	balance, err := s.sum(id, func(e *ledger.Booked) bool { return !e.ValueDate.After(on) })
	balance.Lane, balance.Seq = 0, 0 // there is no last one
	return balance, err
}

// Hashes implements ledger.Reader.
func (s *snapshot) Hashes(_ context.Context, lane uint16, indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = s.hashes[lane][at]
	}
	return out, nil
}

// Accounts implements ledger.Reader.
func (s *snapshot) Accounts(_ context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for _, id := range slices.SortedFunc(maps.Keys(s.accounts), ledger.AccountID.Compare) {
			if !strings.HasPrefix(id.Path, prefix) {
				continue
			}
			a := s.account(id)
			if !yield(*a, nil) {
				return
			}
		}
	}
}

// Blocks implements ledger.Reader.
func (s *snapshot) Blocks(_ context.Context, lane uint16, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		for _, b := range s.blocks[lane] {
			if b.Last() >= seq && !yield(b, nil) {
				return
			}
		}
	}
}

// which yields the items from a place on that are wanted.
func (s *snapshot) which(from ledger.Place, wanted func(*ledger.Booked) bool) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for _, item := range s.journal() {
			if item.Place().Compare(from) >= 0 && wanted(item) && !yield(item, nil) {
				return
			}
		}
	}
}

// Items implements ledger.Reader.
func (s *snapshot) Items(_ context.Context, lane uint16, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for item := range s.items(lane, seq) {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// Referenced implements ledger.Reader.
func (s *snapshot) Referenced(_ context.Context, reference string, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return s.which(from, func(b *ledger.Booked) bool { return b.Reference == reference })
}

// Movements implements ledger.Reader.
func (s *snapshot) Movements(_ context.Context, id ledger.AccountID, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return s.which(from, func(b *ledger.Booked) bool { return touches(b, id) })
}

// touches tells whether an item is an entry with a posting on an account.
func touches(b *ledger.Booked, id ledger.AccountID) bool {
	return b.IsEntry() && slices.ContainsFunc(b.Postings, func(p ledger.Posting) bool { return p.ID() == id })
}

// Dated implements ledger.Reader.
func (s *snapshot) Dated(_ context.Context, id ledger.AccountID, from ledger.DatedPlace) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		var list []*ledger.Booked
		for _, e := range s.journal() {
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
			if !yield(s.records[ledger.Ref{Kind: kind, ID: id}].Record, nil) {
				return
			}
		}
	}
}

// Events implements ledger.Reader.
func (s *snapshot) Events(_ context.Context, lane uint16, from uint64) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		events := s.events[lane]
		for _, e := range events[min(max(from, 1)-1, uint64(len(events))):] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Check implements ledger.Reader: there is nothing beside the journal.
func (s *snapshot) Check(context.Context, func(ledger.Finding)) error { return nil }
