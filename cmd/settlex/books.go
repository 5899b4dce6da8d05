package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/runner"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/postgres"
)

// books is an open store of either kind.
type books interface {
	ledger.Store
	Close() error
}

// place is what people may read of where books are: a database without its
// user and password.
func place(data string) string {
	if config.IsDatabase(data) {
		return postgres.Name(data)
	}
	return data
}

// openBooks opens the file or the database that data names. A file that is not
// there is made; with fresh, so is the schema of a database.
func (p *program) openBooks(ctx context.Context, data string, fresh bool) (books, error) {
	var store books
	var err error
	if config.IsDatabase(data) {
		store, err = p.openDatabase(ctx, data, postgres.Options{Migrate: fresh})
	} else {
		store, err = p.openFile(data)
	}
	if err != nil {
		return nil, err
	}
	return store, nil
}

func (p *program) openFile(path string) (*bolt.Store, error) {
	return bolt.Open(path, bolt.Options{LockWait: p.lockWait})
}

// present wants a data file to be there.
func present(path string) error {
	if there, err := exists(path); err != nil || !there {
		return cmp.Or(err, fmt.Errorf("%s is not there; settlex init makes it", path))
	}
	return nil
}

func (p *program) openDatabase(ctx context.Context, url string, options postgres.Options) (*postgres.Store, error) {
	store, err := postgres.Open(ctx, url, options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", postgres.Name(url), err)
	}
	return store, nil
}

// made tells whether there is a ledger where data says.
func made(ctx context.Context, data string) (bool, error) {
	if !config.IsDatabase(data) {
		return exists(data)
	}
	schema, err := postgres.ReadSchema(ctx, data, "")
	if err != nil {
		return false, fmt.Errorf("open %s: %w", postgres.Name(data), err)
	}
	return schema.Ready(), nil
}

// errNoFile says that a command is for data files.
func errNoFile(command string, c *config.Config) error {
	if !config.IsDatabase(c.Data) {
		return nil
	}
	return fmt.Errorf("%s is for data files, and these books are in the database %s: use its own means, pg_dump or an archive of its WAL "+
		"for recovery to a point in time, and settlex verify on what was restored (docs/OPERATING.md)", command, place(c.Data))
}

// Leases of a database. One process has the jobs; whoever settles, by a job or by
// hand, does so alone.
const (
	leaseRun    = "run"
	leaseSettle = "settle"
)

// turn is how one of several processes on a database gets a lease.
func (p *program) turn(store *postgres.Store, name string) (runner.Turn[*postgres.Term], error) {
	lease, err := store.Lease(name, postgres.LeaseOptions{Owner: p.owner})
	if err != nil {
		return runner.Turn[*postgres.Term]{}, err
	}
	return runner.Turn[*postgres.Term]{
		Options: runner.Options{Every: lease.TTL() / 4},
		Acquire: func(ctx context.Context) (*postgres.Term, error) {
			term, err := lease.Acquire(ctx)
			if errors.Is(err, postgres.ErrHeld) {
				err = fmt.Errorf("%w: %w", runner.ErrTaken, err)
			}
			return term, err
		},
	}, nil
}

// tries is how often a lease is asked for in a time.
func tries(wait, every time.Duration) int { return 1 + int(wait/every) }
