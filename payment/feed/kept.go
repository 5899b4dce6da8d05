package feed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Kept is a row that a Sorter keeps, with what is wrong with it.
type Kept struct {
	Row

	Fault *Error // nil: nothing is
}

// names are the texts that all rows of a file share: its name and its header.
type names []string

// of gives the number of a text.
func (n *names) of(text string) uint64 {
	for i := len(*n) - 1; i >= 0; i-- {
		if (*n)[i] == text {
			return uint64(i)
		}
	}
	*n = append(*n, text)
	return uint64(len(*n) - 1)
}

// appendKept appends the bytes of a row, for decodeKept of the same names.
func (n *names) appendKept(dst []byte, k *Kept) ([]byte, error) {
	dst = binary.AppendUvarint(dst, n.of(k.File))
	dst = binary.AppendUvarint(dst, n.of(k.Header))
	dst = binary.AppendUvarint(dst, uint64(k.Line))
	dst = appendBytes(dst, k.Raw)
	for _, column := range k.columns {
		dst = binary.AppendVarint(dst, int64(column))
	}
	at, err := k.OccurredAt.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("keep line %d: %w", k.Line, err)
	}
	dst = appendBytes(dst, at)
	dst = appendBytes(dst, k.Kind)
	currency := ""
	if !k.Currency.IsZero() {
		currency = k.Currency.String()
	}
	dst = appendBytes(dst, currency)
	for _, f := range fields() {
		if text := textOf(&k.Event, f); text != nil {
			dst = appendBytes(dst, *text)
		} else if amount := amountOf(&k.Event, f); amount != nil {
			wide := amount.Bytes()
			dst = append(dst, wide[:]...)
		}
	}
	dst = appendFlag(dst, k.CostKnown)
	dst = appendFlag(dst, k.FromRail)
	if dst = appendFlag(dst, k.Fault != nil); k.Fault == nil {
		return dst, nil
	}
	dst = appendBytes(dst, k.Fault.Field)
	dst = binary.AppendVarint(dst, int64(k.Fault.Column))
	return appendBytes(dst, k.Fault.Err.Error()), nil
}

func appendFlag(dst []byte, flag bool) []byte {
	if flag {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendBytes[T ~string | ~[]byte](dst []byte, text T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// errKept says that what was written is not what is read.
var errKept = errors.New("a temporary file was changed")

// decodeKept reads what appendKept wrote. The row's texts share the memory of data.
// Of a fault there is its text.
func (n *names) decodeKept(data string) (k Kept, err error) {
	d := &keptDecoder{data: data}
	k.File, k.Header = n.at(d), n.at(d)
	k.Line = int(d.uvarint())
	k.Raw = d.text()
	for i := range k.columns {
		k.columns[i] = int32(d.varint())
	}
	d.check(k.OccurredAt.UnmarshalBinary([]byte(d.text())))
	k.OccurredAt = inUTC(k.OccurredAt)
	k.Kind = payment.Kind(d.text())
	if code := d.text(); code != "" {
		k.Currency, err = money.ParseCurrency(code)
		d.check(err)
	}
	for _, f := range fields() {
		if text := textOf(&k.Event, f); text != nil {
			*text = d.text()
		} else if amount := amountOf(&k.Event, f); amount != nil {
			*amount = d.amount()
		}
	}
	k.CostKnown = d.flag()
	k.FromRail = d.flag()
	if d.flag() {
		k.Fault = &Error{File: k.File, Line: k.Line, Field: payment.Field(d.text()), Column: int(d.varint())}
		k.Fault.Err = errors.New(d.text())
	}
	return k, d.err
}

// inUTC lets UTC be time.UTC: two instants that are written alike are alike.
func inUTC(t time.Time) time.Time {
	if _, offset := t.Zone(); offset == 0 {
		return t.UTC()
	}
	return t
}

// at reads the number of a text and gives the text.
func (n *names) at(d *keptDecoder) string {
	i := d.uvarint()
	if i >= uint64(len(*n)) {
		d.check(errKept)
		return ""
	}
	return (*n)[i]
}

// keptDecoder reads values one after the other; behind an error they are zero.
type keptDecoder struct {
	data string
	err  error
}

func (d *keptDecoder) check(err error) {
	if d.err == nil && err != nil {
		d.err, d.data = fmt.Errorf("%w: %w", errKept, err), ""
	}
}

func (d *keptDecoder) take(n uint64) string {
	if n > uint64(len(d.data)) {
		d.check(errors.New("it ends too early"))
		return ""
	}
	taken := d.data[:n]
	d.data = d.data[n:]
	return taken
}

func (d *keptDecoder) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := d.take(1)
		if b == "" {
			return 0
		}
		v |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			return v
		}
	}
	d.check(errors.New("a number is too long"))
	return 0
}

func (d *keptDecoder) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *keptDecoder) flag() bool { return d.take(1) == "\x01" }

func (d *keptDecoder) text() string { return d.take(d.uvarint()) }

func (d *keptDecoder) amount() money.Amount {
	var wide [16]byte
	copy(wide[:], d.take(uint64(len(wide))))
	amount, err := money.FromBytes(wide)
	d.check(err)
	return amount
}
