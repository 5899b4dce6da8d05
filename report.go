package settlex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
)

// ReportOptions say which files to write.
type ReportOptions struct {
	Dir      string          // made where it is missing; required
	Formats  []report.Format // none: all
	From, To calendar.Date   // business dates, both inclusive; required
	// Tail adds the movements up to the date To that are in no batch as things
	// stand now.
	Tail bool
	// Progress is told the date that has been written.
	Progress func(calendar.Date)
}

// Report writes the files of business dates: for each currency and date the
// itemised settlement report and the settlement summary, and a manifest beside
// each file. A date without a batch has files with a header and zero totals.
// A file that is there already with the same bytes is left alone. The files of
// one date appear together.
func (e *Engine) Report(ctx context.Context, options ReportOptions) ([]report.Written, error) {
	if options.Dir == "" || options.From.IsZero() || options.To.IsZero() {
		return nil, errors.New("report: a directory and both dates are needed")
	}
	if options.To.Before(options.From) {
		return nil, fmt.Errorf("report: %s is before %s", options.To, options.From)
	}
	if len(options.Formats) == 0 {
		options.Formats = report.Formats()
	}
	currencies, err := e.currencies(ctx)
	if err != nil {
		return nil, err
	}
	var written []report.Written
	for date := options.From; !date.After(options.To); date = date.AddDays(1) {
		tail := options.Tail && date == options.To
		files, err := e.writeDay(ctx, options.Dir, options.Formats, currencies, date, tail)
		if err != nil {
			return written, fmt.Errorf("report of %s: %w", date, err)
		}
		written = append(written, files...)
		if options.Progress != nil {
			options.Progress(date)
		}
	}
	return written, nil
}

