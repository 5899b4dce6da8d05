package postgres_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/settlex/settlex/internal/torture"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

var (
	tortureFor  = flag.Duration("torture.for", 0, "how long each of the tests goes on that kill servers and processes; 0: some rounds")
	tortureSeed = flag.Uint64("torture.seed", 0, "seed of these tests; 0: another one each time")
)

// hasty is a setting of servers on which hosts book several times in a transaction, in any order: their deadlocks last that long.
const hasty = "deadlock_timeout=20ms"

// seedOf draws the seed of a run, and says how to have it again.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := *tortureSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; -torture.seed=%d gives the same commands again", seed, seed)
	return seed
}

// rounds is how many rounds a run has that is not given a time.
func rounds(n int) int {
	if *tortureFor > 0 {
		return 0
	}
	return n
}

// A server that is killed again and again, under load from several stores, has lost nothing that was acknowledged whenever it is back; what
// nobody was told of is settled by asking again. The stores find it by themselves.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4} {
		t.Run(lanesName(lanes), func(t *testing.T) {
			t.Parallel()
			c := pgtest.NewCluster(t, pgtest.Newest(t), hasty)
			report, err := torture.Weather(t.Context(), torture.Storm{
				Dir: t.ArtifactDir(), Seed: seedOf(t), Rounds: rounds(4), For: *tortureFor, Log: t.Logf,
				Ground: ground{url: c.DSN(), options: postgres.Options{Lanes: lanes}, shakes: true},
				Shake: func(context.Context, int) error {
					c.Kill()
					c.Start()
					return nil
				},
			})
			t.Log(report)
			if err != nil {
				t.Error(err)
			}
		})
	}
}
