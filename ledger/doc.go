// Package ledger keeps double-entry books: accounts of a chart, immutable
// entries whose debits equal their credits in every currency, and balances
// that are never anything but their sum.
//
//	store, err := bolt.Open("ledger.db", bolt.Options{})
//	books, err := ledger.New(store, ledger.Config{Chart: chart})
//	_, err = books.Post(ctx, ledger.Entry{
//		Key:  "order-1/paid",
//		Kind: "sale",
//		Postings: []ledger.Posting{
//			ledger.Dr("cash", amount, inr),
//			ledger.Cr("sales", amount, inr),
//		},
//	})
//	account, ok, err := books.Account(ctx, "cash", inr)
//
// # Promises
//
//   - Acknowledged means durable, whatever happens to the process next.
//   - An entry is booked once for each key, for ever. A retry with the same
//     content gets the first outcome, with other content an error that names
//     the difference.
//   - Sequences have no gaps, instants never decrease and increase from one command
//     that books to the next, unless both replay facts of one instant; every block
//     covers the one before it with a hash.
//   - A limited account does not fall below its floor, except by the kinds of
//     entry its chart allows to; such an entry says that it did.
//   - Rejected means unchanged. A batch is booked whole or not at all.
//   - Verify re-derives everything that is kept beside the journal.
//
// # How it works
//
// Work is done by commands. A command declares what it touches (Need); the
// store brings that in one Load; Apply decides purely, in memory; one Save
// writes entries, balances and the records of the rooms above together.
// Concurrent callers are combined: whoever comes first commits for everybody
// waiting. No rule stands in a store, so every store gives the same answers.
//
// # Limits
//
// Amounts are at most 10^38-1 minor units, sums included. An entry has 2 to
// 1000 postings, a key 1 to 255 bytes, metadata up to 50 pairs. There is one
// lane on bolt.
package ledger
