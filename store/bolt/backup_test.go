package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// names lists what lies in a directory.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Name()
	}
	return out
}

// wantBytes wants a file to be what it was.
func wantBytes(t testing.TB, path string, want []byte) {
	t.Helper()
	if !bytes.Equal(read(t, path), want) {
		t.Errorf("%s has changed", path)
	}
}

// storedHead reads the head of a store.
func storedHead(t testing.TB, store *bolt.Store) (head ledger.Head) {
	t.Helper()
	err := store.Read(t.Context(), func(r ledger.Reader) (err error) {
		head, err = ledger.Together(t.Context(), r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// mustBackUp backs a store up.
func mustBackUp(t testing.TB, store *bolt.Store, path string) bolt.BackupInfo {
	t.Helper()
	info, err := store.Backup(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// acknowledged collects the keys of what several goroutines book.
type acknowledged struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (a *acknowledged) add(entries []ledger.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range entries {
		a.keys[e.Key] = true
	}
}

func (a *acknowledged) now() map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.keys)
}

// While others write, a backup has everything in it that was acknowledged
// before it began, batches are in it whole or not at all, and it is sound.
func TestBackup(t *testing.T) {
	t.Parallel()
	const writers, rounds = 4, 12
	store := bolttest.Open(t)
	books := bolttest.On(t, store, config(t))
	all := acknowledged{keys: make(map[string]bool)}
	var over atomic.Bool
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for n := 0; !over.Load(); n++ {
				entries := many(1+n%5*20, fmt.Sprintf("%d-%d-%d-", 0, w, n))
				if _, err := books.Post(t.Context(), entries...); err != nil {
					t.Error(err)
					return
				}
				all.add(entries)
			}
		})
	}
	dir := t.TempDir()
	for round := 0; round < rounds || len(all.now()) < rounds*writers; round++ {
		name := fmt.Sprintf("%d.db", round)
		path := filepath.Join(dir, name)
		before := all.now()
		info := mustBackUp(t, store, path)
		wantDiff(t, "files", []string{name}, names(t, dir))
		wantCopy(t, path, info, before)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	over.Store(true)
	wait.Wait()
	last := filepath.Join(dir, "last.db")
	wantDiff(t, "head when nobody writes", storedHead(t, store), mustBackUp(t, store, last).Head)
}

// wantCopy wants a sound file that is as info says and holds these keys.
func wantCopy(t *testing.T, path string, info bolt.BackupInfo, keys map[string]bool) {
	t.Helper()
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if file.Mode().Perm() != 0o600 || file.Size() != info.Bytes || info.Duration <= 0 {
		t.Errorf("the copy has mode %o and %d bytes, want 600 and %d; it took %s", file.Mode().Perm(), file.Size(), info.Bytes, info.Duration)
	}
	copied := bolttest.OpenFile(t, path)
	books := bolttest.On(t, copied, config(t))
	bolttest.Verify(t, books)
	wantDiff(t, "head of the copy", info.Head, storedHead(t, copied))
	there := booked(t, books)
	for key := range keys {
		if !there[key] {
			t.Fatalf("entry %s was acknowledged before the backup and is not in it", key)
		}
	}
	if uint64(len(there)) != info.Head.Seq {
		t.Errorf("%d entries are in it, its head says %d", len(there), info.Head.Seq)
	}
	wantWholeBatches(t, there)
	closeStore(t, copied)
}

// A ledger with nothing in it has a backup too, and so has the file of a host,
// with the host's own rows.
func TestBackupOfHost(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	path := newPath(t)
	if info := mustBackUp(t, h.store, path); info.Head != (ledger.Head{}) {
		t.Errorf("head of nothing is %+v", info.Head)
	}
	mustPost(t, h.books, sale("s1", 500))
	h.update(t, func(tx *bbolt.Tx) error { return order(tx, "o1") })
	path = newPath(t)
	mustBackUp(t, h.store, path)

	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	again := &host{db: db, store: store, books: bolttest.On(t, store, config(t))}
	wantDiff(t, "pairs", h.dump(t), again.dump(t))
	wantOrders(t, again, "o1")
	bolttest.Verify(t, again.books)
}

// A backup overwrites nothing, and one that fails leaves nothing.
func TestBackupRefused(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	mustPost(t, bolttest.On(t, store, config(t)), sale("s1", 500))
	dir := t.TempDir()
	there, dangling := filepath.Join(dir, "there.db"), filepath.Join(dir, "link.db")
	write(t, there, []byte("somebody's"))
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	before := names(t, dir)
	for _, test := range []struct {
		name, path string
		ctx        context.Context //nolint:containedctx // a row
		want       error
	}{
		{"there", there, t.Context(), fs.ErrExist},
		{"a directory", dir, t.Context(), fs.ErrExist},
		{"a link to nowhere", dangling, t.Context(), fs.ErrExist},
		{"no directory", filepath.Join(dir, "no", "such.db"), t.Context(), fs.ErrNotExist},
		{"a file as directory", filepath.Join(there, "such.db"), t.Context(), nil},
		{"context", filepath.Join(dir, "new.db"), over, context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			info, err := store.Backup(test.ctx, test.path)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || info != (bolt.BackupInfo{}) {
				t.Errorf("got %+v, %v, want %v", info, err, test.want)
			}
			wantDiff(t, "files", before, names(t, dir))
		})
	}
	_, err := store.Backup(t.Context(), there)
	wantText(t, err, "back up to "+there+": file already exists")
	if string(read(t, there)) != "somebody's" {
		t.Error("a file was overwritten")
	}
}

// countdown is a context that is over once it has been asked so many times.
type countdown struct {
	context.Context //nolint:containedctx // it is one
	left            atomic.Int64
	end             func() error
}

// newCountdown gives a context that is canceled at question n, counted from 1.
func newCountdown(ctx context.Context, n int) *countdown {
	c := &countdown{Context: ctx, end: func() error { return context.Canceled }}
	c.left.Store(int64(n))
	return c
}

// Err implements context.Context.
func (c *countdown) Err() error {
	if c.left.Add(-1) <= 0 {
		return c.end()
	}
	return nil
}

// Whoever makes a file of that name meanwhile, at any time, keeps it.
func TestCopiesOvertaken(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	mustPost(t, bolttest.On(t, store, config(t)), many(900, "s")...)
	kept := newPath(t)
	mustBackUp(t, store, kept)
	for name, run := range map[string]func(ctx context.Context, path string) error{
		"backup":  func(ctx context.Context, path string) error { _, err := store.Backup(ctx, path); return err },
		"restore": func(ctx context.Context, path string) error { _, err := bolt.Restore(ctx, kept, path); return err },
	} {
		at := 1
		for ; ; at++ {
			path := newPath(t)
			ctx, asked := newCountdown(t.Context(), at), false
			ctx.end = func() error {
				if !asked {
					write(t, path, []byte("somebody's"))
				}
				asked = true
				return nil
			}
			err := run(ctx, path)
			if !asked {
				break
			}
			if !errors.Is(err, fs.ErrExist) || string(read(t, path)) != "somebody's" {
				t.Fatalf("%s, question %d: %v", name, at, err)
			}
			wantDiff(t, "files", []string{"ledger.db"}, names(t, filepath.Dir(path)))
		}
		if at < 20 {
			t.Errorf("%s is done after %d questions", name, at)
		}
	}
}

// Interrupted anywhere, a backup, a restore and a compaction leave nothing, and
// what they read as it was.
func TestCopiesInterrupted(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	books := bolttest.On(t, store, config(t))
	mustPost(t, books, many(900, "s")...)
	kept := newPath(t)
	mustBackUp(t, store, kept)
	whole := read(t, kept)
	for _, test := range []struct {
		name string
		run  func(ctx context.Context, path string) error
	}{
		{"backup", func(ctx context.Context, path string) error { _, err := store.Backup(ctx, path); return err }},
		{"restore", func(ctx context.Context, path string) error { _, err := bolt.Restore(ctx, kept, path); return err }},
		{"compact", func(ctx context.Context, _ string) error { _, _, err := bolt.Compact(ctx, kept); return err }}, // last: it changes the file
	} {
		dir := t.TempDir()
		if test.name == "compact" {
			dir = filepath.Dir(kept)
		}
		before := names(t, dir)
		at := 1
		for ; ; at += 1 + at/50 { // pairs are asked about one by one
			ctx := newCountdown(t.Context(), at)
			err := test.run(ctx, filepath.Join(dir, "new.db"))
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, question %d: %v", test.name, at, err)
			}
			if asked := -ctx.left.Load(); asked > 1 {
				t.Errorf("%s, question %d: it went on for %d more", test.name, at, asked)
			}
			wantDiff(t, "files", before, names(t, dir))
			wantBytes(t, kept, whole)
		}
		if at < 20 {
			t.Errorf("%s is done after %d questions", test.name, at)
		}
	}
}
