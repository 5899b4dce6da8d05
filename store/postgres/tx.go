package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// Tx is a transaction that books. It implements ledger.Tx. After an error of the server's nothing more can be done in it.
type Tx struct {
	reader

	link    *link
	host    bool   // the host began the transaction, and ends it
	lane    uint16 // to book in
	sure    bool   // lane is one that exists; else the first Load makes it one
	several bool   // there may be other lanes
	kinds   *kinds // nil in a host's transaction
	plan    *plan  // likewise
	warm    *warm  // likewise
	era     uint64 // of the store's sessions, likewise
	lanes   int    // that there are, likewise

	held      held
	asked     []*ledger.Need // by each Load
	locked    []ledger.Ref   // by each Lock
	accounts  map[ledger.AccountID]*kept
	records   map[ledger.Ref]bool // those that were locked, and those found absent: whether they exist
	row       laneRow             // of the lane, as the transaction leaves it
	waited    bool                // for the lane
	everyone  bool                // other lanes were told of something, so nothing is remembered
	unplanned error               // why the transaction has to be run again, knowing more
}

// held is which lanes the transaction has locked.
type held struct{ lane, all bool }

// plan is what a transaction is known to lock, because an earlier attempt of it did or wanted to.
type plan struct {
	all      bool // every lane
	accounts []ledger.AccountID
	records  []ledger.Ref
}

// kept is what a transaction knows of an account besides what the State was told.
type kept struct {
	id     int64
	single bool
	share  ledger.Balance // of the transaction's lane, of a spread account
	holds  int64          // likewise
	row    *accountRow    // likewise, with this share alone; nil: not read yet
}

func newTx(l *link) *Tx {
	return &Tx{reader: reader{db: l}, link: l, accounts: make(map[ledger.AccountID]*kept), records: make(map[ledger.Ref]bool)}
}

// errUnplanned ends an attempt that would take locks in another order than everybody else.
var errUnplanned = errors.New("the transaction is run again with all its locks known")

// again ends the attempt. The next one locks from the start what this one asked for.
func (t *Tx) again(why string) error {
	t.unplanned = fmt.Errorf("%w: %s", errUnplanned, why)
	return t.unplanned
}

// usable is why nothing can be done in the transaction any more; nil: it goes on.
func (t *Tx) usable() error {
	if t.unplanned != nil {
		return t.unplanned
	}
	return t.failure(t.link.broken)
}

// failure is an error as the caller gets it: in a transaction of ours the Store looks at it, a host has to.
func (t *Tx) failure(err error) error {
	if t.host {
		return conflict(err)
	}
	return err
}

// Lock implements ledger.Tx. Of a record that does not exist there is nothing to lock, so every lane is.
func (t *Tx) Lock(ctx context.Context, refs ...ledger.Ref) error {
	if err := t.usable(); err != nil {
		return err
	}
	t.locked = append(t.locked, refs...)
	every := len(refs) == 0
	l := &loading{tx: t, refs: refs, lanes: every, all: every}
	err := l.run(ctx)
	for _, ref := range refs {
		if err != nil || t.held.all {
			break
		}
		if !t.records[ref] {
			err = (&loading{tx: t, lanes: true, all: true}).run(ctx)
		}
	}
	if err != nil {
		return t.failure(fmt.Errorf("lock %d records: %w", len(refs), err))
	}
	return nil
}
