package report_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/settlex/settlex/reconcile/report"
)

// Memory stays flat however long the report. Not parallel, because it looks at the heap of the whole process, which other
// tests would disturb.
func TestFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("200,000 rows in each format")
	}
	const (
		rows       = 200_000
		group      = 65_536        // rows of a Parquet row group, which is what its writer holds at most
		warm       = 2*group + 500 // by then every buffer has been full
		late       = warm + group  // as deep into its row group, 5 MB of Parquet later
		growthMax  = 2 << 20
		mallocsMax = 30 // per row; the rows themselves cost some
	)
	for _, f := range report.Formats() {
		t.Run(string(f), func(t *testing.T) {
			var before, after runtime.MemStats
			seen := 0
			watched := func(yield func(report.Itemised, error) bool) {
				for row, err := range busyBatch(rows) {
					if seen++; seen == warm {
						readHeap(&before)
					}
					if seen == late {
						readHeap(&after)
					}
					if !yield(row, err) {
						return
					}
				}
			}
			totals, err := report.Write(io.Discard, f, report.ItemisedSchema(), inr, watched)
			if err != nil {
				t.Fatal(err)
			}
			if totals.Rows != rows {
				t.Errorf("%d rows, want %d", totals.Rows, rows)
			}
			growth := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			mallocs := (after.Mallocs - before.Mallocs) / (late - warm)
			t.Logf("heap %d KiB, then %d KiB; %d allocations per row", before.HeapAlloc>>10, after.HeapAlloc>>10, mallocs)
			if growth > growthMax {
				t.Errorf("heap grew by %d bytes between row %d and row %d, at most %d allowed", growth, warm, late, growthMax)
			}
			if mallocs > mallocsMax {
				t.Errorf("%d allocations per row, at most %d allowed", mallocs, mallocsMax)
			}
		})
	}
}

// readHeap collects twice, because a sync.Pool keeps what it holds through the first collection.
func readHeap(m *runtime.MemStats) {
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(m)
}
