package bench

import (
	"context"

	"github.com/settlex/settlex/ledger"
)

// standing is what a store and its server come to at one time.
type standing struct {
	size   Size
	blocks uint64 // commits so far
	log    *int64 // bytes; nil: not known
}

func (r *run) standing(ctx context.Context) (s standing, err error) {
	if s.size, err = r.store.Size(); err != nil {
		return s, err
	}
	head, err := r.head(ctx)
	if err != nil {
		return s, err
	}
	s.blocks = head.Blocks
	server := r.ground.Server
	if server == nil {
		return s, nil
	}
	log, ok, err := server.LogBytes(ctx)
	if ok {
		s.log = &log
	}
	return s, err
}

// head takes the ends of all lanes together.
func (r *run) head(ctx context.Context) (head ledger.Head, err error) {
	err = r.books.Read(ctx, func(reader ledger.Reader) (err error) {
		head, err = ledger.Together(ctx, reader)
		return err
	})
	return head, err
}

// roundTrips is how many there were to the server so far.
func (r *run) roundTrips() int64 {
	if r.ground.Server == nil {
		return 0
	}
	return r.ground.Server.RoundTrips()
}

// account notes down what the measured entries came to between two times.
func (r *run) account(before, after standing) {
	out, entries := r.result, float64(r.settings.Entries)
	out.BytesPerEntry = rounded(float64(after.size.Used-before.size.Used)/entries, 1)
	out.UsedBytes, out.FileBytes, out.FreeBytes = after.size.Used, after.size.File, after.size.Free
	r.groups = int(after.blocks - before.blocks)
	out.EntriesPerGroup = rounded(entries/float64(r.groups), 1)
	if log := less(after.log, before.log); log != nil {
		out.LogBytesPerEntry = new(rounded(float64(*log)/entries, 1))
	}
}
