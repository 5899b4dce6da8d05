package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// create makes the file at path, laid out and durable, if it is not there. It
// gets its name last, so that whatever interrupts the making leaves no file
// which says that it is damaged. Whoever comes second finds the first one's.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // it is there, or opening it says why not
	}
	dir := filepath.Dir(path)
	made, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(made.Name()) }()
	if err := made.Close(); err != nil {
		return err
	}
	if err := layOutFile(made.Name()); err != nil {
		return fmt.Errorf("lay out: %w", err)
	}
	if err := os.Link(made.Name(), path); err != nil {
		return nil // somebody was first, or there are no links here: then it is made in its place
	}
	return syncDir(dir)
}

func layOutFile(path string) (err error) {
	defer guard(&err)()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	return errors.Join(db.Update(layOut), db.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
