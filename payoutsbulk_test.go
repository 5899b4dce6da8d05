package settlex_test

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt"
)

// generatedPayouts are n payouts of 1.00, and 5.90 for each, that nobody holds
// together; the last one of them is of another amount.
func generatedPayouts(n int, last string) iter.Seq2[payment.Event, error] {
	return func(yield func(payment.Event, error) bool) {
		for i := range n {
			amount := "1.00"
			if i == n-1 {
				amount = last
			}
			if !yield(payout(fmt.Sprintf("p%06d", i), "2026-03-03 10:00", amount), nil) {
				return
			}
		}
	}
}

// A batch of very many payouts is taken from a stream, with a result for each in
// their order; one that is taken whole is gone when its transaction is, and there when
// it is asked for again. Independent ones leave nothing in memory. It is not
// parallel, for it looks at the memory of the whole process.
func TestPayoutBatchOfVeryMany(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, and the race detector has its own memory")
	}
	const n = 100_000
	for _, mode := range []payment.PayoutMode{payment.PayoutsIndependent, payment.PayoutsAll} {
		t.Run(string(mode), func(t *testing.T) {
			store, err := bolt.Open(filepath.Join(t.TempDir(), "ledger.db"), bolt.Options{RunItems: 1000})
			if err != nil {
				t.Fatal(err)
			}
			h := on(t, store, threeRegions())
			h.take(deposit("d1", "m9", "2026-03-02 10:00", "10000000.00"))
			results, early, late := 0, uint64(0), uint64(0)
			order := settlex.PayoutOrder{ID: "b", Mode: mode, Items: generatedPayouts(n, "1.00"), Result: func(r payment.PayoutResult) error {
				if results++; r.No != results || r.ID != fmt.Sprintf("p%06d", results-1) || r.Outcome != payment.PayoutWasBooked {
					return fmt.Errorf("result %d is %+v", results, r)
				}
				switch results {
				case n / 4:
					early = heapInUse()
				case n:
					late = heapInUse()
				}
				return nil
			}}
			if h.store.writes, h.store.fail = 0, 2; mode == payment.PayoutsAll {
				h.store.fail = 1
			}
			if _, err := h.PayoutBatch(t.Context(), order); !errors.Is(err, errPulled) {
				t.Fatalf("error %v, want %v", err, errPulled)
			}
			results = 0
			b, err := h.PayoutBatch(t.Context(), order)
			if err != nil || results != n || b.Booked != n || b.Status != payment.Completed {
				t.Errorf("%d results, %+v, %v", results, b, err)
			}
			if late > early+early/2 {
				t.Errorf("the heap grows from %d to %d bytes", early, late)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func heapInUse() uint64 {
	var now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

// The last of many payouts that are to be taken whole is too much: nothing of it is
// there, and every one has its result, the same each time.
func TestPayoutBatchAllRolledBack(t *testing.T) {
	t.Parallel()
	const n = 1300
	h := open(t, threeRegions())
	h.take(deposit("d1", "m9", "2026-03-02 10:00", "20000.00"))
	before := len(h.journal())
	for range 2 {
		got, b, err := h.batch(settlex.PayoutOrder{ID: "b", Mode: payment.PayoutsAll, Items: generatedPayouts(n, "9000.00")})
		if err != nil || b.Status != payment.Rejected || b.Refused != 1 || b.NotTaken != n-1 || len(got) != n {
			t.Fatalf("%d results, %+v, %v", len(got), b, err)
		}
		for i, r := range got {
			want := payment.PayoutWasNotTaken
			if i == n-1 {
				want = payment.PayoutWasRefused
			}
			if r.No != i+1 || r.Outcome != want {
				t.Fatalf("result %d is %+v", i+1, r)
			}
		}
	}
	if after := len(h.journal()); after != before {
		t.Errorf("%d items are booked", after-before)
	}
}
