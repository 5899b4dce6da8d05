package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// run is the indexes of a stretch of the journal, sorted, in a bucket of its
// own. Its content follows from its items and what they build on, however often
// it was merged.
type run struct {
	id    uint64 // of its bucket
	level uint64 // how often it was merged
	first uint64 // seq of its first item
	last  uint64 // seq of its last item
	pairs uint64 // in all families
}

func (r run) items() uint64 { return r.last - r.first + 1 }

// fits tells whether it has items enough for its level.
func (r run) fits() bool { return r.level <= seqBits/fanInBits && r.items()>>(fanInBits*r.level) > 0 }

// encodeRuns and decodeRuns keep the list of runs, ordered by seq, without
// gaps from 1 on.
func encodeRuns(runs []run) []byte {
	out := binary.AppendUvarint(nil, uint64(len(runs)))
	for _, r := range runs {
		out = binary.AppendUvarint(out, r.id)
		out = binary.AppendUvarint(out, r.level)
		out = binary.AppendUvarint(out, r.items())
		out = binary.AppendUvarint(out, r.pairs)
	}
	return seal(out)
}

func decodeRuns(sealed []byte) ([]run, error) {
	data, ok := unseal(sealed)
	bad := !ok
	number := func() uint64 {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			bad, data = true, nil
			return 0
		}
		data = data[n:]
		return v
	}
	count := number()
	runs := make([]run, 0, min(count, uint64(len(data))))
	after := uint64(0)
	for range count {
		r := run{id: number(), level: number(), first: after + 1}
		r.last = after + number()
		r.pairs = number()
		if bad || r.last < r.first || r.last >= 1<<seqBits || !r.fits() || len(runs) > 0 && r.level > runs[len(runs)-1].level {
			return nil, fmt.Errorf("%w: list of runs is %x", ledger.ErrCorrupt, sealed)
		}
		runs, after = append(runs, r), r.last
	}
	if bad || len(data) > 0 {
		return nil, fmt.Errorf("%w: list of runs is %x", ledger.ErrCorrupt, sealed)
	}
	return runs, nil
}

// flushed is the last seq that the runs hold.
func flushed(runs []run) uint64 {
	if len(runs) == 0 {
		return 0
	}
	return runs[len(runs)-1].last
}

// runs reads the list of runs.
func (t *Tx) runs() ([]run, error) { return decodeRuns(t.bucket(bucketMeta).Get(keyRuns)) }

// runBucket gives a run's bucket.
func (t *Tx) runBucket(r run) (*bbolt.Bucket, error) {
	bucket := t.bucket(bucketRuns).Bucket(be(r.id))
	if bucket == nil {
		return nil, fmt.Errorf("%w: run %d, of items %d to %d, is missing", ledger.ErrCorrupt, r.id, r.first, r.last)
	}
	return bucket, nil
}

// seekRun finds the first pair of a run that is not less than p.
func (t *Tx) seekRun(r run, f family, p pair) (*pairCursor, error) {
	bucket, err := t.runBucket(r)
	if err != nil {
		return nil, err
	}
	c := &pairCursor{bucket: bucket.Cursor()}
	if err := c.seek(f, p); err != nil {
		return nil, fmt.Errorf("run %d: %w", r.id, err)
	}
	return c, nil
}

// isMark tells whether the totals after a movement are kept in a run: of
// one in sixteen, and the same ones however runs are merged.
func isMark(account, seq uint64) bool { return mix(account<<seqBits^seq)>>60 == 0 }

// encodeNote and decodeNote keep totals in a pair.
func encodeNote(dst []byte, b *ledger.Balance) []byte {
	return appendAmount(appendAmount(dst, b.Debits), b.Credits)
}

func decodeNote(note []byte) (b ledger.Balance, err error) {
	rest, err := takeAmount(note, &b.Debits)
	if err == nil {
		rest, err = takeAmount(rest, &b.Credits)
	}
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes too many", len(rest))
	}
	if err != nil {
		return ledger.Balance{}, fmt.Errorf("%w: totals %x: %w", ledger.ErrCorrupt, note, err)
	}
	return b, nil
}
