package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// pageBytes is the size a journal page may have: a value that just fits one
// database page of 4096 bytes together with the headers around it. Only an
// item that is longer by itself makes a longer page.
const pageBytes = 4096 - 16 - 16 - 8

// maxPrefixBytes is the longest number in front of an item.
const maxPrefixBytes = binary.MaxVarintLen32

// page reads a journal page: how many items the block has that begins with
// it and its leaf, or 0 if none does, and then items. Their sequences follow one
// another from the one in the key on, so those in front need not be decoded.
type page struct {
	block uint64 // items of the block that begins here; 0: it belongs to the one before
	leaf  []byte // of that block
	seq   uint64 // of the next item
	data  []byte
}

func openJournalPage(key, value []byte) (p page, err error) {
	block, n := binary.Uvarint(value)
	begin := n
	if block > 0 {
		begin += ledger.HashSize
	}
	if len(key) != 8 || n <= 0 || len(value) <= begin {
		return p, fmt.Errorf("%w: journal page %x cannot be read", ledger.ErrCorrupt, key)
	}
	return page{block: block, leaf: value[n:begin], seq: binary.BigEndian.Uint64(key), data: value[begin:]}, nil
}

// appendPageHeader begins a journal page; items 0: no block begins with it.
func appendPageHeader(dst []byte, items int, leaf *ledger.Hash) []byte {
	dst = binary.AppendUvarint(dst, uint64(items)) //nolint:gosec // it counts
	if items > 0 {
		dst = append(dst, leaf[:]...)
	}
	return dst
}

// take gives the bytes of the next item; nil at the end of the page.
func (p *page) take() ([]byte, error) {
	if len(p.data) == 0 {
		return nil, nil
	}
	size, n := binary.Uvarint(p.data)
	if n <= 0 || size > uint64(len(p.data)-n) {
		return nil, fmt.Errorf("%w: journal page is cut short at item %d", ledger.ErrCorrupt, p.seq)
	}
	item := p.data[n : n+int(size)]
	p.data = p.data[n+int(size):]
	p.seq++
	return item, nil
}

// skipTo goes to the item with a seq, or to the page's end if that comes first.
func (p *page) skipTo(seq uint64) error {
	for p.seq < seq {
		item, err := p.take()
		if item == nil || err != nil {
			return err
		}
	}
	return nil
}

// next decodes the next item; nil at the end of the page.
func (p *page) next() (*ledger.Booked, error) {
	seq := p.seq
	data, err := p.take()
	if data == nil || err != nil {
		return nil, err
	}
	item, err := ledger.DecodeItem(data)
	if err != nil {
		return nil, fmt.Errorf("item %d: %w", seq, err)
	}
	if item.Seq != seq {
		return nil, fmt.Errorf("%w: where item %d should be lies item %d", ledger.ErrCorrupt, seq, item.Seq)
	}
	return item, nil
}

// seekHolder finds the pair that holds seq if any does: the last one filed at
// or before it, or else the first.
func seekHolder(cursor *bbolt.Cursor, seq uint64) (key, value []byte) {
	want := be(seq)
	key, value = cursor.Seek(want)
	switch {
	case bytes.Equal(key, want):
		return key, value
	case key == nil:
		return cursor.Last()
	}
	if key, value = cursor.Prev(); key == nil {
		key, value = cursor.First()
	}
	return key, value
}

// storedBlock is a block and the leaf that was stored with it.
type storedBlock struct {
	ledger.Block
	leaf ledger.Hash
}

// Blocks implements ledger.Reader, of the one lane.
func (t *Tx) Blocks(ctx context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		for stored, err := range t.blocks(ctx, seq) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&stored.Block, nil) {
				return
			}
		}
	}
}

