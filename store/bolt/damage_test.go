package bolt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt"
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
	e, err := ledger.DecodeEntry(page[1:])
	if err != nil {
		t.Fatal(err)
	}
	e.Seq = seq
	canonical := e.AppendCanonical(nil)
	return append(binary.AppendUvarint(nil, uint64(len(canonical))), canonical...)
}

// No byte of a value can change without Verify noticing, and no key.
func TestVerifyFindsEveryFlippedByte(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	e := sale("s1", 500)
	e.Reference, e.PartOf, e.Metadata = "ref", "whole", []ledger.Attribute{{Name: "a", Value: "1"}}
	mustPost(t, h.books, e, payout("p1", 200))
	mustPost(t, h.books, transfer("f1", "fee", available, sales, 1))
	mustDo(t, h.books, put(known("m1", "Asha")))
	bolttest.Verify(t, h.books)

	for _, bucket := range []string{"accounts", "keys", "movements", "journal", "blocks", "records/merchant", "meta"} {
		whole := pairs(t, h, bucket)
		for key, value := range whole {
			if key == "format" {
				continue // Open looks at it
			}
			for at := range value {
				h.plant(t, bucket, flip([]byte(key), at))
				wantFound(t, h, fmt.Sprintf("byte %d of %s/%q", at, bucket, key))
				h.plant(t, bucket, restore(whole))
			}
			for at := range key {
				other := []byte(key)
				other[at] ^= 1
				h.plant(t, bucket, file([]byte(key), other))
				wantFound(t, h, fmt.Sprintf("byte %d of the key of %s/%q", at, bucket, key))
				h.plant(t, bucket, restore(whole))
			}
			h.plant(t, bucket, remove([]byte(key)))
			if bucket != "records/merchant" { // no one else knows of it
				wantFound(t, h, fmt.Sprintf("removal of %s/%q", bucket, key))
			}
			h.plant(t, bucket, restore(whole))
		}
	}
	bolttest.Verify(t, h.books)
}

// restore makes a bucket what it was.
func restore(whole map[string]string) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.First() {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		for k, v := range whole {
			if err := b.Put([]byte(k), []byte(v)); err != nil {
				return err
			}
		}
		return nil
	}
}

func pairs(t testing.TB, h *host, bucket string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	h.plant(t, bucket, func(b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error { out[string(k)] = string(v); return nil })
	})
	return out
}

func wantFound(t testing.TB, h *host, what string) {
	t.Helper()
	v, err := h.books.Verify(t.Context())
	if err == nil && len(v.Findings) == 0 {
		t.Errorf("%s: nothing is found", what)
	}
	if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("%s: %v", what, err)
	}
}

// inTx is a store that reads what a transaction of the test's has not
// committed yet.
type inTx struct {
	ledger.Store
	tx *bbolt.Tx
}

func (s inTx) Read(_ context.Context, fn func(ledger.Reader) error) error { return fn(bolt.Wrap(s.tx)) }

// FuzzStoredBytes plants anything anywhere: reading it is an error or a
// finding, unless it is what was there, and never a panic.
func FuzzStoredBytes(f *testing.F) {
	buckets := []string{"accounts", "keys", "movements", "journal", "blocks", "records", "meta"}
	h := damaged(f)
	for i, bucket := range buckets {
		if bucket == "records" {
			bucket = "records/merchant"
		}
		for key, value := range pairs(f, h, bucket) {
			f.Add(uint8(i), []byte(key), []byte(value))
			f.Add(uint8(i), []byte(key), []byte{})
		}
	}
	before := h.dump(f)
	f.Fuzz(func(t *testing.T, bucket uint8, key, value []byte) {
		tx, err := h.db.Begin(true)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		name := buckets[int(bucket)%len(buckets)]
		b := tx.Bucket([]byte("settlex")).Bucket([]byte(name))
		if name == "records" {
			b = b.Bucket([]byte("merchant"))
			name = "records/merchant"
		}
		stored, there := before[fmt.Sprintf("settlex/%s/%x", name, key)]
		same := there && stored == hex.EncodeToString(value)
		if err := b.Put(key, value); err != nil || name == "meta" && string(key) != "head" {
			return // not a key for bbolt, or nobody's
		}
		books, err := ledger.New(inTx{tx: tx}, config(t))
		if err != nil {
			t.Fatal(err)
		}
		v, err := books.Verify(t.Context())
		switch {
		case err != nil && !errors.Is(err, ledger.ErrCorrupt):
			t.Error(err)
		case err == nil && len(v.Findings) == 0 && !same && !harmless(name, key, value):
			t.Errorf("%x in %s/%q is not found", value, name, key)
		case same && (err != nil || len(v.Findings) > 0):
			t.Errorf("what was there is found: %+v, %v", v, err)
		}
		for _, account := range []string{bank, available} {
			for _, err := range books.Statement(t.Context(), account, inr()) {
				if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
					t.Error(err)
				}
			}
		}
		_, err = books.PostTx(t.Context(), bolt.Wrap(tx), sale("s1", 500), sale("new", 1))
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) && !errors.Is(err, ledger.ErrKeyConflict) && !errors.Is(err, ledger.ErrInsufficientFunds) && !errors.Is(err, money.ErrOverflow) {
			t.Error(err)
		}
	})
}

