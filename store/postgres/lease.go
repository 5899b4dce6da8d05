package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

// Sentinels of leases.
var (
	// ErrHeld marks a lease that somebody else has.
	ErrHeld = errors.New("lease is held")
	// ErrFenced marks a write under a lease that another has taken over. Nothing was written.
	ErrFenced = errors.New("lease was taken over, nothing was written")
)

// LeaseOptions say how a lease is held.
type LeaseOptions struct {
	// Owner names who holds it, for people: a host and a process. Required, and need not be unique.
	Owner string
	// TTL is how long a term lasts if it is not renewed, by the database's clock; 0: 10 seconds. At least 5 seconds: a database
	// that changes its primary may be silent for longer than a shorter term.
	TTL time.Duration
}

const (
	defaultTTL = 10 * time.Second
	minTTL     = 5 * time.Second
)

// Lease is a right that one of all processes on a database has at a time, for a term. A term ends when it is released, or when
// it was not renewed in time and another process asks for the lease. Nothing depends on the clocks of the processes.
type Lease struct {
	store *Store
	name  string
	owner string
	ttl   time.Duration
}

// Lease gives the lease of a name. Nothing is asked of the database. The error is for options that will not do.
func (s *Store) Lease(name string, o LeaseOptions) (*Lease, error) {
	if o.TTL == 0 {
		o.TTL = defaultTTL
	}
	switch {
	case name == "" || name == migrateLease || name == movingMark:
		return nil, fmt.Errorf("lease: %q is no name for one", name)
	case o.Owner == "":
		return nil, fmt.Errorf("lease %q: the owner is missing", name)
	case o.TTL < minTTL:
		return nil, fmt.Errorf("lease %q: a term of %s is shorter than %s", name, o.TTL, minTTL)
	}
	return &Lease{store: s, name: name, owner: o.Owner, ttl: o.TTL}, nil
}

// TTL is how long a term lasts if it is not renewed.
func (l *Lease) TTL() time.Duration { return l.ttl }

const (
	takeLeaseSQL = `INSERT INTO leases (name, owner, token, expires_at) VALUES ($1, $2, 1, now() + $3::bigint * interval '1 microsecond')
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = leases.token + 1, expires_at = excluded.expires_at
WHERE leases.expires_at <= now() RETURNING token`

	renewLeaseSQL = `UPDATE leases SET expires_at = now() + $3::bigint * interval '1 microsecond' WHERE name = $1 AND token = $2::bigint`

	releaseLeaseSQL = `UPDATE leases SET expires_at = now() WHERE name = $1 AND token = $2::bigint`

	// The lock is kept until the transaction ends: whoever takes the lease over waits for that.
	fenceSQL = `SELECT token FROM leases WHERE name = $1 AND token = $2::bigint FOR UPDATE`

	leaseOwnerSQL = `SELECT owner FROM leases WHERE name = $1`
)

// Acquire begins a term, if nobody has the lease. Errors: ErrHeld, naming who has it.
func (l *Lease) Acquire(ctx context.Context) (*Term, error) {
	t := &Term{lease: l}
	err := l.store.pool.QueryRow(ctx, takeLeaseSQL, l.name, l.owner, l.ttl.Microseconds()).Scan(&t.token)
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, pgx.ErrNoRows), isConflict(err):
		return nil, fmt.Errorf("%w: %q by %s", ErrHeld, l.name, l.holder(ctx, l.store.pool))
	}
	return nil, fmt.Errorf("take the lease %q: %w", l.name, err)
}

// holder names who has the lease, for people.
func (l *Lease) holder(ctx context.Context, q asker) string {
	var owner string
	if err := q.QueryRow(ctx, leaseOwnerSQL, l.name).Scan(&owner); err != nil {
		return "somebody else"
	}
	return owner
}

// Term is a time in which a lease is held. Its token is greater than that of every term before.
type Term struct {
	lease *Lease
	token int64
}

// Token is the fencing token, which other systems can check too.
func (t *Term) Token() int64 { return t.token }

// Renew keeps the term from running out. held is false when another process has taken the lease over.
func (t *Term) Renew(ctx context.Context) (held bool, err error) {
	tag, err := t.lease.store.pool.Exec(ctx, renewLeaseSQL, t.lease.name, t.token, t.lease.ttl.Microseconds())
	if err != nil {
		return false, fmt.Errorf("renew the lease %q: %w", t.lease.name, err)
	}
	return tag.RowsAffected() > 0, nil
}

// Release ends the term; another one that has begun stays.
func (t *Term) Release(ctx context.Context) error {
	if _, err := t.lease.store.pool.Exec(ctx, releaseLeaseSQL, t.lease.name, t.token); err != nil {
		return fmt.Errorf("give the lease %q back: %w", t.lease.name, err)
	}
	return nil
}

// Fence gives the store as the holder of the term has it: each of its transactions that write checks first, in the
// transaction itself, that nobody has taken the lease over, and keeps others from doing so until it ends. However late a process
// notices that its term is over, it writes nothing any more. Errors of Write besides the store's: ErrFenced.
func (t *Term) Fence() ledger.Store { return &fenced{Store: t.lease.store, term: t} }

// fenced is a store under a term.
type fenced struct {
	*Store
	term *Term
}

// Write implements ledger.Store.
func (f *fenced) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return f.Store.Write(ctx, func(tx ledger.Tx) error {
		if err := f.term.check(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// check wants the term to be the last one that has begun. It comes before every other lock of the transaction.
func (t *Term) check(ctx context.Context, tx ledger.Tx) error {
	ours, ok := tx.(*Tx)
	if !ok {
		return fmt.Errorf("lease %q: a transaction of type %T has no leases", t.lease.name, tx)
	}
	var token int64
	err := ours.link.QueryRow(ctx, fenceSQL, t.lease.name, t.token).Scan(&token)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: %q, term %d, is held by %s now", ErrFenced, t.lease.name, t.token, t.lease.holder(ctx, ours.link))
	}
	if err != nil {
		return fmt.Errorf("check the lease %q: %w", t.lease.name, err)
	}
	return nil
}
