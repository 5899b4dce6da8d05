package pgtest_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/store/postgres/pgtest"
)

// connect opens a connection that is closed when the test ends.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close(context.WithoutCancel(t.Context())) })
	return connection
}

// do runs statements in a transaction of their own, or each in one.
func do(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	connection := connect(t, dsn)
	for _, statement := range statements {
		if _, err := connection.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// column is what a query of one column answers.
func column[T any](t *testing.T, dsn, query string) []T {
	t.Helper()
	rows, err := connect(t, dsn).Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func same[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Tests have databases of their own, and none of what others made.
func TestDatabase(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			one, other := pgtest.Database(t, server), pgtest.Database(t, server)
			do(t, one, "CREATE TABLE notes (body text)", "INSERT INTO notes VALUES ('mine')")
			same(t, []string{"mine"}, column[string](t, one, "SELECT body FROM notes"))
			same(t, []int64{0}, column[int64](t, other, "SELECT count(*) FROM pg_tables WHERE tablename = 'notes'"))
		})
	}
}

// A database goes with its test, even while somebody is connected.
func TestDatabaseDropped(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			kept := pgtest.Database(t, server)
			var name string
			t.Run("of another test", func(t *testing.T) {
				dsn := pgtest.Database(t, server)
				name = column[string](t, dsn, "SELECT current_database()")[0]
			})
			same(t, []int64{0}, column[int64](t, kept, "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"))
		})
	}
}

// The servers sync as in production, their text does not sort by bytes and their days are not those of UTC.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Database(t, server)
			same(t, []string{"on"}, column[string](t, dsn, "SHOW fsync"))
			same(t, []string{"on"}, column[string](t, dsn, "SHOW synchronous_commit"))
			same(t, []string{"200"}, column[string](t, dsn, "SHOW max_connections"))
			same(t, []string{"UTF8"}, column[string](t, dsn, "SHOW server_encoding"))
			same(t, []string{"a", "B", "c"}, column[string](t, dsn, "SELECT x FROM unnest(ARRAY['c', 'B', 'a']) AS x ORDER BY x"))
			same(t, []string{"2026-01-01 05:30:00"}, column[string](t, dsn, "SELECT timestamptz '2026-01-01Z'::timestamp::text"))
			same(t, []string{server.Version}, column[string](t, dsn, "SELECT split_part(current_setting('server_version'), ' ', 1)"))
		})
	}
}
