package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/money"
)

// MigrateOptions says how to bring a schema up. The zero value will do.
type MigrateOptions struct {
	// Schema is where the ledger lives. It is made if it is not there. Empty: the first of the connection's search path, "public"
	// where nothing else is set.
	Schema string
	// Lanes is how many lanes a new ledger gets, 1 to 1024; 0: 16. A ledger that has lanes keeps them, whatever this says.
	Lanes int
	// Owner says in the table of leases who is at work. Empty: "settlex".
	Owner string
	// StepTimeout bounds one statement; 0: 10 minutes. Waiting for locks is bounded apart, by 10 seconds, because everybody
	// else queues behind a change that waits.
	StepTimeout time.Duration
	// Report is called before each step is run; nil: nobody is told.
	Report func(Step)
}

const (
	defaultLanes = 16
	maxLanes     = 1024
)

func (o MigrateOptions) normalize() (MigrateOptions, error) {
	if o.Lanes == 0 {
		o.Lanes = defaultLanes
	}
	if o.Lanes < 1 || o.Lanes > maxLanes {
		return o, fmt.Errorf("%d lanes: between 1 and %d are possible", o.Lanes, maxLanes)
	}
	if o.Owner == "" {
		o.Owner = "settlex"
	}
	if o.StepTimeout <= 0 {
		o.StepTimeout = 10 * time.Minute
	}
	if o.Report == nil {
		o.Report = func(Step) {}
	}
	return o, nil
}

// Applied is what Migrate did.
type Applied struct {
	Schema     string // name of the schema
	Engine     Engine //
	From, To   int    // its version before and afterwards
	Steps      []Step // that were run here, in order
	Currencies int    // that were written
	Lanes      int    // how many there are
	NewLanes   bool   // they were made here
}

// Nothing tells that everything was there already.
func (a Applied) Nothing() bool { return len(a.Steps) == 0 && a.Currencies == 0 && !a.NewLanes }

// Migrate brings the schema of a database up to SchemaVersion. It may be called again after any error, and by any number of
// processes at once: one works, the others wait for it. Errors: *SchemaError with ErrNewer or ErrEdited.
func Migrate(ctx context.Context, url string, o MigrateOptions) (Applied, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Applied{}, err
	}
	applied, err := MigrateConn(ctx, conn, o)
	return applied, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// MigrateConn is Migrate on a connection of the caller, which must not be in a transaction. The connection's settings are as
// before afterwards.
func MigrateConn(ctx context.Context, conn *pgx.Conn, o MigrateOptions) (applied Applied, err error) {
	if o, err = o.normalize(); err != nil {
		return applied, err
	}
	leave, err := enter(ctx, conn, o.Schema)
	if err != nil {
		return applied, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	if err := makeSchema(ctx, conn, o.Schema); err != nil {
		return applied, err
	}
	s, err := readSchema(ctx, conn)
	if err != nil {
		return applied, err
	}
	applied = Applied{Schema: s.Name, Engine: s.Engine, From: s.Version, To: s.Version, Lanes: s.Lanes}
	if err := s.barred(); err != nil || s.Ready() {
		return applied, err
	}
	m := migrator{conn: conn, options: o, applied: &applied}
	if err := m.prepare(ctx); err != nil {
		return applied, err
	}
	return applied, m.bringUp(ctx)
}

// ReadSchema tells how the schema of a database stands, and changes nothing. Empty schema: the first of the connection's search
// path.
func ReadSchema(ctx context.Context, url, schema string) (_ *Schema, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := enter(ctx, conn, schema); err != nil {
		return nil, err
	}
	s, err := readSchema(ctx, conn)
	if err == nil && schema != "" {
		s.Name = schema // also when it is not there
	}
	return s, err
}

// enter makes a schema the one a connection works in; leave goes back. Empty: the connection stays where it is.
func enter(ctx context.Context, conn *pgx.Conn, schema string) (leave func() error, err error) {
	if schema == "" {
		return func() error { return nil }, nil
	}
	return set(ctx, conn, "search_path", pgx.Identifier{schema}.Sanitize())
}

// set changes a setting of a connection; back gives it the value it had.
func set(ctx context.Context, conn *pgx.Conn, name, value string) (back func() error, err error) {
	var before string
	if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&before); err != nil {
		return nil, fmt.Errorf("read the setting %s: %w", name, err)
	}
	put := func(ctx context.Context, value string) error {
		if _, err := conn.Exec(ctx, "SELECT set_config($1, $2, false)", name, value); err != nil {
			return fmt.Errorf("set %s to %s: %w", name, value, err)
		}
		return nil
	}
	back = func() error {
		if conn.IsClosed() {
			return nil
		}
		return put(context.WithoutCancel(ctx), before)
	}
	return back, put(ctx, value)
}

// makeSchema makes a schema that was asked for by name.
func makeSchema(ctx context.Context, conn *pgx.Conn, schema string) error {
	if schema == "" {
		return nil
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT current_schema() IS NOT NULL").Scan(&there); err != nil || there {
		return err
	}
	return patiently(func() error {
		_, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{schema}.Sanitize())
		return err
	})
}

