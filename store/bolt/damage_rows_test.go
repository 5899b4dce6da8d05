package bolt_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// damageRow is one kind of damage, done behind the ledger's back.
type damageRow struct {
	name   string
	bucket string
	damage func(*bbolt.Bucket) error
	place  string // of one of the findings
	want   string // part of it
}

const ofAccount = "account " + available + " INR"

func accountDamage() []damageRow {
	key := []byte(available + "\x00INR")
	return []damageRow{
		{"a byte of an account", "accounts", flip(key, 0), ofAccount, "want no 2 liability"},
		{"debits", "accounts", account(func(a *ledger.Account) { a.Debits = money.Minor(357) }), ofAccount, "debits 358 credits 808 "},
		{"credits", "accounts", account(func(a *ledger.Account) { a.Credits = money.Minor(9999) }), ofAccount, "credits 9999 "},
		{"what is held", "accounts", account(func(a *ledger.Account) { a.HeldDebits = money.Minor(0) }), ofAccount, "have no 2 liability open opened 2026-03-02T12:00:00Z debits 358 credits 808 held 0 and 0"},
		{"what is held of what comes", "accounts", account(func(a *ledger.Account) { a.HeldCredits = money.Minor(1) }), ofAccount, "held 68 and 1 "},
		{"number of holds", "accounts", account(func(a *ledger.Account) { a.Holds = 1 }), ofAccount, "in 1 holds"},
		{"status", "accounts", account(func(a *ledger.Account) { a.Status = ledger.Frozen }), ofAccount, "have no 2 liability frozen"},
		{"type", "accounts", account(func(a *ledger.Account) { a.Type = ledger.Equity }), ofAccount, "have no 2 equity"},
		{"number", "accounts", account(func(a *ledger.Account) { a.No = 4 }), ofAccount, "have no 4 liability"},
		{"day of opening", "accounts", account(func(a *ledger.Account) { a.Opened = noon().AddDate(0, 0, 1) }), ofAccount, "opened 2026-03-03"},
		{"floor", "accounts", account(func(a *ledger.Account) { a.Floor = money.Minor(-500) }), ofAccount, "limits floor -500 ceiling 1000000 "},
		{"floor gone", "accounts", account(func(a *ledger.Account) { a.Limited = false }), ofAccount, "limits ceiling 1000000 "},
		{"ceiling", "accounts", account(func(a *ledger.Account) { a.Ceiling = money.Minor(5) }), ofAccount, "ceiling 5 "},
		{"velocity limit", "accounts", account(func(a *ledger.Account) { a.Velocity[0].Max = money.Minor(77) }), ofAccount, "24h out sum at most 77"},
		{"velocity counter", "accounts", account(func(a *ledger.Account) { a.Counters[0].Slots[0].Total = money.Minor(1) }), ofAccount, "counted "},
		{"velocity counter, its beginning", "accounts", account(func(a *ledger.Account) { a.Counters[1].Since = 1 }), ofAccount, "counted "},
		{"velocity counter gone", "accounts", account(func(a *ledger.Account) { a.Counters[0].Slots = nil }), ofAccount, "counted "},
		{"metadata of an account", "accounts", account(func(a *ledger.Account) { a.Metadata[0].Value = "Bilal" }), ofAccount, "metadata [{owner Bilal}]"},
		{"last act on an account", "accounts", account(func(a *ledger.Account) { a.Seq = 3 }), ofAccount, "seq 3,"},
		{"act that set the limits", "accounts", account(func(a *ledger.Account) { a.LimitsSeq = 2 }), ofAccount, "of seq 2"},
		{"account cut", "accounts", set(key, []byte("x")), "accounts", "account " + available + " INR: "},
		{"account empty", "accounts", set(key, nil), "accounts", "account " + available + " INR: "},
		{"account of no currency", "accounts", set([]byte("bank\x00XXX"), nil), "accounts", `account key "bank\x00XXX"`},
		{"account without currency", "accounts", set([]byte("bank"), nil), "accounts", `account key "bank"`},
		{"account gone", "accounts", remove(key), ofAccount, "have no such account"},
		{"account renamed", "accounts", file(key, []byte("merchants/m3/available\x00INR")), "account merchants/m3/available INR", "want no such account"},
	}
}

