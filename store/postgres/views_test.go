package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// show gives the rows of a query as lines of text, columns parted by bars; NULL is "-".
func show(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), "SET timezone = 'UTC'; "+query).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var lines []string
	for _, values := range results[1].Rows {
		cells := make([]string, len(values))
		for i, value := range values {
			if cells[i] = string(value); value == nil {
				cells[i] = "-"
			}
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	return strings.Join(lines, "\n")
}

// wantRows compares what a query shows.
func wantRows(t *testing.T, conn *pgx.Conn, query, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimSpace(want), show(t, conn, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

// books writes three entries over two lanes: bank and fees are spread, the merchant's account is single. The merchant has a hold of 10.00,
// and the bank's is of 3.00, of which 1.00 was given back in the other lane.
func books(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	const lane1 = "(1::bigint << 40)"
	execute(
		t, conn,
		accountRow("1", "0", "1", "bank", "INR", "asset", literals{"single": "false"}),
		accountRow("2", "0", "2", "merchants/m1/available", "INR", "liability",
			literals{"single": "true", "debits": "5000", "credits": "9750", "held_debits": "1000", "holds": "1", "floor": "0", "metadata": `'{"merchant": "m1"}'`}),
		accountRow(lane1+" + 1", "1", "1", "fees", "INR", "income", literals{"single": "false"}),
		accountRow("3", "0", "3", "bank", "JPY", "asset", literals{"single": "false"}),
		accountRow("4", "0", "4", "owed", "JPY", "liability", literals{"single": "false"}),

		"INSERT INTO balances (account_id, lane, debits, credits, held_credits, holds) VALUES (1, 0, 10000, 0, 300, 1), (1, 1, 0, 5000, -100, -1)",
		"INSERT INTO balances (account_id, lane, credits) VALUES (2, 0, 777)", // from when it was spread; counts no more
		"INSERT INTO balances (account_id, lane, credits) VALUES ("+lane1+" + 1, 0, 250), (4, 0, 500)",
		"INSERT INTO balances (account_id, lane, debits) VALUES (3, 0, 500)",

		itemRow("0", "1", "10:00", "posted", "d1", "deposit", literals{"reference": "'order-7'", "owner": "'payment'", "metadata": `'{"channel": "web"}'`}),
		postingRow("1", "0", "1", "10:00", "0", "D", "10000", "10000", "0"),
		postingRow("2", "0", "1", "10:00", "1", "C", "9750", "0", "9750"),
		postingRow(lane1+" + 1", "0", "1", "10:00", "2", "C", "250", "0", "250"),
		itemRow("1", "1", "11:00", "captured", "p1", "payout", literals{"part_of": "'d1'"}),
		postingRow("2", "1", "1", "11:00", "0", "D", "5000", "5000", "9750"),
		postingRow("1", "1", "1", "11:00", "1", "C", "5000", "0", "5000"),
		itemRow("0", "2", "10:30", "posted", "d2", "deposit", literals{}),
		postingRow("3", "0", "2", "10:30", "0", "D", "500", "500", "0"),
		postingRow("4", "0", "2", "10:30", "1", "C", "500", "0", "500"),
	)
}

func accountRow(id, lane, no, path, currency, kind string, more literals) string {
	return literals{
		"account_id": id, "lane": lane, "no": no, "path": quote(path), "currency": quote(currency), "name": quote(path + " " + currency), "type": quote(kind),
		"status": "'open'", "opened_at": "'2026-01-31 09:00Z'",
	}.with(more).insert("accounts")
}

func itemRow(lane, seq, at, act, key, kind string, more literals) string {
	return literals{
		"lane": lane, "seq": seq, "booked_at": quote("2026-01-31 " + at + "Z"), "value_date": "'2026-01-30'", "act": quote(act), "key": quote(key), "kind": quote(kind),
		"body": "'x'",
	}.with(more).insert("items")
}

func postingRow(id, lane, seq, at, no, side, amount, debits, credits string) string {
	return literals{
		"account_id": id, "lane": lane, "seq": seq, "booked_at": quote("2026-01-31 " + at + "Z"), "value_date": "'2026-01-30'", "no": no, "side": quote(side),
		"amount": amount, "debits_after": debits, "credits_after": credits,
	}.insert("postings")
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func TestLedgerViews(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		books(t, conn)
		for _, tc := range []struct{ query, want string }{
			{"SELECT path, currency, type, debits, credits, balance, held, available, balance_major, held_major, available_major, holds FROM v_accounts ORDER BY account_id", `
bank | INR | asset | 10000 | 5000 | 5000 | 200 | 4800 | 50.00 | 2.00 | 48.00 | 0
merchants/m1/available | INR | liability | 5000 | 9750 | 4750 | 1000 | 3750 | 47.50 | 10.00 | 37.50 | 1
bank | JPY | asset | 500 | 0 | 500 | 0 | 500 | 500 | 0 | 500 | 0
owed | JPY | liability | 0 | 500 | 500 | 0 | 500 | 500 | 0 | 500 | 0
fees | INR | income | 0 | 250 | 250 | 0 | 250 | 2.50 | 0.00 | 2.50 | 0`},
			{"SELECT account_id, status, opened_at, floor, ceiling, metadata FROM v_accounts WHERE path LIKE 'merchants/%'",
				`2 | open | 2026-01-31 09:00:00+00 | 0 | - | {"merchant": "m1"}`},
			{"SELECT booked_at, lane, seq, no, act, key, kind, path, currency, type, side, amount, amount_major, value_date FROM v_journal ORDER BY booked_at, lane, seq, no", `
2026-01-31 10:00:00+00 | 0 | 1 | 0 | posted | d1 | deposit | bank | INR | asset | debit | 10000 | 100.00 | 2026-01-30
2026-01-31 10:00:00+00 | 0 | 1 | 1 | posted | d1 | deposit | merchants/m1/available | INR | liability | credit | 9750 | 97.50 | 2026-01-30
2026-01-31 10:00:00+00 | 0 | 1 | 2 | posted | d1 | deposit | fees | INR | income | credit | 250 | 2.50 | 2026-01-30
2026-01-31 10:30:00+00 | 0 | 2 | 0 | posted | d2 | deposit | bank | JPY | asset | debit | 500 | 500 | 2026-01-30
2026-01-31 10:30:00+00 | 0 | 2 | 1 | posted | d2 | deposit | owed | JPY | liability | credit | 500 | 500 | 2026-01-30
2026-01-31 11:00:00+00 | 1 | 1 | 0 | captured | p1 | payout | merchants/m1/available | INR | liability | debit | 5000 | 50.00 | 2026-01-30
2026-01-31 11:00:00+00 | 1 | 1 | 1 | captured | p1 | payout | bank | INR | asset | credit | 5000 | 50.00 | 2026-01-30`},
			{"SELECT DISTINCT key, reference, part_of, owner, metadata FROM v_journal ORDER BY key", `
d1 | order-7 |  | payment | {"channel": "web"}
d2 |  |  |  | -
p1 |  | d1 |  | -`},
			{"SELECT booked_at, lane, seq, no, key, kind, reference, side, amount, change, balance, amount_major, change_major, balance_major FROM v_statement WHERE path = 'bank' AND currency = 'INR' ORDER BY booked_at, lane, seq, no", `
2026-01-31 10:00:00+00 | 0 | 1 | 0 | d1 | deposit | order-7 | debit | 10000 | 10000 | 10000 | 100.00 | 100.00 | 100.00
2026-01-31 11:00:00+00 | 1 | 1 | 1 | p1 | payout |  | credit | 5000 | -5000 | 5000 | 50.00 | -50.00 | 50.00`},
			{"SELECT key, change, balance, value_date FROM v_statement WHERE account_id = 2 ORDER BY booked_at", `
d1 | 9750 | 9750 | 2026-01-30
p1 | -5000 | 4750 | 2026-01-30`},
			{"SELECT path, currency, debit_balance, credit_balance, debits, credits, debit_balance_major, credit_balance_major FROM v_trial_balance ORDER BY currency, path", `
bank | INR | 5000 | 0 | 10000 | 5000 | 50.00 | 0.00
fees | INR | 0 | 250 | 0 | 250 | 0.00 | 2.50
merchants/m1/available | INR | 0 | 4750 | 5000 | 9750 | 0.00 | 47.50
bank | JPY | 500 | 0 | 500 | 0 | 500 | 0
owed | JPY | 0 | 500 | 0 | 500 | 0 | 500`},
			{"SELECT currency, accounts, debit_balances, credit_balances, debits, credits, difference FROM v_trial_totals ORDER BY currency", `
INR | 3 | 5000 | 5000 | 15000 | 15000 | 0
JPY | 2 | 500 | 500 | 500 | 500 | 0`},
		} {
			wantRows(t, conn, tc.query, tc.want)
		}
	})
}

// Figures of 38 digits come through whole, sums of them too.
func TestViewsOfTheLargestAmounts(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		most := strings.Repeat("9", 38)
		execute(
			t, conn,
			accountRow("1", "0", "1", "bank", "KWD", "asset", literals{"single": "false"}),
			accountRow("2", "0", "2", "owed", "KWD", "liability", literals{"single": "true", "credits": most}),
			"INSERT INTO balances (account_id, lane, debits) VALUES (1, 0, "+most+"), (1, 1, "+most+")",
			itemRow("0", "1", "10:00", "posted", "k", "deposit", literals{}),
			postingRow("1", "0", "1", "10:00", "0", "D", most, most, "0"),
			postingRow("1", "0", "1", "10:00", "1", "D", most, most, "0"),
		)
		twice := "1" + strings.Repeat("9", 37) + "8"
		major := strings.Repeat("9", 35) + ".999"
		wantRows(t, conn, "SELECT balance, available_major FROM v_accounts ORDER BY path",
			fmt.Sprintf("%s | %s\n%s | %s", twice, twice[:36]+"."+twice[36:], most, major))
		wantRows(t, conn, "SELECT amount_major, balance FROM v_statement ORDER BY no", fmt.Sprintf("%s | %s\n%s | %s", major, most, major, twice))
		wantRows(t, conn, "SELECT debits, credits, difference FROM v_trial_totals", fmt.Sprintf("%s | %s | %s", twice, most, most))
	})
}

// Whoever asks for one account reads no other's postings.
func TestStatementReadsOneAccount(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		books(t, conn)
		execute(t, conn, "SET enable_seqscan = off", "SET enable_hashjoin = off", "SET enable_mergejoin = off")
		plan := show(t, conn, "EXPLAIN SELECT * FROM v_statement WHERE path = 'bank' AND currency = 'INR'")
		for _, part := range []string{"WindowAgg", "Index Scan using accounts_path_currency_key", "Index Cond: (account_id = a.account_id)"} {
			if !strings.Contains(plan, part) {
				t.Errorf("the plan has no %s:\n%s", part, plan)
			}
		}
	})
}
