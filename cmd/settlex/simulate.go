package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// simulation is what settlex simulate was asked for.
type simulation struct {
	schedules, fees, reserves string // files
	from, to                  dateFlag
	csv                       string
	all                       bool
}

func (p *program) simulateCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Say what other schedules, fees or reserves would have changed",
		Long: `Simulate replays the history of the books twice through the code that booked it, into temporary files: by the configuration,
and with the schedules, fees or reserves of other files in its place. It prints, for each merchant and currency, what was paid,
charged, held back and how long money waited, what it would have been, and the difference. The books are only read.

A file has the section under the same key as the configuration, "schedules", "fees" or "reserves", and replaces it whole, and so
do "calendars" beside schedules and "taxes" beside fees; what else it says is not read, so a copy of the configuration will do.
Payouts and other requests for which there would have been no money are left out and listed. What the replay assumes, and where
it cannot be exact, docs/OPERATING.md says.`,
		Example: `  settlex simulate --schedule weekly.yaml --from 2026-03-01 --to 2026-03-31
  settlex simulate --fees cheaper.yaml --reserves settlex-new.yaml --csv difference.csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.schedules == "" && s.fees == "" && s.reserves == "" {
				return misused(cmd, errors.New("nothing is to be changed: name a file with --schedule, --fees or --reserves"))
			}
			if !s.to.IsZero() && s.to.Before(s.from.Date) {
				return misused(cmd, fmt.Errorf("--to %s is before --from %s", s.to.Date, s.from.Date))
			}
			return p.simulate(cmd.Context(), &s)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.schedules, "schedule", "", "`FILE` whose schedules are tried")
	flags.StringVar(&s.fees, "fees", "", "`FILE` whose fees are tried")
	flags.StringVar(&s.reserves, "reserves", "", "`FILE` whose reserve plans are tried")
	flags.Var(&s.from, "from", "first business `DATE` to compare, YYYY-MM-DD; without it from the beginning")
	flags.Var(&s.to, "to", "last business `DATE` to compare, YYYY-MM-DD; without it up to now")
	flags.StringVar(&s.csv, "csv", "", "write everything to a `FILE` as CSV too")
	flags.BoolVar(&s.all, "all", false, "list merchants too for whom nothing would have changed")
	return cmd
}

// simulate opens the books to read them, and compares.
func (p *program) simulate(ctx context.Context, s *simulation) (err error) {
	c, err := p.load()
	if err != nil {
		return err
	}
	changed, err := p.overlaid(s)
	if err != nil {
		return err
	}
	if err := s.mayWrite(p.config, c.Data); err != nil {
		return err
	}
	if !config.IsDatabase(c.Data) {
		if err := present(c.Data); err != nil {
			return err
		}
	}
	store, err := p.openBooks(ctx, c.Data, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	wanted := settlex.Config{Store: store, Rules: c.Rules, Merchants: c.Merchants, Clock: p.clock, ReadOnly: true}
	if c.Rates != nil {
		wanted.Quotes = c.Rates
	}
	engine, err := settlex.New(ctx, wanted)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "settlex-simulate-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	shown := p.begin("simulate")
	d, err := engine.Simulate(ctx, settlex.Simulation{
		Rules: changed.Rules, From: s.from.Date, To: s.to.Date, Dir: dir, Progress: shown.at,
		Scratch: func() (ledger.Store, func() error, error) { return scratchIn(dir) },
	})
	shown.end()
	if err != nil {
		return err
	}
	if s.csv != "" {
		if err := s.mayWrite(p.config, c.Data); err != nil { // it may be there by now
			return err
		}
		if err := replaceFile(s.csv, func(w io.Writer) error { return differenceCSV(w, d) }); err != nil {
			return err
		}
	}
	return p.showDifference(d, s.all)
}

// overlaid is the configuration with the sections of other files.
func (p *program) overlaid(s *simulation) (*config.Config, error) {
	var others []config.Overlay
	for _, o := range []struct{ section, path string }{{"schedules", s.schedules}, {"fees", s.fees}, {"reserves", s.reserves}} {
		if o.path == "" {
			continue
		}
		overlay, err := config.ReadOverlay(o.section, o.path)
		if err != nil {
			return nil, err
		}
		others = append(others, overlay)
	}
	return config.LoadWith(p.config, others...)
}

// scratchIn opens an empty file in a directory of its own.
func scratchIn(dir string) (ledger.Store, func() error, error) {
	path := filepath.Join(dir, "replay.db")
	store, err := bolt.Open(path, bolt.Options{Throwaway: true})
	if err != nil {
		return nil, nil, err
	}
	return store, func() error { return errors.Join(store.Close(), os.Remove(path)) }, nil
}

// mayWrite refuses a CSV file in whose place something stands that is not the CSV file of
// an earlier simulation: the books, what this one reads, or whatever else.
func (s *simulation) mayWrite(configuration, data string) error {
	if s.csv == "" {
		return nil
	}
	there, err := os.Lstat(s.csv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--csv: %w", err)
	}
	for _, used := range []struct{ what, path string }{
		{"the data file", data}, {"the configuration", configuration},
		{"what --schedule names", s.schedules}, {"what --fees names", s.fees}, {"what --reserves names", s.reserves},
	} {
		if other, err := os.Stat(used.path); err == nil && os.SameFile(there, other) {
			return fmt.Errorf("--csv: %s is %s", s.csv, used.what)
		}
	}
	if !there.Mode().IsRegular() {
		return fmt.Errorf("--csv: %s is there, and is no file that can be replaced", s.csv)
	}
	ours, err := beginsWith(s.csv, differenceMark)
	if err != nil {
		return fmt.Errorf("--csv: %w", err)
	}
	if !ours {
		return fmt.Errorf("--csv: %s is there, and is no CSV file of settlex simulate", s.csv)
	}
	return nil
}

// beginsWith tells whether a file begins with a text.
func beginsWith(path, text string) (is bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	head, err := io.ReadAll(io.LimitReader(file, int64(len(text))))
	return string(head) == text, err
}

// showDifference prints what would have changed.
func (p *program) showDifference(d *settlex.Difference, all bool) error {
	t := table{left: 3}
	t.add("merchant", "currency", "", "paid", "fees and tax", "reserved", "days")
	quiet := 0
	for i := range d.Rows {
		row := &d.Rows[i]
		if !all && row.Before == row.After {
			quiet++
			continue
		}
		if err := addDifference(&t, row, row.Merchant); err != nil {
			return err
		}
	}
	for i := range d.Totals {
		if err := addDifference(&t, &d.Totals[i], "total"); err != nil {
			return err
		}
	}
	p.printf("%s", &t)
	if quiet > 0 {
		p.printf("nothing would have changed for %s\n", count(quiet, "other merchant and currency", "other merchants and currencies"))
	}
	p.showLeft(d)
	if a := &d.Real; a.Exact() {
		p.printf("replayed: %s, and by the configuration the %s of the books\n", count(d.Events, "event", "events"), count(a.Batches, "batch", "batches"))
	} else {
		p.printf("replayed: %s\n", count(d.Events, "event", "events"))
		more := ""
		if a.Unclosed > 0 {
			more = ", and " + number(a.Unclosed) + " that they do not have"
		}
		p.warnf("by the configuration the replay gives %s of the %s of the books%s, so what \"is\" is what the configuration gives and not what was: %s",
			number(a.Same), count(a.Batches, "batch", "batches"), more, a.First)
	}
	return nil
}

// addDifference adds the rows of a merchant, or of all: as it is, as it would be, and the
// difference.
func addDifference(t *table, row *settlex.MerchantDifference, name string) error {
	c := row.Currency
	is, would, more := []string{name, c.String(), "is"}, []string{"", "", "would be"}, []string{"", "", "difference"}
	for _, of := range []func(*settlex.Outcome) (money.Amount, error){
		func(o *settlex.Outcome) (money.Amount, error) { return o.Paid, nil },
		func(o *settlex.Outcome) (money.Amount, error) { return o.Fees.Add(o.Taxes) },
		func(o *settlex.Outcome) (money.Amount, error) { return o.Reserved, nil },
	} {
		before, err := of(&row.Before)
		if err != nil {
			return err
		}
		after, err := of(&row.After)
		if err != nil {
			return err
		}
		difference, err := after.Sub(before)
		if err != nil {
			return err
		}
		is, would, more = append(is, figure(c, before)), append(would, figure(c, after)), append(more, figure(c, difference))
	}
	before, after, difference, err := waited(&row.Before.Waiting, &row.After.Waiting)
	if err != nil {
		return err
	}
	t.add(append(is, before)...)
	t.add(append(would, after)...)
	t.add(append(more, difference)...)
	return nil
}

// waited writes how long money waited on the average, in days, and the difference. Where
// none did it is empty.
func waited(is, would *settlex.Waiting) (before, after, difference string, err error) {
	was, err := is.Average()
	if err != nil {
		return "", "", "", err
	}
	then, err := would.Average()
	if err != nil {
		return "", "", "", err
	}
	more, err := then.Sub(was)
	if err != nil {
		return "", "", "", err
	}
	one, other := !is.Money.IsZero(), !would.Money.IsZero()
	if one {
		before = days(was)
	}
	if other {
		after = days(then)
	}
	if one && other {
		difference = days(more)
	}
	return before, after, difference, nil
}

// days writes hundredths of days, two decimals.
func days(hundredths money.Amount) string {
	n, _ := hundredths.Int64()
	sign := ""
	if n < 0 {
		n, sign = -n, "-"
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// showLeft lists what could not be replayed.
func (p *program) showLeft(d *settlex.Difference) {
	for _, left := range d.Left {
		by := "by the configuration"
		if left.Changed {
			by = "with the changes"
		}
		what := string(left.Kind) + " " + left.ID
		if !left.Amount.IsZero() {
			what += " of " + left.Currency.String() + " " + figure(left.Currency, left.Amount)
		}
		p.printf("left out %s: %s: %s\n", by, what, left.Reason)
	}
}

// differenceCSV writes a row for each merchant and currency, and one without a merchant for
// each currency. Amounts are in major units.
func differenceCSV(w io.Writer, d *settlex.Difference) error {
	out := csv.NewWriter(w)
	columns := differenceColumns()
	if err := out.Write(differenceHeader()); err != nil {
		return err
	}
	for _, rows := range [][]settlex.MerchantDifference{d.Rows, d.Totals} {
		for i := range rows {
			row := &rows[i]
			cells := []string{row.Merchant, row.Currency.String(), dateText(d.From), dateText(d.To)}
			for _, c := range columns {
				is, would := c.of(&row.Before), c.of(&row.After)
				more, err := would.Sub(is)
				if err != nil {
					return err
				}
				cells = append(cells, c.write(row.Currency, is), c.write(row.Currency, would), c.write(row.Currency, more))
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// differenceMark is what CSV files of this command begin with, of whichever version.
const differenceMark = "merchant_id,currency,from,to,batches,batches_simulated,"

// differenceHeader names the cells of the CSV file.
func differenceHeader() []string {
	header := []string{"merchant_id", "currency", "from", "to"}
	for _, c := range differenceColumns() {
		header = append(header, c.name, c.name+"_simulated", c.name+"_difference")
	}
	return header
}

func dateText(d calendar.Date) string { return d.String() }

// differenceColumn is one figure of the CSV file.
type differenceColumn struct {
	name  string
	of    func(*settlex.Outcome) money.Amount
	write func(money.Currency, money.Amount) string
}

// differenceColumns lists them in order.
func differenceColumns() []differenceColumn {
	amount := func(c money.Currency, a money.Amount) string { return c.Format(a) }
	count := func(_ money.Currency, a money.Amount) string { return a.String() }
	average := func(_ money.Currency, a money.Amount) string { return days(a) }
	number := func(n int) money.Amount { return money.Minor(int64(n)) }
	return []differenceColumn{
		{"batches", func(o *settlex.Outcome) money.Amount { return number(o.Batches) }, count},
		{"carried_forward", func(o *settlex.Outcome) money.Amount { return number(o.Carried) }, count},
		{"paid", func(o *settlex.Outcome) money.Amount { return o.Paid }, amount},
		{"unsent", func(o *settlex.Outcome) money.Amount { return o.Unsent }, amount},
		{"payouts", func(o *settlex.Outcome) money.Amount { return o.Payouts }, amount},
		{"fees", func(o *settlex.Outcome) money.Amount { return o.Fees }, amount},
		{"taxes", func(o *settlex.Outcome) money.Amount { return o.Taxes }, amount},
		{"withheld", func(o *settlex.Outcome) money.Amount { return o.Withheld }, amount},
		{"fx_spread", func(o *settlex.Outcome) money.Amount { return o.Spread }, amount},
		{"reserve_held", func(o *settlex.Outcome) money.Amount { return o.Reserve.Held }, amount},
		{"reserve_released", func(o *settlex.Outcome) money.Amount { return o.Reserve.Released }, amount},
		{"days_average", func(o *settlex.Outcome) money.Amount { n, _ := o.Waiting.Average(); return n }, average},
		{"days_longest", func(o *settlex.Outcome) money.Amount { return number(o.Waiting.Max) }, count},
		{"balance", func(o *settlex.Outcome) money.Amount { return o.Balance }, amount},
		{"carry", func(o *settlex.Outcome) money.Amount { return o.Carry }, amount},
		{"reserved", func(o *settlex.Outcome) money.Amount { return o.Reserved }, amount},
	}
}
