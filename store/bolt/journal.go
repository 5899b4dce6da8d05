package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// pageBytes is the size a journal page may have: a value that just fits one
// database page of 4096 bytes together with the headers around it. Only an
// entry that is longer by itself makes a longer page.
const pageBytes = 4096 - 16 - 16 - 8

// seekHolder finds the pair that holds seq if any does: the last one filed at
// or before it, or else the first.
func seekHolder(cursor *bbolt.Cursor, seq uint64) (key, value []byte) {
	key, value = cursor.Seek(be(seq))
	if bytes.Equal(key, be(seq)) {
		return key, value
	}
	if key, value = cursor.Prev(); key == nil {
		key, value = cursor.First()
	}
	return key, value
}

// decodePage reads the entries of one journal page, which are at least one and
// begin with the sequence in the page's key.
func decodePage(key, data []byte) ([]*ledger.Booked, error) {
	entries, err := decodeItems(data)
	if err != nil {
		return nil, fmt.Errorf("journal page %x: %w", key, err)
	}
	if len(entries) == 0 || !bytes.Equal(key, be(entries[0].Seq)) {
		return nil, fmt.Errorf("%w: journal page %x does not begin with the entry it is filed under", ledger.ErrCorrupt, key)
	}
	return entries, nil
}

func decodeItems(data []byte) ([]*ledger.Booked, error) {
	var entries []*ledger.Booked
	for len(data) > 0 {
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			return nil, fmt.Errorf("%w: journal page is cut short", ledger.ErrCorrupt)
		}
		entry, err := ledger.DecodeItem(data[used : used+int(n)])
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
		data = data[used+int(n):]
	}
	return entries, nil
}

// Blocks implements ledger.Reader.
func (t *Tx) Blocks(ctx context.Context, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		cursor := t.bucket(bucketBlocks).Cursor()
		key, header := seekHolder(cursor, seq)
		for ; key != nil; key, header = cursor.Next() {
			block, err := t.block(key, header)
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && block.Last() < seq {
				continue
			}
			if !yield(block, err) || err != nil {
				return
			}
		}
	}
}

func (t *Tx) block(key, header []byte) (*ledger.Block, error) {
	block, count, err := decodeBlockHeader(header)
	if err != nil {
		return nil, fmt.Errorf("block %x: %w", key, err)
	}
	journal := t.bucket(bucketJournal).Cursor()
	for k, page := journal.Seek(key); k != nil && uint64(len(block.Items)) < count; k, page = journal.Next() {
		entries, err := decodePage(k, page)
		if err != nil {
			return nil, fmt.Errorf("block %x: %w", key, err)
		}
		block.Items = append(block.Items, entries...)
	}
	if uint64(len(block.Items)) != count || count == 0 {
		return nil, fmt.Errorf("%w: block %x has %d entries, its header says %d", ledger.ErrCorrupt, key, len(block.Items), count)
	}
	if !bytes.Equal(key, be(block.First())) {
		return nil, fmt.Errorf("%w: block %x begins with entry %d", ledger.ErrCorrupt, key, block.First())
	}
	return block, nil
}

// Items implements ledger.Reader.
func (t *Tx) Items(ctx context.Context, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		cursor := t.bucket(bucketJournal).Cursor()
		for key, page := seekHolder(cursor, seq); key != nil; key, page = cursor.Next() {
			entries, err := decodePage(key, page)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range entries {
				if e.Seq >= seq && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// pageReader finds entries by sequence and keeps the last page it decoded.
type pageReader struct {
	tx      *Tx
	entries []*ledger.Booked
}

func (p *pageReader) entry(seq uint64) (*ledger.Booked, error) {
	if n := len(p.entries); n == 0 || seq < p.entries[0].Seq || seq > p.entries[n-1].Seq {
		if err := p.load(seq); err != nil {
			return nil, err
		}
	}
	i, ok := slices.BinarySearchFunc(p.entries, seq, func(e *ledger.Booked, want uint64) int {
		switch {
		case e.Seq < want:
			return -1
		case e.Seq > want:
			return 1
		}
		return 0
	})
	if !ok {
		return nil, fmt.Errorf("%w: entry %d is not in the journal", ledger.ErrCorrupt, seq)
	}
	return p.entries[i], nil
}

func (p *pageReader) load(seq uint64) error {
	key, page := seekHolder(p.tx.bucket(bucketJournal).Cursor(), seq)
	if key == nil {
		return fmt.Errorf("%w: entry %d is not in the journal", ledger.ErrCorrupt, seq)
	}
	entries, err := decodePage(key, page)
	if err != nil {
		return err
	}
	p.entries = entries
	return nil
}

func (t *Tx) itemByKey(key string) (*ledger.Booked, error) {
	data := t.bucket(bucketKeys).Get([]byte(key))
	if data == nil {
		return nil, nil
	}
	if len(data) != 8 {
		return nil, fmt.Errorf("%w: key %q points to %x", ledger.ErrCorrupt, key, data)
	}
	pages := pageReader{tx: t}
	entry, err := pages.entry(binary.BigEndian.Uint64(data))
	if err != nil {
		return nil, err
	}
	if entry.Key != key {
		return nil, fmt.Errorf("%w: key %q points to entry %d, whose key is %q", ledger.ErrCorrupt, key, entry.Seq, entry.Key)
	}
	return entry, nil
}
