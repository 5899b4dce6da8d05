package postgres_test

import (
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// A store that knows an account as one with limits finds it when it has none: a standby that took over may lack the change.
func TestLimitsThatWereTakenBack(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 4)
	l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
	mustPost(t, l, transfer("first", bank, pending, 5))
	conn := hostConn(t, dsn)
	run := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	// What the database was before the change, to be put back.
	tables := []string{"lanes", "accounts", "balances", "blocks", "log_hashes", "items", "postings", "records"}
	for _, table := range tables {
		run("CREATE TABLE was_" + table + " AS TABLE " + table)
	}
	change := ledger.AccountChange{Key: "limit", Account: pending, Currency: rupee(), Limits: &ledger.Limits{Limited: true}}
	if _, err := l.ChangeAccount(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	mustPost(t, l, transfer("second", bank, pending, 5))
	for _, table := range []string{"postings", "items", "log_hashes", "blocks", "balances", "accounts", "records", "lanes"} {
		run("DELETE FROM " + table)
	}
	for _, table := range tables {
		run("INSERT INTO " + table + " SELECT * FROM was_" + table)
	}
	mustPost(t, l, transfer("third", bank, pending, 7))
	wantPosted(t, l, pending, 12)
	for _, table := range tables {
		run("DROP TABLE was_" + table)
	}
}
