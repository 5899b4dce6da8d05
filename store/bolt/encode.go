package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/settlex/settlex/calendar"
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

const headBytes = 2 + 8 + 8 + 8 + 8 + 4

func encodeHead(h ledger.Head) []byte {
	out := make([]byte, 0, headBytes+sealBytes)
	out = binary.BigEndian.AppendUint16(out, h.Lane)
	out = binary.BigEndian.AppendUint64(out, h.Seq)
	out = binary.BigEndian.AppendUint64(out, uint64(h.At.UnixMicro()))
	out = binary.BigEndian.AppendUint64(out, h.Accounts)
	out = binary.BigEndian.AppendUint64(out, h.Blocks)
	return seal(binary.BigEndian.AppendUint32(out, encodeDay(h.Closed)))
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
		Blocks:   binary.BigEndian.Uint64(data[26:]),
		Closed:   decodeDay(binary.BigEndian.Uint32(data[34:])),
	}
	return h, nil
}

// dayOne is the first date there is.
var dayOne = calendar.MustDate("0001-01-01")

// encodeDay numbers days so that they order as dates do; 0 is no date.
func encodeDay(d calendar.Date) uint32 {
	if d.IsZero() {
		return 0
	}
	return uint32(d.DaysSince(dayOne)) + 1 //nolint:gosec // dates end at 9999
}

func decodeDay(n uint32) calendar.Date {
	if n == 0 {
		return calendar.Date{}
	}
	return dayOne.AddDays(int(n) - 1)
}

const blockHeaderBytes = 2 + 8

func encodeBlockHeader(b *ledger.Block) []byte {
	out := binary.BigEndian.AppendUint16(make([]byte, 0, blockHeaderBytes), b.Lane)
	return binary.BigEndian.AppendUint64(out, uint64(len(b.Items)))
}

func decodeBlockHeader(data []byte) (*ledger.Block, uint64, error) {
	if len(data) != blockHeaderBytes {
		return nil, 0, fmt.Errorf("%w: block header has %d bytes, not %d", ledger.ErrCorrupt, len(data), blockHeaderBytes)
	}
	return &ledger.Block{Lane: binary.BigEndian.Uint16(data)}, binary.BigEndian.Uint64(data[2:]), nil
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

// totalsBytes is the size of debits and credits.
const totalsBytes = 2 * 16

func encodeTotals(b ledger.Balance) []byte {
	debits, credits := b.Debits.Bytes(), b.Credits.Bytes()
	return append(append(make([]byte, 0, totalsBytes), debits[:]...), credits[:]...)
}

func decodeTotals(data []byte) (b ledger.Balance, err error) {
	if len(data) != totalsBytes {
		return b, fmt.Errorf("%w: totals are %x", ledger.ErrCorrupt, data)
	}
	b.Debits, err = money.FromBytes([16]byte(data))
	if err == nil {
		b.Credits, err = money.FromBytes([16]byte(data[16:]))
	}
	if err != nil {
		return b, fmt.Errorf("%w: totals: %w", ledger.ErrCorrupt, err)
	}
	return b, nil
}
