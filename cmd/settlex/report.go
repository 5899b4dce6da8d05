package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
)

// reportFlags are what the command line says about reports.
type reportFlags struct {
	date, from, to dateFlag
	batch          string
	formats        formatsFlag // none: the configuration's
	out            string      // empty: the configuration's
	tail           bool
	balances       bool   // the balance and fees instead
	merchant       string // of one merchant
}

func (p *program) reportCommand() *cobra.Command {
	var flags reportFlags
	cmd := &cobra.Command{
		Use:   "report {--date DATE | --from DATE --to DATE | --batch ID}",
		Short: "Write the files of business dates",
		Long: `Report writes, for each business date and currency, the itemised settlement report and the settlement summary, each with a
manifest beside it; for the last date also the unsettled tail: what is in no batch. A date without a batch has files with a header
and zero totals. The same batch gives the same bytes, and a file that is there already with these bytes is left alone.

With --balance-and-fees it writes instead, for each currency, what each merchant had at the start and at the end of the dates, which are value
dates then, and what moved it; and the entries behind these figures.`,
		Example: `  settlex report --date 2026-03-31
  settlex report --from 2026-03-01 --to 2026-03-31 --format csv,parquet --out reports
  settlex report --batch set_5f3ad9d4b6c1e20718aa
  settlex report --balance-and-fees --from 2026-03-01 --to 2026-03-31`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return misused(cmd, err)
			}
			return p.within(cmd.Context(), func(s *session) error {
				if flags.balances {
					return p.reportBalances(cmd.Context(), s, &flags)
				}
				return p.report(cmd.Context(), s, &flags)
			})
		},
	}
	cmd.Flags().Var(&flags.date, "date", "business `DATE`, YYYY-MM-DD")
	cmd.Flags().Var(&flags.from, "from", "first business `DATE`")
	cmd.Flags().Var(&flags.to, "to", "last business `DATE`")
	cmd.Flags().StringVar(&flags.batch, "batch", "", "the itemised report of one batch, by its `ID`")
	cmd.Flags().Var(&flags.formats, "format", "`FORMATS` parted by commas: csv, json, jsonl, parquet (default: the configuration's)")
	cmd.Flags().StringVar(&flags.out, "out", "", "`DIRECTORY` of the files (default: the configuration's)")
	cmd.Flags().BoolVar(&flags.tail, "tail", true, "write the unsettled tail of the last date")
	cmd.Flags().BoolVar(&flags.balances, "balance-and-fees", false, "what each merchant had and what moved it, by value dates")
	cmd.Flags().StringVar(&flags.merchant, "merchant", "", "with --balance-and-fees: of one merchant, by its `ID`")
	return cmd
}

// check allows one way of saying what to report, and makes it a span of dates.
func (f *reportFlags) check() error {
	ways := 0
	for _, given := range []bool{!f.date.IsZero(), !f.from.IsZero() || !f.to.IsZero(), f.batch != ""} {
		if given {
			ways++
		}
	}
	switch {
	case f.balances && f.batch != "":
		return errors.New("--balance-and-fees is of dates, not of a batch")
	case f.merchant != "" && !f.balances:
		return errors.New("--merchant goes with --balance-and-fees")
	case ways == 0:
		return errors.New("what to report? --date, --from and --to, or --batch")
	case ways > 1:
		return errors.New("--date, --from with --to, and --batch exclude one another")
	case f.from.IsZero() != f.to.IsZero():
		return errors.New("--from and --to go together")
	case f.to.Before(f.from.Date):
		return errors.New("--to " + f.to.String() + " is before --from " + f.from.String())
	}
	if !f.date.IsZero() {
		f.from, f.to = f.date, f.date
	}
	return nil
}

// reportBalances writes the balance and fees of a period.
func (p *program) reportBalances(ctx context.Context, s *session, flags *reportFlags) error {
	options := settlex.BalanceReport{Dir: cmp.Or(flags.out, s.Reports), Formats: flags.formats, From: flags.from.Date, To: flags.to.Date, Merchant: flags.merchant}
	var err error
	if len(options.Formats) == 0 {
		if options.Formats, err = formatsOf(s.Config); err != nil {
			return err
		}
	}
	written, err := s.engine.ReportBalances(ctx, options)
	if err != nil {
		return err
	}
	p.sayf("%s in %s: %s\n", count(len(written), "file", "files"), options.Dir, outcomes(written))
	return nil
}

func (p *program) report(ctx context.Context, s *session, flags *reportFlags) error {
	options := settlex.ReportOptions{Dir: flags.out, Formats: flags.formats, From: flags.from.Date, To: flags.to.Date, Tail: flags.tail}
	if options.Dir == "" {
		options.Dir = s.Reports
	}
	var err error
	if len(options.Formats) == 0 {
		if options.Formats, err = formatsOf(s.Config); err != nil {
			return err
		}
	}
	var written []report.Written
	if flags.batch != "" {
		written, err = s.engine.ReportBatch(ctx, options.Dir, options.Formats, flags.batch)
	} else {
		written, err = p.write(ctx, s.engine, options)
	}
	if err != nil {
		return err
	}
	p.sayf("%s in %s: %s\n", count(len(written), "file", "files"), options.Dir, outcomes(written))
	if flags.batch != "" {
		batch, err := s.engine.Batch(ctx, flags.batch)
		if err != nil {
			return err
		}
		return p.sayCutoff(s.engine, batch)
	}
	return p.warnOpen(ctx, s.engine, flags.to.Date)
}

// warnOpen tells that files lack batches that will still be closed.
func (p *program) warnOpen(ctx context.Context, engine *settlex.Engine, through calendar.Date) error {
	due, refused := engine.Due(ctx, through)
	if refused != nil && !settlement.Refused(refused) {
		return refused
	}
	waiting, err := p.waiting(ctx, engine, through)
	if err != nil {
		return err
	}
	if due > 0 {
		p.warnf("%s through %s can be closed and are not in the files: settle, then report again", count(due, "batch", "batches"), through)
	}
	if waiting > 0 {
		p.warnf("%s through %s wait for their cut-offs and are not in the files", count(waiting, "batch", "batches"), through)
	}
	return refused
}

// write writes the files and shows how far it has come.
func (p *program) write(ctx context.Context, engine *settlex.Engine, options settlex.ReportOptions) ([]report.Written, error) {
	shown := p.begin("report")
	defer shown.end()
	days := options.To.DaysSince(options.From) + 1
	options.Progress = func(date calendar.Date) { shown.at(date.DaysSince(options.From)+1, days) }
	return engine.Report(ctx, options)
}

// outcomes counts what happened to files: "3 created, 2 unchanged".
func outcomes(written []report.Written) string {
	found := make(map[report.Outcome]int)
	for _, w := range written {
		found[w.Outcome]++
	}
	text := ""
	for _, outcome := range []report.Outcome{report.Created, report.Replaced, report.Resealed, report.Unchanged} {
		if n := found[outcome]; n > 0 {
			if text != "" {
				text += ", "
			}
			text += number(n) + " " + string(outcome)
		}
	}
	return text
}
