package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// shape is what makes one empty ledger as good as another.
type shape struct {
	server pgtest.Server
	lanes  int
}

// shelf holds the URLs of ledgers that are empty and nobody's.
var shelf = struct {
	sync.Mutex
	free map[shape][]string
}{free: make(map[shape][]string)}

// Ledger lends the test the database of an empty ledger of some lanes, and returns its URL, for a superuser. It has the schema's tables and no
// others, in the schema public. A test that changes more than the rows of these tables needs pgtest.Database.
//
// When the test ends, who is still connected is sent away and the tables are emptied. The database of a test that failed is kept as it is.
func Ledger(t testing.TB, server pgtest.Server, lanes int) (url string) {
	t.Helper()
	s := shape{server, lanes}
	url = take(s)
	if url == "" {
		url = pgtest.Lasting(t, server)
		if _, err := postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Lanes: lanes}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if err := empty(context.WithoutCancel(t.Context()), url, lanes); err != nil {
			t.Errorf("empty %s: %v", url, err)
			return
		}
		giveBack(s, url)
	})
	return url
}

func take(s shape) (url string) {
	shelf.Lock()
	defer shelf.Unlock()
	urls := shelf.free[s]
	if len(urls) == 0 {
		return ""
	}
	last := len(urls) - 1
	shelf.free[s] = urls[:last]
	return urls[last]
}

func giveBack(s shape, url string) {
	shelf.Lock()
	defer shelf.Unlock()
	shelf.free[s] = append(shelf.free[s], url)
}

const (
	sendAwaySQL = `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

	// What Migrate writes stays, but for the lanes.
	filledSQL = `SELECT format('%I', relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('migrations', 'currencies')`
)

// empty makes a ledger as Migrate left it. Deleting rows beats TRUNCATE, which makes new files and syncs them, when there are few.
func empty(ctx context.Context, url string, lanes int) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, sendAwaySQL); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, filledSQL)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var script strings.Builder
	script.WriteString("SET session_replication_role = replica;\n") // in any order, whatever refers to what
	for _, table := range tables {
		fmt.Fprintf(&script, "DELETE FROM public.%s;\n", table)
	}
	fmt.Fprintf(&script, "INSERT INTO public.lanes (lane) SELECT generate_series(0, %d);\n", lanes-1)
	_, err = conn.Exec(ctx, script.String())
	return err
}
