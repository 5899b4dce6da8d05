package bolt

import (
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// LongReader is a snapshot that has been open for long while others wrote.
type LongReader struct {
	Open    time.Duration // so far
	Pending int64         // bytes of pages that are free but for snapshots
	File    int64         // bytes of the file
}

// Stats are figures of an open file to keep an eye on. bbolt never makes a file
// smaller; what is free in it is used again.
type Stats struct {
	File    int64         // bytes
	Free    int64         // bytes of pages that the next writers use
	Pending int64         // bytes of pages that become free when the snapshots that see them end
	Readers int           // open snapshots; of a file of the host's, its own too
	Oldest  time.Duration // how long the oldest of this store's snapshots has been open
}

// Stats reads the figures of now.
func (s *Store) Stats() Stats {
	info, pages := s.db.Stats(), pageSize(s.db)
	return Stats{
		File:    fileSize(s.db),
		Free:    int64(info.FreePageN) * pages,
		Pending: int64(info.PendingPageN) * pages,
		Readers: info.OpenTxN,
		Oldest:  s.readers.oldest(),
	}
}

// pageSize is the size of a database page; 0 when the file's map is gone,
// which bbolt answers with a panic.
func pageSize(db *bbolt.DB) (size int64) {
	_ = guarded(func() error {
		size = int64(db.Info().PageSize)
		return nil
	})
	return size
}

func fileSize(db *bbolt.DB) int64 {
	info, err := os.Stat(db.Path())
	if err != nil {
		return 0 // the file was removed from under us
	}
	return info.Size()
}

// readers keeps the time of the store's open snapshots.
type readers struct {
	options Options
	mu      sync.Mutex
	open    map[*reader]struct{}
}

type reader struct {
	since  time.Time
	warned bool
}

// enter notes a snapshot; the result ends it.
func (r *readers) enter() (leave func()) {
	one := &reader{since: r.options.Clock()}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = make(map[*reader]struct{})
	}
	r.open[one] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.open, one)
	}
}

func (r *readers) oldest() (longest time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Clock()
	for one := range r.open {
		longest = max(longest, now.Sub(one.since))
	}
	return longest
}

// warn tells of snapshots that have been open for too long, each once. A
// writer calls it after its commit.
func (r *readers) warn(db *bbolt.DB) {
	long := r.tooLong()
	if len(long) == 0 {
		return
	}
	pending := int64(db.Stats().PendingPageN) * pageSize(db)
	for _, open := range long {
		r.options.Warn(LongReader{Open: open, Pending: pending, File: fileSize(db)})
	}
}

func (r *readers) tooLong() (long []time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Clock()
	for one := range r.open {
		if open := now.Sub(one.since); !one.warned && open >= r.options.LongRead {
			one.warned = true
			long = append(long, open)
		}
	}
	return long
}
