package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

// Format is the version of the layout this program reads and writes.
const Format = 1

// Sentinels a caller may branch on.
var (
	// ErrInUse marks a file that another process holds.
	ErrInUse = errors.New("file is in use by another process")
	// ErrNewerFormat marks a file that a newer program has written.
	ErrNewerFormat = errors.New("file was written by a newer program")
	// ErrReadOnly marks a store whose last commit failed; it must be reopened
	// and verified before it takes writes again.
	ErrReadOnly = errors.New("store is read-only since a commit failed: reopen and verify it")
)

// Options adjust Open. The zero value is right for almost everybody.
type Options struct {
	// LockWait is how long Open waits for another process to let go of the
	// file; 0 means one second.
	LockWait time.Duration
}

// Store is a ledger.Store in one bbolt file.
type Store struct {
	db     *bbolt.DB
	owned  bool // Open opened db, so Close closes it
	failed atomic.Bool
}

// Open opens the file at path and creates it, readable by its owner only, if
// it is not there. Errors: ErrInUse, ErrNewerFormat, ledger.ErrCorrupt.
func Open(path string, options Options) (*Store, error) {
	store, err := open(path, options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return store, nil
}

func open(path string, options Options) (store *Store, err error) {
	defer guard(&err)()
	if options.LockWait == 0 {
		options.LockWait = time.Second
	}
	if err := checkSize(path, options); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      options.LockWait,
		FreelistType: bbolt.FreelistMapType,
		// Growing past the mapped size makes the writer wait for readers, and
		// unused addresses cost nothing.
		InitialMmapSize: mapSize(),
	})
	if err != nil {
		return nil, openError(err)
	}
	if store, err = Attach(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	store.owned = true
	return store, nil
}

// openError says in our words why bbolt did not open a file.
func openError(err error) error {
	var system syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrInUse
	case errors.As(err, &system):
		return err
	}
	return fmt.Errorf("%w: %w", ledger.ErrCorrupt, err) // it looked inside, and did not like it
}

// checkSize notices a file whose end is gone, before it is opened for writing:
// that reads the list of free pages, and reading the map behind the file's end
// faults. A read-only file is opened without it.
func checkSize(path string, options Options) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil //nolint:nilerr // it is made by opening it, or that says why not
	}
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: options.LockWait})
	if err != nil {
		return openError(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if info, err = os.Stat(path); err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: file has %d bytes, its pages need %d", ledger.ErrCorrupt, info.Size(), tx.Size())
		}
		return nil
	})
	return errors.Join(err, db.Close())
}

// mapSize is the address space reserved for the file: 16 GiB, or what bbolt
// chooses where addresses are scarce.
func mapSize() int {
	if strconv.IntSize < 64 {
		return 0
	}
	return 16 << 30
}

// Attach keeps a ledger in a file that the host has opened and will close. A
// host that opened it with NoSync gives up what acknowledging promises. Errors:
// ErrNewerFormat, ledger.ErrCorrupt.
func Attach(db *bbolt.DB) (store *Store, err error) {
	defer guard(&err)()
	laidOut := false
	err = db.View(func(tx *bbolt.Tx) error {
		laidOut, err = checkLayout(tx.Bucket(bucketRoot))
		return err
	})
	if err == nil && !laidOut { // a commit without need would change the file
		err = db.Update(layOut)
	}
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// buckets lists those within the root.
func buckets() [][]byte {
	return [][]byte{bucketMeta, bucketBlocks, bucketJournal, bucketKeys, bucketAccounts, bucketMovements, bucketRecords}
}

// checkLayout tells whether everything layOut makes is there.
func checkLayout(root *bbolt.Bucket) (laidOut bool, err error) {
	if root == nil {
		return false, nil
	}
	for _, name := range buckets() {
		if root.Bucket(name) == nil {
			return false, nil
		}
	}
	meta := root.Bucket(bucketMeta)
	return meta.Get(keyFormat) != nil, checkFormat(meta)
}

// layOut makes the buckets and writes the format.
func layOut(tx *bbolt.Tx) error {
	root, err := tx.CreateBucketIfNotExists(bucketRoot)
	if err != nil {
		return err
	}
	for _, name := range buckets() {
		if _, err := root.CreateBucketIfNotExists(name); err != nil {
			return fmt.Errorf("bucket %q: %w", name, err)
		}
	}
	meta := root.Bucket(bucketMeta)
	if meta.Get(keyFormat) == nil {
		if err := meta.Put(keyFormat, binary.BigEndian.AppendUint32(nil, Format)); err != nil {
			return err
		}
	}
	return checkFormat(meta)
}

// checkFormat refuses a format that this program does not know. None is
// written yet in a new file.
func checkFormat(meta *bbolt.Bucket) error {
	stored := meta.Get(keyFormat)
	if stored == nil {
		return nil
	}
	if len(stored) != 4 || binary.BigEndian.Uint32(stored) == 0 {
		return fmt.Errorf("%w: format number is %x", ledger.ErrCorrupt, stored)
	}
	if format := binary.BigEndian.Uint32(stored); format > Format {
		return fmt.Errorf("%w: format %d, this one knows %d", ErrNewerFormat, format, Format)
	}
	return nil
}

// Close lets go of the file, after waiting for open transactions. A store made
// by Attach leaves the host's file open.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	return s.db.Close()
}

// Write implements ledger.Store. An error of the commit itself is indefinite;
// the store refuses further writes after it. When fn saves nothing there is no
// commit, and not a byte of the file changes.
func (s *Store) Write(ctx context.Context, fn func(ledger.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer guard(&err)()
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	if s.failed.Load() {
		return ErrReadOnly
	}
	ours := Wrap(tx)
	if err := fn(ours); err != nil || !ours.saved {
		return err
	}
	return s.commit(tx)
}

func (s *Store) commit(tx *bbolt.Tx) (err error) {
	err = errors.New("it panicked")
	defer func() {
		if err != nil {
			s.failed.Store(true)
			err = fmt.Errorf("%w: commit: %w", ledger.ErrIndefinite, err)
		}
	}()
	defer guard(&err)()
	return tx.Commit()
}

// Read implements ledger.Store.
func (s *Store) Read(ctx context.Context, fn func(ledger.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer guard(&err)()
	return s.db.View(func(tx *bbolt.Tx) error { return fn(Wrap(tx)) })
}
