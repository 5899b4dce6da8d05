package bolt

import (
	"slices"
	"sync"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// move is what an entry did to one account.
type move struct {
	account uint64       // number
	debits  money.Amount // totals of the account after it
	credits money.Amount
	amount  money.Amount // what it added, on one side
	side    ledger.Side
}

// spot is where a move lies; apart from it, because looking for a move passes
// many spots.
type spot struct {
	place  uint64 // value date and seq, see placeOf
	before int32  // index of the account's move before it in a tail, or none
	local  int32  // number of the account within a tail, from 0
}

func (s spot) seq() uint64 { return placeSeq(s.place) }

// hashed is who took a key, or bears a reference.
type hashed struct {
	hash   uint64
	seq    uint64
	before int32 // index of the one with the same hash before it in a tail, or none
}

// gathered is what one Save adds to the indexes.
type gathered struct {
	hash func(key string) uint64 // nil: hashText

	last       uint64 // seq
	spots      []spot // of the moves
	moves      []move
	keys       []hashed
	references []hashed
	hashes     []ledger.Hash // of the Merkle log
}

// tail is the indexes of a stretch of the journal's end, in memory: what no run
// in the file holds yet. Elements are appended and never change, so whoever
// looks at a snapshot skips those that came behind it.
type tail struct {
	after uint64 // seq before its first item
	log   int64  // index of its first hash of the Merkle log

	mu         sync.RWMutex
	last       uint64 // seq of its last item
	spots      []spot // of the moves
	moves      []move
	keys       []hashed
	references []hashed
	hashes     []ledger.Hash

	byAccount   chains
	byKey       chains
	byReference chains

	ready  chan struct{} // closed when sorted is set; nil: it still grows
	sorted *sortedTail
}

// newTail begins behind an item, which is the last of so many blocks.
func newTail(after, blocks uint64) *tail {
	return &tail{after: after, last: after, log: ledger.LogSize(blocks)}
}

// following makes the tail behind this one, with room for as much.
func (t *tail) following() *tail {
	next := &tail{after: t.last, last: t.last, log: t.log + int64(len(t.hashes))}
	next.moves, next.spots = make([]move, 0, len(t.moves)*9/8), make([]spot, 0, len(t.moves)*9/8)
	next.keys = make([]hashed, 0, len(t.keys)*9/8)
	next.references = make([]hashed, 0, len(t.references)*9/8)
	next.byAccount.slots = make([]chain, len(t.byAccount.slots))
	next.byKey.slots = make([]chain, len(t.byKey.slots))
	next.byReference.slots = make([]chain, len(t.byReference.slots))
	return next
}

// add appends what a Save gathered.
func (t *tail) add(g *gathered) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range g.moves {
		before, local := t.byAccount.push(g.moves[i].account, int32(len(t.spots))) //nolint:gosec // a tail is frozen long before
		t.spots = append(t.spots, spot{g.spots[i].place, before, local})
	}
	t.moves = append(t.moves, g.moves...)
	t.keys = appendHashed(t.keys, &t.byKey, g.keys)
	t.references = appendHashed(t.references, &t.byReference, g.references)
	t.hashes = append(t.hashes, g.hashes...)
	t.last = g.last
}

// hash gives a hash of the Merkle log by its index, if it has that.
func (t *tail) hash(index int64) (ledger.Hash, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if i := index - t.log; i >= 0 && i < int64(len(t.hashes)) {
		return t.hashes[i], true
	}
	return ledger.Hash{}, false
}

func appendHashed(list []hashed, by *chains, more []hashed) []hashed {
	for _, h := range more {
		h.before, _ = by.push(h.hash, int32(len(list))) //nolint:gosec // a tail is frozen long before
		list = append(list, h)
	}
	return list
}

// entries is how many items it holds.
func (t *tail) entries() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.last - t.after
}

// totals gives an account's totals after its last move up to a seq.
func (t *tail) totals(account, seq uint64) (b ledger.Balance, ok bool) {
	if seq <= t.after {
		return b, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := t.byAccount.last(account); i != none; i = t.spots[i].before {
		if at := t.spots[i].seq(); at <= seq {
			m := &t.moves[i]
			return ledger.Balance{Debits: m.debits, Credits: m.credits, Seq: at}, true
		}
	}
	return b, false
}

// seqs gives the moves of an account from a seq to a seq, in order.
func (t *tail) seqs(account, from, to uint64) (out []uint64) {
	t.visit(account, from, to, func(s spot, _ *move) { out = append(out, s.seq()) })
	slices.Reverse(out)
	return out
}

// visit calls fn with the moves of an account from a seq to a seq, the last one
// first.
func (t *tail) visit(account, from, to uint64, fn func(spot, *move)) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if from > t.last || to <= t.after {
		return
	}
	for i := t.byAccount.last(account); i != none; i = t.spots[i].before {
		at := t.spots[i].seq()
		if at < from {
			return
		}
		if at <= to {
			fn(t.spots[i], &t.moves[i])
		}
	}
}

// keyed and referenced give the items with a hash up to a seq, in order.
func (t *tail) keyed(hash, to uint64) []uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return seqsOf(t.keys, &t.byKey, hash, to)
}

func (t *tail) referenced(hash, to uint64) []uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return seqsOf(t.references, &t.byReference, hash, to)
}

func seqsOf(list []hashed, by *chains, hash, to uint64) (out []uint64) {
	for i := by.last(hash); i != none; i = list[i].before {
		if list[i].seq <= to {
			out = append(out, list[i].seq)
		}
	}
	slices.Reverse(out)
	return out
}

// seqBits is how many bits of a place are the seq.
const seqBits = 40

// placeOf orders entries by value date and then by seq.
func placeOf(on calendar.Date, seq uint64) uint64 { return uint64(encodeDay(on))<<seqBits | seq }

func placeSeq(place uint64) uint64 { return place & (1<<seqBits - 1) }

func placeDay(place uint64) uint64 { return place >> seqBits }
