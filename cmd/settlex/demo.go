package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
)

func (p *program) demoCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Settle a bundled month of payments",
		Long: `Demo settles March 2026 of fifteen merchants in India, Pakistan and Bangladesh: it writes a configuration and a file of payment
events into a directory, ingests, settles and reports, and sums up what came out. The clock stands at 5 April 2026, so every machine
gets the same bytes; running it again changes nothing. Afterwards the other commands work on the directory.`,
		Example: `  settlex demo
  settlex balances --config settlex-demo/settlex.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"config", "data"} {
				if cmd.Flags().Changed(name) {
					return misused(cmd, fmt.Errorf("demo has a --%s of its own", name))
				}
			}
			return p.demo(cmd.Context(), dir)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "settlex-demo", "`DIRECTORY` to work in")
	return cmd
}

// month is what the demo settles, and when.
type month struct {
	first, last calendar.Date
	now         time.Time
}

func demoMonth() month {
	return month{
		first: calendar.MustDate("2026-03-01"), last: calendar.MustDate("2026-03-31"),
		now: time.Date(2026, time.April, 5, 0, 0, 0, 0, time.UTC), // all of its windows have closed
	}
}

// demoResult is what the demo has done.
type demoResult struct {
	newFiles int // of the sample
	taken    settlex.Ingested
	settled  settlex.Settled
	written  []report.Written
}

// changed tells whether anything is not as it was before.
func (r *demoResult) changed() bool {
	for _, w := range r.written {
		if w.Outcome != report.Unchanged {
			return true
		}
	}
	return r.newFiles > 0 || r.taken.Booked > 0 || r.settled.Batches > 0 || r.settled.Matured > 0
}

func (p *program) demo(ctx context.Context, dir string) error {
	month := demoMonth()
	p.config = filepath.Join(dir, "settlex.yaml")
	p.clock = func() time.Time { return month.now }
	var result demoResult
	var err error
	if result.newFiles, err = p.unpack(dir); err != nil {
		return err
	}
	c, err := config.Load(p.config)
	if err != nil {
		return err
	}
	there, err := exists(c.Data)
	if err != nil {
		return err
	}
	if !there {
		if err := p.create(ctx, c); err != nil {
			return err
		}
	}
	s, err := p.session(ctx, c)
	if err != nil {
		return err
	}
	return s.do(func(s *session) error {
		if err := p.settleMonth(ctx, s, month, &result); err != nil {
			return err
		}
		return p.conclude(ctx, s, &result)
	})
}

// paymentsFile is the sample's file in the demo's directory.
func paymentsFile(dir string) string { return filepath.Join(dir, "payments.csv") }

// unpack writes the sample, where it is not there yet, and counts what it
// wrote. Files that somebody has changed are left alone, and so is everything
// else then.
func (p *program) unpack(dir string) (written int, err error) {
	files := []struct {
		name    string
		content []byte
	}{{p.config, sample.ConfigYAML()}, {paymentsFile(dir), sample.PaymentsCSV()}}
	missing := make([]bool, len(files))
	for i, file := range files {
		there, err := os.ReadFile(file.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing[i] = true
		case err != nil:
			return 0, err
		case !bytes.Equal(there, file.content):
			return 0, fmt.Errorf("%s is not the bundled one: move %s away, or name another directory with --dir", file.name, dir)
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return 0, err
	}
	for i, file := range files {
		if missing[i] {
			if err := newFile(file.name, file.content); err != nil {
				return written, err
			}
			written++
		}
	}
	return written, nil
}

// settleMonth does what an operator would do with ingest, settle and report.
func (p *program) settleMonth(ctx context.Context, s *session, month month, result *demoResult) (err error) {
	file, err := os.Open(paymentsFile(filepath.Dir(p.config)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if result.taken, err = p.take(ctx, &taking{engine: s.engine, temp: tempOf(s.Config)}, file.Name(), file, nil); err != nil {
		return p.tell(file.Name(), result.taken, "", err)
	}
	if result.settled, err = p.close(ctx, s.engine, month.last, func(*settlement.Batch) {}); err != nil {
		return err
	}
	formats, err := formatsOf(s.Config)
	if err != nil {
		return err
	}
	result.written, err = p.write(ctx, s.engine, settlex.ReportOptions{
		Dir: s.Reports, Formats: formats, From: month.first, To: month.last, Tail: true,
	})
	return err
}

// conclude sums up and proves what came out.
func (p *program) conclude(ctx context.Context, s *session, result *demoResult) error {
	if err := p.summary(ctx, s); err != nil {
		return err
	}
	if err := p.verify(ctx, s, verifying{files: true}); err != nil {
		return err
	}
	p.printf("\n%s in %s, each with a manifest: %s\n", count(len(result.written), "file", "files"), s.Reports, outcomes(result.written))
	if !result.changed() {
		p.printf("nothing changed: every event, batch and file was there already\n")
	}
	next := make(cutoffs)
	if err := s.engine.Batches(ctx, settlex.BatchQuery{}, func(b *settlement.Batch) bool { next.note(b); return true }); err != nil {
		return err
	}
	return p.sayCutoffs(s.engine, next)
}
