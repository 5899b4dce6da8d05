package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/settlex/settlex/ledger"
)

// ErrBusy marks a transaction that met a conflict in each of its attempts. Nothing was written. It comes with the
// *ConflictError of the last attempt.
var ErrBusy = errors.New("database is busy, nothing was written")

// ErrSilent marks a transaction that got no connection, or no answer, within Options.AnswerWait. Nothing was written.
var ErrSilent = errors.New("database does not answer, nothing was written")

// silent marks an error that came of our own patience, not of the caller's.
func silent(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return err
}

// ConflictError is a conflict with another transaction: the whole transaction may be tried again. A Store does so by itself;
// in a transaction of the host's the host does, after rolling it back.
type ConflictError struct {
	State string // SQLSTATE: 40001, 40P01, 55P03, 23505 or 25006
	Err   error  // as the server says it
}

// Error gives the server's words.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("conflict with another transaction: %v", e.Err)
}

// Unwrap gives Err.
func (e *ConflictError) Unwrap() error { return e.Err }

// conflict makes a *ConflictError of an error that is one, and gives every other as it is.
func conflict(err error) error {
	if isConflict(err) {
		return &ConflictError{State: sqlState(err), Err: err}
	}
	return err
}

// isConflict tells whether another transaction is to blame. Keys, accounts and records are unique: one that was not there a
// moment ago was made by somebody else.
func isConflict(err error) bool {
	switch sqlState(err) {
	case "40001", "40P01", "55P03", "23505":
		return true
	}
	return false
}

// isLost tells whether the connection is to blame, so that another one may do better: it is gone, or leads to a server that
// is going down, starting, or no primary any more.
func isLost(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P0") || e.Code == "25006" || e.Code == "53300" ||
			e.SeverityUnlocalized == "FATAL" && !strings.HasPrefix(e.Code, "28") && !strings.HasPrefix(e.Code, "3D")
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err)
}

// fate is what comes after an attempt.
type fate uint8

const (
	settled fate = iota // it is over
	atOnce              // try again: it is known better now what to lock
	later               // try again after a while
)

// fateOf tells what comes after an attempt in which nothing can have been committed. Who has waited long for an answer does not do so
// again and again.
func fateOf(ctx context.Context, err error) fate {
	if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) && (isConflict(err) || isLost(err)) {
		return later
	}
	return settled
}

// indefinite is an error of a transaction whose COMMIT was sent and not answered.
func indefinite(err error) error {
	if state := sqlState(err); state != "" {
		return fmt.Errorf("%w: commit: SQLSTATE %s: %w", ledger.ErrIndefinite, state, err)
	}
	return fmt.Errorf("%w: commit: %w", ledger.ErrIndefinite, err)
}

// isDefinite tells whether an error that came instead of the answer to a COMMIT says that the transaction was rolled back: an
// error of a statement, after which the server goes on.
func isDefinite(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	return e.SeverityUnlocalized != "FATAL" && e.SeverityUnlocalized != "PANIC" && e.Code != "40003" &&
		!strings.HasPrefix(e.Code, "57P0") && !strings.HasPrefix(e.Code, "08")
}
