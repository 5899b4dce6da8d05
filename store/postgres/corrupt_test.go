package postgres_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// failure is the error a list ends with, which must be the last of its pairs.
func failure[T any](list iter.Seq2[T, error]) (last error) {
	for _, err := range list {
		if last != nil {
			return errors.New("the list goes on behind " + last.Error()) // which is none that is looked for
		}
		last = err
	}
	return last
}

// Whoever comes across what cannot be read, or lies in a wrong place, is told so and where.
func TestCorruptRows(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		l := openLaned(on.T, on.url, 2, 9)
		for n := range 3 {
			e := transfer([]string{"a", "b", "c"}[n], bank, "merchants/m", 5)
			e.Reference = "order"
			mustPost(on.T, l.books[0], e)
		}
		conn := connect(on.T, on.url)
		id := ledger.AccountID{Path: "merchants/m", Currency: rupee()}
		ctx := on.Context()
		for _, test := range []struct {
			name, sql string
			read      func(ledger.Reader) error
			says      string
		}{
			{"no lanes", "ALTER TABLE accounts DROP CONSTRAINT accounts_lane_fkey; ALTER TABLE blocks DROP CONSTRAINT blocks_lane_fkey; DELETE FROM lanes",
				func(r ledger.Reader) error { _, err := r.Heads(ctx); return err }, "there are no lanes"},
			{"item of other bytes", `UPDATE items SET body = '\x0205' WHERE lane = 0 AND seq = 2`,
				func(r ledger.Reader) error { return failure(r.Items(ctx, 0, 1)) }, "item 2 of lane 0"},
			{"item in another's place", `UPDATE items SET body = (SELECT body FROM items WHERE lane = 0 AND seq = 3) WHERE lane = 0 AND seq = 2`,
				func(r ledger.Reader) error { return failure(r.Items(ctx, 0, 1)) }, "where item 2 of lane 0 should be lies item 3 of lane 0"},
			{"block of an item that is gone", "DELETE FROM items WHERE lane = 0 AND seq = 2",
				func(r ledger.Reader) error { return failure(r.Blocks(ctx, 0, 0)) }, "block 1 of lane 0 (items 2 to 2): stored data is corrupt: item 2 is not there"},
			{"block of an item of other bytes", `UPDATE items SET body = '\x0205' WHERE lane = 0 AND seq = 2`,
				func(r ledger.Reader) error { return failure(r.Blocks(ctx, 0, 0)) }, "block 1 of lane 0 (items 2 to 2): item 2 of lane 0"},
			{"movement of an item that is gone", "DELETE FROM items WHERE lane = 0 AND seq = 2",
				func(r ledger.Reader) error { return failure(r.Movements(ctx, id, ledger.Place{})) }, "item 2 of lane 0 is not in the journal"},
			{"movement at another time", "UPDATE postings SET booked_at = booked_at - interval '1 hour' WHERE lane = 0 AND seq = 2",
				func(r ledger.Reader) error { return failure(r.Movements(ctx, id, ledger.Place{})) }, "item 2 of lane 0, booked at 2026-03-02T12:00:00.000001Z, is listed as of 2026-03-02T11:00:00.000001Z"},
			{"movement of an item that is gone, by date", "DELETE FROM items WHERE lane = 0 AND seq = 2",
				func(r ledger.Reader) error { return failure(r.Dated(ctx, id, ledger.DatedPlace{})) }, "item 2 of lane 0 is not in the journal"},
			{"movement on another day", "UPDATE postings SET value_date = value_date - 1 WHERE lane = 0 AND seq = 2",
				func(r ledger.Reader) error { return failure(r.Dated(ctx, id, ledger.DatedPlace{})) }, "item 2 of lane 0, of value date 2026-03-02, is listed under 2026-03-01"},
			{"reference of another time", "UPDATE items SET booked_at = 'infinity' WHERE lane = 0 AND seq = 2",
				func(r ledger.Reader) error {
					return failure(r.Referenced(ctx, "order", ledger.Place{}))
				}, "item 2 of lane 0, booked at"},
			{"hash that is gone", "DELETE FROM log_hashes WHERE lane = 0 AND hash_no = 2",
				func(r ledger.Reader) error { _, err := r.Hashes(ctx, 0, []int64{2}); return err }, "hash 2 of lane 0 is not in the log"},
			{"one of several hashes that is gone", "DELETE FROM log_hashes WHERE lane = 0 AND hash_no = 2",
				func(r ledger.Reader) error { _, err := r.Hashes(ctx, 0, []int64{0, 2}); return err }, "hash 2 of lane 0 is not in the log"},
			{"hash behind those that were read", "DELETE FROM log_hashes WHERE lane = 0 AND hash_no = 2",
				func(r ledger.Reader) error {
					for _, at := range []int64{0, 1} {
						if _, err := r.Hashes(ctx, 0, []int64{at}); err != nil {
							return errors.New("hashes before it: " + err.Error())
						}
					}
					_, err := r.Hashes(ctx, 0, []int64{2})
					return err
				}, "hash 2 of lane 0 is not in the log"},
			{"account of no currency", "ALTER TABLE accounts DROP CONSTRAINT accounts_currency_fkey; UPDATE accounts SET currency = 'QQQ', name = convert_to(path || ' QQQ', 'UTF8') WHERE path = 'merchants/m'",
				func(r ledger.Reader) error { return failure(r.Accounts(ctx, "")) }, `account "merchants/m"`},
			{"account of a total nobody reaches", "UPDATE balances SET debits = 99999999999999999999999999999999999999; INSERT INTO balances (account_id, lane, debits) SELECT account_id, 1, debits FROM balances",
				func(r ledger.Reader) error { return failure(r.Accounts(ctx, "")) }, "account bank INR: "},
			{"balance of a total nobody reaches", "ALTER TABLE postings ALTER COLUMN debits_after TYPE numeric; UPDATE postings SET debits_after = 1e60",
				func(r ledger.Reader) error {
					_, err := r.BalanceBefore(ctx, id, ledger.Place{At: l.now().AddDate(1, 0, 0)})
					return err
				}, "balance of merchants/m INR"},
			{"record that says it is another", `INSERT INTO records (changed_at, kind, id, body) VALUES (now(), 'merchant', 'm', '{"id": "n"}')`,
				func(r ledger.Reader) error { return failure(r.Records(ctx, "merchant", "", "")) }, "record merchant/m says it is merchant/n"},
			{"record that cannot be read", `INSERT INTO records (changed_at, kind, id, body) VALUES (now(), 'merchant', 'm', '{"id": 5}')`,
				func(r ledger.Reader) error { return failure(r.Records(ctx, "merchant", "", "")) }, "record merchant/m"},
		} {
			on.Run(test.name, func(t *testing.T) { //nolint:paralleltest // on one connection
				tx, err := conn.Begin(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
				for statement := range strings.SplitSeq(test.sql, "; ") {
					if _, err := tx.Exec(ctx, statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
				err = test.read(postgres.Wrap(tx))
				if !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%v, want one that is corrupt and says %q", err, test.says)
				}
				if _, err := postgres.Wrap(tx).Hashes(ctx, 0, []int64{0}); err != nil {
					t.Errorf("nothing can be read any more: %v", err)
				}
			})
		}
		l.sound(on.T)
	})
}
