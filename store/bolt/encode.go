package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
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

// appendAmount writes a length and the bytes of a two's complement integer
// without leading zero bytes; a negative one has all sixteen.
func appendAmount(dst []byte, a money.Amount) []byte {
	wide := a.Bytes()
	at := 0
	for at < len(wide) && wide[at] == 0 {
		at++
	}
	return append(append(dst, byte(len(wide)-at)), wide[at:]...)
}

// takeAmount reads what appendAmount wrote, and gives what lies behind it.
func takeAmount(data []byte, into *money.Amount) (rest []byte, err error) {
	if len(data) == 0 || int(data[0]) > min(16, len(data)-1) {
		return nil, errors.New("amount is cut short")
	}
	var wide [16]byte
	n := int(data[0])
	copy(wide[16-n:], data[1:1+n])
	if n > 0 && data[1] == 0 {
		return nil, errors.New("amount has a leading zero")
	}
	*into, err = money.FromBytes(wide)
	return data[1+n:], err
}
