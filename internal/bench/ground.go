package bench

import "github.com/settlex/settlex/ledger"

// Ground is what a run stands on: a kind of store, and a place for it. Each run
// gets a fresh one.
type Ground struct {
	// Store names the kind.
	Store string
	// Sync says in words what an acknowledgement rests on.
	Sync string
	// Dir is the directory whose disk the store writes to from this process. Empty:
	// it writes elsewhere, so this disk and what this process writes say nothing.
	Dir string
	// Open opens the store, which is empty the first time.
	Open func() (Store, error)
	// Bound opens an empty place of the same kind and disk without a ledger in it.
	Bound func() (Bound, error)
	// DropCache takes what is kept of the closed store out of the system's cache;
	// nil: that cannot be done here.
	DropCache func() error
}

// Store is a ledger's store with its size.
type Store interface {
	ledger.Store
	Size() (Size, error)
	Close() error
}

// Size is what a store takes, in bytes.
type Size struct {
	File int64 // of the file, with what it was extended by ahead of need
	Free int64 // of it that was used once and will be used again
	Used int64 // that hold something
}

// Bound is a store's engine without a ledger: what it and the disk allow. Each
// call is one transaction, durable when it returns.
type Bound interface {
	// Update writes one row.
	Update(row []byte) error
	// Append writes rows in the way that costs the engine least.
	Append(rows [][]byte) error
	// Close closes it and removes what it has written.
	Close() error
}
