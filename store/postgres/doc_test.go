package postgres_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/store/postgres"
)

// sqlBlocks gives the SQL of docs/SCHEMA.md whose fence is marked so.
func sqlBlocks(t *testing.T, mark string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/SCHEMA.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, match := range regexp.MustCompile("(?ms)^```"+mark+"$(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		out = append(out, match[1])
	}
	if len(out) == 0 {
		t.Fatalf("docs/SCHEMA.md has no block marked %s", mark)
	}
	return out
}

func TestSchemaPageQueries(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		books(t, conn)
		keep(t, conn, sampleRecords()...)
		for _, block := range sqlBlocks(t, "sql") {
			execute(t, conn, block)
		}
	})
}

func TestSchemaPageNamesEverything(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/SCHEMA.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(named(t, `CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) (\w+)`), named(t, `CREATE INDEX IF NOT EXISTS (\w+)`)...) {
		if !strings.Contains(string(page), name) {
			t.Errorf("docs/SCHEMA.md does not mention %s", name)
		}
	}
}

// The roles of the page may do what it says, and nothing else.
func TestSchemaPageRoles(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		owner := migrated(t, url)
		books(t, owner)
		// Roles belong to the whole server.
		suffix := "_" + owner.Config().Database
		app, reader := "settlex_app"+suffix, "settlex_reader"+suffix
		for _, block := range sqlBlocks(t, "sql roles") {
			execute(t, owner, strings.NewReplacer("settlex_app", app, "settlex_reader", reader).Replace(block))
		}
		t.Cleanup(func() { dropRoles(t, url, app, reader) })

		as := connect(t, url)
		execute(t, as, "SET ROLE "+reader)
		execute(t, as, "SELECT * FROM v_statement", "SELECT * FROM v_trial_totals", "SELECT * FROM v_lines", "SELECT * FROM v_events")
		refused(t, as, "SELECT * FROM items", "SELECT * FROM v_records", "UPDATE lanes SET seq = 0", "CREATE TABLE mine (n integer)")

		execute(t, as, "SET ROLE "+app)
		execute(
			t, as,
			"SELECT * FROM lanes WHERE lane = 3 FOR UPDATE", "SELECT * FROM accounts WHERE account_id = 2 FOR UPDATE",
			"UPDATE lanes SET not_before = now() WHERE lane = 3", "UPDATE accounts SET status = 'frozen' WHERE account_id = 2",
			itemRow("3", "1", "12:00", "posted", "k", "sale", literals{}), postingRow("1", "3", "1", "12:00", "0", "D", "1", "1", "0"),
			"INSERT INTO balances (account_id, lane, debits) VALUES (1, 3, 1)",
			accountRow("(3::bigint << 40) + 1", "3", "1", "new", "INR", "asset", literals{"single": "false"}),
			soundRows()["records"].insert("records"), "DELETE FROM records", soundRows()["events"].insert("events"), "UPDATE leases SET expires_at = now()",
		)
		refused(
			t, as,
			"UPDATE items SET kind = ''", "DELETE FROM items", "DELETE FROM postings", "UPDATE postings SET amount = 1", "UPDATE blocks SET leaf = leaf",
			"DELETE FROM log_hashes", "DELETE FROM accounts", "INSERT INTO lanes (lane) VALUES (99)", "DELETE FROM migrations", "TRUNCATE items",
			"DROP VIEW v_journal", "DELETE FROM events", "UPDATE events SET data = NULL",
		)
	})
}

func refused(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: error %v, want permission to be denied", statement, err)
		}
	}
}

func dropRoles(t *testing.T, url string, roles ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, role := range roles {
		if _, err := conn.Exec(ctx, "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	}
}

// A role that may not make anything can still see that nothing is to be made.
func TestMigrateWithoutRights(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		owner := migrated(t, url)
		app := "plain_" + owner.Config().Database
		execute(t, owner, "CREATE ROLE "+app, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+app)
		t.Cleanup(func() { dropRoles(t, url, app) })
		as := connect(t, url)
		execute(t, as, "SET ROLE "+app)
		applied, err := postgres.MigrateConn(t.Context(), as, postgres.MigrateOptions{})
		if err != nil || !applied.Nothing() {
			t.Errorf("%d steps, error %v", len(applied.Steps), err)
		}
	})
}
