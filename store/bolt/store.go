package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

// Format is the version of the layout this program reads and writes.
const Format = 4

// Sentinels a caller may branch on.
var (
	// ErrInUse marks a file that another process holds.
	ErrInUse = errors.New("file is in use by another process")
	// ErrNewerFormat marks a file that a newer program has written.
	ErrNewerFormat = errors.New("file was written by a newer program")
	// ErrOlderFormat marks a file of a layout that no release has written and
	// this program does not read.
	ErrOlderFormat = errors.New("file was written before the first release")
	// ErrReadOnly marks a store whose last commit failed; it must be reopened
	// and verified before it takes writes again.
	ErrReadOnly = errors.New("store is read-only since a commit failed: reopen and verify it")
	// ErrFull marks a write that found no room for its pages. Nothing of it was
	// committed, and the store takes writes again as soon as there is room.
	ErrFull = errors.New("no room for the file to grow, nothing was committed")
)

// Options adjust Open. The zero value is right for almost everybody.
type Options struct {
	// LockWait is how long Open waits for another process to let go of the
	// file; 0 means one second.
	LockWait time.Duration
	// LongRead is how old a snapshot may be before a commit warns of it: while
	// it is open no page it can see is used again, and the file grows. 0 means
	// one minute.
	LongRead time.Duration
	// Warn is told of each such snapshot once, by the call whose commit noticed
	// it, before that returns: it must not book, nor wait for anybody who does.
	// nil means a warning of log/slog.
	Warn func(LongReader)
	// Clock tells how old snapshots are; nil means time.Now.
	Clock func() time.Time
	// KeyMemory is how many bytes the filter of the keys may take, which keeps
	// new keys from being looked up in the file: 2.5 for each key. When they do not
	// suffice it forgets the oldest keys, and every new one is looked up among
	// those. 0 means 256 MiB.
	KeyMemory int64
	// RunItems is how many items of the journal's end are indexed in memory
	// before their indexes are written to the file, a little with each commit:
	// opening the file reads up to about three times as many again. 0 means
	// 32,768.
	RunItems int
	// Throwaway is for a file that nobody needs once the program has ended or failed:
	// what is committed is not durable, and costs no wait for the disk.
	Throwaway bool
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.LockWait == 0 {
		o.LockWait = time.Second
	}
	if o.LongRead == 0 {
		o.LongRead = time.Minute
	}
	if o.Warn == nil {
		o.Warn = func(r LongReader) {
			slog.Warn("a snapshot keeps the ledger's file growing", "open", r.Open, "pending_bytes", r.Pending, "file_bytes", r.File)
		}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.KeyMemory <= 0 {
		o.KeyMemory = 256 << 20
	}
	if o.RunItems <= 0 {
		o.RunItems = 1 << 15
	}
	return o
}

// Store is a ledger.Store in one bbolt file.
type Store struct {
	db      *bbolt.DB
	owned   bool // Open opened db, so Close closes it
	memory  *memory
	readers readers
}

// Open opens the file at path and creates it, readable by its owner only, if
// it is not there. Errors: ErrInUse, ErrNewerFormat, ErrOlderFormat,
// ledger.ErrCorrupt.
func Open(path string, options Options) (*Store, error) {
	store, err := open(path, options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return store, nil
}

func open(path string, options Options) (store *Store, err error) {
	defer guard(&err)()
	options = options.withDefaults()
	if err := create(path); err != nil {
		return nil, err
	}
	if err := checkSize(path, options); err != nil {
		return nil, err
	}
	var file opening
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		OpenFile:     file.open,
		Timeout:      options.LockWait,
		FreelistType: bbolt.FreelistArrayType,
		// Growing past the mapped size makes the writer wait for readers, and
		// unused addresses cost nothing.
		InitialMmapSize: mapSize(),
		NoSync:          options.Throwaway, NoGrowSync: options.Throwaway, NoFreelistSync: options.Throwaway,
	})
	if err != nil {
		return nil, openError(err)
	}
	if err = file.still(path); err == nil {
		store, err = attach(db, options, true)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
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
	return errors.Join(checkOpening(db), db.Close())
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
// ErrNewerFormat, ErrOlderFormat, ledger.ErrCorrupt.
//
// Options are those of the first of several stores attached to one open file;
// LockWait means nothing here.
func Attach(db *bbolt.DB, options Options) (store *Store, err error) {
	return attach(db, options.withDefaults(), false)
}

// attach is Attach; a file of our own is new, or has a ledger in it.
func attach(db *bbolt.DB, options Options, owned bool) (store *Store, err error) {
	defer guard(&err)()
	laidOut := false
	err = db.View(func(tx *bbolt.Tx) error {
		root := tx.Bucket(bucketRoot)
		if owned && root == nil && tx.ID() > newFileID {
			return fmt.Errorf("%w: bucket %q is missing", ledger.ErrCorrupt, bucketRoot)
		}
		laidOut, err = checkLayout(root)
		return err
	})
	if err == nil && !laidOut { // a commit without need would change the file
		err = db.Update(layOut)
	}
	if err != nil {
		return nil, err
	}
	return &Store{db: db, owned: owned, memory: remember(db, options), readers: readers{options: options}}, nil
}

// newFileID is the last transaction of a file that bbolt has made and nobody has
// written to.
const newFileID = 1

// buckets lists those within the root.
func buckets() [][]byte {
	return [][]byte{
		bucketMeta, bucketHashes, bucketJournal, bucketAccounts, bucketRuns, bucketRecords, bucketEvents,
	}
}

// checkLayout tells whether layOut was here. It made everything at once, so what
// is missing is lost: made anew, it would be empty.
func checkLayout(root *bbolt.Bucket) (laidOut bool, err error) {
	if root == nil {
		return false, nil
	}
	if meta := root.Bucket(bucketMeta); meta != nil {
		if err := checkFormat(meta); err != nil {
			return false, err
		}
		if meta.Get(keyFormat) == nil {
			return false, fmt.Errorf("%w: format number is missing", ledger.ErrCorrupt)
		}
		if meta.Get(keyRuns) == nil { // empty, it would be made anew from the whole journal
			return false, fmt.Errorf("%w: list of runs is missing", ledger.ErrCorrupt)
		}
	}
	for _, name := range buckets() {
		if root.Bucket(name) == nil {
			return false, fmt.Errorf("%w: bucket %q is missing", ledger.ErrCorrupt, name)
		}
	}
	return true, nil
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
	if meta.Get(keyRuns) == nil {
		if err := meta.Put(keyRuns, encodeRuns(nil)); err != nil {
			return err
		}
	}
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
	switch format := binary.BigEndian.Uint32(stored); {
	case format > Format:
		return fmt.Errorf("%w: format %d, this one knows %d", ErrNewerFormat, format, Format)
	case format < Format:
		return fmt.Errorf("%w: format %d, this one knows %d", ErrOlderFormat, format, Format)
	}
	return nil
}

// Close lets go of the file, after waiting for open transactions. A store made
// by Attach leaves the host's file open.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	s.memory.drop()
	s.memory.closed.Store(true)
	return s.db.Close()
}

// Write implements ledger.Store. When fn saves nothing there is no commit, and
// not a byte of the file changes. Errors of the commit itself: ErrFull, after
// which the store goes on, and for every other one ledger.ErrIndefinite, after
// which it refuses further writes with ErrReadOnly.
func (s *Store) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if err := s.write(ctx, fn); err != nil {
		return err
	}
	s.readers.warn(s.db) // after the lock is let go
	return nil
}

