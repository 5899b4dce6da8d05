package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

func be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// damaged gives books of three blocks, the second of several pages, and two
// records. Nobody verifies them in the end, and their file is not fsynced.
func damaged(t testing.TB) *host {
	t.Helper()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	mustPost(t, h.books, sale("s1", 500), payout("p1", 200))
	mustPost(t, h.books, many(100, "m")...)
	fee := transfer("f1", "fee", available, sales, 3)
	fee.Postings = append(fee.Postings, fee.Postings...) // twice on each account
	mustPost(t, h.books, fee)
	mustDo(t, h.books, put(known("m1", "Asha"), known("m2", "Bilal")))
	bolttest.Verify(t, h.books)
	return h
}

// plant changes a bucket of the ledger through bbolt, behind its back.
func (h *host) plant(t testing.TB, path string, fn func(*bbolt.Bucket) error) {
	t.Helper()
	h.update(t, func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("settlex"))
		for name := range strings.SplitSeq(path, "/") {
			b = b.Bucket([]byte(name))
		}
		return fn(b)
	})
}

// flip inverts the lowest bit of one byte of a value; -1 is the last one.
func flip(key []byte, at int) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		value := bytes.Clone(b.Get(key))
		if at < 0 {
			at += len(value)
		}
		value[at] ^= 1
		return b.Put(key, value)
	}
}

func set(key, value []byte) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error { return b.Put(key, value) }
}

func remove(key []byte) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error { return b.Delete(key) }
}

// file puts the value of one key under another.
func file(key, under []byte) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		value := bytes.Clone(b.Get(key))
		return errors.Join(b.Delete(key), b.Put(under, value))
	}
}

