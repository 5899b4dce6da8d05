package ledger_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// ownFile opens a bbolt file as a host does. With file the test can spoil what
// bbolt writes.
func ownFile(t *testing.T) (db *bbolt.DB, file *os.File) {
	t.Helper()
	options := &bbolt.Options{OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}}
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "host.db"), 0o600, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, file
}

// attached keeps books in a host's file.
func attached(t *testing.T, db *bbolt.DB) *ledger.Ledger {
	t.Helper()
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	books, err := ledger.New(store, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	return books
}

// A file that cannot be opened, and why.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bolttest.OpenFile(t, path)
	_, err := bolt.Open(path, bolt.Options{LockWait: 1})
	wantIs(t, err, "ErrInUse")

	for format, is := range map[uint32]string{bolt.Format + 1: "ErrNewerFormat", bolt.Format - 1: "ErrOlderFormat", 0: "ErrCorrupt"} {
		db, _ := ownFile(t)
		attached(t, db)
		err := db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("settlex")).Bucket([]byte("meta")).Put([]byte("format"), binary.BigEndian.AppendUint32(nil, format))
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bolt.Attach(db, bolttest.Small())
		wantIs(t, err, is)
	}
}

// A commit without room is definite: the same request goes through once there
// is some.
func TestFull(t *testing.T) {
	t.Parallel()
	db, file := ownFile(t)
	books := attached(t, db)
	var batch []ledger.Entry
	for i := range 1000 {
		batch = append(batch, sale(fmt.Sprint("s", i), 1))
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	db.MaxSize = int(info.Size())
	_, err = books.Post(t.Context(), batch...)
	wantIs(t, err, "ErrFull")

	db.MaxSize = 0
	if again := mustPost(t, books, batch...); again[0].Replayed {
		t.Error("the batch was booked without room for it")
	}
	bolttest.Verify(t, books)
}

// A commit that fails otherwise is indefinite, and the store takes no more
// writes until it is opened again.
func TestReadOnlySinceCommitFailed(t *testing.T) {
	t.Parallel()
	db, file := ownFile(t)
	books := attached(t, db)
	if err := file.Close(); err != nil { // whatever bbolt writes from now on fails
		t.Fatal(err)
	}
	_, err := books.Post(t.Context(), sale("s1", 1))
	wantIs(t, err, "ErrIndefinite")
	_, err = books.Post(t.Context(), sale("s1", 1))
	wantIs(t, err, "ErrReadOnly")
}
