package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// runRow is damage to the runs. In a place "RUN" stands for the number of the
// run that was damaged.
type runRow struct {
	name   string
	damage func(*damagedRuns)
	place  string // of one of the findings
	want   string // part of it
}

// damagedRuns is all runs of a file in a form in which they are easily changed.
type damagedRuns struct {
	list    []bolt.Run
	pairs   [][]bolt.Pair // of each run
	run     int           // index of the damaged one
	counted bool          // the list of runs says how many pairs there are afterwards
	files   []func(*bbolt.Bucket) error
}

// Whatever is wrong in the runs is named by Verify, with the same memory and
// when the file is opened again.
func TestVerifyNamesDamagedRuns(t *testing.T) {
	t.Parallel()
	for group, rows := range map[string][]runRow{
		"keys": keyDamage(), "references": referenceDamage(), "movements": movementDamage(), "dated": datedDamage(), "sums": sumDamage(),
		"pages": pageDamage(), "list": listDamage(),
	} {
		for _, test := range rows {
			t.Run(group+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				h := flushed(t)
				d := readRuns(t, h)
				d.counted = true
				test.damage(d)
				place := strings.ReplaceAll(test.place, "RUN", fmt.Sprint("run ", d.list[d.run].ID))
				d.write(t, h)
				for range 2 {
					v, err := h.books.Verify(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					wantFinding(t, v.Findings, place, test.want)
					h = h.again(t)
				}
			})
		}
	}
}

