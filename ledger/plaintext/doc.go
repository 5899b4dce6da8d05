// Package plaintext writes the journal of a ledger for the programs of plain
// text accounting, hledger and beancount, so that they can prove our balances
// and people can read our books without us.
//
//	err := books.Read(ctx, func(r ledger.Reader) error {
//		summary, err := plaintext.Write(ctx, file, plaintext.HLedger, r, books.Chart())
//		...
//	})
//
//	hledger check --strict -f books.journal
//	bean-check books.beancount
//
// # Promise
//
// A file has every entry of the journal, with the fields of the table below, in a
// form that can be read back. It ends with the balance of each account as the
// ledger keeps it, holds left out, asserted to the last minor unit after every
// entry: a program that accepts the file has added up all postings by itself and
// agrees with every balance we have. No text in the ledger, whatever a caller put there, can pass
// for a line of the file. The same ledger gives the same bytes. Memory stays
// flat however long the journal is and however many accounts it has.
//
// # Form
//
// Form 3, in this order: two lines that say what the file is and tie it to the
// journal by the root of its Merkle log (in base64, as a checkpoint has it); the
// currencies with their decimals; the accounts with their types; the entries in
// the order of the journal; the balances.
//
//	; SettleX journal for hledger, form 3
//	; lane 0, items 1 to 1 in 1 blocks, root TSMSCI…
//
//	decimal-mark .
//	commodity 1000.00 INR
//	account bank:main  ; type:A
//	account merchants:m_1:pending  ; type:L
//
//	2026-03-01 * deposit.captured
//	    ; key:dep_1/captured
//	    ; kind:deposit.captured
//	    ; lane:0
//	    ; seq:1
//	    ; booked_at:2026-03-02T04:30:00.000000Z
//	    ; meta-order_id:17
//	    bank:main                 500.00 INR
//	    merchants:m_1:pending    -500.00 INR
//
//	2026-03-01 * balance
//	    bank:main                   0.00 INR = 500.00 INR
//
// and for beancount
//
//	2026-03-01 commodity INR
//	  precision: 2
//	2026-03-01 open Assets:Bank:Main INR
//	2026-03-01 open Liabilities:Merchants:M-1:Pending INR
//
//	2026-03-01 * "deposit.captured"
//	  key: "dep_1/captured"
//	  kind: "deposit.captured"
//	  lane: 0
//	  seq: 1
//	  booked_at: "2026-03-02T04:30:00.000000Z"
//	  meta-order_id: "17"
//	  Assets:Bank:Main                      500.00 INR
//	  Liabilities:Merchants:M-1:Pending    -500.00 INR
//
//	2026-03-02 balance Assets:Bank:Main     500.00 ~ 0 INR
//
// Debits are positive, credits negative. What follows the date of an entry is
// its kind, for the reader; what counts is in the fields:
//
//	field              in the file
//	value date         the transaction's own
//	key, kind          key, kind
//	reference, part of reference, part_of; absent when empty
//	owner              owner; absent when empty
//	act                act, and of: the hold captured or the entry reversed; absent when posted
//	date asked for     asked; absent when it is the value date
//	lane, sequence     lane, seq
//	booking instant    booked_at, UTC, with all six digits
//	breached           breached: TRUE; absent when it did not
//	metadata           meta-NAME, the name as EscapeName writes it
//	postings           postings, in their order; the sign is the side
//	type of an account the tag type (A L E R X); beancount: its root
//
// Text is escaped as EscapeText says, names of accounts as AccountName says;
// the functions that undo it are here too. A transaction without a key is an
// assertion, not an entry.
//
// # Balances
//
// hledger checks an assertion by date and then by place, so each is a
// transaction of nothing on the last value date, at the end of the file.
// Beancount checks one at the beginning of its day, so they stand on the day
// after; they carry a tolerance of 0, because beancount would otherwise let one
// minor unit pass. A balance in beancount counts what is below the account too,
// and so does the figure asserted for it. Beancount opens every account on the
// ledger's first value date, because entries may be booked back.
//
// # Limits
//
// Beancount calculates with 28 digits and has no day after 9999-12-31 to assert
// balances on; a ledger beyond either is refused with ErrBeyondFormat. hledger
// has neither bound. It needs a UTF-8 locale where texts are not ASCII.
//
// Entries stand in the order of the journal, not of their dates. Items that are no
// entries (holds, changes, periods, refusals), charts, limits and the records of
// rooms are not exported; whether a capture or reversal asked for all that was left
// is not either. A journal without entries gives no accounts. Closing balances are
// those of the snapshot: a backdated entry of tomorrow changes them.
//
// Package history reads a file back into a fresh ledger.
//
// The whole export reads one snapshot, and a store may not be able to reuse
// space while it is open.
package plaintext
