package ledger

import (
	"context"
	"iter"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
)

// Store opens transactions. Package store/bolt has one. Package storetest is the
// suite that every store has to pass.
type Store interface {
	// Write runs fn in a read-write transaction and commits it durably if fn
	// returns nil. An error that wraps ErrIndefinite means that the commit may
	// or may not have happened; after any other error nothing was written. A
	// store may run fn again after a conflict.
	Write(ctx context.Context, fn func(Tx) error) error
	// Read runs fn on one unchanging snapshot.
	Read(ctx context.Context, fn func(Reader) error) error
}

// Tx is a read-write transaction. Everything the house writes goes through
// one Save: entries, balances and the records of the rooms above together.
type Tx interface {
	Reader
	// Save writes what a State decided, all or nothing with the transaction.
	Save(ctx context.Context, c *Changes) error
	// Lock keeps others from changing these records until the transaction ends,
	// whether they exist or not, so that what is read afterwards stays true of
	// them. Without any it keeps others from booking at all. A store with one writer
	// at a time has nothing to do.
	Lock(ctx context.Context, refs ...Ref) error
}

// Reader is what a snapshot can be asked. Iterators end after their first
// error, which is the last pair they yield.
type Reader interface {
	// Heads are the ends of the journal's lanes, by lane. There is at least one.
	Heads(ctx context.Context) ([]Head, error)
	// Load puts what need names into s, and with PutHead the end of the lane that
	// the transaction books in. It calls PutKey for each key that is taken; a key it
	// does not mention is free once Load has returned nil. It calls PutAccount (or
	// PutShare), PutRecord, PutStanding or PutTree for each name asked for, whether
	// it exists or not. The names are in no order to lock by.
	//
	// A store with several lanes keeps others from changing what it gives, but
	// for shares of other lanes, until the transaction ends, and tells with
	// NotBefore the latest instant of what it read.
	Load(ctx context.Context, need *Need, s *State) error
	// Accounts yields accounts whose path starts with the bytes of prefix, ordered by path and currency.
	Accounts(ctx context.Context, prefix string) iter.Seq2[Account, error]
	// Blocks yields the blocks of a lane from the one that holds seq, in order.
	Blocks(ctx context.Context, lane uint16, seq uint64) iter.Seq2[*Block, error]
	// Hashes gives hashes of a lane's Merkle log by their index (tlog.StoredHashIndex).
	Hashes(ctx context.Context, lane uint16, indexes []int64) ([]Hash, error)
	// Items yields the items of a lane from seq on, in order: entries and all other acts.
	Items(ctx context.Context, lane uint16, seq uint64) iter.Seq2[*Booked, error]
	// Referenced yields the items that bear a reference, in order of their places, from a place on.
	Referenced(ctx context.Context, reference string, from Place) iter.Seq2[*Booked, error]
	// Movements yields the entries that touch an account, in order of their places, from a place on.
	Movements(ctx context.Context, id AccountID, from Place) iter.Seq2[*Booked, error]
	// Dated yields the entries that touch an account in order of value date and place, from a place on.
	Dated(ctx context.Context, id AccountID, from DatedPlace) iter.Seq2[*Booked, error]
	// BalanceBefore gives an account's totals over all entries before a place, held amounts left out, and
	// the lane and sequence of the last of them.
	BalanceBefore(ctx context.Context, id AccountID, before Place) (Balance, error)
	// BalanceOn gives what an account's entries with value dates up to a day add up to, held amounts
	// left out. Lane and Seq are 0.
	BalanceOn(ctx context.Context, id AccountID, on calendar.Date) (Balance, error)
	// Records yields the records of one kind whose id starts with prefix and
	// is at or after from, ordered by the bytes of their ids.
	Records(ctx context.Context, kind, prefix, from string) iter.Seq2[Record, error]
	// Events yields the events of a lane from a number on, in order.
	Events(ctx context.Context, lane uint16, from uint64) iter.Seq2[*event.Event, error]
	// Check compares every structure the store keeps besides the journal
	// (indexes, summaries) with it and reports each difference.
	Check(ctx context.Context, report func(Finding)) error
}

// Concurrent is a Store that commits several transactions at once, as long as they
// touch different things. Any other has one writer at a time.
type Concurrent interface {
	// Writers is how many transactions are worth having at the same time, 1 or
	// more. It may change as the store learns what they touch, and answers at once.
	Writers() int
}

// EngineChecker is a Store whose own engine can look for faults below what a
// Reader sees. Verify asks it before it reads anything, outside its snapshot:
// an engine may have to keep writers out meanwhile. An error that wraps
// ErrCorrupt says that it is not safe to read what was found; Verify then gives
// the findings alone.
type EngineChecker interface {
	CheckEngine(ctx context.Context, report func(Finding)) error
}

// AccountReader is a Store that can tell how an account stands without opening
// a snapshot. Ledger.Account asks it first.
type AccountReader interface {
	// CurrentAccount gives the account as the last commit left it, nil if there
	// is none. known is false when the store cannot tell without a snapshot. The
	// Account is shared and must not be changed.
	CurrentAccount(ctx context.Context, id AccountID) (a *Account, known bool, err error)
}

// Record is a resource of a room above the ledger (a deposit, a batch) that
// is stored in the same transaction as the entries it causes. Records are
// immutable: a change is a new value under the same Ref.
type Record interface {
	Ref() Ref
}

// Ref names a record. Ids order by their bytes, so rooms choose ids whose
// prefixes are the lists they need.
type Ref struct {
	Kind string
	ID   string
}

// String is "kind/id".
func (r Ref) String() string { return r.Kind + "/" + r.ID }

// Head is the end of a lane.
type Head struct {
	Lane     uint16
	Seq      uint64        // of the last item; 0: empty
	At       time.Time     // booking instant of the last item, UTC; zero: empty
	Accounts uint64        // number of accounts ever opened in the lane
	Blocks   uint64        // number of blocks: leaves of the lane's Merkle log
	Events   uint64        // number of events ever told in the lane
	Told     time.Time     // instant of the last of them, UTC; zero: none was told
	Closed   calendar.Date // last closed value date of the ledger; zero: none
	// NotBefore is a promise: no item will be booked in the lane at or before this
	// instant, UTC. Zero: At is all there is to go by.
	NotBefore time.Time
}

// Settled is the instant up to which, itself included, nothing will be booked in
// the lane any more, but for facts of one instant that follow each other.
func (h *Head) Settled() time.Time {
	if h.NotBefore.After(h.At) {
		return h.NotBefore
	}
	return h.At
}

// Finding is one difference that Verify found.
type Finding struct {
	Place string // what is wrong: "account merchants/m/pending INR", "block 17"
	Want  string // what the journal says
	Have  string // what is stored
}

// String is one line for people.
func (f Finding) String() string {
	return f.Place + ": want " + f.Want + ", have " + f.Have
}
