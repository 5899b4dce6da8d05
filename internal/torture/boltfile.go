package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// File is the ground of ledgers that are a file each, "ledger.db" in their directory.
type File struct{}

// hostRows is the bucket of the host's own, beside the ledger's.
var hostRows = []byte("host")

// lockWait is how long to wait for a process that has just been killed to let go of the file.
const lockWait = 10 * time.Second

func pathIn(dir string) string { return filepath.Join(dir, "ledger.db") }

// Host implements Ground. The ledger makes the file, because bbolt by itself can leave a torn one when it is killed at that.
func (File) Host(_ context.Context, dir string) (Site, error) {
	made, err := bolt.Open(pathIn(dir), bolt.Options{LockWait: lockWait})
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(pathIn(dir), 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &hostedFile{store, db}, nil
}

// Program implements Ground.
func (File) Program(_ context.Context, dir string) (Site, error) {
	rows, err := rowsOf(pathIn(dir))
	if err != nil {
		return nil, err
	}
	store, err := bolt.Open(pathIn(dir), bolt.Options{LockWait: lockWait})
	if err != nil {
		return nil, err
	}
	return &plainFile{store, rows}, nil
}

// hostedFile is a host's file with a ledger in it.
type hostedFile struct {
	ledger.Store
	db *bbolt.DB
}

// Together implements Site.
func (f *hostedFile) Together(ctx context.Context, fn Hosted) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		rows, err := tx.CreateBucketIfNotExists(hostRows)
		if err != nil {
			return err
		}
		return fn(ctx, bolt.Wrap(tx), func(key, value string) error { return rows.Put([]byte(key), []byte(value)) })
	})
}

// Rows implements Site.
func (f *hostedFile) Rows(context.Context) (map[string]string, error) { return readRows(f.db) }

// Forgives implements Site.
func (f *hostedFile) Forgives(error) bool { return false }

// Close implements Site.
func (f *hostedFile) Close() error { return f.db.Close() }

// plainFile is a file that the ledger has opened by itself; the rows were read before.
type plainFile struct {
	*bolt.Store
	rows map[string]string
}

var errNoHost = errors.New("a file without a host has no transactions of one")

// Together implements Site.
func (f *plainFile) Together(context.Context, Hosted) error { return errNoHost }

// Rows implements Site.
func (f *plainFile) Rows(context.Context) (map[string]string, error) { return f.rows, nil }

// Forgives implements Site.
func (f *plainFile) Forgives(error) bool { return false }

// rowsOf reads the host's own rows of a file that nobody has opened; one that was never begun has none.
func rowsOf(path string) (map[string]string, error) {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil, nil //nolint:nilerr // opening it makes it
	}
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockWait})
	if err != nil {
		return nil, err
	}
	rows, err := readRows(db)
	return rows, errors.Join(err, db.Close())
}

func readRows(db *bbolt.DB) (map[string]string, error) {
	rows := make(map[string]string)
	err := db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(hostRows)
		if bucket == nil {
			return nil
		}
		return bucket.ForEach(func(key, value []byte) error {
			rows[string(key)] = string(value)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("rows of the host: %w", err)
	}
	return rows, nil
}
