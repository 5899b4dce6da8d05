package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/settlex/settlex/ledger"
)

const (
	// ahead is how many portions a client has ready beside the one it books.
	ahead = 1
	// singles is how many entries a client of single calls makes at once.
	singles = 32
)

// writers are the clients of a run.
type writers struct {
	settings Settings
	books    *ledger.Ledger
	makers   []*Maker
	latency  *Latency
	pace     *Pace
	began    time.Time
	stopped  atomic.Bool // asked to end before there is nothing left
}

// write has every client book what its maker makes, and returns when all have
// ended. The clock starts when each has its first entries ready; ready is called
// then. The first error ends all of them.
func (w *writers) write(ctx context.Context, ready func()) (took time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var prepared, ended sync.WaitGroup
	start := make(chan struct{})
	prepared.Add(len(w.makers))
	for _, maker := range w.makers {
		portions := make(chan []ledger.Entry, ahead)
		ended.Go(func() {
			defer close(portions)
			w.prepare(ctx, maker, portions, prepared.Done)
		})
		ended.Go(func() {
			select {
			case <-start:
			case <-ctx.Done():
			}
			if err := w.book(ctx, portions); err != nil {
				cancel(err)
			}
		})
	}
	prepared.Wait()
	w.began = time.Now()
	ready()
	close(start)
	ended.Wait()
	took = time.Since(w.began)
	if ctx.Err() != nil {
		return took, context.Cause(ctx)
	}
	return took, nil
}

// prepare makes a client's entries ahead of time.
func (w *writers) prepare(ctx context.Context, maker *Maker, portions chan<- []ledger.Entry, prepared func()) {
	portion := w.settings.Batch
	if w.settings.Mode == Single {
		portion = singles
	}
	for first := true; ; first = false {
		var entries []ledger.Entry
		if maker.Left() > 0 {
			entries = maker.Make(portion)
		}
		if first {
			prepared()
		}
		if len(entries) == 0 || w.stopped.Load() {
			return
		}
		select {
		case portions <- entries:
		case <-ctx.Done():
			return
		}
	}
}

// book books a client's entries as they come. One that is stopped still takes what
// was prepared, so that preparing ends too.
func (w *writers) book(ctx context.Context, portions <-chan []ledger.Entry) error {
	for entries := range portions {
		for call := range slices.Chunk(entries, w.settings.Batch) {
			if w.stopped.Load() {
				break
			}
			if err := w.post(ctx, call); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writers) post(ctx context.Context, entries []ledger.Entry) error {
	asked := time.Now()
	results, err := w.books.Post(ctx, entries...)
	answered := time.Now()
	if err == nil {
		err = fresh(entries, results)
	}
	if err != nil {
		return fmt.Errorf("book %d entries behind %d: %w", len(entries), w.pace.Booked(), err)
	}
	w.latency.Record(answered.Sub(asked))
	w.pace.Add(len(entries), answered.Sub(w.began))
	return nil
}

// errAnswer marks an answer of the ledger that is not what was asked for.
var errAnswer = errors.New("the ledger answered something else")

// fresh holds results against the entries that were asked for: each was booked now.
func fresh(entries []ledger.Entry, results []ledger.Result) error {
	if len(results) != len(entries) {
		return fmt.Errorf("%w: %d results for %d entries", errAnswer, len(results), len(entries))
	}
	for i := range results {
		switch r := &results[i]; {
		case r.Key != entries[i].Key || r.Act != ledger.Posted:
			return fmt.Errorf("%w: item %d, %s %q, for entry %q", errAnswer, r.Seq, r.Act, r.Key, entries[i].Key)
		case r.Replayed:
			return fmt.Errorf("%w: entry %q was booked before, as item %d", errAnswer, r.Key, r.Seq)
		case r.Seq == 0:
			return fmt.Errorf("%w: entry %q has no place in the journal", errAnswer, r.Key)
		}
	}
	return nil
}
