package bench_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// small gives settings of a run that takes no time.
func small() bench.Settings {
	s := bench.Defaults()
	s.Entries, s.Accounts, s.Batch, s.Bounds = 2000, 100, 250, false
	return s
}

// complete fills in what is left out.
func complete(tb testing.TB, s bench.Settings) bench.Settings {
	tb.Helper()
	s, err := s.Complete()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func today() calendar.Date { return calendar.MustDate("2026-03-31") }

// workload makes the one of settings.
func workload(tb testing.TB, s bench.Settings) *bench.Workload {
	tb.Helper()
	return bench.NewWorkload(complete(tb, s), today())
}

// everything makes the entries of all clients, each at its place.
func everything(tb testing.TB, s bench.Settings) []ledger.Entry {
	tb.Helper()
	s = complete(tb, s)
	w := bench.NewWorkload(s, today())
	out := make([]ledger.Entry, s.Entries)
	for client := range s.Clients {
		for i, e := range w.Client(client).Make(s.Entries) {
			out[client+i*s.Clients] = e
		}
	}
	return out
}

// sized is the embedded store with its size.
type sized struct{ *bolt.Store }

// Size implements bench.Store.
func (s sized) Size() (bench.Size, error) {
	used, err := s.Used()
	return bench.Size{File: s.Stats().File, Free: s.Stats().Free, Used: used}, err
}

// ground is the embedded store in a directory of the test; wrap, if there is one,
// changes what it does.
func ground(tb testing.TB, wrap func(bench.Store) bench.Store) bench.Ground {
	tb.Helper()
	dir := tb.TempDir()
	path := filepath.Join(dir, "ledger.db")
	return bench.Ground{
		Store: "bolt", Sync: "as it is", Dir: dir,
		Open: func() (bench.Store, error) {
			store, err := bolt.Open(path, bolt.Options{})
			if err != nil {
				return nil, err
			}
			if wrap != nil {
				return wrap(sized{store}), nil
			}
			return sized{store}, nil
		},
		Bound: func(int) (bench.Bound, error) {
			name := filepath.Join(dir, "bound.db")
			bound, err := bolt.OpenBound(name)
			return removed{bound, name}, err
		},
		DropCache: func() error { return bench.DropCache(path) },
	}
}

// removed is a bound that removes its file.
type removed struct {
	*bolt.Bound
	name string
}

// Stage implements bench.Bound.
func (r removed) Stage(_ int, _ []*ledger.Booked, bodies [][]byte) (func() error, error) {
	return func() error { return r.Append(bodies) }, nil
}

// Close implements bench.Bound.
func (r removed) Close() error {
	if err := r.Bound.Close(); err != nil {
		return err
	}
	return os.Remove(r.name)
}
