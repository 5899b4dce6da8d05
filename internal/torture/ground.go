package torture

import (
	"context"

	"github.com/settlex/settlex/ledger"
)

// Ground is what ledgers under torture stand on. Each has a directory of the run's, whose name tells it from others.
type Ground interface {
	// Host opens the ledger of a directory as a host does that keeps rows of its own in the same place. It makes what is not there.
	Host(ctx context.Context, dir string) (Site, error)
	// Program opens it as any program does. Nobody else has it open in this process.
	Program(ctx context.Context, dir string) (Site, error)
}

// Site is a ledger that somebody has open.
type Site interface {
	ledger.Store
	// Together runs fn in a transaction of the host's own, and commits it unless fn fails. The errors are those of a ledger.Store's Write.
	Together(ctx context.Context, fn Hosted) error
	// Rows are those of the host.
	Rows(ctx context.Context) (map[string]string, error)
	// Forgives tells whether an error is one that the ground may give: nothing was written, or it wraps ledger.ErrIndefinite. All others are
	// faults of the ledger.
	Forgives(err error) bool
	Close() error
}

// Hosted is what a host does in a transaction of its own. What is kept is a row of the host's.
type Hosted func(ctx context.Context, tx ledger.Tx, keep func(key, value string) error) error
