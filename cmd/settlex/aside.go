package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/settlex/settlex/payment/feed"
)

// aside is the file that bad rows are set aside in, in the form of the file
// they come from: once mended, it can be ingested.
//
// A file that is there already is never overwritten: it may hold rows that
// somebody is mending. It is taken for the one of an earlier run of the same
// command when the bad rows begin as it does, or it begins with them.
type aside struct {
	name   string
	file   *os.File // nil: nothing to write yet
	before []byte   // what was there, as far as no row has matched it yet
	begun  bool
}

func openAside(name string) (*aside, error) {
	before, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &aside{name: name, before: before}, nil
}

// add sets a row aside, behind its file's header.
func (a *aside) add(row feed.Row) error {
	if !a.begun {
		a.begun = true
		if row.Header != "" {
			if err := a.line(row.Header); err != nil {
				return err
			}
		}
	}
	return a.line(row.Raw)
}

func (a *aside) line(text string) error {
	line := []byte(text + "\n")
	if n := min(len(line), len(a.before)); n > 0 {
		if !bytes.Equal(line[:n], a.before[:n]) {
			return fmt.Errorf("%s is there and holds other rows: move it away", a.name)
		}
		a.before, line = a.before[n:], line[n:]
	}
	if len(line) == 0 {
		return nil
	}
	if a.file == nil {
		var err error
		if a.file, err = os.OpenFile(a.name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640); err != nil {
			return err
		}
	}
	if _, err := a.file.Write(line); err != nil {
		return err
	}
	return nil
}

// close makes the file durable.
func (a *aside) close() error {
	if a.file == nil {
		return nil
	}
	return errors.Join(a.file.Sync(), a.file.Close())
}
