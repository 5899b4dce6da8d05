//go:build linux

package bolt_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// bbolt lets the next writer in before it has said that a commit failed. Nobody
// else gets to write meanwhile.
func TestNobodyWritesAfterFailedCommit(t *testing.T) {
	t.Parallel()
	var hook slipIn
	db, err := bbolt.Open(newPath(t), 0o600, &bbolt.Options{Logger: &hook, OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
		hook.file, err = os.OpenFile(name, flag, mode)
		return hook.file, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	var ledgers [2]*ledger.Ledger // two, so that they share no commit
	for i := range ledgers {
		if ledgers[i], err = ledger.New(store, config(t)); err != nil {
			t.Fatal(err)
		}
	}
	slipped := make(chan error, 1)
	mend := hook.breakFile(t)
	hook.failed = func() {
		mend()
		go func() {
			_, err := ledgers[1].Post(t.Context(), sale("s2", 1))
			slipped <- err
		}()
		for range 100_000 { // time enough for somebody who does not have to wait
			runtime.Gosched()
		}
	}
	if _, err := ledgers[0].Post(t.Context(), sale("s1", 1)); !errors.Is(err, ledger.ErrIndefinite) {
		t.Errorf("the first post gives %v, want ErrIndefinite", err)
	}
	if err := <-slipped; !errors.Is(err, bolt.ErrReadOnly) {
		t.Errorf("the second post gives %v, want ErrReadOnly", err)
	}
}

// slipIn is a logger of bbolt's that does something when a commit has failed,
// before the committer learns of it.
type slipIn struct {
	bbolt.DefaultLogger
	file   *os.File
	failed func()
}

// Errorf is called with everything that goes wrong.
func (s *slipIn) Errorf(format string, _ ...any) {
	if s.failed != nil && strings.HasPrefix(format, "Committing transaction failed") {
		s.failed()
	}
}

// Debugf says nothing.
func (s *slipIn) Debugf(string, ...any) {}

// Infof says nothing.
func (s *slipIn) Infof(string, ...any) {}

// breakFile makes every change of the file fail until it is mended.
func (s *slipIn) breakFile(t *testing.T) (mend func()) {
	t.Helper()
	fd := int(s.file.Fd())
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := syscall.Dup3(int(null.Fd()), fd, 0); err != nil {
		t.Fatal(err)
	}
	return func() {
		defer syscall.Close(saved)
		if err := syscall.Dup3(saved, fd, 0); err != nil {
			t.Error(err)
		}
	}
}
