package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/internal/torture"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// ground keeps ledgers under torture in a database, each in a schema of its own.
type ground struct {
	url     string
	options postgres.Options
	shakes  bool // the server goes away now and then
}

// Host implements torture.Ground.
func (g ground) Host(ctx context.Context, dir string) (torture.Site, error) {
	options := g.options
	options.Schema, options.Migrate = "ledger_"+strings.ReplaceAll(filepath.Base(dir), "-", "_"), true
	store, err := postgres.Open(ctx, g.url, options)
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(g.url)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	config.ConnConfig.RuntimeParams["search_path"] = options.Schema
	hosts, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	s := &site{store, hosts, g.shakes}
	if err := s.makeRows(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Program implements torture.Ground. There is no other way in.
func (g ground) Program(ctx context.Context, dir string) (torture.Site, error) {
	return g.Host(ctx, dir)
}

// site is a ledger in a schema, and a host that keeps its rows there.
type site struct {
	*postgres.Store

	hosts  *pgxpool.Pool
	shakes bool
}

// makeRows makes the host's table. Of several who do that at once PostgreSQL would refuse all but one.
func (s *site) makeRows(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.hosts, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(1)")
		if err == nil {
			_, err = tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS host_rows (key text PRIMARY KEY, value text NOT NULL)")
		}
		return err
	})
}

// Together implements torture.Site.
func (s *site) Together(ctx context.Context, fn torture.Hosted) error {
	for tries := 1; ; tries++ {
		committing, err := s.once(ctx, fn)
		if err == nil || committing || tries == 8 || !s.Forgives(err) {
			return err
		}
	}
}

// once is one attempt. Committing says that it cannot be tried again without looking.
func (s *site) once(ctx context.Context, fn torture.Hosted) (committing bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tx, err := s.hosts.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // it may be over
	err = fn(ctx, postgres.Wrap(tx), func(key, value string) error {
		_, err := tx.Exec(ctx, "INSERT INTO host_rows VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
		return err
	})
	if err != nil {
		return false, err
	}
	err = tx.Commit(ctx)
	said, isSaid := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil, errors.Is(err, pgx.ErrTxCommitRollback), isSaid && said.SeverityUnlocalized == "ERROR":
		return true, err
	}
	return true, fmt.Errorf("%w: %w", ledger.ErrIndefinite, err)
}

// Rows implements torture.Site. The pool may have connections to a server that is gone.
func (s *site) Rows(ctx context.Context) (rows map[string]string, err error) {
	for range s.hosts.Config().MaxConns + 1 {
		if rows, err = s.rows(ctx); err == nil || !s.Forgives(err) {
			break
		}
	}
	return rows, err
}

func (s *site) rows(ctx context.Context) (map[string]string, error) {
	rows, err := s.hosts.Query(ctx, "SELECT key, value FROM host_rows")
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	var key, value string
	_, err = pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		out[key] = value
		return nil
	})
	return out, err
}

// Forgives implements torture.Site: conflicts always, and what a server that goes away makes of a connection.
func (s *site) Forgives(err error) bool {
	if errors.Is(err, ledger.ErrIndefinite) {
		return s.shakes
	}
	if _, ok := errors.AsType[*postgres.ConflictError](err); ok || errors.Is(err, postgres.ErrBusy) {
		return true
	}
	said, ok := errors.AsType[*pgconn.PgError](err)
	if ok && slices.Contains([]string{"40001", "40P01", "23505"}, said.Code) { // the host's own
		return true
	}
	return s.shakes && (ok && slices.Contains([]string{"57P01", "57P02", "57P03", "25006"}, said.Code) || isGone(err))
}

func isGone(err error) bool {
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	var network net.Error
	return connecting || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed")
}

// Close implements torture.Site.
func (s *site) Close() error {
	s.hosts.Close()
	return s.Store.Close()
}
