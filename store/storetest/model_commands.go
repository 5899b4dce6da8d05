package storetest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
)

// commands are all the things a step can be.
func (d *desk) commands() map[string]func(*rapid.T) {
	entry := func(s *scribe) ledger.Request { return s.entry() }
	return map[string]func(*rapid.T){
		"":                                d.check,
		"batch of entries":                d.many(ledger.Atomic, entry),
		"batch, all or nothing":           d.many(ledger.Atomic, (*scribe).request),
		"batch, each for itself":          d.many(ledger.Independent, (*scribe).request),
		"brink of a limit":                d.one((*scribe).brink),
		"capture all":                     d.onHold(func(s *scribe) ledger.Request { return s.capture(true, false) }),
		"capture finally":                 d.onHold(func(s *scribe) ledger.Request { return s.capture(false, true) }),
		"capture partly":                  d.onHold(func(s *scribe) ledger.Request { return s.capture(false, false) }),
		"dry run, then do":                d.dryRun,
		"entry":                           d.one(entry),
		"entry on the first open date":    d.one(func(s *scribe) ledger.Request { return s.onFirstOpen() }),
		"entry, backdated":                d.one(func(s *scribe) ledger.Request { return s.backdated() }),
		"hold":                            d.one(func(s *scribe) ledger.Request { return s.hold() }),
		"hold, capture and assert in one": func(t *rapid.T) { d.ask(t, d.medley(t)) },
		"host transaction, committed":     func(t *rapid.T) { d.host(t, true) },
		"host transaction, rolled back":   func(t *rapid.T) { d.host(t, false) },
		"period closed":                   d.one(func(s *scribe) ledger.Request { return s.close() }),
		"period reopened":                 d.one(func(s *scribe) ledger.Request { return s.reopen() }),
		"release":                         d.onHold(func(s *scribe) ledger.Request { return s.release() }),
		"reopen the store":                d.reopen,
		"reverse partly":                  d.one(func(s *scribe) ledger.Request { return s.reversal(false) }),
		"reverse wholly":                  d.one(func(s *scribe) ledger.Request { return s.reversal(true) }),
		"rooms":                           d.rooms,
		"say what stands":                 d.one(func(s *scribe) ledger.Request { return s.assertion() }),
		"set a status":                    d.one(func(s *scribe) ledger.Request { return s.status() }),
		"set limits":                      d.one(func(s *scribe) ledger.Request { return s.limits() }),
		"set metadata":                    d.one(func(s *scribe) ledger.Request { return s.note() }),
		"shut an account":                 d.one(func(s *scribe) ledger.Request { return s.closing(false) }),
		"shut an account by force":        d.one(func(s *scribe) ledger.Request { return s.closing(true) }),
		"sweep":                           d.sweep,
		"time passes":                     d.moveClock,
		"try again":                       d.tryAgain,
		"try again, changed":              d.tryAgainChanged,
		"what can never be":               d.one((*scribe).malformed),
	}
}

// one asks for one thing, at times a while after the one before.
func (d *desk) one(write func(*scribe) ledger.Request) func(*rapid.T) {
	return func(t *rapid.T) {
		if rarely(t, "time passes first", 3) {
			d.moveClock(t)
		}
		d.ask(t, call{ledger.Atomic, []ledger.Request{write(d.scribe(t, d.notebook))}})
	}
}

// onHold is one about a hold: mostly there is one then.
func (d *desk) onHold(write func(*scribe) ledger.Request) func(*rapid.T) {
	return func(t *rapid.T) {
		if len(d.scribe(t, d.notebook).open()) == 0 && !rarely(t, "no hold is open", 4) {
			d.ask(t, call{ledger.Atomic, []ledger.Request{d.scribe(t, d.notebook).hold()}})
		}
		d.one(write)(t)
	}
}

func (d *desk) many(mode ledger.Mode, write func(*scribe) ledger.Request) func(*rapid.T) {
	return func(t *rapid.T) { d.ask(t, d.batch(t, mode, d.notebook, write)) }
}

