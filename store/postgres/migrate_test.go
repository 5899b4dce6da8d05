package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// database is an empty one, for a test.
type database struct {
	*testing.T
	url string
}

// onServers runs a test on an empty database of every server there is.
func onServers(t *testing.T, fn func(database)) {
	t.Helper()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			fn(database{t, pgtest.Database(t, server)})
		})
	}
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// oneValue gives the one value a query has.
func oneValue[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func migrate(t *testing.T, url string, o postgres.MigrateOptions) postgres.Applied {
	t.Helper()
	applied, err := postgres.Migrate(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

// migrated makes a schema and gives a connection to it.
func migrated(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	migrate(t, url, postgres.MigrateOptions{})
	return connect(t, url)
}

// wantReady fails the test unless the schema can be used.
func wantReady(t *testing.T, url, schema string) {
	t.Helper()
	s, err := postgres.ReadSchema(t.Context(), url, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

// wantBarred fails the test unless both looking at the schema and bringing it up end with an error.
func wantBarred(t *testing.T, url string, want error, says string) {
	t.Helper()
	s, err := postgres.ReadSchema(t.Context(), url, "")
	if err != nil {
		t.Fatal(err)
	}
	_, migrating := postgres.Migrate(t.Context(), url, postgres.MigrateOptions{})
	for _, err := range []error{s.Err(), migrating} {
		typed, ok := errors.AsType[*postgres.SchemaError](err)
		if !ok || !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %v that says %q", err, want, says)
			continue
		}
		if typed.Want != postgres.SchemaVersion || typed.Schema != "public" {
			t.Errorf("schema %q, want version %d: public and %d were to be told", typed.Schema, typed.Want, postgres.SchemaVersion)
		}
	}
}

func TestMigrateEmptyDatabase(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		var told []postgres.Step
		applied := migrate(t, url, postgres.MigrateOptions{Report: func(s postgres.Step) { told = append(told, s) }})
		conn := connect(t, url)

		if diff := cmp.Diff(texts(applied.Steps), texts(told)); diff != "" {
			t.Errorf("steps that were told (-applied +told):\n%s", diff)
		}
		if noted := oneValue[int](t, conn, "SELECT count(*) FROM migrations"); noted != len(applied.Steps) || noted < 100 {
			t.Errorf("%d steps are noted down, %d were applied", noted, len(applied.Steps))
		}
		currencies := len(slices.Collect(money.Currencies()))
		if have := oneValue[int](t, conn, "SELECT count(*) FROM currencies"); have != currencies || applied.Currencies != currencies {
			t.Errorf("%d currencies, %d were written, want %d", have, applied.Currencies, currencies)
		}
		if lanes := oneValue[int](t, conn, "SELECT count(*) FROM lanes WHERE lane BETWEEN 0 AND 15"); lanes != 16 || applied.Lanes != 16 || !applied.NewLanes {
			t.Errorf("%d lanes, %d were made (%v), want 16", lanes, applied.Lanes, applied.NewLanes)
		}
		applied.Steps = nil
		want := postgres.Applied{Schema: "public", Engine: postgres.PostgreSQL, To: postgres.SchemaVersion, Currencies: currencies, Lanes: 16, NewLanes: true}
		if diff := cmp.Diff(want, applied); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		wantReady(t, url, "")
	})
}

func texts(steps []postgres.Step) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.String()
	}
	return out
}

func TestMigrateTwiceDoesNothing(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		migrate(t, url, postgres.MigrateOptions{Lanes: 4})
		applied := migrate(t, url, postgres.MigrateOptions{Lanes: 8})
		want := postgres.Applied{Schema: "public", Engine: postgres.PostgreSQL, From: postgres.SchemaVersion, To: postgres.SchemaVersion, Lanes: 4}
		if diff := cmp.Diff(want, applied); diff != "" || !applied.Nothing() {
			t.Errorf("nothing %v (-want +got):\n%s", applied.Nothing(), diff)
		}
	})
}

func TestMigrateLanes(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{-1, 1025} {
		if _, err := postgres.MigrateConn(t.Context(), nil, postgres.MigrateOptions{Lanes: lanes}); err == nil || !strings.Contains(err.Error(), "between 1 and 1024") {
			t.Errorf("%d lanes: error %v", lanes, err)
		}
	}
}

func TestMigrateNamedSchema(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		const schema = `Books of "2026"`
		conn := connect(t, url)
		applied, err := postgres.MigrateConn(t.Context(), conn, postgres.MigrateOptions{Schema: schema, Lanes: 2})
		if err != nil {
			t.Fatal(err)
		}
		if applied.Schema != schema {
			t.Errorf("schema %q, want %q", applied.Schema, schema)
		}
		if path := oneValue[string](t, conn, "SHOW search_path"); path != `"$user", public` {
			t.Errorf("the connection is left with search_path %s", path)
		}
		if lock := oneValue[string](t, conn, "SHOW lock_timeout"); lock != "0" {
			t.Errorf("the connection is left with lock_timeout %s", lock)
		}
		if n := oneValue[int](t, conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 0 {
			t.Errorf("%d tables in another schema", n)
		}
		wantReady(t, url, schema)
		s, err := postgres.ReadSchema(t.Context(), url, "")
		if err != nil || !errors.Is(s.Err(), postgres.ErrNoSchema) || s.Name != "public" {
			t.Errorf("the other schema: %v, %v", s, err)
		}
	})
}