func (s *Store) write(ctx context.Context, fn func(ledger.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := s.memory
	m.writer.Lock()
	defer m.writer.Unlock()
	if m.failed.Load() {
		return ErrReadOnly
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer guard(&err)()
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	ours := Wrap(tx)
	ours.ours = true
	if err := m.settle(ours); err != nil {
		return err
	}
	switch err := fn(ours); {
	case err != nil:
		return err
	case ours.spoiled:
		return errSpoiled
	case m.pendingOf(ours) == nil:
		return nil
	}
	runs, err := ours.runs()
	if err != nil {
		return err
	}
	defer m.commits(m.pending.base.Seq)()
	saved := m.pending // a host may write as soon as it is committed
	if err := s.commit(tx); err != nil {
		m.drop()
		return err
	}
	m.take(&saved, flushed(runs))
	return nil
}

// commit ends a transaction, whose outcome is known in two cases: no error, and
// no room while the file was extended or written to, if the meta page still
// names the transaction before. That page is the last thing a commit writes, and
// without it the others are free pages; a sync that failed is never this case.
func (s *Store) commit(tx *bbolt.Tx) error {
	id := tx.ID()
	s.memory.failed.Store(true) // a panic leaves it so
	err := guarded(tx.Commit)
	full := err != nil && noRoom(err) && s.isBefore(id)
	s.memory.failed.Store(err != nil && !full)
	switch {
	case full:
		return fmt.Errorf("%w: commit: %w", ErrFull, err)
	case err != nil:
		return fmt.Errorf("%w: commit: %w", ledger.ErrIndefinite, err)
	}
	return nil
}

// guarded calls fn under guard.
func guarded(fn func() error) (err error) {
	defer guard(&err)()
	return fn()
}

// noRoom tells whether a commit failed because the file may not take more
// bytes, and not in a sync, after which nobody knows what is on the disk.
func noRoom(err error) bool {
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return true // the host's own bound, before anything is written
	}
	var write *fs.PathError
	isWrite := errors.As(err, &write) && write.Op == "write"
	// Of what truncating the file says bbolt keeps only the words.
	isResize := strings.HasPrefix(err.Error(), "file resize error: ")
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if isWrite && errors.Is(err, cause) || isResize && strings.HasSuffix(err.Error(), ": "+cause.Error()) {
			return true
		}
	}
	return false
}

// isBefore tells whether transaction id is not in the file, as its meta pages
// read now.
func (s *Store) isBefore(id int) bool {
	now := id
	err := guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			now = tx.ID()
			return nil
		})
	})
	return err == nil && now < id
}

// Read implements ledger.Store.
func (s *Store) Read(ctx context.Context, fn func(ledger.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer guard(&err)()
	defer s.readers.enter()()
	return s.db.View(func(tx *bbolt.Tx) error { return fn(Wrap(tx)) })
}

// CurrentAccount implements ledger.AccountReader: the memory may have it.
// Whether a file of the host's is still open only a snapshot tells.
func (s *Store) CurrentAccount(ctx context.Context, id ledger.AccountID) (a *ledger.Account, known bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if s.owned {
		a = s.memory.current(id)
	}
	return a, a != nil, nil
}
