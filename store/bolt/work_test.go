package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"weak"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// indexWork is what lies in a file that keeping the indexes in order changes.
type indexWork struct {
	list    []bolt.Run
	buckets map[string]bool
	work    bolt.Work
}

func workOf(tx *bolt.Tx) (w indexWork, err error) {
	w = indexWork{buckets: make(map[string]bool), work: tx.Work()}
	if w.list, err = bolt.DecodeRuns(inner(tx.Bolt(), "meta").Get([]byte("runs"))); err != nil {
		return w, err
	}
	return w, inner(tx.Bolt(), "runs").ForEachBucket(func(k []byte) error { w.buckets[string(k)] = true; return nil })
}

// deeds names what a transaction did.
func (w indexWork) deeds(after indexWork) (deeds []string) {
	add := func(is bool, deed string) {
		if is {
			deeds = append(deeds, deed)
		}
	}
	isNew := func(level bool) func(bolt.Run) bool {
		return func(r bolt.Run) bool { return r.Level > 0 == level && !slices.Contains(w.list, r) }
	}
	add(after.work.Flush != 0 && after.work.Flush != w.work.Flush, "a flush begun")
	add(after.work.Flush != 0 && after.work.Flush == w.work.Flush && after.work.Wrote[after.work.Flush], "a flush gone on")
	add(slices.ContainsFunc(after.list, isNew(false)), "a flush published")
	for id := range after.work.Merges {
		add(!w.work.Merges[id], "a merge begun")
		add(w.work.Merges[id] && after.work.Wrote[id], "a merge gone on")
	}
	add(slices.ContainsFunc(after.list, isNew(true)), "a merge published")
	for id := range w.buckets {
		add(!after.buckets[id], "a bucket dropped")
	}
	return deeds
}

var allDeeds = []string{
	"a bucket dropped", "a flush begun", "a flush gone on", "a flush published", "a merge begun", "a merge gone on", "a merge published",
}

func wantDeeds(t *testing.T, what string, done map[string]int) {
	t.Helper()
	for _, deed := range allDeeds {
		if done[deed] == 0 {
			t.Errorf("%s: never in a transaction with %s: %v", what, deed, done)
		}
	}
}

// step is the entries of a transaction: more at times, so that flushes and
// merges take several.
func step(n int, key string) []ledger.Entry {
	entries := many([]int{1, 1, 1, 30, 1, 1, 2, 1}[n%8], fmt.Sprint(key, n, "-"))
	for i := range entries {
		entries[i].Reference = fmt.Sprint("r", i%3)
	}
	return entries
}

// A transaction that is rolled back in the middle of a flush, a merge, a publish
// or a drop leaves the file as it was, and the next one begins anew: no bucket is
// lost, or used by two.
func TestWorkIsRolledBack(t *testing.T) {
	t.Parallel()
	give := map[string]func(h *host, fn func(*bolt.Tx) error) error{
		"by the host": func(h *host, fn func(*bolt.Tx) error) error {
			return unless(errHost, h.db.Update(func(tx *bbolt.Tx) error { return errors.Join(fn(bolt.Wrap(tx)), errHost) }))
		},
		"by the host, in a panic": func(h *host, fn func(*bolt.Tx) error) (err error) {
			defer func() {
				if r := recover(); r != nil && r != errHost { //nolint:errorlint // the very value
					panic(r)
				}
			}()
			return h.db.Update(func(tx *bbolt.Tx) error {
				if err = fn(bolt.Wrap(tx)); err != nil {
					return err
				}
				panic(errHost)
			})
		},
		"by us": func(h *host, fn func(*bolt.Tx) error) error {
			return unless(errHost, h.books.Write(context.Background(), func(tx ledger.Tx) error { return errors.Join(fn(tx.(*bolt.Tx)), errHost) })) //nolint:errcheck // it panics
		},
		"for want of room": func(h *host, fn func(*bolt.Tx) error) error {
			snapshot, err := h.db.Begin(false) // no page becomes free
			if err != nil {
				return err
			}
			defer func() { _ = snapshot.Rollback() }()
			h.db.MaxSize = 1
			defer func() { h.db.MaxSize = 0 }()
			return unless(bolt.ErrFull, h.books.Write(context.Background(), func(tx ledger.Tx) error { return fn(tx.(*bolt.Tx)) })) //nolint:errcheck // it panics
		},
	}
	for name, gives := range give {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newDamaged(t, &bbolt.Options{NoSync: true, InitialMmapSize: 1 << 28})
			h.db.AllocSize = 4096
			h.books = bolttest.On(t, h.store, config(t))
			done, booked := make(map[string]int), 0
			for n := range 260 {
				before := h.dump(t)
				err := gives(h, func(tx *bolt.Tx) error {
					was, err := workOf(tx)
					if err != nil {
						return err
					}
					if _, err := h.books.PostTx(context.Background(), tx, step(n, "never-")...); err != nil {
						return err
					}
					ballast, err := tx.Bolt().CreateBucket([]byte("ballast")) // too much for what is free
					if err == nil {
						err = ballast.Put([]byte("x"), make([]byte, 4<<20))
					}
					if err != nil {
						return err
					}
					is, err := workOf(tx)
					for _, deed := range was.deeds(is) {
						done[deed]++
					}
					return err
				})
				if err != nil {
					t.Fatalf("step %d: %v", n, err)
				}
				if !maps.Equal(before, h.dump(t)) {
					t.Fatalf("step %d: the file has changed", n)
				}
				booked += len(mustPost(t, h.books, step(n, "s")...))
				if n%40 == 0 {
					bolttest.Verify(t, h.books)
				}
			}
			if name == "for want of room" {
				done["a flush gone on"]++ // the memory is dropped, so a flush begins anew
			}
			wantDeeds(t, name, done)
			wantNoStray(t, h)
			wantPosted(t, h.books, available, fmt.Sprintf("%d.%02d", booked/100, booked%100))
			if runs := listOfRuns(t, h); runs[0].Level < 1 || h.unflushed(t) > 100 {
				t.Errorf("runs are %+v, %d items are in none", runs, h.unflushed(t))
			}
		})
	}
}