func indexDamage() []damageRow {
	const moved, dated = "movements of " + available + " INR", "dated movements of " + available + " INR"
	return []damageRow{
		{"key", "keys", flip([]byte("m7"), 7), `key "m7"`, "want item 10: 000000000000000a, have 000000000000000b"},
		{"key cut", "keys", set([]byte("m7"), []byte{1}), `key "m7"`, "have 01"},
		{"key gone", "keys", remove([]byte("m7")), `key "m7"`, "want item 10, have nothing"},
		{"key of a hold gone", "keys", remove([]byte("h-open")), `key "h-open"`, "want item 107, have nothing"},
		{"burnt key gone", "keys", remove([]byte("broke-1")), `key "broke-1"`, "want item 119, have nothing"},
		{"burnt keys exchanged", "keys", set([]byte("broke-1"), be(120)), `key "broke-1"`, "want item 119: "},
		{"key too many", "keys", set([]byte("m777"), be(10)), `keys "m777"`, "one that no item makes"},
		{"key renamed", "keys", file([]byte("m7"), []byte("n7")), `keys "n7"`, "one that no item makes"},
		{"movement gone", "movements", remove(key(2, 10)), moved, "want item 10, have nothing"},
		{"running total", "movements", flip(key(2, 10), -1), moved, "want item 10: "},
		{"running total cut", "movements", set(key(2, 10), nil), moved, "want item 10: "},
		{"movement too many", "movements", set(key(3, 10), make([]byte, 32)), `movements "`, "one that no item makes"},
		{"movement of nobody", "movements", set(key(9, 10), nil), `movements "`, "one that no item makes"},
		{"movement of no item", "movements", set(key(2, 999), nil), `movements "`, "one that no item makes"},
		{"movement of a hold", "movements", set(key(2, 107), nil), `movements "`, "one that no item makes"},
		{"movement cut", "movements", set([]byte("x"), nil), `movements "x"`, "one that no item makes"},
		{"dated movement gone", "dated", remove(key(2, "2026-03-01", 106)), dated, "want item 106, have nothing"},
		{"dated movement of another day", "dated", file(key(2, "2026-03-01", 106), key(2, "2026-03-02", 106)), `dated "`, "one that no item makes"},
		{"dated movement too many", "dated", set(key(3, "2026-03-02", 10), nil), `dated "`, "one that no item makes"},
		{"dated movement with a value", "dated", set(key(2, "2026-03-01", 106), []byte("x")), dated, "have 78"},
		{"day's sum", "days", flip(key(2, "2026-03-01"), -1), "sums of account 2 on 2026-03-01", "want debits 0, credits 7, have "},
		{"day's sum gone", "days", remove(key(2, "2026-03-01")), "sums of account 2 on 2026-03-01", "want debits 0, credits 7, have "},
		{"day's sum too many", "days", set(key(2, "2026-02-01"), make([]byte, 32)), `days "`, "one that no item makes"},
		{"reference gone", "references", remove(append([]byte("order-1\x00"), be(1)...)), `reference "order-1"`, "want item 1, have nothing"},
		{"reference too many", "references", set(append([]byte("order-1\x00"), be(2)...), nil), `references "order-1`, "one that no item makes"},
		{"reference cut", "references", set([]byte("order"), nil), `references "order"`, "one that no item makes"},
		{"reference with a value", "references", set(append([]byte("order-1\x00"), be(1)...), []byte("x")), `reference "order-1"`, "have 78"},
	}
}

