package pgtest_test

import (
	"testing"

	"github.com/settlex/settlex/store/postgres/pgtest"
)

// A standby has every row that the primary acknowledged, and goes on without it.
func TestStandby(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			primary := pgtest.NewCluster(t, server)
			do(t, primary.DSN(), "CREATE TABLE notes (no int, body text)", "INSERT INTO notes VALUES (1, 'before the copy')")
			standby := primary.Standby(t)
			both := pgtest.MultiDSN(standby, primary)
			same(t, []string{"sync"}, column[string](t, primary.DSN(), "SELECT sync_state FROM pg_stat_replication"))
			same(t, []bool{false}, column[bool](t, both, "SELECT pg_is_in_recovery()"))

			do(t, both, "SET synchronous_commit = remote_apply", "INSERT INTO notes VALUES (2, 'streamed')")
			want := []string{"before the copy", "streamed"}
			same(t, want, column[string](t, standby.DSN(), "SELECT body FROM notes ORDER BY no"))

			do(t, both, "INSERT INTO notes VALUES (3, 'acknowledged')")
			primary.Kill()
			standby.Promote()
			do(t, both, "INSERT INTO notes VALUES (4, 'promoted')")
			want = append(want, "acknowledged", "promoted")
			same(t, want, column[string](t, both, "SELECT body FROM notes ORDER BY no"))
		})
	}
}

// The promoted one can have a standby of its own.
func TestStandbyAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Newest(t)
	first := pgtest.NewCluster(t, server)
	do(t, first.DSN(), "CREATE TABLE notes (body text)")
	second := first.Standby(t)
	first.Kill()
	second.Promote()
	third := second.Standby(t)
	do(t, second.DSN(), "INSERT INTO notes VALUES ('kept')")
	second.Kill()
	third.Promote()
	same(t, []string{"kept"}, column[string](t, third.DSN(), "SELECT body FROM notes"))
}
