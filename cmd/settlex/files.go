package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fileMode is that of files this program makes: for their owner and group.
const fileMode = 0o640

// replaceFile writes a file that is there whole or not at all.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	if err := errors.Join(write(temporary), temporary.Chmod(fileMode), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}

// newFile writes a file that is not there yet, whole or not at all.
func newFile(name string, content []byte) error {
	switch _, err := os.Lstat(name); {
	case err == nil:
		return fmt.Errorf("%s is there already", name)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return replaceFile(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// exists tells whether there is a file of a name.
func exists(name string) (bool, error) {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
