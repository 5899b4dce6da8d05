package settlex_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// The heap of closing a batch in four transactions is not a quarter larger than in one. It is
// not parallel, for it looks at the memory of the whole process.
func TestCloseMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("books 50,000 events")
	}
	const n = 10_000 // one chunk
	one, four := peakOfClose(t, n), peakOfClose(t, 4*n)
	t.Logf("%d lines: %d KiB, %d lines: %d KiB", n, one>>10, 4*n, four>>10)
	if four > one+one/4 {
		t.Errorf("the heap grows from %d to %d bytes", one, four)
	}
}

// peakOfClose closes one batch of n lines and gives how many bytes more than before were in use
// at most, at the end of a transaction.
func peakOfClose(t *testing.T, n int) uint64 {
	t.Helper()
	store, err := bolt.Open(filepath.Join(t.TempDir(), "ledger.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	weighed := &weighing{Store: store}
	h := on(t, weighed, oneDay())
	if done, err := h.Ingest(t.Context(), deposits(n, 1, 1), settlex.IngestOptions{Dir: t.TempDir()}); err != nil || done.Booked != n {
		t.Fatalf("%+v, %v", done, err)
	}
	before := heapInUse()
	weighed.on = true
	if done := h.settle(ist("2026-03-02 00:00")); done.Batches != 1 || done.Lines != n {
		t.Fatalf("%+v", done)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return weighed.peak - before
}

// weighing looks at the heap at the end of each write transaction, before it is committed.
type weighing struct {
	ledger.Store
	on   bool
	peak uint64 // the most bytes in use since it is on
}

// Write implements ledger.Store.
func (w *weighing) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return w.Store.Write(ctx, func(tx ledger.Tx) error {
		err := fn(tx)
		if w.on {
			w.peak = max(w.peak, heapInUse())
		}
		return err
	})
}
