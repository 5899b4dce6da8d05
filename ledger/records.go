package ledger

import (
	"context"
	"fmt"
	"iter"
)

// RecordsOf is Reader.Records for one type of record. A record of another type
// under that kind wraps ErrCorrupt.
func RecordsOf[T Record](ctx context.Context, r Reader, kind, prefix string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for record, err := range r.Records(ctx, kind, prefix, "") {
			typed, ok := record.(T)
			if err == nil && !ok {
				err = fmt.Errorf("%w: record of kind %q is a %T", ErrCorrupt, kind, record)
			}
			if !yield(typed, err) || err != nil {
				return
			}
		}
	}
}

// NewRecord makes an empty record of a kind of the ledger itself, for a store to
// decode into; nil: it has no such kind.
func NewRecord(kind string) Record {
	switch kind {
	case HoldRecord:
		return new(HoldState)
	case ExpiryRecord:
		return new(Expiry)
	case ReversalRecord:
		return new(TakenBack)
	}
	return nil
}
