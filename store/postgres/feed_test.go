package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
)

// errGivenUp ends transactions that are not to be committed.
var errGivenUp = errors.New("given up")

// Readers that follow the feed with its cursors get every item once, whatever is being booked meanwhile in which lane, and none of
// what was given up. What one look gives is in order.
func TestFeed(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t := on.T
		l := openLaned(t, on.url, 4, 3)
		f := &feed{booked: make(map[string]bool)}
		var writers, readers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() { f.write(t, l.books[w%4], w) })
		}
		seen := make([][]*ledger.Booked, 3)
		for i := range seen {
			readers.Go(func() { seen[i] = f.follow(t, l.books[i]) })
		}
		writers.Wait()
		f.over.Store(true)
		readers.Wait()
		for i := range seen {
			f.compare(t, i, seen[i])
		}
		l.sound(t)
	})
}

// feed is what some writers have booked, and were acknowledged.
type feed struct {
	mu     sync.Mutex
	booked map[string]bool
	over   atomic.Bool
}

func (f *feed) write(t *testing.T, books *ledger.Ledger, writer int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(writer), 1))
	for n := range 25 {
		entries := make([]ledger.Entry, 1+rng.IntN(3))
		for i := range entries {
			entries[i] = transfer(fmt.Sprintf("w%d-%d-%d", writer, n, i), "bank", fmt.Sprintf("merchants/m%d", rng.IntN(5)), 5)
		}
		give := rng.IntN(3) == 0
		err := books.Write(t.Context(), func(tx ledger.Tx) error {
			if _, err := books.PostTx(t.Context(), tx, entries...); err != nil {
				return err
			}
			if give {
				return errGivenUp
			}
			return nil
		})
		switch {
		case give && errors.Is(err, errGivenUp):
		case err != nil:
			t.Error(err)
			return
		default:
			f.mu.Lock()
			for _, e := range entries {
				f.booked[e.Key] = true
			}
			f.mu.Unlock()
		}
	}
}

// follow reads the feed until everything is over, and once more.
func (f *feed) follow(t *testing.T, books *ledger.Ledger) (seen []*ledger.Booked) {
	t.Helper()
	var cursor ledger.Cursor
	for last := false; ; {
		var before *ledger.Booked
		for item, err := range books.Changes(context.WithoutCancel(t.Context()), cursor) {
			if err != nil {
				t.Error(err)
				return seen
			}
			if before != nil && before.Place().Compare(item.Place()) >= 0 {
				t.Errorf("item %d of lane %d comes behind item %d of lane %d", item.Seq, item.Lane, before.Seq, before.Lane)
			}
			before, cursor = item.Booked, item.Cursor
			seen = append(seen, item.Booked)
		}
		if last {
			return seen
		}
		last = f.over.Load()
	}
}

func (f *feed) compare(t *testing.T, reader int, seen []*ledger.Booked) {
	t.Helper()
	lanes, keys := make(map[uint16]uint64), make([]string, 0, len(seen))
	for _, item := range seen {
		if lanes[item.Lane]++; item.Seq != lanes[item.Lane] {
			t.Errorf("reader %d: item %d of lane %d is number %d of it", reader, item.Seq, item.Lane, lanes[item.Lane])
		}
		keys = append(keys, item.Key)
	}
	if len(lanes) != 4 {
		t.Errorf("%d lanes were booked in, want 4", len(lanes))
	}
	want := make([]string, 0, len(f.booked))
	for key := range f.booked {
		want = append(want, key)
	}
	slices.Sort(want)
	slices.Sort(keys)
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("reader %d (-want +got):\n%s", reader, diff)
	}
}
