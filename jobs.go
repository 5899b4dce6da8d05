package settlex

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
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
// again and again, in this order. Each looks at the engine's clock, and catches
// up with what was missed a step at a time:
//
//   - rates looks for new quotes, where the engine has a source of them, and converts
//     the batches that waited for one;
//   - daily settles the oldest business date that is over and has no files yet,
//     and writes its files, so that they are the same whenever it runs;
//   - settle closes the windows of today that are due, and merchants who are
//     closing and settled up;
//   - invoices issues those of the months that are over;
//   - payouts releases those that wait for money, as far as there is some;
//   - send hands to the rails what is approved, and collect takes in what they answer,
//     where the engine has rails;
//   - verify proves the books after new files, until it has found nothing.
func (e *Engine) Jobs(options JobOptions) []runner.Job {
	j := &jobs{Engine: e, options: options, log: options.Log}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if len(j.options.Formats) == 0 {
		j.options.Formats = report.Formats()
	}
	var rates []runner.Job
	if e.quotes != nil {
		rates = []runner.Job{{Name: "rates", Step: j.rates}}
	}
	return append(rates, []runner.Job{
		{Name: "daily", Step: j.daily},
		{Name: "settle", Step: j.today},
		{Name: "invoices", Step: j.invoices},
		{Name: "payouts", Step: j.payouts},
		{Name: "send", Step: j.send},
		{Name: "collect", Step: j.collect},
		{Name: "verify", Step: j.verify},
	}...)
}

type jobs struct {
	*Engine
	options JobOptions
	log     *slog.Logger
}

// today settles what is due by now. What is refused of one merchant keeps no other
// from being closed out.
func (j *jobs) today(ctx context.Context) (more bool, err error) {
	fault := j.settle(ctx, calendar.Date{})
	if fault != nil && !settlement.Refused(fault) {
		return false, fault
	}
	closed, err := j.CloseOut(ctx)
	for _, id := range closed {
		j.log.Info("merchant closed", "merchant", id)
	}
	return false, errors.Join(fault, err)
}

// settle closes what is due up to a business date.
func (j *jobs) settle(ctx context.Context, through calendar.Date) error {
	settled, fault := j.Settle(ctx, through, func(b *settlement.Batch) {
		j.tell(ctx, slog.LevelInfo, "batch closed", b, "status", b.AtClose, "currency", b.Currency, "net", b.Currency.Format(b.Net), "lines", b.Lines)
		if b.Hold != nil {
			j.tell(ctx, slog.LevelWarn, "batch held", b, "reason", b.Hold.Reason, "detail", b.Hold.Detail)
		}
	})
	if settled.Followed > 0 {
		j.log.Info("batches were held or let go, as their schedules and merchants are", "batches", settled.Followed)
	}
	if fault != nil && !settlement.Refused(fault) {
		return fault
	}
	err := j.convert(ctx)
	if err != nil && !settlement.Refused(err) {
		return err
	}
	return errors.Join(fault, err)
}

// tell logs something about a batch: with the cut-off that closed it, by the clock of its schedule's zone, and with the next one, unless
// nobody closes that schedule's windows. It goes on where either is not known, and says so in its place.
func (j *jobs) tell(ctx context.Context, level slog.Level, what string, b *settlement.Batch, facts ...any) {
	if !j.log.Enabled(ctx, level) {
		return
	}
	facts = append([]any{"batch", b.ID, "merchant", b.Merchant}, facts...)
	if s, err := j.schedule(b.Window.Schedule); err != nil {
		facts = append(facts, "cutoff", b.Window.Closes, "zone", err)
	} else {
		facts = append(facts, "cutoff", b.Window.Closes.In(s.Timing.Zone), "zone", s.Timing.Zone.String())
	}
	if next, err := j.NextCutoffOf(b.Window.Schedule); err != nil {
		facts = append(facts, "next_cutoff", err)
	} else if !next.ByHand {
		facts = append(facts, "next_cutoff", next.String())
	}
	j.log.Log(ctx, level, what, facts...)
}

// rates looks for new quotes, and converts what has waited for them. A source that is
// broken is told of, and keeps nothing else from being done.
func (j *jobs) rates(ctx context.Context) (more bool, err error) {
	return false, errors.Join(j.RefreshQuotes(ctx), j.convert(ctx))
}

