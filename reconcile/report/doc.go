// Package report writes the files finance teams reconcile with: one row at a time, in CSV, JSON, JSON lines and Parquet,
// each with a manifest that lets anyone prove the file is whole.
//
// A report is a row type ([Itemised], [Summary], [Tail], [Balance] ...) and a [Schema] that lists its columns once; the encodings know
// columns by kind and nothing about reports. [Write] streams rows to a writer. A [Set] writes files:
//
//	set, err := report.OpenSet("out/2026-01-05")
//	defer set.Close()
//	about := report.About{Merchant: "m_1", Currency: inr, BusinessDate: date, Batch: "b_1", Watermark: "1042"}
//	totals, err := report.Add(set, report.ItemisedSchema(), about, report.Formats(), rows)
//	written, err := set.Commit()
//
// # What the formats share
//
// The same columns, names and order everywhere; columns are appended in later versions of a schema and never re-ordered.
// Money is an exact decimal in major units with all fraction digits of its currency, dates are ISO 8601, instants are
// UTC with microseconds and Z (anything finer is cut off), local times carry their offset.
//
//   - CSV: RFC 4180 to the letter, so lines end in CR LF; UTF-8 without a byte order mark; a header line; an absent
//     value is an empty field. A free-text field whose first character would make a spreadsheet calculate (= + - @, tab,
//     CR, LF) gets an apostrophe before it, and so does one that begins with apostrophes and then such a character, which
//     keeps the guard reversible. Amounts are never touched.
//   - JSON: one array, one row per line, keys in column order; an absent value is null; amounts are strings, so that no
//     reader bends them through a float. JSON lines is the same without the brackets and commas.
//   - Parquet: money is DECIMAL(38, exponent) on 16 bytes, instants are TIMESTAMP(UTC, microseconds), dates DATE, text
//     STRING with dictionaries; Zstandard; row groups of 65,536 rows. presentment_amount, whose currency differs from row
//     to row, is DECIMAL(38, 4): four digits are the most any currency has.
//
// # Invariants
//
//   - The same rows give the same bytes: nothing of the clock, the machine or the build gets in.
//   - A row that contradicts itself (a net that is not the sum of its parts, another currency, merchant or batch than
//     the file's) stops the file with [ErrBadRow]; no such file ever appears under its name.
//   - A data file is whole whenever its manifest stands beside it. Files are written under another name, synced, renamed
//     and the directory synced; before a file is replaced its manifest goes; manifests come last.
//   - Memory stays flat however many rows there are.
//   - Every name is one plain file name inside the directory, whatever ids contain, and two reports never share one.
//
// # Limits
//
// One process writes to a directory at a time. Identifiers are guarded as free text where the outside world chooses them
// (payments, orders, references, merchants). A Parquet file is written by one version of the program: another version,
// or another version of its libraries, may pack the same values into other bytes.
package report
