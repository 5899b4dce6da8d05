package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// entryVersion is the first byte of an entry's canonical bytes.
const entryVersion = 1

// AppendCanonical appends the canonical bytes of b, which cover every field.
// docs/FORMAT.md draws them. Metadata must be sorted by name.
func (b *Booked) AppendCanonical(dst []byte) []byte {
	dst = append(dst, entryVersion)
	dst = binary.AppendUvarint(dst, uint64(b.Lane))
	dst = binary.AppendUvarint(dst, b.Seq)
	dst = binary.AppendVarint(dst, b.At.UnixMicro())
	dst = append(dst, boolByte(b.Breached))
	dst = appendText(dst, b.Key)
	dst = appendText(dst, b.Kind)
	dst = appendText(dst, b.Reference)
	dst = appendText(dst, b.PartOf)
	dst = binary.AppendVarint(dst, int64(b.ValueDate.DaysSince(dayZero())))
	dst = binary.AppendUvarint(dst, uint64(len(b.Metadata)))
	for _, a := range b.Metadata {
		dst = appendText(dst, a.Name)
		dst = appendText(dst, a.Value)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b.Postings)))
	for i := range b.Postings {
		dst = b.Postings[i].appendCanonical(dst)
	}
	return dst
}

func (p *Posting) appendCanonical(dst []byte) []byte {
	dst = append(dst, byte(p.Side))
	dst = append(dst, p.Currency.String()...)
	amount := p.Amount.Bytes()
	short := bytes.TrimLeft(amount[:], "\x00")
	dst = append(dst, byte(len(short)))
	dst = append(dst, short...)
	return appendText(dst, p.Account)
}

// Hash is the SHA-256 of the entry's canonical bytes.
func (b *Booked) Hash() [32]byte { return sha256.Sum256(b.AppendCanonical(nil)) }

func dayZero() calendar.Date { return calendar.DateOf(time.Unix(0, 0), time.UTC) }

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// Block is a run of entries saved together. Its hash covers the block before
// it and the hash of every entry, so no entry can be changed, dropped or put
// in between without breaking the chain.
type Block struct {
	Lane     uint16
	Accounts uint64   // number of accounts opened up to and including this block
	Prev     [32]byte // hash of the block before; zeros for the first
	Entries  []*Booked
	Hash     [32]byte
}

// First and Last are the sequences at the block's ends.
func (b *Block) First() uint64 { return b.Entries[0].Seq }

// Last is the sequence of the block's last entry.
func (b *Block) Last() uint64 { return b.Entries[len(b.Entries)-1].Seq }

// blockVersion is the first byte a block's hash covers.
const blockVersion = 1

// Sum computes the hash the block must have.
func (b *Block) Sum() [32]byte {
	h := sha256.New()
	h.Write([]byte{blockVersion})
	h.Write(b.Prev[:])
	h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(nil, b.Lane), b.Accounts))
	var canonical []byte
	for _, e := range b.Entries {
		canonical = e.AppendCanonical(canonical[:0])
		sum := sha256.Sum256(canonical)
		h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

// DecodeEntry reads canonical bytes. It refuses bytes that are cut, have
// something behind their end, are of another version, or are not what
// AppendCanonical would write for the entry they decode to: every entry has one
// form and so one hash. The error wraps ErrCorrupt.
func DecodeEntry(data []byte) (*Booked, error) {
	d := &decoder{data: data}
	if v := d.byte(); v != entryVersion && d.err == nil {
		return nil, fmt.Errorf("%w: entry version %d, this program knows %d", ErrCorrupt, v, entryVersion)
	}
	b := &Booked{Lane: d.lane(), Seq: d.uvarint(), At: time.UnixMicro(d.varint()).UTC(), Breached: d.bool()}
	b.Key, b.Kind, b.Reference, b.PartOf = d.text(), d.text(), d.text(), d.text()
	b.ValueDate = d.date()
	for n := d.count(); n > 0 && d.err == nil; n-- {
		b.Metadata = append(b.Metadata, Attribute{Name: d.text(), Value: d.text()})
	}
	for n := d.count(); n > 0 && d.err == nil; n-- {
		b.Postings = append(b.Postings, d.posting())
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return b, nil
}

// decoder reads a byte slice from the front; after the first fault it gives
// zeros and keeps the fault.
type decoder struct {
	data []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
	}
}

func (d *decoder) end() error {
	if d.err == nil && len(d.data) > 0 {
		d.fail("%d bytes too many", len(d.data))
	}
	return d.err
}

func (d *decoder) take(n uint64) []byte {
	if d.err != nil || n > uint64(len(d.data)) {
		d.fail("cut short: %d bytes wanted, %d left", n, len(d.data))
		return nil
	}
	out := d.data[:n]
	d.data = d.data[n:]
	return out
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.fail("truth value %d", b)
	}
	return b == 1
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if d.err != nil || n <= 0 || padded(d.data[:n]) {
		d.fail("bad number")
		return 0
	}
	d.data = d.data[n:]
	return v
}

// padded tells that a varint is longer than it need be.
func padded(varint []byte) bool { return len(varint) > 1 && varint[len(varint)-1] == 0 }

func (d *decoder) lane() uint16 {
	n := d.uvarint()
	if n > math.MaxUint16 {
		d.fail("lane %d", n)
		return 0
	}
	return uint16(n)
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.data)
	if d.err != nil || n <= 0 || padded(d.data[:n]) {
		d.fail("bad number")
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *decoder) count() uint64 {
	n := d.uvarint()
	if n > uint64(len(d.data)) {
		d.fail("count %d with %d bytes left", n, len(d.data))
		return 0
	}
	return n
}

func (d *decoder) text() string { return string(d.take(d.uvarint())) }

func (d *decoder) date() calendar.Date {
	days := d.varint()
	const far = 4_000_000 // days; calendar dates end long before
	if days > far || days < -far {
		d.fail("value date %d days from 1970", days)
		return calendar.Date{}
	}
	date := dayZero().AddDays(int(days))
	if date.IsZero() {
		d.fail("value date %d days from 1970", days)
	}
	return date
}

func (d *decoder) posting() Posting {
	p := Posting{Side: Side(d.byte())}
	var err error
	if p.Currency, err = money.ParseCurrency(string(d.take(3))); err != nil && d.err == nil {
		d.err = errors.Join(ErrCorrupt, err)
	}
	var wide [16]byte
	short := d.take(uint64(d.byte()))
	if len(short) > 16 || len(short) > 0 && short[0] == 0 {
		d.fail("amount of %d bytes: %x", len(short), short)
		short = nil
	}
	copy(wide[16-len(short):], short)
	if p.Amount, err = money.FromBytes(wide); err != nil && d.err == nil {
		d.err = errors.Join(ErrCorrupt, err)
	}
	p.Account = d.text()
	return p
}
