package iso20022

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// disk is what changes files and makes them durable, a step at a time.
type disk struct {
	step func(do func() error, deed string, paths ...string) error // runs each step; tests fail it
}

// newDisk is the disk as it is.
func newDisk() disk {
	return disk{func(do func() error, _ string, _ ...string) error { return do() }}
}

func (d disk) makeAll(dir string) error {
	return d.step(func() error { return os.MkdirAll(dir, dirMode) }, "make", dir)
}

// draft makes a directory that nobody else has.
func (d disk) draft(dir, prefix string) (name string, err error) {
	err = d.step(func() (err error) { name, err = os.MkdirTemp(dir, prefix); return err }, "draft", dir)
	return name, err
}

// write makes a file whose content is durable; its name is when its directory is.
func (d disk) write(name string, data []byte) error {
	return d.step(func() error { return write(name, data) }, "write", name)
}

func (d disk) rename(from, to string) error {
	return d.step(func() error { return os.Rename(from, to) }, "rename", from, to)
}

func (d disk) remove(dir string) error {
	return d.step(func() error { return os.RemoveAll(dir) }, "remove", dir)
}

// sync makes the names in directories last, one directory after another.
func (d disk) sync(dirs ...string) error {
	for _, dir := range dirs {
		if err := d.step(func() error { return syncDir(dir) }, "sync", dir); err != nil {
			return err
		}
	}
	return nil
}

// syncAbove makes the names of a directory and of those that hold it last, as far up as
// we may look.
func (d disk) syncAbove(dir string) error {
	dir, err := filepath.Abs(dir)
	for err == nil && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		err = d.sync(dir)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// write makes a file that is durable.
func write(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes the names in a directory last, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
