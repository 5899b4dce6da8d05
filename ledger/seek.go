package ledger

import (
	"context"
	"fmt"
	"time"
)

// SeqBefore gives the sequence of the last entry booked before an instant; 0:
// none was. Instants never decrease along the lane, so it searches by halves.
func SeqBefore(ctx context.Context, r Reader, t time.Time) (uint64, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return 0, err
	}
	low, high := uint64(1), head.Seq+1 // the answer is below the first seq in [low, high) booked at or after t
	for low < high {
		middle := low + (high-low)/2
		entry, err := entryAt(ctx, r, middle)
		if err != nil {
			return 0, err
		}
		if entry.At.Before(t) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1, nil
}

// entryAt gives the entry with a sequence the head says is there.
func entryAt(ctx context.Context, r Reader, seq uint64) (*Booked, error) {
	for entry, err := range r.Entries(ctx, seq) {
		return entry, err
	}
	return nil, fmt.Errorf("%w: entry %d is not in the journal", ErrCorrupt, seq)
}
