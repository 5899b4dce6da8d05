package bolt

import (
	"slices"

	"github.com/settlex/settlex/ledger"
)

// loadKeys tells a state which keys are taken.
func (t *Tx) loadKeys(keys []string, s *ledger.State) error {
	if len(keys) == 0 {
		return nil
	}
	v, err := t.view()
	if err != nil {
		return err
	}
	maybe, err := t.maybeTaken(v, keys)
	if err != nil {
		return err
	}
	for _, k := range maybe {
		item, err := t.itemByKey(v, k.key, k.hash, k.spans)
		if err != nil {
			return err
		}
		if item != nil {
			s.PutKey(k.key, item)
		}
	}
	return nil
}

// keyHash is the hash of a key.
type keyHash struct {
	key  string
	hash uint64
}

// keyHash gives the hash of a key that is about to be taken. Keys are taken in
// the order in which they were looked for, mostly.
func (t *Tx) keyHash(key string) uint64 {
	for i := range t.hashes {
		if t.hashes[i].key == key {
			hash := t.hashes[i].hash
			t.hashes = t.hashes[i+1:]
			return hash
		}
	}
	t.hashes = nil
	return hashText(key)
}

// forgetHashes drops what is left.
func (t *Tx) forgetHashes() { t.hashes = nil }

// maybeKey is a key that may be taken by an item within some spans of the
// journal.
type maybeKey struct {
	key   string
	hash  uint64
	spans []span
}

// span is a stretch of the journal: seqs from first to last.
type span struct{ first, last uint64 }

// everywhere is the whole journal.
var everywhere = []span{{0, 1<<seqBits - 1}}

// maybeTaken leaves out the keys that the memory's filter knows to be free. A
// reader looks at all of them.
func (t *Tx) maybeTaken(v *view, keys []string) (maybe []maybeKey, err error) {
	var filter *keyFilter
	if m := t.memory; m != nil && t.tx.Writable() {
		if filter, err = m.keyFilter(t, v); err != nil {
			return nil, err
		}
		m.mu.RLock()
		defer m.mu.RUnlock()
	}
	hashes := make([]keyHash, len(keys))
	half := len(keys) / 2
	if len(keys) < largeBlock {
		half = 0
	}
	first := make(chan []maybeKey, 1)
	if half == 0 {
		first <- nil
	} else {
		go func() { first <- t.sift(filter, keys[:half], hashes[:half]) }()
	}
	second := t.sift(filter, keys[half:], hashes[half:])
	maybe = append(<-first, second...)
	if t.tx.Writable() {
		t.hashes = append(t.hashes, hashes...)
	}
	return maybe, nil
}

// sift hashes keys and gives those that may be taken.
func (t *Tx) sift(filter *keyFilter, keys []string, hashes []keyHash) (maybe []maybeKey) {
	for i, key := range keys {
		hash := hashText(key)
		hashes[i] = keyHash{key, hash}
		spans := everywhere
		if filter != nil {
			if spans = filter.maybe(hash); spans == nil && t.memory.pending.tx != t.tx {
				continue
			}
		}
		maybe = append(maybe, maybeKey{key, hash, spans})
	}
	return maybe
}

// itemByKey gives the item that took a key; nil: none did.
func (t *Tx) itemByKey(v *view, key string, hash uint64, spans []span) (*ledger.Booked, error) {
	var candidates []uint64
	for _, tail := range v.tails {
		candidates = append(candidates, tail.keyed(hash, v.head.Seq)...)
	}
	for _, r := range v.runs {
		if !slices.ContainsFunc(spans, func(s span) bool { return s.first <= r.last && r.first <= s.last }) {
			continue
		}
		c, err := t.seekRun(r, familyKeys, pair{a: hash})
		for ; err == nil && c.ok && c.page.a == hash; err = c.next() {
			candidates = append(candidates, c.page.b)
		}
		if err != nil {
			return nil, err
		}
	}
	items := t.itemReader()
	for _, seq := range candidates {
		item, err := items.item(seq)
		switch {
		case err != nil || item.Key == key:
			return item, err
		case hashText(item.Key) != hash:
			return nil, corrupt("item %d does not have a key of hash %010x, as its index says", seq, hash)
		}
	}
	return nil, nil
}

