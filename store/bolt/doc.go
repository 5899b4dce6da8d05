// Package bolt keeps a ledger in one bbolt file: the embedded default, with
// no service to install.
//
//	store, err := bolt.Open("ledger.db", bolt.Options{})
//	if err != nil { ... }
//	defer store.Close()
//	books, err := ledger.New(store, ledger.Config{Chart: chart})
//
// Acknowledged means fsynced: there is no option that weakens it. One process
// holds the file at a time; one transaction writes at a time, while any number
// read older snapshots. docs/FORMAT.md draws the bytes.
//
// # Your own bbolt file
//
// Attach keeps the ledger in a file the host opened, below the bucket "settlex",
// for as long as that is open,
// and Wrap lets the ledger take part in the host's own transaction:
//
//	err := db.Update(func(tx *bbolt.Tx) error {
//		... the host's own buckets ...
//		outcomes, err := books.ExecuteTx(ctx, bolt.Wrap(tx), ledger.Atomic, entry, hold)
//		return errors.Join(err, ledger.Failed(outcomes))
//	})
//
// Rows, entries and holds are all there once Update has returned nil, or none of
// them. An error rolls everything back, keys that were burnt too; a host that
// commits in spite of it keeps those. Several calls in one transaction see what
// those before them did.
//
// Inside db.Update never call Post, Account, Verify or anything else that opens a
// transaction of its own: bbolt has one writer, and it would wait for itself for
// ever. What the transaction sees is read through Wrap(tx), a ledger.Reader.
// Posting in the middle of reading (in a loop over Lines) is fine in a file that
// Open opened; a host that does it opens its own file with room to grow (bbolt's
// InitialMmapSize), or a writer that needs more waits for the reader that waits
// for it.
//
// # Errors
//
// Open and Attach: ErrInUse, ErrNewerFormat, ErrOlderFormat, ledger.ErrCorrupt.
// A commit that finds no room is ErrFull: nothing was booked, and the store goes on
// when there is room. Any other commit that fails is ledger.ErrIndefinite, and the
// store is ErrReadOnly from then on: reopen and verify it, and ask again with the
// same keys.
//
// A damaged file is an error that wraps ledger.ErrCorrupt, on opening, reading
// or verifying, as far as bbolt and the operating system let us see it. Verify
// names what is wrong.
//
// # Memory
//
// The journal's end is indexed in memory and written to the file as sorted runs,
// a little with each commit: Options.RunItems. Memory also holds 2.5 bytes for each
// key (Options.KeyMemory bounds them) and the accounts that were used last. It only
// ever stands for what is committed: what the host writes in its own transactions is
// read from the journal, and what is not in memory from the file.
//
// # Limits
//
// The file grows and is never made smaller; what is free in it is used again.
// While a snapshot is open, a loop over Lines for one, no page that it sees is
// free: Options.Warn tells of those that stay open for long, Stats gives the
// figures. A file cannot be shared between processes, nor live on a file system
// without locks. Records are those of this module's rooms.
package bolt
