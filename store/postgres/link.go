package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What begins a transaction of our own. Writes lock what they decide on before they read it, so the lowest level will do, and
// conflicts wait instead of failing.
const (
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
)

// sender is a connection, or a transaction of the host's on it.
type sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}

// link sends a transaction's statements. What begins it goes with the first of them, and writes wait for the COMMIT or for
// the next one that reads.
type link struct {
	conn   sender
	begin  string        // still to be sent; empty: the transaction has begun
	queue  *pgx.Batch    // writes that are still to be sent; nil: none
	wrote  bool          // some were sent or queued
	heard  bool          // the server has answered
	wait   time.Duration // for the answer to what is sent at once; 0: as long as the context allows
	broken error         // the server or the connection has ended the transaction
}

// later queues a write.
func (l *link) later(sql string, arguments ...any) {
	if l.queue == nil {
		l.queue = new(pgx.Batch)
	}
	l.queue.Queue(sql, arguments...)
	l.wrote = true
}

// flush sends what is queued.
func (l *link) flush(ctx context.Context) error {
	if l.queue == nil {
		return l.broken
	}
	results := l.SendBatch(ctx, new(pgx.Batch))
	return results.Close()
}

// SendBatch sends what is still to be sent, and the batch behind it. The results are those of the batch alone.
func (l *link) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if l.broken != nil {
		return &linkResults{link: l, err: l.broken}
	}
	first := l.waiting()
	n := len(first.QueuedQueries)
	first.QueuedQueries = append(first.QueuedQueries, b.QueuedQueries...)
	if len(first.QueuedQueries) == 0 {
		return &linkResults{link: l}
	}
	results := &linkResults{link: l, cancel: func() {}}
	if l.wait > 0 {
		ctx, results.cancel = context.WithTimeout(ctx, l.wait)
	}
	results.BatchResults = l.conn.SendBatch(ctx, first)
	for range n {
		if _, err := results.Exec(); err != nil {
			results.err = err
			return results
		}
		l.heard = true
	}
	return results
}

// waiting takes what is still to be sent.
func (l *link) waiting() *pgx.Batch {
	first := new(pgx.Batch)
	if l.begin != "" {
		first.Queue(l.begin)
		l.begin = ""
	}
	if l.queue != nil {
		first.QueuedQueries = append(first.QueuedQueries, l.queue.QueuedQueries...)
		l.queue = nil
	}
	return first
}

// Query sends what is still to be sent and one statement behind it.
func (l *link) Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error) {
	b := new(pgx.Batch)
	b.Queue(sql, arguments...)
	results := l.SendBatch(ctx, b)
	rows, err := results.Query()
	out := &linkRows{Rows: rows, results: results}
	if err != nil {
		out.Close()
		return out, err
	}
	return out, nil
}

// QueryRow is Query for one row.
func (l *link) QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row {
	rows, err := l.Query(ctx, sql, arguments...)
	return &linkRow{rows: rows, err: err}
}

// rollback ends a transaction of our own that is not to be committed. A connection on which that fails is of no use any more,
// which the pool notices.
func (l *link) rollback(ctx context.Context) {
	if l.begin != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWait)
	defer cancel()
	_, _ = l.conn.Exec(ctx, "ROLLBACK")
}

// note keeps the error that ended the transaction.
func (l *link) note(err error) error {
	if err != nil && l.broken == nil {
		l.broken = err
	}
	return err
}

// linkResults are those of a batch, without what was sent in front of it.
type linkResults struct {
	pgx.BatchResults // nil: nothing was sent
	link             *link
	cancel           context.CancelFunc // ends the wait; nil: nothing was sent
	err              error              // of what was sent in front, or why nothing was
}

// Exec implements pgx.BatchResults.
func (r *linkResults) Exec() (pgconn.CommandTag, error) {
	if r.err != nil {
		return pgconn.CommandTag{}, r.err
	}
	tag, err := r.BatchResults.Exec()
	return tag, r.link.note(err)
}

// Query implements pgx.BatchResults.
func (r *linkResults) Query() (pgx.Rows, error) {
	if r.err != nil {
		return &linkRows{err: r.err}, r.err
	}
	rows, err := r.BatchResults.Query()
	return &linkRows{Rows: rows, link: r.link}, r.link.note(err)
}

// QueryRow implements pgx.BatchResults.
func (r *linkResults) QueryRow() pgx.Row {
	rows, err := r.Query()
	return &linkRow{rows: rows, err: err}
}

// Close implements pgx.BatchResults.
func (r *linkResults) Close() error {
	if r.BatchResults == nil {
		return r.err
	}
	err := r.link.note(r.BatchResults.Close())
	r.cancel()
	if r.err != nil {
		return r.err
	}
	return err
}