func (d *desk) scribe(t *rapid.T, n *notebook) *scribe {
	return &scribe{T: t, notebook: n, clock: d.clock, fresh: &d.fresh}
}

// batch writes requests that know what those before them did; not too often one
// that would spoil all.
func (d *desk) batch(t *rapid.T, mode ledger.Mode, n *notebook, write func(*scribe) ledger.Request) call {
	c, ahead := call{mode: mode}, n.copy()
	for range rapid.IntRange(2, 5).Draw(t, "requests") {
		r := write(d.scribe(t, ahead))
		v := ahead.answer(readLetter(r), n.next(d.clock))
		if spoils := mode == ledger.Atomic && v.reason != nil; !spoils || len(c.requests) == 0 || rarely(t, "spoils all", 4) {
			c.requests = append(c.requests, r)
		}
	}
	return c
}

// medley is an entry, a hold, a capture, of that hold if no other is open, and an
// assertion that guards all of it.
func (d *desk) medley(t *rapid.T) call {
	c, ahead := call{mode: ledger.Atomic}, d.notebook.copy()
	add := func(r ledger.Request) {
		ahead.answer(readLetter(r), ahead.next(d.clock))
		c.requests = append(c.requests, r)
	}
	s := d.scribe(t, ahead)
	add(s.entry())
	add(s.hold())
	add(s.capture(draw(t, "all", false, true), draw(t, "final", false, true)))
	add(s.assertion())
	return c
}

// retried draws a request that was sent before, or is new if none was.
func (d *desk) retried(t *rapid.T) ledger.Request {
	if len(d.tried) == 0 {
		return d.scribe(t, d.notebook).request()
	}
	from := d.tried
	if fate := draw(t, "what became of it", "accepted", "refused", "anything"); fate != "anything" {
		from = slices.DeleteFunc(slices.Clone(d.tried), func(r ledger.Request) bool {
			_, p := d.notebook.find(readLetter(r).key)
			return p == nil || p.act == "expired" || (p.act == "refused") != (fate == "refused")
		})
	}
	if len(from) == 0 {
		from = d.tried
	}
	return rapid.SampledFrom(from).Draw(t, "again")
}

func (d *desk) tryAgain(t *rapid.T) {
	d.ask(t, call{draw(t, "mode", ledger.Atomic, ledger.Independent), []ledger.Request{d.retried(t)}})
}

func (d *desk) tryAgainChanged(t *rapid.T) {
	d.ask(t, call{ledger.Atomic, []ledger.Request{d.scribe(t, d.notebook).changed(d.retried(t))}})
}

func (d *desk) sweep(t *rapid.T) {
	most := draw(t, "at most", 100, 1, 2, 3)
	after := d.notebook.copy()
	want := after.sweep(d.clock, most)
	got, err := d.books.Expire(t.Context(), most)
	if got != want || err != nil {
		t.Fatalf("swept %d, %v; the notebook has %d holds to sweep", got, err, want)
	}
	d.notebook = after
}

// moveClock lets time pass: to where something ends, or a while that ends
// there now and then. The clock is sometimes set back.
func (d *desk) moveClock(t *rapid.T) {
	var ends []time.Time
	for _, h := range d.notebook.holds() {
		if h.ended == "" && h.expires.After(d.clock) {
			ends = append(ends, h.expires)
		}
	}
	if len(ends) > 0 && draw(t, "to the end of a hold", true, false) {
		d.clock = rapid.SampledFrom(ends).Draw(t, "end").Add(draw(t, "and", 0, -time.Microsecond, time.Microsecond, -2*time.Microsecond))
		return
	}
	const sixtieth = 24 * time.Minute
	d.clock = d.clock.Add(draw(t, "by", time.Minute, time.Second, time.Hour, sixtieth, time.Microsecond, 61*time.Minute, 12*time.Hour,
		24*time.Hour, 24*time.Hour+sixtieth, 720*time.Hour, 732*time.Hour, -time.Hour))
}

func (d *desk) reopen(t *rapid.T) {
	if d.harness.Reopen != nil {
		d.store = d.harness.Reopen(d.stage, d.store)
	}
	d.sit(t)
}