// harmless is what may be written without doing damage: a record, and anything
// behind a movement, where nobody looks.
func harmless(bucket string, key, value []byte) bool {
	var m payment.Merchant
	n := len(value) - 4
	return bucket == "movements" || bucket == "records/merchant" && n > 0 && json.Unmarshal(value[:n], &m) == nil && m.ID == string(key)
}

// Damage that a caller comes across is an error for it.
func TestDamageMet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		bucket string
		damage func(*bbolt.Bucket) error
		call   func(*host) error
	}{
		{"posting on a damaged head", "meta", flip([]byte("head"), 9), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("x", 1))
			return err
		}},
		{"posting on a damaged account", "accounts", set([]byte(available+"\x00INR"), []byte("x")), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("x", 1))
			return err
		}},
		{"a retry of a key that points astray", "keys", flip([]byte("s1"), 7), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("s1", 500))
			return err
		}},
		{"a retry of a key that points behind the end", "keys", set([]byte("s1"), be(9999)), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("s1", 500))
			return err
		}},
		{"a retry of a key that points nowhere", "keys", set([]byte("s1"), be(0)), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("s1", 500))
			return err
		}},
		{"a key of another length", "keys", set([]byte("s1"), []byte("x")), func(h *host) error {
			_, _, err := h.books.Entry(t.Context(), "s1")
			return err
		}},
		{"a statement of a damaged page", "journal", flip(be(1), 1), func(h *host) error {
			for _, err := range h.books.Statement(t.Context(), bank, inr()) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a statement of a cut movement", "movements", set(append(be(2), 1), nil), func(h *host) error {
			for _, err := range h.books.Statement(t.Context(), available, inr()) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a trial balance of a damaged account", "accounts", set([]byte("bank"), nil), func(h *host) error {
			_, err := h.books.TrialBalance(t.Context())
			return err
		}},
		{"a damaged record", "records/merchant", flip([]byte("m1"), 3), func(h *host) error {
			return h.books.Do(t.Context(), work(func(s *ledger.State) error {
				s.Record(known("m1", "").Ref())
				return nil
			}))
		}},
		{"a list of damaged records", "records/merchant", flip([]byte("m2"), 3), func(h *host) error {
			return h.books.Read(t.Context(), func(r ledger.Reader) error {
				for _, err := range r.Records(t.Context(), "merchant", "", "") {
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"entries under a short key", "journal", file(be(1), []byte{0}), func(h *host) error {
			return h.books.Read(t.Context(), func(r ledger.Reader) error {
				for _, err := range r.Entries(t.Context(), 1) {
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.plant(t, test.bucket, test.damage)
			before := h.dump(t)
			if err := test.call(h); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("error is %v, want ErrCorrupt", err)
			}
			wantDiff(t, "file", before, h.dump(t))
		})
	}
}

// A damaged page of the file itself is an error or a finding, and never the
// end of the program.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books := bolttest.On(t, store, config(t))
	for i := range 6 {
		mustPost(t, books, many(60, fmt.Sprint(i, "-"))...)
	}
	mustDo(t, books, put(known("m1", "Asha")))
	bolttest.Verify(t, books)
	closeStore(t, store)
	whole := read(t, path)
	const size = 4096
	used := len(bytes.TrimRight(whole, "\x00"))/size + 1
	for name, damage := range map[string]func(page []byte){
		"zeroed":         func(page []byte) { clear(page) },
		"filled":         func(page []byte) { copy(page, bytes.Repeat([]byte{0xff}, len(page))) },
		"of another id":  func(page []byte) { page[0] ^= 0x55 },
		"of no type":     func(page []byte) { page[8] = 0 },
		"with more":      func(page []byte) { page[10], page[11] = 0xff, 0x0f },
		"back half gone": func(page []byte) { clear(page[len(page)/2:]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := 0
			for n := range used {
				path := newPath(t)
				data := bytes.Clone(whole[:used*size])
				damage(data[n*size : (n+1)*size])
				write(t, path, data)
				if err := os.Truncate(path, int64(len(whole))); err != nil { // the rest is empty space
					t.Fatal(err)
				}
				if !sound(t, path, n) {
					found++
				}
			}
			if found < used/8 { // many pages are free, or half empty
				t.Errorf("damage in %d of %d pages was noticed", found, used)
			}
		})
	}
}

// sound opens, verifies and reads a file; errors must say that it is corrupt.
func sound(t testing.TB, path string, page int) bool {
	t.Helper()
	store, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		if !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("page %d: open: %v", page, err)
		}
		return false
	}
	defer store.Close()
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	v, err := books.Verify(t.Context())
	if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("page %d: verify: %v", page, err)
	}
	return err == nil && len(v.Findings) == 0
}