func TestMigrateWithoutSchemaInSearchPath(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		url += "&search_path=nowhere"
		_, err := postgres.Migrate(t.Context(), url, postgres.MigrateOptions{})
		if err == nil || !strings.Contains(err.Error(), "say which to make") {
			t.Errorf("error %v", err)
		}
		migrate(t, url, postgres.MigrateOptions{Schema: "nowhere"})
		wantReady(t, url, "")
	})
}

func TestMigrateRefusesOtherEncodings(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := connect(t, url)
		execute(t, conn, "CREATE DATABASE ascii_only TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")
		c := conn.Config().Copy()
		c.Database = "ascii_only"
		other, err := pgx.ConnectConfig(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = postgres.MigrateConn(t.Context(), other, postgres.MigrateOptions{})
		other.Close(t.Context())
		execute(t, conn, "DROP DATABASE ascii_only WITH (FORCE)")
		if err == nil || !strings.Contains(err.Error(), "SQL_ASCII") {
			t.Errorf("error %v", err)
		}
	})
}

func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		const migrators = 8
		var done sync.WaitGroup
		var applied [migrators]postgres.Applied
		var errs [migrators]error
		for i := range migrators {
			done.Go(func() {
				applied[i], errs[i] = postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Schema: "books"})
			})
		}
		done.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		conn := connect(t, url)
		steps, lanes := 0, 0
		for _, a := range applied {
			steps += len(a.Steps)
			if a.NewLanes {
				lanes++
			}
			if a.To != postgres.SchemaVersion || a.Lanes != 16 {
				t.Errorf("one came to version %d with %d lanes", a.To, a.Lanes)
			}
		}
		if want := oneValue[int](t, conn, "SELECT count(*) FROM books.migrations"); steps != want || lanes != 1 {
			t.Errorf("%d steps were run, want %d; lanes were made %d times", steps, want, lanes)
		}
		wantReady(t, url, "books")
	})
}

func TestMigrateWaitsForLease(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		execute(t, conn, "DELETE FROM migrations WHERE version = 7",
			"UPDATE leases SET owner = 'somebody', expires_at = now() + interval '1 hour' WHERE name = 'migrate'")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		applied, err := postgres.Migrate(ctx, url, postgres.MigrateOptions{})
		if !errors.Is(err, context.DeadlineExceeded) || !applied.Nothing() {
			t.Errorf("while somebody is at work: %d steps, error %v", len(applied.Steps), err)
		}
		execute(t, conn, "UPDATE leases SET expires_at = now() WHERE name = 'migrate'")
		if applied := migrate(t, url, postgres.MigrateOptions{Owner: "me"}); len(applied.Steps) == 0 {
			t.Error("nothing was done after the lease had expired")
		}
		if owner := oneValue[string](t, conn, "SELECT owner FROM leases WHERE name = 'migrate'"); owner != "me" {
			t.Errorf("the lease is %s's", owner)
		}
	})
}

func TestMigrateOvertaken(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		other := connect(t, url)
		n := 0
		applied := migrate(t, url, postgres.MigrateOptions{Report: func(postgres.Step) {
			if n++; n == 20 {
				execute(t, other, "UPDATE leases SET owner = 'somebody', token = token + 1, expires_at = now() WHERE name = 'migrate'")
			}
		}})
		steps := oneValue[int](t, other, "SELECT count(*) FROM migrations")
		if n != steps+1 || len(applied.Steps) != steps {
			t.Errorf("%d steps were begun, %d noted down here, %d in all; one was to be begun twice", n, len(applied.Steps), steps)
		}
		wantReady(t, url, "")
	})
}

func TestMigrateGoesOnAfterInterruption(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		applied, err := postgres.Migrate(ctx, url, postgres.MigrateOptions{Report: func(postgres.Step) {
			if n++; n == 20 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || len(applied.Steps) != 19 {
			t.Errorf("%d steps, error %v", len(applied.Steps), err)
		}
		s, err := postgres.ReadSchema(t.Context(), url, "")
		if err != nil || !errors.Is(s.Err(), postgres.ErrOlder) {
			t.Errorf("afterwards: %v, %v", s.Err(), err)
		}
		again := migrate(t, url, postgres.MigrateOptions{})
		if again.Steps[0].String() != s.Missing[0].String() || len(again.Steps) != len(s.Missing) {
			t.Errorf("went on with %s and %d steps, want %s and %d", again.Steps[0], len(again.Steps), s.Missing[0], len(s.Missing))
		}
		wantReady(t, url, "")
	})
}

// A step that ran and was not noted down runs again: here each of them does.
func TestMigrateMayRunEveryStepAgain(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		other := connect(t, url)
		begun := make(map[string]int)
		applied := migrate(t, url, postgres.MigrateOptions{Report: func(s postgres.Step) {
			if begun[s.String()]++; begun[s.String()] == 1 {
				execute(t, other, "UPDATE leases SET owner = 'somebody', token = token + 1, expires_at = now() WHERE name = 'migrate'")
			}
		}})
		for _, s := range applied.Steps {
			if n := begun[s.String()]; n != 2 {
				t.Errorf("step %s was begun %d times, want 2", s, n)
			}
		}
		if len(begun) < 100 || len(applied.Steps) != len(begun) {
			t.Errorf("%d steps were begun, %d were applied", len(begun), len(applied.Steps))
		}
		wantReady(t, url, "")
	})
}

