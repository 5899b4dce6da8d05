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
// more than its last four digits. Looked at are the fields that hold somebody's free text or a code: method,
// rail, brand, funding, order_id, reason_code, rail_reference, bank_reference, actor.
// The ids (id, parent_id, merchant_id) are not: they are keys made by machines,
// and one all-digit key in ten would pass the test by chance. A card number is
//
//   - 13 to 19 digits in one piece, or grouped as cards print them (4-4-4-4 and
//     a rest of up to three, 4-6-5, 4-6-4) by single spaces, hyphens or dots,
//   - with no letter or digit next to them (so no piece of a hex digest, a UUID
//     or a bank's alphanumeric reference),
//   - that begin as card schemes begin theirs (22-27, 30, 34-39, 4, 5, 6, and of
//     16 digits 81, 82, 9792; so no time stamp),
//   - and pass the Luhn check.
//
// An order number of digits alone may still be hit by chance; leave that column
// out, or have its owner put a letter before the digits.
//
// # Limits
//
// The reader checks what one row shows by itself. What a kind of event requires,
// repeated ids and unknown deposits are the caller's to find; Row.Fault places
// them in the file.
package feed
