package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/settlex/settlex/money"
)

// Line is one movement of an account's statement.
type Line struct {
	Entry   *Booked
	Debit   money.Amount // sum of the entry's debits on the account, minor units
	Credit  money.Amount // sum of the entry's credits on the account, minor units
	Balance money.Amount // posted balance after the movement, on the normal side
}

// Statement yields every movement of an account in booking order with its
// running balance. An account nothing was booked on has none.
func (l *Ledger) Statement(ctx context.Context, path string, currency money.Currency) iter.Seq2[Line, error] {
	id := AccountID{Path: path, Currency: currency}
	return func(yield func(Line, error) bool) {
		err := l.store.Read(ctx, func(r Reader) error {
			running := Balance{}
			for entry, err := range r.Movements(ctx, id, 1) {
				if err != nil {
					return err
				}
				line, err := l.line(entry, id, &running)
				if err != nil {
					return err
				}
				if !yield(line, nil) {
					return errStop
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(Line{}, fmt.Errorf("statement of %s: %w", id, err))
		}
	}
}

// errStop ends a snapshot whose reader has seen enough.
var errStop = errors.New("stop")

func (l *Ledger) line(entry *Booked, id AccountID, running *Balance) (Line, error) {
	line := Line{Entry: entry}
	before := *running
	for _, p := range entry.Postings {
		if p.ID() != id {
			continue
		}
		if err := running.add(p); err != nil {
			return Line{}, err
		}
	}
	pattern, ok := l.chart.Match(id.Path)
	if !ok {
		return Line{}, fmt.Errorf("%w: %s", ErrUnknownAccount, id.Path)
	}
	var err error
	if line.Debit, err = running.Debits.Sub(before.Debits); err != nil {
		return Line{}, err
	}
	if line.Credit, err = running.Credits.Sub(before.Credits); err != nil {
		return Line{}, err
	}
	line.Balance, err = running.Net(pattern.Type.Normal())
	return line, err
}

// add counts one posting.
func (b *Balance) add(p Posting) (err error) {
	if p.Side == Debit {
		b.Debits, err = b.Debits.Add(p.Amount)
	} else {
		b.Credits, err = b.Credits.Add(p.Amount)
	}
	return err
}

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