// Steps that run again leave alone what a ledger begins with, and has written since.
func TestMigrateAgainKeepsLanes(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		execute(t, conn, "UPDATE lanes SET closed = '2026-01-31', events = 7, told_at = now()",
			"DELETE FROM migrations WHERE version <> 6") // an older step would take columns from views
		if applied := migrate(t, url, postgres.MigrateOptions{Lanes: 3}); len(applied.Steps) < 100 || applied.NewLanes {
			t.Errorf("%d steps, new lanes %v", len(applied.Steps), applied.NewLanes)
		}
		if lanes := oneValue[int](t, conn, "SELECT count(*) FROM lanes WHERE closed = '2026-01-31' AND events = 7"); lanes != 16 {
			t.Errorf("%d lanes are as they were, want 16", lanes)
		}
		wantReady(t, url, "")
	})
}

// An older step that comes late, from a migrator that was overtaken long ago, takes
// nothing from a view that has more columns by now.
func TestMigrateTooLate(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		columns := func() []string {
			return firstColumn(t, conn, "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'v_merchants' ORDER BY ordinal_position")
		}
		want := columns()
		execute(t, conn, "DELETE FROM migrations WHERE version = 6")
		if _, err := postgres.Migrate(t.Context(), url, postgres.MigrateOptions{}); err == nil || !strings.Contains(err.Error(), "create view v_merchants: ") {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff(want, columns()); diff != "" {
			t.Errorf("columns (-before +after):\n%s", diff)
		}
	})
}

const newest = postgres.SchemaVersion

func TestSchemaThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, change string
		want         error
		says         string
	}{
		{"a step of a later version", "INSERT INTO migrations (version, step, title, sha256) SELECT max(version) + 1, 1, 'create table later', sha256(''::bytea) FROM migrations",
			postgres.ErrNewer, fmt.Sprintf("it has version %d, the program %d", newest+1, newest)},
		{"a step that was edited", "UPDATE migrations SET sha256 = sha256('other'::bytea) WHERE version = 2 AND step = 3",
			postgres.ErrEdited, "step 2.3 create table accounts has another text"},
		{"a step nobody knows", "INSERT INTO migrations (version, step, title, sha256) SELECT 3, 99, 'create table theirs', sha256 FROM migrations LIMIT 1",
			postgres.ErrEdited, "step 3.99 create table theirs is not known here"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			onServers(t, func(on database) {
				t, url := on.T, on.url
				execute(t, migrated(t, url), tc.change)
				wantBarred(t, url, tc.want, tc.says)
			})
		})
	}
}

func TestSchemaThatLacksSomething(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, change string
		want         error
		says         string
	}{
		{"everything", "DROP SCHEMA public CASCADE; CREATE SCHEMA public", postgres.ErrNoSchema, `schema "public": there is no ledger: run settlex migrate`},
		{"the last version", fmt.Sprint("DELETE FROM migrations WHERE version = ", newest), postgres.ErrOlder,
			fmt.Sprintf("it has version %d, the program %d (step %d.1 alter table records add column booked_at has not run): run settlex migrate", newest-1, newest, newest)},
		{"a step in between", "DELETE FROM migrations WHERE version = 5 AND step = 2", postgres.ErrOlder, "(step 5.2 comment on column leases.name has not run)"},
		{"a currency", "DELETE FROM currencies WHERE code = 'INR'", postgres.ErrOlder, "(currency INR is not known to it)"},
		{"lanes", "DELETE FROM lanes", postgres.ErrOlder, "(it has no lanes)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			onServers(t, func(on database) {
				t, url := on.T, on.url
				execute(t, migrated(t, url), tc.change)
				s, err := postgres.ReadSchema(t.Context(), url, "")
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Err(); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) || s.Ready() {
					t.Errorf("error %v, want %v that says %q", err, tc.want, tc.says)
				}
				migrate(t, url, postgres.MigrateOptions{})
				wantReady(t, url, "")
			})
		})
	}
}

func TestMigrateUnreachable(t *testing.T) {
	t.Parallel()
	const nobody = "postgres://nobody@127.0.0.1:1/none?connect_timeout=1"
	if _, err := postgres.Migrate(t.Context(), nobody, postgres.MigrateOptions{}); err == nil {
		t.Error("migrated nothing")
	}
	if _, err := postgres.ReadSchema(t.Context(), nobody, ""); err == nil {
		t.Error("read nothing")
	}
}
