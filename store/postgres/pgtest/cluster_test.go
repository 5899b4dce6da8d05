package pgtest_test

import (
	"strings"
	"testing"

	"github.com/settlex/settlex/store/postgres/pgtest"
)

// What was committed is there after a kill, what was not is not.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			c := pgtest.NewCluster(t, server)
			do(t, c.DSN(), "CREATE TABLE notes (body text)", "INSERT INTO notes VALUES ('committed')")
			open, err := connect(t, c.DSN()).Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := open.Exec(t.Context(), "INSERT INTO notes VALUES ('not committed')"); err != nil {
				t.Fatal(err)
			}
			c.Kill()
			if err := open.Commit(t.Context()); err == nil {
				t.Error("a killed server commits")
			}
			c.Start()
			same(t, []string{"committed"}, column[string](t, c.DSN(), "SELECT body FROM notes"))
			if !strings.Contains(c.Log(), "database system was not properly shut down") {
				t.Error("the server does not know that it was killed")
			}
		})
	}
}

// An orderly restart keeps the port, and needs no recovery.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			c := pgtest.NewCluster(t, server, "work_mem=5MB")
			before := c.DSN()
			do(t, c.Database("books"), "CREATE TABLE notes (body text)")
			c.Restart()
			same(t, before, c.DSN())
			same(t, []string{"5MB"}, column[string](t, c.DSN(), "SHOW work_mem"))
			if strings.Contains(c.Log(), "not properly shut down") {
				t.Error("the server was not shut down")
			}
		})
	}
}
