// Package settlement turns what merchants earned into batches: one merchant,
// one currency, one window of a schedule.
//
// # The batch equation
//
// Every movement of a merchant's money is a line of exactly one batch:
//
//	opening carry + sum of line nets + carry out = net
//
// A net that is not positive, or below the schedule's minimum, is carried into
// the next batch by an explicit line, so the lines of a batch always add up to
// what it pays. So is the minimum balance that the schedule keeps back, by a line
// of its own; and what a batch that pays costs is one of its movements.
//
// # Which movements belong
//
// A movement belongs to the window it was pinned to when it was booked, if it
// was booked before that window's watermark (its cut-off plus the schedule's
// grace); else it is late and belongs to the first window whose watermark it
// was booked before. That is a function of the journal alone, so closing late,
// after days off or after a crash gives the same batches with the same ids,
// members and lines. Closing posts under the watermark's instant, raised only
// to keep instants increasing.
//
// Movements of one instant that follow one another are booked under it, so a
// cut-off never parts them. One that reaches the journal after a later instant
// was booked, or after its window was closed, is booked behind that.
//
// A reserve that is due is released in the window that holds the start of its
// release date, as a line of its own, but never before its deposit is settled.
//
// Batches close in order of their watermarks, which is the order in which they
// would have been closed in time, for what one carries forward goes into the
// merchant's next. A batch of a business date whose files are written already
// has them written again.
//
// # Asked for
//
// A Request closes a batch at its own instant, after all that is due of the merchant:
// of what was booked before it and is available by its date, or of all of it. Windows
// that close later have what is left.
//
// # Who owes, and who is leaving
//
// What a batch lacks is carried; or its schedule makes it a receivable at once (debit),
// or has the batches that follow held (block).
//
// A debt that stands as a receivable is taken back by the first batches that have money
// after it, by a line of each; what is left of the batch is paid. One that a batch has made
// is not, but out of what the merchant pays in.
//
// The batches of a merchant who is leaving (closing or closed just before their
// watermark) pay everything, also below the minimum, build no reserve, and give back
// what fixed and minimum reserves hold. The window in which it was decided is due by
// itself when an earlier batch has left anything.
//
// # Batches in another currency
//
// Where the schedule says so, the net of a batch is sold for another currency once it is
// known, at the quote that was in force at the watermark (Quotes), and what was bought is
// what is paid. In the batch's own currency its lines then sum to zero; in the target, what
// was bought is the net. Without a quote the batch is closed and held until there is one
// (Closer.Convert). What each line comes to follows from the lines (SharesOf).
//
// # How a batch is closed
//
// The first transaction fixes membership and totals, moves the money, and
// writes the first lines; further lines follow in chunks that are a pure
// function of it; the last one flips the batch to closed. A crash in between
// resumes there. Closing what is closed does nothing.
package settlement
