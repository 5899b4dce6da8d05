package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrMoving marks a database to which books are being moved: it is not whole yet.
var ErrMoving = errors.New("books are being moved here and are not whole yet: run settlex migrate-store again")

// movingMark is the name of a row of leases, which has run out: that it is there says that a move is under way, whoever is at
// work. Its owner is where the books come from.
const movingMark = "moving"

const (
	markMovingSQL = `INSERT INTO leases (name, owner, token, expires_at) VALUES ($1, $2, 1, now())
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = leases.token + 1`
	unmarkMovingSQL = `DELETE FROM leases WHERE name = $1`
)

// Moving tells whether books are being moved to this database, by whoever is at work or was interrupted.
func (s *Store) Moving(ctx context.Context) (bool, error) { return moving(ctx, s.pool) }

// BeginMove notes down that books are being moved to this database, and from where, for people. Until EndMove nobody opens it
// without Options.Moving.
func (s *Store) BeginMove(ctx context.Context, from string) error {
	if _, err := s.pool.Exec(ctx, markMovingSQL, movingMark, from); err != nil {
		return fmt.Errorf("note down that books are being moved: %w", err)
	}
	return nil
}

// EndMove says that the books are whole.
func (s *Store) EndMove(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, unmarkMovingSQL, movingMark); err != nil {
		return fmt.Errorf("note down that the books are whole: %w", err)
	}
	return nil
}

// asker is a connection or a pool.
type asker interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func moving(ctx context.Context, q asker) (there bool, err error) {
	if err := q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM leases WHERE name = $1)`, movingMark).Scan(&there); err != nil {
		return false, fmt.Errorf("look whether books are being moved: %w", err)
	}
	return there, nil
}

// checkMove refuses a database to which books are being moved.
func (s *Store) checkMove(ctx context.Context, conn *pgx.Conn) error {
	if s.options.Moving {
		return nil
	}
	there, err := moving(ctx, conn)
	if err == nil && there {
		err = ErrMoving
	}
	return err
}
