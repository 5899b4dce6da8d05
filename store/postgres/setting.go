package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// enter makes a schema the one a connection works in; leave goes back. Empty: the connection stays where it is.
func enter(ctx context.Context, conn *pgx.Conn, schema string) (leave func() error, err error) {
	if schema == "" {
		return func() error { return nil }, nil
	}
	return set(ctx, conn, setting{"search_path", pgx.Identifier{schema}.Sanitize()})
}

// setting is one of a session.
type setting struct{ name, value string }

// set changes settings of a connection; back gives them the values they had, unless the connection is closed.
func set(ctx context.Context, conn *pgx.Conn, settings ...setting) (back func() error, err error) {
	before := make([]setting, len(settings))
	for i, s := range settings {
		before[i].name = s.name
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", s.name).Scan(&before[i].value); err != nil {
			return nil, fmt.Errorf("read the setting %s: %w", s.name, err)
		}
	}
	back = func() error {
		if conn.IsClosed() {
			return nil
		}
		return applySettings(context.WithoutCancel(ctx), conn, before)
	}
	return back, applySettings(ctx, conn, settings)
}

func applySettings(ctx context.Context, conn *pgx.Conn, settings []setting) error {
	for _, s := range settings {
		if _, err := conn.Exec(ctx, "SELECT set_config($1, $2, false)", s.name, s.value); err != nil {
			return fmt.Errorf("set %s to %s: %w", s.name, s.value, err)
		}
	}
	return nil
}
