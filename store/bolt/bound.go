package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// Bound is a bbolt file with rows and no ledger in it, opened as Open opens a
// ledger's: what bbolt allows on this machine, to hold a ledger's figures
// against. Every call is one transaction and durable when it returns. It is not
// safe for concurrent use.
type Bound struct {
	db   *bbolt.DB
	next uint64
}

// boundValue is how long the values of Append get at most: with the next one of
// its kind it fills two pages of 4 KiB.
const boundValue = 4000

var bucketBound = []byte("bound")

// OpenBound makes the file at path, which must not be there.
func OpenBound(path string) (*Bound, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make a bound's file: %w", errors.Join(err, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}))
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapSize()})
	if err != nil {
		return nil, fmt.Errorf("make a bound's file: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucketBound)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a bound's file: %w", errors.Join(err, db.Close()))
	}
	return &Bound{db: db}, nil
}

// Update writes one row behind all others, in a transaction of its own.
func (b *Bound) Update(value []byte) error {
	return b.write(func(rows *bbolt.Bucket) error { return b.put(rows, value) })
}

// Append writes the rows of a batch in one transaction, joined into values that
// fill their pages: no rule, no index, nothing is looked up.
func (b *Bound) Append(batch [][]byte) error {
	return b.write(func(rows *bbolt.Bucket) error {
		value := make([]byte, 0, boundValue)
		for _, row := range batch {
			if len(value) > 0 && len(value)+len(row) > boundValue {
				if err := b.put(rows, value); err != nil {
					return err
				}
				value = make([]byte, 0, boundValue) // bbolt keeps the last one until the commit
			}
			value = append(value, row...)
		}
		return b.put(rows, value)
	})
}

func (b *Bound) write(fn func(*bbolt.Bucket) error) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		rows := tx.Bucket(bucketBound)
		rows.FillPercent = 1
		return fn(rows)
	})
}

func (b *Bound) put(rows *bbolt.Bucket, value []byte) error {
	b.next++
	return rows.Put(be(b.next), value)
}

// Close closes the file and leaves it there.
func (b *Bound) Close() error { return b.db.Close() }

// Used is how many bytes of the file hold something: up to its last page that
// was ever used, less the pages that are free. Stats.File counts also what the
// file was extended by ahead of need.
func (s *Store) Used() (used int64, err error) {
	err = guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			used = tx.Size()
			return nil
		})
	})
	stats := s.Stats()
	return used - stats.Free - stats.Pending, err
}
