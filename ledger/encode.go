package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// itemVersion is the first byte of an item's canonical bytes.
const itemVersion = 2

// Bits of an item's flags.
const (
	flagBreached = 1 << iota
	flagTerms
)

// AppendCanonical appends the canonical bytes of b, which cover every field.
// docs/FORMAT.md draws them. Metadata must be sorted by name.
func (b *Booked) AppendCanonical(dst []byte) []byte {
	var flags byte
	if b.Breached {
		flags |= flagBreached
	}
	if b.Terms != nil {
		flags |= flagTerms
	}
	dst = append(dst, itemVersion, byte(b.Act))
	dst = binary.AppendUvarint(dst, uint64(b.Lane))
	dst = binary.AppendUvarint(dst, b.Seq)
	dst = binary.AppendVarint(dst, b.At.UnixMicro())
	dst = append(dst, flags)
	dst = appendText(dst, b.Key)
	dst = appendText(dst, b.Kind)
	dst = appendText(dst, b.Reference)
	dst = appendText(dst, b.PartOf)
	dst = appendText(dst, b.Owner)
	dst = appendDate(dst, b.ValueDate)
	dst = appendAttributes(dst, b.Metadata)
	dst = binary.AppendUvarint(dst, uint64(len(b.Postings)))
	for i := range b.Postings {
		dst = b.Postings[i].appendCanonical(dst)
	}
	if b.Terms != nil {
		dst = b.Terms.appendCanonical(dst)
	}
	return dst
}

func (p *Posting) appendCanonical(dst []byte) []byte {
	dst = append(append(dst, byte(p.Side)), p.Currency.String()...)
	return appendText(appendAmount(dst, p.Amount), p.Account)
}

// appendAmount writes a length and the bytes of a two's complement integer
// without leading zero bytes; a negative one has all sixteen.
func appendAmount(dst []byte, a money.Amount) []byte {
	if n, ok := a.Int64(); ok && n >= 0 { // nearly every one
		short := (bits.Len64(uint64(n)) + 7) / 8
		wide := binary.BigEndian.AppendUint64(append(dst, byte(short)), uint64(n)<<(64-8*short))
		return wide[:len(dst)+1+short]
	}
	wide := a.Bytes()
	short := bytes.TrimLeft(wide[:], "\x00")
	return append(append(dst, byte(len(short))), short...)
}

// appendDate writes days from 1970, plus one from that day on, so that 0 says that there is no date.
func appendDate(dst []byte, d calendar.Date) []byte {
	if d.IsZero() {
		return append(dst, 0)
	}
	days := int64(d.DaysSince(dayZero))
	if days >= 0 {
		days++
	}
	return binary.AppendVarint(dst, days)
}

func appendAttributes(dst []byte, attributes []Attribute) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(attributes)))
	for i := range attributes {
		dst = appendText(appendText(dst, attributes[i].Name), attributes[i].Value)
	}
	return dst
}

// dayZero is the day from which days are counted.
var dayZero = calendar.DateOf(time.Unix(0, 0), time.UTC)

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// DecodeItem reads canonical bytes. It refuses bytes that are cut, have
// something behind their end, are of another version, or are not what
// AppendCanonical would write for the item they decode to: every item has one
// form and so one hash. The error wraps ErrCorrupt.
func DecodeItem(data []byte) (*Booked, error) {
	d := &decoder{data: data}
	b := d.item()
	if err := d.end(); err != nil {
		return nil, err
	}
	if b.Terms != nil && !bytes.Equal(b.AppendCanonical(nil), data) {
		return nil, fmt.Errorf("%w: item %d is not in canonical form", ErrCorrupt, b.Seq)
	}
	return b, nil
}

