package postgres

import (
	"bytes"
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

const (
	recordsSQL = `SELECT id, body FROM records WHERE kind = $1 AND id >= $2 AND id > $3 ORDER BY id LIMIT $4`

	recordsBeforeSQL = `SELECT id, body FROM records WHERE kind = $1 AND id >= $2 AND id > $3 AND id < $5 ORDER BY id LIMIT $4`
)

// recordRow is a record as it is stored.
type recordRow struct{ id, body []byte }

func (r recordRow) weight() int { return len(r.id) + len(r.body) }

func scanRecord(row pgx.CollectableRow) (r recordRow, err error) {
	err = row.Scan(&r.id, &r.body)
	return r, err
}

// Records implements ledger.Reader.
func (r *reader) Records(ctx context.Context, kind, prefix, from string) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		for row, err := range r.recordRows(ctx, kind, prefix, from) {
			var record ledger.Record
			if err == nil {
				record, err = decodeRecord(ledger.Ref{Kind: kind, ID: string(row.id)}, row.body)
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// recordRows yields records of a kind as they are stored.
func (r *reader) recordRows(ctx context.Context, kind, prefix, from string) iter.Seq2[recordRow, error] {
	sql, end := recordsSQL, behindPrefix(prefix)
	if end != nil {
		sql = recordsBeforeSQL
	}
	return chunks(ctx, func(ctx context.Context, last *recordRow, limit int) ([]recordRow, error) {
		args := []any{kind, []byte(max(prefix, from)), []byte{}, limit} // no id is empty
		if last != nil {
			args[2] = last.id
		}
		if end != nil {
			args = append(args, end)
		}
		return collect(ctx, r, "records of kind "+kind, scanRecord, sql, args...)
	})
}

// behindPrefix gives the first bytes behind all that begin with prefix; nil: there are none.
func behindPrefix(prefix string) []byte {
	end := bytes.TrimRight([]byte(prefix), "\xff")
	if len(end) == 0 {
		return nil
	}
	end[len(end)-1]++
	return end
}
