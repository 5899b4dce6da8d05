package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// awaitBlocked returns once a session waits for a lock, or has done what it was asked.
func awaitBlocked(t *testing.T, watcher *pgx.Conn, pid uint32, done <-chan struct{}) {
	t.Helper()
	for blocked := false; !blocked; {
		select {
		case <-done:
			return
		default:
		}
		if err := watcher.QueryRow(t.Context(), "SELECT cardinality(pg_blocking_pids($1)) > 0", pid).Scan(&blocked); err != nil {
			t.Error(err)
			return
		}
	}
}

// A host that gives an account limits waits for those who post to it in other lanes before it looks at the account: what they book
// is not lost, at any level.
func TestHostGivesLimitsBehindEveryLane(t *testing.T) {
	t.Parallel()
	for _, level := range levels() {
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, 16)
			l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
			mustPost(t, l, transfer("first", bank, pending, 1))
			conns := [3]*pgx.Conn{hostConn(t, dsn), hostConn(t, dsn), hostConn(t, dsn)}
			begin := func(n int) pgx.Tx {
				tx, err := conns[n].BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
				if err != nil {
					t.Fatal(err)
				}
				return tx
			}
			posting, changing := begin(0), begin(1)
			if _, err := l.PostTx(t.Context(), postgres.Wrap(posting), transfer("second", bank, pending, 5)); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			var changed error
			go func() {
				defer close(done)
				change := ledger.AccountChange{Key: "limit", Account: pending, Currency: rupee(), Limits: &ledger.Limits{Limited: true}}
				if _, changed = l.ExecuteTx(t.Context(), postgres.Wrap(changing), ledger.Atomic, change); changed == nil {
					changed = changing.Commit(t.Context())
				} else {
					_ = changing.Rollback(context.WithoutCancel(t.Context()))
				}
			}()
			awaitBlocked(t, conns[2], conns[1].PgConn().PID(), done)
			if err := posting.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-done
			if level == pgx.ReadCommitted && changed != nil {
				t.Errorf("the change was refused: %v", changed)
			}
			wantPosted(t, l, pending, 6)
		})
	}
}