// convert converts the batches that there are quotes for.
func (j *jobs) convert(ctx context.Context) error {
	return j.Convert(ctx, func(b *settlement.Batch) {
		if b.BuysNothing() {
			j.tell(ctx, slog.LevelWarn, "batch given up: it buys nothing", b, "currency", b.FX.Target, "quote", b.FX.Quote.ID,
				"rate", b.FX.Quote.Client, "back", b.Currency.Format(b.Net), "of", b.Currency)
			return
		}
		j.tell(ctx, slog.LevelInfo, "batch converted", b, "currency", b.PaidIn(), "pays", b.PaidIn().Format(b.Pays()),
			"quote", b.FX.Quote.ID, "rate", b.FX.Quote.Client, "status", b.Status)
	})
}

// send hands to the rails what is approved.
func (j *jobs) send(ctx context.Context) (more bool, err error) {
	_, err = j.Send(ctx, func(s *payment.Submission) {
		j.log.Info("handed to a rail", "rail", s.Rail, "message", s.Message, "instructions", s.Count, "sum", totals(s.Totals))
	})
	return false, err
}

// totals writes sums as "INR 100.00, PKR 5.00".
func totals(list []payment.Total) string {
	parts := make([]string, len(list))
	for i, t := range list {
		parts[i] = t.Currency.String() + " " + t.Currency.Format(t.Amount)
	}
	return strings.Join(parts, ", ")
}

// collect takes in what the rails answer.
func (j *jobs) collect(ctx context.Context) (more bool, err error) {
	_, err = j.Collect(ctx, func(rail string, a *payment.Answer, events int) {
		j.log.Info("answer of a rail taken", "rail", rail, "answer", a.Name, "message", a.Message, "reports", len(a.Reports), "events", events)
		for _, r := range a.Reports {
			what := map[payment.Outcome]string{
				payment.OutcomeFailed: "a rail did not pay", payment.OutcomeReturned: "a rail did not pay", payment.OutcomeUnknown: "a rail does not know whether it paid",
			}[r.Outcome]
			if what != "" {
				j.log.Warn(what, "rail", rail, "instruction", r.Instruction, "outcome", r.Outcome, "reason", r.ReasonCode, "detail", r.Detail)
			}
		}
	})
	return false, err
}

// daily does one business date: it settles it, and writes the files of every
// currency whose turn it is. Settling may bring batches of earlier dates to
// light, whose files come first then. A currency whose calendar has ended, or in which a
// merchant's batch is refused, does not keep the others waiting; it is told of when they are
// done.
func (j *jobs) daily(ctx context.Context) (more bool, err error) {
	var refused error
	waits := make(map[money.Currency]bool)
	for settled := (calendar.Date{}); ; {
		open, fault := j.unreported(ctx)
		open = slices.DeleteFunc(open, func(o unwritten) bool { return waits[o.currency] })
		if len(open) == 0 {
			return false, errors.Join(refused, fault)
		}
		date := oldest(open)
		if date == settled {
			return true, j.writeFiles(ctx, open, date)
		}
		settled = date
		if err := j.settle(ctx, date); err != nil {
			if refused = err; !settlement.Refused(err) {
				return false, err
			}
			if err := j.waiting(ctx, open, date, waits); err != nil {
				return false, err
			}
		}
	}
}

// waiting notes the currencies in which something up to a date was not settled, because it is
// refused.
func (j *jobs) waiting(ctx context.Context, open []unwritten, date calendar.Date, waits map[money.Currency]bool) error {
	for _, o := range open {
		ready := j.ready(j.now(), date)
		ready.Currency = o.currency
		err := j.books.Read(ctx, func(r ledger.Reader) error {
			targets, err := settlement.Due(ctx, r, j.schedule, ready)
			if err != nil {
				return err
			}
			commands, err := settlement.ByHand(ctx, r, j.schedule, ready)
			waits[o.currency] = len(targets)+len(commands) > 0
			return err
		})
		if err != nil && !settlement.Refused(err) {
			return err
		}
		waits[o.currency] = waits[o.currency] || err != nil
	}
	return nil
}

