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
// Attach keeps the ledger in a file the host opened, below one bucket, and Wrap
// lets the ledger take part in the host's own transaction:
//
//	err := db.Update(func(tx *bbolt.Tx) error {
//		... the host's own buckets ...
//		_, err := books.PostTx(ctx, bolt.Wrap(tx), entry)
//		return err
//	})
//
// Inside db.Update never call Post, Verify or anything else that opens a write
// transaction of its own: bbolt has one writer, and it would wait for itself
// for ever. Posting in the middle of reading (in a loop over a Statement) is
// fine in a file that Open opened; a host that does it opens its own file with
// room to grow (bbolt's InitialMmapSize), or a writer that needs more waits for
// the reader that waits for it.
//
// # Damage
//
// A damaged file is an error that wraps ledger.ErrCorrupt, on opening, reading
// or verifying, as far as bbolt and the operating system let us see it. Verify
// names what is wrong. After a commit that failed the store takes no more
// writes: reopen and verify it.
package bolt
