package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// recordSum vouches for the records of a kind as a whole. Each has a seal of its
// own, but nothing else would tell that one is gone, or is an earlier one: the
// rooms above write records that no item of the journal accounts for.
type recordSum struct {
	count uint64
	xor   [sha256.Size]byte // of the hashes of all ids and seals
}

const recordSumBytes = 8 + sha256.Size

// recordSumKey is where the sum of a kind lies in the meta bucket.
func recordSumKey(kind string) []byte { return append([]byte(recordSumPrefix), kind...) }

const recordSumPrefix = "records/"

// put counts a record in, take counts it out.
func (s *recordSum) put(id, sealed []byte)  { s.count++; s.toggle(id, sealed) }
func (s *recordSum) take(id, sealed []byte) { s.count--; s.toggle(id, sealed) }

func (s *recordSum) toggle(id, sealed []byte) {
	hash := sha256.New()
	hash.Write(sealed[max(0, len(sealed)-sealBytes):]) // it never fails
	hash.Write(id)
	for i, b := range hash.Sum(nil) {
		s.xor[i] ^= b
	}
}

func (s *recordSum) encode() []byte {
	return seal(append(binary.BigEndian.AppendUint64(make([]byte, 0, recordSumBytes+sealBytes), s.count), s.xor[:]...))
}

// recordSum reads what is kept for a kind; none is the sum of no records.
func (t *Tx) recordSum(kind string) (s recordSum, err error) {
	sealed := t.bucket(bucketMeta).Get(recordSumKey(kind))
	if sealed == nil {
		return s, nil
	}
	data, ok := unseal(sealed)
	if !ok || len(data) != recordSumBytes {
		return s, fmt.Errorf("%w: sum of the records of kind %q is %x", ledger.ErrCorrupt, kind, sealed)
	}
	s.count = binary.BigEndian.Uint64(data)
	copy(s.xor[:], data[8:])
	return s, nil
}

// String is the sum in a few characters.
func (s recordSum) String() string { return fmt.Sprintf("%d records, sum %x", s.count, s.xor[:8]) }

// change counts what is stored under an id out, and a new value in; nil: the
// record is removed. A bucket of nil holds nothing.
func (s *recordSum) change(stored *bbolt.Bucket, id, sealed []byte) {
	if stored != nil {
		if was := stored.Get(id); was != nil {
			s.take(id, was)
		}
	}
	if sealed != nil {
		s.put(id, sealed)
	}
}
