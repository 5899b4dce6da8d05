package pgtest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/internal/wire"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// A batch is one round trip, whatever it holds. Plans are described beforehand, as pgx does it once for every statement.
func TestProxy(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			proxy, dsn := pgtest.Proxy(t, pgtest.Database(t, server), wire.Options{})
			connection := connect(t, dsn)
			var trips []int64
			for range 2 {
				before := proxy.RoundTrips()
				var batch pgx.Batch
				for range 10 {
					batch.Queue("SELECT 1")
				}
				if err := connection.SendBatch(t.Context(), &batch).Close(); err != nil {
					t.Fatal(err)
				}
				trips = append(trips, proxy.RoundTrips()-before)
			}
			same(t, []int64{2, 1}, trips)
		})
	}
}

// What a commit comes to when its connection is cut: nothing before the request, everything after it, and the client knows neither.
func TestCutCommit(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		for _, row := range []struct {
			point wire.Point
			want  []string
		}{
			{wire.BeforeRequest, []string{}},
			{wire.BeforeAnswer, []string{"committed"}},
			{wire.MidAnswer, []string{"committed"}},
		} {
			t.Run(server.String()+" "+row.point.String(), func(t *testing.T) {
				t.Parallel()
				direct := pgtest.Database(t, server)
				do(t, direct, "CREATE TABLE notes (body text)")
				proxy, dsn := pgtest.Proxy(t, direct, wire.Options{})
				tx, err := connect(t, dsn).Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(t.Context(), "INSERT INTO notes VALUES ('committed')"); err != nil {
					t.Fatal(err)
				}
				cut := proxy.Cut(1, row.point)
				if err := tx.Commit(t.Context()); err == nil {
					t.Error("the client was told of the commit")
				}
				<-cut
				if diff := cmp.Diff(row.want, column[string](t, direct, "SELECT body FROM notes")); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}