func (t *Tx) blocks(ctx context.Context, seq uint64) iter.Seq2[*storedBlock, error] {
	return func(yield func(*storedBlock, error) bool) {
		cursor := t.bucket(bucketJournal).Cursor()
		key, value := seekHolder(cursor, seq)
		key, value = backToBlock(cursor, key, value)
		for key != nil {
			var block *storedBlock
			var err error
			if block, key, value, err = readBlock(cursor, key, value); err == nil {
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

// backToBlock goes back to the page a block begins with, if there is one.
func backToBlock(cursor *bbolt.Cursor, key, value []byte) (k, v []byte) {
	for k, v = key, value; k != nil; k, v = cursor.Prev() {
		if p, err := openJournalPage(k, v); err != nil || p.block > 0 {
			return k, v
		}
	}
	return cursor.First() // reading it says what is wrong
}

// readBlock reads a block from its first page on, and gives the page behind it.
func readBlock(cursor *bbolt.Cursor, key, value []byte) (block *storedBlock, k, v []byte, err error) {
	filed := key
	p, err := openJournalPage(key, value)
	if err == nil && p.block == 0 {
		err = fmt.Errorf("%w: no block begins there", ledger.ErrCorrupt)
	}
	count := p.block
	block = &storedBlock{}
	copy(block.leaf[:], p.leaf)
	for err == nil {
		for item, itemErr := p.next(); item != nil || itemErr != nil; item, itemErr = p.next() {
			if err = itemErr; err != nil {
				return nil, nil, nil, fmt.Errorf("block %x: %w", filed, err)
			}
			block.Items = append(block.Items, item)
		}
		want := p.seq
		if k, v = cursor.Next(); k == nil || uint64(len(block.Items)) >= count {
			break
		}
		if p, err = openJournalPage(k, v); err == nil && (p.block > 0 || p.seq != want) {
			err = fmt.Errorf("%w: a page of item %d follows item %d", ledger.ErrCorrupt, p.seq, want-1)
		}
	}
	if err == nil && uint64(len(block.Items)) != count {
		err = fmt.Errorf("%w: it has %d items, its header says %d", ledger.ErrCorrupt, len(block.Items), count)
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("block %x: %w", filed, err)
	}
	block.Lane = block.Items[0].Lane
	return block, k, v, nil
}

// Items implements ledger.Reader, of the one lane.
func (t *Tx) Items(ctx context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		cursor := t.bucket(bucketJournal).Cursor()
		for key, value := seekHolder(cursor, seq); key != nil; key, value = cursor.Next() {
			p, err := openJournalPage(key, value)
			if err == nil {
				err = p.skipTo(seq)
			}
			if err == nil {
				err = ctx.Err()
			}
			for err == nil {
				var item *ledger.Booked
				if item, err = p.next(); item == nil {
					break
				}
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// itemReader finds items by sequence. It stays in the page of the last one, so
// that neighbours cost no search.
type itemReader struct {
	cursor *bbolt.Cursor
	page   page
}

func (t *Tx) itemReader() *itemReader {
	return &itemReader{cursor: t.bucket(bucketJournal).Cursor()}
}

func (r *itemReader) item(seq uint64) (*ledger.Booked, error) {
	if err := r.find(seq); err != nil {
		return nil, err
	}
	item, err := r.page.next()
	if err == nil && item == nil {
		err = fmt.Errorf("%w: item %d is not in the journal", ledger.ErrCorrupt, seq)
	}
	return item, err
}

// find puts the page in front of an item.
func (r *itemReader) find(seq uint64) error {
	if len(r.page.data) > 0 && seq >= r.page.seq {
		if err := r.page.skipTo(seq); err != nil || len(r.page.data) > 0 {
			return err
		}
	}
	key, value := seekHolder(r.cursor, seq)
	if key == nil {
		return fmt.Errorf("%w: item %d is not in the journal", ledger.ErrCorrupt, seq)
	}
	var err error
	if r.page, err = openJournalPage(key, value); err != nil {
		return err
	}
	if r.page.seq > seq {
		return fmt.Errorf("%w: item %d is not in the journal", ledger.ErrCorrupt, seq)
	}
	return r.page.skipTo(seq)
}
