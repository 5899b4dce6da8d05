// Package bench measures a ledger as its users get it: through the public API,
// on a store that acknowledges nothing before it is durable, with limits, hashes,
// keys and the indexes of all reads on.
//
//	result, err := bench.Run(ctx, bench.Defaults(), ground, nil)
//
// A Ground says which store, and where. The package knows no store: whoever
// builds a program hands it one, so that every kind is measured alike.
//
// # What it promises
//
//   - The workload is a function of the settings and the date: the same seed gives
//     the same entries. Only the order in which several clients get to the store is
//     the machine's.
//   - Every entry has a key of its own, and every answer is looked at: one that is
//     not a fresh booking of that entry ends the run with an error.
//   - At the end the head has to count every item, and debits have to equal
//     credits.
//   - Beside the ledger's figures stand those of the same disk and the same store
//     without a ledger, from the same run.
//
// # Limits
//
// The clients share the machine with the ledger. Each prepares its next entries
// ahead of time on a goroutine of its own, so making them is in no latency, but it
// is in the rate. Figures of the process (memory, bytes written) are there on
// Linux and missing elsewhere. docs/BENCHMARK.md describes every figure.
package bench
