package sample

import (
	"hash/fnv"
	"math/rand/v2"
)

// seed is the one number the sample depends on.
const seed = 20260301

// A draw is a stream of chance. Each merchant and purpose has its own, so a
// change of one leaves the others as they were.
type draw struct{ *rand.Rand }

func newDraw(merchant, purpose string) draw {
	h := fnv.New64a()
	_, _ = h.Write([]byte(merchant + "/" + purpose)) // never fails
	return draw{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// pick returns an index, each as likely as its weight.
func (d draw) pick(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := d.IntN(total)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	panic("sample: a weight is negative")
}

// oneOf returns an element, all as likely.
func (d draw) oneOf(of []string) string { return of[d.IntN(len(of))] }

// perMille is true n times in a thousand.
func (d draw) perMille(n int) bool { return d.IntN(1000) < n }

// between returns low, high or a whole number of steps in between.
func (d draw) between(low, high, step int) int {
	return low + step*d.IntN((high-low)/step+1)
}