// readRuns reads all runs.
func readRuns(t testing.TB, h *host) *damagedRuns {
	t.Helper()
	d := &damagedRuns{list: listOfRuns(t, h)}
	err := h.db.View(func(tx *bbolt.Tx) error {
		for _, r := range d.list {
			pairs, err := bolt.BucketPairs(inner(tx, fmt.Sprint("runs/", r.ID)))
			if err != nil {
				return err
			}
			d.pairs = append(d.pairs, pairs)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// write puts the damage into the file.
func (d *damagedRuns) write(t testing.TB, h *host) {
	t.Helper()
	h.update(t, func(tx *bbolt.Tx) error {
		root := inner(tx, "")
		runs := root.Bucket([]byte("runs"))
		for i := range d.list {
			if d.pairs[i] == nil {
				continue
			}
			if d.counted {
				d.list[i].Pairs = uint64(len(d.pairs[i]))
			}
			if err := runs.DeleteBucket(be(d.list[i].ID)); err != nil && !errors.Is(err, bbolt.ErrBucketNotFound) { //nolint:staticcheck // where it lies now is not said in its errors
				return err
			}
			bucket, err := runs.CreateBucket(be(d.list[i].ID))
			if err == nil {
				err = bolt.PutPairs(bucket, d.pairs[i])
			}
			if err != nil {
				return err
			}
		}
		if err := root.Bucket([]byte("meta")).Put([]byte("runs"), bolt.EncodeRuns(d.list)); err != nil {
			return err
		}
		if err := bolt.BarePages(runs); err != nil {
			return err
		}
		for _, fn := range d.files {
			if err := fn(root); err != nil {
				return err
			}
		}
		return bolt.SealPages(runs)
	})
}

// find gives the place of a pair, whose run becomes the damaged one.
func (d *damagedRuns) find(p bolt.Pair) int {
	for i, pairs := range d.pairs {
		for at := range pairs {
			if pairs[at].Compare(p) == 0 {
				d.run = i
				return at
			}
		}
	}
	panic(fmt.Sprintf("no run has %+v", p))
}

func (d *damagedRuns) remove(p bolt.Pair) {
	at := d.find(p)
	d.pairs[d.run] = slices.Delete(d.pairs[d.run], at, at+1)
}

func (d *damagedRuns) replace(p, by bolt.Pair) {
	d.pairs[d.run][d.find(p)] = by
	bolt.SortPairs(d.pairs[d.run])
}

// more adds a pair beside one.
func (d *damagedRuns) more(beside, p bolt.Pair) {
	d.find(beside)
	d.pairs[d.run] = append(d.pairs[d.run], p)
	bolt.SortPairs(d.pairs[d.run])
}

// note changes the note of a pair.
func (d *damagedRuns) note(p bolt.Pair, change func(string) string) {
	at := d.find(p)
	pair := &d.pairs[d.run][at]
	pair.Note = change(pair.Note)
}

// file does something to the file itself, once the runs are written.
func (d *damagedRuns) file(fn func(root *bbolt.Bucket) error) { d.files = append(d.files, fn) }

// again opens the host's file again.
func (h *host) again(t testing.TB) *host {
	t.Helper()
	path := h.db.Path()
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	again := &host{db: db}
	if again.store, err = bolt.Attach(db, bolttest.Small()); err != nil {
		t.Fatal(err)
	}
	again.on(t, config(t))
	return again
}

func keyPair(key string, seq uint64) bolt.Pair {
	return bolt.Pair{Family: bolt.Keys, A: bolt.HashText(key), B: seq}
}

func referencePair(reference string, seq uint64) bolt.Pair {
	return bolt.Pair{Family: bolt.References, A: bolt.HashText(reference), B: seq}
}

func movement(account, seq uint64) bolt.Pair {
	return bolt.Pair{Family: bolt.Movements, A: account, B: seq}
}

func day(date string) uint64 {
	return uint64(calendar.MustDate(date).DaysSince(calendar.MustDate("0001-01-01"))) + 1
}

func dated(account uint64, date string, seq uint64) bolt.Pair {
	return bolt.Pair{Family: bolt.Dated, A: account, B: day(date)<<40 | seq}
}

func sum(account uint64, date string) bolt.Pair {
	return bolt.Pair{Family: bolt.Sums, A: account, B: day(date)}
}

func text(string) string { return "x" }

func noNote(string) string { return "" }

// amounts is the note of small totals.
func amounts(debits, credits byte) func(string) string {
	return func(string) string { return string([]byte{1, debits, 1, credits}) }
}

func keyDamage() []runRow {
	at := func(key string, seq int) string {
		return fmt.Sprintf("RUN, keys of hash %010x, item %d", bolt.HashText(key), seq)
	}
	missing := func(key string, seq uint64) runRow {
		return runRow{"gone: " + key, func(d *damagedRuns) { d.remove(keyPair(key, seq)) }, at(key, int(seq)), "want there, have nothing"}
	}
	return []runRow{
		missing("s1", 1), missing("m7", 10), missing("h-open", 107), missing("broke-1", 119), missing("close", 117),
		{"of another item", func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 11)) }, at("m7", 11), "one that no item makes"},
		{"of another item, and not of its own", func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 11)) }, at("m7", 10), "have nothing"},
		{"of no item", func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 9999)) }, at("m7", 9999), "one that no item makes"},
		{"of item 0", func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 0)) }, at("m7", 0), "one that no item makes"},
		{"another key", func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("n7", 10)) }, at("n7", 10), "one that no item makes"},
		{"too many", func(d *damagedRuns) { d.more(keyPair("m7", 10), keyPair("m777", 10)) }, at("m777", 10), "one that no item makes"},
		{"exchanged", func(d *damagedRuns) {
			d.replace(keyPair("m7", 10), keyPair("m7", 11))
			d.replace(keyPair("m8", 11), keyPair("m8", 10))
		}, at("m8", 10), "one that no item makes"},
		{"hash beyond 40 bits", func(d *damagedRuns) {
			p := keyPair("m7", 10)
			p.A |= 1 << 50
			d.more(keyPair("m7", 10), p)
		}, fmt.Sprintf("RUN, keys of hash %010x, item 10", bolt.HashText("m7")|1<<50), "one that no item makes"},
	}
}

func referenceDamage() []runRow {
	at := func(reference string, seq int) string {
		return fmt.Sprintf("RUN, references of hash %010x, item %d", bolt.HashText(reference), seq)
	}
	first := referencePair("order-1", 1)
	return []runRow{
		{"gone", func(d *damagedRuns) { d.remove(first) }, at("order-1", 1), "want there, have nothing"},
		{"of another item", func(d *damagedRuns) { d.replace(first, referencePair("order-1", 2)) }, at("order-1", 2), "one that no item makes"},
		{"another one", func(d *damagedRuns) { d.replace(first, referencePair("order-2", 1)) }, at("order-2", 1), "one that no item makes"},
		{"too many", func(d *damagedRuns) { d.more(first, referencePair("order-1", 2)) }, at("order-1", 2), "one that no item makes"},
		{"with a note", func(d *damagedRuns) { d.note(first, text) }, at("order-1", 1), "want there, have "},
	}
}

// marked finds a movement of the merchant's that keeps its totals, or does not.
func marked(mark bool) bolt.Pair {
	for seq := uint64(3); seq < 102; seq++ {
		if bolt.IsMark(2, seq) == mark {
			return movement(2, seq)
		}
	}
	panic("there is none")
}

