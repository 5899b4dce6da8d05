package postgres

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

const (
	itemsSQL = `SELECT lane, seq, booked_at, body FROM items WHERE lane = $1 AND seq > $2 ORDER BY seq LIMIT $3`

	referencedSQL = `SELECT lane, seq, booked_at, body FROM items
WHERE reference = $1 AND reference <> '' AND (booked_at, lane, seq) > ($2, $3, $4) ORDER BY booked_at, lane, seq LIMIT $5`
)

// itemRow is an item as it is stored.
type itemRow struct {
	ledger.Place
	body []byte // nil: there is none
}

// weight is how many bytes the body has.
func (i itemRow) weight() int { return len(i.body) }

func scanItem(row pgx.CollectableRow) (i itemRow, err error) {
	var lane int16
	var seq int64
	var at moment
	if err := row.Scan(&lane, &seq, &at, &i.body); err != nil {
		return i, err
	}
	i.Lane, i.Seq, i.At = uint16(lane), uint64(seq), at.Time //nolint:gosec // the database keeps both in their ranges
	return i, nil
}

// name is what people call the item.
func (i *itemRow) name() string { return fmt.Sprintf("item %d of lane %d", i.Seq, i.Lane) }

// decode gives the item, which must be in its place in the lane.
func (i *itemRow) decode() (*ledger.Booked, error) {
	if i.body == nil {
		return nil, corrupt("%s is not in the journal", i.name())
	}
	item, err := ledger.DecodeItem(i.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.name(), err)
	}
	if item.Lane != i.Lane || item.Seq != i.Seq {
		return nil, corrupt("where %s should be lies item %d of lane %d", i.name(), item.Seq, item.Lane)
	}
	return item, nil
}

// decodeAt is decode for a list that is ordered by instants, which must be the items'.
func (i *itemRow) decodeAt() (*ledger.Booked, error) {
	item, err := i.decode()
	if err == nil && !item.At.Equal(i.At) {
		return nil, corrupt("%s, booked at %s, is listed as of %s", i.name(), item.At.Format(time.RFC3339Nano), i.At.Format(time.RFC3339Nano))
	}
	return item, err
}

// Items implements ledger.Reader.
func (r *reader) Items(ctx context.Context, lane uint16, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return decoded(r.itemRows(ctx, lane, seq), (*itemRow).decode)
}

// decoded decodes each row of a list as it is asked for.
func decoded(list iter.Seq2[itemRow, error], decode func(*itemRow) (*ledger.Booked, error)) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for row, err := range list {
			var item *ledger.Booked
			if err == nil {
				item, err = decode(&row)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// itemRows yields the items of a lane from seq on as they are stored.
func (r *reader) itemRows(ctx context.Context, lane uint16, seq uint64) iter.Seq2[itemRow, error] {
	what := fmt.Sprintf("items of lane %d", lane)
	return chunks(ctx, func(ctx context.Context, last *itemRow, limit int) ([]itemRow, error) {
		after := seqArg(seq) - 1
		if last != nil {
			after = seqArg(last.Seq)
		}
		return collect(ctx, r, what, scanItem, itemsSQL, laneArg(lane), after, limit)
	})
}

// Referenced implements ledger.Reader. Nothing bears the empty reference.
func (r *reader) Referenced(ctx context.Context, reference string, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	list := chunks(ctx, func(ctx context.Context, last *itemRow, limit int) ([]itemRow, error) {
		after := before(from)
		if last != nil {
			after = behind(last.Place)
		}
		return collect(ctx, r, "items of a reference", scanItem, referencedSQL, storable(reference), after.at, after.lane, after.seq, limit)
	})
	return decoded(list, (*itemRow).decodeAt)
}
