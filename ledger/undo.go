package ledger

// undoLog is how changes since a mark are put back. An account that a state
// changes for the first time needs no entry: State.dirty names it, and what the
// store gave is still there.
type undoLog struct {
	entries []undo
	saves   int        // how many values were ever kept; it never falls
	floor   int        // how many there were when the innermost mark was set
	copies  []*Account // for reuse: values of accounts that were the state's own already
	copied  int
}

// undo restores one value a command has changed.
type undo struct {
	place  *place
	value  *Account // what its account was
	saved  int      // what place.saved was
	record *recordUndo
}

type recordUndo struct {
	ref     Ref
	record  Record
	loaded  bool
	written bool
}

// drop forgets everything: what was done stays.
func (u *undoLog) drop() { u.entries, u.copied = u.entries[:0], 0 }

// keep keeps the value of an account until the next drop.
func (u *undoLog) keep(p *place) {
	if u.copied == len(u.copies) {
		u.copies = append(u.copies, new(Account))
	}
	value := u.copies[u.copied]
	u.copied++
	*value = *p.now
	u.entries = append(u.entries, undo{place: p, value: value, saved: p.saved})
}

// open puts an account into a place that has none.
func (s *State) open(p *place, a *Account) {
	s.journal.saves++
	p.now, p.saved = a, s.journal.saves
	s.dirty = append(s.dirty, p)
}

// own gives a place's account to be changed. Its value is kept once for each
// mark, however often it is changed.
func (s *State) own(p *place) *Account {
	if p.now == p.stored {
		fresh := *p.stored
		s.open(p, &fresh)
		return p.now
	}
	if p.saved <= s.journal.floor {
		s.journal.keep(p)
		s.journal.saves++
		p.saved = s.journal.saves
	}
	return p.now
}

// mark is a point a state can go back to.
type mark struct {
	head                               Head
	booked, dirty, events, undo, floor int
}

// mark sets a point to go back to; release or rollback ends it.
func (s *State) mark() mark {
	log := &s.journal
	m := mark{s.head, len(s.booked), len(s.dirty), len(s.events), len(log.entries), log.floor}
	log.floor = log.saves
	return m
}

func (s *State) release(m mark) { s.journal.floor = m.floor }

func (s *State) rollback(m mark) {
	log := &s.journal
	for i := len(log.entries) - 1; i >= m.undo; i-- {
		s.revert(&log.entries[i])
	}
	for _, p := range s.dirty[m.dirty:] {
		p.now = p.stored
	}
	for _, b := range s.booked[m.booked:] {
		if b.Key != "" {
			s.keys[b.Key].by = nil
		}
	}
	s.head, s.booked, s.dirty, s.events = m.head, s.booked[:m.booked], s.dirty[:m.dirty], s.events[:m.events]
	log.entries, log.floor = log.entries[:m.undo], m.floor
}

// attempt runs fn; if it fails, everything fn changed is put back.
func (s *State) attempt(fn func() error) error {
	m := s.mark()
	err := fn()
	if err != nil {
		s.rollback(m)
	} else {
		s.release(m)
	}
	return err
}

func (s *State) revert(u *undo) {
	r := u.record
	if r == nil {
		*u.place.now, u.place.saved = *u.value, u.saved
		return
	}
	s.records[r.ref] = r.record
	if !r.loaded {
		delete(s.records, r.ref)
	}
	if !r.written {
		delete(s.written, r.ref)
	}
}