func movementDamage() []runRow {
	at := func(p bolt.Pair) string { return fmt.Sprintf("RUN, movements of %s INR, item %d", available, p.B) }
	mark, plain, last := marked(true), marked(false), movement(2, 121)
	return []runRow{
		{"gone", func(d *damagedRuns) { d.remove(plain) }, at(plain), "want there, have nothing"},
		{"mark gone", func(d *damagedRuns) { d.remove(mark) }, at(mark), "want debits "},
		{"last gone", func(d *damagedRuns) { d.remove(last) }, at(last), "want debits 358, credits 808, have nothing"},
		{"last gone, the account", func(d *damagedRuns) { d.remove(last) }, ofAccount, "credits 808 "},
		{"of another item", func(d *damagedRuns) { d.replace(plain, movement(2, 1000)) }, at(movement(2, 1000)), "one that no item makes"},
		{"of another account", func(d *damagedRuns) { d.more(plain, movement(3, plain.B)) }, fmt.Sprintf("RUN, movements of sales INR, item %d", plain.B), "one that no item makes"},
		{"of no account", func(d *damagedRuns) { d.more(plain, movement(99, plain.B)) }, fmt.Sprintf("RUN, movements of account 99, item %d", plain.B), "one that no item makes"},
		{"of a hold", func(d *damagedRuns) { d.more(movement(2, 106), movement(2, 107)) }, at(movement(2, 107)), "one that no item makes"},
		{"of a refusal", func(d *damagedRuns) { d.more(last, movement(2, 119)) }, at(movement(2, 119)), "one that no item makes"},
		{"debits after the last", func(d *damagedRuns) { d.note(last, amounts(1, 2)) }, at(last), "want debits 358, credits 808, have debits 1, credits 2"},
		{"debits after the last, the account", func(d *damagedRuns) { d.note(last, amounts(1, 2)) }, ofAccount, "debits 1 credits 2 "},
		{"totals of the last gone", func(d *damagedRuns) { d.note(last, noNote) }, at(last), "want debits 358, credits 808, have there"},
		{"totals after a mark", func(d *damagedRuns) { d.note(mark, amounts(1, 2)) }, at(mark), "have debits 1, credits 2"},
		{"totals of a mark gone", func(d *damagedRuns) { d.note(mark, noNote) }, at(mark), "have there"},
		{"totals where none are kept", func(d *damagedRuns) { d.note(plain, amounts(1, 2)) }, at(plain), "want there, have debits 1, credits 2"},
		{"totals that are none", func(d *damagedRuns) { d.note(mark, text) }, at(mark), "totals 78: amount is cut short"},
		{"totals with more behind them", func(d *damagedRuns) { d.note(mark, func(s string) string { return s + "x" }) }, at(mark), "1 bytes too many"},
		{"totals with a leading zero", func(d *damagedRuns) { d.note(mark, func(string) string { return "\x02\x00\x01\x00" }) }, at(mark), "leading zero"},
	}
}

func datedDamage() []runRow {
	at := func(of string, seq int, on string) string {
		return fmt.Sprintf("RUN, dated movements of %s INR, item %d on %s", of, seq, on)
	}
	backdated := dated(2, "2026-03-01", 106)
	return []runRow{
		{"gone", func(d *damagedRuns) { d.remove(backdated) }, at(available, 106, "2026-03-01"), "want there, have nothing"},
		{"of another day", func(d *damagedRuns) { d.replace(backdated, dated(2, "2026-03-02", 106)) }, at(available, 106, "2026-03-02"), "one that no item makes"},
		{"of another item", func(d *damagedRuns) { d.replace(backdated, dated(2, "2026-03-01", 105)) }, at(available, 105, "2026-03-01"), "one that no item makes"},
		{"too many", func(d *damagedRuns) { d.more(backdated, dated(3, "2026-03-02", 106)) }, at("sales", 106, "2026-03-02"), "one that no item makes"},
		{"with a note", func(d *damagedRuns) { d.note(backdated, text) }, at(available, 106, "2026-03-01"), "want there, have "},
		{"on no date", func(d *damagedRuns) { d.more(backdated, bolt.Pair{Family: bolt.Dated, A: 2, B: 106}) }, "RUN, dated movements of " + available + " INR, item 106 on ", "one that no item makes"},
		{"on a date that is none", func(d *damagedRuns) { d.more(backdated, bolt.Pair{Family: bolt.Dated, A: 2, B: 1<<62 | 106}) }, "RUN, dated movements of " + available + " INR, item 106 on ", "one that no item makes"},
	}
}

