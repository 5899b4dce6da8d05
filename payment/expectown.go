package payment

import (
	"context"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Classes of accounts that are expected together, as the chart writes them: which bank
// account, or under which code, is the configuration's word of that day.
const (
	banks     = "bank/{account}"
	inputTaxs = "input_tax/{code}"
)

// Cash adds to what all bank accounts are expected to hold in a currency.
func (x Expected) Cash(c money.Currency, amounts ...money.Amount) error {
	return x.Add(banks, c, amounts...)
}

// paid adds what came through a rail, which takes it off what it owes us, or else
// through the bank.
func (x Expected) paid(rail string, netted bool, c money.Currency, amount money.Amount) error {
	if netted {
		return x.Add(receivablePath(rail), c, amount)
	}
	return x.Cash(c, amount)
}

// pools expects fixed and minimum reserves.
func (x Expected) pools(ctx context.Context, r ledger.Reader) error {
	return every(ctx, r, PoolRecord, func(p *Pool) error {
		return x.Add(PoolPath(p.Merchant, p.Kind), p.Currency, p.Built, p.Released.Neg())
	})
}

// disputes expects what is on its way between schemes and us, and what they have moved.
func (x Expected) disputes(ctx context.Context, r ledger.Reader) error {
	return every(ctx, r, DisputeRecord, func(d *Dispute) error {
		left, err := d.clearing()
		if err == nil {
			err = x.Add(clearingPath(d.Rail), d.Currency, left)
		}
		if err == nil {
			err = x.paid(d.Rail, d.Debited.Netted, d.Currency, d.Debited.Amount.Neg())
		}
		if err == nil {
			err = x.paid(d.Rail, d.Credited.Netted, d.Currency, d.Credited.Amount)
		}
		return err
	})
}

// railPayments expects what rails have paid us, less what they kept of it.
func (x Expected) railPayments(ctx context.Context, r ledger.Reader) error {
	return every(ctx, r, RailRecord, func(p *RailSettlement) error {
		err := x.Add(receivablePath(p.Rail), p.Currency, p.Amount.Neg())
		if err == nil {
			err = x.Cash(p.Currency, p.Amount, p.Cost.Neg(), p.CostTax.Neg())
		}
		if err == nil {
			err = x.Add(railCostExpense, p.Currency, p.Cost)
		}
		if err == nil {
			err = x.Add(inputTaxs, p.Currency, p.CostTax)
		}
		return err
	})
}

// railCharges expects what rails will ask for, less what they have asked for.
func (x Expected) railCharges(ctx context.Context, r ledger.Reader) error {
	err := every(ctx, r, RailCostRecord, func(c *RailCost) error {
		if err := x.Add(railCostExpense, c.Currency, c.Amount); err != nil {
			return err
		}
		return x.Add(payablePath(c.Rail), c.Currency, c.Amount)
	})
	if err != nil {
		return err
	}
	return every(ctx, r, RailInvoiceRecord, func(i *RailInvoice) error {
		total, err := i.Amount.Add(i.CostTax)
		if err == nil {
			err = x.paid(i.Rail, i.Status == Netted, i.Currency, total.Neg())
		}
		if err == nil {
			err = x.Add(payablePath(i.Rail), i.Currency, i.Amount.Neg())
		}
		if err == nil {
			err = x.Add(inputTaxs, i.Currency, i.CostTax)
		}
		return err
	})
}

// bankLines expects what waits in suspense, and what of it is settled for good.
func (x Expected) bankLines(ctx context.Context, r ledger.Reader) error {
	return every(ctx, r, BankLineRecord, func(b *BankLine) error {
		moved := b.Amount
		if b.Debit {
			moved = moved.Neg()
		}
		switch last := b.Steps[len(b.Steps)-1].Kind; {
		case b.Status == Kept:
			return x.Add(b.suspense(), b.Currency, b.Amount)
		case b.Status == Unexplained:
			if err := x.Add(b.suspense(), b.Currency, b.Amount); err != nil {
				return err
			}
			return x.Cash(b.Currency, moved)
		case last == BankOwnerPaid:
			return x.Cash(b.Currency, b.Amount.Neg())
		case last == BankCharged:
			if err := x.Add(bankCharges, b.Currency, b.Amount); err != nil {
				return err
			}
			return x.Cash(b.Currency, moved)
		}
		return nil
	})
}

// ownMoney expects what is no merchant's: fees moved to our own account, which is a
// bank account too, and what was there before the books.
func (x Expected) ownMoney(ctx context.Context, r ledger.Reader) error {
	err := every(ctx, r, FeeTransferRecord, func(f *FeeTransfer) error {
		return x.Add(operating, f.Currency, f.Amount)
	})
	if err != nil {
		return err
	}
	return every(ctx, r, OpeningRecord, func(o *Opening) error {
		if err := x.Cash(o.Currency, o.Amount); err != nil {
			return err
		}
		return x.Add(openingPath(o.Currency), o.Currency, o.Amount)
	})
}

// decided expects what adjustments and write-offs cost, and what merchants paid in.
func (x Expected) decided(ctx context.Context, r ledger.Reader) error {
	err := every(ctx, r, AdjustmentRecord, func(a *Adjustment) error {
		cost := a.Amount
		if a.Debit {
			cost = cost.Neg()
		}
		if a.Status != Approved {
			return nil
		}
		return x.Add(goodwillExpense, a.Currency, cost)
	})
	if err != nil {
		return err
	}
	err = every(ctx, r, WriteOffRecord, func(w *WriteOff) error {
		if w.Status != Approved {
			return nil
		}
		return x.Add(w.expense(), w.Currency, w.Amount)
	})
	if err != nil {
		return err
	}
	return every(ctx, r, TopUpRecord, func(t *TopUp) error { return x.Cash(t.Currency, t.Amount) })
}

// exchanges expects our exposure to currencies.
func (x Expected) exchanges(ctx context.Context, r ledger.Reader) error {
	return every(ctx, r, ExchangeRecord, func(e *Exchanged) error {
		if err := x.Add(fxPath(e.Sold), e.Sold, e.Amount); err != nil {
			return err
		}
		return x.Add(fxPath(e.Bought), e.Bought, e.Worth.Neg())
	})
}