// writeFiles writes the files of a business date, in the currencies whose turn it is.
func (j *jobs) writeFiles(ctx context.Context, open []unwritten, date calendar.Date) error {
	for _, o := range open {
		if o.from != date {
			continue
		}
		if _, err := j.writeDay(ctx, j.options.Dir, j.options.Formats, []money.Currency{o.currency}, date, true); err != nil {
			return fmt.Errorf("files of %s in %s: %w", date, o.currency, err)
		}
		o.reported.Through = date
		if err := j.books.Do(ctx, &putting{records: []ledger.Record{&o.reported}}); err != nil {
			return err
		}
		j.log.Info("files written", "currency", o.currency, "business_date", date)
	}
	return nil
}

// oldest gives the first date that is due in any currency.
func oldest(open []unwritten) calendar.Date {
	return slices.MinFunc(open, func(a, b unwritten) int { return a.from.Compare(b.from) }).from
}

// unwritten is the span of business dates of one currency whose files are due.
type unwritten struct {
	currency money.Currency
	reported settlement.Reported
	from, to calendar.Date
}

// unreported lists the currencies with business dates that are over and have
// no files yet. A currency's first date is that of its first batch, or of the
// first that is due. The error joins the faults of the currencies left out.
func (j *jobs) unreported(ctx context.Context) (open []unwritten, fault error) {
	currencies, err := j.currencies(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range currencies {
		o := unwritten{currency: c}
		if err := j.span(ctx, &o); err != nil {
			fault = errors.Join(fault, fmt.Errorf("files in %s: %w", c, err))
			continue
		}
		if !o.from.IsZero() && !o.from.After(o.to) {
			open = append(open, o)
		}
	}
	return open, fault
}

// span finds the dates of one currency; no first date: nothing has happened.
func (j *jobs) span(ctx context.Context, o *unwritten) error {
	err := j.books.Read(ctx, func(r ledger.Reader) (err error) {
		if o.reported, err = settlement.FindReported(ctx, r, o.currency); err != nil {
			return err
		}
		if o.from = o.reported.Through.AddDays(1); o.from.IsZero() {
			o.from, err = j.firstDay(ctx, r, o.currency)
		}
		return err
	})
	if err != nil || o.from.IsZero() {
		return err
	}
	o.to, err = j.Complete(o.currency)
	return err
}

// firstDay is the business date of a currency's first batch, closed or due;
// the zero date when there is none.
func (j *jobs) firstDay(ctx context.Context, r ledger.Reader, c money.Currency) (calendar.Date, error) {
	first, err := settlement.FirstDay(ctx, r, c)
	if err != nil || !first.IsZero() {
		return first, err
	}
	ready := j.ready(j.now(), calendar.Date{})
	ready.Currency = c
	due, err := settlement.Due(ctx, r, j.schedule, ready)
	for _, t := range due { // as far as they are known
		if first.IsZero() || t.Window.BusinessDate.Before(first) {
			first, err = t.Window.BusinessDate, nil
		}
	}
	return first, err
}

// invoices issues what is due.
func (j *jobs) invoices(ctx context.Context) (more bool, err error) {
	_, err = j.CloseInvoices(ctx, payment.Month{}, func(i *payment.Invoice) {
		j.log.Info("invoice issued", "month", i.Month.String(), "merchant", i.Merchant, "currency", i.Currency, "number", i.Number, "credit_note", i.CreditNote)
	})
	return false, err
}

// payouts releases those that wait for money.
func (j *jobs) payouts(ctx context.Context) (more bool, err error) {
	_, err = j.ReleasePayouts(ctx, func(p payment.PayoutPlace) {
		j.log.Info("payout released", "payout", p.Payout, "merchant", p.Merchant, "currency", p.Currency)
	})
	return false, err
}

// verify proves the books when files have been written since it last found
// nothing.
func (j *jobs) verify(ctx context.Context) (more bool, err error) {
	var written []ledger.Record
	err = j.books.Read(ctx, func(r ledger.Reader) error {
		for reported, err := range ledger.RecordsOf[*settlement.Reported](ctx, r, settlement.ReportedRecord, "") {
			if err != nil {
				return err
			}
			if reported.Verified != reported.Through {
				changed := *reported
				changed.Verified = reported.Through
				written = append(written, &changed)
			}
		}
		return nil
	})
	if err != nil || len(written) == 0 {
		return false, err
	}
	v, err := j.Verify(ctx)
	if err != nil {
		return false, err
	}
	if err := v.Err(); err != nil {
		return false, fmt.Errorf("verify: %w", err)
	}
	j.log.Info("verified", "entries", v.Entries, "accounts", v.Accounts)
	return false, j.books.Do(ctx, &putting{records: written})
}
