package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// damage is one change of what is stored that no program of ours makes.
type damage struct {
	name  string
	sql   string
	place string // that some finding names
}

// damages are planted one at a time in the same ledger. In their texts {item} is an entry on a spread account, {next} the one
// behind it in the lane, {hold} a hold; {spread} and {single} are accounts, {once} one that became single; {block} is the entry's.
var damages = []damage{
	{"item later", "UPDATE items SET booked_at = booked_at + interval '1 microsecond' WHERE {item}", "{item}, booked_at"},
	{"item at no time", "UPDATE items SET booked_at = 'infinity' WHERE {item}", "{item}, booked_at"},
	{"item before all time", "UPDATE items SET booked_at = '-infinity' WHERE {item}", "{item}, booked_at"},
	{"item at the end of days", "UPDATE items SET value_date = 'infinity' WHERE {item}", "{item}, value_date"},
	{"item of another day", "UPDATE items SET value_date = value_date + 1 WHERE {item}", "{item}, value_date"},
	{"item of no day", "ALTER TABLE items DROP CONSTRAINT items_value_date_given; UPDATE items SET value_date = NULL WHERE {item}", "{item}, value_date"},
	{"item in another lane", "UPDATE items SET lane = 1023 WHERE {item}", "items"},
	{"item moved up", "UPDATE items SET seq = 100000 WHERE {item}", "item 100000 of lane {lane}"},
	{"item that breached", "UPDATE items SET breached = NOT breached WHERE {item}", "{item}, breached"},
	{"item that was captured", "UPDATE items SET act = 'captured' WHERE {item}", "{item}, act"},
	{"item of another key", "UPDATE items SET key = 'another' WHERE {item}", "{item}, key"},
	{"item of no key", "UPDATE items SET key = NULL WHERE {item}", "{item}, key"},
	{"item of another kind", "UPDATE items SET kind = 'another' WHERE {item}", "{item}, kind"},
	{"item of another reference", "UPDATE items SET reference = 'another' WHERE {item}", "{item}, reference"},
	{"item of another owner", "UPDATE items SET owner = 'another' WHERE {item}", "{item}, owner"},
	{"item of another part", "UPDATE items SET part_of = 'another' WHERE {item}", "{item}, part_of"},
	{"item with metadata", `UPDATE items SET metadata = '{"channel": "shop"}' WHERE {item}`, "{item}, metadata"},
	{"item with other metadata", `UPDATE items SET metadata = '{"channel": 1}' WHERE {item}`, "{item}, metadata"},
	{"item of fewer accounts", "UPDATE items SET accounts = accounts[2:] WHERE {item}", "{item}, accounts"},
	{"item of more accounts", "UPDATE items SET accounts = accounts || 77::bigint WHERE {item}", "{item}, accounts"},
	{"item of an account twice", "UPDATE items SET accounts = accounts || accounts[1] WHERE {item}", "{item}, accounts"},
	{"hold of no accounts", "UPDATE items SET accounts = '{}' WHERE {hold}", "{hold}, accounts"},
	{"item of other bytes", "UPDATE items SET body = set_byte(body, 12, get_byte(body, 12) # 1) WHERE {item}", "item"},
	{"item of no bytes", `UPDATE items SET body = '\x00' WHERE {item}`, "{item}"},
	{"item with the bytes of the next", "UPDATE items SET body = (SELECT body FROM items WHERE {next}) WHERE {item}", "{item}"},
	{"item lost", "DELETE FROM items WHERE {item}", "{item}"},
	{"last item lost", "DELETE FROM items i WHERE i.lane = {lane} AND i.seq = (SELECT max(seq) FROM items WHERE lane = {lane})", "lane {lane}"},

	{"block of another leaf", "UPDATE blocks SET leaf = set_byte(leaf, 3, get_byte(leaf, 3) # 1) WHERE {block}", "block {no} of lane {lane}"},
	{"block shorter", "UPDATE blocks SET last_seq = first_seq WHERE {block}", "of lane {lane}"},
	{"block longer", "UPDATE blocks SET last_seq = last_seq + 1 WHERE {block}", "block {no} of lane {lane}"},
	{"block that begins elsewhere", "UPDATE blocks SET first_seq = last_seq WHERE {block}", "block {no} of lane {lane}"},
	{"block of another number", "UPDATE blocks SET block_no = 100000 WHERE {block}", "block 100000 of lane {lane}"},
	{"block moved behind the last", "UPDATE blocks SET first_seq = 100000, last_seq = 100001 WHERE {block}", "items 100000 to 100001"},
	{"block lost", "DELETE FROM blocks WHERE {block}", "{item}"},
	{"block too many", "INSERT INTO blocks (lane, block_no, first_seq, last_seq, leaf) SELECT lane, 100000, 100000, 100000, leaf FROM blocks WHERE {block}", "block 100000 of lane {lane}"},

	{"hash changed", "UPDATE log_hashes SET hash = set_byte(hash, 3, get_byte(hash, 3) # 1) WHERE lane = {lane} AND hash_no = 2", "block"},
	{"hash lost", "DELETE FROM log_hashes WHERE lane = {lane} AND hash_no = 2", "lane {lane}"},
	{"hash too many", "INSERT INTO log_hashes (lane, hash_no, hash) SELECT lane, 100000, hash FROM log_hashes WHERE lane = {lane} AND hash_no = 0", "lane {lane}"},
	{"hash of an unknown lane", "INSERT INTO log_hashes (lane, hash_no, hash) SELECT 1000, 0, hash FROM log_hashes WHERE lane = {lane} AND hash_no = 0", "log_hashes"},

	{"lane that ends earlier", "UPDATE lanes SET seq = seq - 1 WHERE lane = {lane}", "lane {lane}"},
	{"lane that ends at another time", "UPDATE lanes SET booked_at = booked_at + interval '1 microsecond' WHERE lane = {lane}", "head"},
	{"lane of more blocks", "UPDATE lanes SET blocks = blocks + 1 WHERE lane = {lane}", "lane {lane}"},
	{"lane of more accounts", "UPDATE lanes SET accounts = accounts + 1 WHERE lane = {lane}", "lane {lane}"},
	{"lane that is closed", "UPDATE lanes SET closed = '2026-06-01' WHERE lane = {lane}", "head"},
	{"lane that is closed for ever", "UPDATE lanes SET closed = 'infinity' WHERE lane = {lane}", "head"},
	{"lane of other peaks", "UPDATE lanes SET peaks = set_byte(peaks, 3, get_byte(peaks, 3) # 1) WHERE lane = {lane}", "lane {lane}, peaks"},
	{"lane of no peaks", "UPDATE lanes SET peaks = '' WHERE lane = {lane}", "lane {lane}, peaks"},

	{"posting lost", "DELETE FROM postings WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting of another amount", "UPDATE postings SET amount = amount + 1 WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting on the other side", "UPDATE postings SET side = 'D' WHERE {item} AND side = 'C'", "posting 1 of {item}"},
	{"posting of another day", "UPDATE postings SET value_date = value_date + 1 WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting at another time", "UPDATE postings SET booked_at = booked_at + interval '1 microsecond' WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting at no time", "UPDATE postings SET booked_at = 'infinity' WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting at the end of days", "UPDATE postings SET value_date = 'infinity' WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting of another number", "UPDATE postings SET no = 30 WHERE {item} AND no = 1", "posting 30 of {item}"},
	{"posting of another item", "UPDATE postings SET seq = seq + 1000 WHERE {item} AND no = 1", "posting 1 of {item}"},
	{"posting on another account", "UPDATE postings SET account_id = 77777 WHERE {item} AND no = 1", "posting 1 of {item} on account 77777"},
	{"posting twice", "INSERT INTO postings SELECT account_id, seq, booked_at, value_date, lane, no + 30, side, amount, debits_after, credits_after FROM postings WHERE {item} AND no = 1", "posting 31 of {item}"},
	{"posting of no item", "INSERT INTO postings SELECT account_id, 100000, booked_at, value_date, lane, no, side, amount, debits_after, credits_after FROM postings WHERE {item} AND no = 1", "posting 1 of item 100000"},
	{"debits after", "UPDATE postings SET debits_after = debits_after + 1 WHERE {item} AND no = 0", "posting 0 of {item} on account bank INR, totals after it"},
	{"credits after", "UPDATE postings SET credits_after = credits_after + 1 WHERE {item} AND no = 1", "posting 1 of {item} on account {spread name}, totals after it"},
	{"totals after on a single account", "UPDATE postings p SET credits_after = credits_after + 1 WHERE account_id = {single} AND NOT EXISTS (SELECT 1 FROM postings q WHERE q.account_id = p.account_id AND q.booked_at > p.booked_at)", "on account {single name}, totals after it"},

	{"share of other debits", "UPDATE balances SET debits = debits + 1 WHERE account_id = {spread} AND lane = {lane}", "account {spread name}, share of lane {lane}"},
	{"share of other credits", "UPDATE balances SET credits = credits + 1 WHERE account_id = {spread} AND lane = {lane}", "account {spread name}, share of lane {lane}"},
	{"shares that make up for each other", "UPDATE balances SET credits = credits + CASE lane WHEN 0 THEN 1 ELSE -1 END WHERE account_id = {spread} AND lane < 2", "account {spread name}, share of lane 0"},
	{"share of more held", "UPDATE balances SET held_debits = held_debits + 1 WHERE account_id = {spread} AND lane = {lane}", "account {spread name}"},
	{"share of more holds", "UPDATE balances SET holds = holds + 1 WHERE account_id = {spread} AND lane = {lane}", "account {spread name}"},
	{"share that ends earlier", "UPDATE balances SET last_seq = 1 WHERE account_id = {spread} AND lane = {lane}", "account {spread name}, share of lane {lane}"},
	{"share that ends at another time", "UPDATE balances SET last_at = last_at - interval '1 microsecond' WHERE account_id = {spread} AND lane = {lane}", "account {spread name}, share of lane {lane}"},
	{"share that ends at no time", "UPDATE balances SET last_at = 'infinity' WHERE account_id = {spread} AND lane = {lane}", "account {spread name}, share of lane {lane}"},
	{"share lost", "DELETE FROM balances WHERE account_id = {spread} AND lane = {lane}", "account {spread name}, share of lane {lane}"},
	{"share of no account", "INSERT INTO balances (account_id, lane) VALUES (99999, 0)", "account number 99999, which is not there, share of lane 0"},
	{"share of no lane", "INSERT INTO balances (account_id, lane) VALUES ({spread}, 1000)", "account {spread name}, share of lane 1000"},
	{"share of a single account", "INSERT INTO balances (account_id, lane) VALUES ({single}, 0)", "account {single name}, share of lane 0"},

	{"account renamed", "UPDATE accounts SET path = path || 'x', name = convert_to(path || 'x INR', 'UTF8') WHERE account_id = {spread}", "account {spread name}"},
	{"account of another number", "UPDATE accounts SET no = 99999, account_id = lane * 1099511627776 + 99999 WHERE account_id = {spread}", "account {spread name}"},
	{"account of another type", "UPDATE accounts SET type = 'income' WHERE account_id = {spread}", "account {spread name}"},
	{"account of no type", "ALTER TABLE accounts DROP CONSTRAINT accounts_type_known; UPDATE accounts SET type = 'none' WHERE account_id = {spread}", "accounts"},
	{"account frozen", "UPDATE accounts SET status = 'frozen' WHERE account_id = {spread}", "account {spread name}"},
	{"account opened later", "UPDATE accounts SET opened_at = opened_at + interval '1 microsecond' WHERE account_id = {spread}", "account {spread name}"},
	{"account opened at no time", "UPDATE accounts SET opened_at = 'infinity' WHERE account_id = {spread}", "account {spread name}"},
	{"account never to be single", "UPDATE accounts SET single_since = 'infinity' WHERE account_id = {once}", "account {once name}"},
	{"account that was never spread", "UPDATE accounts SET single_since = NULL WHERE account_id = {once}", "account {once name}"},
	{"account that is single later", "UPDATE accounts SET single_since = single_since + interval '10 minutes' WHERE account_id = {once}", "account {once name}"},
	{"account that was single too early", "UPDATE accounts SET single_since = opened_at - interval '1 hour' WHERE account_id = {once}", "account {once name}"},
	{"account of another floor", "UPDATE accounts SET floor = floor + 1 WHERE account_id = {single}", "account {single name}"},
	{"account of a ceiling", "UPDATE accounts SET ceiling = 5 WHERE account_id = {single}", "account {single name}"},
	{"account of fewer velocity limits", "UPDATE accounts SET velocity = velocity - 1, counters = counters - 1 WHERE account_id = {single}", "account {single name}"},
	{"account of velocity limits nobody knows", `UPDATE accounts SET velocity = '[{"per": "1y"}, {}]' WHERE account_id = {single}`, "accounts"},
	{"account that counted nothing", "UPDATE accounts SET counters = jsonb_set(counters, '{1,slots}', '[]') WHERE account_id = {single}", "account {single name}"},
	{"account with metadata", `UPDATE accounts SET metadata = '{"a": "b"}' WHERE account_id = {single}`, "account {single name}"},
	{"account limited by another item", "UPDATE accounts SET limits_seq = limits_seq + 1 WHERE account_id = {single}", "account {single name}"},
	{"account limited in another lane", "UPDATE accounts SET limits_lane = limits_lane + 1 WHERE account_id = {single}", "account {single name}"},
	{"account of other debits", "UPDATE accounts SET debits = debits + 1 WHERE account_id = {single}", "account {single name}"},
	{"account of other credits", "UPDATE accounts SET credits = credits + 1 WHERE account_id = {single}", "account {single name}"},
	{"account of more held", "UPDATE accounts SET held_debits = held_debits + 1 WHERE account_id = {single}", "account {single name}"},
	{"account of more holds", "UPDATE accounts SET holds = holds + 1 WHERE account_id = {single}", "account {single name}"},
	{"account that ends earlier", "UPDATE accounts SET last_seq = last_seq - 1 WHERE account_id = {single}", "account {single name}"},
	{"account that ends at another time", "UPDATE accounts SET last_at = last_at + interval '1 microsecond' WHERE account_id = {single}", "account {single name}"},
	{"account lost", "DELETE FROM accounts WHERE account_id = {spread}", "account {spread name}"},
	{"account too many", "INSERT INTO accounts (account_id, lane, no, path, currency, name, type, status, opened_at, single) SELECT lane * 1099511627776 + 99999, lane, 99999, 'zz', 'INR', 'zz INR', type, status, opened_at, false FROM accounts WHERE account_id = {spread}", "account zz INR"},

	{"record under another id", "UPDATE records SET id = 'another' WHERE kind = 'merchant' AND id = (SELECT id FROM records WHERE kind = 'merchant' ORDER BY id LIMIT 1)", "record merchant/another"},
	{"record of another shape", `UPDATE records SET body = '{"id": 5}' WHERE kind = 'merchant' AND id = (SELECT id FROM records WHERE kind = 'merchant' ORDER BY id LIMIT 1)`, "record merchant/m"},
	{"record of no kind", "UPDATE records SET kind = 'none' WHERE kind = 'merchant' AND id = (SELECT id FROM records WHERE kind = 'merchant' ORDER BY id LIMIT 1)", "record none/m"},
	{"hold lost", "DELETE FROM records WHERE kind = 'ledger_hold' AND id = (SELECT id FROM records WHERE kind = 'ledger_hold' ORDER BY id LIMIT 1)", "record ledger_hold/key"},
	{"hold of another amount", `UPDATE records SET body = jsonb_set(body, '{Legs,0,Amount}', '"1"') WHERE kind = 'ledger_hold' AND id = (SELECT id FROM records WHERE kind = 'ledger_hold' ORDER BY id LIMIT 1)`, "record ledger_hold/key"},

	{"currency of another unit", "UPDATE currencies SET minor_unit = 0.001 WHERE code = 'INR'", "currency INR"},
	{"currency lost", "DELETE FROM currencies WHERE code = 'CHF'", "currency CHF"},
	{"lease for ever", "INSERT INTO leases (name, owner, token, expires_at) VALUES ('jobs', 'x', 1, 'infinity')", "lease jobs"},
	{"lease of nobody", "INSERT INTO leases (name, owner, token, expires_at) VALUES ('jobs', '', 1, now() + interval '1 minute')", "lease jobs"},
}

