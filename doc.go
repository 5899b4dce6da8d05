// Package settlex is a double-entry ledger and settlement engine for payment
// platforms. It is the front door: an Engine takes payment events, settles
// them by the schedules of each region, and writes the files that finance
// teams reconcile with.
//
//	store, err := bolt.Open("settlex.db", bolt.Options{})
//	engine, err := settlex.New(ctx, settlex.Config{Store: store, Rules: rules})
//	taken, err := engine.Ingest(ctx, feed.Read(ctx, "march.csv", file, mapping), settlex.IngestOptions{})
//	settled, err := engine.Settle(ctx, calendar.MustDate("2026-03-31"), nil)
//	written, err := engine.Report(ctx, settlex.ReportOptions{Dir: "reports", From: from, To: to})
//
// Who needs only books uses package ledger by itself.
//
// # Promises
//
//   - An event is booked once, however often it is ingested.
//   - Each movement of a merchant's money is in exactly one batch or in the
//     unsettled tail, and the lines of a batch add up to what it pays.
//   - The same journal gives the same batches and the same bytes of the same
//     data files, whenever the jobs run and wherever a crash falls.
//
// docs/GUARANTEES.md says what each rests on, and how it is tested.
package settlex
