package storetest

import (
	"maps"
	"strings"

	"github.com/settlex/settlex/ledger"
)

// historyBooks are the books of one group of accounts as the model keeps them:
// a few figures that one wish after the other changes. They never change once
// they are part of a linearization; a clone does.
type historyBooks struct {
	ends    map[uint16]historyEnd // of each lane, the last item that concerned the group
	purses  map[string]historyPurse
	holds   map[string]historyReserve
	entries map[string]historyMoved
	keys    map[string]historyTaken
}

// historyEnd is an item of a lane.
type historyEnd struct {
	seq uint64
	at  int64 // microseconds
}

// historyPurse is an account: what came in, what went out, what is reserved.
type historyPurse struct {
	in, out, inHeld, outHeld int64
	holds                    uint64
	status                   ledger.Status
}

func (p historyPurse) free() int64 { return p.in - p.out - p.outHeld }

// historyReserve is a hold.
type historyReserve struct {
	from, to         string
	amount, captured int64
	expires          int64
	status           ledger.HoldStatus
}

// historyMoved is an entry.
type historyMoved struct {
	from, to      string
	amount, taken int64 // taken back
}

// historyTaken is who took a key, and what he was told.
type historyTaken struct {
	wish    historyWish
	verdict historyVerdict
}

func newHistoryBooks() *historyBooks {
	return &historyBooks{
		ends: map[uint16]historyEnd{}, purses: map[string]historyPurse{}, holds: map[string]historyReserve{}, entries: map[string]historyMoved{},
		keys: map[string]historyTaken{},
	}
}

func (b *historyBooks) clone() *historyBooks {
	return &historyBooks{
		ends: maps.Clone(b.ends), purses: maps.Clone(b.purses), holds: maps.Clone(b.holds), entries: maps.Clone(b.entries), keys: maps.Clone(b.keys),
	}
}

func (b *historyBooks) equal(o *historyBooks) bool {
	return maps.Equal(b.ends, o.ends) && maps.Equal(b.purses, o.purses) && maps.Equal(b.holds, o.holds) && maps.Equal(b.entries, o.entries) &&
		maps.Equal(b.keys, o.keys)
}

// purse gives an account; one that nobody has touched is open and empty.
func (b *historyBooks) purse(path string) historyPurse {
	p, ok := b.purses[path]
	if !ok {
		p.status = ledger.Open
	}
	return p
}

// change changes an account of the group. The bank is of no group.
func (b *historyBooks) change(path string, fn func(*historyPurse)) {
	if path == historyBank {
		return
	}
	p := b.purse(path)
	fn(&p)
	b.purses[path] = p
}

// wish decides on one wish at an instant and does it. What it books gets the
// sequence and the instant that the verdict at hand has.
func (b *historyBooks) wish(w historyWish, at int64) historyVerdict {
	if taken, ok := b.keys[w.key]; ok {
		switch {
		case taken.wish != w:
			return historyVerdict{what: "conflict"}
		case taken.verdict.reason != nil:
			v := taken.verdict
			v.what, v.lane, v.seq, v.at = "frozen", 0, 0, 0
			return v
		}
		return historyVerdict{what: "replayed", lane: taken.verdict.lane, seq: taken.verdict.seq}
	}
	v := b.refusal(w, at)
	if v.reason == nil {
		v.what = "booked"
		b.perform(w)
	} else {
		v.what = "refused"
	}
	b.keys[w.key] = historyTaken{wish: w, verdict: v}
	return v
}

// refusal tells why a wish cannot be fulfilled, if it cannot.
func (b *historyBooks) refusal(w historyWish, at int64) historyVerdict {
	switch w.verb {
	case historyMove:
		return b.mayMove(w.from, w.to, w.amount, true)
	case historyHold:
		if w.expires != 0 && w.expires <= at {
			return historyVerdict{reason: ledger.ErrHoldExpired}
		}
		return b.mayMove(w.from, w.to, w.amount, true)
	case historyCapture:
		return b.mayCapture(w, at)
	case historyRelease:
		return historyVerdict{reason: b.over(w.of, at)}
	case historyReverse:
		return b.mayReverse(w)
	}
	return historyVerdict{}
}

// historyLimited tells which accounts may not fall below zero.
func historyLimited(path string) bool { return strings.HasSuffix(path, "/available") }

