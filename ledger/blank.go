package ledger

// maxBlanks bounds how many items are allocated at once.
const maxBlanks = 128

// blanks are where items are made: side by side, so that a batch does not
// allocate each by itself. A block keeps all of its items or none.
type blanks struct {
	free     []Booked // the first is the blank that is given out
	used     bool     // something may stand in it already
	expected int      // items that are still to come, as far as can be told
}

// blank gives an item to fill in. It is the same one until it is kept, so that
// what is refused costs none.
func (s *State) blank() *Booked {
	b := &s.blanks
	if len(b.free) == 0 {
		b.free = make([]Booked, min(max(b.expected, len(s.booked), 1), maxBlanks))
	}
	if b.used {
		b.free[0] = Booked{}
	}
	b.used = true
	s.gathered = nil
	return &b.free[0]
}

// keepBlank says that the blank is an item of the journal now.
func (s *State) keepBlank() {
	s.blanks.free, s.blanks.used = s.blanks.free[1:], false
	s.blanks.expected--
}
