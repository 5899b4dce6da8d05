// Package calendar turns instants into windows, business dates and settlement
// dates: when a payment's window closes, and when its money is due.
//
//	india, _ := calendar.Shipped("IN")
//	schedule := calendar.Schedule{
//		Zone:      kolkata,
//		Cutoffs:   []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}},
//		Delay:     calendar.Delay{N: 1},
//		Calendars: calendar.Calendars{india},
//	}
//	err := schedule.Validate()
//	w, err := schedule.WindowAt(captured) // w.BusinessDate, w.Closes, w.SettlementDate
//
// # What holds
//
//   - Every instant belongs to exactly one window of a schedule. Windows are
//     half-open, [previous cut-off, cut-off); Schedule.CutoffInclusive makes them
//     (previous cut-off, cut-off]. No window is empty.
//   - A cut-off is the earliest instant at which the wall clock in the schedule's
//     zone shows its date and time, or anything later; see Cutoff. Days of 23 or
//     25 hours need no rule of their own.
//   - The business date of a window is the local date of the cut-off that closes
//     it, and may be a holiday. Its settlement date is the n-th date after it
//     that is open in all calendars; see Schedule.SettlementDate. With a delay in
//     hours it is the local date n hours after the cut-off; see Window.DueAt.
//   - A calendar asked about a date it has no facts for answers with a
//     *RangeError, and so does everything that needed the answer. Nothing is
//     guessed.
//   - The answers depend on the arguments and on the program's time-zone data
//     alone: there is no clock here, no state, and no I/O.
//
// # Which cut-offs close windows
//
// With EachWindow and Manual every listed cut-off of every day closes a window,
// with Cron those of the expression on the dates that it names. With Daily, Weekly and Monthly only the last listed cut-off does, of every
// day or of the days the anchor names. A month day that a month does not have
// is its last day. Weekly, monthly and cron days then roll by the calendars; days
// that roll to the same date count once.
//
// A cut-off that is overtaken closes nothing: one for which an override, or an
// hour that the zone skips, puts a later one of the same day, or of a later day,
// on the same instant or before it. So an early closing on the day before Eid
// also takes the cut-offs that would have come after it.
//
// # Limits
//
// Dates are those of the years 1 to 9999. Cut-offs are to the minute. The
// shipped calendars are lists of public holidays, or of an exchange's, and no
// bank's own: data/README.md says what that leaves out. Time-zone data is
// embedded and of one release: ZoneData names it, LoadZone reads it.
package calendar
