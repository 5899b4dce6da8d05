package storetest

import (
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
)

// verdict is what the notebook says must become of a request.
type verdict struct {
	reason   error  // why not; nil: it is written down, was already, or is true
	field    string // of a conflict: what differs first
	frozen   bool   // refused because an earlier attempt was
	number   int    // of the page that has it, or has taken its key
	replayed bool
	breached bool

	account    string // that it fails on; empty: none, and no figures
	has, bound int64
}

// text is the verdict in a few words.
func (v verdict) text(n *notebook) string {
	switch {
	case v.reason != nil && v.frozen:
		return "again: " + v.reason.Error()
	case v.reason != nil:
		return v.reason.Error()
	case v.number == 0:
		return "true"
	case v.replayed:
		return "replayed"
	case v.breached:
		return n.pages[v.number-1].act + ", breaching a limit"
	}
	return n.pages[v.number-1].act
}

// refusedByState tells that asking again with the same key is in vain.
func (v verdict) refusedByState() bool {
	return v.reason != nil && !v.frozen && !slices.Contains([]error{
		ledger.ErrInvalid, ledger.ErrUnknownAccount, ledger.ErrKeyConflict, ledger.ErrAssertion, ledger.ErrNotApplied,
	}, v.reason)
}

// answer decides a letter, and writes a page if it is accepted.
func (n *notebook) answer(l letter, now time.Time) verdict {
	switch {
	case !l.sound():
		return verdict{reason: ledger.ErrInvalid}
	case l.act == "asserted":
		return n.compare(l)
	}
	if number, p := n.find(l.key); p != nil {
		return p.again(l, number)
	}
	p := &page{letter: l, when: now, moved: l.rows, room: l.owner}
	if v := n.decide(p); v.reason != nil {
		return v
	}
	n.pages = append(n.pages, p)
	return verdict{number: len(n.pages), breached: p.breached}
}

// again answers a letter whose key is taken.
func (p *page) again(l letter, number int) verdict {
	was, day := p.letter, p.valued
	switch {
	case p.act == "refused":
		was.act, day = p.asked, p.day
	case p.day != "":
		day = p.day
	}
	if field := l.differs(was, day); field != "" {
		return verdict{reason: ledger.ErrKeyConflict, field: field, number: number}
	}
	if p.act == "refused" {
		v := p.refused
		v.frozen, v.number = true, number
		return v
	}
	return verdict{number: number, replayed: true, breached: p.breached}
}

// refuse writes down that a key was burnt.
func (n *notebook) refuse(l letter, v verdict, now time.Time) {
	p := &page{letter: l, when: now, refused: v, asked: l.act}
	p.act = "refused"
	n.pages = append(n.pages, p)
}

// take answers letters as one batch. The notebook stays as it is; after is what
// it becomes.
func (n *notebook) take(mode ledger.Mode, letters []letter, now time.Time) (verdicts []verdict, after *notebook) {
	after = n.copy()
	for i, l := range letters {
		v := after.answer(l, now)
		verdicts = append(verdicts, v)
		if v.reason == nil {
			continue
		}
		if mode == ledger.Atomic { // as if nothing had been asked but this one
			after, verdicts = n.copy(), slices.Repeat([]verdict{{reason: ledger.ErrNotApplied}}, len(letters))
			verdicts[i] = v
		}
		if v.refusedByState() {
			after.refuse(l, v, now)
		}
		if mode == ledger.Atomic {
			break
		}
	}
	if len(after.pages) > len(n.pages) {
		after.sittings++
	}
	return verdicts, after
}
