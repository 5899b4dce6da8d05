package bolt_test

import (
	"bytes"
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
		{"a byte of an account", "accounts", flip(key, 0), "accounts", "account " + available + " INR does not fit its checksum"},
		{"checksum of an account", "accounts", flip(key, -1), "accounts", "account " + available + " INR does not fit its checksum"},
		{"debits", "accounts", account(func(a *ledger.Account) { a.Debits = money.Minor(357) }), "accounts", "account " + available + " INR keeps debits 357 and credits 0, which the indexes have"},
		{"credits", "accounts", account(func(a *ledger.Account) { a.Credits = money.Minor(9999) }), "accounts", "account " + available + " INR keeps debits 0 and credits 9999"},
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
		// An earlier one than the last movement's means nothing: that says when the account moved.
		{"last act on an account", "accounts", account(func(a *ledger.Account) { a.Seq = 122 }), ofAccount, "seq 122,"},
		{"last act on an account that never moved", "accounts", accountAt("merchants/m2/available", func(a *ledger.Account) { a.Seq = 3 }), "account merchants/m2/available INR", "seq 3,"},
		{"act that set the limits", "accounts", account(func(a *ledger.Account) { a.LimitsSeq = 2 }), ofAccount, "of seq 2"},
		{"account cut", "accounts", set(key, []byte("x")), "accounts", "account " + available + " INR does not fit its checksum"},
		{"account empty", "accounts", set(key, nil), "accounts", "account " + available + " INR does not fit its checksum"},
		{"account cut, with its checksum", "accounts", set(key, sealed([]byte("x"))), "accounts", "account " + available + " INR: "},
		{"account with more behind it", "accounts", func(b *bbolt.Bucket) error {
			value := b.Get(key)
			return b.Put(key, sealed(append(bytes.Clone(value[:len(value)-4]), 0)))
		}, "accounts", "account " + available + " INR: "},
		{"account of no currency", "accounts", set([]byte("bank\x00XXX"), nil), "accounts", `account key "bank\x00XXX"`},
		{"account without currency", "accounts", set([]byte("bank"), nil), "accounts", `account key "bank"`},
		{"account gone", "accounts", remove(key), ofAccount, "have no such account"},
		{"account renamed", "accounts", file(key, []byte("merchants/m3/available\x00INR")), "account merchants/m3/available INR", "want no such account"},
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
		{"a sequence", "journal", page(104, func(b []*ledger.Booked) { b[1].Seq = 155 }), "block after item 103", "where item 105 should be lies item 155"},
		{"two items exchanged", "journal", page(3, func(b []*ledger.Booked) { b[1], b[2] = b[2], b[1] }), "block after item 2", "where item 4 should be lies item 5"},
		{"what two items say exchanged", "journal", page(3, func(b []*ledger.Booked) {
			b[1].Seq, b[2].Seq = b[2].Seq, b[1].Seq
			b[1], b[2] = b[2], b[1]
		}), "block 2 (items 3 to 102)", "log hash "},
		{"a lane", "journal", page(104, func(b []*ledger.Booked) { b[1].Lane = 1 }), "block 4 (items 104 to 117)", "want lane 1, which item 105 is in, have lane 0"},
		{"a block's lane", "journal", page(103, func(b []*ledger.Booked) { b[0].Lane = 1 }), "block 3 (items 103 to 103)", "log hash 3: "},
		{"two pages exchanged", "journal", func(b *bbolt.Bucket) error {
			one, other := bytes.Clone(b.Get(be(119))), bytes.Clone(b.Get(be(120)))
			return errors.Join(b.Put(be(119), other), b.Put(be(120), one))
		}, "block after item 118", "where item 119 should be lies item 120"},
		{"two blocks exchanged", "journal", func(b *bbolt.Bucket) error {
			one, other := bytes.Clone(b.Get(be(119))), bytes.Clone(b.Get(be(120)))
			return errors.Join(b.Put(be(119), relabelled(other, 119)), b.Put(be(120), relabelled(one, 120)))
		}, "block 6 (items 119 to 119)", "log hash "},
		{"a byte of a key", "journal", flip(be(121), -70), "block after item 120", ""},
		{"a length", "journal", flip(be(1), 1+32), "block after item 0", "block 0000000000000001: item 1: "},
		{"the version", "journal", flip(be(103), 1+32+2), "block after item 102", "item version 3, this program knows 2"},
		{"page empty", "journal", set(be(103), nil), "block after item 102", "journal page 0000000000000067 cannot be read"},
		{"page without items", "journal", set(be(103), []byte{1}), "block after item 102", "journal page 0000000000000067 cannot be read"},
		{"page gone", "journal", remove(be(103)), `item 104 (changed "limits")`, "want sequence 103, have 104"},
		{"first page gone", "journal", remove(be(1)), `item 3 (posted "m0")`, "want sequence 1, have 3"},
		{"last page gone", "journal", remove(be(121)), "head", "want lane 0 seq 120 "},
		{"page gone in the middle", "journal", remove(be(3)), "block after item 2", "no block begins there"},
		{"page of a block's end gone", "journal", removeNth(2), "block after item 2", "a page of item "},
		{"page misfiled", "journal", file(be(121), be(122)), "block after item 120", "where item 122 should be lies item 121"},
		{"page under a short key", "journal", file(be(1), []byte{0}), "indexes", "journal page 00 cannot be read"},
		{"page under two short keys", "journal", func(b *bbolt.Bucket) error {
			return errors.Join(b.Put([]byte{0}, []byte("x")), b.Put([]byte{0, 0}, bytes.Clone(b.Get(be(1)))))
		}, `journal "\x00"`, "something that no program of this format writes"},
		{"page too many", "journal", func(b *bbolt.Bucket) error { return b.Put(be(122), relabelled(b.Get(be(121)), 122)) },
			"journal", "want items 1 to 121, each once, have item 122 behind item 121"},
		{"block header, an item more", "journal", header(3, 101), "block after item 2", "a page of item 103 follows item 102"},
		{"block header, an item less", "journal", header(3, 99), "block after item 2", "it has 100 items, its header says 99"},
		{"block header, fewer items than its first page has", "journal", header(3, 1), "block after item 2", "its header says 1"},
		{"block header, more items than there are", "journal", header(121, 1<<62), "block after item 120", "it has 1 items, its header says "},
		{"block header, no items", "journal", header(103, 0), "block after item 102", "no block begins there"},
		{"first block header, no items", "journal", header(1, 0), "block after item 0", "no block begins there"},
		{"last block header, no items", "journal", header(121, 0), "block after item 120", "no block begins there"},
		{"block header where none begins", "journal", headerNth(2, 50), "block after item 2", "a page of item "},
		{"block headers of a block in two", "journal", func(b *bbolt.Bucket) error {
			key, _, second, err := nth(b, 2)
			if err != nil {
				return err
			}
			return errors.Join(header(3, 100-(103-second[0].Seq))(b), b.Put(key, writePage(103-second[0].Seq, nil, second...)))
		}, "block 2 (items 3 to ", "log hash "},
		{"block headers of two blocks in one", "journal", func(b *bbolt.Bucket) error {
			return errors.Join(header(119, 2)(b), header(120, 0)(b))
		}, "block 6 (items 119 to 120)", "log hash "},
		{"block header cut", "journal", set(be(121), []byte{0x80}), "block after item 120", "journal page 0000000000000079 cannot be read"},
		{"block header longer than a number", "journal", set(be(121), bytes.Repeat([]byte{0xff}, 20)), "block after item 120", "journal page 0000000000000079 cannot be read"},
		{"leaf of the first block", "journal", flip(be(1), 1+5), "block of items 1 to 2", "want leaf "},
		{"leaf of the last block", "journal", flip(be(121), 1+5), "block of items 121 to 121", "want leaf "},
		{"log hash too many", "hashes", set(be(15), make([]byte, 32)), `hashes "`, "something that no program of this format writes"},
	}
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