func journalDamage() []damageRow {
	return []damageRow{
		{"an amount", "journal", page(103, func(b []*ledger.Booked) { b[0].Postings[0].Amount = money.Minor(4) }), "block 3 (items 103 to 103)", "log hash "},
		{"an amount, balanced", "journal", page(121, func(b []*ledger.Booked) {
			b[0].Postings[0].Amount, b[0].Postings[1].Amount = money.Minor(4), money.Minor(4)
		}), "block 8 (items 121 to 121)", "log hash "},
		{"a value date", "journal", page(121, func(b []*ledger.Booked) { b[0].ValueDate = calendar.MustDate("2026-03-01") }), "block 8 (items 121 to 121)", "log hash "},
		{"an instant", "journal", page(121, func(b []*ledger.Booked) { b[0].At = noon() }), `item 121 (posted "last")`, "booked at or after "},
		{"an act", "journal", page(104, func(b []*ledger.Booked) { b[10].Act = ledger.Expired }), "block 4 (items 104 to 117)", "log hash "},
		{"an act that does not fit", "journal", page(104, func(b []*ledger.Booked) { b[3].Act = ledger.Released }), `item 107 (released "h-open")`, "an item that fits those before it"},
		{"an opened account", "journal", page(1, func(b []*ledger.Booked) { b[0].Opened = nil }), `item 1 (posted "s1")`, "was never opened"},
		{"a mark of a breach", "journal", page(121, func(b []*ledger.Booked) { b[0].Breached = true }), `item 121 (posted "last")`, "want breaching a limit: false, have marked true"},
		{"a closed day", "journal", page(104, func(b []*ledger.Booked) { b[13].Through = calendar.MustDate("2026-01-31") }), "head", "closed through 2026-01-31"},
		{"limits that were set", "journal", page(104, func(b []*ledger.Booked) { b[0].Change.Limits.Ceiling = money.Minor(1) }), "block 4 (items 104 to 117)", "log hash "},
		{"a refusal", "journal", page(119, func(b []*ledger.Booked) { b[0].Refusal.Failure.Has = money.Minor(1) }), "block 6 (items 119 to 119)", "log hash "},
		{"a sequence", "journal", page(104, func(b []*ledger.Booked) { b[1].Seq = 155 }), `item 155 (changed "freeze")`, "want sequence 105, have 155"},
		{"two items exchanged", "journal", page(3, func(b []*ledger.Booked) { b[1], b[2] = b[2], b[1] }), `item 5 (posted "m2")`, "want sequence 4, have 5"},
		{"what two items say exchanged", "journal", page(3, func(b []*ledger.Booked) {
			b[1].Seq, b[2].Seq = b[2].Seq, b[1].Seq
			b[1], b[2] = b[2], b[1]
		}), "block 2 (items 3 to 102)", "log hash "},
		{"a lane", "journal", page(103, func(b []*ledger.Booked) { b[0].Lane = 1 }), "block 3 (items 103 to 103)", "want lane 1, which item 103 is in, have lane 0"},
		{"two pages exchanged", "journal", func(b *bbolt.Bucket) error {
			one, other := bytes.Clone(b.Get(be(119))), bytes.Clone(b.Get(be(120)))
			return errors.Join(b.Put(be(119), other), b.Put(be(120), one))
		}, "block after item 118", "does not begin with the entry it is filed under"},
		{"two blocks exchanged", "journal", func(b *bbolt.Bucket) error {
			one, other := bytes.Clone(b.Get(be(119))), bytes.Clone(b.Get(be(120)))
			return errors.Join(b.Put(be(119), relabelled(other, 119)), b.Put(be(120), relabelled(one, 120)))
		}, "block 6 (items 119 to 119)", "log hash "},
		{"a byte of a key", "journal", flip(be(121), -70), "block after item 120", ""},
		{"a length", "journal", flip(be(1), 0), "block after item 0", "journal page 0000000000000001"},
		{"the version", "journal", flip(be(103), 2), "block after item 102", "item version 3, this program knows 2"},
		{"page empty", "journal", set(be(103), nil), "block after item 102", "does not begin with the entry it is filed under"},
		{"page gone", "journal", remove(be(103)), "block after item 102", "block 0000000000000067 has 14 entries, its header says 1"},
		{"page gone in the middle", "journal", remove(be(3)), "block after item 2", "entries, its header says 100"},
		{"page misfiled", "journal", file(be(121), be(122)), "block after item 120", "journal page 000000000000007a does not begin"},
		{"page under a short key", "journal", file(be(1), []byte{0}), "indexes", "journal page 00 does not begin"},
		{"page under two short keys", "journal", func(b *bbolt.Bucket) error {
			return errors.Join(b.Put([]byte{0}, []byte("x")), b.Put([]byte{0, 0}, bytes.Clone(b.Get(be(1)))))
		}, `journal "\x00"`, "something that no program of this format writes"},
		{"page too many", "journal", func(b *bbolt.Bucket) error { return b.Put(be(122), relabelled(b.Get(be(121)), 122)) },
			"journal", "want items 1 to 121, each once, have item 122 behind item 121"},
		{"block header, the lane", "blocks", flip(be(3), 1), "block 2 (items 3 to 102)", "want lane 0, which item 3 is in, have lane 1"},
		{"block header, the number of items", "blocks", flip(be(3), 9), "block 2 (items 3 to 103)", "log hash 1: "},
		{"block header, no items", "blocks", flip(be(103), 9), "block after item 102", "its header says 0"},
		{"block header cut", "blocks", set(be(121), []byte("x")), "block after item 120", "block header has 1 bytes, not 10"},
		{"block header gone", "blocks", remove(be(3)), "block 2 (items 103 to 103)", "log hash "},
		{"first block header gone", "blocks", remove(be(1)), "block 1 (items 3 to 102)", "log hash "},
		{"last block header gone", "blocks", remove(be(121)), "head", "want lane 0 seq 120 "},
		{"block header misfiled", "blocks", file(be(121), be(122)), "block after item 120", "block 000000000000007a has 0 entries"},
		{"block header in front of the first", "blocks", set([]byte{0}, []byte("x")), "block after item 0", "block header has 1 bytes, not 10"},
		{"block header under two short keys", "blocks", func(b *bbolt.Bucket) error {
			header := bytes.Clone(b.Get(be(1)))
			return errors.Join(b.Put([]byte{0}, header), b.Put([]byte{0, 0}, header))
		}, `blocks "\x00"`, "something that no program of this format writes"},
		{"block header under a short key", "blocks", file(be(121), []byte{255}), "block after item 120", "block ff has 0 entries, its header says 1"},
		{"log hash of a block", "hashes", flip(be(0), 5), "block 1 (items 1 to 2)", "want log hash 0: "},
		{"log hash of a tree", "hashes", flip(be(2), 5), "block 2 (items 3 to 102)", "want log hash 2: "},
		{"log hash cut", "hashes", set(be(3), []byte("x")), "block 3 (items 103 to 103)", "log hash 3 is 78"},
		{"log hash gone", "hashes", remove(be(14)), "block 8 (items 121 to 121)", "log hash 14 is "},
		{"log hash too many", "hashes", set(be(15), make([]byte, 32)), `hashes "`, "one that no item makes"},
	}
}