// Whatever is wrong in the file is named by Verify.
func TestVerifyNamesDamage(t *testing.T) {
	t.Parallel()
	account := []byte(available + "\x00INR")
	last := be(103) // the first entry of the last block
	tests := []struct {
		name   string
		bucket string
		damage func(*bbolt.Bucket) error
		place  string // of one of the findings
		want   string // part of it
	}{
		{"balance", "accounts", flip(account, -1), "account merchants/m1/available INR", "credits 600 seq 103, have "},
		{"debits", "accounts", flip(account, 57), "account merchants/m1/available INR", "debits 206 "},
		{"floor", "accounts", flip(account, 41), "account merchants/m1/available INR", "floor 0 "},
		{"account's number", "accounts", flip(account, 7), "account merchants/m1/available INR", "no 2 "},
		{"account's type", "accounts", flip(account, 8), "account merchants/m1/available INR", "liability"},
		{"account's limit", "accounts", flip(account, 9), "account merchants/m1/available INR", "have no 2 liability unlimited"},
		{"account's limit is no truth value", "accounts", func(b *bbolt.Bucket) error {
			return set(account, append(bytes.Repeat([]byte{0}, 9), make([]byte, 65)...))(b)
		}, "account merchants/m1/available INR", "have no 0 none"},
		{"account cut", "accounts", set(account, []byte("x")), "accounts", "account merchants/m1/available INR is 78"},
		{"account of no currency", "accounts", set([]byte("bank\x00XXX"), nil), "accounts", `account key "bank\x00XXX"`},
		{"account without currency", "accounts", set([]byte("bank"), nil), "accounts", `account key "bank"`},
		{"account's balance out of range", "accounts", flip(account, 42), "account merchants/m1/available INR", ""},
		{"account gone", "accounts", remove(account), "account merchants/m1/available INR", "have no such account"},
		{"account renamed", "accounts", file(account, []byte("merchants/m3/available\x00INR")), "account merchants/m3/available INR", "want no such account"},
		{"key", "keys", flip([]byte("m7"), 7), `key "m7"`, "want entry 10, have 000000000000000b"},
		{"key cut", "keys", set([]byte("m7"), []byte{1}), `key "m7"`, "have 01"},
		{"key gone", "keys", remove([]byte("m7")), `key "m7"`, "want entry 10, have "},
		{"key too many", "keys", set([]byte("m777"), be(10)), `key "m777"`, `points to entry 10, whose key is "m7"`},
		{"key renamed", "keys", file([]byte("m7"), []byte("n7")), `key "m7"`, "want entry 10"},
		{"movement gone", "movements", remove(append(be(2), be(10)...)), "movements of merchants/m1/available INR", "want entry 10, have nothing"},
		{"movement too many", "movements", set(append(be(3), be(10)...), nil), "movement 0000000000000003000000000000000a", "no such movement"},
		{"movement of nobody", "movements", set(append(be(9), be(10)...), nil), "movement 0000000000000009000000000000000a", "no such movement"},
		{"movement of no entry", "movements", set(append(be(2), be(999)...), nil), "movement 000000000000000200000000000003e7", "no such movement"},
		{"movement cut", "movements", set([]byte("x"), nil), "movement 78", "no such movement"},
		{"journal page, an amount", "journal", flip(be(103), -7), "block 3 (entries 103 to 103)", "hash "},
		{"journal page, a key", "journal", flip(be(1), 15), "block 1 (entries 1 to 2)", "hash "},
		{"journal page, a length", "journal", flip(be(1), 0), "block after entry 0", "journal page 0000000000000001"},
		{"journal page, the version", "journal", flip(be(103), 1), "block after entry 102", "entry version 0, this program knows 1"},
		{"journal page empty", "journal", set(be(103), nil), "block after entry 102", "does not begin with the entry it is filed under"},
		{"journal page gone", "journal", remove(be(103)), "block after entry 102", "has 0 entries, its header says 1"},
		{"journal page gone in the middle", "journal", remove(be(3)), "block after entry 2", "entries, its header says 100"},
		{"journal page misfiled", "journal", file(be(103), be(104)), "block after entry 102", "journal page 0000000000000068 does not begin"},
		{"journal page under a short key", "journal", file(be(1), []byte{0}), "indexes", "journal page 00 does not begin"},
		{"journal page too many", "journal", func(b *bbolt.Bucket) error {
			return b.Put(be(104), relabelled(t, b.Get(be(103)), 104))
		}, "journal", "want entries 1 to 103, each once, have entry 104 behind entry 103"},
		{"block header, the hash", "blocks", flip(be(3), -1), "block 2 (entries 3 to 102)", "hash "},
		{"block header, the hash before", "blocks", flip(be(3), 18), "block 2 (entries 3 to 102)", "previous hash "},
		{"block header, the lane", "blocks", flip(be(3), 0), "block 2 (entries 3 to 102)", "hash "},
		{"block header, the entries", "blocks", flip(be(3), 9), "block 2 (entries 3 to 103)", "hash "},
		{"block header, no entries", "blocks", flip(be(103), 9), "block after entry 102", "its header says 0"},
		{"block header, the accounts", "blocks", flip(be(3), 17), "block 2 (entries 3 to 102)", "2 accounts opened"},
		{"block header cut", "blocks", set(last, []byte("x")), "block after entry 102", "block header has 1 bytes, not 82"},
		{"block header gone", "blocks", remove(be(3)), "block 2 (entries 103 to 103)", "previous hash "},
		{"first block header gone", "blocks", remove(be(1)), "block 1 (entries 3 to 102)", "previous hash 0000"},
		{"last block header gone", "blocks", remove(last), "head", "want lane 0 seq 102 "},
		{"block header misfiled", "blocks", file(last, be(102)), "block after entry 102", ""},
		{"block header in front of the first", "blocks", set([]byte{0}, []byte("x")), "block after entry 0", "block header has 1 bytes, not 82"},
		{"block header under a short key", "blocks", file(last, []byte{255}), "block after entry 102", ""},
		{"head, the sequence", "meta", flip([]byte("head"), 9), "head", "want a readable head"},
		{"head, the instant", "meta", flip([]byte("head"), 11), "head", "want a readable head"},
		{"head, the lane", "meta", flip([]byte("head"), 0), "head", "want a readable head"},
		{"head cut", "meta", set([]byte("head"), []byte("xy")), "head", "head is 7879"},
		{"head gone", "meta", remove([]byte("head")), "head", "have lane 0 seq 0 "},
		{"record, a letter of a name", "records/merchant", flip([]byte("m1"), 20), "record merchant/m1", "does not fit its checksum"},
		{"record, its checksum", "records/merchant", flip([]byte("m2"), -1), "record merchant/m2", "does not fit its checksum"},
		{"record misfiled", "records/merchant", file([]byte("m1"), []byte("m3")), "record merchant/m3", "says it is merchant/m1"},
		{"record cut", "records/merchant", set([]byte("m1"), []byte("{}")), "record merchant/m1", "does not fit its checksum"},
		{"record of no kind", "records", func(b *bbolt.Bucket) error {
			kind, err := b.CreateBucket([]byte("stranger"))
			if err != nil {
				return err
			}
			return kind.Put([]byte("x"), []byte("{}"))
		}, "record stranger/x", "are not known to this store"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.plant(t, test.bucket, test.damage)
			v, err := h.books.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range v.Findings {
				if f.Place == test.place && strings.Contains(f.String(), test.want) {
					return
				}
			}
			t.Errorf("nothing is found at %q with %q, only %q", test.place, test.want, v.Findings)
		})
	}
}

// What cannot be read hides what depends on it; nothing that is right is called
// wrong for it.
func TestVerifyAccusesNobodyWrongly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		bucket string
		damage func(*bbolt.Bucket) error
		want   []string // the places of all findings
	}{
		{"head", "meta", set([]byte("head"), nil), []string{"head", "indexes"}},
		{"first account", "accounts", set([]byte("bank\x00INR"), nil), []string{"accounts", "indexes"}},
		{"first page", "journal", flip(be(1), 0), []string{"block after entry 0", "indexes"}},
		{"last page", "journal", flip(be(103), 0), []string{"block after entry 102", "indexes"}},
		{"last block header", "blocks", set(be(103), nil), []string{"block after entry 102"}},
		{"a record", "records/merchant", flip([]byte("m1"), 0), []string{"record merchant/m1"}},
		{"a key", "keys", set([]byte("s1"), nil), []string{`key "s1"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.plant(t, test.bucket, test.damage)
			v, err := h.books.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, f := range v.Findings {
				places = append(places, f.Place)
			}
			wantDiff(t, "places", test.want, places)
		})
	}
}

// relabelled gives the page of one entry with another sequence.
func relabelled(t testing.TB, page []byte, seq uint64) []byte {
	t.Helper()
	e, err := ledger.DecodeItem(page[1:])
	if err != nil {
		t.Fatal(err)
	}
	e.Seq = seq
	canonical := e.AppendCanonical(nil)
	return append(binary.AppendUvarint(nil, uint64(len(canonical))), canonical...)
}
