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
	hashed []hashed // left of the keys or references
	order  []int32  // of the moves: by account, and each account's by seq, then by place
	at     int      // index in order
	note   []byte
}

func (s *tailSource) next() (family, pair, error) {
	for {
		switch s.family {
		case familyKeys, familyReferences:
			if len(s.hashed) > 0 {
				h := s.hashed[0]
				s.hashed = s.hashed[1:]
				return s.family, pair{a: h.hash, b: h.seq}, nil
			}
		case familyMovements, familyDated, familySums:
			if s.at < len(s.order) {
				p, err := s.move()
				return s.family, p, err
			}
		}
		if s.family == lastFamily {
			return 0, pair{}, nil
		}
		s.family++
		s.at = 0
		s.sort()
	}
}

// move gives the next pair of a family of moves.
func (s *tailSource) move() (p pair, err error) {
	at := s.order[s.at]
	m, place := &s.tail.moves[at], s.tail.spots[at].place
	s.at++
	switch s.family {
	case familyMovements:
		p = pair{a: m.account, b: placeSeq(place)}
		if isMark(p.a, p.b) || s.at == len(s.order) || s.tail.moves[s.order[s.at]].account != p.a {
			s.note = encodeNote(s.note[:0], &ledger.Balance{Debits: m.debits, Credits: m.credits})
			p.note = s.note
		}
		return p, nil
	case familyDated:
		return pair{a: m.account, b: place}, nil
	}
	account, day, sum := m.account, placeDay(place), ledger.Balance{}
	for s.at--; s.at < len(s.order) && err == nil; s.at++ {
		at := s.order[s.at]
		m := &s.tail.moves[at]
		if m.account != account || placeDay(s.tail.spots[at].place) != day {
			break
		}
		err = sum.Add(ledger.Posting{Side: m.side, Amount: m.amount})
	}
	s.note = encodeNote(s.note[:0], &sum)
	return pair{account, day, s.note}, err
}

// sort puts the family in order.
func (s *tailSource) sort() {
	switch s.family {
	case familyKeys:
		s.hashed = sortHashed(s.tail.keys)
	case familyReferences:
		s.hashed = sortHashed(s.tail.references)
	case familyMovements:
		s.order = s.tail.byAccountAndSeq()
	case familyDated:
		s.byPlace()
	}
}

// byPlace puts each account's moves in order of value date; most are.
func (s *tailSource) byPlace() {
	spots := s.tail.spots
	for from := 0; from < len(s.order); {
		local, sorted, to := spots[s.order[from]].local, true, from+1
		for ; to < len(s.order) && spots[s.order[to]].local == local; to++ {
			sorted = sorted && spots[s.order[to-1]].place < spots[s.order[to]].place
		}
		if !sorted {
			slices.SortFunc(s.order[from:to], func(a, b int32) int { return cmp.Compare(spots[a].place, spots[b].place) })
		}
		from = to
	}
}

// byAccountAndSeq lists the moves by account, and each account's by seq.
func (t *tail) byAccountAndSeq() []int32 {
	accounts := make([]chain, 0, t.byAccount.used)
	for _, slot := range t.byAccount.slots {
		if slot.last != 0 {
			accounts = append(accounts, slot)
		}
	}
	slices.SortFunc(accounts, func(a, b chain) int { return cmp.Compare(a.number, b.number) })
	places := make([]int32, len(accounts)) // by local number: how many moves, then where the next one goes
	for i := range t.spots {
		places[t.spots[i].local]++
	}
	at := int32(0)
	for _, account := range accounts {
		at, places[account.id] = at+places[account.id], at
	}
	order := make([]int32, len(t.moves))
	for i := range t.spots {
		place := &places[t.spots[i].local]
		order[*place] = int32(i) //nolint:gosec // a tail is frozen long before
		*place++
	}
	return order
}

// sortHashed orders by hash and seq. Hashes are spread evenly: one pass by their
// first bits, and short sorts.
func sortHashed(list []hashed) []hashed {
	const first, shift = 12, hashBits - 12
	var starts [1<<first + 1]int32
	for i := range list {
		starts[list[i].hash>>shift+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	out, next := make([]hashed, len(list)), starts
	for i := range list {
		part := list[i].hash >> shift
		out[next[part]] = list[i]
		next[part]++
	}
	for i := range len(starts) - 1 {
		if part := out[starts[i]:starts[i+1]]; len(part) > 1 {
			slices.SortFunc(part, func(p, q hashed) int { return cmp.Or(cmp.Compare(p.hash, q.hash), cmp.Compare(p.seq, q.seq)) })
		}
	}
	return out
}

// mergeSource gives the pairs of runs in order; of equal ones that of the
// older run first. Between transactions it keeps the last pair it gave.
type mergeSource struct {
	runs    []run
	cursors []*pairCursor // one for each run
	family  family
	last    pair // of the family
	from    int  // the run that gave it; -1: none was given yet
	note    []byte

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
	out, err := s.take(s.leader)
	switch {
	case err != nil:
	case s.family == familySums:
		out.note, err = s.sum(out)
	case s.family == familyMovements && len(out.note) > 0 && !isMark(out.a, out.b) && s.moves(out.a):
		out.note = nil // there is a later one
	}
	return s.family, out, err
}

// take gives the pair a cursor stands on.
func (s *mergeSource) take(run int) (pair, error) {
	c := s.cursors[run]
	out := c.page.pair
	s.last.a, s.last.b, s.from = out.a, out.b, run
	if err := c.next(); err != nil {
		return pair{}, fmt.Errorf("run %d: %w", s.runs[run].id, err)
	}
	return out, nil
}

// moves tells whether a cursor stands on a pair of an account.
func (s *mergeSource) moves(account uint64) bool {
	return slices.ContainsFunc(s.cursors, func(c *pairCursor) bool { return c.ok && c.page.a == account })
}

// sum adds to a day's sum those that other runs have of it.
func (s *mergeSource) sum(day pair) ([]byte, error) {
	total, err := decodeNote(day.note)
	for i, c := range s.cursors {
		if err != nil {
			return nil, err
		}
		if !c.ok || c.page.compare(day) != 0 {
			continue
		}
		var more ledger.Balance
		if more, err = decodeNote(c.page.note); err == nil {
			err = addTotals(&total, &more)
		}
		if err == nil {
			_, err = s.take(i)
		}
	}
	s.leader = -1 // the one behind it may have moved
	return encodeNote(s.note[:0], &total), err
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
