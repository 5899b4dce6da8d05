package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Fixed-size values are big-endian. docs/FORMAT.md draws all of them.

// castagnoli is the polynomial of seals.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealBytes = 4

// seal puts a checksum behind a value that nothing else vouches for: the
// journal has its hashes, and what is derived from it can be derived again.
func seal(data []byte) []byte {
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
}

// unseal takes the checksum off; ok is false when it is not the value's.
func unseal(data []byte) (value []byte, ok bool) {
	n := len(data) - sealBytes
	if n < 0 || binary.BigEndian.Uint32(data[n:]) != crc32.Checksum(data[:n], castagnoli) {
		return nil, false
	}
	return data[:n], true
}

const headBytes = 2 + 8 + 8 + 8 + 32

func encodeHead(h ledger.Head) []byte {
	out := make([]byte, 0, headBytes+sealBytes)
	out = binary.BigEndian.AppendUint16(out, h.Lane)
	out = binary.BigEndian.AppendUint64(out, h.Seq)
	out = binary.BigEndian.AppendUint64(out, uint64(h.At.UnixMicro()))
	out = binary.BigEndian.AppendUint64(out, h.Accounts)
	return seal(append(out, h.Hash[:]...))
}

func decodeHead(sealed []byte) (ledger.Head, error) {
	data, ok := unseal(sealed)
	if !ok || len(data) != headBytes {
		return ledger.Head{}, fmt.Errorf("%w: head is %x", ledger.ErrCorrupt, sealed)
	}
	h := ledger.Head{
		Lane:     binary.BigEndian.Uint16(data),
		Seq:      binary.BigEndian.Uint64(data[2:]),
		At:       time.UnixMicro(int64(binary.BigEndian.Uint64(data[10:]))).UTC(),
		Accounts: binary.BigEndian.Uint64(data[18:]),
	}
	copy(h.Hash[:], data[26:])
	return h, nil
}

const blockHeaderBytes = 2 + 8 + 8 + 32 + 32

func encodeBlockHeader(b *ledger.Block) []byte {
	out := make([]byte, 0, blockHeaderBytes)
	out = binary.BigEndian.AppendUint16(out, b.Lane)
	out = binary.BigEndian.AppendUint64(out, uint64(len(b.Entries)))
	out = binary.BigEndian.AppendUint64(out, b.Accounts)
	out = append(out, b.Prev[:]...)
	return append(out, b.Hash[:]...)
}

func decodeBlockHeader(data []byte) (*ledger.Block, uint64, error) {
	if len(data) != blockHeaderBytes {
		return nil, 0, fmt.Errorf("%w: block header has %d bytes, not %d", ledger.ErrCorrupt, len(data), blockHeaderBytes)
	}
	b := &ledger.Block{Lane: binary.BigEndian.Uint16(data), Accounts: binary.BigEndian.Uint64(data[10:])}
	copy(b.Prev[:], data[18:])
	copy(b.Hash[:], data[50:])
	return b, binary.BigEndian.Uint64(data[2:]), nil
}

func accountKey(id ledger.AccountID) []byte {
	return append(append([]byte(id.Path), 0), id.Currency.String()...)
}

func decodeAccountKey(key []byte) (ledger.AccountID, error) {
	path, code, ok := bytes.Cut(key, []byte{0})
	currency, err := money.ParseCurrency(string(code))
	if !ok || err != nil {
		return ledger.AccountID{}, fmt.Errorf("%w: account key %q", ledger.ErrCorrupt, key)
	}
	return ledger.AccountID{Path: string(path), Currency: currency}, nil
}

const accountBytes = 8 + 1 + 1 + 8 + 8 + 3*16

func encodeAccount(a *ledger.Account) []byte {
	out := make([]byte, 0, accountBytes)
	out = binary.BigEndian.AppendUint64(out, a.No)
	limited := byte(0)
	if a.Limited {
		limited = 1
	}
	out = append(out, byte(a.Type), limited)
	out = binary.BigEndian.AppendUint64(out, uint64(a.Opened.UnixMicro()))
	out = binary.BigEndian.AppendUint64(out, a.Seq)
	for _, amount := range []money.Amount{a.Floor, a.Debits, a.Credits} {
		b := amount.Bytes()
		out = append(out, b[:]...)
	}
	return out
}

func decodeAccount(id ledger.AccountID, data []byte) (*ledger.Account, error) {
	if len(data) != accountBytes || data[9] > 1 {
		return nil, fmt.Errorf("%w: account %s is %x", ledger.ErrCorrupt, id, data)
	}
	a := &ledger.Account{
		AccountID: id,
		No:        binary.BigEndian.Uint64(data),
		Type:      ledger.Type(data[8]),
		Limited:   data[9] == 1,
		Opened:    time.UnixMicro(int64(binary.BigEndian.Uint64(data[10:]))).UTC(),
	}
	a.Seq = binary.BigEndian.Uint64(data[18:])
	for i, into := range []*money.Amount{&a.Floor, &a.Debits, &a.Credits} {
		amount, err := money.FromBytes([16]byte(data[26+16*i:]))
		if err != nil {
			return nil, fmt.Errorf("%w: account %s: %w", ledger.ErrCorrupt, id, err)
		}
		*into = amount
	}
	return a, nil
}
