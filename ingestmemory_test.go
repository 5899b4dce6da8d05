package settlex_test

import (
	"path/filepath"
	"testing"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/store/bolt"
)

// The heap of an ingest of four times the events is not a quarter larger. It is not
// parallel, for it looks at the memory of the whole process.
func TestIngestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("books 15,000 events")
	}
	const n = 3000
	one, four := peakOfIngest(t, n), peakOfIngest(t, 4*n)
	t.Logf("%d events: %d KiB, %d events: %d KiB", n, one>>10, 4*n, four>>10)
	if four > one+one/4 {
		t.Errorf("the heap grows from %d to %d bytes", one, four)
	}
}

// peakOfIngest books n events, some of them bad, and gives the most bytes that were
// in use at the end of a group.
func peakOfIngest(t *testing.T, n int) (peak uint64) {
	t.Helper()
	store, err := bolt.Open(filepath.Join(t.TempDir(), "ledger.db"), bolt.Options{RunItems: 1000})
	if err != nil {
		t.Fatal(err)
	}
	h := on(t, store, threeRegions())
	groups := 0
	done, err := h.Ingest(t.Context(), deposits(n, 20, 30), settlex.IngestOptions{
		Dir: t.TempDir(), Rows: 500,
		Progress: func(int, int) {
			if groups++; groups%2 == 0 {
				peak = max(peak, heapInUse())
			}
		},
	})
	if err != nil || done.Booked != n {
		t.Fatalf("%+v, %v", done, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return peak
}
