package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/internal/bench"
)

// benching is what to measure, where, and how to tell.
type benching struct {
	bench.Settings
	store     string
	path      string // empty: a temporary file
	dsn       string // of a server's database
	lanes     int    // 0: the store's own
	writers   int    // 0: the store's own
	latency   time.Duration
	keep      bool
	keyMemory int64 // MiB
	runs      int
	json      bool
}

// benchKind is a kind of store that can be measured.
type benchKind struct {
	// faults lists what is wrong with the flags that are for stores.
	faults func(*cobra.Command, *benching) []error
	// place makes one that nothing stands on.
	place func(context.Context, *benching) (benchPlace, error)
}

// benchPlace is where the runs of a bench stand, one after the other.
type benchPlace interface {
	// ground clears the place for the next run.
	ground(context.Context) (bench.Ground, error)
	// leave removes everything, unless the last run was good and was to stay.
	leave(good bool) error
}

func benchKinds() map[string]benchKind {
	return map[string]benchKind{
		"bolt":     {boltFaults, newBoltPlace},
		"postgres": {postgresFaults, newPostgresPlace},
	}
}

func (p *program) benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast this machine books and reads",
		Long: `Bench measures SettleX as its users get it on this machine, with what the machine allows beside it. It touches no data file of yours.
docs/BENCHMARK.md describes the workload and every figure.`,
		Example: `  settlex bench ledger
  settlex bench ledger --mode single --clients 256 --entries 500000 --json`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("ledger, ingest or close?"))
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(p.benchLedgerCommand(), p.benchIngestCommand(), p.benchCloseCommand())
	return cmd
}

