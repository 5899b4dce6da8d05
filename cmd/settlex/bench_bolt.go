package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/store/bolt"
)

// boltGround is the embedded store in a file, opened as its users do.
func boltGround(do *benching) (bench.Ground, error) {
	path := do.path
	options := bolt.Options{KeyMemory: do.KeyMemory}
	ground := bench.Ground{
		Store: "bolt", Dir: filepath.Dir(path),
		Sync: "fdatasync on every commit; no option weakens it",
		Open: func() (bench.Store, error) {
			store, err := bolt.Open(path, options)
			if err != nil {
				return nil, err
			}
			return sizedBolt{store}, nil
		},
		Bound: func() (bench.Bound, error) { return newBoltBound(filepath.Dir(path)) },
	}
	if bench.DropsCache {
		ground.DropCache = func() error { return bench.DropCache(path) }
	}
	return ground, nil
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

// Close implements bench.Bound.
func (b *boltBound) Close() error { return errors.Join(b.Bound.Close(), os.RemoveAll(b.dir)) }
