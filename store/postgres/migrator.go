package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// migrator brings one schema up.
type migrator struct {
	conn    *pgx.Conn
	options MigrateOptions
	applied *Applied
	token   int64 // of its lease
}

// migrateLease is the name of the lease under which one migrator works.
const migrateLease = "migrate"

// errOvertaken says that somebody else has the lease now.
var errOvertaken = errors.New("another migrator has taken over")

// prepare makes the tables in which migrators take turns. It needs no lease: that is what they are for.
func (m *migrator) prepare(ctx context.Context) error {
	known, err := steps()
	if err != nil {
		return err
	}
	for _, s := range known {
		if s.Version > 1 {
			break
		}
		if err := m.execute(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// execute runs the statement of a step.
func (m *migrator) execute(ctx context.Context, s Step) error {
	err := patiently(func() error {
		_, err := m.conn.Exec(ctx, s.statement)
		return err
	})
	if err != nil {
		return fmt.Errorf("step %s: %w", s, err)
	}
	return nil
}

// patiently repeats an idempotent statement that lost a race against its like: engines answer that with an error.
func patiently(fn func() error) (err error) {
	lost := []string{
		"23505", "42P06", "42P07", "42710", // it is there now
		"40001", "40P01", "XX000", // changed by two at once
	}
	for range 10 {
		if err = fn(); !slices.Contains(lost, sqlState(err)) {
			break
		}
	}
	return err
}

// bringUp takes turns with other migrators until nothing is left to do.
func (m *migrator) bringUp(ctx context.Context) error {
	for {
		done, err := m.turn(ctx)
		switch {
		case errors.Is(err, errOvertaken):
			continue
		case err != nil || done:
			return err
		}
		if _, err := m.conn.Exec(ctx, "SELECT pg_sleep(0.1)"); err != nil {
			return fmt.Errorf("wait for another migrator: %w", err)
		}
	}
}

// turn does what is missing if it can have the lease, and tells whether nothing is left.
func (m *migrator) turn(ctx context.Context) (done bool, err error) {
	took, err := m.take(ctx)
	if err != nil {
		return false, err
	}
	if took {
		defer func() { err = errors.Join(err, m.release(ctx)) }()
	}
	s, err := readSchema(ctx, m.conn)
	if err == nil {
		err = s.barred()
	}
	if err == nil && took && !s.Ready() {
		err = m.complete(ctx, s)
	}
	if err != nil || !took && !s.Ready() {
		return false, err
	}
	m.applied.To, m.applied.Lanes = SchemaVersion, max(s.Lanes, m.applied.Lanes)
	return true, nil
}

// take asks for the lease. It lasts a minute by the database's clock, and each step renews it. A step that takes longer may find another
// migrator at work when it is over; all steps are idempotent.
func (m *migrator) take(ctx context.Context) (took bool, err error) {
	const lease = `INSERT INTO leases (name, owner, token, expires_at) VALUES ($1, $2, 1, now() + interval '1 minute')
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = leases.token + 1, expires_at = excluded.expires_at
WHERE leases.expires_at <= now() RETURNING token`
	err = m.conn.QueryRow(ctx, lease, migrateLease, m.options.Owner).Scan(&m.token)
	switch {
	case errors.Is(err, pgx.ErrNoRows), sqlState(err) == "40001":
		return false, nil
	case err != nil:
		return false, fmt.Errorf("take the lease %q: %w", migrateLease, err)
	}
	return true, nil
}

// release gives the lease back, over another connection if this one was closed because the context ended: else the next migrator would
// have to wait for it to expire.
func (m *migrator) release(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	const back = "UPDATE leases SET expires_at = now() WHERE name = $1 AND token = $2"
	conn := m.conn
	if conn.IsClosed() {
		if conn, err = pgx.ConnectConfig(ctx, conn.Config()); err != nil {
			return fmt.Errorf("give the lease %q back: %w", migrateLease, err)
		}
		defer func() { err = errors.Join(err, conn.Close(ctx)) }()
		if _, err := enter(ctx, conn, m.applied.Schema); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, back, migrateLease, m.token); err != nil {
		return fmt.Errorf("give the lease %q back: %w", migrateLease, err)
	}
	return nil
}

// complete runs what is missing, and writes the rows a ledger begins with.
func (m *migrator) complete(ctx context.Context, s *Schema) (err error) {
	settings := []setting{
		{"statement_timeout", strconv.FormatInt(m.options.StepTimeout.Milliseconds(), 10)},
		{"lock_timeout", "10000"},
	}
	if s.Engine == PostgreSQL {
		// A crash may lose the last steps and the notes of them together. Giving the lease back waits for the disk.
		settings = append(settings, setting{"synchronous_commit", "off"})
	}
	back, err := set(ctx, m.conn, settings...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, back()) }()
	for _, step := range s.Missing {
		if err := m.run(ctx, step); err != nil {
			return err
		}
	}
	if err := m.addCurrencies(ctx, s.currencies); err != nil {
		return err
	}
	if s.Lanes == 0 {
		return m.addLanes(ctx)
	}
	return nil
}

// run runs a step and notes it down, if the lease still holds. A step that ran and was not noted down runs again.
func (m *migrator) run(ctx context.Context, s Step) error {
	m.options.Report(s)
	if err := m.execute(ctx, s); err != nil {
		return err
	}
	const renew = "UPDATE leases SET expires_at = now() + interval '1 minute' WHERE name = $1 AND token = $2"
	const note = `INSERT INTO migrations (version, step, title, sha256)
SELECT $3::integer, $4::integer, $5::text, $6::bytea WHERE EXISTS (SELECT 1 FROM leases WHERE name = $1 AND token = $2)
ON CONFLICT (version, step) DO NOTHING`
	var batch pgx.Batch
	batch.Queue(renew, migrateLease, m.token)
	batch.Queue(note, migrateLease, m.token, s.Version, s.No, s.Title, s.sum[:])
	results := m.conn.SendBatch(ctx, &batch)
	held, err := results.Exec()
	if err == nil {
		_, err = results.Exec()
	}
	if err = errors.Join(err, results.Close()); err != nil {
		return fmt.Errorf("note down step %s: %w", s, err)
	}
	if held.RowsAffected() == 0 {
		return errOvertaken
	}
	m.applied.Steps = append(m.applied.Steps, s)
	m.applied.To = max(m.applied.To, s.Version)
	return nil
}
