package bolt_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// scratch gives an empty bucket that is gone again afterwards.
func scratch(t testing.TB, db *bbolt.DB, fn func(*bbolt.Bucket)) {
	t.Helper()
	tx, err := db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	bucket, err := tx.CreateBucket([]byte("scratch"))
	if err != nil {
		t.Fatal(err)
	}
	fn(bucket)
}

func scratchDB(t testing.TB) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "scratch.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// drawPairs draws sorted pairs of all families, close together and far apart,
// with notes and without.
func drawPairs(r *rapid.T) (pairs []bolt.Pair) {
	number := rapid.OneOf(rapid.Uint64Range(0, 5), rapid.Uint64Range(0, 1<<20), rapid.Uint64Range(0, 1<<62), rapid.SampledFrom([]uint64{0, 1, 1<<40 - 1, 1<<62 - 1, 1 << 62}))
	for f := bolt.Keys; f <= bolt.Sums; f++ {
		n := rapid.IntRange(0, 3).Draw(r, "few") + rapid.SampledFrom([]int{0, 0, 60, 900}).Draw(r, "many")
		few := rapid.Uint64Range(1, 4).Draw(r, "numbers") // so that they share an a
		for range n {
			p := bolt.Pair{Family: f, A: number.Draw(r, "a"), B: number.Draw(r, "b")}
			if n > 10 {
				p.A = p.A % few * p.A
			}
			if f != bolt.Keys && rapid.Bool().Draw(r, "noted") {
				p.Note = string(rapid.SliceOfN(rapid.Byte(), 1, 35).Draw(r, "note"))
			}
			pairs = append(pairs, p)
		}
	}
	bolt.SortPairs(pairs)
	return slices.CompactFunc(pairs, func(p, q bolt.Pair) bool { return p.Compare(q) == 0 })
}

// Sorted pairs are read from their pages as they were written, all of them and
// from any place on.
func TestPairsInPages(t *testing.T) {
	t.Parallel()
	db := scratchDB(t)
	rapid.Check(t, func(r *rapid.T) {
		pairs := drawPairs(r)
		scratch(t, db, func(bucket *bbolt.Bucket) {
			if err := bolt.PutPairs(bucket, pairs); err != nil {
				r.Fatal(err)
			}
			got, err := bolt.BucketPairs(bucket)
			if err != nil || !slices.Equal(got, pairs) {
				r.Fatalf("read %d pairs: %v, wrote %d\n%v\n%v", len(got), err, len(pairs), got, pairs)
			}
			_ = bucket.ForEach(func(k, v []byte) error {
				if len(k)+len(v) > 4096-32 {
					r.Errorf("page %x has %d bytes, more than a page of the file", k, len(k)+len(v))
				}
				return nil
			})
			places := slices.Clone(pairs)
			for range 20 {
				places = append(places, bolt.Pair{Family: uint8(rapid.IntRange(1, 5).Draw(r, "family")), A: rapid.Uint64().Draw(r, "a"), B: rapid.Uint64().Draw(r, "b")})
			}
			for i, p := range pairs {
				if len(pairs) < 50 || i%17 == 0 {
					places = append(places, bolt.Pair{Family: p.Family, A: p.A, B: p.B + 1}, bolt.Pair{Family: p.Family, A: p.A + 1}, bolt.Pair{Family: p.Family, A: p.A})
				}
			}
			for i, from := range places {
				if len(pairs) > 100 && i < len(pairs) && i%7 > 0 {
					continue
				}
				wantSought(r, bucket, pairs, from)
			}
		})
	})
}

// wantSought: the first pairs of the family from one on are found, and the page
// with the last one up to it.
func wantSought(r *rapid.T, bucket *bbolt.Bucket, pairs []bolt.Pair, from bolt.Pair) {
	const few = 3
	at, exact := slices.BinarySearchFunc(pairs, from, bolt.Pair.Compare)
	var want []bolt.Pair
	for i := at; i < len(pairs) && len(want) < few && pairs[i].Family == from.Family; i++ {
		want = append(want, pairs[i])
	}
	got, err := bolt.SeekPair(bucket, from, few)
	if err != nil || !slices.Equal(got, want) {
		r.Fatalf("from %+v on there is %+v, %v; want %+v", from, got, err, want)
	}
	last := at - 1
	if exact {
		last = at
	}
	page, err := bolt.PageBefore(bucket, from)
	if err != nil {
		r.Fatal(err)
	}
	if is, want := slices.ContainsFunc(page, func(p bolt.Pair) bool { return last >= 0 && p == pairs[last] }), last >= 0 && pairs[last].Family == from.Family; is != want {
		r.Fatalf("the page before %+v has its last pair: %t, want %t; it is %+v", from, is, want, page)
	}
}