func sumDamage() []runRow {
	at := func(on string) string { return fmt.Sprintf("RUN, day sums of %s INR, %s", available, on) }
	backdated := sum(2, "2026-03-01")
	return []runRow{
		{"changed", func(d *damagedRuns) { d.note(backdated, amounts(1, 7)) }, at("2026-03-01"), "want debits 0, credits 7, have debits 1, credits 7"},
		{"gone", func(d *damagedRuns) { d.remove(backdated) }, at("2026-03-01"), "want debits 0, credits 7, have nothing"},
		{"without a sum", func(d *damagedRuns) { d.note(backdated, noNote) }, at("2026-03-01"), "want debits 0, credits 7, have there"},
		{"that is none", func(d *damagedRuns) { d.note(backdated, text) }, at("2026-03-01"), "totals 78: amount is cut short"},
		{"of another day", func(d *damagedRuns) {
			p := sum(2, "2026-02-28")
			p.Note = d.pairs[d.run][d.find(backdated)].Note
			d.replace(backdated, p)
		}, at("2026-02-28"), "one that no item makes"},
		{"too many", func(d *damagedRuns) {
			p := sum(2, "2026-02-01")
			p.Note = amounts(1, 1)("")
			d.more(backdated, p)
		}, at("2026-02-01"), "one that no item makes"},
	}
}

// runKeys gives the keys of a run's pages.
func runKeys(root *bbolt.Bucket, r bolt.Run) (*bbolt.Bucket, [][]byte) {
	bucket := root.Bucket([]byte("runs")).Bucket(be(r.ID))
	var keys [][]byte
	_ = bucket.ForEach(func(k, _ []byte) error { keys = append(keys, bytes.Clone(k)); return nil })
	return bucket, keys
}

// onPage does something to the first page of a family in the first run.
func onPage(f uint8, fn func(bucket *bbolt.Bucket, key, value []byte) error) func(*damagedRuns) {
	return func(d *damagedRuns) {
		d.file(func(root *bbolt.Bucket) error {
			bucket, keys := runKeys(root, d.list[0])
			at := slices.IndexFunc(keys, func(k []byte) bool { return k[0] == f })
			return fn(bucket, keys[at], bytes.Clone(bucket.Get(keys[at])))
		})
	}
}

// underKey files a page under a key made from its own.
func underKey(change func(key []byte) []byte) func(bucket *bbolt.Bucket, key, value []byte) error {
	return func(bucket *bbolt.Bucket, key, value []byte) error {
		return errors.Join(bucket.Delete(key), bucket.Put(change(bytes.Clone(key)), value))
	}
}

