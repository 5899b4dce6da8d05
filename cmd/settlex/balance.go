package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
)

// balanceFlags say whose money to show, of when, and how.
type balanceFlags struct {
	merchant, currency string
	from, to           dateFlag
	entries            []string
	format             string
}

func (p *program) balanceCommand() *cobra.Command {
	var do balanceFlags
	cmd := &cobra.Command{
		Use:   "balance --merchant ID",
		Short: "Print what a merchant has, and what moved it in a period",
		Long: `Balance prints, for each currency of a merchant, what it has now; what stood on its accounts at the start and at the end of a period; and what
moved it: payments, refunds, disputes, fees, taxes, settlements and so on. The balances at the start and the figures come to the balances at the
end. A period is of value dates, which are dates in UTC; without one it is the month up to today.

What is in transit, in batches and payouts that are closed or requested and neither paid nor put back, is no part of the total: it left it when it
was set aside. What started and what ended to be in transit in the period stands below the figures, as what was held and released of reserves.

With --entries it prints the entries behind some figures, or behind all that moved it; their amounts come to the figure. Those of available,
pending, reserved, total and in_transit come to what it is at the end less what it was at the start.`,
		Example: `  settlex balance --merchant m_in_kirana
  settlex balance --merchant m_in_kirana --from 2026-03-01 --to 2026-03-31 --format json
  settlex balance --merchant m_in_kirana --from 2026-03-01 --to 2026-03-31 --entries fees,taxes --format csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := do.check(p.clock()); err != nil {
				return misused(cmd, err)
			}
			return p.within(cmd.Context(), func(s *session) error { return p.balance(cmd.Context(), s.engine, &do) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&do.merchant, "merchant", "", "the merchant's `ID`")
	flags.StringVar(&do.currency, "currency", "", "of one `CURRENCY` (default: all that it has)")
	flags.Var(&do.from, "from", "first value `DATE` (default: the first of the month of --to)")
	flags.Var(&do.to, "to", "last value `DATE` (default: today)")
	flags.StringSliceVar(&do.entries, "entries", nil, "print the entries behind `FIGURES` parted by commas: "+strings.Join(figureNames(), ", ")+", reserves, or all")
	flags.StringVar(&do.format, "format", "table", "`FORMAT`: table, csv or json")
	return cmd
}

func figureNames() []string {
	var names []string
	for _, f := range append(settlex.ViewFigures(), settlex.AccountFigures()...) {
		names = append(names, string(f))
	}
	return names
}

// check fills in what is left out.
func (f *balanceFlags) check(now time.Time) error {
	if f.merchant == "" {
		return errors.New("--merchant is missing: whose balance?")
	}
	if f.to.IsZero() {
		f.to.Date = calendar.DateOf(now, time.UTC)
	}
	if f.from.IsZero() {
		_, _, day := f.to.YMD()
		f.from.Date = f.to.AddDays(1 - day)
	}
	if f.to.Before(f.from.Date) {
		return errors.New("--to " + f.to.String() + " is before --from " + f.from.String())
	}
	for _, name := range f.entries {
		if name != "all" && name != "reserves" && !slices.Contains(figureNames(), name) {
			return fmt.Errorf("--entries %q is no figure: want %s, reserves or all", name, strings.Join(figureNames(), ", "))
		}
	}
	if !slices.Contains([]string{"table", "csv", "json"}, f.format) {
		return fmt.Errorf("--format %q is none of table, csv, json", f.format)
	}
	return nil
}

// figures are those whose entries are wanted; none: all.
func (f *balanceFlags) figures() (list []payment.Figure) {
	for _, name := range f.entries {
		switch name {
		case "all":
			return nil
		case "reserves":
			list = append(list, settlex.FigureHeld, settlex.FigureReleased)
		default:
			list = append(list, payment.Figure(name))
		}
	}
	return list
}

func (p *program) balance(ctx context.Context, engine *settlex.Engine, do *balanceFlags) error {
	queries, err := do.queries(ctx, engine)
	if err != nil {
		return err
	}
	if len(queries) > 1 && (do.format == "csv" || do.format == "json" && len(do.entries) > 0) {
		return fmt.Errorf("merchant %s has money in %s; a list of figures has one: name it by --currency", do.merchant, count(len(queries), "currency", "currencies"))
	}
	if len(do.entries) > 0 {
		return p.printMovements(ctx, engine, do, queries)
	}
	var views []*settlex.View
	for _, q := range queries {
		v, err := engine.View(ctx, q)
		if err != nil {
			return err
		}
		views = append(views, v)
	}
	switch do.format {
	case "json":
		return p.printJSON(viewsJSON(views))
	case "csv":
		_, err := report.Write(p.out, report.CSV, report.BalanceSchema(), queries[0].Currency, func(yield func(report.Balance, error) bool) {
			yield(views[0].Row(), nil)
		})
		return err
	}
	for i, v := range views {
		if i > 0 {
			p.printf("\n")
		}
		p.printView(v)
	}
	return nil
}

// queries are one for each currency.
func (f *balanceFlags) queries(ctx context.Context, engine *settlex.Engine) (all []settlex.ViewQuery, err error) {
	add := func(c money.Currency) {
		all = append(all, settlex.ViewQuery{Merchant: f.merchant, Currency: c, From: f.from.Date, To: f.to.Date})
	}
	var only money.Currency
	if f.currency != "" {
		c, err := money.ParseCurrency(f.currency)
		if err != nil {
			return nil, err
		}
		only = c
	}
	balances, err := engine.BalancesOf(ctx, f.merchant)
	for _, b := range balances {
		if only.IsZero() || b.Currency == only {
			add(b.Currency)
		}
	}
	switch {
	case err != nil || len(all) > 0:
	case len(balances) > 0:
		err = fmt.Errorf("merchant %q has no account in %s", f.merchant, only)
	default:
		err = fmt.Errorf("merchant %q has no account", f.merchant)
	}
	return all, err
}

func (p *program) printView(v *settlex.View) {
	c := v.Currency
	f := func(a money.Amount) string { return figure(c, a) }
	p.printf("%s, %s, %s to %s\n\n", v.Merchant, c, v.From, v.To)
	t := table{left: 1}
	t.add("", "at the start", "at the end", "now")
	for _, row := range []struct {
		name             string
		opening, closing money.Amount
		now              money.Amount
	}{
		{"available", v.Opening.Available, v.Closing.Available, v.Now.Available},
		{"pending", v.Opening.Pending, v.Closing.Pending, v.Now.Pending},
		{"reserved", v.Opening.Reserved, v.Closing.Reserved, v.Now.Reserved},
		{"total", v.Opening.Total, v.Closing.Total, v.Now.Total},
	} {
		t.add(row.name, f(row.opening), f(row.closing), f(row.now))
	}
	t.add("in transit", f(v.Opening.InTransit), f(v.Closing.InTransit), f(v.Now.InTransit))
	t.add("set aside for payouts", f(v.Opening.Payouts), f(v.Closing.Payouts), "")
	t.add("owed by the merchant", f(v.Opening.Receivable), f(v.Closing.Receivable), f(v.Now.Receivable))
	t.add("net", f(v.Opening.Net), f(v.Closing.Net), "")
	p.printf("%s\n", &t)
	t = table{left: 1}
	t.add("in the period", "entries", "amount")
	for _, s := range v.Figures {
		if s.Entries > 0 {
			t.add(words(s.Figure), number(s.Entries), f(s.Amount))
		}
	}
	t.add("net", "", f(v.Change))
	for _, s := range []settlex.FigureSum{v.Held, v.Released, v.Started, v.Ended} {
		if s.Entries > 0 {
			t.add(words(s.Figure), number(s.Entries), f(s.Amount))
		}
	}
	p.printf("%s", &t)
}

// words writes a figure for people.
func words(f payment.Figure) string { return strings.ReplaceAll(string(f), "_", " ") }

// standingJSON is what stood at the end of a day, as --format json prints it.
type standingJSON struct {
	Available  string `json:"available"`
	Pending    string `json:"pending"`
	Reserved   string `json:"reserved"`
	Total      string `json:"total"`
	InTransit  string `json:"in_transit"`
	Payouts    string `json:"payouts"`
	Receivable string `json:"receivable"`
	Net        string `json:"net"`
}

type figureJSON struct {
	Figure  payment.Figure `json:"figure"`
	Entries int            `json:"entries"`
	Amount  string         `json:"amount"`
}

type viewJSON struct {
	Merchant string        `json:"merchant_id"`
	Currency string        `json:"currency"`
	From     calendar.Date `json:"from"`
	To       calendar.Date `json:"to"`
	Now      balanceJSON   `json:"now"`
	Opening  standingJSON  `json:"opening"`
	Closing  standingJSON  `json:"closing"`
	Figures  []figureJSON  `json:"figures"`
	Change   string        `json:"change"`
	Reserves []figureJSON  `json:"reserves"`
	Transit  []figureJSON  `json:"transit"`
}

func viewsJSON(views []*settlex.View) []viewJSON {
	all := make([]viewJSON, len(views))
	for i, v := range views {
		c := v.Currency
		standing := func(s *settlex.Standing) standingJSON {
			return standingJSON{
				c.Format(s.Available), c.Format(s.Pending), c.Format(s.Reserved), c.Format(s.Total), c.Format(s.InTransit), c.Format(s.Payouts), c.Format(s.Receivable),
				c.Format(s.Net),
			}
		}
		sum := func(s settlex.FigureSum) figureJSON { return figureJSON{s.Figure, s.Entries, c.Format(s.Amount)} }
		all[i] = viewJSON{
			Merchant: v.Merchant, Currency: c.String(), From: v.From, To: v.To, Now: jsonOf(&v.Now),
			Opening: standing(&v.Opening), Closing: standing(&v.Closing), Change: c.Format(v.Change), Reserves: []figureJSON{sum(v.Held), sum(v.Released)},
			Transit: []figureJSON{sum(v.Started), sum(v.Ended)},
		}
		for _, s := range v.Figures {
			all[i].Figures = append(all[i].Figures, sum(s))
		}
	}
	return all
}

// printMovements prints the entries behind figures.
func (p *program) printMovements(ctx context.Context, engine *settlex.Engine, do *balanceFlags, queries []settlex.ViewQuery) error {
	if do.format != "table" {
		q := queries[0]
		format := report.CSV
		if do.format == "json" {
			format = report.JSON
		}
		_, err := report.Write(p.out, format, report.BalanceEntrySchema(), q.Currency, func(yield func(report.BalanceEntry, error) bool) {
			for m, err := range engine.Movements(ctx, q, do.figures()...) {
				if !yield(m.Row(&q), err) || err != nil {
					return
				}
			}
		})
		return err
	}
	for _, q := range queries {
		p.printf("%s, %s, %s to %s\n", q.Merchant, q.Currency, q.From, q.To)
		for m, err := range engine.Movements(ctx, q, do.figures()...) {
			if err != nil {
				return err
			}
			// One line at a time: there may be more of them than a table holds.
			p.printf("%s  %-16s  %16s  %s\n", m.ValueDate, words(m.Figure), figure(q.Currency, m.Amount), m.Entry)
			if p.out.err != nil {
				return nil
			}
		}
	}
	return nil
}
