package bolt

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/settlex/settlex/ledger"
)

func idOf(key []byte) uint64 { return binary.BigEndian.Uint64(key) }

// tailSource gives the pairs of a tail, which does not grow any more. Each
// family is put in order when its turn comes.
type tailSource struct {
	tail   *tail
	family family
	pairs  []tailPair
	note   []byte
}

// tailPair is a pair whose note, if it has one, is not encoded yet.
type tailPair struct {
	a, b  uint64
	noted bool
	note  ledger.Balance
}

func (s *tailSource) resume(*Tx) error { return nil }

func (s *tailSource) next() (family, pair, error) {
	for len(s.pairs) == 0 {
		if s.family == lastFamily {
			return 0, pair{}, nil
		}
		s.family++
		if err := s.sort(); err != nil {
			return 0, pair{}, err
		}
	}
	first := &s.pairs[0]
	out := pair{a: first.a, b: first.b}
	if first.noted {
		s.note = encodeNote(s.note[:0], &first.note)
		out.note = s.note
	}
	s.pairs = s.pairs[1:]
	return s.family, out, nil
}

// sort puts the pairs of the family in order.
func (s *tailSource) sort() (err error) {
	switch s.family {
	case familyKeys:
		s.pairs = sortHashed(s.tail.keys)
	case familyReferences:
		s.pairs = sortHashed(s.tail.references)
	case familyMovements:
		s.pairs = s.movements()
	case familyDated:
		s.pairs = s.dated()
	case familySums:
		s.pairs, err = s.sums()
	}
	return err
}

func sortHashed(list []hashed) []tailPair {
	// Hashes are spread evenly: one pass by their first bits, and short sorts.
	const bits = 12
	var starts [1<<bits + 1]int
	for _, h := range list {
		starts[h.hash>>(hashBits-bits)+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	out, next := make([]tailPair, len(list)), starts
	for _, h := range list {
		at := &next[h.hash>>(hashBits-bits)]
		out[*at] = tailPair{a: h.hash, b: h.seq}
		*at++
	}
	for i := range len(starts) - 1 {
		slices.SortFunc(out[starts[i]:starts[i+1]], func(p, q tailPair) int { return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b)) })
	}
	return out
}

// order lists the moves by account, and each account's in an order of places.
func (s *tailSource) order(place func(*move) uint64) []*move {
	numbers := make([]uint64, 0, s.tail.byAccount.used)
	for _, slot := range s.tail.byAccount.slots {
		if slot.last != 0 {
			numbers = append(numbers, slot.number)
		}
	}
	slices.Sort(numbers)
	out := make([]*move, 0, len(s.tail.moves))
	for _, no := range numbers {
		from := len(out)
		for i := s.tail.byAccount.last(no); i != none; i = s.tail.moves[i].before {
			out = append(out, &s.tail.moves[i])
		}
		slices.Reverse(out[from:])
		slices.SortFunc(out[from:], func(a, b *move) int { return cmp.Compare(place(a), place(b)) })
	}
	return out
}

func bySeq(m *move) uint64   { return m.seq }
func byPlace(m *move) uint64 { return m.place }

func (s *tailSource) movements() []tailPair {
	moves := s.order(bySeq)
	out := make([]tailPair, len(moves))
	for i, m := range moves {
		out[i] = tailPair{a: m.account, b: m.seq, noted: true, note: m.totals()}
	}
	return out
}

func (s *tailSource) dated() []tailPair {
	moves := s.order(byPlace)
	out := make([]tailPair, len(moves))
	for i, m := range moves {
		out[i] = tailPair{a: m.account, b: m.place}
	}
	return out
}

// sums adds up the moves of each account and day.
func (s *tailSource) sums() (out []tailPair, err error) {
	for _, m := range s.order(byPlace) {
		day := placeDay(m.place)
		if n := len(out); n == 0 || out[n-1].a != m.account || out[n-1].b != day {
			out = append(out, tailPair{a: m.account, b: day, noted: true})
		}
		if err := out[len(out)-1].note.Add(ledger.Posting{Side: m.side, Amount: m.amount}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mergeSource gives the pairs of runs in order; of equal ones that of the
// older run first. Between transactions it keeps the last pair it gave.
type mergeSource struct {
	runs    []run
	cursors []*pairCursor // one for each run
	family  family
	last    pair // of the family
	from    int  // the run that gave it; -1: none was given yet

	leader int  // the cursor that stands on the least pair, as long as it is before bound
	bound  pair // where the next one stands
	after  int  // the next one's run; -1: there is none
}

func (s *mergeSource) resume(t *Tx) error {
	if s.family == 0 {
		s.family, s.from = familyKeys, -1
	}
	s.cursors = make([]*pairCursor, len(s.runs))
	for i, r := range s.runs {
		bucket, err := t.runBucket(r)
		if err != nil {
			return err
		}
		s.cursors[i] = &pairCursor{bucket: bucket.Cursor()}
	}
	return s.seek()
}

// seek puts each cursor on the first pair that was not given yet.
func (s *mergeSource) seek() error {
	s.leader = -1
	for i, c := range s.cursors {
		from := pair{}
		if s.from >= 0 {
			from = s.last
		}
		err := c.seek(s.family, from)
		if err == nil && c.ok && i <= s.from && c.page.compare(s.last) == 0 {
			err = c.next()
		}
		if err != nil {
			return fmt.Errorf("run %d: %w", s.runs[i].id, err)
		}
	}
	return nil
}

func (s *mergeSource) next() (family, pair, error) {
	for !s.leads() {
		if s.elect(); s.leader >= 0 {
			break
		}
		if s.family == lastFamily {
			return 0, pair{}, nil
		}
		s.family++
		s.from = -1
		if err := s.seek(); err != nil {
			return 0, pair{}, err
		}
	}
	c := s.cursors[s.leader]
	out := c.page.pair
	s.last.a, s.last.b, s.from = out.a, out.b, s.leader
	if err := c.next(); err != nil {
		return 0, pair{}, fmt.Errorf("run %d: %w", s.runs[s.leader].id, err)
	}
	return s.family, out, nil
}

// leads tells whether the leader still stands before all others.
func (s *mergeSource) leads() bool {
	if s.leader < 0 || !s.cursors[s.leader].ok {
		return false
	}
	if s.after < 0 {
		return true
	}
	order := s.cursors[s.leader].page.compare(s.bound)
	return order < 0 || order == 0 && s.leader < s.after
}

// elect finds the leader and the one behind it.
func (s *mergeSource) elect() {
	s.leader, s.after = -1, -1
	for i, c := range s.cursors {
		switch {
		case !c.ok:
		case s.leader < 0 || c.page.compare(s.cursors[s.leader].page.pair) < 0:
			s.leader, s.after = i, s.leader
		case s.after < 0 || c.page.compare(s.cursors[s.after].page.pair) < 0:
			s.after = i
		}
	}
	if s.after >= 0 {
		s.bound = s.cursors[s.after].page.pair
	}
}
