package bolt_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// account changes what is stored of the merchant's account.
func account(change func(*ledger.Account)) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		id := ledger.AccountID{Path: available, Currency: inr()}
		key := []byte(available + "\x00INR")
		a, err := ledger.DecodeAccount(id, b.Get(key))
		if err != nil {
			return err
		}
		change(a)
		return b.Put(key, a.AppendBinary(nil))
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
		var items []*ledger.Booked
		for data := b.Get(be(first)); len(data) > 0; {
			n, used := binary.Uvarint(data)
			item, err := ledger.DecodeItem(data[used : used+int(n)])
			if err != nil {
				return err
			}
			items, data = append(items, item), data[used+int(n):]
		}
		change(items)
		var data []byte
		for _, item := range items {
			canonical := item.AppendCanonical(nil)
			data = append(binary.AppendUvarint(data, uint64(len(canonical))), canonical...)
		}
		return b.Put(be(first), data)
	}
}

func key(parts ...any) (out []byte) {
	for _, part := range parts {
		switch part := part.(type) {
		case int:
			out = append(out, be(uint64(part))...)
		case string: // a date
			days := calendar.MustDate(part).DaysSince(calendar.MustDate("0001-01-01")) + 1
			out = binary.BigEndian.AppendUint32(out, uint32(days))
		}
	}
	return out
}
