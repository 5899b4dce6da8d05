package bolt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// family is one of the lists of pairs that a run keeps.
type family byte

// The families, in the order in which they lie in a run.
const (
	familyKeys       family = iota + 1 // hash of the key, seq
	familyReferences                   // hash of the reference, seq
	familyMovements                    // account number, seq; noted: totals after it
	familyDated                        // account number, place
	familySums                         // account number, day; noted: what its entries add up to
)

const lastFamily = familySums

// String is the family's name.
func (f family) String() string {
	names := [...]string{"none", "keys", "references", "movements", "dated movements", "day sums"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("family %d", byte(f))
}

// pair is an element of a family, ordered by a, then b.
type pair struct {
	a, b uint64
	note []byte // empty: none
}

func (p pair) compare(o pair) int { return cmp.Or(cmp.Compare(p.a, o.a), cmp.Compare(p.b, o.b)) }

const (
	// pairKeyBytes is the size of a page's key: family, and the first pair.
	pairKeyBytes = 1 + 8 + 8
	// pairPageBytes is the size a page of pairs may have: see pageBytes.
	pairPageBytes = 4096 - 16 - 16 - pairKeyBytes - sealBytes
	// maxPairBytes is the longest a pair gets.
	maxPairBytes = 3*binary.MaxVarintLen64 + maxNoteBytes
	maxNoteBytes = 1 + 2*(1+16)
)

func pairKey(f family, p pair) []byte {
	key := append(make([]byte, 0, pairKeyBytes), byte(f))
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(key, p.a), p.b)
}

func decodePairKey(key []byte) (f family, p pair, ok bool) {
	if len(key) != pairKeyBytes {
		return 0, p, false
	}
	return family(key[0]), pair{a: binary.BigEndian.Uint64(key[1:]), b: binary.BigEndian.Uint64(key[9:])}, true
}

// appendPair encodes a pair behind the one before it. The first of a page
// stands in the page's key already.
func appendPair(dst []byte, f family, before *pair, p pair) []byte {
	noted := uint64(0)
	if len(p.note) > 0 {
		noted = 1
	}
	switch {
	case f == familyKeys && before == nil:
		return dst
	case f == familyKeys:
		return binary.AppendUvarint(binary.AppendUvarint(dst, p.a-before.a), p.b)
	case before == nil:
		dst = append(dst, byte(noted))
	case p.a == before.a:
		dst = binary.AppendUvarint(dst, (p.b-before.b)<<1|noted)
	default: // 0 cannot be a step within one a
		dst = binary.AppendUvarint(append(dst, 0), p.a-before.a)
		dst = binary.AppendUvarint(dst, p.b<<1|noted)
	}
	if noted != 0 {
		dst = append(binary.AppendUvarint(dst, uint64(len(p.note))), p.note...)
	}
	return dst
}

// pairPage reads the pairs of one page.
type pairPage struct {
	family family
	pair
	data  []byte // behind the pair
	begun bool
	err   error
}

// openPage starts in front of a page's first pair.
func openPage(key, value []byte) (p pairPage) {
	f, first, ok := decodePairKey(key)
	n := len(value) - sealBytes
	switch {
	case !ok:
		p.err = fmt.Errorf("%w: page of pairs is filed under %x", ledger.ErrCorrupt, key)
	case n < 0 || binary.BigEndian.Uint32(value[n:]) != pageSum(key, value[:n]):
		p.err = fmt.Errorf("%w: page of %s from %d, %d on does not fit its checksum", ledger.ErrCorrupt, f, first.a, first.b)
	default:
		p = pairPage{data: value[:n:n]}
	}
	p.family, p.pair = f, first
	return p
}

// pageSum is the checksum of a page and its key.
func pageSum(key, page []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, page)
}

