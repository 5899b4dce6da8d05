package bench_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/bench"
)

func TestPace(t *testing.T) {
	t.Parallel()
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9*math.Abs(a) })
	type call struct {
		entries int
		at      time.Duration
	}
	steady := func(entries, calls int, rate float64) (out []call) {
		for i := range calls {
			out = append(out, call{entries, time.Duration(float64((i+1)*entries) / rate * float64(time.Second))})
		}
		return out
	}
	for _, test := range []struct {
		name  string
		all   int
		calls []call
		rates []float64
		ratio float64
		ok    bool
	}{
		{"nothing", 400, nil, []float64{}, 0, false},
		{"level, one by one", 400, steady(1, 400, 100), []float64{100, 100, 100, 100}, 1, true},
		{"level, in calls that fit no step", 400, steady(16, 25, 200), []float64{200, 200, 200, 200}, 1, true},
		{"too few", 299, steady(1, 299, 100), []float64{100, 100}, 0, false},
		{"slower at the end", 300, []call{{100, time.Second}, {100, 2 * time.Second}, {100, 4 * time.Second}}, []float64{100, 100, 50}, 0.5, true},
		{
			"the last step is no whole one", 350,
			[]call{{100, time.Second}, {100, 2 * time.Second}, {50, 3 * time.Second}, {50, 4 * time.Second}, {50, 4*time.Second + 250*time.Millisecond}},
			[]float64{100, 100, 50}, 0.8, true,
		},
		{"steps in one call", 300, []call{{300, time.Second}}, []float64{300}, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pace := bench.NewPace(100, test.all)
			booked := 0
			for _, c := range test.calls {
				pace.Add(c.entries, c.at)
				booked += c.entries
			}
			if diff := cmp.Diff(test.rates, pace.Rates(), near); diff != "" {
				t.Errorf("rates (-want +got):\n%s", diff)
			}
			ratio, ok := pace.LastToSecond()
			if math.Abs(ratio-test.ratio) > 1e-9 || ok != test.ok || pace.Booked() != booked {
				t.Errorf("got %v, %t of %d, want %v, %t of %d", ratio, ok, pace.Booked(), test.ratio, test.ok, booked)
			}
		})
	}
}
