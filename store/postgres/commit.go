package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// commit sends what is queued and the COMMIT behind it, and waits for the answer.
func (s *Store) commit(ctx context.Context, conn *pgx.Conn, l *link) (fate, error) {
	if l.begin != "" && l.queue == nil {
		return settled, nil // nothing was done
	}
	w := wireOf(conn)
	b := l.waiting()
	n := b.Len()
	b.Queue("COMMIT")
	sent, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.AnswerWait)
	defer cancel()
	w.committing.Store(l.wrote)
	err := w.answer(conn.SendBatch(sent, b), n)
	if !conn.IsClosed() { // else the driver may still be about to cancel
		w.committing.Store(false)
	}
	if err == nil {
		return settled, nil
	}
	if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		l.rollback(ctx)
	}
	s.drop(ctx, s.writers, err)
	switch {
	case errors.Is(err, errRolledBack), isDefinite(err):
		return fateOf(ctx, err), err
	case l.wrote:
		return settled, indefinite(err)
	}
	return fateOf(ctx, err), err
}

var errRolledBack = errors.New("the server answered the COMMIT with a ROLLBACK: nothing was written")

// answer reads the results of n statements and a COMMIT.
func (w *wire) answer(results pgx.BatchResults, n int) error {
	for range n {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return err
		}
	}
	w.warned = nil
	tag, err := results.Exec()
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil:
		return err
	case tag.String() == "ROLLBACK":
		return errRolledBack
	case w.warned != nil: // waiting for the standby was broken off
		return fmt.Errorf("committed, but %w", w.warned)
	}
	return nil
}
