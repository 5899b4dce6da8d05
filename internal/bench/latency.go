package bench

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Latency counts durations in buckets that are less than one per cent wide, so
// that a quantile is off by half of that at most and memory does not grow with
// what is recorded. It is safe for concurrent use; the zero value is empty.
type Latency struct {
	buckets [latencyBuckets]atomic.Uint64
	most    atomic.Int64
}

const (
	latencySteps   = 128 // buckets of each power of two
	latencyBuckets = (64 - 7) * latencySteps
)

// Record counts a duration; a negative one is none.
func (l *Latency) Record(d time.Duration) {
	ns := max(0, d.Nanoseconds())
	shift := max(0, bits.Len64(uint64(ns))-8)
	l.buckets[shift*latencySteps+int(ns>>shift)].Add(1)
	for most := l.most.Load(); ns > most && !l.most.CompareAndSwap(most, ns); {
		most = l.most.Load()
	}
}

// Count is how many were recorded.
func (l *Latency) Count() (n uint64) {
	for i := range l.buckets {
		n += l.buckets[i].Load()
	}
	return n
}

// Quantile is the smallest duration that at least a share q of the recorded ones
// do not exceed, or the middle of its bucket; zero when nothing was recorded.
func (l *Latency) Quantile(q float64) time.Duration {
	rank := max(1, uint64(math.Ceil(q*float64(l.Count()))))
	for i := range l.buckets {
		n := l.buckets[i].Load()
		if n >= rank {
			return min(middle(i), l.Max())
		}
		rank -= n
	}
	return 0
}

// Max is the longest, exactly.
func (l *Latency) Max() time.Duration { return time.Duration(l.most.Load()) }

// middle of a bucket.
func middle(bucket int) time.Duration {
	if bucket < 2*latencySteps {
		return time.Duration(bucket)
	}
	shift := bucket/latencySteps - 1
	first := int64(bucket%latencySteps+latencySteps) << shift
	return time.Duration(first + int64(1)<<shift/2)
}
