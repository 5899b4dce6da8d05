package ledger

// undoLog is how the changes since a mark are put back. Places in it are
// absolute: they count on when a finished command's part is dropped, so that an
// old place is never taken for a new one.
type undoLog struct {
	entries []undo
	dropped int        // how many entries of finished commands there were
	floor   int        // length when the innermost mark was set
	copies  []*Account // for reuse: values of accounts that were the state's own already
	copied  int
}

// undo restores one value a command has changed.
type undo struct {
	place  *place
	was    *Account    // what place.now was
	value  *Account    // what was held then; nil: was itself was not changed
	saved  int         // what place.saved was
	record *recordUndo // instead of a place
}

type recordUndo struct {
	ref     Ref
	record  Record
	loaded  bool
	written bool
}

func (u *undoLog) length() int { return u.dropped + len(u.entries) }

func (u *undoLog) add(entry undo) { u.entries = append(u.entries, entry) }

// drop forgets everything: what was done stays.
func (u *undoLog) drop() {
	u.dropped += len(u.entries)
	u.entries, u.copied = u.entries[:0], 0
}

// copyOf keeps the value of an account until the next drop.
func (u *undoLog) copyOf(a *Account) *Account {
	if u.copied == len(u.copies) {
		u.copies = append(u.copies, new(Account))
	}
	c := u.copies[u.copied]
	u.copied++
	*c = *a
	return c
}

// open puts an account into a place that has none.
func (s *State) open(p *place, a *Account) {
	s.journal.add(undo{place: p, saved: p.saved})
	p.now, p.saved = a, s.journal.length()
	s.dirty = append(s.dirty, p)
}

// own gives a place's account to be changed. Its value is kept once for each
// mark, however often it is changed.
func (s *State) own(p *place) *Account {
	if p.saved > s.journal.floor {
		return p.now
	}
	u := undo{place: p, was: p.now, saved: p.saved}
	if p.now == p.stored {
		fresh := *p.stored
		p.now = &fresh
		s.dirty = append(s.dirty, p)
	} else {
		u.value = s.journal.copyOf(p.now)
	}
	s.journal.add(u)
	p.saved = s.journal.length()
	return p.now
}

// mark is a point a state can go back to.
type mark struct {
	head                       Head
	booked, dirty, undo, floor int
}

// mark sets a point to go back to; release or rollback ends it.
func (s *State) mark() mark {
	m := mark{s.head, len(s.booked), len(s.dirty), s.journal.length(), s.journal.floor}
	s.journal.floor = m.undo
	return m
}

func (s *State) release(m mark) { s.journal.floor = m.floor }

func (s *State) rollback(m mark) {
	log := &s.journal
	kept := m.undo - log.dropped
	for i := len(log.entries) - 1; i >= kept; i-- {
		s.revert(&log.entries[i])
	}
	for _, b := range s.booked[m.booked:] {
		if b.Key != "" {
			s.keys[b.Key].by = nil
		}
	}
	s.head, s.booked, s.dirty = m.head, s.booked[:m.booked], s.dirty[:m.dirty]
	log.entries, log.floor = log.entries[:kept], m.floor
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
	if r := u.record; r != nil {
		s.records[r.ref] = r.record
		if !r.loaded {
			delete(s.records, r.ref)
		}
		if !r.written {
			delete(s.written, r.ref)
		}
		return
	}
	if u.value != nil {
		*u.was = *u.value
	}
	u.place.now, u.place.saved = u.was, u.saved
}