// FuzzPairPage: any bytes are read as pairs or are damaged, and reading ends.
// What the tests above write is read as it was.
func FuzzPairPage(f *testing.F) {
	h := flushed(f)
	err := h.db.View(func(tx *bbolt.Tx) error {
		return inner(tx, "runs").ForEachBucket(func(id []byte) error {
			return inner(tx, "runs").Bucket(id).ForEach(func(k, v []byte) error { f.Add(slices.Clone(k), slices.Clone(v[:len(v)-4])); return nil })
		})
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(make([]byte, 17), []byte{0x80})
	f.Add(append([]byte{3}, make([]byte, 16)...), []byte{1, 1})
	f.Add(append([]byte{3}, make([]byte, 16)...), []byte{0, 1})
	f.Add(append([]byte{9}, make([]byte, 16)...), []byte{0, 1, 2, 0, 3, 4, 5})
	f.Add([]byte{1}, []byte{})
	db := scratchDB(f)
	f.Fuzz(func(t *testing.T, key, value []byte) {
		value = bolt.SealPage(key, value) // what the checksum keeps out is for other tests
		pairs, err := bolt.PagePairs(key, value)
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("error is %v, want ErrCorrupt", err)
		}
		if len(pairs) > len(value)+1 {
			t.Errorf("%d bytes are read as %d pairs", len(value), len(pairs))
		}
		if len(key) == 0 || len(key) > bbolt.MaxKeySize {
			return
		}
		scratch(t, db, func(bucket *bbolt.Bucket) {
			if err := bucket.Put(key, value); err != nil {
				t.Fatal(err)
			}
			for family := range uint8(8) {
				for _, from := range []bolt.Pair{{Family: family}, {Family: family, A: 1 << 63, B: 1 << 63}} {
					if _, err := bolt.SeekPair(bucket, from, len(value)+2); err != nil && !errors.Is(err, ledger.ErrCorrupt) {
						t.Errorf("error is %v, want ErrCorrupt", err)
					}
					if _, err := bolt.PageBefore(bucket, from); err != nil && !errors.Is(err, ledger.ErrCorrupt) {
						t.Errorf("error is %v, want ErrCorrupt", err)
					}
				}
			}
		})
	})
}

// What is in the runs follows from the items, however they came there: flushed
// a few at a time and merged again and again, or at once.
func TestRunsDoNotDependOnMerging(t *testing.T) {
	t.Parallel()
	t.Run("many levels", func(t *testing.T) {
		t.Parallel()
		source := rand.New(rand.NewPCG(1, 2))
		var steps [][]ledger.Entry
		for n := range 600 {
			steps = append(steps, []ledger.Entry{drawn(source, fmt.Sprint("k", n))})
		}
		all, _ := bookedPairs(t, t, steps, 1<<20)
		for items := 1; items <= 3; items++ {
			few, levels := bookedPairs(t, t, steps, items)
			if !slices.Equal(few, all) || levels < 2 {
				t.Errorf("runs of %d items, merged %d times: %d pairs, want %d", items, levels, len(few), len(all))
			}
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		m := &readsModel{}
		var steps [][]ledger.Entry
		for range rapid.SampledFrom([]int{1, 10, 40}).Draw(r, "steps") {
			steps = append(steps, m.entries(r, rapid.SampledFrom([]int{1, 3, 30}).Draw(r, "most")))
		}
		few, _ := bookedPairs(t, r, steps, rapid.IntRange(1, 2).Draw(r, "items of a run"))
		all, _ := bookedPairs(t, r, steps, 1<<20)
		if !slices.Equal(few, all) {
			r.Fatalf("%d pairs\n%v\nwant %d\n%v", len(few), few, len(all), all)
		}
	})
}

// bookedPairs books entries in a file of its own whose runs have so many items, makes
// sure that all are in a run, and gives the pairs of all runs merged into one.
func bookedPairs(t *testing.T, r rapid.TB, steps [][]ledger.Entry, items int) (pairs []bolt.Pair, levels uint64) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "ledger.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var books *ledger.Ledger
	attach := func(items int) {
		store, err := bolt.Attach(db, bolt.Options{RunItems: items})
		if err == nil {
			books, err = ledger.New(store, config(t))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	attach(items)
	taken := make(map[string]bool)
	for _, step := range steps {
		step = slices.DeleteFunc(slices.Clone(step), func(e ledger.Entry) bool { was := taken[e.Key]; taken[e.Key] = true; return was })
		if len(step) == 0 {
			continue
		}
		_, err := books.Post(t.Context(), step...)
		post(r, err)
	}
	for i := range 20 { // until there are runs of a level to spare
		_, err := books.Post(t.Context(), sale(fmt.Sprint("spare", i), 1))
		post(r, err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		for _, run := range listOfRuns(t, &host{db: db}) {
			levels = max(levels, run.Level)
		}
		pairs, err = bolt.AllPairs(tx)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return pairs, levels
}

// However long pairs get, a page of them fills no more than a page of the file.
func TestLongestPairs(t *testing.T) {
	t.Parallel()
	db := scratchDB(t)
	for note := 1; note <= 35; note++ {
		var pairs []bolt.Pair
		for i := range uint64(400) {
			pairs = append(pairs, bolt.Pair{Family: bolt.Movements, A: (i + 1) << 54, B: 1<<62 - 1, Note: strings.Repeat("x", note)})
		}
		scratch(t, db, func(bucket *bbolt.Bucket) {
			if err := bolt.PutPairs(bucket, pairs); err != nil {
				t.Fatal(err)
			}
			got, err := bolt.BucketPairs(bucket)
			if err != nil || !slices.Equal(got, pairs) {
				t.Fatalf("read %d pairs: %v", len(got), err)
			}
			_ = bucket.ForEach(func(k, v []byte) error {
				if len(k)+len(v) > 4096-32 {
					t.Errorf("notes of %d bytes: page %x has %d bytes, more than a page of the file", note, k, len(k)+len(v))
				}
				return nil
			})
		})
	}
}
