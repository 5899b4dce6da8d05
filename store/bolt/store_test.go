package bolt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger.db")
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func closeStore(t testing.TB, store *bolt.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	books := bolttest.On(t, bolttest.OpenFile(t, path), config(t))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("file has mode %o, want 600", mode)
	}
	v, err := books.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "a new ledger", &ledger.Verification{Lanes: []ledger.VerifiedLane{{Root: sha256.Sum256(nil)}}}, v)
}

// What was acknowledged is there when the file is opened again, and opening it
// changes nothing.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books := bolttest.On(t, store, config(t))
	results := mustPost(t, books, sale("s1", 500), payout("p1", 200))
	mustDo(t, books, put(known("m1", "Asha")))
	closeStore(t, store)
	before := read(t, path)

	store = bolttest.OpenFile(t, path)
	books = bolttest.On(t, store, config(t))
	wantPosted(t, books, available, "3.00")
	for _, want := range results {
		got, ok, err := books.Entry(t.Context(), want.Key)
		if !ok || err != nil {
			t.Fatalf("entry %s is there: %t, %v", want.Key, ok, err)
		}
		wantDiff(t, "entry", want.Booked, got)
	}
	if got := mustPost(t, books, sale("s1", 500))[0]; !got.Replayed {
		t.Error("a retry was booked again")
	}
	closeStore(t, store)
	if !bytes.Equal(read(t, path), before) {
		t.Error("opening, reading and a replay changed the file")
	}

	books = bolttest.On(t, bolttest.OpenFile(t, path), config(t))
	next := mustPost(t, books, sale("s2", 1))[0]
	if next.Seq != 3 || !next.At.After(results[1].At) {
		t.Errorf("next entry is %d at %s, want 3 after %s", next.Seq, next.At, results[1].At)
	}
}

// What is rejected or replayed leaves the file as it was, to the byte.
func TestRejectedLeavesFileUnchanged(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books := bolttest.On(t, store, config(t))
	mustPost(t, books, sale("s1", 500))
	if _, err := books.Post(t.Context(), payout("p1", 501)); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Fatal(err)
	}
	before := read(t, path)
	tests := []struct {
		name    string
		entries []ledger.Entry
		want    error
	}{
		{"invalid", []ledger.Entry{{}}, ledger.ErrInvalid},
		{"conflict", []ledger.Entry{sale("s1", 501)}, ledger.ErrKeyConflict},
		{"frozen", []ledger.Entry{payout("p1", 501)}, ledger.ErrInsufficientFunds},
		{"a frozen key with other content", []ledger.Entry{payout("p1", 502)}, ledger.ErrKeyConflict},
		{"a batch", append(many(100, "b"), payout("p1", 501)), ledger.ErrInsufficientFunds},
		{"a replay", []ledger.Entry{sale("s1", 500)}, nil},
		{"nothing", nil, nil},
	}
	for _, test := range tests {
		if _, err := books.Post(t.Context(), test.entries...); !errors.Is(err, test.want) {
			t.Errorf("%s: error is %v, want %v", test.name, err, test.want)
		}
		if !bytes.Equal(read(t, path), before) {
			t.Errorf("%s changed the file", test.name)
		}
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	_, err := bolt.Open(path, bolt.Options{LockWait: time.Millisecond})
	wantText(t, err, "open "+path+": file is in use by another process")
	if !errors.Is(err, bolt.ErrInUse) {
		t.Error("the error is not ErrInUse")
	}
	closeStore(t, store)
	bolttest.OpenFile(t, path)
}

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		stored []byte
		is     error
		want   string
	}{
		{"newer", binary.BigEndian.AppendUint32(nil, 5), bolt.ErrNewerFormat, "file was written by a newer program: format 5, this one knows 4"},
		{"older", binary.BigEndian.AppendUint32(nil, 3), bolt.ErrOlderFormat, "file was written before the first release: format 3, this one knows 4"},
		{"much newer", []byte{255, 255, 255, 255}, bolt.ErrNewerFormat, "file was written by a newer program: format 4294967295, this one knows 4"},
		{"none", []byte{0, 0, 0, 0}, ledger.ErrCorrupt, "stored data is corrupt: format number is 00000000"},
		{"cut", []byte{0, 1}, ledger.ErrCorrupt, "stored data is corrupt: format number is 0001"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			closeStore(t, bolttest.OpenFile(t, path))
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error {
				return tx.Bucket([]byte("settlex")).Bucket([]byte("meta")).Put([]byte("format"), test.stored)
			})
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			before := read(t, path)
			for range 2 { // the first attempt must not keep the lock
				_, err = bolt.Open(path, bolttest.Small())
				wantText(t, err, "open "+path+": "+test.want)
				if !errors.Is(err, test.is) {
					t.Errorf("the error is not %v", test.is)
				}
			}
			if !bytes.Equal(read(t, path), before) {
				t.Error("the refused file was changed")
			}
		})
	}
}

// What is no ledger, or not whole, is refused with an error.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books := bolttest.On(t, store, config(t))
	for i := range 20 {
		mustPost(t, books, many(50, fmt.Sprint(i, "-"))...)
	}
	bolttest.Verify(t, books)
	closeStore(t, store)
	whole := read(t, path)

	tests := []struct {
		name string
		data []byte
	}{
		{"text", []byte(strings.Repeat("this is no ledger\n", 1000))},
		{"one byte", []byte("x")},
		{"zeros", make([]byte, 1<<16)},
		{"both meta pages zeroed", append(make([]byte, 8192), whole[8192:]...)},
		{"half a page", whole[:2048]},
		{"a page", whole[:4096]},
		{"the meta pages", whole[:8192]},
		{"three pages", whole[:3*4096]},
		{"ten pages", whole[:10*4096]},
		{"a hundred kilobytes", whole[:100<<10]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			write(t, path, test.data)
			for range 2 { // the first attempt must not keep the lock
				store, err := bolt.Open(path, bolttest.Small())
				if !errors.Is(err, ledger.ErrCorrupt) || !strings.HasPrefix(err.Error(), "open "+path+": ") {
					t.Errorf("opened as %v: %v", store, err)
				}
			}
			if !bytes.Equal(read(t, path), test.data) {
				t.Error("the refused file was changed")
			}
			write(t, path, whole) // restored from a backup
			bolttest.On(t, bolttest.OpenFile(t, path), config(t))
		})
	}
	t.Run("a directory", func(t *testing.T) {
		t.Parallel()
		if store, err := bolt.Open(t.TempDir(), bolt.Options{}); err == nil {
			t.Errorf("opened as %v", store)
		}
	})
	t.Run("a folder that is not there", func(t *testing.T) {
		t.Parallel()
		if store, err := bolt.Open(filepath.Join(t.TempDir(), "a", "b"), bolt.Options{}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("opened as %v: %v", store, err)
		}
	})
}

// A store that was closed says so.
func TestClosed(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	books := bolttest.On(t, store, config(t))
	closeStore(t, store)
	_, err := books.Post(t.Context(), sale("s1", 1))
	wantText(t, err, "begin: database not open")
	_, _, err = books.Account(t.Context(), bank, inr())
	wantText(t, err, "database not open")
	closeStore(t, store) // once more
}
