// Package history reads journals of plain text accounting, hledger's and
// beancount's, and books them into a fresh ledger.
//
//	journal, err := history.Open(ctx, "books.journal", history.Options{})
//	...
//	books, err := ledger.New(store, ledger.Config{Chart: journal.Chart()})
//	...
//	booked, err := journal.Book(ctx, books, nil)
//
// # Promise
//
// Nothing is passed over in silence. A line that is not understood, a
// transaction that does not balance, a balance that was asserted and is wrong
// each keep the whole journal out, with file, line and column; every fault is
// looked for before the first entry is booked. What is understood and has no
// place in a ledger, prices for one, is counted, and Summary.Passed says so.
//
// An export of this project comes back as the same entries in the same order.
// docs/IMPORT.md lists which fields survive and which do not, and a test proves
// the list.
//
// A key is the export's, or is made of what the transaction says and of how many
// like it came before, so that the same journal is the same entries wherever its
// file lies: booking it twice is a replay, and Book goes on where it was stopped.
//
// # Limits
//
// A journal is read three times: for its accounts, to check its entries, to book
// them. What is kept meanwhile is its accounts, its assertions, and 20 bytes or
// the key for each entry. One value date per entry, one currency per account, no
// lots: docs/IMPORT.md says what of either language is refused for that.
package history
