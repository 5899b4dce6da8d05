package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// checkFlags say what to check and how to print it.
type checkFlags struct {
	region       string
	on, from     dateFlag
	safeguarding bool
	strict, json bool
	limits       payment.Limits
}

func (p *program) checkCommand() *cobra.Command {
	var do checkFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Hold the books against the chart of accounts",
		Long: `Check prints, for each region, currency and rule of the chart of accounts, what there is and what there should be. A rule that is
broken is a fault of the books: exit code 1. An alarm is for people: a rail has not paid for long, a bank account is overdrawn, nobody explains a
bank line. It is printed, and with --strict it is a failure too. As of the end of an earlier day, only rules are looked at that need no records.
With --safeguarding it prints what each region held for merchants at the end of each day, and what it owed; a shortfall is an alarm.`,
		Example: `  settlex check
  settlex check --region IN --strict
  settlex check --safeguarding --from 2026-03-01 --on 2026-03-31`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !do.from.IsZero() && (!do.safeguarding || do.on.IsZero() || do.from.After(do.on.Date)) {
				return misused(cmd, errors.New("--from goes with --safeguarding and a later --on"))
			}
			if do.limits.Receivable < 0 || do.limits.Suspense < 0 {
				return misused(cmd, fmt.Errorf("--receivable-days %d and --suspense-days %d must not be below 0", do.limits.Receivable, do.limits.Suspense))
			}
			return p.within(cmd.Context(), func(s *session) error {
				if do.safeguarding {
					return p.safeguarding(cmd.Context(), s, &do)
				}
				return p.check(cmd.Context(), s.engine, &do)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&do.region, "region", "", "of one region, by its `ID`")
	flags.Var(&do.on, "on", "as of the end of a `DATE`, by the clocks of each region")
	flags.BoolVar(&do.safeguarding, "safeguarding", false, "print what is held for merchants, and what is owed")
	flags.Var(&do.from, "from", "with --safeguarding: print each day from this `DATE`")
	flags.IntVar(&do.limits.Receivable, "receivable-days", 7, "how many `DAYS` a rail may take to pay")
	flags.IntVar(&do.limits.Suspense, "suspense-days", 1, "how many `DAYS` a bank line may stay unexplained")
	flags.BoolVar(&do.strict, "strict", false, "let an alarm be a failure too")
	flags.BoolVar(&do.json, "json", false, "print JSON, amounts as decimals in major units")
	return cmd
}

func (p *program) check(ctx context.Context, engine *settlex.Engine, do *checkFlags) error {
	checked, err := engine.Check(ctx, settlex.CheckOptions{Region: do.region, On: do.on.Date, Limits: do.limits})
	if err != nil {
		return err
	}
	if do.json {
		if err := p.printJSON(checkedJSON(checked)); err != nil {
			return err
		}
	} else {
		p.printChecked(checked)
	}
	broken, alarms := checked.Broken(), checked.Alarms()
	said := fmt.Sprintf("%s, %s", count(broken, "rule broken", "rules broken"), count(alarms, "alarm", "alarms"))
	if broken > 0 || do.strict && alarms > 0 {
		return errors.New("check: " + said)
	}
	if !do.json {
		p.sayf("%s\n", said)
	}
	return nil
}

// printChecked prints each rule's figures, then what does not hold.
func (p *program) printChecked(checked *settlex.Checked) {
	t := table{left: 5}
	t.add("region", "currency", "rule", "account", "says", "looked at", "have", "want", "difference")
	for i := range checked.Rows {
		r := &checked.Rows[i]
		t.add(or(r.Region, "-"), r.Currency.String(), r.Rule.ID, or(r.Rule.Account, "all"), verdict(&r.Rule, r.Failed == 0), number(r.Looked),
			ruleFigure(&r.Rule, r.Currency, r.Have), ruleFigure(&r.Rule, r.Currency, r.Want), ruleFigure(&r.Rule, r.Currency, r.Difference))
	}
	p.printf("%s", &t)
	for i := range checked.Findings {
		f := &checked.Findings[i]
		note := ""
		if f.Note != "" {
			note = " (" + f.Note + ")"
		}
		p.printf("%s: %s: %s: have %s, want %s, difference %s%s\n", verdict(f.Rule, false), about(f), f.Rule.Holds,
			ruleFigure(f.Rule, f.Currency, f.Have), ruleFigure(f.Rule, f.Currency, f.Wanted), ruleFigure(f.Rule, f.Currency, f.Difference), note)
	}
}

// about names what a finding is about.
func about(f *settlex.CheckFinding) string {
	switch {
	case f.Path == "":
		return f.Subject + " " + f.Currency.String()
	case f.Subject == "":
		return f.AccountID.String()
	}
	return f.AccountID.String() + ", " + f.Subject
}

func verdict(r *payment.Rule, holds bool) string {
	switch {
	case holds:
		return "holds"
	case r.Alarm:
		return "alarm"
	}
	return "broken"
}

// ruleFigure prints an amount, or a number where the rule counts.
func ruleFigure(r *payment.Rule, c money.Currency, a money.Amount) string {
	if r.Counts {
		return a.String()
	}
	return figure(c, a)
}

func or(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

// checkRowJSON is a rule's figures as --json prints them.
type checkRowJSON struct {
	Region     string `json:"region"`
	Currency   string `json:"currency"`
	Rule       string `json:"rule"`
	Account    string `json:"account,omitempty"`
	Holds      string `json:"holds"` // what must hold
	Says       string `json:"says"`  // holds, alarm or broken
	Looked     int    `json:"looked_at"`
	Have       string `json:"have"`
	Want       string `json:"want"`
	Difference string `json:"difference"`
}

// findingJSON is what does not hold as --json prints it.
type findingJSON struct {
	Region     string         `json:"region"`
	Rule       string         `json:"rule"`
	Says       string         `json:"says"`
	Account    string         `json:"account,omitempty"`
	Subject    string         `json:"subject,omitempty"`
	Currency   string         `json:"currency"`
	Have       string         `json:"have"`
	Want       string         `json:"want"`
	Difference string         `json:"difference"`
	Since      *calendar.Date `json:"since,omitempty"`
	Note       string         `json:"note,omitempty"`
}

type checkJSON struct {
	On       calendar.Date  `json:"on"`
	Broken   int            `json:"broken"`
	Alarms   int            `json:"alarms"`
	Rules    []checkRowJSON `json:"rules"`
	Findings []findingJSON  `json:"findings"`
}

func checkedJSON(checked *settlex.Checked) checkJSON {
	out := checkJSON{On: checked.On, Broken: checked.Broken(), Alarms: checked.Alarms(), Rules: []checkRowJSON{}, Findings: []findingJSON{}}
	text := func(r *payment.Rule, c money.Currency, a money.Amount) string {
		if r.Counts {
			return a.String()
		}
		return c.Format(a)
	}
	for i := range checked.Rows {
		r := &checked.Rows[i]
		c := r.Currency
		out.Rules = append(out.Rules, checkRowJSON{
			r.Region, c.String(), r.Rule.ID, r.Rule.Account, r.Rule.Holds, verdict(&r.Rule, r.Failed == 0), r.Looked,
			text(&r.Rule, c, r.Have), text(&r.Rule, c, r.Want), text(&r.Rule, c, r.Difference),
		})
	}
	for i := range checked.Findings {
		f := &checked.Findings[i]
		c := f.Currency
		row := findingJSON{
			Region: f.Region, Rule: f.Rule.ID, Says: verdict(f.Rule, false), Account: f.Path, Subject: f.Subject, Currency: c.String(),
			Have: text(f.Rule, c, f.Have), Want: text(f.Rule, c, f.Wanted), Difference: text(f.Rule, c, f.Difference), Note: f.Note,
		}
		if !f.Since.IsZero() {
			row.Since = &f.Since
		}
		out.Findings = append(out.Findings, row)
	}
	return out
}

func (p *program) printJSON(value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	p.printf("%s\n", text)
	return nil
}

// safeguardJSON is a row as --safeguarding --json prints it.
type safeguardJSON struct {
	Region      string        `json:"region"`
	Currency    string        `json:"currency"`
	On          calendar.Date `json:"on"`
	Until       string        `json:"until"`
	Escrow      string        `json:"escrow"`
	Receivables string        `json:"rail_receivables"`
	Clearing    string        `json:"dispute_clearing"`
	Held        string        `json:"held"`
	Merchants   string        `json:"merchants"`
	Debts       string        `json:"merchant_debts"`
	Payouts     string        `json:"rail_payouts"`
	Refunds     string        `json:"rail_refunds"`
	Returns     string        `json:"rail_returns"`
	Suspense    string        `json:"suspense_credit"`
	Owed        string        `json:"owed"`
	Surplus     string        `json:"surplus"`
	Short       bool          `json:"short"`
}

// safeguarding prints one row for each region, currency and day.
func (p *program) safeguarding(ctx context.Context, s *session, do *checkFlags) error {
	rows, err := safeguards(ctx, s, do)
	if err != nil {
		return err
	}
	short := 0
	for i := range rows {
		if rows[i].Short() {
			short++
		}
	}
	if do.json {
		err = p.printJSON(safeguardsJSON(rows))
	} else {
		p.printSafeguards(rows)
	}
	if err == nil && short > 0 && do.strict {
		err = fmt.Errorf("check: %s", count(short, "shortfall", "shortfalls"))
	}
	return err
}

// safeguards asks for each day and region. Without a date it is the last day that is
// over everywhere.
func safeguards(ctx context.Context, s *session, do *checkFlags) (rows []settlex.Safeguard, err error) {
	last := do.on.Date
	if last.IsZero() {
		last = s.engine.LastDay()
	}
	first := last
	if !do.from.IsZero() {
		first = do.from.Date
	}
	known := do.region == ""
	for i := range s.Rules.Book.Regions {
		id := s.Rules.Book.Regions[i].ID
		if do.region != "" && do.region != id {
			continue
		}
		known = true
		for day := first; !day.After(last); day = day.AddDays(1) {
			found, err := s.engine.Safeguarding(ctx, id, day)
			if err != nil {
				return nil, err
			}
			rows = append(rows, found...)
		}
	}
	if !known {
		return nil, fmt.Errorf("there is no region %q", do.region)
	}
	return rows, nil
}

func (p *program) printSafeguards(rows []settlex.Safeguard) {
	t := table{left: 3}
	t.add("region", "currency", "day", "escrow", "receivables", "clearing", "held", "merchants", "payouts", "refunds", "returns", "suspense", "owed", "surplus", "")
	for i := range rows {
		s := &rows[i]
		row := []string{s.Region, s.Currency.String(), s.On.String()}
		for _, a := range []money.Amount{
			s.Escrow, s.Receivables, s.Clearing, s.Held, s.Merchants, s.Payouts, s.Refunds, s.Returns, s.Suspense, s.Owed, s.Surplus,
		} {
			row = append(row, figure(s.Currency, a))
		}
		says := ""
		if s.Short() {
			says = "SHORT"
		}
		t.add(append(row, says)...)
	}
	p.printf("%s", &t)
}

func safeguardsJSON(rows []settlex.Safeguard) []safeguardJSON {
	out := make([]safeguardJSON, len(rows))
	for i := range rows {
		s := &rows[i]
		f := s.Currency.Format
		out[i] = safeguardJSON{
			Region: s.Region, Currency: s.Currency.String(), On: s.On, Until: instant(s.Until),
			Escrow: f(s.Escrow), Receivables: f(s.Receivables), Clearing: f(s.Clearing), Held: f(s.Held),
			Merchants: f(s.Merchants), Debts: f(s.Debts), Payouts: f(s.Payouts), Refunds: f(s.Refunds), Returns: f(s.Returns),
			Suspense: f(s.Suspense), Owed: f(s.Owed), Surplus: f(s.Surplus), Short: s.Short(),
		}
	}
	return out
}
