package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// run runs a statement of an administrator's.
func run(t *testing.T, dsn, sql string, arguments ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), sql, arguments...)
	if err = errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// Whatever the database says, commits are durable, and instants are UTC. What is stricter stays.
func TestSessionSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, want string }{
		{"synchronous_commit", "off", "on"},
		{"synchronous_commit", "local", "on"},
		{"synchronous_commit", "on", "on"},
		{"synchronous_commit", "remote_apply", "remote_apply"},
		{"lock_timeout", "0", "5s"},
		{"lock_timeout", "7s", "7s"},
		{"timezone", "Asia/Kolkata", "UTC"},
	} {
		t.Run(test.name+" "+test.value, func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, 1)
			run(t, dsn, fmt.Sprintf("ALTER ROLE postgres IN DATABASE %s SET %s = '%s'", databaseOf(t, dsn), test.name, test.value))
			writers, readers, err := openStore(t, dsn, postgres.Options{}).Settings(t.Context(), test.name)
			if err != nil || writers != test.want || readers != test.want {
				t.Errorf("%q for writers, %q for readers, %v, want %q", writers, readers, err, test.want)
			}
		})
	}
}

// databaseOf is the name of a database.
func databaseOf(t *testing.T, dsn string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return pgx.Identifier{config.Database}.Sanitize()
}

// Someone who gives up is told what was tried, and that nothing was written.
func TestBusy(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 1)
	var pauses []time.Duration
	note := func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}
	store := openStore(t, dsn, postgres.Options{Attempts: 4, LockWait: time.Millisecond, Wait: note, Chance: func() float64 { return 0.999 }})
	l := keepBooks(t, store)
	conn := hostConn(t, dsn)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT * FROM lanes FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	_, err = l.Post(t.Context(), transfer("k", bank, pending, 1))
	conflict, isConflict := errors.AsType[*postgres.ConflictError](err)
	if !errors.Is(err, postgres.ErrBusy) || !isConflict || conflict.State != "55P03" || errors.Is(err, ledger.ErrIndefinite) {
		t.Errorf("the lane is locked, and the error is %v", err)
	}
	if len(pauses) != 3 || pauses[0] <= 0 || pauses[1] <= pauses[0] || pauses[2] <= pauses[1] {
		t.Errorf("pauses between 4 attempts are %v", pauses)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPost(t, l, transfer("k", bank, pending, 1))
}

// A caller who goes away before the COMMIT takes everything with him.
func TestContextEndsBeforeCommit(t *testing.T) {
	t.Parallel()
	store := openStore(t, emptyLedger(t, 16), postgres.Options{})
	l := keepBooks(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	err := l.Write(ctx, func(tx ledger.Tx) error {
		_, err := l.PostTx(ctx, tx, transfer("k", bank, pending, 1))
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrIndefinite) {
		t.Errorf("the error is %v", err)
	}
	if _, there, err := l.Entry(t.Context(), "k"); there || err != nil {
		t.Errorf("booked %t, %v", there, err)
	}
}

// replicated is a ledger on a server that waits for a standby which never comes.
func replicated(t *testing.T) (cluster *pgtest.Cluster, l *ledger.Ledger) {
	t.Helper()
	cluster = pgtest.NewCluster(t, pgtest.Newest(t))
	l = keepBooks(t, openStore(t, cluster.DSN(), postgres.Options{Migrate: true, Writers: 1}))
	mustPost(t, l, transfer("warm", bank, pending, 1))
	standby(t, cluster, "nobody")
	probe := connectTo(t, cluster)
	var stop atomic.Bool
	var wait sync.WaitGroup
	wait.Go(func() {
		for !stop.Load() { // until the server has heard of it
			if _, err := probe.Exec(t.Context(), "SELECT pg_current_xact_id()"); err != nil {
				t.Error(err)
				return
			}
		}
	})
	conn := connectTo(t, cluster)
	commitsWaiting(t, conn, 1)
	stop.Store(true)
	cancelWaiting(t, conn)
	wait.Wait()
	return cluster, l
}

// cancelWaiting has the server no longer wait for the standby.
func cancelWaiting(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
		t.Fatal(err)
	}
}

// standby names the standby that commits wait for.
func standby(t *testing.T, cluster *pgtest.Cluster, name string) {
	t.Helper()
	run(t, cluster.DSN(), fmt.Sprintf("ALTER SYSTEM SET synchronous_standby_names = '%s'", name))
	run(t, cluster.DSN(), "SELECT pg_reload_conf()")
}

const commitsWaitingSQL = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

// commitsWaiting returns when as many commits as that wait for the standby.
func commitsWaiting(t *testing.T, conn *pgx.Conn, want int) {
	t.Helper()
	for have := -1; have != want; {
		if err := conn.QueryRow(t.Context(), commitsWaitingSQL).Scan(&have); err != nil {
			t.Fatal(err)
		}
	}
}

// A commit that the standby was not waited for is not acknowledged.
func TestReplicationBrokenOff(t *testing.T) {
	t.Parallel()
	cluster, l := replicated(t)
	conn := connectTo(t, cluster)
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := l.Post(t.Context(), transfer("k", bank, pending, 1)); !errors.Is(err, ledger.ErrIndefinite) {
			t.Errorf("the standby has nothing, and the error is %v", err)
		}
	})
	commitsWaiting(t, conn, 1)
	cancelWaiting(t, conn)
	wait.Wait()
	standby(t, cluster, "")
	if result := mustPost(t, l, transfer("k", bank, pending, 1)); !result[0].Replayed {
		t.Error("it was booked twice")
	}
}

// Who no longer waits for a COMMIT does not make the server give up: it would be visible without its standby.
func TestGivingUpCancelsNothing(t *testing.T) {
	t.Parallel()
	cluster, l := replicated(t)
	conn := connectTo(t, cluster)
	hasty := keepBooks(t, openStore(t, cluster.DSN(), postgres.Options{AnswerWait: 500 * time.Millisecond}))
	if _, err := hasty.Post(t.Context(), transfer("k", bank, pending, 1)); !errors.Is(err, ledger.ErrIndefinite) {
		t.Errorf("no answer came, and the error is %v", err)
	}
	commitsWaiting(t, conn, 1)
	if _, there, err := l.Entry(t.Context(), "k"); there || err != nil {
		t.Errorf("visible %t, %v", there, err)
	}
	standby(t, cluster, "")
	commitsWaiting(t, conn, 0)
	if _, there, err := l.Entry(t.Context(), "k"); !there || err != nil {
		t.Errorf("visible %t, %v", there, err)
	}
}

// connectTo is a connection to a cluster.
func connectTo(t *testing.T, cluster *pgtest.Cluster) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), cluster.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
