package postgres_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt/bolttest"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
	"github.com/settlex/settlex/store/postgres/postgrestest"
	"github.com/settlex/settlex/store/storetest"
)

// fewChecks is how often a property is tried here unless -rapid.checks says it: every run is thousands of statements, and a file is a hundred
// times as quick.
const fewChecks = 12

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	checks := fewChecks
	if testing.Short() {
		checks /= 4
	}
	if !given {
		if err := flag.Set("rapid.checks", strconv.Itoa(checks)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestSuite is the suite that every store must pass, on every server there is.
func TestSuite(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, storetest.Harness{Open: opener(server, 1), Reopen: reopen})
		})
	}
}

// TestLanes: it does not matter to anybody in which lane something is booked, nor which store has the lanes.
func TestLanes(t *testing.T) {
	t.Parallel()
	server := pgtest.Newest(t)
	t.Run("postgres", func(t *testing.T) { t.Parallel(); storetest.Lanes(t, opener(server, 1), opener(server, 4)) })
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		storetest.Lanes(t, openFile, opener(server, 4))
	})
}

// TestDifferential: a database holds what a file holds, to the byte.
func TestDifferential(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			storetest.Differential(t, openFile, opener(server, 1))
		})
	}
}

// TestLanesAtOnce has the clients of the suite's histories book in four lanes at a time.
func TestLanesAtOnce(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			storetest.Histories(t, storetest.Harness{Open: opener(server, 4)})
		})
	}
}

// TestEventsInLanes: readers of events are promised the same of four lanes at a time.
func TestEventsInLanes(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			storetest.Events(t, storetest.Harness{Open: opener(server, 4), Reopen: reopen})
		})
	}
}

// openFile opens the other store.
func openFile(t testing.TB) ledger.Store {
	t.Helper()
	return bolttest.Open(t)
}

// located is a store that knows its database.
type located struct {
	*postgres.Store
	url string
}

// opener opens stores on empty ledgers.
func opener(server pgtest.Server, lanes int) func(testing.TB) ledger.Store {
	return func(t testing.TB) ledger.Store {
		t.Helper()
		url := postgrestest.Ledger(t, server, lanes)
		return &located{postgrestest.OpenURL(t, url), url}
	}
}

func reopen(t testing.TB, store ledger.Store) ledger.Store {
	t.Helper()
	was, ok := store.(*located)
	if !ok {
		t.Fatalf("a %T was not opened here", store)
	}
	if err := was.Close(); err != nil {
		t.Fatal(err)
	}
	return &located{postgrestest.OpenURL(t, was.url), was.url}
}