// keyFilter gives the filter of the keys up to the head the memory stands for;
// the first writer reads it from the runs.
func (m *memory) keyFilter(t *Tx, v *view) (*keyFilter, error) {
	committed := v.head
	if p := m.pendingOf(t); p != nil {
		committed = p.base
		if !m.reaches(t, committed) {
			return nil, nil // see tailsFor
		}
	}
	if err := m.catchUp(t, committed); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys != nil {
		return m.keys, nil
	}
	filter := newKeyFilter(m.options.KeyMemory)
	items := uint64(0)
	for _, r := range v.runs {
		items += r.items()
	}
	filter.begin(min(items, filter.most()))
	for _, r := range v.runs {
		c, err := t.seekRun(r, familyKeys, pair{})
		for ; err == nil && c.ok; err = c.next() {
			filter.add(c.page.a, c.page.b)
		}
		if err != nil {
			return nil, err
		}
	}
	after := flushed(v.runs)
	for _, tail := range m.tails {
		for _, k := range tail.keys {
			if k.seq > after {
				filter.add(k.hash, k.seq)
			}
		}
	}
	m.keys = filter
	return filter, nil
}

// keyFilter tells keys that are free from those that may be taken: a split
// block Bloom filter (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient
// Bloom Filters, 2007) in parts that double, each for a stretch of the journal.
// What it cannot rule out is looked up in the runs and confirmed by the item.
type keyFilter struct {
	budget int64 // bytes
	used   int64
	parts  []filterPart
}

type filterPart struct {
	span
	blocks []filterBlock // none: no memory is left, all of them may be taken
	keys   uint64
	room   uint64 // keys it was made for
}

type filterBlock [8]uint32

const (
	filterBlockBytes = 4 * 8
	// bitsPerKey lets about one free key in some thousand pass.
	bitsPerKey = 20
	// leastKeys is the room of the first part.
	leastKeys = 1 << 16
)

func newKeyFilter(budget int64) *keyFilter { return &keyFilter{budget: budget} }

// begin makes a part with room for a number of keys at least. When the budget
// is used up, the oldest parts give theirs.
func (f *keyFilter) begin(keys uint64) {
	room := max(keys, leastKeys)
	size := int64(room) * bitsPerKey / 8
	for i := 0; i < len(f.parts) && f.used+size > f.budget; i++ {
		f.used -= int64(len(f.parts[i].blocks)) * filterBlockBytes
		f.parts[i].blocks = nil
	}
	part := filterPart{room: room}
	if f.used+size <= f.budget {
		part.blocks = make([]filterBlock, size/filterBlockBytes)
		f.used += size
	}
	f.parts = append(f.parts, part)
}

// add says that a key is taken.
func (f *keyFilter) add(hash, seq uint64) {
	if len(f.parts) == 0 {
		f.begin(leastKeys)
	}
	part := &f.parts[len(f.parts)-1]
	if part.keys >= part.room {
		f.begin(min(2*part.room, f.most()))
		part = &f.parts[len(f.parts)-1]
	}
	if part.keys == 0 || seq < part.first {
		part.first = seq
	}
	part.last = max(part.last, seq)
	part.keys++
	if len(part.blocks) == 0 {
		return
	}
	h := mix(hash)
	block := &part.blocks[part.block(h)]
	for i := range block {
		block[i] |= bit(uint32(h), i) //nolint:gosec // the lower half
	}
}

// most is the room of the largest part: a quarter of the budget.
func (f *keyFilter) most() uint64 { return max(uint64(f.budget)/4*8/bitsPerKey, leastKeys) }

// maybe gives the spans in which a key may be taken; nil: it is free.
func (f *keyFilter) maybe(hash uint64) (spans []span) {
	h := mix(hash)
	for i := range f.parts {
		if part := &f.parts[i]; part.keys > 0 && part.maybe(h) {
			spans = append(spans, part.span)
		}
	}
	return spans
}

func (p *filterPart) maybe(h uint64) bool {
	if len(p.blocks) == 0 {
		return true
	}
	block := &p.blocks[p.block(h)]
	for i := range block {
		if block[i]&bit(uint32(h), i) == 0 { //nolint:gosec // the lower half
			return false
		}
	}
	return true
}

// block chooses a block by the upper half of a hash.
func (p *filterPart) block(h uint64) uint64 { return (h >> 32) * uint64(len(p.blocks)) >> 32 }

// bit chooses a bit of each word by the lower half: the salts are those of the
// Parquet format's Bloom filters.
func bit(h uint32, word int) uint32 {
	return 1 << ((h * salts[word]) >> 27)
}

var salts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}
