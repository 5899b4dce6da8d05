package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/settlex/settlex/money"
)

// Sentinels a caller may branch on. Each comes inside a *SchemaError.
var (
	// ErrNewer marks a database whose schema a newer program made. It is not touched.
	ErrNewer = errors.New("schema is newer than this program")
	// ErrOlder marks a database whose schema lacks something this program needs.
	ErrOlder = errors.New("schema is older than this program")
	// ErrNoSchema marks a database that has no ledger in this schema.
	ErrNoSchema = errors.New("there is no ledger")
	// ErrEdited marks a database where a step of a migration was run that reads otherwise than the one of this program.
	ErrEdited = errors.New("schema was made by other migrations of the same number")
)

// SchemaError says why a schema cannot be used as it is.
type SchemaError struct {
	Schema string // its name
	Have   int    // version of the database; 0: none
	Want   int    // version of the program
	Err    error  // ErrNewer, ErrOlder, ErrNoSchema or ErrEdited

	detail string
}

// Error gives the name, the figures, and what can be done.
func (e *SchemaError) Error() string {
	text := fmt.Sprintf("schema %q: %v", e.Schema, e.Err)
	if e.Have > 0 {
		text += fmt.Sprintf(": it has version %d, the program %d", e.Have, e.Want)
	}
	if e.detail != "" {
		text += " (" + e.detail + ")"
	}
	if errors.Is(e.Err, ErrNoSchema) || errors.Is(e.Err, ErrOlder) {
		text += ": run settlex migrate"
	}
	return text
}

// Unwrap gives Err.
func (e *SchemaError) Unwrap() error { return e.Err }

// Schema is how a database stands.
type Schema struct {
	Name    string // of the schema
	Engine  Engine //
	Server  string // what the server says it is
	Version int    // of the last migration a step of which has run; 0: none
	Lanes   int    // 0: not set up yet
	Missing []Step // what is still to run, in order

	currencies []money.Currency // that are still to be written
	edited     []Step           // that ran with another text
	strange    []Step           // that ran and are not known here
}

// Ready tells that nothing is missing.
func (s *Schema) Ready() bool {
	return len(s.Missing) == 0 && len(s.currencies) == 0 && s.Lanes > 0
}

// Err is nil when the schema can be used, or a *SchemaError that says why not.
func (s *Schema) Err() error {
	if err := s.barred(); err != nil {
		return err
	}
	switch {
	case s.Ready():
		return nil
	case s.Version == 0:
		return s.fault(ErrNoSchema, "")
	case len(s.Missing) > 0:
		return s.fault(ErrOlder, "step %s has not run", s.Missing[0])
	case len(s.currencies) > 0:
		return s.fault(ErrOlder, "currency %s is not known to it", s.currencies[0])
	}
	return s.fault(ErrOlder, "it has no lanes")
}

// barred is why the schema cannot be brought up either; nil: it can.
func (s *Schema) barred() error {
	switch {
	case s.Version > SchemaVersion:
		return s.fault(ErrNewer, "")
	case len(s.edited) > 0:
		return s.fault(ErrEdited, "step %s has another text", s.edited[0])
	case len(s.strange) > 0:
		return s.fault(ErrEdited, "step %s is not known here", s.strange[0])
	}
	return nil
}

func (s *Schema) fault(err error, detail string, args ...any) error {
	return &SchemaError{Schema: s.Name, Have: s.Version, Want: SchemaVersion, Err: err, detail: fmt.Sprintf(detail, args...)}
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

// readSchema looks at the schema that a connection's search path names first. It changes nothing.
func readSchema(ctx context.Context, conn *pgx.Conn) (*Schema, error) {
	s := new(Schema)
	var err error
	if s.Engine, s.Server, err = engineOf(ctx, conn); err != nil {
		return nil, err
	}
	var tables []string
	const named = `SELECT coalesce(current_schema(), ''), coalesce((SELECT array_agg(tablename::text) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()), '{}')`
	if err := conn.QueryRow(ctx, named).Scan(&s.Name, &tables); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	known, err := steps()
	if err != nil {
		return nil, err
	}
	ran := make(map[StepNo]bool)
	if slices.Contains(tables, "migrations") {
		if ran, err = s.readSteps(ctx, conn, known); err != nil {
			return nil, fmt.Errorf("read the migrations of schema %q: %w", s.Name, err)
		}
	}
	for _, step := range known {
		if !ran[step.StepNo] && step.isFor(s.Engine) {
			s.Missing = append(s.Missing, step)
		}
	}
	if slices.Contains(tables, "lanes") && slices.Contains(tables, "currencies") {
		err = s.readRows(ctx, conn)
	} else {
		s.currencies = slices.Collect(money.Currencies())
	}
	return s, err
}

// readSteps gives the steps that ran, and notes down those that are not as they are known here.
func (s *Schema) readSteps(ctx context.Context, conn *pgx.Conn, known []Step) (map[StepNo]bool, error) {
	rows, err := conn.Query(ctx, "SELECT version, step, title, sha256 FROM migrations ORDER BY version, step")
	if err != nil {
		return nil, err
	}
	ours := make(map[StepNo]Step, len(known))
	for _, step := range known {
		ours[step.StepNo] = step
	}
	ran := make(map[StepNo]bool)
	var step Step
	var sum []byte
	_, err = pgx.ForEachRow(rows, []any{&step.Version, &step.No, &step.Title, &sum}, func() error {
		ran[step.StepNo] = true
		s.Version = max(s.Version, step.Version)
		switch here, ok := ours[step.StepNo]; {
		case !ok:
			s.strange = append(s.strange, step)
		case string(here.sum[:]) != string(sum):
			s.edited = append(s.edited, here)
		}
		return nil
	})
	return ran, err
}

// readRows counts the lanes and looks which currencies of the program are not in the table.
func (s *Schema) readRows(ctx context.Context, conn *pgx.Conn) error {
	var codes []string
	const rows = `SELECT (SELECT count(*) FROM lanes), coalesce((SELECT array_agg(code) FROM currencies), '{}')`
	if err := conn.QueryRow(ctx, rows).Scan(&s.Lanes, &codes); err != nil {
		return fmt.Errorf("read the lanes and currencies of schema %q: %w", s.Name, err)
	}
	known := make(map[string]bool, len(codes))
	for _, code := range codes {
		known[code] = true
	}
	for c := range money.Currencies() {
		if !known[c.String()] {
			s.currencies = append(s.currencies, c)
		}
	}
	return nil
}

// sqlState is the SQLSTATE of an error, empty when it is none of the server's.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}
