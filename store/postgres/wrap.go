package postgres

import (
	"github.com/jackc/pgx/v5"
)

// Wrap lets the ledger take part in a transaction of the host's: give the result to PostTx, ExecuteTx or DoTx, or read through it. The
// ledger must be what the connection's search path names first. Beginning and ending the transaction is the host's business.
//
// Everything holds at READ COMMITTED, REPEATABLE READ and SERIALIZABLE. An error that comes from the database spoils the transaction,
// as PostgreSQL has it: roll it back, or to a savepoint of the host's, and use what Wrap gives then. Conflicts are a *ConflictError and are
// not repeated here. The higher the level, the more of them there are: at SERIALIZABLE nearly any two bookings at once.
//
// Locks are taken in the order of the calls and held until the transaction ends. Two transactions that book several times each,
// on the same accounts with limits or on the same records in another order, may deadlock: one of them gets a *ConflictError.
// So does one that looks at an account without limits after it has booked. How durable the COMMIT is, the session's
// synchronous_commit says.
func Wrap(tx pgx.Tx) *Tx {
	t := newTx(&link{conn: tx})
	t.host = true
	if conn := tx.Conn(); conn != nil {
		t.lane = uint16(conn.PgConn().PID()) // connections spread over the lanes
	}
	return t
}
