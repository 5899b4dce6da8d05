package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt"
)

// closeBenching is what to measure and how to tell.
type closeBenching struct {
	lines int
	runs  int
	json  bool
	only  bool // the process that closes
}

// boundBatch is how many lines one transaction of the bound appends: as many as one of
// closing writes.
const boundBatch = 10_000

func (p *program) benchCloseCommand() *cobra.Command {
	var do closeBenching
	cmd := &cobra.Command{
		Use:   "close",
		Short: "Measure how fast a batch is closed",
		Long: `Close books deposits of one merchant and one day, each with a fee, tax and a reserve. A process of its own closes them in one batch. Beside it stands the bound: the
same movements are read and decoded from a copy, and the same bytes of lines appended, in the same transactions, without any rule.

Everything lies in a temporary directory in the working directory, and is removed at the end.`,
		Example: `  settlex bench close
  settlex bench close --lines 1000000 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if do.only {
				return p.closeOnly(cmd.Context())
			}
			if do.lines < 1 || do.runs < 1 {
				return misused(cmd, errors.New("at least one line and one run"))
			}
			return p.benchClose(cmd.Context(), &do)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&do.lines, "lines", 100_000, "lines of the batch")
	flags.IntVar(&do.runs, "runs", 1, "how often, each with a fresh file; of several the one with the median of the ratios comes last")
	flags.BoolVar(&do.json, "json", false, "print a line of JSON per run")
	flags.BoolVar(&do.only, "only", false, "close what is due in the data file, and print the nanoseconds it took")
	if err := flags.MarkHidden("only"); err != nil {
		panic(err)
	}
	return cmd
}

// benchClose measures as often as was asked for.
func (p *program) benchClose(ctx context.Context, do *closeBenching) error {
	var results []*bench.Closing
	for number := range do.runs {
		result, err := benchCloseOnce(ctx, do, number+1)
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		if err := p.tellClosing(do, result); err != nil {
			return err
		}
		results = append(results, result)
	}
	if do.runs == 1 {
		return nil
	}
	return p.tellClosing(do, bench.MedianClosing(results))
}

// closeYAML is the configuration of the batch that is measured.
const closeYAML = `regions: [{id: IN, currencies: [INR], bank: in_escrow}]
merchants: [{id: m-1, name: One of a long day, region: IN}]
schedules:
  - {id: in-t1, for: [{region: IN}], timezone: Asia/Kolkata, cutoffs: [{at: "00:00"}], delay: {n: 1}, calendars: []}
taxes: [{id: gst, rate: 18%}]
fees:
  - {id: in-capture, match: {event: capture, region: IN, currency: INR}, components: [{kind: commission, rate: 1.85%}], tax: gst}
  - {id: in-dispute, match: {event: dispute, region: IN, currency: INR}, components: [{kind: handling, fixed: 250.00}]}
  - {id: in-payout, match: {event: payout, region: IN, currency: INR}, components: [{kind: payout, fixed: 5.00}]}
reserves: [{id: in-rolling, kind: rolling, for: [{region: IN}], rate: 10%, days: 90}]
`

func benchCloseOnce(ctx context.Context, do *closeBenching, run int) (_ *bench.Closing, err error) {
	dir, err := os.MkdirTemp(".", "settlex-bench-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	if err := prepareClose(ctx, dir, do.lines); err != nil {
		return nil, err
	}
	data, before := filepath.Join(dir, "settlex.db"), filepath.Join(dir, "before.db")
	if err := copyFile(before, data); err != nil {
		return nil, err
	}
	out, process, err := child(ctx, dir, "bench", "close", "--only")
	if err != nil {
		return nil, err
	}
	nanos, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("it says %q, which is no number of nanoseconds", out)
	}
	bound := &closeBound{dir: dir}
	if err := bound.measure(ctx, data, before); err != nil {
		return nil, err
	}
	if bound.lines != do.lines {
		return nil, fmt.Errorf("the batch has %d lines, not %d", bound.lines, do.lines)
	}
	result := bench.NewClosing(run, began, bound.lines, bound.bytes, time.Duration(nanos), process, bound.took)
	result.Machine.Version = version()
	return result, nil
}

// prepareClose makes a data file with the movements of one batch.
func prepareClose(ctx context.Context, dir string, lines int) error {
	if err := os.WriteFile(filepath.Join(dir, "settlex.yaml"), []byte(closeYAML), 0o600); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		return err
	}
	if err := errors.Join(feed.Write(file, feed.NDJSON, dayOfDeposits(lines)), file.Close()); err != nil {
		return err
	}
	for _, args := range [][]string{{"init"}, {"ingest", "events.ndjson"}} {
		if _, _, err := child(ctx, dir, args...); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(dir, "events.ndjson"))
}

// dayOfDeposits makes deposits of one merchant, evenly spread over 1 March 2026 in Kolkata.
func dayOfDeposits(n int) iter.Seq[payment.Event] {
	first, step := time.Date(2026, time.February, 28, 18, 30, 0, 0, time.UTC), 24*time.Hour/time.Duration(n)
	return func(yield func(payment.Event) bool) {
		for i := range n {
			e := payment.Event{
				Kind: payment.DepositCaptured, ID: fmt.Sprintf("pay_%08d", i), OccurredAt: first.Add(time.Duration(i) * step).Truncate(time.Microsecond),
				Merchant: "m-1", Currency: money.MustCurrency("INR"), Amount: money.Minor(int64(10_000 + i%90_000)),
				Method: "UPI", Rail: "upi", OrderID: fmt.Sprintf("order-%d", i), RailRef: fmt.Sprintf("UTR%012d", i),
			}
			if !yield(e) {
				return
			}
		}
	}
}

// copyFile makes a copy that is as fresh on the disk as what was copied.
func copyFile(to, from string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	copied, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(copied, source)
	return errors.Join(err, copied.Sync(), copied.Close())
}

// closeOnly closes the batch of the working directory's data file.
func (p *program) closeOnly(ctx context.Context) error {
	return p.alone(ctx, func(ctx context.Context, s *session) error {
		began := time.Now()
		settled, err := s.engine.Settle(ctx, calendar.MustDate("2026-03-02"), nil)
		took := time.Since(began)
		if err == nil && settled.Batches != 1 {
			err = fmt.Errorf("%d batches were closed, not one", settled.Batches)
		}
		p.printf("%d\n", took.Nanoseconds())
		return err
	})
}

// closeBound reads the movements of a batch and appends its lines, without any rule.
type closeBound struct {
	dir   string
	lines int
	bytes int64
	took  time.Duration // of reading movements and appending lines; making the lines ready does not count
}

func (b *closeBound) measure(ctx context.Context, closed, before string) (err error) {
	with, err := bolt.Open(closed, bolt.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, with.Close()) }()
	from, err := bolt.Open(before, bolt.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	into, err := bolt.OpenBound(filepath.Join(b.dir, "bound.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	return with.Read(ctx, func(lines ledger.Reader) error {
		return from.Read(ctx, func(movements ledger.Reader) error {
			next, stop := iter.Pull2(ledger.RecordsOf[*payment.Item](ctx, movements, payment.ItemRecord, ""))
			defer stop()
			return b.append(ctx, lines, next, into)
		})
	})
}

func (b *closeBound) append(ctx context.Context, lines ledger.Reader, next func() (*payment.Item, error, bool), into *bolt.Bound) error {
	var ready [][]byte
	write := func() error {
		began := time.Now()
		for range ready {
			if _, err, ok := next(); err != nil || !ok {
				return fmt.Errorf("there are fewer movements than lines: %w", err)
			}
		}
		err := into.Append(ready)
		b.took += time.Since(began)
		ready = ready[:0]
		return err
	}
	for line, err := range ledger.RecordsOf[*settlement.Line](ctx, lines, settlement.LineRecord, "") {
		if err != nil {
			return err
		}
		text, err := ledger.EncodeRecord(line)
		if err != nil {
			return err
		}
		ready, b.lines, b.bytes = append(ready, text), b.lines+1, b.bytes+int64(len(text))
		if len(ready) == boundBatch {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if len(ready) == 0 {
		return nil
	}
	return write()
}

func (p *program) tellClosing(do *closeBenching, r *bench.Closing) error {
	if do.json {
		return p.printLine(r)
	}
	t := &table{left: 1}
	t.add(runName(r.Run, r.Median), "closing", "bound")
	t.add("lines per second", perSecond(r.LinesPerS), perSecond(r.BoundPerS))
	t.add("ratio", fmt.Sprintf("%.3f", r.Ratio))
	t.add("a line takes", fmt.Sprintf("%.1f us", r.MicrosALine), fmt.Sprintf("%.1f us", r.BoundS/float64(r.Lines)*1e6))
	t.add("processor time", fmt.Sprintf("%.1f s", r.CPUSeconds))
	t.add("memory, peak: own", mib(r.RSSAnon))
	p.printf("%s, %s in %.2f s\n%s\n", count(r.Lines, "line", "lines"), mib(&r.LineBytes), r.Seconds, t)
	return nil
}
