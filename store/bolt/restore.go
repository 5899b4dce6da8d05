package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// Restore copies a backup to a new file at path, with the care of Store.Backup,
// and says what is in it. The backup is opened for reading only, and not a byte of
// it changes. Nothing is ever overwritten: move what is left of a damaged file
// away first, and stop every process that has it open. It is no proof of the
// books: open the file and Verify it, with a checkpoint that was kept elsewhere,
// before anything is booked.
//
// Whatever was booked after the backup is not in it. Ask for it again with the
// same keys: what the backup holds is replayed, the rest is booked anew.
//
// Errors: fs.ErrExist when path is there, ErrInUse, ErrNewerFormat,
// ErrOlderFormat, ledger.ErrCorrupt.
func Restore(ctx context.Context, backup, path string) (BackupInfo, error) {
	info, err := restore(ctx, backup, path)
	if err != nil {
		return BackupInfo{}, fmt.Errorf("restore %s: %w", path, err)
	}
	return info, nil
}

func restore(ctx context.Context, backup, path string) (info BackupInfo, err error) {
	if err := absent(path); err != nil {
		return info, err
	}
	from, err := openReadOnly(backup)
	if err != nil {
		return info, fmt.Errorf("backup %s: %w", backup, err)
	}
	info, err = from.copyFile(ctx, path, "restore")
	return info, errors.Join(err, from.db.Close())
}

// openReadOnly opens a file that has a ledger of this format in it, for reading,
// as long as nobody has it open for writing. It looks at no more pages than it
// needs to.
func openReadOnly(path string) (store *Store, err error) {
	defer guard(&err)()
	if info, err := os.Stat(path); err == nil && info.Size() == 0 { // bbolt would write to it
		return nil, fmt.Errorf("%w: file is empty", ledger.ErrCorrupt)
	}
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: Options{}.withDefaults().LockWait})
	if err != nil {
		return nil, openError(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := guarded(func() error { return checkOpening(db) }); err != nil {
		return nil, err
	}
	err = guarded(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if tx.Bucket(bucketRoot) == nil {
				return fmt.Errorf("%w: there is no ledger in it, bucket %q is missing", ledger.ErrCorrupt, bucketRoot)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return Attach(db, Options{})
}
