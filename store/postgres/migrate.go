package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// MigrateOptions says how to bring a schema up. The zero value will do.
type MigrateOptions struct {
	// Schema is where the ledger lives. It is made if it is not there. Empty: the first of the connection's search path that is there,
	// "public" where nothing else is set.
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
	Schema     string // its name
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
// processes at once: one works, the others wait for it. What it did before an error is in Applied. Errors: *SchemaError with
// ErrNewer or ErrEdited.
//
// The connection must lead to the server itself, not to a pooler that shares sessions: steps depend on settings of the session.
func Migrate(ctx context.Context, url string, o MigrateOptions) (Applied, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Applied{}, err
	}
	applied, err := MigrateConn(ctx, conn, o)
	return applied, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// MigrateConn is Migrate on a connection of the caller, which must not be in a transaction. Its settings are as before afterwards. When
// ctx ends meanwhile, the connection is closed.
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

// makeSchema makes a schema that was asked for by name, and sees to it that a ledger can live in the one there is.
func makeSchema(ctx context.Context, conn *pgx.Conn, schema string) error {
	var current *string
	var encoding string
	const here = "SELECT current_schema(), current_setting('server_encoding')"
	if err := conn.QueryRow(ctx, here).Scan(&current, &encoding); err != nil {
		return fmt.Errorf("look for the schema: %w", err)
	}
	switch {
	case encoding != "UTF8":
		return fmt.Errorf("the database keeps text in %s, a ledger needs UTF8", encoding)
	case current != nil:
		return nil
	case schema == "":
		return errors.New("no schema that the connection's search_path names is there: say which to make")
	}
	err := patiently(func() error {
		_, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{schema}.Sanitize())
		return err
	})
	if err != nil {
		return fmt.Errorf("make the schema %q: %w", schema, err)
	}
	return nil
}
