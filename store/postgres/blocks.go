package postgres

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

const blocksSQL = `SELECT lane, block_no, first_seq, last_seq, leaf FROM blocks
WHERE lane = $1 AND first_seq > $2 AND first_seq >= coalesce((SELECT max(h.first_seq) FROM blocks h WHERE h.lane = $1 AND h.first_seq <= $3), 0)
ORDER BY first_seq LIMIT $4`

// blockRow is a block as it is stored, without its items.
type blockRow struct {
	lane        uint16
	no          int64
	first, last uint64
	leaf        []byte
}

func (b blockRow) weight() int { return 64 }

// name is what people call the block.
func (b *blockRow) name() string {
	return fmt.Sprintf("block %d of lane %d (items %d to %d)", b.no, b.lane, b.first, b.last)
}

//nolint:gosec // the database keeps all of these in their ranges
func scanBlock(row pgx.CollectableRow) (b blockRow, err error) {
	var lane int16
	var first, last int64
	err = row.Scan(&lane, &b.no, &first, &last, &b.leaf)
	b.lane, b.first, b.last = uint16(lane), uint64(first), uint64(last)
	return b, err
}

// blockRows yields the rows of blocks of a lane from the one that holds seq.
func (r *reader) blockRows(ctx context.Context, lane uint16, seq uint64) iter.Seq2[blockRow, error] {
	what := fmt.Sprintf("blocks of lane %d", lane)
	return chunks(ctx, func(ctx context.Context, last *blockRow, limit int) ([]blockRow, error) {
		after := int64(0)
		if last != nil {
			after = seqArg(last.first)
		}
		return collect(ctx, r, what, scanBlock, blocksSQL, laneArg(lane), after, seqArg(seq), limit)
	})
}

// Blocks implements ledger.Reader.
func (r *reader) Blocks(ctx context.Context, lane uint16, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		var items func() (itemRow, error, bool)
		stop := func() {}
		defer func() { stop() }()
		for row, err := range r.blockRows(ctx, lane, seq) {
			if err == nil && row.last < seq {
				continue
			}
			if err == nil && items == nil {
				items, stop = iter.Pull2(r.itemRows(ctx, lane, row.first))
			}
			var block *ledger.Block
			if err == nil {
				block, err = row.fill(items)
			}
			if !yield(block, err) || err != nil {
				return
			}
		}
	}
}

// fill takes the items of the block, which come one behind the other.
func (b *blockRow) fill(items func() (itemRow, error, bool)) (*ledger.Block, error) {
	block := &ledger.Block{Lane: b.lane}
	for seq := b.first; seq <= b.last; seq++ {
		row, err, ok := items()
		for ok && err == nil && row.Seq < seq { // in no block: Check says so
			row, err, ok = items()
		}
		if err == nil && (!ok || row.Seq != seq) {
			err = corrupt("item %d is not there", seq)
		}
		var item *ledger.Booked
		if err == nil {
			item, err = row.decode()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.name(), err)
		}
		block.Items = append(block.Items, item)
	}
	return block, nil
}
