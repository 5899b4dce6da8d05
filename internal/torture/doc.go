// Package torture kills a ledger at random and holds it to its word.
//
//	report, err := torture.Run(ctx, torture.Config{Dir: dir, Seed: 1, Rounds: 12, Worker: worker})
//
// In each round a worker, a process of its own, opens the one file of the run and many callers in it send random commands
// through the public API: entries, batches, holds and what ends them, reversals, limits, periods, retries, and transactions of a
// host that keeps rows of its own in the same file. Each caller writes down what it is about to ask, asks, and writes down the
// answer. At a random time, often in the middle of a commit, the worker is killed with SIGKILL. Then the file is opened again,
// verified, and compared with what was written down:
//
//   - What was acknowledged is there, under its key, at its sequence, byte for byte.
//   - What was refused burnt its key and did nothing else.
//   - What was asked and never answered is there whole or not at all: a batch, or a host's row with its entries.
//   - Nothing is there that nobody asked for, and nothing is there twice.
//   - Sequences have no gaps, and the log goes on from every tree head that was ever seen.
//   - A bookkeeping of a few lines, which shares no code with the ledger, arrives at the same balances and holds.
//
// What was never answered is asked again with the same keys, and the next round goes on with the same file. Meanwhile readers in
// the worker hold every snapshot to the law of a bank: debits equal credits, nobody is overdrawn.
//
// # What is repeated
//
// A command is a function of the seed and its name (round, caller, number), so the same seed gives the same commands, and the log
// needs to say no more than their names. Which of them run, and in which order, is up to the machine.
//
// make torture goes on for FOR and keeps the file and the logs of a run that found something; its first line says where.
//
// # Limits
//
// SIGKILL ends a process; the kernel still writes what it was handed. So a missing fsync is not seen here, only by cutting the
// power, nor are pages that the disk tears.
package torture
