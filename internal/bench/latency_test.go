package bench_test

import (
	"math"
	"testing"
	"time"

	"github.com/settlex/settlex/internal/bench"
)

func TestLatency(t *testing.T) {
	t.Parallel()
	upTo := func(n int, unit time.Duration) (out []time.Duration) {
		for i := range n {
			out = append(out, time.Duration(i+1)*unit)
		}
		return out
	}
	for _, test := range []struct {
		name          string
		recorded      []time.Duration
		p50, p99, max time.Duration
	}{
		{"nothing", nil, 0, 0, 0},
		{"one", []time.Duration{123456789}, 123456789, 123456789, 123456789},
		{"negative", []time.Duration{-5}, 0, 0, 0},
		{"a thousand microseconds", upTo(1000, time.Microsecond), 500 * time.Microsecond, 990 * time.Microsecond, 1000 * time.Microsecond},
		{"a hundred nanoseconds", upTo(100, 1), 50, 99, 100},
		{"seconds", upTo(200, time.Second), 100 * time.Second, 198 * time.Second, 200 * time.Second},
		{"two", []time.Duration{time.Millisecond, time.Second}, time.Millisecond, time.Second, time.Second},
		{"the longest there is", []time.Duration{math.MaxInt64}, math.MaxInt64, math.MaxInt64, math.MaxInt64},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var l bench.Latency
			for _, d := range test.recorded {
				l.Record(d)
			}
			near := func(what string, want, got time.Duration) {
				t.Helper()
				if math.Abs(float64(got-want)) > 0.005*float64(want) {
					t.Errorf("%s is %d ns, want %d", what, got, want)
				}
			}
			near("p50", test.p50, l.Quantile(0.5))
			near("p99", test.p99, l.Quantile(0.99))
			if l.Max() != test.max || l.Count() != uint64(len(test.recorded)) {
				t.Errorf("max %d of %d, want %d of %d", l.Max(), l.Count(), test.max, len(test.recorded))
			}
		})
	}
}