func pageDamage() []runRow {
	rows := []runRow{
		{"exchanged between two runs", func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error {
				one, oneKeys := runKeys(root, d.list[0])
				other, otherKeys := runKeys(root, d.list[1])
				first, second := bytes.Clone(one.Get(oneKeys[0])), bytes.Clone(other.Get(otherKeys[0]))
				return errors.Join(one.Delete(oneKeys[0]), other.Delete(otherKeys[0]), one.Put(otherKeys[0], second), other.Put(oneKeys[0], first))
			})
		}, "RUN, keys of hash ", "have nothing"},
		{"without a key", onPage(bolt.Movements, func(b *bbolt.Bucket, _, value []byte) error { return b.Put([]byte{bolt.Movements}, value) }), "RUN", "page of pairs is filed under 03"},
		{"under too long a key", onPage(bolt.Movements, func(b *bbolt.Bucket, key, value []byte) error { return b.Put(append(key, 0), value) }), "RUN", "page of pairs is filed under 03"},
		{"of no family", onPage(bolt.Keys, underKey(func(key []byte) []byte { key[0] = 0; return key })), "RUN", "page of none is damaged"},
		{"of a family that is not known", onPage(bolt.Sums, underKey(func(key []byte) []byte { key[0] = 6; return key })), "RUN", "are out of order"},
		{"in another family", onPage(bolt.Sums, underKey(func(key []byte) []byte { key[0] = bolt.Dated; return key })), "RUN", ""},
		{"in another family, keys", onPage(bolt.Keys, underKey(func(key []byte) []byte { key[0] = bolt.References; return key })), "RUN", ""},
		{"under another first pair", onPage(bolt.Movements, underKey(func(key []byte) []byte { key[16]++; return key })), "RUN, movements of ", "have there"},
		{"twice", onPage(bolt.Movements, func(b *bbolt.Bucket, key, value []byte) error { key[16]++; return b.Put(key, value) }), "RUN", "are out of order"},
		{"out of order", func(d *damagedRuns) {
			pairs := d.pairs[0]
			at := slices.IndexFunc(pairs, func(p bolt.Pair) bool { return p.Family == bolt.Movements && p.A == 2 })
			pairs[at], pairs[at+1] = pairs[at+1], pairs[at]
		}, "RUN, movements of ", "one that no item makes"},
		{"keys out of order", func(d *damagedRuns) { d.pairs[0][3], d.pairs[0][4] = d.pairs[0][4], d.pairs[0][3] }, "RUN", "are out of order"},
		{"run without pages", func(d *damagedRuns) { d.pairs[0] = []bolt.Pair{} }, "RUN, keys of hash ", "have nothing"},
		{"run without pages, uncounted", func(d *damagedRuns) { d.counted, d.pairs[0] = false, []bolt.Pair{} }, "RUN", " pairs, as the list of runs says, have 0"},
	}
	for f, name := range map[uint8]string{bolt.Keys: "keys", bolt.References: "references", bolt.Movements: "movements", bolt.Dated: "dated movements", bolt.Sums: "day sums"} {
		rows = append(rows,
			runRow{name + ", gone", onPage(f, func(b *bbolt.Bucket, key, _ []byte) error { return b.Delete(key) }), "RUN, " + name + " of ", "have nothing"},
			runRow{name + ", too long", onPage(f, func(b *bbolt.Bucket, key, value []byte) error { return b.Put(key, append(value, 0x80)) }), "RUN", "page of " + name + " is damaged"},
		)
		switch f {
		case bolt.References: // a page of one pair is as long as it can be without being cut
		case bolt.Dated: // its last pair takes one byte
			rows = append(rows, runRow{name + ", cut", onPage(f, func(b *bbolt.Bucket, key, value []byte) error { return b.Put(key, value[:len(value)-1]) }), "RUN, " + name + " of ", "have nothing"})
		default:
			rows = append(rows, runRow{name + ", cut", onPage(f, func(b *bbolt.Bucket, key, value []byte) error { return b.Put(key, value[:len(value)-1]) }), "RUN", "page of " + name + " is damaged"})
		}
	}
	return rows
}

