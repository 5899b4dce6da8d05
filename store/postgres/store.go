package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/ledger"
)

// Options adjust Open. The zero value is right for almost everybody.
type Options struct {
	// Schema is where the ledger lives. Empty: the first of the connection's search path, "public" where nothing else is set.
	Schema string
	// Migrate brings the schema up to this program's version first.
	Migrate bool
	// Lanes is how many lanes a ledger gets that Migrate sets up, 1 to 1024; 0: 16. One that has lanes keeps them.
	Lanes int
	// Moving opens a database also while books are being moved to it, which is for who moves them; see BeginMove.
	Moving bool
	// Writers is how many write transactions may run at once; others wait for their turn, in groups. 0: as many as the machine
	// has processors, at least 2 and at most 8. There are never more than lanes.
	Writers int
	// Readers is how many snapshots may be read at once; 0: 8. A pool_max_conns in the URL bounds writers and readers together.
	Readers int
	// Attempts is how often a transaction is tried that meets conflicts, or a connection that was lost before anything could
	// be committed; 0: 10.
	Attempts int
	// LockWait is how long a statement waits for a lock before it counts as a conflict; 0: 5 seconds. It is not used where the
	// URL, the role or the database sets lock_timeout.
	LockWait time.Duration
	// AnswerWait is how long a transaction that writes waits for a connection, and for each answer of the server; 0: 30 seconds.
	// Then the connection is given up, and the transaction ends with ErrSilent. The answer to a COMMIT is waited for also when the
	// caller's context has ended, and giving up does not make the server do so: the outcome is unknown then. Reading waits for as
	// long as the caller's context lasts.
	AnswerWait time.Duration
	// IdleWait is how long the server waits for the next statement of a transaction that writes; 0: 10 seconds. Then it ends the
	// transaction: others get the locks of a process that hangs, or whose machine is gone.
	IdleWait time.Duration
	// Dial connects to a server; nil: by package net, and a server that gives no sign of life for 25 seconds is given up.
	Dial Dial
	// Wait pauses before another attempt, until the context ends; nil: on the machine's clock.
	Wait func(ctx context.Context, d time.Duration) error
	// Chance gives numbers from [0, 1), which spread waits and lanes; nil: random ones.
	Chance func() float64
}

func (o Options) withDefaults() Options {
	if o.Attempts <= 0 {
		o.Attempts = 10
	}
	if o.Readers <= 0 {
		o.Readers = 8
	}
	if o.LockWait <= 0 {
		o.LockWait = 5 * time.Second
	}
	if o.AnswerWait <= 0 {
		o.AnswerWait = 30 * time.Second
	}
	if o.IdleWait <= 0 {
		o.IdleWait = 10 * time.Second
	}
	if o.Wait == nil {
		o.Wait = o.pause
	}
	if o.Chance == nil {
		o.Chance = rand.Float64
	}
	return o
}

// pause waits on the machine's clock.
func (Options) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Store is a ledger.Store in a database. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool // of everything but write transactions
	writers *pgxpool.Pool
	options Options
	schema  *Schema
	lanes   *lanes
	kinds   kinds
	rivals  rivals
	era     atomic.Uint64 // how many sessions that book were ever begun
}

// Open connects to the database that a URL or a connection string of PostgreSQL names; several hosts and pool settings are
// understood as by package pgxpool. Errors: *SchemaError when the schema is not one this program can use, ErrMoving.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	options = options.withDefaults()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if options.Migrate {
		if _, err := Migrate(ctx, url, MigrateOptions{Schema: options.Schema, Lanes: options.Lanes}); err != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
	}
	if options.Dial != nil {
		config.ConnConfig.DialFunc = pgconn.DialFunc(options.Dial)
	}
	s := &Store{options: options}
	if s.schema, err = s.look(ctx, config.ConnConfig); err != nil {
		return nil, err
	}
	if options.Writers <= 0 {
		s.options.Writers = max(2, min(runtime.GOMAXPROCS(0), 8))
	}
	s.options.Writers = min(s.options.Writers, s.schema.Lanes)
	s.share(config, url)
	if s.writers, err = s.connect(ctx, config.Copy(), s.options.Writers, s.prepareWriter); err != nil {
		return nil, err
	}
	if s.pool, err = s.connect(ctx, config, s.options.Readers, s.prepare); err != nil {
		s.writers.Close()
		return nil, err
	}
	s.lanes = newLanes(s.schema.Lanes, s.options.Writers, s.options.Chance)
	return s, nil
}

