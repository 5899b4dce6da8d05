package move_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/move"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// openLanes opens a new database until the test ends.
func openLanes(t testing.TB, server pgtest.Server, lanes int) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), pgtest.Database(t, server), postgres.Options{Migrate: true, Lanes: lanes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// From a file to a database and back, whatever its number of lanes: all lies in the
// first. The books go on in any lane.
func TestMoveToPostgres(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		for _, lanes := range []int{1, 16} {
			if testing.Short() && (lanes == 1 || server != pgtest.Newest(t)) {
				continue // each moves a month there and back
			}
			t.Run(fmt.Sprintf("%s with %d lanes", server, lanes), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				from, between, to := openFile(t, filepath.Join(dir, "from.db")), openLanes(t, server, lanes), openFile(t, filepath.Join(dir, "to.db"))
				days(t, from, "2026-03-12")
				kept := checkpoint(t, from)
				if _, err := move.Run(t.Context(), from, between, move.Options{}); err != nil {
					t.Fatal(err)
				}
				same(t, from, between)
				if _, err := move.Run(t.Context(), between, to, move.Options{}); err != nil {
					t.Fatal(err)
				}
				same(t, from, to)

				target := engine(t, between)
				if taken := ingest(t, target, "2026-03-13"); taken.Booked == 0 || taken.Repeated < taken.Booked {
					t.Errorf("%d events were booked of %d, want those of the last day", taken.Booked, taken.Rows)
				}
				if v, err := target.Verify(t.Context(), kept); err != nil || v.Err() != nil {
					t.Errorf("verify with a kept checkpoint: %v, %v", err, v.Err())
				}
			})
		}
	}
}

// What was booked in several lanes stays in databases.
func TestMoveOfSeveralLanes(t *testing.T) {
	t.Parallel()
	server := pgtest.Newest(t)
	from, to := openLanes(t, server, 4), openLanes(t, server, 4)
	err := from.Write(t.Context(), func(tx ledger.Tx) error {
		if chooser, can := tx.(ledger.LaneChooser); !can || chooser.BookIn(2) != nil {
			t.Error("a transaction cannot choose its lane")
		}
		_, err := engine(t, to).Books().PostTx(t.Context(), tx, own("k"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = move.Run(t.Context(), from, openLanes(t, server, 4), move.Options{}); !errors.Is(err, move.ErrLanes) {
		t.Errorf("got %v, want that of several lanes", err)
	}
}

// A move to a database that breaks off anywhere goes on there.
func TestInterruptedOnPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("moves the same books sixteen times")
	}
	server := pgtest.Newest(t)
	from := openFile(t, filepath.Join(t.TempDir(), "from.db"))
	days(t, from, "2026-03-03")
	for _, write := range []int{1, 2, 4, 9} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, committed: %t", write, after), func(t *testing.T) {
				t.Parallel()
				to := openLanes(t, server, 16)
				if _, err := move.Run(t.Context(), from, &breaking{Store: to, left: write, after: after}, move.Options{}); !errors.Is(err, errPulled) {
					t.Fatal(err)
				}
				if _, err := move.Run(t.Context(), from, to, move.Options{Begun: true}); err != nil {
					t.Fatal(err)
				}
				same(t, from, to)
			})
		}
	}
}
