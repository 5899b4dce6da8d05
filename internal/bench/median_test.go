package bench_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/bench"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	s := complete(t, small())
	s.Seed = 1<<63 + 1
	run := func(number int, rate float64, anon *int64, fsync *float64, millions ...float64) *bench.Result {
		return &bench.Result{
			Run: number, Settings: s, Store: "bolt", EntriesPerS: rate, RSSAnon: anon, FsyncP50: fsync, EntriesPerSByMillion: millions,
			Head: bench.Head{Seq: uint64(number)}, Reads: &bench.Reads{BalanceNow: bench.Places{Hot: bench.Quantiles{P99: rate / 2}}},
		}
	}
	runs := []*bench.Result{
		run(1, 300, new(int64(10)), nil, 1, 20),
		run(2, 100, new(int64(30)), new(1.0), 3, 10, 7),
		run(3, 200, new(int64(20)), new(2.0), 2, 30),
	}
	want := run(3, 200, new(int64(20)), nil, 2, 20)
	want.Median, want.Head.Seq = true, 2
	got, err := bench.Median(runs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of three (-want +got):\n%s", diff)
	}
	got, err = bench.Median(runs[:2])
	if err != nil {
		t.Fatal(err)
	}
	if got.EntriesPerS != 100 || *got.RSSAnon != 10 {
		t.Errorf("of two: %v, %d, want the lower ones", got.EntriesPerS, *got.RSSAnon)
	}
	if _, err := bench.Median(nil); err == nil {
		t.Error("medians of no run")
	}
}
