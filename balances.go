package settlex

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Balance is what a merchant has in one currency, in minor units.
type Balance struct {
	Merchant   string
	Currency   money.Currency
	Available  money.Amount // may be settled or paid out; negative when the merchant owes us
	Pending    money.Amount // captured, not available yet
	Reserved   money.Amount // withheld against risk
	InTransit  money.Amount // in batches and payouts that are closed or requested and not confirmed as paid
	Receivable money.Amount // owed by the merchant beside a negative available balance
	Total      money.Amount // available + pending + reserved
}

// Balances lists the balance of every merchant and currency with an account,
// ordered by merchant and currency.
func (e *Engine) Balances(ctx context.Context) (all []Balance, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all, err = balancesIn(ctx, r, "")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("balances: %w", err)
	}
	return all, nil
}

// BalancesOf lists the balances of one merchant by currency.
func (e *Engine) BalancesOf(ctx context.Context, merchant string) (all []Balance, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all, err = balancesIn(ctx, r, merchant)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("balances of %s: %w", merchant, err)
	}
	return all, nil
}

// balancesIn reads the balances of a merchant, or of all.
func balancesIn(ctx context.Context, r ledger.Reader, merchant string) ([]Balance, error) {
	found, err := accountsIn(ctx, r, merchant)
	if err != nil {
		return nil, err
	}
	for i, err := range instructions(ctx, r, merchant) {
		if err == nil {
			err = addTo(&found.of(i.merchant, i.paidIn).InTransit, i.now)
		}
		if err != nil {
			return nil, err
		}
	}
	out := make([]Balance, 0, len(found))
	for _, b := range found {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Merchant, b.Merchant), a.Currency.Compare(b.Currency))
	})
	return out, nil
}

// holdings are balances by whose they are.
type holdings map[holding]*Balance

func (h holdings) of(merchant string, c money.Currency) *Balance {
	whose := holding{merchant, c}
	if h[whose] == nil {
		h[whose] = &Balance{Merchant: merchant, Currency: c}
	}
	return h[whose]
}

// accountsIn reads what stands on the accounts of a merchant, or of all.
func accountsIn(ctx context.Context, r ledger.Reader, merchant string) (holdings, error) {
	found := make(holdings)
	prefix := "merchants/"
	if merchant != "" {
		prefix += merchant + "/"
	}
	for account, err := range r.Accounts(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		m, part, _ := payment.MerchantOf(account.Path)
		posted, err := account.Posted()
		if err != nil {
			return nil, err
		}
		if err := found.of(m, account.Currency).add(part, posted); err != nil {
			return nil, err
		}
	}
	for _, b := range found {
		var err error
		if b.Total, err = money.Sum(b.Available, b.Pending, b.Reserved); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (b *Balance) add(part string, amount money.Amount) error {
	switch part {
	case "available":
		return addTo(&b.Available, amount)
	case "pending":
		return addTo(&b.Pending, amount)
	case "receivable":
		return addTo(&b.Receivable, amount)
	case "payouts":
		return nil // what is in transit of it is counted from the payouts themselves
	default:
		return addTo(&b.Reserved, amount)
	}
}

func addTo(into *money.Amount, amount money.Amount) error {
	sum, err := into.Add(amount)
	*into = sum
	return err
}