// Every damage is found, by Verify or by the store's own Check, and its place named.
func TestDamage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("verifies the books once for each damage")
	}
	onServers(t, func(on database) {
		l := openLaned(on.T, on.url, 4, 7)
		l.history(on.T, 300)
		l.sound(on.T)
		conn := connect(on.T, on.url)
		names := victims(on.T, conn)
		for _, d := range damages {
			on.Run(d.name, func(t *testing.T) { plant(t, conn, d, names) }) //nolint:paralleltest // on one connection
		}
		l.sound(on.T)
	})
}

// victims gives what the names in the texts of damages stand for.
func victims(t *testing.T, conn *pgx.Conn) map[string]string {
	t.Helper()
	var item, hold struct{ lane, seq int64 }
	var block, spread, single, once int64
	var spreadName, singleName, onceName string
	for _, q := range []struct {
		sql  string
		into []any
	}{
		{`SELECT i.lane, i.seq, b.block_no, a.account_id, convert_from(a.name, 'UTF8') FROM items i JOIN postings p ON p.lane = i.lane AND p.seq = i.seq AND p.no = 1
			JOIN accounts a ON a.account_id = p.account_id AND NOT a.single JOIN blocks b ON b.lane = i.lane AND i.seq BETWEEN b.first_seq AND b.last_seq
			WHERE i.act = 'posted' AND i.lane < 2 AND i.seq > 10 AND b.last_seq > b.first_seq AND i.seq < b.last_seq AND i.metadata IS NULL AND p.side = 'C'
			AND (SELECT count(*) FROM balances s WHERE s.account_id = a.account_id AND s.lane < 2 AND s.credits > 0) = 2 ORDER BY i.lane, i.seq LIMIT 1`,
			[]any{&item.lane, &item.seq, &block, &spread, &spreadName}},
		{"SELECT lane, seq FROM items WHERE act = 'held' ORDER BY lane, seq LIMIT 1", []any{&hold.lane, &hold.seq}},
		{"SELECT account_id, convert_from(name, 'UTF8') FROM accounts WHERE single AND single_since IS NULL AND debits > 0 ORDER BY account_id LIMIT 1", []any{&single, &singleName}},
		{`SELECT account_id, convert_from(name, 'UTF8') FROM accounts a WHERE single_since IS NOT NULL
			AND (SELECT count(DISTINCT lane) FROM postings p WHERE p.account_id = a.account_id AND p.booked_at < single_since) > 1
			AND EXISTS (SELECT 1 FROM postings p WHERE p.account_id = a.account_id AND p.booked_at > single_since) ORDER BY account_id LIMIT 1`, []any{&once, &onceName}},
	} {
		if err := conn.QueryRow(t.Context(), q.sql).Scan(q.into...); err != nil {
			t.Fatalf("%s: %v", q.sql, err)
		}
	}
	where := func(lane, seq int64) string { return fmt.Sprintf("lane = %d AND seq = %d", lane, seq) }
	return map[string]string{
		"{item}": where(item.lane, item.seq), "{next}": where(item.lane, item.seq+1), "{hold}": where(hold.lane, hold.seq),
		"{block}": fmt.Sprintf("lane = %d AND block_no = %d", item.lane, block), "{lane}": fmt.Sprint(item.lane), "{no}": fmt.Sprint(block),
		"{spread}": fmt.Sprint(spread), "{single}": fmt.Sprint(single), "{once}": fmt.Sprint(once),
		"{spread name}": spreadName, "{single name}": singleName, "{once name}": onceName,
	}
}

