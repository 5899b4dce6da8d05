package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
)

func TestSeqBefore(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 7, 64} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			books := open(t, store)
			for i := range n { // two entries an hour
				at := noon().Add(time.Duration(i/2) * time.Hour)
				w := book(sale(fmt.Sprint(i), 1))
				if i%2 == 1 {
					at = time.Time{} // a microsecond later
				}
				w.at = at
				if err := books.Do(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			instants := []time.Time{noon().Add(-time.Hour), noon().AddDate(1, 0, 0)}
			for _, e := range store.snapshot().items() {
				instants = append(instants, e.At.Add(-1), e.At, e.At.Add(1))
			}
			for _, at := range instants {
				want := uint64(0)
				for _, e := range store.snapshot().items() {
					if e.At.Before(at) {
						want = e.Seq
					}
				}
				if got, err := ledger.SeqBefore(t.Context(), store.snapshot(), store.snapshot().head, at); got != want || err != nil {
					t.Errorf("before %s: %d, %v; want %d", at, got, err, want)
				}
			}
		})
	}
}

// A journal shorter than its head says is corrupt; the search must not go on
// for ever.
func TestSeqBeforeInCutJournal(t *testing.T) {
	t.Parallel()
	s := newMemory().snapshot()
	s.head.Seq = 3
	_, err := ledger.SeqBefore(t.Context(), s, s.head, noon())
	wantText(t, err, "stored data is corrupt: item 2 is not in the journal")
	if !errors.Is(err, ledger.ErrCorrupt) {
		t.Error("the error is not ErrCorrupt")
	}
	s.headErr = context.DeadlineExceeded
	if _, err := ledger.PositionBefore(t.Context(), s, noon()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
