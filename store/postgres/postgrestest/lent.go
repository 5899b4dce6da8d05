package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// lent is a ledger's database.
type lent struct {
	shape
	url    string
	tables []string // as Migrate left them, quoted
}

// shelf holds ledgers that are empty and nobody's.
var shelf = struct {
	sync.Mutex
	free map[shape][]*lent
}{free: make(map[shape][]*lent)}

// Ledger lends the test the database of an empty ledger of some lanes, and returns its URL, for a superuser. The ledger is in the schema public;
// the test may make other tables there. A test that changes the ledger's tables, and not just their rows, needs pgtest.Database.
//
// When the test ends, who is still connected is sent away and the tables are emptied. The database of a test that failed is kept as it is.
func Ledger(t testing.TB, server pgtest.Server, lanes int) (url string) {
	t.Helper()
	l := take(shape{server, lanes})
	if l == nil {
		var err error
		if l, err = build(t, shape{server, lanes}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if err := l.empty(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("empty %s: %v", l.url, err)
			return
		}
		shelf.Lock()
		defer shelf.Unlock()
		shelf.free[l.shape] = append(shelf.free[l.shape], l)
	})
	return l.url
}

// take gives the ledger that was given back last, or nil.
func take(s shape) *lent {
	shelf.Lock()
	defer shelf.Unlock()
	free := shelf.free[s]
	if len(free) == 0 {
		return nil
	}
	last := len(free) - 1
	shelf.free[s] = free[:last]
	return free[last]
}

func build(t testing.TB, s shape) (*lent, error) {
	t.Helper()
	l := &lent{shape: s, url: pgtest.Lasting(t, s.server)}
	if _, err := postgres.Migrate(t.Context(), l.url, postgres.MigrateOptions{Lanes: s.lanes}); err != nil {
		return nil, err
	}
	err := l.connected(t.Context(), func(conn *pgx.Conn) (err error) {
		l.tables, err = tables(t.Context(), conn)
		return err
	})
	return l, err
}

func (l *lent) connected(ctx context.Context, fn func(*pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return fn(conn)
}

func tables(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT format('%I', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const sendAwaySQL = `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

// empty makes the ledger as Migrate left it. Deleting rows beats TRUNCATE, which makes new files and syncs them, when there are few.
func (l *lent) empty(ctx context.Context) error {
	return l.connected(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, sendAwaySQL); err != nil {
			return err
		}
		there, err := tables(ctx, conn)
		if err != nil {
			return err
		}
		var script strings.Builder
		script.WriteString("SET session_replication_role = replica;\n") // in any order, whatever refers to what
		for _, table := range there {
			switch {
			case !slices.Contains(l.tables, table):
				fmt.Fprintf(&script, "DROP TABLE public.%s CASCADE;\n", table)
			case table != "migrations" && table != "currencies":
				fmt.Fprintf(&script, "DELETE FROM public.%s;\n", table)
			}
		}
		fmt.Fprintf(&script, "INSERT INTO public.lanes (lane) SELECT generate_series(0, %d);\n", l.lanes-1)
		_, err = conn.Exec(ctx, script.String())
		return err
	})
}