func listDamage() []runRow {
	last := func(d *damagedRuns) *bolt.Run { return &d.list[len(d.list)-1] }
	raw := func(data []byte) func(*damagedRuns) {
		return func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error { return root.Bucket([]byte("meta")).Put([]byte("runs"), data) })
		}
	}
	stored := func(change func([]byte) []byte) func(*damagedRuns) {
		return func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error {
				meta := root.Bucket([]byte("meta"))
				return meta.Put([]byte("runs"), change(bytes.Clone(meta.Get([]byte("runs")))))
			})
		}
	}
	return []runRow{
		{"run missing", func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error { return root.Bucket([]byte("runs")).DeleteBucket(be(d.list[0].ID)) })
		}, "RUN", "of items 1 to "},
		{"run renamed", func(d *damagedRuns) { d.list[0].ID = 1000; d.pairs[0] = nil }, "RUN", "run 1000, of items 1 to "},
		{"numbers exchanged", func(d *damagedRuns) {
			for i := range d.pairs {
				d.pairs[i] = nil
			}
			d.list[0].ID, d.list[1].ID = d.list[1].ID, d.list[0].ID
		}, "RUN, keys of hash ", "have nothing"},
		{"one number twice", func(d *damagedRuns) { d.pairs[0], d.list[0].ID = nil, d.list[1].ID }, "RUN, keys of hash ", "have nothing"},
		{"an item more in one, less in the next", func(d *damagedRuns) { d.list[0].Last++; d.list[1].First++ }, "RUN, keys of hash ", "have nothing"},
		{"an item less in one, more in the next", func(d *damagedRuns) { d.list[0].Last--; d.list[1].First-- }, "RUN, keys of hash ", "one that no item makes"},
		{"two as one", func(d *damagedRuns) {
			d.list[1].First = d.list[0].First
			d.list, d.pairs = d.list[1:], d.pairs[1:]
		}, "RUN, keys of hash ", "have nothing"},
		{"the first left out", func(d *damagedRuns) {
			d.list, d.pairs = d.list[1:], d.pairs[1:]
		}, "RUN, keys of hash ", "have nothing"},
		// A level too low is legal: the run is merged once more.
		{"level", func(d *damagedRuns) { last(d).Level = 20 }, "runs", "list of runs is "},
		{"level too high for its items", func(d *damagedRuns) { d.list[0].Level = 4 }, "runs", "list of runs is "},
		{"a pair more", func(d *damagedRuns) { d.counted = false; d.list[0].Pairs++ }, "RUN", " pairs, as the list of runs says, have "},
		{"a pair less", func(d *damagedRuns) { d.counted = false; d.list[0].Pairs-- }, "RUN", " pairs, as the list of runs says, have "},
		{"items beyond the head", func(d *damagedRuns) { last(d).Last += 1000 }, "runs", "want items up to "},
		{"a run beyond the head", func(d *damagedRuns) {
			d.list = append(d.list, bolt.Run{ID: 1000, First: last(d).Last + 1, Last: last(d).Last + 1000})
			d.pairs = append(d.pairs, []bolt.Pair{})
		}, "runs", "want items up to "},
		{"items that wrap around", raw(seal(2, 1, 0, 1<<63, 5, 2, 0, 1<<63+5, 5)), "runs", "list of runs is "},
		{"items beyond any journal", raw(seal(1, 1, 0, 1<<63, 5)), "runs", "list of runs is "},
		{"no items", raw(seal(1, 1, 0, 0, 5)), "runs", "list of runs is "},
		{"too short", raw(seal(2, 1, 0, 5, 5)), "runs", "list of runs is "},
		{"too long", raw(seal(1, 1, 0, 5, 5, 1)), "runs", "list of runs is "},
		{"endless", raw(seal(1<<62, 1, 0, 5, 5)), "runs", "list of runs is "},
		{"empty", raw(nil), "runs", "list of runs is "},
		{"a byte", stored(func(b []byte) []byte { b[2] ^= 1; return b }), "runs", "list of runs is "},
		{"its checksum", stored(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), "runs", "list of runs is "},
		{"cut", stored(func(b []byte) []byte { return b[:len(b)-1] }), "runs", "list of runs is "},
		{"something beside the runs", func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error { return root.Bucket([]byte("runs")).Put(be(1<<40), []byte("x")) })
		}, `runs "\x00\x00\x01\x00\x00\x00\x00\x00"`, "something that no program of this format writes"},
		{"a bucket without a number beside the runs", func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error {
				_, err := root.Bucket([]byte("runs")).CreateBucket([]byte("x"))
				return err
			})
		}, `runs "x"`, "something that no program of this format writes"},
	}
}

// seal writes numbers with a checksum that fits.
func seal(numbers ...uint64) (data []byte) {
	for _, n := range numbers {
		data = binary.AppendUvarint(data, n)
	}
	return sealed(data)
}

// Buckets that are no runs are what an interrupted flush or merge leaves: they
// are no fault, whatever they say, and go away.
func TestUnfinishedRuns(t *testing.T) {
	t.Parallel()
	h := flushed(t)
	h.plant(t, "runs", func(b *bbolt.Bucket) error {
		for _, id := range []uint64{900, 901, 902} {
			unfinished, err := b.CreateBucket(be(id))
			if err == nil {
				err = bolt.PutPairs(unfinished, []bolt.Pair{{Family: bolt.Keys, A: id, B: 1}})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	bolttest.Verify(t, h.books)
	h = h.again(t)
	bolttest.Verify(t, h.books)
	pile(t, h.books)
	for i := range 20 {
		mustPost(t, h.books, sale(fmt.Sprint("later-", i), 1))
	}
	bolttest.Verify(t, h.books)
	wantNoStray(t, h)
	for _, finding := range findings(t, h) {
		t.Error(finding)
	}
}

func findings(t testing.TB, h *host) []ledger.Finding {
	t.Helper()
	v, err := h.books.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v.Findings
}

// wantNoStray: soon there is no bucket but those of the runs and of what is
// being written.
func wantNoStray(t testing.TB, h *host) {
	t.Helper()
	if n := strays(t, h); n > 10 {
		t.Errorf("%d buckets are no runs", n)
	}
}

// strays counts the buckets that are no runs.
func strays(t testing.TB, h *host) (stray int) {
	t.Helper()
	err := h.db.View(func(tx *bbolt.Tx) error {
		runs, err := bolt.DecodeRuns(inner(tx, "meta").Get([]byte("runs")))
		if err != nil {
			return err
		}
		return inner(tx, "runs").ForEachBucket(func(key []byte) error {
			if !slices.ContainsFunc(runs, func(r bolt.Run) bool { return bytes.Equal(be(r.ID), key) }) {
				stray++
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return stray
}
