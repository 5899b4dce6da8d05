package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// file is the file of some rounds, with all that is known about it.
type file struct {
	dir     string
	history *history
	kept    []ledger.TreeHead // at the end of each round
	counted int               // items that are in the report
}

// remove removes what is no longer of use: nothing was found in it.
func (f *file) remove() error {
	if f == nil {
		return nil
	}
	return os.RemoveAll(f.dir)
}

// reopen opens the file as any program does, reads it and lists what is wrong with it.
func (f *file) reopen(ctx context.Context, start time.Time, path string) (*contents, []string, error) {
	rows, err := rowsOf(path)
	if err != nil {
		return nil, nil, err
	}
	store, err := bolt.Open(path, bolt.Options{LockWait: lockWait})
	if err != nil {
		return nil, nil, err
	}
	books, err := newBooks(store, start)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	c, found, err := f.examine(ctx, books, rows)
	return c, found, errors.Join(err, store.Close())
}

// examine verifies the books and compares them with their history.
func (f *file) examine(ctx context.Context, books *ledger.Ledger, rows map[string]string) (*contents, []string, error) {
	v, err := books.Verify(ctx, append(f.kept, f.history.heads...)...)
	if err != nil {
		return nil, nil, err
	}
	var found []string
	for _, finding := range v.Findings {
		found = append(found, "verify: "+finding.String())
	}
	c, err := readContents(ctx, books)
	if err != nil {
		return nil, found, err
	}
	c.rows = rows
	return c, append(found, compare(f.history, c)...), nil
}

// rowsOf reads the host's own rows of a file that nobody has opened; one that was never begun has none.
func rowsOf(path string) (map[string]string, error) {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return nil, nil //nolint:nilerr // opening it makes it
	}
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockWait})
	if err != nil {
		return nil, err
	}
	rows, err := readRows(db)
	return rows, errors.Join(err, db.Close())
}

// settle asks again for everything that got no answer. Afterwards everything is known, and must hold; the next round goes on
// from the tree head it ends with.
func (f *file) settle(ctx context.Context, t task) (err error) {
	path := t.log() + ".settled"
	log, err := openLog(path)
	if err != nil {
		return err
	}
	d, err := openDesk(t.script(), t.file(), t.script().start(t.Round), log, marks{})
	if err != nil {
		return errors.Join(err, log.close())
	}
	defer func() { err = errors.Join(err, d.db.Close(), log.close()) }()
	for _, a := range f.history.unsettled() {
		a.patience = 0
		if err := d.attempt(ctx, a.String(), &a.command); err != nil {
			return err
		}
	}
	lines, err := readLog(path)
	if err != nil {
		return err
	}
	f.history.add(lines)
	if left := f.history.unsettled(); len(left) > 0 {
		return fmt.Errorf("%d commands got no answer from a ledger that nobody killed, the first is %s", len(left), left[0].Name)
	}
	return f.confirm(ctx, d)
}

// confirm compares the file with a history in which everything is settled.
func (f *file) confirm(ctx context.Context, d *desk) error {
	rows, err := readRows(d.db)
	if err != nil {
		return err
	}
	c, found, err := f.examine(ctx, d.books, rows)
	if err = errors.Join(foundError(found), err); err != nil {
		return fmt.Errorf("after everything was asked again: %w", err)
	}
	if c.tree.Blocks > 0 {
		f.kept = append(f.kept, c.tree)
	}
	return nil
}
