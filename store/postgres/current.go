package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

// CurrentAccount implements ledger.AccountReader: one statement is a snapshot by itself, and takes one round trip.
func (s *Store) CurrentAccount(ctx context.Context, id ledger.AccountID) (a *ledger.Account, known bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	rows, err := s.pool.Query(ctx, wholeSQL, namesOf([]ledger.AccountID{id}))
	if err != nil {
		return nil, false, s.unknown(ctx, err)
	}
	found, err := pgx.CollectRows(rows, scanWhole)
	if err != nil {
		return nil, false, s.unknown(ctx, err)
	}
	if len(found) > 0 {
		a, err = found[0].whole()
	}
	return a, err == nil, err
}

// unknown is the error of a question that a snapshot is asked again, unless the connection was not to blame.
func (s *Store) unknown(ctx context.Context, err error) error {
	if fateOf(ctx, err) == later {
		return nil
	}
	return unreadable("account", err)
}