// relabelled gives the page of one item with another sequence.
func relabelled(page []byte, seq uint64) []byte {
	_, used := binary.Uvarint(page)
	item, err := ledger.DecodeItem(page[used:])
	if err != nil {
		return []byte(err.Error())
	}
	item.Seq = seq
	canonical := item.AppendCanonical(nil)
	return append(binary.AppendUvarint(nil, uint64(len(canonical))), canonical...)
}

func otherDamage() []damageRow {
	const holds, expiries, reversals, merchants = "records/ledger_hold", "records/ledger_expiry", "records/ledger_reversal", "records/merchant"
	open := ledger.HoldOpen
	return []damageRow{
		{"a byte of the head", "meta", flip([]byte("head"), 9), "head", "want a readable head"},
		{"head, the lane", "meta", head(1), "head", "have lane 1 seq 121 "},
		{"head, the sequence", "meta", head(9), "head", "have lane 0 seq 120 "},
		{"head, the instant", "meta", head(16), "head", "want lane 0 seq 121 at 2026-03-02T14:00:00.000003Z"},
		{"head, the accounts", "meta", head(25), "head", ", 5 accounts"},
		{"head, the blocks", "meta", head(33), "head", ", 9 blocks"},
		{"head, the closed day", "meta", head(37), "head", "closed through 2026-02-27"},
		{"head cut", "meta", set([]byte("head"), []byte("xy")), "head", "head is 7879"},
		{"head gone", "meta", remove([]byte("head")), "head", "have lane 0 seq 0 "},
		{"something beside the head", "meta", set([]byte("tail"), nil), `meta "tail"`, "something that no program of this format writes"},
		{"something beside the buckets", "", set([]byte("tail"), nil), `bucket "tail"`, "something that no program of this format writes"},

		{"hold, what was captured", holds, record("h-part", func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(30) }), "record ledger_hold/h-part", `"Captured":"30"`},
		{"hold, its status", holds, record("h-released", func(h *ledger.HoldState) { h.Status, h.Ended = open, 0 }), "record ledger_hold/h-released", `have {"Key":"h-released"`},
		{"hold, expired and captured again", holds, record("h-expired", func(h *ledger.HoldState) { h.Status = ledger.HoldCaptured }), "record ledger_hold/h-expired", `"Status":2`},
		{"hold, its end", holds, record("h-open", func(h *ledger.HoldState) { h.Expires = noon() }), "record ledger_hold/h-open", `"Expires":"2026-03-02T12:00:00Z"`},
		{"a byte of a hold", holds, flip([]byte("h-open"), 9), "record ledger_hold/h-open", "does not fit its checksum"},
		{"hold gone", holds, remove([]byte("h-open")), "record ledger_hold/h-open", "have no such record"},
		{"hold too many", holds, func(b *bbolt.Bucket) error {
			return errors.Join(record("h-open", func(h *ledger.HoldState) { h.Key = "h-more" })(b), file([]byte("h-open"), []byte("h-more"))(b))
		}, "record ledger_hold/h-more", "want no such record"},
		{"expiry gone", expiries, func(b *bbolt.Bucket) error { k, _ := b.Cursor().First(); return b.Delete(bytes.Clone(k)) }, "record ledger_expiry/80064c318f353000/h-part", "have no such record"},
		{"expiry too many", expiries, func(b *bbolt.Bucket) error {
			e := &ledger.Expiry{Hold: "h-open", Expires: noon()}
			data, err := json.Marshal(e)
			return errors.Join(err, b.Put([]byte(e.Ref().ID), sealed(data)))
		}, "record ledger_expiry/" + (&ledger.Expiry{Hold: "h-open", Expires: noon()}).Ref().ID, "want no such record"},
		{"reversal, what was taken back", reversals, record("s1", func(r *ledger.TakenBack) { r.Legs[0].Amount = money.Minor(1) }), "record ledger_reversal/s1", `"Amount":"1"`},
		{"reversal gone", reversals, remove([]byte("p1")), "record ledger_reversal/p1", "have no such record"},

		{"a letter of a record of a room", merchants, flip([]byte("m1"), 20), "record merchant/m1", "does not fit its checksum"},
		{"checksum of a record of a room", merchants, flip([]byte("m2"), -1), "record merchant/m2", "does not fit its checksum"},
		{"record of a room misfiled", merchants, file([]byte("m1"), []byte("m3")), "record merchant/m3", "says it is merchant/m1"},
		{"record of a room cut", merchants, set([]byte("m1"), []byte("{}")), "record merchant/m1", "does not fit its checksum"},
		{"record of a room gone", merchants, remove([]byte("m1")), "records of kind merchant", "want 2 records, sum "},
		{"record of a room changed, with its checksum", merchants, record("m1", func(r *map[string]any) { (*r)["name"] = "Bilal" }), "records of kind merchant", "have 2 records, sum "},
		{"records of a room all gone", "records", func(b *bbolt.Bucket) error { return b.DeleteBucket([]byte("merchant")) }, "records of kind merchant", "have 0 records"},
		{"sum of a room's records", "meta", flip([]byte("records/merchant"), 12), "records of kind merchant", "want a readable sum"},
		{"sum of a room's records gone", "meta", remove([]byte("records/merchant")), "records of kind merchant", "want 0 records"},
		{"record of no kind", "records", func(b *bbolt.Bucket) error {
			kind, err := b.CreateBucket([]byte("stranger"))
			if err != nil {
				return err
			}
			return kind.Put([]byte("x"), []byte("{}"))
		}, "record stranger/x", "are not known to this store"},
		{"something beside the records", "records", set([]byte("tail"), nil), `records "tail"`, "something that no program of this format writes"},
	}
}
