package bench

import (
	"context"

	"github.com/settlex/settlex/ledger"
)

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
	// Server is the one the store talks to; nil: it needs none.
	Server Server
	// Open opens the store, which is empty the first time.
	Open func() (Store, error)
	// Bound opens an empty place of the same kind and disk without a ledger in it, for so
	// many writers.
	Bound func(writers int) (Bound, error)
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

// Server is a store's server, seen from outside.
type Server interface {
	// Facts says what it is and how it is set.
	Facts(ctx context.Context) (*ServerFacts, error)
	// RoundTrips is how many there were so far between the store and the server.
	RoundTrips() int64
	// LogBytes is how long its log is that makes commits durable, counted from
	// anywhere; ok is false when it does not tell.
	LogBytes(ctx context.Context) (n int64, ok bool, err error)
}

// ServerFacts are what a figure measured against a server depends on.
type ServerFacts struct {
	Engine   string            `json:"engine"`
	Version  string            `json:"version"`
	Lanes    int               `json:"lanes"`      // of the journal
	Writers  int               `json:"writers"`    // transactions that the store makes at the same time
	Latency  float64           `json:"latency_us"` // that was put on top of every round trip
	Settings map[string]string `json:"settings"`   // what durability and speed hang on, as the server names it
}

// Bound is a store's engine without a ledger: what it and the disk allow. Each
// call is one transaction, durable when it returns.
type Bound interface {
	// Update writes one row.
	Update(row []byte) error
	// Stage makes ready to write items, whose canonical bytes are bodies, in the way
	// that costs the engine least. Of several writers each is at work on one call
	// at a time.
	Stage(writer int, items []*ledger.Booked, bodies [][]byte) (write func() error, err error)
	// Close closes it and removes what it has written.
	Close() error
}
