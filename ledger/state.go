package ledger

import (
	"cmp"
	"time"
)

// State is what a group of commands decides on: the part of the ledger they
// declared to need, changed in memory as each command is applied. It does no
// I/O and reads no clock: the same state, instants and commands give the same
// changes. A command that touches what was not declared is stopped and applied
// again once that is loaded.
type State struct {
	chart    *Chart
	head     Head
	now      time.Time
	accounts map[AccountID]*place
	keys     map[string]*keyPlace
	records  map[Ref]Record // present and nil: loaded, does not exist
	loads    int            // how many there were: what was asked for before the last is known

	standings map[Standing]Balance // debits and credits, as the snapshot has them
	trees     map[Tree][]AccountID // as the snapshot has them

	whole   bool // what is not there does not exist: the state holds everything
	booked  []*Booked
	dirty   []*place // in order of first change
	written map[Ref]bool
	journal undoLog
}

// place is where a state keeps an account.
type place struct {
	id     AccountID
	loaded bool
	stored *Account // as the store gave it, which shares it: never changed. nil: there is none
	now    *Account // as it stands. Another than stored: the state's own
	saved  int      // the undo log's length once it had this place's value; see undoLog
}

// keyPlace is where a state keeps who took a key.
type keyPlace struct {
	by    *Booked // nil: free
	asked int     // how many loads there were when it was asked for; -1: a store put it
}

// NewState starts from the head of a snapshot.
func NewState(chart *Chart, head Head) *State {
	return &State{
		chart:    chart,
		head:     head,
		accounts: make(map[AccountID]*place),
		keys:     make(map[string]*keyPlace),
		records:  make(map[Ref]Record),
		written:  make(map[Ref]bool),

		standings: make(map[Standing]Balance),
		trees:     make(map[Tree][]AccountID),
	}
}

func (s *State) newPlace(id AccountID) *place {
	p := &place{id: id}
	s.accounts[id] = p
	return p
}

// PutAccount tells the state an account, or with nil that there is none. The
// state never changes what it is given: stores may share one *Account among
// states. Only a store's Load calls it.
func (s *State) PutAccount(id AccountID, a *Account) {
	p := s.accounts[id]
	if p == nil {
		p = s.newPlace(id)
	}
	p.loaded, p.stored, p.now = true, a, a
}

// PutKey tells the state who took a key. Of a key that is free a store need not
// say anything; it may say it with nil. Only a store's Load calls it.
func (s *State) PutKey(key string, b *Booked) { s.keys[key] = &keyPlace{by: b, asked: -1} }

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

// ask tells whether a key is still to be loaded and nobody has asked for it
// since the last load; from now on somebody has.
func (s *State) ask(key string) bool {
	if k := s.keys[key]; k != nil {
		return false // known, or asked for already
	}
	s.keys[key] = &keyPlace{asked: s.loads}
	return true
}

// known tells whether a load has brought who took the key, or that it is free.
func (s *State) known(k *keyPlace) bool { return k != nil && k.asked < s.loads }

// key gives who took a key, or nil.
func (s *State) key(key string) *Booked {
	k := s.keys[key]
	if !s.known(k) {
		panic(notLoaded(func(n *Need) { n.Key(key) }))
	}
	return k.by
}

// take says who has taken a key; nil gives it back.
func (s *State) take(key string, by *Booked) {
	if key == "" {
		return
	}
	if k := s.keys[key]; k != nil {
		k.by = by
	} else {
		s.keys[key] = &keyPlace{by: by, asked: -1}
	}
}

// taken is key for commands that are still declaring their needs: nil also when
// the state has not been told yet.
func (s *State) taken(key string) *Booked {
	if k := s.keys[key]; k != nil {
		return k.by
	}
	return nil
}

// Account gives an account; ok is false when it does not exist.
func (s *State) Account(id AccountID) (a Account, ok bool) {
	p := s.place(id)
	if p.now == nil {
		return Account{AccountID: id}, false
	}
	return *p.now, true
}

// place gives the place of an account that was loaded, whether it exists or
// not.
func (s *State) place(id AccountID) *place {
	p := s.accounts[id]
	if p == nil && s.whole {
		p = s.newPlace(id)
		p.loaded = true
	}
	if p == nil || !p.loaded {
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
	s.journal.add(undo{record: &recordUndo{ref: ref, record: before, loaded: loaded, written: s.written[ref]}})
	s.records[ref] = r
	s.written[ref] = true
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