// Killed behind any commit, the program finds the runs that were there, drops
// what was unfinished, and goes on.
func TestWorkInterrupted(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	done := make(map[string]int)
	for n := range 120 {
		err := h.books.Write(t.Context(), func(tx ledger.Tx) error {
			ours := tx.(*bolt.Tx) //nolint:errcheck // it panics
			was, err := workOf(ours)
			if err == nil {
				_, err = h.books.PostTx(t.Context(), tx, step(n, "s")...)
			}
			if err != nil {
				return err
			}
			is, err := workOf(ours)
			for _, deed := range was.deeds(is) {
				done[deed]++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n < 20 {
			continue
		}
		path := newPath(t)
		write(t, path, read(t, h.db.Path()))
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		killed := &host{db: db}
		if killed.store, err = bolt.Attach(db, bolttest.Small()); err != nil {
			t.Fatal(err)
		}
		killed.on(t, config(t))
		bolttest.Verify(t, killed.books)
		for i := range 12 {
			if r := mustPost(t, killed.books, step(max(n-i, 0), "s")...); !r[0].Replayed {
				t.Fatalf("step %d: an entry before is booked twice", n)
			}
			mustPost(t, killed.books, sale(fmt.Sprint("later-", i), 1))
		}
		bolttest.Verify(t, killed.books)
		wantNoStray(t, killed)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantDeeds(t, "interrupted", done)
}

// Pages of runs that were merged and dropped are used again: the file does not
// grow with what was ever written to it.
func TestDroppedRunsAreFree(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	h.books = bolttest.On(t, h.store, config(t))
	n := 0
	for range 400 {
		n += len(mustPost(t, h.books, many(50, fmt.Sprint("s", n, "-"))...))
	}
	var used, pages int64
	err := h.db.View(func(tx *bbolt.Tx) error {
		for _, name := range []string{"journal", "hashes", "accounts", "meta"} {
			s := inner(tx, name).Stats()
			used += int64(s.BranchPageN + s.BranchOverflowN + s.LeafPageN + s.LeafOverflowN)
		}
		for _, r := range listOfRuns(t, h) {
			s := inner(tx, fmt.Sprint("runs/", r.ID)).Stats()
			used += int64(s.BranchPageN + s.BranchOverflowN + s.LeafPageN + s.LeafOverflowN)
		}
		pages = tx.Size() / int64(tx.DB().Info().PageSize)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stats := h.store.Stats()
	free := (stats.Free + stats.Pending) / 4096
	if lost := pages - used - free; lost > used/10+60 {
		t.Errorf("of %d pages %d are used and %d are free: %d are lost, or in buckets that are no runs", pages, used, free, lost)
	}
	if free > used {
		t.Errorf("%d pages are free, %d used: they are not used again", free, used)
	}
	t.Logf("%d entries: %d pages, %d used, %d free; runs %+v", n, pages, used, free, listOfRuns(t, h))
}

// A key that is taken is never free; of those that are free one in some hundred
// at most has to be looked up; and the filter keeps to its memory.
func TestKeyFilter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		budget := rapid.SampledFrom([]int64{0, 1 << 10, 200 << 10, 400 << 10, 3 << 20, 1 << 30}).Draw(r, "budget")
		keys := rapid.Uint64Range(0, 150_000).Draw(r, "keys")
		f := bolt.NewKeyFilter(budget, rapid.Uint64Range(0, keys).Draw(r, "room"))
		hash := func(i uint64) uint64 { return (i*2 + 1) * 0x9e3779b97f4a7c15 >> 24 }
		for i := range keys {
			f.Add(hash(i), i+1)
		}
		if f.Used() > budget {
			r.Fatalf("it takes %d bytes, it may take %d", f.Used(), budget)
		}
		for i := range keys {
			seq := i + 1
			if !slices.ContainsFunc(f.Maybe(hash(i)), func(s [2]uint64) bool { return s[0] <= seq && seq <= s[1] }) {
				r.Fatalf("item %d took a key, the filter says %v", seq, f.Maybe(hash(i)))
			}
		}
		if budget < 1<<20 {
			return
		}
		passed := 0
		for i := range uint64(100_000) {
			if f.Maybe(hash(1<<32+i)) != nil {
				passed++
			}
		}
		if passed > 400 {
			r.Fatalf("%d of 100,000 free keys pass", passed)
		}
	})
}

// A file that is closed is forgotten, though the host's functions hold on to it.
func TestClosedFilesAreForgotten(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books := bolttest.On(t, store, config(t))
	for n := range 10 {
		mustPost(t, books, many(1000, fmt.Sprint(n, "-"))...)
	}
	closeStore(t, store)
	var keys []weak.Pointer[bbolt.DB]
	for n := range 30 {
		keys = append(keys, openAndClose(t, path, n))
	}
	left := func() (n int) {
		for _, key := range keys {
			if key.Value() != nil || bolt.Remembered(key) {
				n++
			}
		}
		return n
	}
	for range 1000 {
		if left() == 0 {
			return
		}
		runtime.GC()
		runtime.Gosched()
	}
	t.Errorf("%d of %d closed files are remembered", left(), len(keys))
}

//go:noinline
func openAndClose(t *testing.T, path string, n int) weak.Pointer[bbolt.DB] {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	store, err := bolt.Attach(db, bolt.Options{RunItems: 500, Warn: func(bolt.LongReader) { _ = db.Stats() }})
	if err != nil {
		t.Fatal(err)
	}
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, books, sale(fmt.Sprint("open-", n), 1), sale("3-7", 1))
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := books.PostTx(t.Context(), bolt.Wrap(tx), many(700, fmt.Sprint("host-", n, "-"))...)
		return errors.Join(err, errHost)
	})
	if !errors.Is(err, errHost) {
		t.Fatal(err)
	}
	wantPosted(t, books, available, fmt.Sprintf("%d.%02d", (10_000+n+1)/100, (10_000+n+1)%100))
	key := weak.Make(db)
	if !bolt.Remembered(key) {
		t.Error("an open file is not remembered")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return key
}

// No bucket is a run and being written to, or written to by two, also when there
// are several Saves in a transaction.
func TestNoBucketIsUsedTwice(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	h.books = bolttest.On(t, h.store, config(t))
	for n := range 200 {
		err := h.books.Write(t.Context(), func(tx ledger.Tx) error {
			for call := range n % 4 { // several Saves in one transaction
				if _, err := h.books.PostTx(t.Context(), tx, step(n, fmt.Sprint(call, "-"))...); err != nil {
					return err
				}
				w, err := workOf(tx.(*bolt.Tx)) //nolint:errcheck // it panics
				if err != nil {
					return err
				}
				used := make(map[uint64]int)
				for _, r := range w.list {
					used[r.ID]++
					if !w.buckets[string(be(r.ID))] {
						t.Errorf("transaction %d: run %d has no bucket", n, r.ID)
					}
				}
				for id := range w.work.Merges {
					used[id]++
				}
				if w.work.Flush != 0 {
					used[w.work.Flush]++
				}
				for id, times := range used {
					if times > 1 {
						t.Errorf("transaction %d: bucket %d is used %d times: %+v", n, id, times, w)
					}
				}
			}
			if n%3 == 0 {
				return errHost
			}
			return nil
		})
		if err != nil && !errors.Is(err, errHost) {
			t.Fatal(err)
		}
	}
}