// named puts names into a text, items as people call them or as conditions.
func (d damage) named(text string, names map[string]string, forPeople bool) string {
	for name, stands := range names {
		if forPeople && strings.HasPrefix(stands, "lane = ") {
			var lane, seq int
			if _, err := fmt.Sscanf(stands, "lane = %d AND seq = %d", &lane, &seq); err == nil {
				stands = fmt.Sprintf("item %d of lane %d", seq, lane)
			}
		}
		text = strings.ReplaceAll(text, name, stands)
	}
	return text
}

// plant does a damage in a transaction that is given up, and looks for it there.
func plant(t *testing.T, conn *pgx.Conn, d damage, names map[string]string) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	for statement := range strings.SplitSeq(d.named(d.sql, names, false), "; ") {
		tag, err := tx.Exec(t.Context(), statement)
		if err != nil || !tag.Insert() && !strings.HasPrefix(statement, "ALTER") && tag.RowsAffected() == 0 {
			t.Fatalf("%s: %s, %v", statement, tag, err)
		}
	}
	books, err := ledger.New(inside{tx: tx}, ledger.Config{Chart: lanedChart(t)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := books.Verify(t.Context())
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	place := d.named(d.place, names, true)
	for _, f := range v.Findings {
		if strings.Contains(f.Place, place) && f.Want != f.Have {
			return
		}
	}
	t.Errorf("no finding at %q:", place)
	for _, f := range v.Findings {
		t.Log(f)
	}
}

// inside is a store that is a transaction of the test's.
type inside struct {
	ledger.Store
	tx pgx.Tx
}

// Read implements ledger.Store.
func (s inside) Read(_ context.Context, fn func(ledger.Reader) error) error {
	return fn(postgres.Wrap(s.tx))
}
