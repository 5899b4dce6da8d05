package bolt

import (
	"encoding/binary"
	"maps"
	"slices"
	"weak"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// What the tests of this package see of its inside.

// Families in the order in which they lie in a run.
const (
	Keys       = uint8(familyKeys)
	References = uint8(familyReferences)
	Movements  = uint8(familyMovements)
	Dated      = uint8(familyDated)
	Sums       = uint8(familySums)
)

// Pair is an element of a run.
type Pair struct {
	Family uint8
	A, B   uint64
	Note   string
}

// Compare orders pairs as they lie in a run.
func (p Pair) Compare(o Pair) int {
	if p.Family != o.Family {
		return int(p.Family) - int(o.Family)
	}
	return pair{a: p.A, b: p.B}.compare(pair{a: o.A, b: o.B})
}

// Run is what the list of runs says of one.
type Run struct{ ID, Level, First, Last, Pairs uint64 }

// DecodeRuns reads a list of runs.
func DecodeRuns(sealed []byte) (out []Run, err error) {
	runs, err := decodeRuns(sealed)
	for _, r := range runs {
		out = append(out, Run{r.id, r.level, r.first, r.last, r.pairs})
	}
	return out, err
}

// EncodeRuns writes a list of runs.
func EncodeRuns(runs []Run) []byte {
	var in []run
	for _, r := range runs {
		in = append(in, run{r.ID, r.Level, r.First, r.Last, r.Pairs})
	}
	return encodeRuns(in)
}

// PutPairs writes pairs as they are, in order or not, to pages of a bucket.
func PutPairs(bucket *bbolt.Bucket, pairs []Pair) error {
	var w pairWriter
	for _, p := range pairs {
		if err := w.add(bucket, family(p.Family), pair{p.A, p.B, []byte(p.Note)}); err != nil {
			return err
		}
	}
	return w.flush(bucket)
}

// PagePairs reads a page.
func PagePairs(key, value []byte) (out []Pair, err error) {
	page := openPage(key, value)
	for page.next() {
		out = append(out, Pair{uint8(page.family), page.a, page.b, string(page.note)})
	}
	return out, page.err
}

// BucketPairs reads all pages of a bucket.
func BucketPairs(bucket *bbolt.Bucket) (out []Pair, err error) {
	for key, value := range scan(bucket, nil) {
		page, err := PagePairs(key, value)
		if err != nil {
			return out, err
		}
		out = append(out, page...)
	}
	return out, nil
}

// SeekPair gives the pairs of a family from the first that is not less than one
// on, at most n.
func SeekPair(bucket *bbolt.Bucket, from Pair, n int) (out []Pair, err error) {
	c := pairCursor{bucket: bucket.Cursor()}
	for err = c.seek(family(from.Family), pair{a: from.A, b: from.B}); err == nil && c.ok && len(out) < n; err = c.next() {
		out = append(out, Pair{uint8(c.page.family), c.page.a, c.page.b, string(c.page.note)})
	}
	return out, err
}

// PageBefore gives the page in which the last pair of a family up to one must
// lie, if there is one.
func PageBefore(bucket *bbolt.Bucket, upTo Pair) (out []Pair, err error) {
	c := pairCursor{bucket: bucket.Cursor(), family: family(upTo.Family)}
	key, value := c.before(pair{a: upTo.A, b: upTo.B})
	if !c.open(key, value) {
		return nil, nil
	}
	return PagePairs(key, value)
}

// HashText is the hash under which a key or a reference lies.
func HashText(text string) uint64 { return hashText(text) }

// IsMark tells which movements keep their totals.
func IsMark(account, seq uint64) bool { return isMark(account, seq) }

// SortPairs puts pairs in the order in which they lie in a run.
func SortPairs(pairs []Pair) { slices.SortFunc(pairs, Pair.Compare) }

// TakenBy gives the item that took a key as Load looks it up.
func (t *Tx) TakenBy(key string) (*ledger.Booked, error) {
	v, err := t.view()
	if err != nil {
		return nil, err
	}
	maybe, err := t.maybeTaken(v, []string{key})
	if len(maybe) == 0 || err != nil {
		return nil, err
	}
	return t.itemByKey(v, key, maybe[0].hash, maybe[0].spans)
}

// AllPairs merges all runs, and what is in memory behind them, into the pairs of
// one.
func AllPairs(tx *bbolt.Tx) (out []Pair, err error) {
	t := Wrap(tx)
	v, err := t.view()
	if err != nil {
		return nil, err
	}
	db, err := bbolt.Open(tx.DB().Path()+".merged", 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	return out, db.Update(func(to *bbolt.Tx) error {
		bucket, err := to.CreateBucketIfNotExists([]byte("merged"))
		if err != nil {
			return err
		}
		sources := v.runs
		inner := t
		if len(v.tails) > 0 {
			copied, err := to.CreateBucketIfNotExists(bucketRoot)
			if err != nil {
				return err
			}
			if inner, sources, err = withTails(copied, t, v, to); err != nil {
				return err
			}
		}
		j := newMerge(sources)
		if err := j.source.resume(inner); err != nil {
			return err
		}
		for {
			f, p, err := j.source.next()
			if err == nil && f != 0 {
				err = j.writer.add(bucket, f, p)
			}
			if err != nil {
				return err
			}
			if f == 0 {
				break
			}
		}
		if err := j.writer.flush(bucket); err != nil {
			return err
		}
		out, err = BucketPairs(bucket)
		return err
	})
}

// withTails copies the runs to another file and adds the tails as runs.
func withTails(root *bbolt.Bucket, t *Tx, v *view, to *bbolt.Tx) (*Tx, []run, error) {
	runs, err := root.CreateBucketIfNotExists(bucketRuns)
	if err != nil {
		return nil, nil, err
	}
	sources := slices.Clone(v.runs)
	for _, r := range v.runs {
		from, err := t.runBucket(r)
		if err != nil {
			return nil, nil, err
		}
		copied, err := runs.CreateBucket(be(r.id))
		if err == nil {
			err = from.ForEach(copied.Put)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for i, tail := range v.tails {
		if tail.last == tail.after {
			continue
		}
		id := 1<<20 + uint64(i)
		bucket, err := runs.CreateBucket(be(id))
		if err != nil {
			return nil, nil, err
		}
		sorted := tail.sort()
		if sorted.err != nil {
			return nil, nil, sorted.err
		}
		for _, page := range sorted.pages {
			if err := bucket.Put(page.key, page.value); err != nil {
				return nil, nil, err
			}
		}
		sources = append(sources, run{id: id, first: tail.after + 1, last: tail.last})
	}
	return &Tx{root: root, tx: to}, sources, nil
}

// Work is what is under way, by the numbers of the runs that are written.
type Work struct {
	Flush  uint64 // 0: none
	Merges map[uint64]bool
	Wrote  map[uint64]bool // in the last transaction
}

// Work tells what is under way.
func (t *Tx) Work() Work {
	w := &t.memory.work
	out := Work{Merges: make(map[uint64]bool), Wrote: maps.Clone(w.wrote)}
	if w.flush != nil {
		out.Flush = w.flush.run.id
	}
	for _, j := range w.merges {
		if j.run.id != 0 {
			out.Merges[j.run.id] = true
		}
	}
	return out
}

// Bolt gives the transaction of the file.
func (t *Tx) Bolt() *bbolt.Tx { return t.tx }

// Remembered tells whether there is a memory of a file, and how many tails and
// accounts it has.
func Remembered(db weak.Pointer[bbolt.DB]) bool {
	_, ok := memories.Load(db)
	return ok
}

// KeyFilter is a filter of keys.
type KeyFilter struct{ f *keyFilter }

// NewKeyFilter makes one that may take so many bytes, with room for some keys
// from the beginning.
func NewKeyFilter(budget int64, keys uint64) KeyFilter {
	f := KeyFilter{newKeyFilter(budget)}
	f.f.begin(keys)
	return f
}

// Add says that a key is taken by an item.
func (f KeyFilter) Add(hash, seq uint64) { f.f.add(hash, seq) }

// Maybe gives the stretches of the journal in which the key may be taken.
func (f KeyFilter) Maybe(hash uint64) (spans [][2]uint64) {
	for _, s := range f.f.maybe(hash) {
		spans = append(spans, [2]uint64{s.first, s.last})
	}
	return spans
}

// Used is how many bytes it takes.
func (f KeyFilter) Used() (bytes int64) {
	for i := range f.f.parts {
		bytes += int64(cap(f.f.parts[i].blocks)) * filterBlockBytes
	}
	return bytes
}

// Tails is how many tails the memory of a file keeps.
func Tails(db *bbolt.DB) int {
	m := memoryOf(db)
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.tails)
}

// BarePages takes the checksums off all pages of all runs, SealPages puts those
// that fit back on: damage in between is found by what the pages say.
func BarePages(runs *bbolt.Bucket) error {
	return eachPage(runs, func(_, value []byte) []byte { return value[:len(value)-sealBytes] })
}

// SealPages is the end of what BarePages began.
func SealPages(runs *bbolt.Bucket) error {
	return eachPage(runs, SealPage)
}

// SealPage puts its checksum behind a page.
func SealPage(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(slices.Clone(value), pageSum(key, value))
}

func eachPage(runs *bbolt.Bucket, change func(key, value []byte) []byte) error {
	return runs.ForEachBucket(func(id []byte) error {
		bucket, pages := runs.Bucket(id), make(map[string][]byte)
		for key, value := range scan(bucket, nil) {
			if value != nil {
				pages[string(key)] = change(key, slices.Clone(value))
			}
		}
		for key, value := range pages {
			if err := bucket.Put([]byte(key), value); err != nil {
				return err
			}
		}
		return nil
	})
}
