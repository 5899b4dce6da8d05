package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

func (p *program) summaryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "summary",
		Short: "Sum up what was settled, by region",
		Long: `Summary prints, for each region and currency, what is in batches, what is in none yet, and both together; then the trial
balance. It proves the batch equation of every batch on the way.`,
		Example: `  settlex summary`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.within(cmd.Context(), func(s *session) error { return p.summary(cmd.Context(), s) })
		},
	}
}

// summary prints the tables of all regions and the trial balance.
func (p *program) summary(ctx context.Context, s *session) error {
	overview, err := s.engine.Overview(ctx)
	if err != nil {
		return err
	}
	trial, err := s.engine.Books().TrialBalance(ctx)
	if err != nil {
		return err
	}
	tables, err := overviewText(s.Rules.Book, overview)
	if err != nil {
		return err
	}
	p.printf("%s%s", tables, proofs(overview, trial))
	if !trial.Balanced() {
		return errors.New("the trial balance is not zero")
	}
	return nil
}

// overviewText shows a table of each region. Its columns add up from the top to
// a net, and from the left to all movements there are; one that does not is an
// error that wraps settlement.ErrEquation.
func overviewText(book *merchant.Book, overview []settlex.RegionSummary) (string, error) {
	var t table
	t.left = 1
	for i := range overview {
		s := &overview[i]
		t.add(regionTitle(book, s))
		t.add("")
		if err := t.region(s); err != nil {
			return "", fmt.Errorf("region %s, %s: %w", s.Region, s.Currency, err)
		}
		t.add("")
	}
	if len(overview) > 0 {
		t.add("Amounts in favour of merchants are positive. In no batch is what waits for a later window, and what")
		t.add("belongs to merchants who are settled by hand.")
		t.add("")
	}
	return t.String(), nil
}

func regionTitle(book *merchant.Book, s *settlex.RegionSummary) string {
	title := fmt.Sprintf("%s, %s: %s", regionName(book, s.Region), s.Currency, count(s.Batches, "batch", "batches"))
	if s.Batches == 0 {
		return title
	}
	return fmt.Sprintf("%s from %s to %s, %s carried forward", title, s.First, s.Last, number(s.Carried))
}

// region sets the figures of the batches beside those of what is in none.
func (t *table) region(s *settlex.RegionSummary) error {
	t.add("", "in batches", "in no batch", "together")
	t.add("movements", number(s.Batched.Movements), number(s.Unsettled.Movements), number(s.Batched.Movements+s.Unsettled.Movements))
	var batched, unsettled money.Amount
	for _, row := range figureRows() {
		if row.seldom && row.of(&s.Batched).IsZero() && row.of(&s.Unsettled).IsZero() {
			continue
		}
		if err := addTo(&batched, row.of(&s.Batched)); err != nil {
			return err
		}
		if err := addTo(&unsettled, row.of(&s.Unsettled)); err != nil {
			return err
		}
		if err := t.sum(s.Currency, row.label, row.of(&s.Batched), row.of(&s.Unsettled)); err != nil {
			return err
		}
	}
	if batched != s.Batched.Net || unsettled != s.Unsettled.Net {
		return fmt.Errorf("%w: the figures sum to %s and %s, the nets are %s and %s", settlement.ErrEquation,
			s.Currency.Format(batched), s.Currency.Format(unsettled), s.Currency.Format(s.Batched.Net), s.Currency.Format(s.Unsettled.Net))
	}
	t.add("", rule, rule, rule)
	if err := t.sum(s.Currency, "net", s.Batched.Net, s.Unsettled.Net); err != nil {
		return err
	}
	t.add("carry out", figure(s.Currency, s.CarriedOut.Neg()))
	t.add("", rule)
	t.add("paid to merchants", figure(s.Currency, s.Paid))
	paid, err := s.Batched.Net.Sub(s.CarriedOut)
	if err == nil && paid != s.Paid {
		err = fmt.Errorf("%w: net and carry out are %s, the batches pay %s", settlement.ErrEquation, s.Currency.Format(paid), s.Currency.Format(s.Paid))
	}
	return err
}

// sum adds a row of two amounts and their sum.
func (t *table) sum(c money.Currency, label string, a, b money.Amount) error {
	together, err := a.Add(b)
	t.add(label, figure(c, a), figure(c, b), figure(c, together))
	return err
}

// figureRow is a row of a region's table.
type figureRow struct {
	label  string
	of     func(*settlex.Figures) money.Amount
	seldom bool // left out where there is nothing of it
}

// figureRows lists the rows that sum to a net.
func figureRows() []figureRow {
	return []figureRow{
		{label: "payments", of: func(f *settlex.Figures) money.Amount { return f.Gross }},
		{label: "refunds", of: func(f *settlex.Figures) money.Amount { return f.Refunds }},
		{label: "disputes", of: func(f *settlex.Figures) money.Amount { return f.Disputes }},
		{label: "payouts", of: func(f *settlex.Figures) money.Amount { return f.Payouts }},
		{label: "batches put back", of: func(f *settlex.Figures) money.Amount { return f.PutBack }, seldom: true},
		{label: "adjustments", of: func(f *settlex.Figures) money.Amount { return f.Adjustments }, seldom: true},
		{label: "exchanged", of: func(f *settlex.Figures) money.Amount { return f.Exchanged }, seldom: true},
		{label: "fees", of: func(f *settlex.Figures) money.Amount { return f.Fees }},
		{label: "taxes on fees", of: func(f *settlex.Figures) money.Amount { return f.Taxes }},
		{label: "tax withheld", of: func(f *settlex.Figures) money.Amount { return f.Withheld }, seldom: true},
		{label: "reserve held", of: func(f *settlex.Figures) money.Amount { return f.Held }},
		{label: "reserve released", of: func(f *settlex.Figures) money.Amount { return f.Released }},
	}
}

func addTo(into *money.Amount, amount money.Amount) (err error) {
	*into, err = into.Add(amount)
	return err
}

func regionName(book *merchant.Book, id string) string {
	for i := range book.Regions {
		if book.Regions[i].ID == id && book.Regions[i].Name != "" {
			return book.Regions[i].Name
		}
	}
	return id
}

// proofs tells what the summary has proved.
func proofs(overview []settlex.RegionSummary, trial *ledger.TrialBalance) string {
	batches := 0
	for i := range overview {
		batches += overview[i].Batches
	}
	currencies := slices.SortedFunc(maps.Keys(trial.Totals), money.Currency.Compare)
	codes := make([]string, len(currencies))
	t := table{left: 2}
	for i, c := range currencies {
		codes[i] = c.String()
		total := trial.Totals[c]
		t.add(" ", c.String(), "debits", figure(c, total.Debit), "credits", figure(c, total.Credit))
	}
	text := fmt.Sprintf("batch equation holds for all %s\n", count(batches, "batch", "batches"))
	switch {
	case len(codes) == 0:
		text += "trial balance is empty\n"
	case trial.Balanced():
		text += fmt.Sprintf("trial balance is zero in %s\n", strings.Join(codes, ", "))
	default:
		text += "trial balance is NOT zero\n"
	}
	return text + t.String()
}
