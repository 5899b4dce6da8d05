package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// boltPlace is a file for the embedded store.
type boltPlace struct {
	path    string
	dir     string // made for it; empty: the file is where it was asked for
	options bolt.Options
}

// newBoltPlace finds a place for a file that is not there.
func newBoltPlace(_ context.Context, do *benching) (benchPlace, error) {
	p := &boltPlace{path: do.path, options: bolt.Options{KeyMemory: do.KeyMemory}}
	if p.path == "" {
		var err error
		if p.dir, err = os.MkdirTemp(".", "settlex-bench-*"); err != nil {
			return nil, err
		}
		p.path = filepath.Join(p.dir, "ledger.db")
		return p, nil
	}
	switch _, err := os.Lstat(p.path); {
	case err == nil:
		return nil, fmt.Errorf("%s is there already: bench wants a new file", p.path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return p, nil
}

// boltFaults lists what was asked for that is not the embedded store's.
func boltFaults(cmd *cobra.Command, _ *benching) (faults []error) {
	for _, name := range []string{"dsn", "lanes", "writers", "simulate-latency", "keep"} {
		if cmd.Flags().Changed(name) {
			faults = append(faults, fmt.Errorf("--%s is for --store postgres", name))
		}
	}
	return faults
}

// ground implements benchPlace. Users open the store in the same way.
func (p *boltPlace) ground(context.Context) (bench.Ground, error) {
	if err := p.clear(); err != nil {
		return bench.Ground{}, err
	}
	ground := bench.Ground{
		Store: "bolt", Dir: filepath.Dir(p.path),
		Sync: "fdatasync on every commit; no option weakens it",
		Open: func() (bench.Store, error) {
			store, err := bolt.Open(p.path, p.options)
			if err != nil {
				return nil, err
			}
			return sizedBolt{store}, nil
		},
		Bound: func(int) (bench.Bound, error) { return newBoltBound(filepath.Dir(p.path)) },
	}
	if bench.DropsCache {
		ground.DropCache = func() error { return bench.DropCache(p.path) }
	}
	return ground, nil
}

// clear removes what a run left.
func (p *boltPlace) clear() error {
	if err := os.Remove(p.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// leave implements benchPlace. A file that was asked for stays.
func (p *boltPlace) leave(good bool) error {
	switch {
	case p.dir != "":
		return os.RemoveAll(p.dir)
	case good:
		return nil
	}
	return p.clear()
}

// sizedBolt is the store with its size.
type sizedBolt struct{ *bolt.Store }

// Size implements bench.Store.
func (s sizedBolt) Size() (bench.Size, error) {
	used, err := s.Used()
	stats := s.Stats()
	return bench.Size{File: stats.File, Free: stats.Free + stats.Pending, Used: used}, err
}

// boltBound is a bbolt file without a ledger, in a directory of its own.
type boltBound struct {
	*bolt.Bound
	dir string
}

func newBoltBound(parent string) (*boltBound, error) {
	dir, err := os.MkdirTemp(parent, ".bench-bound-*")
	if err != nil {
		return nil, err
	}
	bound, err := bolt.OpenBound(filepath.Join(dir, "bound.db"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &boltBound{bound, dir}, nil
}

// Stage implements bench.Bound.
func (b *boltBound) Stage(_ int, _ []*ledger.Booked, bodies [][]byte) (func() error, error) {
	return func() error { return b.Append(bodies) }, nil
}

// Close implements bench.Bound.
func (b *boltBound) Close() error { return errors.Join(b.Bound.Close(), os.RemoveAll(b.dir)) }