func (p *program) benchLedgerCommand() *cobra.Command {
	do := benching{Settings: bench.Defaults()}
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Measure the ledger on its store",
		Long: `Ledger books entries into a fresh file through the public API, each with a key of its own. Limits, hashes, keys and the indexes of
all reads are on, and every acknowledgement is durable; no flag turns any of that off. Before and after, in the same run, it measures the bounds: fsync, one bare
row per transaction, and raw appends of the same bytes.

Without --path the file is a temporary one in the working directory, removed at the end: where temporary files usually are may be memory, which
has nothing to make durable. A file named by --path must not be there yet, and stays, the last one of several runs.`,
		Example: `  settlex bench ledger                                    batches of 8,190
  settlex bench ledger --batch 100 --entries 500000       smaller ones
  settlex bench ledger --mode single --clients 64         one entry per call
  settlex bench ledger --entries 10000000 --reads --reopen --drop-cache
  settlex bench ledger --hot 1 --runs 5 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"config", "data"} {
				if cmd.Flags().Changed(name) {
					return misused(cmd, fmt.Errorf("bench takes no --%s: --path names its file", name))
				}
			}
			if err := do.complete(cmd); err != nil {
				return misused(cmd, err)
			}
			return p.bench(cmd.Context(), do)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&do.store, "store", "bolt", "`KIND` of store: bolt or postgres")
	flags.StringVar(&do.dsn, "dsn", "", "postgres: `URL` of a database in which a new schema can be made")
	flags.IntVar(&do.lanes, "lanes", 0, "postgres: lanes of the journal (default the store's own)")
	flags.IntVar(&do.writers, "writers", 0, "postgres: transactions at the same time (default the store's own)")
	flags.DurationVar(&do.latency, "simulate-latency", 0, "postgres: `TIME` that every round trip to the server takes longer")
	flags.BoolVar(&do.keep, "keep", false, "postgres: leave the schema of the last run")
	flags.StringVar(&do.path, "path", "", "new `FILE` to measure on; empty: a temporary one here")
	flags.StringVar(&do.Mode, "mode", do.Mode, "batch, or single for one entry per call")
	flags.IntVar(&do.Batch, "batch", 0, "entries of a call in mode batch (default 8190, or all there are)")
	flags.IntVar(&do.Clients, "clients", 0, "callers at the same time (default 1 in mode batch, 64 in mode single)")
	flags.IntVar(&do.Accounts, "accounts", do.Accounts, "accounts, drawn by Zipf's law")
	flags.Float64Var(&do.Hot, "hot", do.Hot, "`FRACTION` of the entries that have the one hot account as a leg")
	flags.IntVar(&do.Entries, "entries", do.Entries, "entries to measure")
	flags.IntVar(&do.Postings, "postings", do.Postings, "postings of an entry")
	flags.Float64Var(&do.More, "more", do.More, "`FRACTION` of the entries that have one posting more")
	flags.StringVar(&do.Keys, "keys", do.Keys, "idempotency keys, random or ordered")
	flags.IntVar(&do.KeyBytes, "key-bytes", do.KeyBytes, "length of a key")
	flags.Int64Var(&do.keyMemory, "key-memory", do.KeyMemory>>20, "`MIB` that the store may keep of keys in memory")
	flags.Float64Var(&do.Limits, "limits", do.Limits, "`FRACTION` of the accounts that may not fall below zero")
	flags.Float64Var(&do.Metadata, "metadata", do.Metadata, "`FRACTION` of the entries with metadata")
	flags.Float64Var(&do.References, "references", do.References, "`FRACTION` of the entries with a reference")
	flags.Float64Var(&do.Backdated, "backdated", do.Backdated, "`FRACTION` of the entries with a value date up to 30 days back")
	flags.Uint64Var(&do.Seed, "seed", do.Seed, "of the workload: the same seed gives the same entries")
	flags.BoolVar(&do.Bounds, "bounds", do.Bounds, "measure the bounds too")
	flags.BoolVar(&do.Reads, "reads", false, "measure reads while entries are booked")
	flags.BoolVar(&do.Reopen, "reopen", false, "measure closing and opening until the first read and write")
	flags.BoolVar(&do.DropCache, "drop-cache", false, "with --reopen: once more with the file out of the system's cache (Linux)")
	flags.BoolVar(&do.Verify, "verify", false, "verify the books at the end")
	flags.IntVar(&do.runs, "runs", 1, "how often, each on a fresh file; several give their medians too")
	flags.BoolVar(&do.json, "json", false, "print a line of JSON per run")
	return cmd
}

// complete fills in what was left out, and reports every fault.
func (do *benching) complete(cmd *cobra.Command) error {
	var faults []error
	fault := func(err error) { faults = append(faults, err) }
	if kind, ok := benchKinds()[do.store]; ok {
		faults = append(faults, kind.faults(cmd, do)...)
	} else {
		fault(fmt.Errorf("store is %q: bolt or postgres", do.store))
	}
	const most = 1 << 30 // MiB; bytes fit their type
	if do.keyMemory < 1 || do.keyMemory > most {
		fault(fmt.Errorf("key memory is %d MiB: between 1 and %d", do.keyMemory, most))
	}
	do.KeyMemory = max(1, min(do.keyMemory, most)) << 20
	if do.runs < 1 {
		fault(fmt.Errorf("runs is %d: at least 1", do.runs))
	}
	for _, name := range []string{"batch", "clients"} { // 0 is for what was left out
		if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "0" {
			fault(fmt.Errorf("%s is 0: at least 1", name))
		}
	}
	if do.DropCache && !bench.DropsCache {
		fault(errors.New("--drop-cache cannot be done on this system"))
	}
	settings, err := do.Settings.Complete()
	if err != nil {
		fault(err)
	}
	do.Settings = settings
	return errors.Join(faults...)
}

// bench measures as often as was asked for.
func (p *program) bench(ctx context.Context, do benching) error {
	place, err := benchKinds()[do.store].place(ctx, &do)
	if err != nil {
		return err
	}
	results, err := p.benchRuns(ctx, &do, place)
	err = errors.Join(err, place.leave(err == nil))
	if err != nil && ctx.Err() != nil {
		return errors.New("bench: interrupted, and nothing of it is left") // it does not go on where it stopped
	}
	if err != nil || do.runs == 1 {
		return err
	}
	median, err := bench.Median(results)
	if err != nil {
		return err
	}
	return p.tellBench(&do, median)
}

// benchRuns measures, tells of each run, and leaves what the last wrote.
func (p *program) benchRuns(ctx context.Context, do *benching, place benchPlace) (results []*bench.Result, err error) {
	for number := range do.runs {
		ground, err := place.ground(ctx)
		if err != nil {
			return nil, err
		}
		result, err := p.benchOnce(ctx, do, ground)
		if err != nil {
			return nil, fmt.Errorf("bench: %w", err)
		}
		result.Run, result.Machine.Version = number+1, version()
		if err := p.tellBench(do, result); err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// benchOnce measures once, with a bar where somebody watches it.
func (p *program) benchOnce(ctx context.Context, do *benching, ground bench.Ground) (*bench.Result, error) {
	bar := &stage{}
	if p.terminal {
		bar = p.begin("bench")
	}
	defer bar.end()
	return bench.Run(ctx, do.Settings, ground, func(done int) { bar.at(done, do.Entries) })
}

func (p *program) tellBench(do *benching, r *bench.Result) error {
	if do.json {
		return p.printLine(r)
	}
	p.printf("%s\n", benchTable(r))
	return nil
}

// printLine prints a result as a line of JSON.
func (p *program) printLine(result any) error {
	line, err := json.Marshal(result)
	if err != nil {
		return err
	}
	p.printf("%s\n", line)
	return nil
}
