package bolt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

// Save implements ledger.Tx. Whatever can be wrong with the changes, or with
// what is stored and has to be read for them, is found before the first write.
func (t *Tx) Save(ctx context.Context, c *ledger.Changes) error {
	if !t.tx.Writable() {
		return bolterrors.ErrTxNotWritable
	}
	if t.spoiled {
		return errSpoiled
	}
	s := &saving{tx: t}
	if err := s.prepare(ctx, c); err != nil {
		return err
	}
	if err := t.beginCache(ctx); err != nil {
		return err
	}
	t.spoiled = true // should a write fail, half of it is there
	if err := s.write(); err != nil {
		return err
	}
	t.spoiled = false
	t.saved = append(t.saved, c)
	return nil
}

// errSpoiled is what a transaction comes to in which a write has failed.
var errSpoiled = fmt.Errorf("%w: a write of this transaction failed half-way: roll it back", ledger.ErrCorrupt)

// saving is a Save: what it writes is gathered first.
type saving struct {
	tx   *Tx
	puts []put
}

// put is a pair to be written to a bucket of ours, or a record's.
type put struct {
	bucket     []byte
	kind       string // of a record
	key, value []byte
	remove     bool
	appends    bool // the bucket only grows at its end
}

func (s *saving) put(bucket, key, value []byte) {
	s.puts = append(s.puts, put{bucket: bucket, key: key, value: value})
}

// append is put for a bucket that only grows at its end.
func (s *saving) append(bucket, key, value []byte) {
	s.puts = append(s.puts, put{bucket: bucket, key: key, value: value, appends: true})
}

func (s *saving) prepare(ctx context.Context, c *ledger.Changes) error {
	records, err := encodeRecords(c.Records)
	if err != nil {
		return err
	}
	if c.Block != nil {
		s.block(c.Block)
		if err := s.hashes(ctx, c); err != nil {
			return err
		}
		if err := s.index(c); err != nil {
			return err
		}
	}
	if err := s.records(c.Records, records); err != nil {
		return err
	}
	s.put(bucketMeta, keyHead, encodeHead(c.Head))
	return nil
}

// block gathers the block's header and its items in pages.
func (s *saving) block(b *ledger.Block) {
	s.append(bucketBlocks, be(b.First()), encodeBlockHeader(b))
	var page, item []byte
	first := b.First()
	for _, e := range b.Items {
		item = e.AppendCanonical(item[:0])
		if len(page) > 0 && len(page)+binary.MaxVarintLen16+len(item) > pageBytes {
			s.append(bucketJournal, be(first), page)
			page, first = nil, e.Seq
		}
		page = binary.AppendUvarint(page, uint64(len(item)))
		page = append(page, item...)
	}
	s.append(bucketJournal, be(first), page)
}

// hashes gathers what the block adds to the Merkle log.
func (s *saving) hashes(ctx context.Context, c *ledger.Changes) error {
	before := c.Head.Blocks - 1
	hashes, err := ledger.LogHashes(ctx, s.tx, before, c.Block)
	if err != nil {
		return fmt.Errorf("log of %d blocks: %w", before, err)
	}
	for i, hash := range hashes {
		s.append(bucketHashes, be(uint64(ledger.LogSize(before))+uint64(i)), hash[:])
	}
	return nil
}

// records gathers records, kind by kind, and the sum that is kept of each kind.
func (s *saving) records(changes []ledger.RecordChange, values [][]byte) error {
	for from := 0; from < len(changes); {
		kind, until := changes[from].Ref.Kind, from
		sum, err := s.tx.recordSum(kind)
		if err != nil {
			return err
		}
		stored := s.tx.bucket(bucketRecords).Bucket([]byte(kind))
		for ; until < len(changes) && changes[until].Ref.Kind == kind; until++ {
			id := []byte(changes[until].Ref.ID)
			sum.change(stored, id, values[until])
			s.puts = append(s.puts, put{bucket: bucketRecords, kind: kind, key: id, value: values[until], remove: values[until] == nil})
		}
		s.put(bucketMeta, recordSumKey(kind), sum.encode())
		from = until
	}
	return nil
}

// write does what was gathered.
func (s *saving) write() error {
	slices.SortFunc(s.puts, func(a, b put) int { // in the order in which they lie in the file
		return cmp.Or(bytes.Compare(a.bucket, b.bucket), cmp.Compare(a.kind, b.kind), bytes.Compare(a.key, b.key))
	})
	var bucket *bbolt.Bucket
	for i := range s.puts {
		p := &s.puts[i]
		if before := max(i, 1) - 1; i == 0 || string(p.bucket) != string(s.puts[before].bucket) || p.kind != s.puts[before].kind {
			var err error
			if bucket, err = s.bucketOf(p); err != nil {
				return err
			}
		}
		if p.appends {
			bucket.FillPercent = 1.0
		}
		write := func() error { return bucket.Put(p.key, p.value) }
		if p.remove {
			write = func() error { return bucket.Delete(p.key) }
		}
		if err := write(); err != nil {
			return fmt.Errorf("%s %q: %w", p.bucket, p.key, err)
		}
	}
	return nil
}

func (s *saving) bucketOf(p *put) (*bbolt.Bucket, error) {
	bucket := s.tx.bucket(p.bucket)
	if p.kind == "" {
		return bucket, nil
	}
	records, err := bucket.CreateBucketIfNotExists([]byte(p.kind))
	if err != nil {
		return nil, fmt.Errorf("records of kind %q: %w", p.kind, err)
	}
	return records, nil
}
