package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// draft is a file in the making. It lies beside the one it is to be, under a
// name of its own, until it is whole and durable: whatever interrupts the making
// leaves no file that somebody takes for a finished one.
type draft struct {
	path string // to be
	file *os.File
}

// newDraft begins the file at path, readable by its owner only.
func newDraft(path, deed string) (*draft, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"."+deed+"-*")
	if err != nil {
		return nil, err
	}
	return &draft{path: path, file: file}, nil
}

// close makes the content durable.
func (d *draft) close() error { return errors.Join(d.file.Sync(), d.file.Close()) }

// link gives the file its name, unless there is one of that name, and makes it
// durable.
func (d *draft) link() error {
	if err := os.Link(d.file.Name(), d.path); err != nil {
		return err
	}
	err := os.Remove(d.file.Name())
	if err == nil {
		err = syncDir(filepath.Dir(d.path))
	}
	if err != nil { // nobody knows whether the name will be there after a crash
		return errors.Join(err, os.Remove(d.path))
	}
	return nil
}

// replace gives the file the name of another one, in its place, and makes it
// durable. Whatever interrupts it leaves one of the two there, whole.
func (d *draft) replace() error {
	if err := os.Rename(d.file.Name(), d.path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(d.path)); err != nil {
		return fmt.Errorf("the new file is in place, and may not be after a crash: %w", err)
	}
	return nil
}

// discard removes what has not got its name. After link and replace there is
// nothing of it.
func (d *draft) discard() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}

// absent wants no file at path.
func absent(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fs.ErrExist
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}
