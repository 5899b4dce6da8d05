package ledger

import (
	"cmp"
	"slices"
	"time"
)

// A Need collects what commands touch, so that a store can bring it in one
// round trip. What the state already holds is not asked for again.
type Need struct {
	Keys      []string
	Accounts  []AccountID
	Records   []Ref
	Standings []Standing
	Trees     []Tree

	state *State
}

// Key asks for the item that took a key.
func (n *Need) Key(key string) {
	if _, ok := n.state.keys[key]; !ok {
		n.Keys = append(n.Keys, key)
	}
}

// Account asks for an account.
func (n *Need) Account(id AccountID) {
	if _, ok := n.state.accounts[id]; !ok {
		n.Accounts = append(n.Accounts, id)
	}
}

// Entry asks for everything that booking e touches.
func (n *Need) Entry(e *Entry) { n.Request(*e) }

// Standing asks for a balance as of a value date.
func (n *Need) Standing(st Standing) {
	if _, ok := n.state.standings[st]; !ok {
		n.Standings = append(n.Standings, st)
	}
}

// Tree asks which accounts a tree has.
func (n *Need) Tree(t Tree) {
	if _, ok := n.state.trees[t]; !ok {
		n.Trees = append(n.Trees, t)
	}
}

// Record asks for a record.
func (n *Need) Record(ref Ref) {
	if _, ok := n.state.records[ref]; !ok {
		n.Records = append(n.Records, ref)
	}
}

// Explore runs fn, which looks at the state as Apply would, and asks for the
// first thing it touches that is not loaded yet. Whatever fn changes is put
// back.
func (n *Need) Explore(fn func()) {
	m := n.state.mark()
	defer func() {
		absent := recover()
		n.state.rollback(m)
		switch absent := absent.(type) {
		case nil:
		case notLoaded:
			absent(n)
		default:
			panic(absent)
		}
	}()
	fn()
}

// settle sorts what was asked for and drops repetitions: the one order in
// which stores lock. It reports whether anything is left to load.
func (n *Need) settle() bool {
	slices.Sort(n.Keys)
	n.Keys = slices.Compact(n.Keys)
	slices.SortFunc(n.Accounts, AccountID.Compare)
	n.Accounts = slices.Compact(n.Accounts)
	slices.SortFunc(n.Records, compareRefs)
	n.Records = slices.Compact(n.Records)
	n.Standings, n.Trees = distinct(n.Standings), distinct(n.Trees)
	return len(n.Keys)+len(n.Accounts)+len(n.Records)+len(n.Standings)+len(n.Trees) > 0
}

