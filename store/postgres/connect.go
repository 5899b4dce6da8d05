package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectWait is how long connecting to one host may take, unless the URL has connect_timeout, and how long a connection that was
// not used for a while has to show that it still is one.
const connectWait = 10 * time.Second

// rollbackWait is how long a ROLLBACK may take.
const rollbackWait = 5 * time.Second

// share divides the connections that the URL allows, if it says how many.
func (s *Store) share(config *pgxpool.Config, url string) {
	if strings.Contains(url, "pool_max_conns") {
		s.options.Writers = max(min(s.options.Writers, int(config.MaxConns)-2), 1) // a long snapshot must not keep leases from being renewed
		s.options.Readers = max(min(s.options.Readers, int(config.MaxConns)-s.options.Writers), 1)
	}
}

// connect makes a pool of sessions that are prepared for what they do.
func (s *Store) connect(ctx context.Context, config *pgxpool.Config, size int, prepare func(context.Context, *pgx.Conn) error) (*pgxpool.Pool, error) {
	config.MaxConns = int32(min(size, 10_000)) //nolint:gosec // bounded
	config.MinConns, config.MinIdleConns = min(config.MinConns, config.MaxConns), min(config.MinIdleConns, config.MaxConns)
	runtime := config.ConnConfig.RuntimeParams
	if runtime["application_name"] == "" {
		runtime["application_name"] = "settlex"
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectWait
	}
	if config.PingTimeout <= 0 {
		config.PingTimeout = connectWait
	}
	if s.options.Dial == nil {
		config.ConnConfig.DialFunc = dial
	}
	config.BeforeConnect = watch
	config.AfterConnect = prepare
	return pgxpool.NewWithConfig(ctx, config)
}

// prepareWriter prepares a session that books. All it does is to look rows up by keys, few or many: how, is always the same, so it is
// planned once. Left to itself PostgreSQL plans anew each time, and reads a table from end to end as long as it seems small.
func (s *Store) prepareWriter(ctx context.Context, conn *pgx.Conn) error {
	s.era.Add(1)
	registerArrays(conn.TypeMap())
	if err := s.prepare(ctx, conn); err != nil {
		return err
	}
	const idle = `SELECT set_config('idle_in_transaction_session_timeout', $1::text, false)`
	if _, err := conn.Exec(ctx, idle, fmt.Sprint(s.options.IdleWait.Milliseconds())); err != nil {
		return fmt.Errorf("settings of a session that books: %w", err)
	}
	if s.schema.Engine != PostgreSQL {
		return nil
	}
	const plans = `SELECT set_config(name, $1, false) FROM pg_settings WHERE name IN ('enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit')`
	if _, err := conn.Exec(ctx, plans, "off"); err != nil {
		return fmt.Errorf("settings of a session that books: %w", err)
	}
	if _, err := conn.Exec(ctx, `SELECT set_config('plan_cache_mode', 'force_generic_plan', false)`); err != nil {
		return fmt.Errorf("settings of a session that books: %w", err)
	}
	return nil
}

// prepare gives a new session the settings that the store counts on.
func (s *Store) prepare(ctx context.Context, conn *pgx.Conn) error {
	if s.options.Schema != "" {
		if _, err := enter(ctx, conn, s.options.Schema); err != nil {
			return err
		}
	}
	const settings = `SELECT set_config('TimeZone', 'UTC', false),
set_config('lock_timeout', CASE WHEN current_setting('lock_timeout') IN ('0', '0s', '') THEN $1::text ELSE current_setting('lock_timeout') END, false)`
	if _, err := conn.Exec(ctx, settings, fmt.Sprint(s.options.LockWait.Milliseconds())); err != nil {
		return fmt.Errorf("settings of the session: %w", err)
	}
	if s.schema.Engine == CockroachDB { // it knows no weaker commits
		return nil
	}
	const durable = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')`
	if _, err := conn.Exec(ctx, durable); err != nil {
		return fmt.Errorf("make commits durable: %w", err)
	}
	// A client whose machine is gone says no goodbye. Left to itself the server would keep its locks for hours.
	const alive = `SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '25000', false)`
	if _, err := conn.Exec(ctx, alive); err != nil {
		return fmt.Errorf("notice clients that are gone: %w", err)
	}
	// Lists are read in the order of an index. The planner counts on an average account: of one that moves much it would rather
	// collect all entries and sort them.
	if _, err := conn.Exec(ctx, "SELECT set_config('enable_bitmapscan', 'off', false)"); err != nil {
		return fmt.Errorf("settings of the session: %w", err)
	}
	return nil
}

// wire is what the store notes about a connection while it commits.
type wire struct {
	committing atomic.Bool // a COMMIT was sent and not answered
	warned     error       // what the server warned of; only who uses the connection looks
}

// wireKey is where a connection's custom data has its wire.
const wireKey = "settlex"

var errNoCancel = errors.New("a COMMIT on its way is not cancelled")

// watch prepares a connection that is to be made. When the driver gives a connection up it asks the server to cancel what goes
// on there, on another connection to the same address. That must not reach a COMMIT: one that waits for its standby would be made
// visible without it.
func watch(_ context.Context, config *pgx.ConnConfig) error {
	w, dial, notice, after := new(wire), config.DialFunc, config.OnNotice, config.AfterConnect
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if w.committing.Load() {
			return nil, errNoCancel
		}
		return dial(ctx, network, address)
	}
	config.OnNotice = func(conn *pgconn.PgConn, n *pgconn.Notice) {
		if n.SeverityUnlocalized == "WARNING" {
			w.warned = fmt.Errorf("the server warns: %s (SQLSTATE %s)", n.Message, n.Code)
		}
		if notice != nil {
			notice(conn, n)
		}
	}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		conn.CustomData()[wireKey] = w
		if after != nil {
			return after(ctx, conn)
		}
		return nil
	}
	return nil
}

// wireOf gives a connection's wire.
func wireOf(conn *pgx.Conn) *wire {
	if w, ok := conn.PgConn().CustomData()[wireKey].(*wire); ok {
		return w
	}
	return new(wire)
}
