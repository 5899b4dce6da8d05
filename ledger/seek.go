package ledger

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// SeqBefore gives the sequence of the last item booked before an instant; 0:
// none was. Instants never decrease along the lane, so it searches by halves.
func SeqBefore(ctx context.Context, r Reader, t time.Time) (uint64, error) {
	if t.IsZero() { // nothing is booked before the year 1
		return 0, nil
	}
	head, err := r.Head(ctx)
	if err != nil {
		return 0, err
	}
	low, high := uint64(1), head.Seq+1 // the answer is below the first seq in [low, high) booked at or after t
	for low < high {
		middle := low + (high-low)/2
		item, err := itemAt(ctx, r, middle)
		if err != nil {
			return 0, err
		}
		if item.At.Before(t) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1, nil
}

// itemAt gives the item with a sequence the head says is there.
func itemAt(ctx context.Context, r Reader, seq uint64) (*Booked, error) {
	for item, err := range r.Items(ctx, seq) {
		return item, err
	}
	return nil, fmt.Errorf("%w: item %d is not in the journal", ErrCorrupt, seq)
}

// Entries yields the entries of the lane from seq on, in order: the items whose
// postings changed balances.
func Entries(ctx context.Context, r Reader, seq uint64) iter.Seq2[*Booked, error] {
	return func(yield func(*Booked, error) bool) {
		for item, err := range r.Items(ctx, seq) {
			if (err != nil || item.IsEntry()) && !yield(item, err) {
				return
			}
		}
	}
}
