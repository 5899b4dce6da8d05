package settlex

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Safeguard is what a region held for merchants in one currency at the end of a day,
// and what it owed. Amounts are minor units. It holds enough when Surplus is not
// negative.
type Safeguard struct {
	Region   string
	Currency money.Currency
	On       calendar.Date
	Until    time.Time // the instant the day ended; what was booked before it counts, UTC

	Escrow      money.Amount // the region's bank account
	Receivables money.Amount // what rails have captured and not paid to us
	Clearing    money.Amount // what schemes owe us of disputed money; what we owe them does not count
	Held        money.Amount // sum of the three

	Merchants money.Amount // sum over merchants of what each is owed, those who owe us counting as zero
	Debts     money.Amount // what merchants owe us, positive; it pays for nobody's money
	Payouts   money.Amount // on its way by rails to merchants and their payees, not confirmed
	Refunds   money.Amount // on its way by rails to payers, not confirmed
	Returns   money.Amount // came back by rails, not credited again
	Suspense  money.Amount // received and not explained
	Owed      money.Amount // sum of all but Debts

	Surplus money.Amount // Held - Owed; negative: that much is missing
}

// Short tells that what is held does not cover what is owed.
func (s *Safeguard) Short() bool { return s.Surplus.Sign() < 0 }

// Safeguarding tells what a region held and owed at the end of a day, for each of its
// currencies in order of their codes:
//
//	escrow + receivables of rails + debit dispute clearing >=
//	  sum over merchants of max(0, pending + available + reserves + payouts + settlements)
//	  + payouts, refunds and returns on their way by rails + suspense credit
//
// The day ends at midnight in the zone of the region's schedule. What counts is what
// was booked before that instant, whatever its value date: what a bank statement says
// later about the day does not change what was known at its end. Accounts of rails,
// which regions share, belong to the region that lists their currency.
//
// Errors: merchant.ErrNoRegion, ErrNotOver.
func (e *Engine) Safeguarding(ctx context.Context, region string, on calendar.Date) ([]Safeguard, error) {
	home := e.region(region)
	if home == nil {
		return nil, fmt.Errorf("safeguarding: %w %q", merchant.ErrNoRegion, region)
	}
	var accounts []ledger.Account
	var where places
	err := e.books.Read(ctx, func(r ledger.Reader) (err error) {
		if where, err = e.places(ctx, r); err != nil {
			return err
		}
		for account, err := range r.Accounts(ctx, "") {
			if err != nil {
				return err
			}
			if where.of(account.AccountID) == region {
				accounts = append(accounts, account)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("safeguarding of %s: %w", region, err)
	}
	g := &guarding{region: region, bank: home.Bank, on: on, where: where, found: make(map[money.Currency]*guarded)}
	for _, c := range home.Currencies {
		g.of(e, c)
	}
	for i := range accounts {
		if err := g.add(ctx, e, &accounts[i]); err != nil {
			return nil, fmt.Errorf("safeguarding of %s on %s: %w", region, on, err)
		}
	}
	return g.finish()
}

// guarded is a row that is being summed.
type guarded struct {
	Safeguard
	merchants map[string]money.Amount
}

type guarding struct {
	region, bank string
	on           calendar.Date
	where        places
	found        map[money.Currency]*guarded
}

func (g *guarding) of(e *Engine, c money.Currency) *guarded {
	if g.found[c] == nil {
		row := Safeguard{Region: g.region, Currency: c, On: g.on, Until: e.dayEnd(g.region, c, g.on)}
		g.found[c] = &guarded{Safeguard: row, merchants: make(map[string]money.Amount)}
	}
	return g.found[c]
}

// add counts what an account stood at when the day ended.
func (g *guarding) add(ctx context.Context, e *Engine, account *ledger.Account) error {
	row := g.of(e, account.Currency)
	into := row.place(account.Path, g.bank)
	owner := g.where.owner(account.Path)
	if into == nil && (owner == "" || account.Type != ledger.Liability) {
		return nil
	}
	if row.Until.After(e.now()) {
		return ErrNotOver
	}
	have, err := e.books.BalanceAt(ctx, account.Path, account.Currency, row.Until.Add(-time.Microsecond))
	if err != nil {
		return err
	}
	if into == nil {
		row.merchants[owner], err = row.merchants[owner].Add(have)
		return err
	}
	if into == &row.Clearing && have.Sign() < 0 { // what we owe schemes is no money held
		return nil
	}
	return addTo(into, have)
}

// place is the figure that an account counts in; nil: none by itself.
func (s *Safeguard) place(path, bank string) *money.Amount {
	first, rest, _ := strings.Cut(path, "/")
	_, last, _ := strings.Cut(rest, "/")
	switch {
	case path == payment.BankPath(bank):
		return &s.Escrow
	case first == "rails" && last == "receivable":
		return &s.Receivables
	case first == "disputes" && last == "clearing":
		return &s.Clearing
	case first == "rails" && last == "payouts":
		return &s.Payouts
	case first == "rails" && last == "refunds":
		return &s.Refunds
	case first == "rails" && last == "returns":
		return &s.Returns
	case first == "suspense" && last == "credit":
		return &s.Suspense
	}
	return nil
}

// finish sums up each currency, each merchant for itself.
func (g *guarding) finish() ([]Safeguard, error) {
	out := make([]Safeguard, 0, len(g.found))
	for _, row := range g.found {
		for _, owed := range row.merchants {
			into, amount := &row.Merchants, owed
			if owed.Sign() < 0 {
				into, amount = &row.Debts, owed.Neg()
			}
			if err := addTo(into, amount); err != nil {
				return nil, err
			}
		}
		s := row.Safeguard
		var err error
		if s.Held, err = money.Sum(s.Escrow, s.Receivables, s.Clearing); err != nil {
			return nil, err
		}
		if s.Owed, err = money.Sum(s.Merchants, s.Payouts, s.Refunds, s.Returns, s.Suspense); err != nil {
			return nil, err
		}
		if s.Surplus, err = s.Held.Sub(s.Owed); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Safeguard) int {
		return cmp.Or(a.Currency.Compare(b.Currency), cmp.Compare(a.Region, b.Region))
	})
	return out, nil
}
