package postgres_test

import (
	"sync"
	"testing"

	"github.com/settlex/settlex/store/postgres"
)

// A store stays in its lane, and leaves it to others who book there too.
func TestLaneOfAStore(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 16)
	l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
	lane := mustPost(t, l, transfer("k1", bank, pending, 1))[0].Lane
	if again := mustPost(t, l, transfer("k2", bank, pending, 1))[0].Lane; again != lane {
		t.Errorf("booked in lane %d, then in lane %d", lane, again)
	}
	conn := hostConn(t, dsn)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT * FROM lanes FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() { mustPostSafe(t, l, transfer("k3", bank, pending, 1)) })
	const blockedSQL = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
AND clock_timestamp() > query_start + interval '10 milliseconds'` // long enough to count as waiting
	watcher := hostConn(t, dsn) // a transaction sees who waits as it was when it first looked
	for blocked := 0; blocked == 0; {
		if err := watcher.QueryRow(t.Context(), blockedSQL).Scan(&blocked); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	if other := mustPost(t, l, transfer("k4", bank, pending, 1))[0].Lane; other == lane {
		t.Errorf("still books in lane %d, which others book in", lane)
	}
}