func (d *decoder) item() *Booked {
	if v := d.byte(); v != itemVersion {
		d.fail("item version %d, this program knows %d", v, itemVersion)
		return nil
	}
	b := &Booked{Act: Act(d.byte()), Lane: d.lane(), Seq: d.uvarint(), At: d.instant()}
	flags := d.byte()
	if flags > flagBreached|flagTerms {
		d.fail("flags %x", flags)
	}
	if b.Act < Posted || b.Act > Refused {
		d.fail("act %d", b.Act)
	}
	b.Breached = flags&flagBreached != 0
	b.Key, b.Kind, b.Reference, b.PartOf, b.Owner = d.text(), d.text(), d.text(), d.text(), d.text()
	b.ValueDate = d.date()
	b.Metadata = d.attributes()
	if n := d.count(); n > 0 { // which a damaged count is not to make large
		b.Postings = make([]Posting, 0, min(n, uint64(len(d.data))/smallestPosting+1))
		for ; n > 0 && d.err == nil; n-- {
			b.Postings = append(b.Postings, d.posting())
		}
	}
	if flags&flagTerms != 0 {
		b.Terms = d.terms()
	}
	if changes, refuses := b.Terms != nil && b.Change != nil, b.Terms != nil && b.Refusal != nil; (b.Act == Changed) != changes || (b.Act == Refused) != refuses {
		d.fail("item %d is %s, and its terms are not", b.Seq, b.Act)
	}
	return b
}

// smallestPosting is how many bytes a posting takes at least: side, currency,
// amount and path.
const smallestPosting = 1 + 3 + 1 + 1

// decoder reads a byte slice from the front; after the first fault it gives
// zeros and keeps the fault.
type decoder struct {
	nested bool // within a refusal
	data   []byte
	texts  string         // what was left when the first text was read: all texts are parts of it
	last   money.Currency // the last one read: the next is mostly the same
	err    error
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

// text gives a part of one string that all texts share: an item's are kept and
// dropped together.
func (d *decoder) text() string {
	n := d.uvarint()
	if n == 0 {
		return ""
	}
	if d.texts == "" {
		d.texts = string(d.data)
	}
	from := len(d.texts) - len(d.data)
	return d.texts[from : from+len(d.take(n))]
}

func (d *decoder) instant() time.Time { return time.UnixMicro(d.varint()).UTC() }

func (d *decoder) attributes() (out []Attribute) {
	n := d.count()
	if n > 0 {
		out = make([]Attribute, 0, min(n, maxMetadata))
	}
	for ; n > 0 && d.err == nil; n-- {
		out = append(out, Attribute{Name: d.text(), Value: d.text()})
	}
	return out
}

func (d *decoder) date() calendar.Date {
	days := d.varint()
	const far = 4_000_000 // days; calendar dates end long before
	if days > far || days < -far {
		d.fail("date %d days from 1970", days)
		return calendar.Date{}
	}
	if days == 0 {
		return calendar.Date{}
	}
	at := days
	if days > 0 {
		at--
	}
	date := dayZero.AddDays(int(at))
	if date.IsZero() {
		d.fail("date %d days from 1970", at)
	}
	return date
}

func (d *decoder) posting() Posting {
	p := Posting{Side: Side(d.byte()), Currency: d.currency(), Amount: d.amount()}
	p.Account = d.text()
	if d.err == nil && p.Side != Debit && p.Side != Credit {
		d.fail("posting on side %d", p.Side)
	}
	return p
}

func (d *decoder) currency() money.Currency {
	code := d.take(3)
	if code != nil && string(code) == d.last.String() {
		return d.last
	}
	c, err := money.ParseCurrency(string(code))
	if err != nil && d.err == nil {
		d.err = errors.Join(ErrCorrupt, err)
	}
	d.last = c
	return c
}

func (d *decoder) amount() money.Amount {
	var wide [16]byte
	short := d.take(uint64(d.byte()))
	if len(short) > 16 || len(short) > 0 && short[0] == 0 {
		d.fail("amount of %d bytes: %x", len(short), short)
		short = nil
	}
	copy(wide[16-len(short):], short)
	a, err := money.FromBytes(wide)
	if err != nil && d.err == nil {
		d.err = errors.Join(ErrCorrupt, err)
	}
	return a
}
