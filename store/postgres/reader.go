package postgres

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/ledger"
)

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// reader reads what a transaction sees: everything of ledger.Reader but Load. Lists are read in chunks, each to its end before
// the first of it is given, so that several can be read in turn on one connection, with other questions in between.
type reader struct {
	db    querier // a field: nobody outside is to send statements of his own
	ahead hashesAhead
}

func (r *reader) database() querier { return r.db }

const headsSQL = `SELECT lane, seq, booked_at, not_before, accounts, blocks, events, told_at, closed FROM lanes ORDER BY lane`

// Heads implements ledger.Reader.
func (r *reader) Heads(ctx context.Context) ([]ledger.Head, error) {
	heads, err := collect(ctx, r, "lanes", scanHead, headsSQL)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, corrupt("there are no lanes")
	}
	return heads, nil
}

// scanHead reads a row of the columns of headsSQL.
//
//nolint:gosec // the database keeps all of these in their ranges
func scanHead(row pgx.CollectableRow) (h ledger.Head, err error) {
	var lane int16
	var seq, accounts, blocks, events int64
	var at, notBefore, told moment
	var closed pgtype.Date
	if err := row.Scan(&lane, &seq, &at, &notBefore, &accounts, &blocks, &events, &told, &closed); err != nil {
		return h, err
	}
	h = ledger.Head{
		Lane: uint16(lane), Seq: uint64(seq), At: at.Time, Accounts: uint64(accounts), Blocks: uint64(blocks),
		Events: uint64(events), Told: told.Time, NotBefore: notBefore.Time,
	}
	if h.Closed, err = readDate(closed); err != nil {
		return h, fmt.Errorf("lane %d: %w", lane, err)
	}
	return h, nil
}

// Bounds of a chunk. The first is small, because most who ask want a page; the rows of a large one may be many bytes.
const (
	firstChunk = 50
	maxChunk   = 1000
	chunkBytes = 4 << 20
)

// chunk is how many rows are read at once.
type chunk struct{ rows int }

// next is how many rows to read now, given how many bytes those of the last chunk had.
func (c *chunk) next(rows, bytes int) int {
	switch {
	case c.rows == 0:
		c.rows = firstChunk
	default:
		c.rows = min(4*c.rows, maxChunk)
	}
	if rows > 0 && bytes > 0 {
		c.rows = max(min(c.rows, chunkBytes/(bytes/rows+1)), 1)
	}
	return c.rows
}

// weighed is a row of a list that is read in chunks.
type weighed interface{ weight() int }

// chunks yields the rows that read gives, chunk by chunk: at most limit rows that follow the last one, which is nil the first time.
func chunks[T weighed](ctx context.Context, read func(ctx context.Context, after *T, limit int) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var last *T
		var size chunk
		rows, bytes := 0, 0
		for {
			limit := size.next(rows, bytes)
			list, err := read(ctx, last, limit)
			if err != nil {
				yield(none, err)
				return
			}
			rows, bytes = len(list), 0
			for i := range list {
				bytes += list[i].weight()
			}
			for i := range list {
				if !yield(list[i], nil) {
					return
				}
			}
			if rows < limit {
				return
			}
			last = &list[rows-1]
		}
	}
}

// collect reads all rows of a question.
func collect[T any](ctx context.Context, in interface{ database() querier }, what string, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := in.database().Query(ctx, sql, args...)
	if err != nil {
		return nil, unreadable(what, err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, unreadable(what, err)
	}
	return list, nil
}
