package ledger

import (
	"cmp"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
)

// State is what a group of commands decides on: the part of the ledger they
// declared to need, changed in memory as each command is applied. It does no
// I/O and reads no clock: the same state, instants and commands give the same
// changes. A command that touches what was not declared is stopped and applied
// again once that is loaded.
type State struct {
	chart    *Chart
	head     Head      // of the lane to book in
	several  bool      // the store has more than one lane
	headed   bool      // the head was told
	since    time.Time // what is booked comes after it: the latest instant of what was read
	heard    time.Time // what is told comes no earlier: behind the latest event about what was read
	promised time.Time // nothing will be booked at or before it; zero: no promise
	alone    bool      // no other transaction may book while this one does
	now      time.Time
	today    calendar.Date     // of now, by UTC; zero: outside the years 1 to 9999
	accounts map[string]*place // by path; those of other currencies hang on it
	keys     map[string]*keyPlace
	records  map[Ref]Record // present and nil: loaded, does not exist
	loads    int            // how many there were: what was asked for before the last is known

	standings map[Standing]Balance // debits and credits, as the snapshot has them
	trees     map[Tree][]AccountID // as the snapshot has them

	whole   bool // what is not there does not exist: the state holds everything
	booked  []*Booked
	events  []*event.Event
	dirty   []*place // in order of first change
	written map[Ref]bool
	journal undoLog
	blanks  blanks

	placeRow row[place]
	keyRow   row[keyPlace]

	effects  []effect // of gathered; for reuse
	gathered *Booked
	spotted  []*place // of the postings of the request that is being executed, as far as known
}

// NewState begins with nothing but the chart; a store's Load tells the rest.
func NewState(chart *Chart) *State {
	s := &State{chart: chart}
	s.at(time.Time{})
	return s
}

// need begins to ask.
func (s *State) need() *Need {
	n := &Need{state: s}
	if len(s.keys) == 0 { // the first time
		n.Keys = make([]string, 0, s.blanks.expected)
	}
	return n
}

// expect makes room for items that are to come.
func (s *State) expect(items int) {
	s.blanks.expected = items
	s.booked = slices.Grow(s.booked, items)
	if s.keys == nil {
		s.keys, s.accounts = make(map[string]*keyPlace, items), make(map[string]*place, items/4)
	}
}

// put is an assignment to a map that is made when it is first needed: a reading
// needs none of most.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}

// at sets the instant for what is applied.
func (s *State) at(now time.Time) {
	s.now, s.today = now, calendar.DateOf(now, time.UTC)
}

// PutHead tells the state the end of the lane to book in, as the transaction
// sees it. It is told once; what is told later is what the state knows already.
// Only a store's Load calls it.
func (s *State) PutHead(h Head) {
	if !s.headed {
		s.head, s.headed = h, true
		s.NotBefore(h.NotBefore)
	}
}

// SeveralLanes tells the state that the store has more than one lane, so that
// accounts without limits may be in shares. Only a store's Load calls it.
func (s *State) SeveralLanes() { s.several = true }

// Behind tells the state where something it read was changed last: whatever it
// books comes later. Of its own lane it knows that. Only a store's Load calls it,
// after PutHead.
func (s *State) Behind(lane uint16, at time.Time) {
	if lane != s.head.Lane {
		s.NotBefore(at)
	}
}

// Heard tells the state up to when events may have been told about something it
// read: what it tells comes later. It books when it would have booked: an event by
// the clock makes no fact of the past a late one. Of its own lane it knows that.
// Only a store's Load calls it, after PutHead.
func (s *State) Heard(lane uint16, told time.Time) {
	if next := told.Add(time.Microsecond); lane != s.head.Lane && next.After(s.heard) {
		s.heard = next
	}
}

// NotBefore tells the state to book nothing at or before an instant. Only a
// store's Load calls it.
func (s *State) NotBefore(t time.Time) {
	if t.After(s.since) {
		s.since = t
	}
}

// PutAccount tells the state an account, or with nil that there is none. The
// state never changes what it is given: stores may share one *Account among
// states. Only a store's Load calls it.
func (s *State) PutAccount(id AccountID, a *Account) {
	p := s.putPlace(id)
	if p.share && a != nil {
		p.complete(a)
		return
	}
	p.loaded, p.share, p.stored, p.now = true, false, a, a
}

// PutShare is PutAccount for one that has no limits, with the totals, holds and
// last act of the transaction's lane alone. Holds that were placed in one lane and
// ended in another leave less than nothing there; their number wraps around then,
// and the sum over all lanes is right. A posting needs no more; a command that looks
// at the account has it loaded whole. Only a store's Load calls it, for accounts of
// Need.Moved.
func (s *State) PutShare(id AccountID, a *Account) {
	p := s.putPlace(id)
	if !p.loaded { // else what is known is as good
		p.loaded, p.share, p.stored, p.now = true, true, a, a
	}
}

func (s *State) putPlace(id AccountID) *place {
	if p := s.find(id); p != nil {
		return p
	}
	return s.newPlace(id)
}

// PutKey tells the state who took a key. Of a key that is free a store need not
// say anything; it may say it with nil. Only a store's Load calls it.
func (s *State) PutKey(key string, b *Booked) {
	k := s.keys[key]
	if k == nil {
		k = s.newKey(key)
	}
	k.by, k.asked = b, byStore
}

// PutRecord tells the state a record, or with nil that there is none. Only a
// store's Load calls it.
func (s *State) PutRecord(ref Ref, r Record) { put(&s.records, ref, r) }

// PutStanding tells the state what value dates up to a day add up to on an
// account, held amounts left out. Only a store's Load calls it.
func (s *State) PutStanding(st Standing, b Balance) { put(&s.standings, st, b) }

// PutTree tells the state which accounts a tree has. Only a store's Load calls it.
func (s *State) PutTree(t Tree, ids []AccountID) { put(&s.trees, t, ids) }

// Now is the instant of the command being applied: UTC, whole microseconds,
// after every earlier command's that booked anything, or equal to it where both
// replay facts of one instant.
func (s *State) Now() time.Time { return s.now }

// NextSeq is the sequence the next booked item gets.
func (s *State) NextSeq() uint64 { return s.head.Seq + 1 }

// Lane is the journal lane items are booked in.
func (s *State) Lane() uint16 { return s.head.Lane }

// Tell has an event leave with what the command decides, if it is accepted. Lane,
// number and instant are the state's to give; the rest is the command's. The
// instant is the command's, or if that is later the one of the lane's last event,
// or one behind what other lanes told last of what was read: told events order as
// they were decided.
func (s *State) Tell(e event.Event) {
	e.At = s.now
	if e.At.Before(s.head.Told) {
		e.At = s.head.Told
	}
	if e.At.Before(s.heard) {
		e.At = s.heard
	}
	s.head.Events, s.head.Told = s.head.Events+1, e.At
	e.Lane, e.No = s.head.Lane, s.head.Events
	s.events = append(s.events, &e)
}

// notLoaded stops a command that touches what the state was not told; Apply
// turns it into a Need. It asks for what is missing.
type notLoaded func(*Need)

// Account gives an account; ok is false when it does not exist.
func (s *State) Account(id AccountID) (a Account, ok bool) {
	p := s.wholePlace(id)
	if p.now == nil {
		return Account{AccountID: id}, false
	}
	return *p.now, true
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
	s.journal.entries = append(s.journal.entries, undo{record: &recordUndo{ref: ref, record: before, loaded: loaded, written: s.written[ref]}})
	put(&s.records, ref, r)
	put(&s.written, ref, true)
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