// mayMove asks the giver and the taker, in the order they are named, and then
// whether the giver has enough.
func (b *historyBooks) mayMove(from, to string, amount int64, giverFirst bool) historyVerdict {
	refuses := func(path string, gives bool) bool {
		status := b.purse(path).status
		return status == ledger.Frozen || gives && status == ledger.NoDebit
	}
	first, second := from, to
	if !giverFirst {
		first, second = to, from
	}
	for _, path := range []string{first, second} {
		if refuses(path, path == from) {
			return historyVerdict{reason: ledger.ErrAccountStatus, account: path}
		}
	}
	if has := b.purse(from).free(); historyLimited(from) && has < amount {
		return historyVerdict{reason: ledger.ErrInsufficientFunds, account: from, has: has}
	}
	return historyVerdict{}
}

func (b *historyBooks) mayCapture(w historyWish, at int64) historyVerdict {
	if reason := b.over(w.of, at); reason != nil {
		return historyVerdict{reason: reason}
	}
	h := b.holds[w.of]
	if left := h.amount - h.captured; !w.all && w.amount > left {
		return historyVerdict{reason: ledger.ErrExceedsHold, account: h.from, has: left}
	}
	for _, path := range []string{h.from, h.to} {
		if b.purse(path).status == ledger.Frozen {
			return historyVerdict{reason: ledger.ErrAccountStatus, account: path}
		}
	}
	return historyVerdict{}
}

// over tells how a hold has ended, if it has.
func (b *historyBooks) over(key string, at int64) error {
	h, ok := b.holds[key]
	switch {
	case !ok:
		return ledger.ErrNotFound
	case h.status == ledger.HoldCaptured:
		return ledger.ErrHoldCaptured
	case h.status == ledger.HoldReleased:
		return ledger.ErrHoldReleased
	case h.status == ledger.HoldExpired, h.expires != 0 && h.expires <= at:
		return ledger.ErrHoldExpired
	}
	return nil
}

func (b *historyBooks) mayReverse(w historyWish) historyVerdict {
	taken, ok := b.keys[w.of]
	if !ok || taken.verdict.reason != nil {
		return historyVerdict{reason: ledger.ErrNotFound}
	}
	e, ok := b.entries[w.of]
	if !ok || taken.wish.verb == historyReverse {
		return historyVerdict{reason: ledger.ErrNotReversible}
	}
	left := e.amount - e.taken
	switch {
	case left == 0:
		return historyVerdict{reason: ledger.ErrReversed}
	case w.all:
		return b.mayMove(e.to, e.from, left, false)
	case w.amount > left:
		return historyVerdict{reason: ledger.ErrExceedsEntry, account: e.from, has: left}
	}
	return b.mayMove(e.to, e.from, w.amount, false)
}

// perform does what may be done.
func (b *historyBooks) perform(w historyWish) {
	switch w.verb {
	case historyMove:
		b.move(w.key, w.from, w.to, w.amount)
	case historyHold:
		b.holds[w.key] = historyReserve{from: w.from, to: w.to, amount: w.amount, expires: w.expires, status: ledger.HoldOpen}
		b.change(w.from, func(p *historyPurse) { p.outHeld += w.amount; p.holds++ })
		b.change(w.to, func(p *historyPurse) { p.inHeld += w.amount; p.holds++ })
	case historyCapture:
		b.capture(w)
	case historyRelease:
		b.end(w.of, ledger.HoldReleased)
	case historyReverse:
		e := b.entries[w.of]
		amount := w.amount
		if w.all {
			amount = e.amount - e.taken
		}
		e.taken += amount
		b.entries[w.of] = e
		b.move(w.key, e.to, e.from, amount)
	case historyStatus:
		b.change(w.from, func(p *historyPurse) { p.status = w.status })
	}
}

func (b *historyBooks) move(key, from, to string, amount int64) {
	b.entries[key] = historyMoved{from: from, to: to, amount: amount}
	b.change(from, func(p *historyPurse) { p.out += amount })
	b.change(to, func(p *historyPurse) { p.in += amount })
}

func (b *historyBooks) capture(w historyWish) {
	h := b.holds[w.of]
	amount := w.amount
	if w.all {
		amount = h.amount - h.captured
	}
	h.captured += amount
	b.holds[w.of] = h
	b.change(h.from, func(p *historyPurse) { p.outHeld -= amount })
	b.change(h.to, func(p *historyPurse) { p.inHeld -= amount })
	b.move(w.key, h.from, h.to, amount)
	if w.final || h.captured == h.amount {
		b.end(w.of, ledger.HoldCaptured)
	}
}

// end gives back what is left of a hold.
func (b *historyBooks) end(key string, status ledger.HoldStatus) {
	h := b.holds[key]
	h.status = status
	b.holds[key] = h
	left := h.amount - h.captured
	b.change(h.from, func(p *historyPurse) { p.outHeld -= left; p.holds-- })
	b.change(h.to, func(p *historyPurse) { p.inHeld -= left; p.holds-- })
}
