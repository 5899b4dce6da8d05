package main

import (
	"context"
	"encoding/json"
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
in transit: closed or requested, and not confirmed as paid. A negative available balance is owed by the merchant.`,
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
	balances, err := engine.Balances(ctx)
	if err != nil {
		return err
	}
	if merchant != "" {
		balances = slices.DeleteFunc(balances, func(b settlex.Balance) bool { return b.Merchant != merchant })
		if len(balances) == 0 {
			return fmt.Errorf("merchant %q has no account", merchant)
		}
	}
	if asJSON {
		return p.balancesJSON(balances)
	}
	t := table{left: 2}
	t.add("merchant", "currency", "available", "pending", "reserved", "total", "in transit")
	for _, b := range balances {
		c := b.Currency
		t.add(b.Merchant, c.String(), figure(c, b.Available), figure(c, b.Pending), figure(c, b.Reserved), figure(c, b.Total), figure(c, b.InTransit))
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
}

func (p *program) balancesJSON(balances []settlex.Balance) error {
	rows := make([]balanceJSON, len(balances))
	for i, b := range balances {
		c := b.Currency
		rows[i] = balanceJSON{
			b.Merchant, c.String(), c.Format(b.Available), c.Format(b.Pending), c.Format(b.Reserved), c.Format(b.Total), c.Format(b.InTransit),
		}
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	p.printf("%s\n", text)
	return nil
}
