package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// flow is something that flowed out, as a bookkeeper would note it.
type flow struct {
	minute int64 // since 1970
	amount int64 // what it counts: of a hold what is open or captured
	hold   string
	left   int64 // of an open hold
}

// notebook counts flows from the notes, every time anew.
type notebook struct {
	flows    []flow
	max, num int64
	minute   int64
}

// fits tells whether an amount may flow out now.
func (n *notebook) fits(amount int64) bool {
	sum, num := amount, int64(1)
	for _, f := range n.flows {
		if f.minute > n.minute-61 && f.amount > 0 {
			sum, num = sum+f.amount, num+1
		}
	}
	return sum <= n.max && num <= n.num
}

// pacer drives books and a notebook side by side.
type pacer struct {
	*rapid.T
	t     *testing.T
	books *ledger.Ledger
	store *memory
	clock *hands
	notes notebook
	no    int
}

func (p *pacer) key() string { p.no++; return fmt.Sprint("k", p.no) }

// same makes a request that the notes say fits or does not.
func (p *pacer) same(r ledger.Request, fits bool) bool {
	_, err := ask(p.t, p.books, r)
	if (err == nil) != fits || err != nil && !errors.Is(err, ledger.ErrVelocity) {
		p.Fatalf("%+v gives %v, by the notes it fits: %t\n%+v", r, err, fits, p.notes)
	}
	return fits
}

func (p *pacer) pay(*rapid.T) {
	amount := rapid.Int64Range(1, 60).Draw(p.T, "amount")
	if p.same(out(p.key(), amount), p.notes.fits(amount)) {
		p.notes.flows = append(p.notes.flows, flow{minute: p.notes.minute, amount: amount})
	}
}

func (p *pacer) hold(*rapid.T) {
	amount := rapid.Int64Range(1, 60).Draw(p.T, "amount")
	h := outHold(p.key(), amount)
	if p.same(h, p.notes.fits(amount)) {
		p.notes.flows = append(p.notes.flows, flow{minute: p.notes.minute, amount: amount, hold: h.Key, left: amount})
	}
}

// end captures a part of an open hold, or releases it.
func (p *pacer) end(*rapid.T) {
	var open []*flow
	for i := range p.notes.flows {
		if p.notes.flows[i].left > 0 {
			open = append(open, &p.notes.flows[i])
		}
	}
	if len(open) == 0 {
		p.Skip("no hold is open")
	}
	f := rapid.SampledFrom(open).Draw(p.T, "hold")
	if rapid.Bool().Draw(p.T, "release") {
		p.same(ledger.Release{Key: p.key(), Hold: f.hold}, true)
		f.amount, f.left = f.amount-f.left, 0
		return
	}
	amount, final := rapid.Int64Range(1, f.left).Draw(p.T, "amount"), rapid.Bool().Draw(p.T, "final")
	p.same(outPart(p.key(), f.hold, amount, final), true)
	if f.left -= amount; final {
		f.amount, f.left = f.amount-f.left, 0
	}
}

// wait lets time go by, often to the edge of a minute.
func (p *pacer) wait(*rapid.T) {
	by := time.Duration(rapid.SampledFrom([]int64{1, 1e6, 59_999_999, 60e6, 600e6, 3600e6, 3660e6, 3659_999_999}).Draw(p.T, "µs")) * time.Microsecond
	if p.clock.on(by); rapid.Bool().Draw(p.T, "to the minute") {
		p.clock.now = p.clock.now.Truncate(time.Minute).Add(time.Minute)
	}
}

// note sets the clock to the instant the next request gets, and notes it.
func (p *pacer) note() {
	if next := p.store.snapshot().head.At.Add(time.Microsecond); p.clock.now.Before(next) {
		p.clock.now = next
	}
	p.notes.minute = p.clock.now.Unix() / 60
}

// rule sets other maxima, and at times begins counting anew.
func (p *pacer) rule(*rapid.T) {
	if rapid.Bool().Draw(p.T, "anew") {
		accept(p.t, p.books, bound(p.key(), pending, ledger.Limits{}))
		for i := range p.notes.flows {
			p.notes.flows[i].minute = -1 << 40 // counts no more, and is not given back
		}
	}
	p.notes.max, p.notes.num = rapid.Int64Range(0, 300).Draw(p.T, "max"), rapid.Int64Range(0, 12).Draw(p.T, "number")
	accept(p.t, p.books, bound(p.key(), pending, ledger.Limits{Velocity: []ledger.Velocity{
		velocity(ledger.Hour, ledger.Out, ledger.Sum, p.notes.max), velocity(ledger.Hour, ledger.Out, ledger.Count, p.notes.num),
	}}))
}

// Counters agree with what is counted from the whole history, whatever comes.
func TestVelocityAgainstHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		books, store, clock := paced(t)
		p := &pacer{T: r, t: t, books: books, store: store, clock: clock}
		p.rule(r)
		r.Repeat(map[string]func(*rapid.T){"pay": p.pay, "hold": p.hold, "end": p.end, "wait": p.wait, "rule": p.rule, "": func(r *rapid.T) {
			p.note()
			a := accountAt(t, books, pending)
			for _, c := range a.Counters {
				for _, s := range c.Slots {
					if s.Total.Cmp(money.Amount{}) <= 0 {
						r.Fatalf("sixtieth %d has %s", s.No, s.Total)
					}
				}
			}
		}})
		v, err := books.Verify(t.Context())
		if err != nil || v.Err() != nil {
			r.Fatal(err, v.Err())
		}
	})
}
