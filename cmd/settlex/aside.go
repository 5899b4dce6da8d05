package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
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
	file   *os.File      // nil: nothing to write yet
	there  *os.File      // what was there; nil: nothing was
	before *bufio.Reader // of it, as far as no row has matched it yet; nil: all has
	begun  bool
}

func openAside(name string) (*aside, error) {
	there, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &aside{name: name}, nil
	}
	if err != nil {
		return nil, err
	}
	return &aside{name: name, there: there, before: bufio.NewReader(there)}, nil
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
	line, err := a.behind([]byte(text + "\n"))
	if err != nil {
		return err
	}
	if len(line) == 0 {
		return nil
	}
	if a.file == nil {
		if a.file, err = os.OpenFile(a.name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640); err != nil {
			return err
		}
	}
	if _, err := a.file.Write(line); err != nil {
		return err
	}
	return nil
}

// behind gives what of a line stands behind the end of what was there, which begins
// with the rest of it.
func (a *aside) behind(line []byte) ([]byte, error) {
	if a.before == nil {
		return line, nil
	}
	same := make([]byte, len(line))
	n, err := io.ReadFull(a.before, same)
	if !bytes.Equal(line[:n], same[:n]) {
		return nil, fmt.Errorf("%s is there and holds other rows: move it away", a.name)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		a.before, err = nil, nil
	}
	return line[n:], err
}

// close makes the file durable.
func (a *aside) close() error {
	var faults []error
	if a.there != nil {
		faults = append(faults, a.there.Close())
	}
	if a.file != nil {
		faults = append(faults, a.file.Sync(), a.file.Close())
	}
	return errors.Join(faults...)
}
