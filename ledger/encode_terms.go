package ledger

import (
	"encoding/binary"

	"github.com/settlex/settlex/money"
)

// Bits that say which parts of terms there are.
const (
	termAll = 1 << iota
	termFinal
	termExpires
	termChange
	termRefusal
)

func (t *Terms) appendCanonical(dst []byte) []byte {
	bits := bit(termAll, t.All) | bit(termFinal, t.Final) | bit(termExpires, !t.Expires.IsZero()) | bit(termChange, t.Change != nil) |
		bit(termRefusal, t.Refusal != nil)
	dst = append(dst, bits)
	dst = appendText(dst, t.Of)
	dst = appendDate(dst, t.Asked)
	dst = appendDate(dst, t.Through)
	dst = binary.AppendUvarint(dst, uint64(len(t.Opened)))
	for i := range t.Opened {
		dst = appendAccountID(dst, t.Opened[i].AccountID)
		dst = t.Opened[i].Limits.AppendCanonical(append(dst, byte(t.Opened[i].Type)))
	}
	if !t.Expires.IsZero() {
		dst = binary.AppendVarint(dst, t.Expires.UnixMicro())
	}
	if t.Change != nil {
		dst = t.Change.appendCanonical(dst)
	}
	if t.Refusal != nil {
		dst = t.Refusal.appendCanonical(dst)
	}
	return dst
}

// bit is a bit if it is set, else 0.
func bit(bit byte, set bool) byte {
	if set {
		return bit
	}
	return 0
}

func (d *decoder) terms() *Terms {
	bits := d.byte()
	t := &Terms{All: bits&termAll != 0, Final: bits&termFinal != 0, Of: d.text(), Asked: d.date(), Through: d.date()}
	for n := d.count(); n > 0 && d.err == nil; n-- {
		t.Opened = append(t.Opened, Opening{AccountID: d.accountID(), Type: Type(d.byte()), Limits: d.limits()})
	}
	if bits&termExpires != 0 {
		t.Expires = d.instant()
	}
	if bits&termChange != 0 {
		t.Change = d.change()
	}
	if bits&termRefusal != 0 {
		t.Refusal = d.refusal()
	}
	return t
}

// appendAccountID writes three zero bytes for the currency of no account.
func appendAccountID(dst []byte, id AccountID) []byte {
	code := "\x00\x00\x00"
	if !id.Currency.IsZero() {
		code = id.Currency.String()
	}
	return append(appendText(dst, id.Path), code...)
}

func (d *decoder) accountID() AccountID {
	id := AccountID{Path: d.text()}
	if len(d.data) >= 3 && string(d.data[:3]) == "\x00\x00\x00" {
		d.take(3)
		return id
	}
	id.Currency = d.currency()
	return id
}

// Bits of limits.
const (
	limitFloor = 1 << iota
	limitCeiling
)

// AppendCanonical appends the limits' bytes, as docs/FORMAT.md draws them.
func (l Limits) AppendCanonical(dst []byte) []byte {
	var bits byte
	if l.Limited {
		bits |= limitFloor
	}
	if l.Capped {
		bits |= limitCeiling
	}
	dst = appendAmount(appendAmount(append(dst, bits), l.Floor), l.Ceiling)
	dst = binary.AppendUvarint(dst, uint64(len(l.Velocity)))
	for _, v := range l.Velocity {
		dst = appendAmount(append(dst, byte(v.Per), byte(v.Flow), byte(v.Measure)), v.Max)
	}
	return dst
}

func (d *decoder) limits() Limits {
	bits := d.byte()
	l := Limits{Limited: bits&limitFloor != 0, Capped: bits&limitCeiling != 0, Floor: d.amount(), Ceiling: d.amount()}
	for n := d.count(); n > 0 && d.err == nil; n-- {
		l.Velocity = append(l.Velocity, Velocity{Per: Window(d.byte()), Flow: Flow(d.byte()), Measure: Measure(d.byte()), Max: d.amount()})
	}
	if d.err == nil && (bits > limitFloor|limitCeiling || len(l.check()) > 0) {
		d.fail("limits %+v", l)
	}
	return l
}

// Bits of a change.
const (
	changeLimits = 1 << iota
	changeMetadata
	changeForce
)

func (c *Change) appendCanonical(dst []byte) []byte {
	var bits byte
	if c.Limits != nil {
		bits |= changeLimits
	}
	if c.HasMetadata {
		bits |= changeMetadata
	}
	if c.Force {
		bits |= changeForce
	}
	dst = appendAccountID(append(dst, bits, byte(c.Status)), c.AccountID)
	if c.Limits != nil {
		dst = c.Limits.AppendCanonical(dst)
	}
	return appendAttributes(dst, c.Metadata)
}

func (d *decoder) change() *Change {
	bits := d.byte()
	c := &Change{HasMetadata: bits&changeMetadata != 0, Force: bits&changeForce != 0, Status: Status(d.byte()), AccountID: d.accountID()}
	if bits&changeLimits != 0 {
		limits := d.limits()
		c.Limits = &limits
	}
	c.Metadata = d.attributes()
	return c
}

func (r *Refusal) appendCanonical(dst []byte) []byte {
	asked := r.Asked.AppendCanonical(nil)
	dst = append(binary.AppendUvarint(dst, uint64(len(asked))), asked...)
	f := &r.Failure
	dst = appendAccountID(append(dst, f.code()), f.Account)
	dst = appendText(dst, f.Of)
	for _, amount := range []money.Amount{f.Has, f.Change, f.Bound} {
		dst = appendAmount(dst, amount)
	}
	return appendDate(appendDate(dst, f.Date), f.Closed)
}

func (d *decoder) refusal() *Refusal {
	asked := &decoder{data: d.take(d.uvarint()), err: d.err, nested: true}
	r := &Refusal{}
	if d.nested { // a refusal is never refused
		d.fail("refusal in a refusal")
		return r
	}
	if b := asked.item(); asked.end() == nil {
		r.Asked = *b
	}
	if d.err == nil {
		d.err = asked.err
	}
	code := d.byte()
	if code == 0 || int(code) >= len(reasons) {
		d.fail("reason %d", code)
		return r
	}
	r.Failure = Failure{Reason: reasons[code], Key: r.Asked.Key, Account: d.accountID(), Of: d.text()}
	r.Failure.Has, r.Failure.Change, r.Failure.Bound = d.amount(), d.amount(), d.amount()
	r.Failure.Date, r.Failure.Closed = d.date(), d.date()
	return r
}