// look reads the schema on a connection of its own, and refuses one that cannot be used.
func (s *Store) look(ctx context.Context, config *pgx.ConnConfig) (schema *Schema, err error) {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := enter(ctx, conn, s.options.Schema); err != nil {
		return nil, err
	}
	if schema, err = readSchema(ctx, conn); err != nil {
		return nil, err
	}
	if err = schema.Err(); err == nil {
		err = s.checkMove(ctx, conn)
	}
	return schema, err
}

// Writers implements ledger.Concurrent: Options.Writers, or fewer when they would wait for each other.
func (s *Store) Writers() int { return s.rivals.atMost(s.options.Writers) }

// Schema is how the database stood when the store was opened.
func (s *Store) Schema() Schema { return *s.schema }

// Close waits for open transactions and closes all connections.
func (s *Store) Close() error {
	s.writers.Close()
	s.pool.Close()
	return nil
}

// Read implements ledger.Store. fn is run again only if a connection turns out to be lost before anything was read.
func (s *Store) Read(ctx context.Context, fn func(ledger.Reader) error) error {
	return s.again(ctx, func(*plan) (fate, error) { return s.readOnce(ctx, fn) })
}

func (s *Store) readOnce(ctx context.Context, fn func(ledger.Reader) error) (fate, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fateOf(ctx, err), fmt.Errorf("connect: %w", err)
	}
	defer conn.Release()
	l := &link{conn: conn.Conn(), begin: beginRead}
	err = fn(newSnapshot(l))
	l.rollback(ctx)
	if l.broken == nil {
		return settled, err
	}
	if err == nil {
		err = l.broken
	}
	s.drop(ctx, s.pool, l.broken)
	if l.heard {
		return settled, err
	}
	return fateOf(ctx, l.broken), err
}

// drop makes a pool connect anew when an error says that its connections lead nowhere, or to a server that is no primary any more.
func (s *Store) drop(ctx context.Context, pool *pgxpool.Pool, err error) {
	if ctx.Err() == nil && isLost(err) {
		pool.Reset()
	}
}

// Write implements ledger.Store: fn may be run again, see Options.Attempts. Errors besides fn's: ErrBusy and *ConflictError,
// ErrSilent, ledger.ErrIndefinite, and those of the connection.
func (s *Store) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lane, err := s.lanes.enter(ctx)
	if err != nil {
		return err
	}
	waited := false
	defer func() { s.lanes.leave(lane, waited) }()
	return s.again(ctx, func(p *plan) (fate, error) {
		tx := newTx(&link{begin: beginWrite, wait: s.options.AnswerWait})
		tx.plan, tx.kinds, tx.lane, tx.sure, tx.several = p, &s.kinds, lane, true, s.schema.Lanes > 1
		f, err := s.writeOnce(ctx, tx, fn)
		if waited = waited || tx.waited && !p.all; f == later {
			lane, waited = s.lanes.swap(lane), false
		}
		return f, err
	})
}

func (s *Store) writeOnce(ctx context.Context, tx *Tx, fn func(ledger.Tx) error) (fate, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return fateOf(ctx, err), fmt.Errorf("connect: %w", silent(ctx, err))
	}
	defer conn.Release()
	l := tx.link
	l.conn = conn.Conn()
	tx.warm, tx.era, tx.lanes = &s.lanes.warm[tx.lane], s.era.Load(), len(s.lanes.warm)
	err = fn(tx)
	if l.broken == nil && tx.unplanned == nil && err == nil {
		err = ctx.Err() // nothing is sent for a caller who is gone
	}
	if l.broken == nil && tx.unplanned == nil && err == nil {
		f, err := s.commit(ctx, conn.Conn(), l)
		if err == nil {
			tx.remember()
			s.rivals.note(tx.accounts)
		}
		return tx.learned(f), err
	}
	l.rollback(ctx)
	s.drop(ctx, s.writers, l.broken)
	switch {
	case tx.unplanned != nil:
		tx.learn()
		return atOnce, tx.unplanned
	case l.broken == nil:
		return settled, err
	case err == nil:
		err = l.broken
	}
	return tx.learned(fateOf(ctx, l.broken)), silent(ctx, err)
}

// acquire takes a connection of a writer's from the pool, or makes one.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.AnswerWait)
	defer cancel()
	return s.writers.Acquire(ctx)
}
