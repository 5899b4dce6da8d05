// Package iso20022 is the rail of a bank that takes files: payments leave as credit
// transfer initiations (pain.001.001.09), and payment status reports (pain.002.001.10)
// come back.
//
//	rail, err := iso20022.New(iso20022.Config{
//		Name: "bank", Outbox: "out", Inbox: "in", Sender: "Example Pay",
//		Debtors:   map[string]payment.Party{"in_escrow": {Name: "Example Pay", Account: "000111222333", Agent: "HDFC0000001"}},
//		Creditors: map[string]payment.Party{"m_1": {Name: "First Shop", Account: "50100012345678", Agent: "ICIC0000002"}},
//	})
//
// # What leaves
//
// One file for each submission, named after its message id. Its bytes follow from the
// records of the submission and of its instructions alone, and their SHA-256 is in
// the books before the file is written: so after a crash it is written again byte for
// byte, if it has not left. Whether it has, the outbox remembers in .handed/: a file
// leaves once, whoever carries it off, and however many processes hand it over. A file of
// that name with another content is an error, and so are books that are older than the
// outbox: they know nothing of a message that has left, or hand over one so old that the
// outbox has forgotten whether it has.
//
// InstrId and EndToEndId are the instruction's id. Instructions of one debtor account,
// execution date and currency make a payment information block, whose id is the
// message's and its number; blocks are in order of these, instructions in their own.
// Sums are exact; the group's adds up all amounts whatever their currencies, as the
// standard wants it. Text is cleaned by one rule, see Clean; accounts and bank
// identifiers are refused instead.
//
// # What comes back
//
// A status counts for everything below it that has none of its own: a group's for the
// whole file, a payment information's for its block. PART says that each has its own,
// and of what is not listed nothing is known. What the report repeats must agree with
// what left: ids, counts, sums, amounts, accounts, execution dates. It must agree with
// itself, too: nothing is there twice that is there once by the standard, nothing below a
// final status has another outcome, counts by status fit. What does not is an *Error that
// names file, line and element, and of such a report nothing is taken: it is set aside in
// refused/ below the inbox, with the reason in a file beside it.
//
//	RCVD ACTC ACCP ACSP ACWC PDNG   nothing is booked: it is on its way
//	ACSC ACCC                       completed
//	RJCT, CANC                      failed, with the reason's code
//	these with AM05, DU.., DUPL     unknown: who knows whether the copy is meant, or the first one
//
// # Limits
//
// Reports have at most 16 MiB and 200,000 elements, which lie at most 24 deep; no tag or
// text has more than 64 KiB. A document type, an entity or another encoding than UTF-8 is
// refused. There is no inquiry: what the bank
// does not report stays open. The outbox is on one file system, which renames files and
// directories at once, as POSIX has it; what a disk forgets that said it was synced may
// leave twice, and the bank tells by the message id.
package iso20022
