package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// Compact writes the file at path anew, with full pages and nothing that is free,
// and puts that in its place: a file never gets smaller by itself. It gives the
// bytes of the file before and after. Nobody may have it open meanwhile, and
// there must be room beside it for a second one.
//
// The new file holds the same pairs, compared one by one, its pages are sound,
// and it is durable, before it replaces the old one at once: a crash at any
// time leaves one of the two there, whole. Mode and owner stay what they were.
// Until then an error, the end of ctx too, leaves everything as it was.
//
// A host that opens its file with bbolt itself must not be about to: a process
// that waits for the lock gets that of the old file. Open notices, and says
// ErrInUse.
//
// Errors: ErrInUse, ErrNewerFormat, ErrOlderFormat, ledger.ErrCorrupt, and those of
// the file system.
func Compact(ctx context.Context, path string) (before, after int64, err error) {
	before, after, err = compact(ctx, path)
	if err != nil {
		return 0, 0, fmt.Errorf("compact %s: %w", path, err)
	}
	return before, after, nil
}

func compact(ctx context.Context, path string) (before, after int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	path, err = filepath.EvalSymlinks(path) // of a link, what it leads to is replaced
	if err != nil {
		return 0, 0, err
	}
	old, err := open(path, Options{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, old.Close()) }() // it holds the lock until the end
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	if err := old.checkPages(ctx); err != nil {
		return 0, 0, err
	}
	made, err := newDraft(path, "compact")
	if err != nil {
		return 0, 0, err
	}
	defer made.discard()
	if after, err = old.compactTo(ctx, made.file.Name()); err != nil {
		return 0, 0, err
	}
	if err := old.checkSame(ctx, made.file.Name()); err != nil {
		return 0, 0, fmt.Errorf("check the copy: %w", err)
	}
	if err := errors.Join(made.file.Chmod(info.Mode().Perm()), keepOwner(made.file, info), made.close()); err != nil {
		return 0, 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	return info.Size(), after, made.replace()
}

// compactBytes is how much of keys and values bbolt.Compact gathers in memory
// before it commits.
const compactBytes = 16 << 20

// compactTo writes everything to the empty file at path, which is not synced
// yet, and gives its size.
func (s *Store) compactTo(ctx context.Context, path string) (size int64, err error) {
	defer guard(&err)()
	var file opening
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		NoSync: true, NoGrowSync: true, // nobody needs half of it
		FreelistType: bbolt.FreelistMapType,
		PageSize:     s.db.Info().PageSize,
		OpenFile:     file.open,
	})
	if err != nil {
		return 0, err
	}
	// bbolt.Compact looks at no context: without its file, its next commit fails.
	stop := context.AfterFunc(ctx, func() { _ = file.Close() })
	err = bbolt.Compact(db, s.db, compactBytes)
	if !stop() {
		_ = db.Close() // its file is closed already
		return 0, ctx.Err()
	}
	if err == nil {
		err = db.View(func(tx *bbolt.Tx) error { size = tx.Size(); return nil })
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return 0, err
	}
	return size, os.Truncate(path, size) // bbolt extends files far ahead
}

// checkSame wants the file at path to be sound and to hold every pair that the
// store holds, and no other.
func (s *Store) checkSame(ctx context.Context, path string) (err error) {
	defer guard(&err)()
	want, err := s.head(ctx)
	if err != nil {
		return err
	}
	made, err := openReadOnly(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, made.db.Close()) }()
	if err := made.sound(ctx, want); err != nil {
		return err
	}
	return s.db.View(func(old *bbolt.Tx) error {
		return made.db.View(func(fresh *bbolt.Tx) error { return samePairs(ctx, "", old, fresh) })
	})
}

// pairs is a bucket, or all of a file.
type pairs interface {
	Cursor() *bbolt.Cursor
	Bucket(key []byte) *bbolt.Bucket
}

// samePairs compares what lies at a place of two files, and below.
func samePairs(ctx context.Context, place string, want, have pairs) error {
	wanted, had := want.Cursor(), have.Cursor()
	wantKey, wantValue := wanted.First()
	haveKey, haveValue := had.First()
	for wantKey != nil || haveKey != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		bucket := wantValue == nil
		if !bytes.Equal(wantKey, haveKey) || !bytes.Equal(wantValue, haveValue) || bucket != (haveValue == nil) {
			return fmt.Errorf("%w: %s%q is %d bytes, where the original has %d bytes at %q", ledger.ErrCorrupt, place, haveKey, len(haveValue), len(wantValue), wantKey)
		}
		if bucket {
			below := fmt.Sprintf("%s%q/", place, wantKey)
			old, fresh := want.Bucket(wantKey), have.Bucket(wantKey)
			if old.Sequence() != fresh.Sequence() {
				return fmt.Errorf("%w: %s has sequence %d, not %d", ledger.ErrCorrupt, below, fresh.Sequence(), old.Sequence())
			}
			if err := samePairs(ctx, below, old, fresh); err != nil {
				return err
			}
		}
		wantKey, wantValue = wanted.Next()
		haveKey, haveValue = had.Next()
	}
	return nil
}

// opening opens a file for bbolt, and remembers it.
type opening struct{ *os.File }

func (o *opening) open(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
	o.File, err = os.OpenFile(name, flag, mode)
	return o.File, err
}

// still wants the name to lead to the file that was opened under it. It is asked
// when the lock is held: until then Compact may have put another in its place.
func (o *opening) still(path string) error {
	opened, err := o.Stat()
	if err != nil {
		return err
	}
	if named, err := os.Stat(path); err != nil || !os.SameFile(opened, named) {
		return fmt.Errorf("%w: it was replaced while this one waited for it", ErrInUse)
	}
	return nil
}
