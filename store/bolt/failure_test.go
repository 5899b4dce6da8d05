package bolt_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

func TestContextIsOver(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	books := bolttest.On(t, store, config(t))
	mustPost(t, books, many(10, "s")...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func() error { t.Error("the function was called"); return nil }
	for name, err := range map[string]error{
		"Write":       store.Write(ctx, func(ledger.Tx) error { return never() }),
		"Read":        store.Read(ctx, func(ledger.Reader) error { return never() }),
		"CheckEngine": store.CheckEngine(ctx, func(ledger.Finding) { t.Error("there is a finding") }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// In the middle of a list, the context ends it.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := 0
	for _, err := range books.Lines(ctx, available, inr(), ledger.Span{}) {
		if seen++; seen == 3 {
			stop()
		}
		if seen == 4 && !errors.Is(err, context.Canceled) {
			t.Errorf("line 4: %v", err)
		}
	}
	if seen != 4 {
		t.Errorf("saw %d pairs", seen)
	}
}

// When a commit fails nobody knows what is in the file: the outcome is
// indefinite, and no more is written until it has been opened again.
func TestFailedCommit(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var file *os.File
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, books, sale("s1", 100))

	if err := file.Close(); err != nil { // whatever bbolt writes from now on fails
		t.Fatal(err)
	}
	if _, err = books.Post(t.Context(), sale("s2", 100)); !errors.Is(err, ledger.ErrIndefinite) || !errors.Is(err, os.ErrClosed) {
		t.Errorf("error is %v, want ErrIndefinite and its cause", err)
	}
	for range 2 {
		_, err = books.Post(t.Context(), sale("s3", 100))
		wantText(t, err, "store is read-only since a commit failed: reopen and verify it")
		if !errors.Is(err, bolt.ErrReadOnly) || errors.Is(err, ledger.ErrIndefinite) {
			t.Errorf("error is %v, want ErrReadOnly alone", err)
		}
	}
	wantPosted(t, books, available, "1.00") // reading goes on

	db.Close()
	again := bolttest.On(t, bolttest.OpenFile(t, path), config(t))
	mustPost(t, again, sale("s1", 100), sale("s2", 100))
	wantPosted(t, again, available, "2.00")
}

// When bbolt panics in the middle of a commit, because it comes across damage,
// the outcome is unknown as well, and nobody hangs.
func TestCommitPanics(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, nil)
	mustPost(t, h.books, sale("s1", 100))
	var root int64
	h.update(t, func(tx *bbolt.Tx) error {
		orders, err := tx.CreateBucket([]byte("orders"))
		if err != nil {
			return err
		}
		return orders.Put([]byte("o1"), make([]byte, 3000)) // too much to be kept inline
	})
	err := h.db.View(func(tx *bbolt.Tx) error {
		root = int64(tx.Bucket([]byte("orders")).Root())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(h.db.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{0, 0}, root*4096+8); err != nil { // the page has no type any more
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}

	h.db.StrictMode = true // bbolt looks at all pages as it commits, and panics
	if _, err := h.books.Post(t.Context(), sale("s2", 100)); !errors.Is(err, ledger.ErrIndefinite) || !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("error is %v, want ErrIndefinite and ErrCorrupt", err)
	}
	if _, err := h.books.Post(t.Context(), sale("s3", 100)); !errors.Is(err, bolt.ErrReadOnly) {
		t.Errorf("error is %v, want ErrReadOnly", err)
	}
	wantPosted(t, h.books, available, "1.00")
}

// A file that is cut while it is open faults where it is read: an error too.
func TestCutWhileOpen(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store, err := bolt.Open(path, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, books, many(100, "s")...)
	if err := os.Truncate(path, 2*4096); err != nil {
		t.Fatal(err)
	}
	if v, err := books.Verify(t.Context()); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("verifying gives %+v, %v", v, err)
	}
	if _, err := books.Post(t.Context(), sale("x", 1)); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("posting gives %v", err)
	}
	if _, _, err := books.Entry(t.Context(), "s1"); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("reading gives %v", err)
	}
	wantPosted(t, books, available, "1.00") // the memory knows
}

// A panic of a caller's function leaves the store usable.
func TestPanicInside(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	books := bolttest.On(t, store, config(t))
	mustPost(t, books, sale("s1", 100))
	for name, fn := range map[string]func() error{
		"write": func() error {
			return books.Write(t.Context(), func(tx ledger.Tx) error {
				if _, err := books.PostTx(t.Context(), tx, sale("s2", 100)); err != nil {
					return err
				}
				panic("a bug")
			})
		},
		"read": func() error { return books.Read(t.Context(), func(ledger.Reader) error { panic("a bug") }) },
		"command": func() error {
			return books.Do(t.Context(), work(func(*ledger.State) error { panic("a bug") }))
		},
	} {
		func() {
			defer func() {
				if r := recover(); r != "a bug" {
					t.Errorf("%s: recovered %v, want the panic itself", name, r)
				}
			}()
			t.Errorf("%s: %v", name, fn())
		}()
	}
	mustPost(t, books, sale("s3", 100))
	wantPosted(t, books, available, "2.00")
}
