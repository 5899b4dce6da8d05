package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// A record that was not there when it was looked for cannot be locked. One that came before the lane was free is seen all the same:
// what is decided stands behind it in the journal.
func TestRecordCameBeforeTheLane(t *testing.T) {
	t.Parallel()
	for _, hosts := range []string{"", string(pgx.ReadCommitted)} {
		t.Run("host "+hosts, func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, 1)
			l, other := keepBooks(t, openStore(t, dsn, postgres.Options{})), keepBooks(t, openStore(t, dsn, postgres.Options{}))
			mustPost(t, l, transfer("first", bank, pending, 5))
			hold := ledger.Hold{Key: "hold", Kind: "hold", Postings: transfer("", bank, pending, 3).Postings}
			capture := ledger.Capture{Key: "capture", Kind: "capture", Hold: "hold", All: true}
			var wait sync.WaitGroup
			err := l.Write(t.Context(), func(tx ledger.Tx) error {
				if _, err := l.ExecuteTx(t.Context(), tx, ledger.Atomic, hold); err != nil {
					return err
				}
				wait.Go(func() { capturedBy(t, other, dsn, hosts, capture) })
				waitForLock(t, dsn)
				return nil
			})
			wait.Wait()
			if err != nil {
				t.Fatal(err)
			}
			wantPosted(t, l, pending, 8)
		})
	}
}

// capturedBy captures by itself, or in a transaction of a host.
func capturedBy(t *testing.T, l *ledger.Ledger, dsn, level string, c ledger.Capture) {
	t.Helper()
	if level == "" {
		if _, err := l.Capture(t.Context(), c); err != nil {
			t.Error(err)
		}
		return
	}
	conn := hostConn(t, dsn)
	err := pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.TxIsoLevel(level)}, func(tx pgx.Tx) error {
		_, err := l.ExecuteTx(t.Context(), postgres.Wrap(tx), ledger.Atomic, c)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
