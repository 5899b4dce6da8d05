package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/storetest"
)

// anotherEngine holds the URL of a database on CockroachDB, or on any other engine that speaks PostgreSQL's protocol.
const anotherEngine = "SETTLEX_TEST_COCKROACH"

// TestCockroach runs the suite on the engine that the environment names. No installer brings one, so where it names none nothing is
// run, also where every other need is required.
func TestCockroach(t *testing.T) {
	t.Parallel()
	url := os.Getenv(anotherEngine)
	if url == "" {
		t.Logf("NOT RUN: %s holds no URL, so nothing is said of CockroachDB", anotherEngine)
		return
	}
	t.Run("one lane", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, storetest.Harness{Open: schemas(url, 1), Reopen: reopenSchema})
	})
	t.Run("lanes", func(t *testing.T) { t.Parallel(); storetest.Lanes(t, openFile, schemas(url, 4)) })
	t.Run("lanes at once", func(t *testing.T) {
		t.Parallel()
		storetest.Histories(t, storetest.Harness{Open: schemas(url, 4)})
	})
}

// inSchema is a store that knows its schema.
type inSchema struct {
	*postgres.Store
	url     string
	options postgres.Options
}

var schemaNo atomic.Int64

// schemas opens stores on empty ledgers, each in a schema of its own, which is dropped when the test ends.
func schemas(url string, lanes int) func(testing.TB) ledger.Store {
	return func(t testing.TB) ledger.Store {
		t.Helper()
		options := postgres.Options{Schema: fmt.Sprintf("suite_%d_%d", os.Getpid(), schemaNo.Add(1)), Migrate: true, Lanes: lanes}
		t.Cleanup(func() { dropSchema(t, url, options.Schema) })
		return openSchema(t, url, options)
	}
}

func openSchema(t testing.TB, url string, options postgres.Options) ledger.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &inSchema{store, url, options}
}

func reopenSchema(t testing.TB, store ledger.Store) ledger.Store {
	t.Helper()
	was, ok := store.(*inSchema)
	if !ok {
		t.Fatalf("a %T was not opened here", store)
	}
	if err := was.Close(); err != nil {
		t.Fatal(err)
	}
	return openSchema(t, was.url, was.options)
}

func dropSchema(t testing.TB, url, schema string) {
	t.Helper()
	ctx := context.Background() // t.Context is over by now
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
		t.Error(err)
	}
}
