package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// BackupInfo says what a copy of a file holds.
type BackupInfo struct {
	Head     ledger.Head   // of the journal in it
	Bytes    int64         // of the file
	Duration time.Duration // of copying and checking it
}

// Backup copies the file, as one snapshot sees it, to a new one at path, while
// others read and write: everything that was acknowledged before the call is in
// it. The copy is whole, durable and checked before it gets its name: its pages
// are sound, its format is known and its head is the snapshot's. It is readable
// by its owner only. Nothing is ever overwritten, and an error, the end of ctx
// too, leaves nothing behind. What the engine cannot see, ledger.Verify does: open
// the copy and verify it, before it is needed.
//
// Of a file of the host's everything in it is copied, its own buckets too.
//
// No page that the snapshot sees is used again while it is copied, so the file may
// grow by what is written meanwhile. Copy to a disk that is as fast as the
// file's, and from there to wherever the backup is kept. Options.Warn tells of a
// copy that takes longer than Options.LongRead. A writer that needs more room than
// is mapped waits for the copy: in a file that Open opened, beyond 16 GiB; in a
// host's, beyond its InitialMmapSize.
//
// Errors: fs.ErrExist when path is there, ledger.ErrCorrupt, and those of the file
// system, which must know hard links.
func (s *Store) Backup(ctx context.Context, path string) (BackupInfo, error) {
	info, err := s.copyFile(ctx, path, "backup")
	if err != nil {
		return BackupInfo{}, fmt.Errorf("back up to %s: %w", path, err)
	}
	return info, nil
}

// copyFile makes a new file at path, of the snapshot of now.
func (s *Store) copyFile(ctx context.Context, path, deed string) (info BackupInfo, err error) {
	clock := s.readers.options.Clock
	began := clock()
	if err := ctx.Err(); err != nil {
		return info, err
	}
	if err := absent(path); err != nil {
		return info, err
	}
	made, err := newDraft(path, deed)
	if err != nil {
		return info, err
	}
	defer made.discard()
	if info, err = s.copyTo(ctx, made.file); err != nil {
		return info, err
	}
	if err := made.close(); err != nil {
		return info, err
	}
	if err := checkCopy(ctx, made.file.Name(), info.Head); err != nil {
		return info, err
	}
	if err := ctx.Err(); err != nil {
		return info, err
	}
	err = made.link()
	info.Duration = clock().Sub(began)
	return info, err
}

// copyTo writes the pages that a snapshot sees.
func (s *Store) copyTo(ctx context.Context, to io.Writer) (info BackupInfo, err error) {
	defer guard(&err)()
	defer s.readers.enter()()
	w := &interruptible{ctx: ctx.Err, to: to}
	err = s.db.View(func(tx *bbolt.Tx) (err error) {
		if info.Head, err = Wrap(tx).end(); err != nil {
			return err
		}
		info.Bytes, err = tx.WriteTo(w)
		return err
	})
	if w.err != nil {
		return info, w.err // bbolt keeps only the words of some
	}
	return info, err
}

// interruptible is a writer that stops when its context is over.
type interruptible struct {
	ctx func() error
	to  io.Writer
	err error
}

// Write implements io.Writer.
func (w *interruptible) Write(b []byte) (n int, err error) {
	if err = w.ctx(); err == nil {
		n, err = w.to.Write(b)
	}
	w.err = err
	return n, err
}

// checkCopy wants the copy at path to be sound, and to end where the original
// does.
func checkCopy(ctx context.Context, path string, want ledger.Head) error {
	made, err := openReadOnly(path)
	if err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	if err := errors.Join(made.sound(ctx, want), made.db.Close()); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	return nil
}

// sound wants pages that bbolt can read, and a head.
func (s *Store) sound(ctx context.Context, want ledger.Head) error {
	if err := s.checkPages(ctx); err != nil {
		return err
	}
	have, err := s.head(ctx)
	if err == nil && have != want {
		err = fmt.Errorf("%w: head is %+v, the original's is %+v", ledger.ErrCorrupt, have, want)
	}
	return err
}

// checkPages is CheckEngine with the first finding in its error.
func (s *Store) checkPages(ctx context.Context) error {
	var found []ledger.Finding
	err := s.CheckEngine(ctx, func(f ledger.Finding) { found = append(found, f) })
	if len(found) > 0 {
		return fmt.Errorf("%w; the first: %s", err, found[0])
	}
	return err
}

// head is that of the snapshot of now.
func (s *Store) head(ctx context.Context) (head ledger.Head, err error) {
	err = s.Read(ctx, func(r ledger.Reader) error {
		head, err = ledger.Together(ctx, r)
		return err
	})
	return head, err
}
