package bench

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pace notes how fast entries are booked as there are more and more of them. It
// is safe for concurrent use.
type Pace struct {
	step, all int64 // note the time at each multiple of step, one step before all, and at all
	booked    atomic.Int64

	mu    sync.Mutex
	marks []mark
}

// mark is how many entries were booked at a time.
type mark struct {
	booked int64
	at     time.Duration
}

// NewPace makes one for a number of entries. A step is a million, or fewer for
// tests.
func NewPace(step, all int) *Pace { return &Pace{step: int64(step), all: int64(all)} }

// Booked is how many entries are.
func (p *Pace) Booked() int { return int(p.booked.Load()) }

// Add counts entries that were booked at a time, counted from the beginning.
func (p *Pace) Add(entries int, at time.Duration) {
	after := p.booked.Add(int64(entries))
	before := after - int64(entries)
	passed := func(n int64) bool { return before < n && n <= after }
	if before/p.step != after/p.step || passed(p.all-p.step) || passed(p.all) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.marks = append(p.marks, mark{after, at})
	}
}

// Rates gives the entries per second of each whole step.
func (p *Pace) Rates() []float64 {
	rates := []float64{}
	for from := int64(0); from+p.step <= p.all; from += p.step {
		rate, ok := p.rate(from, from+p.step)
		if !ok {
			break
		}
		rates = append(rates, rate)
	}
	return rates
}

// LastToSecond is the rate of the last step divided by that of the second: 1 means
// that the ledger is as fast when it is large. There is none before the third
// step.
func (p *Pace) LastToSecond() (ratio float64, ok bool) {
	if p.all < 3*p.step {
		return 0, false
	}
	second, ok := p.rate(p.step, 2*p.step)
	last, okLast := p.rate(p.all-p.step, p.all)
	if !ok || !okLast {
		return 0, false
	}
	return last / second, true
}

// rate gives the entries per second between the first marks at or behind two
// numbers; ok is false when the second is not reached or lies at the first.
func (p *Pace) rate(from, to int64) (rate float64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.SortFunc(p.marks, func(a, b mark) int { return cmp.Compare(a.booked, b.booked) })
	reached := func(n int64) (mark, bool) {
		if n == 0 {
			return mark{}, true
		}
		i, _ := slices.BinarySearchFunc(p.marks, n, func(m mark, n int64) int { return cmp.Compare(m.booked, n) })
		if i == len(p.marks) {
			return mark{}, false
		}
		return p.marks[i], true
	}
	a, _ := reached(from)
	b, ok := reached(to)
	if !ok || b.booked <= a.booked || b.at <= a.at {
		return 0, false
	}
	return float64(b.booked-a.booked) / (b.at - a.at).Seconds(), true
}
