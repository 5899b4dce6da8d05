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
// Inside db.Update never call Post or anything else that opens a write
// transaction of its own: bbolt has one writer, and it would wait for itself
// for ever.
package bolt