// patiently repeats a statement that says IF NOT EXISTS and lost a race against its like: engines answer that with an error.
func patiently(fn func() error) (err error) {
	for range 10 {
		err = fn()
		switch sqlState(err) {
		case "23505", "42P06", "42P07", "42710", "40001", "XX000":
			continue
		}
		break
	}
	return err
}

// migrator brings one schema up.
type migrator struct {
	conn    *pgx.Conn
	options MigrateOptions
	applied *Applied
	token   int64 // of its lease
}

// migrateLease is the name of the lease under which one migrator works.
const migrateLease = "migrate"

// prepare makes the tables in which migrators take turns. It needs no lease: that is what they are for.
func (m *migrator) prepare(ctx context.Context) error {
	first, err := steps()
	if err != nil {
		return err
	}
	for _, s := range first {
		if s.Version > 1 {
			break
		}
		err := patiently(func() error {
			_, err := m.conn.Exec(ctx, s.statement)
			return err
		})
		if err != nil {
			return fmt.Errorf("step %s: %w", s, err)
		}
	}
	return nil
}

// bringUp takes turns with other migrators until nothing is left to do.
func (m *migrator) bringUp(ctx context.Context) error {
	for {
		took, err := m.take(ctx)
		if err != nil {
			return err
		}
		s, err := readSchema(ctx, m.conn)
		if err == nil {
			err = s.barred()
		}
		if err == nil && took {
			err = m.complete(ctx, s)
		}
		if took {
			err = errors.Join(err, m.release(ctx))
		}
		switch {
		case errors.Is(err, errOvertaken):
			continue
		case err != nil:
			return err
		case took || s.Ready():
			m.applied.To, m.applied.Lanes = SchemaVersion, max(s.Lanes, m.applied.Lanes)
			return nil
		}
		if _, err := m.conn.Exec(ctx, "SELECT pg_sleep(0.1)"); err != nil {
			return fmt.Errorf("wait for another migrator: %w", err)
		}
	}
}

// take asks for the lease. It lasts a minute by the database's clock, and each step renews it.
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

func (m *migrator) release(ctx context.Context) error {
	if m.conn.IsClosed() {
		return nil
	}
	_, err := m.conn.Exec(context.WithoutCancel(ctx), "UPDATE leases SET expires_at = now() WHERE name = $1 AND token = $2", migrateLease, m.token)
	if err != nil {
		return fmt.Errorf("give the lease %q back: %w", migrateLease, err)
	}
	return nil
}

// errOvertaken says that somebody else has the lease now.
var errOvertaken = errors.New("another migrator has taken over")

// complete runs what is missing, and writes the rows a ledger begins with.
func (m *migrator) complete(ctx context.Context, s *Schema) (err error) {
	for _, setting := range []struct{ name, value string }{
		{"statement_timeout", strconv.FormatInt(m.options.StepTimeout.Milliseconds(), 10)},
		{"lock_timeout", "10000"},
	} {
		back, err := set(ctx, m.conn, setting.name, setting.value)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, back()) }()
	}
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
	if _, err := m.conn.Exec(ctx, s.statement); err != nil {
		return fmt.Errorf("step %s: %w", s, err)
	}
	const note = `INSERT INTO migrations (version, step, title, sha256)
SELECT $3::integer, $4::integer, $5::text, $6::bytea WHERE EXISTS (SELECT 1 FROM leases WHERE name = $1 AND token = $2)
ON CONFLICT (version, step) DO NOTHING`
	var batch pgx.Batch
	batch.Queue("UPDATE leases SET expires_at = now() + interval '1 minute' WHERE name = $1 AND token = $2", migrateLease, m.token)
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
	return nil
}

// addCurrencies writes currencies with the value of their minor unit, which spares every view a division.
func (m *migrator) addCurrencies(ctx context.Context, missing []money.Currency) error {
	if len(missing) == 0 {
		return nil
	}
	var codes, units []string
	var exponents []int16
	for _, c := range missing {
		codes, exponents = append(codes, c.String()), append(exponents, int16(c.Exponent()))
		units = append(units, c.Format(money.Minor(1)))
	}
	const add = `INSERT INTO currencies (code, exponent, minor_unit)
SELECT c.code, c.exponent, c.unit::numeric FROM unnest($1::text[], $2::smallint[], $3::text[]) AS c (code, exponent, unit)
ON CONFLICT (code) DO NOTHING`
	tag, err := m.conn.Exec(ctx, add, codes, exponents, units)
	if err != nil {
		return fmt.Errorf("write %d currencies: %w", len(codes), err)
	}
	m.applied.Currencies += int(tag.RowsAffected())
	return nil
}

// addLanes writes the lanes' rows, once and for all.
func (m *migrator) addLanes(ctx context.Context) error {
	const add = `INSERT INTO lanes (lane) SELECT g::smallint FROM generate_series(0, $1::integer - 1) AS g WHERE NOT EXISTS (SELECT 1 FROM lanes)`
	tag, err := m.conn.Exec(ctx, add, m.options.Lanes)
	if err != nil {
		return fmt.Errorf("write %d lanes: %w", m.options.Lanes, err)
	}
	m.applied.Lanes, m.applied.NewLanes = m.options.Lanes, tag.RowsAffected() > 0
	return nil
}
