// Package feed reads files of payment events, CSV and NDJSON, into
// payment.Event, and writes them.
//
// # Promise
//
// Every fault is named with file, line and column. Lines and columns count
// from 1, columns in bytes from the start of the line (a byte order mark is
// not counted). The column is that of the first byte of the cell or JSON value
// at fault, its opening quote where it has one; of the first byte that does not
// fit where the row itself is malformed; one past the end of the row where
// cells are missing; of the opening brace where a JSON key is missing.
//
// Rows come in file order, one fault per bad row (the first in the order in
// which files list the fields), and a bad row does not stop the reader. Nothing
// is guessed, trimmed or repaired: a value is taken as it stands or refused.
// Memory is flat: one row at a time, and no row over MaxRow bytes.
//
// # Files
//
// A file in the project's own form names its columns, or JSON keys, as
// payment.Field does; every value is a string, an empty one is absent:
//
//	kind,id,occurred_at,merchant_id,currency,amount,method
//	deposit,dep-1,2026-02-01T09:30:00+05:30,m-1,INR,1000.00,UPI
//
//	{"kind":"deposit","id":"dep-1","occurred_at":"2026-02-01T04:00:00Z","merchant_id":"m-1","currency":"INR","amount":"1000.00","method":"UPI"}
//
// A Mapping reads the files of others: their column names, their words for the
// kinds, values for what they lack, local times. A column that is neither
// mapped nor ignored by name is an error, for it may hold money; so is one that
// comes twice, unless it is ignored.
//
// UTF-8 with or without byte order mark, line feed or CR LF, with or without a
// final line break; lines of nothing but spaces and tabs are passed over. CSV
// is RFC 4180 with one narrowing: a line is a row. A line break inside a quoted
// cell is refused, so a stray quote costs one row and never swallows the next
// ones in silence. An NDJSON line is one flat object; null counts as absent,
// numbers and booleans are refused (a JSON number has lost its fraction digits
// in too many programs), and under an ignored key any JSON value may stand.
//
// # Times
//
// RFC 3339 with an offset, a space allowed for the T, up to nine fraction
// digits of which microseconds are kept. Without an offset the value is the
// clock on the wall in the zone of the row's timezone column, or else in the
// mapping's zone, and means the earliest instant at which that clock shows the
// time or a later one:
//
//   - a time the clock skips (02:30 on a spring day) is the instant of the jump;
//   - a time it shows twice (01:30 on an autumn day) is the first of the two.
//
// It is the rule by which cut-offs are found, so both sides of a window agree.
// An offset in the value wins over any zone. Years run from 1970 to 9999.
//
// # Card numbers
//
// A card number must not be stored, so a value that looks like one is refused
// (by payment.CheckCard, as everywhere), and neither the error nor Row.Raw repeats
// more than its last four digits. Looked at are all fields but kind, occurred_at,
// currency and amounts: ids too, and what is known of a payer. A card number is
//
//   - 13 to 19 digits, of any script, in one piece or with up to three signs that
//     are no letters between them, of whatever kind: each digit for itself, in
//     twos, or in groups of four and more, of which the last may be shorter,
//   - with the first digits and the length of a scheme: Visa (4; 13, 16, 19
//     digits), Mastercard (51-55, 2221-2720; 16), American Express (34, 37; 15),
//     Diners Club (30, 36, 38, 39; 14, 16), JCB (3528-3589; 16 to 19), UnionPay
//     (62; 16 to 19), Mir (2200-2204; 16 to 19), Discover, Maestro, RuPay and Elo
//     (50, 56-58, 60, 61, 63-69; 16, 18, 19), RuPay (81, 82; 16), Troy (9792; 16);
//     with a letter next to it, of 15 or 16 digits only,
//   - that pass the Luhn check.
//
// No card number is what lies in a UUID, in 32 or more hexadecimal digits, or in an
// IBAN whose check digits are right; and no time stamp begins like one. Of keys of
// 16 random digits one in twenty-four is hit by chance, of twelve, or of twenty and
// more, none.
//
// # Limits
//
// The reader checks what one row shows by itself. What a kind of event requires,
// repeated ids and unknown deposits are the caller's to find; Row.Fault places
// them in the file.
package feed