// writeDay writes the files of one date; they appear together.
func (e *Engine) writeDay(
	ctx context.Context, dir string, formats []report.Format, currencies []money.Currency, date calendar.Date, tail bool,
) ([]report.Written, error) {
	set, err := report.OpenSet(dir)
	if err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		for _, currency := range currencies {
			if err := e.addDay(ctx, r, set, formats, currency, date, tail); err != nil {
				return fmt.Errorf("%s: %w", currency, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	written, err := set.Commit()
	return written, errors.Join(err, set.Close())
}

func (e *Engine) addDay(ctx context.Context, r ledger.Reader, set *report.Set, formats []report.Format, c money.Currency, date calendar.Date, tail bool) error {
	about, err := e.about(ctx, r, c, date)
	if err != nil {
		return err
	}
	if _, err := report.Add(set, report.ItemisedSchema(), about, formats, e.itemised(ctx, r, c, date)); err != nil {
		return err
	}
	if _, err := report.Add(set, report.SummarySchema(), about, formats, e.summary(ctx, r, c, date)); err != nil {
		return err
	}
	if !tail {
		return nil
	}
	_, err = report.Add(set, report.TailSchema(), about, formats, e.tail(ctx, r, c, date))
	return err
}

// about says what the files of a date rest on: the latest watermark of the
// date's batches.
func (e *Engine) about(ctx context.Context, r ledger.Reader, c money.Currency, date calendar.Date) (report.About, error) {
	about := report.About{Currency: c, BusinessDate: date}
	var last ledger.Position
	for batch, err := range settlement.OnDay(ctx, r, c, date) {
		if err != nil {
			return about, err
		}
		last = last.Union(batch.Watermark.Through)
	}
	about.Watermark = watermark(last)
	return about, nil
}

// watermark is a position as manifests show it: 0 when nothing was booked.
func watermark(p ledger.Position) string { return string(cmp.Or(p.Cursor(), "0")) }

// ReportBatch writes the itemised report of one batch.
func (e *Engine) ReportBatch(ctx context.Context, dir string, formats []report.Format, id string) ([]report.Written, error) {
	if len(formats) == 0 {
		formats = report.Formats()
	}
	set, err := report.OpenSet(dir)
	if err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		b, err := settlement.Find(ctx, r, id)
		if err != nil {
			return err
		}
		about := report.About{
			Merchant: b.Merchant, Currency: b.Currency, BusinessDate: b.Window.BusinessDate, Batch: b.ID,
			Watermark: watermark(b.Watermark.Through),
		}
		_, err = report.Add(set, report.ItemisedSchema(), about, formats, func(yield func(report.Itemised, error) bool) {
			e.batchRows(ctx, r, b, yield)
		})
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("report of batch %s: %w", id, err), set.Close())
	}
	written, err := set.Commit()
	return written, errors.Join(err, set.Close())
}

// itemised yields the lines of a date's batches.
func (e *Engine) itemised(ctx context.Context, r ledger.Reader, c money.Currency, date calendar.Date) iter.Seq2[report.Itemised, error] {
	return func(yield func(report.Itemised, error) bool) {
		for batch, err := range settlement.OnDay(ctx, r, c, date) {
			if err != nil {
				yield(report.Itemised{}, err)
				return
			}
			if !e.batchRows(ctx, r, batch, yield) {
				return
			}
		}
	}
}

func (e *Engine) batchRows(ctx context.Context, r ledger.Reader, b *settlement.Batch, yield func(report.Itemised, error) bool) bool {
	schedule, err := e.schedule(b.Window.Schedule)
	if err != nil {
		yield(report.Itemised{}, err)
		return false
	}
	shares, err := settlement.SharesOf(ctx, r, b)
	if err != nil {
		yield(report.Itemised{}, err)
		return false
	}
	for line, err := range settlement.Lines(ctx, r, b.ID) {
		var row report.Itemised
		if err == nil {
			row = itemisedRow(b, line, schedule.Timing.Zone)
			err = converted(&row, b, line, shares)
		}
		if !yield(row, err) || err != nil {
			return false
		}
	}
	return true
}

func itemisedRow(b *settlement.Batch, l *settlement.Line, zone *time.Location) report.Itemised {
	dispute, refund := origin(&l.Item)
	row := report.Itemised{
		BatchID: b.ID, BatchStatus: string(b.AtClose), BusinessDate: b.Window.BusinessDate, ValueDate: b.Window.SettlementDate,
		Window: b.Window.Label, LineNo: int64(l.No), EntryID: l.Entry, ReportingCategory: string(l.Category), Type: l.Type,
		SourceID: l.SourceID, ParentID: l.ParentID, OrderID: l.OrderID, Merchant: l.Merchant, Method: l.Method, Rail: l.Rail,
		RailReference: l.RailRef, BankReference: l.BankRef, CreatedAt: l.BookedAt, CapturedAt: l.OccurredAt, Zone: zone,
		Currency: l.Currency, Gross: l.Gross, Fee: l.Fee, Tax: l.Tax, TaxCode: l.TaxCode, Withholding: l.Withholding,
		Reserve: l.Reserve, Net: l.Net, RunningBalance: l.Running, Late: l.Late, ReasonCode: l.ReasonCode,
		DisputeID: dispute, RefundID: refund,
	}
	if row.OriginalBusinessDate = l.Original; l.Late {
		row.OriginalBusinessDate = l.Window.BusinessDate
	}
	return row
}

// converted fills in what a line comes to in the currency that its batch is paid in.
func converted(row *report.Itemised, b *settlement.Batch, l *settlement.Line, shares *settlement.Shares) error {
	if !b.Converted() {
		return nil
	}
	share, ok, err := shares.Of(l)
	if err != nil {
		return fmt.Errorf("line %d of batch %s: %w", l.No, b.ID, err)
	}
	row.FXRate, row.FXRateID = b.FX.Quote.Client, b.FX.Quote.ID
	if ok {
		row.PresentmentAmount, row.PresentmentCurrency = share, b.PaidIn()
	}
	return nil
}

// origin gives the dispute or refund a movement belongs to.
func origin(i *payment.Item) (dispute, refund string) {
	switch i.Category {
	case payment.CategoryDispute:
		return i.SourceID, ""
	case payment.CategoryRefund:
		return "", i.SourceID
	}
	return "", ""
}

// summary yields a row for each batch of a date.
func (e *Engine) summary(ctx context.Context, r ledger.Reader, c money.Currency, date calendar.Date) iter.Seq2[report.Summary, error] {
	return func(yield func(report.Summary, error) bool) {
		for b, err := range settlement.OnDay(ctx, r, c, date) {
			var row report.Summary
			if err == nil {
				row, err = e.summaryRow(b)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (e *Engine) summaryRow(b *settlement.Batch) (report.Summary, error) {
	schedule, err := e.schedule(b.Window.Schedule)
	if err != nil {
		return report.Summary{}, err
	}
	other, err := money.Sum(b.Categories.Batches, b.Categories.Exchanges, b.Categories.Fees)
	if err != nil {
		return report.Summary{}, fmt.Errorf("batch %s: %w", b.ID, err)
	}
	row := report.Summary{
		BatchID: b.ID, BatchStatus: string(b.Status), Merchant: b.Merchant, Region: b.Region, Currency: b.Currency,
		BusinessDate: b.Window.BusinessDate, Window: b.Window.Label, ValueDate: b.Window.SettlementDate,
		Lines: int64(b.Lines), OpeningCarry: b.OpeningCarry, Gross: b.Totals.Gross, Fee: b.Totals.Fee, Tax: b.Totals.Tax,
		Withholding: b.Totals.Withholding, Reserve: b.Totals.Reserve, LineNet: b.Totals.Net, CarryOut: b.CarryOut, Net: b.Net,
		Payments: b.Categories.Payments, Refunds: b.Categories.Refunds, Disputes: b.Categories.Disputes,
		Reserves: b.Categories.Reserve, Payouts: b.Categories.Payouts, Other: other,
		Adjustments: b.Categories.Adjustments,
		Cutoff:      b.Window.Closes, Zone: schedule.Timing.Zone,
	}
	for _, step := range b.Steps {
		if step.Ref != "" {
			row.BankReference = step.Ref
		}
	}
	return row, nil
}

// tail yields the movements that are in no batch and happened up to a date, by
// the clocks of their schedules' zones.
func (e *Engine) tail(ctx context.Context, r ledger.Reader, c money.Currency, date calendar.Date) iter.Seq2[report.Tail, error] {
	return func(yield func(report.Tail, error) bool) {
		homes, err := e.homes(ctx, r)
		if err != nil {
			yield(report.Tail{}, err)
			return
		}
		for item, err := range ledger.RecordsOf[*payment.Item](ctx, r, payment.ItemRecord, "") {
			var row report.Tail
			if err == nil {
				if item.Currency != c {
					continue
				}
				row, err = e.tailRow(item, date, homes)
				// Its window may close on a later date, and it is in no batch.
				if err == nil && calendar.DateOf(item.OccurredAt, row.Zone).After(date) {
					continue
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (e *Engine) tailRow(i *payment.Item, date calendar.Date, homes homes) (report.Tail, error) {
	schedule, err := e.schedule(i.Window.Schedule)
	if err != nil {
		return report.Tail{}, err
	}
	region, err := homes(i.Merchant, i.Currency)
	if err != nil {
		return report.Tail{}, err
	}
	dispute, refund := origin(i)
	return report.Tail{
		AsOf: date, Merchant: i.Merchant, Region: region, EntryID: i.Entry, ReportingCategory: string(i.Category), Type: i.Type,
		SourceID: i.SourceID, ParentID: i.ParentID, OrderID: i.OrderID, Method: i.Method, Rail: i.Rail, RailReference: i.RailRef,
		CreatedAt: i.BookedAt, CapturedAt: i.OccurredAt, Zone: schedule.Timing.Zone, BusinessDate: i.Window.BusinessDate,
		Window: i.Window.Label, AvailableOn: i.Window.SettlementDate, Currency: i.Currency, Gross: i.Gross, Fee: i.Fee, Tax: i.Tax,
		TaxCode: i.TaxCode, Withholding: i.Withholding, Reserve: i.Reserve, Net: i.Net, ReasonCode: i.ReasonCode,
		DisputeID: dispute, RefundID: refund,
	}, nil
}
