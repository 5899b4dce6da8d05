// Package ledger keeps double-entry books: accounts of a chart, immutable
// entries whose debits equal their credits in every currency, money that is held
// for later, and balances that are never anything but the sum of what was
// booked.
//
//	store, err := bolt.Open("ledger.db", bolt.Options{})
//	chart, err := ledger.NewChart(
//		ledger.Pattern{Path: "bank", Type: ledger.Asset},
//		ledger.Pattern{Path: "merchants/{id}", Type: ledger.Liability, Limited: true},
//	)
//	books, err := ledger.New(store, ledger.Config{Chart: chart})
//	_, err = books.Post(ctx, ledger.Entry{
//		Key:  "order-1/paid",
//		Kind: "sale",
//		Postings: []ledger.Posting{
//			ledger.Dr("bank", amount, inr),
//			ledger.Cr("merchants/asha", amount, inr),
//		},
//	})
//	asha, ok, err := books.Account(ctx, "merchants/asha", inr)
//
// It promises:
//
//   - Acknowledged means durable, whatever happens to the process next.
//   - A key is taken once, for ever. A retry with the same content gets the first
//     outcome, with other content an error that names the difference.
//   - Nothing takes an account beyond its limits but the kinds of entry that its
//     chart allows to; such an entry says that it did.
//   - Rejected means unchanged, but for the key that was burnt. An atomic batch is
//     booked whole or not at all.
//   - The journal is one sequence of items without gaps, whose instants never
//     decrease. Every item is below the root of a Merkle log.
//   - Everything else is derived from the journal, and Verify derives it again.
//
// # Accounts and the chart
//
// An account is a path and one currency. The first entry, hold or change that
// names it opens it, as the first Pattern of the Chart says that matches its path.
// Its Type decides which side increases it: debits an asset or an expense,
// credits all others. It has three figures, all on that side: Posted, what
// entries add up to; Held, what holds have set aside of it; Available, Posted less
// Held. What holds would bring is in none of them.
//
// An AccountChange sets an account's limits, status or metadata. An account keeps
// its type, and its limits until they are changed, when the chart changes.
//
// # Entries
//
// An Entry has at least two Postings, all of positive amounts, and no account on
// both sides. Its value date is the day it counts for and the caller's to say; its
// booking instant is the ledger's. What stands in the journal is a Booked: an Entry with the Act that
// it was, its sequence (Seq) and its instant (At). Acts that are no entries, such
// as placing a hold, are items of the same sequence.
//
// # Holds
//
// A Hold sets a balanced set of postings aside. It ends once: captured (Capture),
// in one part or several, until nothing is left or a part is final; released
// (Release); or expired. From the instant it expires at it can be neither captured
// nor released. What it has set aside is available again when the expiry is
// booked, so a program calls Ledger.Expire from time to time. Limits are checked when the
// hold is placed; no capture is refused for one.
//
// # Limits
//
// Limits bound one account: a floor under what is available, a ceiling over what
// stands there, and velocity limits on the sum or the number of what flows in or
// out within a rolling hour, day or 30 days. What counts is the net effect of a
// whole entry or hold on the account. A floor stops only what lowers the
// account, a ceiling only what raises it. Kinds of entry that are facts from
// outside (a refund, a dispute) are listed in Pattern.MayBreach: they are booked
// all the same and marked as Breached, which an EntryQuery finds.
//
// # Periods and reversals
//
// A PeriodChange closes value dates, or opens closed ones again. An entry on a
// closed date is refused, or with OrFirstOpen booked on the first open one; Asked
// then keeps the date that was asked for.
//
// A Reversal takes an entry back, or a part of it, by a new entry with the sides
// exchanged. Nothing is ever changed or removed.
//
// # Batches, keys and retries
//
// Execute books any requests in one transaction, all or none (Atomic) or each for
// itself (Independent). Post, Hold, Capture and the others are Execute for one
// kind of request. Try is Execute without a trace. ExecuteTx and PostTx take part
// in a transaction of the host's, so that its rows and its entries are both there
// or neither: see bolt.Wrap.
//
// Every request but an Assertion has a key of the caller's choice: one for each
// thing that may happen once. After a crash, or an error that wraps ErrIndefinite,
// ask again with the same key. A request that the state of the ledger refuses (no
// funds, a closed period) burns its key: a retry gets the same Failure, for
// ever, so that whoever saw it can rely on it. A new attempt takes a new key.
// What is malformed burns nothing.
//
// # Reading
//
// Account gives what stands now; BalanceOn what stood at the end of a value date,
// as far as it is known now; BalanceAt what the books said at an instant. Statement
// gives an account's movements in pages, Lines without; Entries finds entries;
// TrialBalance lists all accounts. Changes is the feed of all items from a cursor
// on, and Wait tells that there is more. Each call sees one snapshot. Iterators
// yield an error as their last pair, and keep their snapshot open until they end.
//
// # Proof
//
// Verify re-derives every balance, hold, limit, counter and hash from the journal
// and names each difference. Items are the leaves of Merkle trees (RFC 6962):
// package ledger/proof signs checkpoints of the journal, proves that an item is in
// it, and that one checkpoint continues another. Verify, given what was kept of
// earlier checkpoints, also finds a tail that was cut off and history that was
// rewritten with all its hashes.
//
// # Errors
//
// Every error is definite, nothing was booked, but one that wraps ErrIndefinite.
// Sentinels are for errors.Is, types with figures for errors.As:
//
//   - *EntryError (ErrInvalid): a request that can never be booked, with every
//     fault, those of a posting as *PostingError. A path that is not in the chart
//     (ErrUnknownAccount) is one of them. The key stays free.
//   - *ConflictError (ErrKeyConflict): the key is taken, by other content.
//   - *Failure: the state of the ledger refuses it. Reason is one of the
//     sentinels from ErrInsufficientFunds to ErrAssertion. The key is burnt.
//   - ErrNotApplied: another item of the atomic batch failed. The key stays free.
//   - *ItemError: which item of a batch it was, from Post and Failed.
//   - ErrIndefinite: nobody knows whether it was booked.
//   - ErrCursor: a cursor that no list of this kind gave.
//   - ErrCorrupt: stored data contradicts itself.
//
// What else a call returns is the error of its context or of its store. Within a
// host's transaction all of it is as definite as the host's own commit.
//
// # Rooms of your own
//
// A rule that looks at the books before it decides is a Command. It declares what
// it touches (Need); the store brings that in one Load; Apply decides, in memory;
// one Save writes what all commands of a group have decided. Nothing can come
// between what a command reads and what it books. Concurrent callers are combined:
// whoever comes first commits for everybody who waits.
//
// A package of such commands is called a room. Its keys are business keys, made of
// the fact they stand for: a refused command burns none and may be tried again.
// It may own entries (Entry.Owner), which then nobody else reverses, and keep
// Records, which are saved with the entries they cause; store/bolt knows those of
// this module's rooms only, and other programs keep rows of their own in the
// same transaction.
//
// Store, Tx, Reader, State, Need and Changes are the seam between the rules and
// the stores. No rule stands in a store, so every store gives the same answers.
//
// # Limits of the package
//
// Amounts are at most 10^38-1 minor units, sums included. An entry has 2 to
// 1,000 postings; a key 1 to 255 bytes, a kind 1 to 64, a reference up to 255;
// metadata up to 50 pairs. Entries by kind, metadata or dates alone are found by
// reading the journal. There is one lane on bolt, and one writer at a time.
package ledger
