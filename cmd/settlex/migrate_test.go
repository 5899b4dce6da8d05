package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t, server)
			for _, line := range []struct {
				args []string
				code int
				want string // standard output; figures of more than one digit read N
				says string // of standard error
			}{
				{[]string{"--check"}, exitFailure, "schema public: N steps to run\n", "settlex: schema \"public\": there is no ledger: run settlex migrate\n"},
				{[]string{"--lanes", "4"}, exitOK, "schema public has version N, new: N steps, N currencies, 4 lanes\n", ""},
				{[]string{"--lanes", "8"}, exitOK, "schema public has version N and 4 lanes: nothing to do\n", ""},
				{[]string{"--check", "--steps"}, exitOK, "schema public has version N and 4 lanes: nothing to do\n", ""},
				{[]string{"--quiet"}, exitOK, "", ""},
				{[]string{"--schema", "test", "--quiet"}, exitOK, "", ""},
				{[]string{"--schema", "test", "--check"}, exitOK, "schema test has version N and N lanes: nothing to do\n", ""},
				{[]string{"--schema", "live", "--check"}, exitFailure, "schema live: N steps to run\n", "settlex: schema \"live\": there is no ledger: run settlex migrate\n"},
				{[]string{"--lanes", "2000"}, exitFailure, "", "settlex: migrate: 2000 lanes: between 1 and 1024 are possible\n"},
			} {
				r := command(t, append([]string{"migrate", "--data", url}, line.args...)...)
				got := regexp.MustCompile(`\d\d+`).ReplaceAllString(r.stdout, "N")
				if diff := cmp.Diff(line.want, got); diff != "" || r.code != line.code || r.stderr != line.says {
					t.Errorf("settlex migrate %q: exit code %d, error %q (-want +got):\n%s", line.args, r.code, r.stderr, diff)
				}
			}
			forget(t, url)
			r := command(t, "migrate", "--data", url, "--check", "--steps")
			const want = "7.1 alter table lanes\nschema public: 1 step to run\n"
			if diff := cmp.Diff(want, r.stdout); diff != "" || r.code != exitFailure {
				t.Errorf("exit code %d (-want +got):\n%s", r.code, diff)
			}
			last := fmt.Sprintf("7.1 alter table lanes\nschema public has version %d, from version %[1]d: 1 step\n", postgres.SchemaVersion)
			if diff := cmp.Diff(last, succeed(t, "migrate", "--data", url, "--steps")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// forget makes a database forget that a step has run.
func forget(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), "DELETE FROM migrations WHERE version = 7 AND step = 1"); err != nil {
		t.Fatal(err)
	}
}

func TestMigrateNeedsAnAddress(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--data", "settlex.db"}} {
		r := command(t, append([]string{"migrate"}, args...)...)
		if r.code != exitUsage || !strings.Contains(r.stderr, "--data is missing: postgres://") {
			t.Errorf("%q: exit code %d, error %q", args, r.code, r.stderr)
		}
	}
	r := command(t, "migrate", "--data", "postgres://nobody:secret@127.0.0.1:1/none?connect_timeout=1")
	if r.code != exitFailure || strings.Contains(r.stderr, "secret") || !strings.HasPrefix(r.stderr, "settlex: migrate: ") {
		t.Errorf("exit code %d, error %q", r.code, r.stderr)
	}
}
