package bolt

import (
	"slices"

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
	for key, value := range scan(bucket, nil, nil) {
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
