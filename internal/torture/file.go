package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/settlex/settlex/ledger"
)

// file is the ledger of some rounds, with all that is known about it.
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

// reopen opens the ledger as any program does, reads it and lists what is wrong with it.
func (f *file) reopen(ctx context.Context, ground Ground, start time.Time) (*contents, []string, error) {
	site, err := ground.Program(ctx, f.dir)
	if err != nil {
		return nil, nil, err
	}
	books, err := newBooks(site, start)
	if err != nil {
		return nil, nil, errors.Join(err, site.Close())
	}
	c, found, err := f.examine(ctx, books, site)
	return c, found, errors.Join(err, site.Close())
}

// examine verifies the books and compares them with their history.
func (f *file) examine(ctx context.Context, books *ledger.Ledger, site Site) (*contents, []string, error) {
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
	if c.rows, err = site.Rows(ctx); err != nil {
		return nil, found, err
	}
	return c, append(found, compare(f.history, c)...), nil
}

// settle opens the ledger once more and asks again for everything that got no answer.
func (f *file) settle(ctx context.Context, ground Ground, s script, round int) (err error) {
	path := logIn(f.dir, round, 0, 1) + ".settled"
	log, err := openLog(path)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, s, ground, f.dir, s.start(round), log, marks{})
	if err != nil {
		return errors.Join(err, log.close())
	}
	defer func() { err = errors.Join(err, d.site.Close(), log.close()) }()
	return f.askAgain(ctx, d, path)
}

// askAgain asks again for everything that got no answer. Afterwards everything is known, and must hold; what comes next goes on
// from the tree heads it ends with.
func (f *file) askAgain(ctx context.Context, d *desk, path string) error {
	for _, a := range f.history.unsettled() {
		a.patience = 0
		if _, err := d.attempt(ctx, a.String(), &a.command); err != nil {
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

// confirm compares the ledger with a history in which everything is settled.
func (f *file) confirm(ctx context.Context, d *desk) error {
	c, found, err := f.examine(ctx, d.books, d.site)
	if err = errors.Join(foundError(found), err); err != nil {
		return fmt.Errorf("after everything was asked again: %w", err)
	}
	f.kept = append(f.kept, c.trees...)
	return nil
}
