// Package scratch books on top of a snapshot and throws it away: a store that
// shows what a snapshot shows and what was booked on it since. So commands can be
// tried by the real path, any number of them, before one of them is booked.
//
//	err := books.Read(ctx, func(base ledger.Reader) error {
//		store := scratch.New(base, scratch.Options{})
//		defer store.Close()
//		trial, err := ledger.New(store, ledger.Config{Chart: books.Chart()})
//		...
//		errs, err := trial.DoAll(ctx, commands...)
//	})
//
// # What it promises
//
//   - The snapshot is only read. Nothing outlives Close, and on systems that let
//     an open file be removed not even a crash leaves anything.
//   - What a transaction saved, those behind it load. A transaction that fails leaves
//     nothing.
//   - Memory does not grow with what is booked: the newest items and records, a
//     fixed number of them, are kept as they are, those before them in a temporary
//     bbolt file that is made when it is needed and never made durable. There remain
//     the accounts that were touched.
//
// # Limits
//
// It answers Load and Heads. Whatever else a Reader can be asked is answered as of
// the snapshot. Commands that look at balances of other dates, or at trees of
// accounts, are refused with errors.ErrUnsupported, because those would have to be
// kept up to date. Events are dropped. It must not be used longer than the
// snapshot may be read.
package scratch