// next goes to the next pair. It is false at the end, or when err is set.
func (p *pairPage) next() bool {
	switch {
	case p.err != nil:
		return false
	case !p.begun:
		p.begun = true
		if p.family != familyKeys {
			p.readNote(p.uvarint())
		}
		return p.err == nil
	case len(p.data) == 0:
		return false
	}
	step := p.uvarint()
	switch {
	case p.family == familyKeys:
		p.a += step
		p.b = p.uvarint()
	case step == 0:
		p.a += p.uvarint()
		b := p.uvarint()
		p.b = b >> 1
		p.readNote(b & 1)
	default:
		if p.b += step >> 1; step>>1 == 0 {
			p.fail()
		}
		p.readNote(step & 1)
	}
	return p.err == nil
}

func (p *pairPage) readNote(noted uint64) {
	p.note = nil
	if noted == 0 {
		return
	}
	n := p.uvarint()
	if noted > 1 || n == 0 || n > uint64(len(p.data)) {
		p.fail()
		return
	}
	p.note, p.data = p.data[:n:n], p.data[n:]
}

func (p *pairPage) uvarint() uint64 {
	if len(p.data) > 0 && p.data[0] < 0x80 { // most are this short
		v := uint64(p.data[0])
		p.data = p.data[1:]
		return v
	}
	v, n := binary.Uvarint(p.data)
	if n <= 0 {
		p.fail()
		return 0
	}
	p.data = p.data[n:]
	return v
}

func (p *pairPage) fail() {
	p.data = nil
	if p.err == nil {
		p.err = fmt.Errorf("%w: page of %s is damaged behind %d, %d", ledger.ErrCorrupt, p.family, p.a, p.b)
	}
}

// pairCursor goes through a family of a run.
type pairCursor struct {
	bucket *bbolt.Cursor
	family family
	page   pairPage
	ok     bool // it stands on a pair: page.pair
}

// seek goes to the first pair that is not less than p.
func (c *pairCursor) seek(f family, p pair) error {
	c.family, c.ok = f, false
	want := pairKey(f, p)
	key, value := c.bucket.Seek(want)
	if !bytes.Equal(key, want) { // it may lie within the page before
		if key == nil {
			key, value = c.bucket.Last()
		} else {
			key, value = c.bucket.Prev()
		}
		if len(key) == 0 || key[0] < byte(f) {
			key, value = c.bucket.Seek(want)
		}
	}
	if !c.open(key, value) {
		return nil
	}
	for {
		if err := c.next(); err != nil || !c.ok || c.page.compare(p) >= 0 {
			return err
		}
	}
}

// open takes a page of the family, if it is one.
func (c *pairCursor) open(key, value []byte) bool {
	if len(key) == 0 || key[0] != byte(c.family) {
		return false
	}
	c.page = openPage(key, value)
	return true
}

// next goes one pair on.
func (c *pairCursor) next() error {
	for {
		if c.ok = c.page.next(); c.ok || c.page.err != nil {
			return c.page.err
		}
		if !c.open(c.bucket.Next()) {
			return nil
		}
	}
}

// pageSink takes the pages of a run.
type pageSink interface {
	Put(key, value []byte) error
}

// pairWriter writes the pairs of a run in order, page by page.
type pairWriter struct {
	family family
	first  pair
	last   pair
	page   []byte // nil: none is begun
}

// add appends a pair; full pages are handed on.
func (w *pairWriter) add(to pageSink, f family, p pair) error {
	if f != w.family || len(w.page)+maxPairBytes > pairPageBytes {
		if err := w.flush(to); err != nil {
			return err
		}
	}
	if w.page == nil {
		w.family, w.first = f, pair{a: p.a, b: p.b}
		w.page = appendPair(make([]byte, 0, pairPageBytes+sealBytes), f, nil, p)
	} else {
		w.page = appendPair(w.page, f, &w.last, p)
	}
	w.last = pair{a: p.a, b: p.b}
	return nil
}

// flush puts the page that is being filled.
func (w *pairWriter) flush(to pageSink) error {
	if w.page == nil {
		return nil
	}
	key := pairKey(w.family, w.first)
	w.page = binary.BigEndian.AppendUint32(w.page, pageSum(key, w.page))
	if err := to.Put(key, w.page); err != nil {
		return fmt.Errorf("page of %s: %w", w.family, err)
	}
	w.page = nil
	return nil
}
