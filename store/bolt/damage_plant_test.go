package bolt_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// account changes what is stored of the merchant's account, with a checksum
// that fits.
func account(change func(*ledger.Account)) func(*bbolt.Bucket) error {
	return accountAt(available, change)
}

func accountAt(path string, change func(*ledger.Account)) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		id := ledger.AccountID{Path: path, Currency: inr()}
		key := []byte(path + "\x00INR")
		value := b.Get(key)
		a, err := ledger.DecodeAccount(id, value[:len(value)-4])
		if err != nil {
			return err
		}
		change(a)
		return b.Put(key, sealed(a.AppendBinary(nil)))
	}
}

// sealed puts a checksum behind a value.
func sealed(data []byte) []byte {
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

// record changes what is stored of a record, with a checksum that fits.
func record[T any](id string, change func(*T)) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		value := b.Get([]byte(id))
		var r T
		if err := json.Unmarshal(value[:len(value)-4], &r); err != nil {
			return err
		}
		change(&r)
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		return b.Put([]byte(id), sealed(data))
	}
}

// head changes one byte of the journal's head, with a checksum that fits.
func head(at int) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		data := bytes.Clone(b.Get([]byte("head")))
		data = data[:len(data)-4]
		data[at] ^= 1
		return b.Put([]byte("head"), sealed(data))
	}
}

// page changes the items of a journal page.
func page(first uint64, change func([]*ledger.Booked)) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		block, leaf, items, err := readPage(b.Get(be(first)))
		if err != nil {
			return err
		}
		change(items)
		return b.Put(be(first), writePage(block, leaf, items...))
	}
}

// header changes what a journal page says of the block that begins with it.
func header(first, block uint64) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		_, leaf, items, err := readPage(b.Get(be(first)))
		return errors.Join(err, b.Put(be(first), writePage(block, leaf, items...)))
	}
}

func readPage(data []byte) (block uint64, leaf []byte, items []*ledger.Booked, err error) {
	block, used := binary.Uvarint(data)
	if data = data[used:]; block > 0 {
		leaf, data = data[:32], data[32:]
	}
	for len(data) > 0 {
		n, used := binary.Uvarint(data)
		item, err := ledger.DecodeItem(data[used : used+int(n)])
		if err != nil {
			return 0, nil, nil, err
		}
		items, data = append(items, item), data[used+int(n):]
	}
	return block, leaf, items, nil
}

// writePage makes a page; a block without a leaf gets one of zeros.
func writePage(block uint64, leaf []byte, items ...*ledger.Booked) []byte {
	data := binary.AppendUvarint(nil, block)
	if block > 0 {
		data = append(data, append(bytes.Clone(leaf), make([]byte, 32)...)[:32]...)
	}
	for _, item := range items {
		canonical := item.AppendCanonical(nil)
		data = append(binary.AppendUvarint(data, uint64(len(canonical))), canonical...)
	}
	return data
}

// relabelled gives the page of one item with another sequence.
func relabelled(page []byte, seq uint64) []byte {
	block, leaf, items, err := readPage(page)
	if err != nil {
		return []byte(err.Error())
	}
	items[0].Seq = seq
	return writePage(block, leaf, items...)
}

// nth gives a page of the block of items 3 to 102; the first is 1.
func nth(b *bbolt.Bucket, n int) (key []byte, block uint64, items []*ledger.Booked, err error) {
	c := b.Cursor()
	key, value := c.Seek(be(3))
	for range n - 1 {
		key, value = c.Next()
	}
	block, _, items, err = readPage(value)
	return bytes.Clone(key), block, items, err
}

func removeNth(n int) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		key, _, _, err := nth(b, n)
		return errors.Join(err, b.Delete(key))
	}
}

func headerNth(n int, block uint64) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		key, _, items, err := nth(b, n)
		return errors.Join(err, b.Put(key, writePage(block, nil, items...)))
	}
}
