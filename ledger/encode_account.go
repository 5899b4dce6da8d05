package ledger

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/settlex/settlex/money"
)

// AppendBinary appends an account as stores that keep bytes keep it, but for
// its id. docs/FORMAT.md draws it.
func (a *Account) AppendBinary(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, a.No)
	dst = append(dst, byte(a.Type), byte(a.Status))
	dst = binary.AppendVarint(dst, a.Opened.UnixMicro())
	dst = binary.AppendUvarint(dst, a.Seq)
	for _, amount := range []money.Amount{a.Debits, a.Credits, a.HeldDebits, a.HeldCredits} {
		dst = appendAmount(dst, amount)
	}
	dst = binary.AppendUvarint(dst, a.Holds)
	dst = a.Limits.AppendCanonical(dst)
	dst = binary.AppendUvarint(dst, a.LimitsSeq)
	for _, c := range a.Counters {
		dst = binary.AppendUvarint(dst, c.Since)
		dst = binary.AppendUvarint(dst, uint64(len(c.Slots)))
		for _, slot := range c.Slots {
			dst = appendAmount(binary.AppendVarint(dst, slot.No), slot.Total)
		}
	}
	return appendAttributes(dst, a.Metadata)
}

// DecodeAccount reads what AppendBinary wrote. The error wraps ErrCorrupt.
func DecodeAccount(id AccountID, data []byte) (*Account, error) {
	d := &decoder{data: data}
	a := &Account{AccountID: id, No: d.uvarint(), Type: Type(d.byte()), Status: Status(d.byte()), Opened: time.UnixMicro(d.varint()).UTC()}
	a.Seq = d.uvarint()
	for _, into := range []*money.Amount{&a.Debits, &a.Credits, &a.HeldDebits, &a.HeldCredits} {
		*into = d.amount()
	}
	a.Holds, a.Limits, a.LimitsSeq = d.uvarint(), d.limits(), d.uvarint()
	a.Counters = make([]Counter, len(a.Velocity))
	for i := range a.Counters {
		a.Counters[i].Since = d.uvarint()
		n := d.count()
		if n > 0 {
			a.Counters[i].Slots = make([]Slot, 0, min(n, slots))
		}
		for ; n > 0 && d.err == nil; n-- {
			a.Counters[i].Slots = append(a.Counters[i].Slots, Slot{No: d.varint(), Total: d.amount()})
		}
	}
	a.Metadata = d.attributes()
	if d.err == nil && (a.Type < Asset || a.Type > Expense || a.Status < Open || a.Status > AccountClosed) {
		d.fail("type %s, status %s", a.Type, a.Status)
	}
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("account %s: %w", id, err)
	}
	return a, nil
}
