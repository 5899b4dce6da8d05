package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// levels are the isolation levels that a host may choose.
func levels() []pgx.TxIsoLevel {
	return []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable}
}

// hostConn is a connection of a host's own, which has a table of orders.
func hostConn(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// orders lists what the host has.
func orders(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT id FROM orders ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// The host's rows and our entries commit or vanish together, at every level of isolation.
func TestHostTransaction(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
			conn := hostConn(t, dsn)
			for n, level := range levels() {
				for _, keep := range []bool{false, true} {
					tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
					if err != nil {
						t.Fatal(err)
					}
					id := fmt.Sprintf("%s %t", level, keep)
					if _, err := tx.Exec(t.Context(), "INSERT INTO orders VALUES ($1)", id); err != nil {
						t.Fatal(err)
					}
					ours := postgres.Wrap(tx)
					if _, err := l.PostTx(t.Context(), ours, transfer(id, bank, available, 100)); err != nil {
						t.Fatal(err)
					}
					// The second call sees what the first one did, by the same and by another wrapping.
					if _, err := l.PostTx(t.Context(), ours, transfer(id+" 2", available, pending, 60)); err != nil {
						t.Fatal(err)
					}
					if _, err := l.PostTx(t.Context(), postgres.Wrap(tx), transfer(id+" 3", available, bank, int64(100*n+41))); !errors.Is(err, ledger.ErrInsufficientFunds) {
						t.Errorf("%s: more was taken than is there: %v", id, err)
					}
					if replay, err := l.PostTx(t.Context(), ours, transfer(id, bank, available, 100)); err != nil || !replay[0].Replayed {
						t.Errorf("%s: a repetition was booked: %v", id, err)
					}
					if keep {
						err = tx.Commit(t.Context())
					} else {
						err = tx.Rollback(t.Context())
					}
					if err != nil {
						t.Fatal(err)
					}
					wantPosted(t, l, available, int64(40*n)+when(keep, 40))
					wantPosted(t, l, pending, int64(60*n)+when(keep, 60))
				}
			}
			want := []string{"read committed true", "repeatable read true", "serializable true"}
			if diff := cmp.Diff(want, orders(t, conn)); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
		})
	}
}

func when(yes bool, n int64) int64 {
	if yes {
		return n
	}
	return 0
}

// Writers who come between make a host wait, or give it a conflict it is told of; never an entry that should not be.
func TestHostAmongWriters(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
			conn := hostConn(t, dsn)
			mustPost(t, l, transfer("float", bank, available, 100))
			for _, level := range levels() {
				tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(t.Context(), "SELECT count(*) FROM orders"); err != nil { // the snapshot is taken
					t.Fatal(err)
				}
				mustPost(t, l, transfer(fmt.Sprintf("all %s", level), available, bank, 100))
				_, err = l.PostTx(t.Context(), postgres.Wrap(tx), transfer(fmt.Sprintf("again %s", level), available, bank, 100))
				conflict, isConflict := errors.AsType[*postgres.ConflictError](err)
				switch {
				case level == pgx.ReadCommitted:
					if !errors.Is(err, ledger.ErrInsufficientFunds) {
						t.Errorf("%s: what was taken is taken again: %v", level, err)
					}
				case !isConflict || conflict.State != "40001":
					t.Errorf("%s: no conflict: %v", level, err)
				}
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
				mustPost(t, l, transfer(fmt.Sprintf("back %s", level), bank, available, 100))
			}
		})
	}
}

// A host's conflict comes typed, once, and is not repeated for him.
func TestHostConflict(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 16)
	l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
	conn, other := hostConn(t, dsn), hostConn(t, dsn)
	mustPost(t, l, transfer("float", bank, available, 100))
	first, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.PostTx(t.Context(), postgres.Wrap(first), transfer("first", available, bank, 1)); err != nil {
		t.Fatal(err)
	}
	second, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Exec(t.Context(), "SET LOCAL lock_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	ours := postgres.Wrap(second)
	_, err = l.PostTx(t.Context(), ours, transfer("second", available, bank, 1))
	conflict, ok := errors.AsType[*postgres.ConflictError](err)
	if !ok || conflict.State != "55P03" {
		t.Errorf("the lock was taken, and the error is %v", err)
	}
	if _, err := l.PostTx(t.Context(), ours, transfer("third", bank, pending, 1)); err == nil {
		t.Error("a spoiled transaction goes on")
	}
	if err := errors.Join(second.Rollback(t.Context()), first.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantPosted(t, l, available, 99)
}

// What a host makes of a savepoint is his to take back.
func TestHostSavepoint(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 16)
	l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
	tx, err := hostConn(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.PostTx(t.Context(), postgres.Wrap(tx), transfer("kept", bank, pending, 1)); err != nil {
		t.Fatal(err)
	}
	inner, err := tx.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.PostTx(t.Context(), postgres.Wrap(inner), transfer("taken back", bank, pending, 2)); err != nil {
		t.Fatal(err)
	}
	if err := inner.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PostTx(t.Context(), postgres.Wrap(tx), transfer("kept too", bank, pending, 4)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantPosted(t, l, pending, 5)
}
