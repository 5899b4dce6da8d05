package ledger

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/money"
)

// TrialRow is one account of a trial balance. One of the two columns is zero.
type TrialRow struct {
	Account Account
	Debit   money.Amount // net debit balance, minor units
	Credit  money.Amount // net credit balance, minor units
}

// TrialBalance lists every account with its net balance, ordered by path and
// currency, and the sums of both columns per currency. The sums of a currency
// are equal in a sound ledger; Balanced says so.
type TrialBalance struct {
	Rows   []TrialRow
	Totals map[money.Currency]TrialTotal
}

// TrialTotal sums the columns of one currency.
type TrialTotal struct{ Debit, Credit money.Amount }

// Difference is debits - credits, zero in a sound ledger.
func (t TrialTotal) Difference() (money.Amount, error) { return t.Debit.Sub(t.Credit) }

// Balanced tells that debits equal credits in every currency.
func (t *TrialBalance) Balanced() bool {
	for _, total := range t.Totals {
		if total.Debit != total.Credit {
			return false
		}
	}
	return true
}

// TrialBalance reads the trial balance of one snapshot.
func (l *Ledger) TrialBalance(ctx context.Context) (*TrialBalance, error) {
	out := &TrialBalance{Totals: make(map[money.Currency]TrialTotal)}
	err := l.store.Read(ctx, func(r Reader) error {
		for account, err := range r.Accounts(ctx, "") {
			if err != nil {
				return err
			}
			if err := out.add(account); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("trial balance: %w", err)
	}
	return out, nil
}

func (t *TrialBalance) add(account Account) error {
	if err := account.sound(); err != nil {
		return err
	}
	net, err := account.Net(Debit)
	if err != nil {
		return err
	}
	row, total := TrialRow{Account: account}, t.Totals[account.Currency]
	if net.Sign() >= 0 {
		row.Debit = net
	} else {
		row.Credit = net.Neg()
	}
	if total.Debit, err = total.Debit.Add(row.Debit); err != nil {
		return err
	}
	if total.Credit, err = total.Credit.Add(row.Credit); err != nil {
		return err
	}
	t.Rows = append(t.Rows, row)
	t.Totals[account.Currency] = total
	return nil
}
