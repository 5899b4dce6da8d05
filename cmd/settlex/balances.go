package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
)

func (p *program) balancesCommand() *cobra.Command {
	var merchant string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "balances",
		Short: "Print what merchants have",
		Long: `Balances prints, for each merchant and currency, what is available, what is pending, what is reserved, their total, and what is
in transit: closed or requested, and not confirmed as paid. A negative available balance is owed by the merchant; what he owes beside it, of
debts that stand as receivables and of invoices, is in no total: a column of its own has it where there is any.`,
		Example: `  settlex balances
  settlex balances --merchant m_in_kirana --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.within(cmd.Context(), func(s *session) error {
				return p.balances(cmd.Context(), s.engine, merchant, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "of one merchant, by its `ID`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, amounts as decimals in major units")
	return cmd
}

func (p *program) balances(ctx context.Context, engine *settlex.Engine, merchant string, asJSON bool) error {
	read := engine.Balances
	if merchant != "" {
		read = func(ctx context.Context) ([]settlex.Balance, error) { return engine.BalancesOf(ctx, merchant) }
	}
	balances, err := read(ctx)
	if err != nil {
		return err
	}
	if merchant != "" && len(balances) == 0 {
		return fmt.Errorf("merchant %q has no account", merchant)
	}
	if asJSON {
		return p.balancesJSON(balances)
	}
	t := table{left: 2}
	heading := []string{"merchant", "currency", "available", "pending", "reserved", "total", "in transit"}
	owing := slices.ContainsFunc(balances, func(b settlex.Balance) bool { return !b.Receivable.IsZero() })
	if owing {
		heading = append(heading, "owed")
	}
	t.add(heading...)
	for _, b := range balances {
		c := b.Currency
		row := []string{b.Merchant, c.String(), figure(c, b.Available), figure(c, b.Pending), figure(c, b.Reserved), figure(c, b.Total), figure(c, b.InTransit)}
		if owing {
			row = append(row, figure(c, b.Receivable))
		}
		t.add(row...)
	}
	p.printf("%s", &t)
	return nil
}

// balanceJSON is a balance as --json prints it.
type balanceJSON struct {
	Merchant  string `json:"merchant_id"`
	Currency  string `json:"currency"`
	Available string `json:"available"`
	Pending   string `json:"pending"`
	Reserved  string `json:"reserved"`
	Total     string `json:"total"`
	InTransit string `json:"in_transit"`
	Owed      string `json:"receivable"` // beside a negative available balance
}

func jsonOf(b *settlex.Balance) balanceJSON {
	c := b.Currency
	return balanceJSON{
		b.Merchant, c.String(), c.Format(b.Available), c.Format(b.Pending), c.Format(b.Reserved), c.Format(b.Total), c.Format(b.InTransit), c.Format(b.Receivable),
	}
}

func (p *program) balancesJSON(balances []settlex.Balance) error {
	rows := make([]balanceJSON, len(balances))
	for i := range balances {
		rows[i] = jsonOf(&balances[i])
	}
	return p.printJSON(rows)
}