// distinct drops repetitions of what is only read, so that its order is free.
func distinct[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	return slices.DeleteFunc(list, func(v T) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

// State is what a group of commands decides on: the part of the ledger they
// declared to need, changed in memory as each command is applied. It does no
// I/O and reads no clock: the same state, instants and commands give the same
// changes. A command that touches what was not declared is stopped and applied
// again once that is loaded.
type State struct {
	chart    *Chart
	head     Head
	now      time.Time
	accounts map[AccountID]*Account // present and nil: loaded, does not exist
	keys     map[string]*Booked     // present and nil: loaded, free
	records  map[Ref]Record         // present and nil: loaded, does not exist

	standings map[Standing]Balance // debits and credits, as the snapshot has them
	trees     map[Tree][]AccountID // as the snapshot has them

	whole   bool // what is not there does not exist: the state holds everything
	booked  []*Booked
	dirty   []*Account
	written map[Ref]bool
	undo    []undo
}

// undo restores one value a command has changed.
type undo struct {
	account *Account // restored to before, or removed when opened by the command
	opened  bool
	before  Account
	ref     Ref
	record  Record
	loaded  bool
	written bool
	isRef   bool
}

// NewState starts from the head of a snapshot.
func NewState(chart *Chart, head Head) *State {
	return &State{
		chart:    chart,
		head:     head,
		accounts: make(map[AccountID]*Account),
		keys:     make(map[string]*Booked),
		records:  make(map[Ref]Record),
		written:  make(map[Ref]bool),

		standings: make(map[Standing]Balance),
		trees:     make(map[Tree][]AccountID),
	}
}

// PutAccount tells the state an account, or with nil that there is none. Only
// a store's Load calls it.
func (s *State) PutAccount(id AccountID, a *Account) { s.accounts[id] = a }

// PutKey tells the state who took a key, or with nil that it is free. Only a
// store's Load calls it.
func (s *State) PutKey(key string, b *Booked) { s.keys[key] = b }

// PutRecord tells the state a record, or with nil that there is none. Only a
// store's Load calls it.
func (s *State) PutRecord(ref Ref, r Record) { s.records[ref] = r }

// PutStanding tells the state what value dates up to a day add up to on an
// account, held amounts left out. Only a store's Load calls it.
func (s *State) PutStanding(st Standing, b Balance) { s.standings[st] = b }

// PutTree tells the state which accounts a tree has. Only a store's Load calls it.
func (s *State) PutTree(t Tree, ids []AccountID) { s.trees[t] = ids }

// Now is the instant of the command being applied: UTC, whole microseconds,
// after every earlier command's that booked anything, or equal to it where both
// replay facts of one instant.
func (s *State) Now() time.Time { return s.now }

// NextSeq is the sequence the next booked item gets.
func (s *State) NextSeq() uint64 { return s.head.Seq + 1 }

// Lane is the journal lane items are booked in.
func (s *State) Lane() uint16 { return s.head.Lane }

// notLoaded stops a command that touches what the state was not told; Apply
// turns it into a Need. It asks for what is missing.
type notLoaded func(*Need)

// Account gives an account; ok is false when it does not exist.
func (s *State) Account(id AccountID) (a Account, ok bool) {
	p := s.account(id)
	if p == nil {
		return Account{AccountID: id}, false
	}
	return *p, true
}

func (s *State) account(id AccountID) *Account {
	p, loaded := s.accounts[id]
	if !loaded && !s.whole {
		panic(notLoaded(func(n *Need) { n.Account(id) }))
	}
	return p
}

// Record gives a record, or nil when there is none.
func (s *State) Record(ref Ref) Record {
	r, loaded := s.records[ref]
	if !loaded && !s.whole {
		panic(notLoaded(func(n *Need) { n.Record(ref) }))
	}
	return r
}

// Peek is Record for commands that are still declaring their needs: loaded is
// false when the state has not been told yet.
func (s *State) Peek(ref Ref) (r Record, loaded bool) {
	r, loaded = s.records[ref]
	return r, loaded
}

// Put writes a record; it is saved if the command is accepted.
func (s *State) Put(r Record) { s.replace(r.Ref(), r) }

// Delete removes a record if the command is accepted.
func (s *State) Delete(ref Ref) { s.replace(ref, nil) }

func (s *State) replace(ref Ref, r Record) {
	before, loaded := s.records[ref]
	s.undo = append(s.undo, undo{isRef: true, ref: ref, record: before, loaded: loaded, written: s.written[ref]})
	s.records[ref] = r
	s.written[ref] = true
}

// mark is a point a state can go back to.
type mark struct {
	head                Head
	booked, dirty, undo int
}

func (s *State) mark() mark { return mark{s.head, len(s.booked), len(s.dirty), len(s.undo)} }

func (s *State) rollback(m mark) {
	for i := len(s.undo) - 1; i >= m.undo; i-- {
		s.revert(&s.undo[i])
	}
	for _, b := range s.booked[m.booked:] {
		if b.Key != "" {
			s.keys[b.Key] = nil
		}
	}
	s.head, s.booked, s.dirty, s.undo = m.head, s.booked[:m.booked], s.dirty[:m.dirty], s.undo[:m.undo]
}

// attempt runs fn; if it fails, everything fn changed is put back.
func (s *State) attempt(fn func() error) error {
	m := s.mark()
	err := fn()
	if err != nil {
		s.rollback(m)
	}
	return err
}

func (s *State) revert(u *undo) {
	switch {
	case u.isRef:
		s.records[u.ref] = u.record
		if !u.loaded {
			delete(s.records, u.ref)
		}
		if !u.written {
			delete(s.written, u.ref)
		}
	case u.opened:
		s.accounts[u.account.AccountID] = nil
	default:
		*u.account = u.before
	}
}
