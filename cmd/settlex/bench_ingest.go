package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/store/bolt"
)

// ingestBenching is what to measure and how to tell.
type ingestBenching struct {
	events int
	runs   int
	json   bool
	format string
}

func (p *program) benchIngestCommand() *cobra.Command {
	var do ingestBenching
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Measure how fast a file of events is booked",
		Long: `Ingest writes a file of events like those of the bundled month, over and over with other payments: deposits with fees and reserves, refunds, disputes,
payouts, settlements of rails. A process of its own books it, as settlex ingest does for everybody; another one is settlex bench ledger with as many entries
and as many postings. The ratio is that of their entries per second.

Everything lies in a temporary directory in the working directory, and is removed at the end.`,
		Example: `  settlex bench ingest
  settlex bench ingest --events 1000000 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if do.events < 1 || do.runs < 1 {
				return misused(cmd, errors.New("at least one event and one run"))
			}
			if do.format != "csv" && do.format != "ndjson" {
				return misused(cmd, fmt.Errorf("format is %q: csv or ndjson", do.format))
			}
			return p.benchIngest(cmd.Context(), &do)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&do.events, "events", 100_000, "events of the file")
	flags.StringVar(&do.format, "format", "csv", "of the file, csv or ndjson")
	flags.IntVar(&do.runs, "runs", 1, "how often, each with a fresh file; of several the one with the median of the ratios comes last")
	flags.BoolVar(&do.json, "json", false, "print a line of JSON per run")
	return cmd
}

// benchIngest measures as often as was asked for.
func (p *program) benchIngest(ctx context.Context, do *ingestBenching) error {
	var results []*bench.Ingest
	for number := range do.runs {
		result, err := p.benchIngestOnce(ctx, do, number+1)
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		if err := p.tellIngest(do, result); err != nil {
			return err
		}
		results = append(results, result)
	}
	if do.runs == 1 {
		return nil
	}
	return p.tellIngest(do, bench.MedianIngest(results))
}

func (p *program) benchIngestOnce(ctx context.Context, do *ingestBenching, run int) (_ *bench.Ingest, err error) {
	dir, err := os.MkdirTemp(".", "settlex-bench-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	events := "events." + do.format
	size, err := writeEvents(filepath.Join(dir, events), feed.Format(do.format), do.events)
	if err != nil {
		return nil, err
	}
	if _, _, err := child(ctx, dir, "init"); err != nil {
		return nil, err
	}
	began := time.Now()
	out, ingest, err := child(ctx, dir, "ingest", events)
	if err != nil {
		return nil, err
	}
	if want := fmt.Sprintf("%s, %s new, 0 booked before", count(do.events, "event", "events"), number(do.events)); !strings.Contains(out, want) {
		return nil, fmt.Errorf("it says %q, not %q", out, want)
	}
	entries, postings, err := countBooked(ctx, filepath.Join(dir, "settlex.db"))
	if err != nil {
		return nil, err
	}
	each, more := postings/entries, float64(postings%entries)/float64(entries)
	out, beside, err := child(ctx, dir, "bench", "ledger", "--json", "--bounds=false", "--entries", fmt.Sprint(entries), "--postings", fmt.Sprint(each), "--more", fmt.Sprint(more))
	if err != nil {
		return nil, err
	}
	alone := new(bench.Result)
	if err := json.Unmarshal([]byte(out), alone); err != nil {
		return nil, fmt.Errorf("read what bench ledger says: %w", err)
	}
	result := bench.NewIngest(run, began, do.events, entries, postings, ingest, beside, alone)
	result.FileBytes, result.Machine.Version = size, version()
	return result, nil
}

// writeEvents writes a file of so many events and gives its size.
func writeEvents(name string, format feed.Format, n int) (size int64, err error) {
	file, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	err = feed.Write(file, format, sample.Many(n))
	if err == nil {
		size, err = file.Seek(0, io.SeekCurrent)
	}
	return size, errors.Join(err, file.Close())
}

// child runs this program as a process of its own, in a directory, and gives what
// it prints.
func child(ctx context.Context, dir string, args ...string) (out string, c bench.Child, err error) {
	program, err := exec.LookPath(os.Args[0])
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err != nil {
		return "", c, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if c, err = bench.RunChild(cmd); err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return stdout.String(), c, err
}

// countBooked counts the entries of a data file and their postings.
func countBooked(ctx context.Context, path string) (entries, postings int, err error) {
	store, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return 0, 0, err
	}
	err = store.Read(ctx, func(r ledger.Reader) error {
		for entry, err := range ledger.Entries(ctx, r) {
			if err != nil {
				return err
			}
			entries, postings = entries+1, postings+len(entry.Postings)
		}
		return nil
	})
	return entries, postings, errors.Join(err, store.Close())
}

func (p *program) tellIngest(do *ingestBenching, r *bench.Ingest) error {
	if do.json {
		return p.printLine(r)
	}
	t := &table{left: 1}
	t.add(runName(r.Run, r.Median), "ingest", "bench ledger")
	t.add("events per second", perSecond(r.EventsPerS))
	t.add("entries per second", perSecond(r.EntriesPerS), perSecond(r.Ledger.EntriesPerS))
	t.add("postings per second", perSecond(r.PostingsPerS))
	t.add("ratio", fmt.Sprintf("%.3f", r.Ratio))
	t.add("processor time", fmt.Sprintf("%.1f s", r.CPUSeconds), fmt.Sprintf("%.1f s", r.LedgerCPU))
	t.add("  ratio by it", fmt.Sprintf("%.3f", r.CPURatio))
	t.add("memory, peak: own", mib(r.RSSAnon), mib(r.Ledger.RSSAnon))
	p.printf("%s, %s, %s with %s postings in %.1f s\n%s\n", count(r.Events, "event", "events"), mib(&r.FileBytes), count(r.Entries, "entry", "entries"), number(r.Postings), r.Seconds, t)
	return nil
}
