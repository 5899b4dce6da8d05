// Package postgres keeps a ledger in a database that speaks PostgreSQL's wire protocol. Any number of processes may use one
// database at once, and a host may book in a transaction of its own:
//
//	store, err := postgres.Open(ctx, "postgres://localhost/books", postgres.Options{Migrate: true})
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//	books, err := ledger.New(store, ledger.Config{Chart: chart})
//
//	// The order and its entry commit or vanish together.
//	tx, err := pool.Begin(ctx)
//	...
//	_, err = tx.Exec(ctx, "INSERT INTO orders ...")
//	_, err = books.PostTx(ctx, postgres.Wrap(tx), entry)
//	err = tx.Commit(ctx)
//
// What holds:
//
//   - A commit is acknowledged when the server says that it is durable: the store never goes below synchronous_commit = on.
//   - A transaction that books takes two round trips: one that begins it, locks and reads, one that writes and commits.
//   - Locks are taken in one order: records by kind and id, accounts that have limits by their number, then the lane.
//   - Conflicts are repeated, at most Options.Attempts times, then ErrBusy says that nothing was written. ledger.ErrIndefinite is
//     returned when the answer to a COMMIT was lost.
//   - It is correct at every isolation level, because what is decided on is locked before it is read.
//
// Limits: an amount has at most 38 digits. A pooler between the store and the server must leave a session its settings and
// its prepared statements. Looking at the balance of an account without limits keeps all writers waiting meanwhile: give
// accounts that are looked at a limit, such as a floor they never reach.
package postgres
