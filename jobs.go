package settlex

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/runner"
	"github.com/settlex/settlex/settlement"
)

// JobOptions say what the jobs write and where they tell of it.
type JobOptions struct {
	Dir     string          // of the reports; required
	Formats []report.Format // none: all
	Log     *slog.Logger    // nil: nothing is logged
}

// Jobs is the one page where the domain meets the runner: what has to be done
// again and again, in this order. Each job looks at the engine's clock, does
// all that is due since it last ran, window by window and day by day, and does
// nothing when run again.
func (e *Engine) Jobs(options JobOptions) []runner.Job {
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return []runner.Job{
		{Name: "settle", Run: func(ctx context.Context) error { return e.settleJob(ctx, log) }},
		{Name: "report", Run: func(ctx context.Context) error { return e.reportJob(ctx, options, log) }},
	}
}

// settleJob closes the windows and releases the reserves that are due.
func (e *Engine) settleJob(ctx context.Context, log *slog.Logger) error {
	_, err := e.Settle(ctx, calendar.Date{}, func(b *settlement.Batch) {
		log.Info("batch closed", "batch", b.ID, "merchant", b.Merchant, "window", b.Window.Closes, "status", b.AtClose,
			"currency", b.Currency, "net", b.Currency.Format(b.Net), "lines", b.Lines)
	})
	return err
}

// reportJob writes the files of every business date that is complete and has
// none yet, oldest first, and then verifies everything. How far it got is
// stored for each currency, after the files are there.
func (e *Engine) reportJob(ctx context.Context, options JobOptions, log *slog.Logger) error {
	formats := options.Formats
	if len(formats) == 0 {
		formats = report.Formats()
	}
	wrote := 0
	for _, c := range e.currencies() {
		from, to, err := e.unreported(ctx, c)
		if err != nil {
			return fmt.Errorf("reports in %s: %w", c, err)
		}
		for date := from; !date.IsZero() && !date.After(to); date = date.AddDays(1) {
			if err := e.reportDate(ctx, options.Dir, formats, c, date); err != nil {
				return fmt.Errorf("report of %s in %s: %w", date, c, err)
			}
			wrote++
			log.Info("files written", "currency", c, "business_date", date)
		}
	}
	if wrote == 0 {
		return nil
	}
	v, err := e.Verify(ctx)
	if err != nil {
		return err
	}
	if err := v.Err(); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	log.Info("verified", "entries", v.Entries, "accounts", v.Accounts)
	return nil
}

// unreported gives the first and the last business date whose files are to be
// written; no first date: none is. It begins with the first batch there ever was.
func (e *Engine) unreported(ctx context.Context, c money.Currency) (from, to calendar.Date, err error) {
	if to, err = e.Complete(c); err != nil {
		return from, to, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		if from, err = settlement.ReportedThrough(ctx, r, c); err != nil || !from.IsZero() {
			from = from.AddDays(1)
			return err
		}
		from, err = settlement.FirstDay(ctx, r, c)
		return err
	})
	return from, to, err
}

// reportDate writes one date of one currency and stores that it did.
func (e *Engine) reportDate(ctx context.Context, dir string, formats []report.Format, c money.Currency, date calendar.Date) error {
	if _, err := e.writeDay(ctx, dir, formats, []money.Currency{c}, date, true); err != nil {
		return err
	}
	return e.books.Do(ctx, &putting{records: []ledger.Record{&settlement.Reported{Currency: c, Through: date}}})
}
