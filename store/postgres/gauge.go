package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"
)

// Dial connects to a server: network and address as of package net.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Gauge asks a database about itself: sizes, settings, how far its log is. It is not safe for concurrent use.
type Gauge struct {
	// Engine is what the database is, and Server what it says of itself.
	Engine Engine
	Server string

	conn *pgx.Conn
}

// OpenGauge connects to the database that a URL names.
func OpenGauge(ctx context.Context, url string) (*Gauge, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	g := &Gauge{conn: conn}
	if g.Engine, g.Server, err = engineOf(ctx, conn); err != nil {
		return nil, errors.Join(err, g.Close(ctx))
	}
	return g, nil
}

// Close ends the connection.
func (g *Gauge) Close(ctx context.Context) error { return g.conn.Close(context.WithoutCancel(ctx)) }

// Settings reads settings of the server, as it writes them: "1GB", "on". One that it does not have is left out.
func (g *Gauge) Settings(ctx context.Context, names ...string) (map[string]string, error) {
	out := make(map[string]string, len(names))
	for _, name := range names {
		var value *string
		if err := g.conn.QueryRow(ctx, "SELECT current_setting($1, true)", name).Scan(&value); err != nil {
			return nil, fmt.Errorf("read the setting %s: %w", name, err)
		}
		if value != nil {
			out[name] = *value
		}
	}
	return out, nil
}

// Size is how many bytes the tables and indexes of a schema take; ok is false where the engine does not tell. Empty schema: the
// first of the connection's search path.
func (g *Gauge) Size(ctx context.Context, schema string) (bytes int64, ok bool, err error) {
	if g.Engine != PostgreSQL {
		return 0, false, nil
	}
	const size = `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = coalesce(nullif($1::text, ''), current_schema())`
	if err := g.conn.QueryRow(ctx, size, schema).Scan(&bytes); err != nil {
		return 0, false, fmt.Errorf("read the size of schema %q: %w", schema, err)
	}
	return bytes, true, nil
}

// LogBytes is how far the server's write-ahead log is: what it wrote between two times is the difference. All of the server's
// databases write to it. ok is false where the engine does not tell.
func (g *Gauge) LogBytes(ctx context.Context) (bytes int64, ok bool, err error) {
	if g.Engine != PostgreSQL {
		return 0, false, nil
	}
	const place = `SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint`
	if err := g.conn.QueryRow(ctx, place).Scan(&bytes); err != nil {
		return 0, false, fmt.Errorf("read the place in the server's log: %w", err)
	}
	return bytes, true, nil
}

// Schemas lists the schemas whose names begin with some text, in order.
func (g *Gauge) Schemas(ctx context.Context, prefix string) ([]string, error) {
	rows, err := g.conn.Query(ctx, `SELECT schema_name::text FROM information_schema.schemata WHERE left(schema_name, $2) = $1 ORDER BY 1`, prefix, len(prefix))
	if err != nil {
		return nil, fmt.Errorf("list schemas: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// DropSchema removes a schema with everything in it, the books too. One that is not there is none to complain of.
func (g *Gauge) DropSchema(ctx context.Context, schema string) error {
	if _, err := g.conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
		return fmt.Errorf("drop the schema %q: %w", schema, err)
	}
	return nil
}
