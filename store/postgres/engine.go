package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Engine is the make of database behind the wire. The statements that read and write are the same for all; only gains that one
// engine alone can have are made for it alone.
type Engine string

// The engines that are told apart. What is none of the others counts as PostgreSQL.
const (
	PostgreSQL  Engine = "postgresql"
	CockroachDB Engine = "cockroachdb"
	YugabyteDB  Engine = "yugabytedb"
)

// engineOf asks a database what it is.
func engineOf(ctx context.Context, conn *pgx.Conn) (engine Engine, version string, err error) {
	if err := conn.QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		return "", "", fmt.Errorf("ask the database for its version: %w", err)
	}
	switch {
	case strings.Contains(version, "CockroachDB"):
		return CockroachDB, version, nil
	case strings.Contains(version, "-YB-"):
		return YugabyteDB, version, nil
	}
	return PostgreSQL, version, nil
}
