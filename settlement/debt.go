package settlement

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// needDebt asks for the debt of the merchant that stands as a receivable.
func (c *closing) needDebt(s *ledger.State, n *ledger.Need) {
	b := &c.fixed
	n.Explore(func() {
		position, ok := s.Record(payment.PositionRef(b.Merchant, b.Currency)).(*payment.Position)
		if !ok || position.Debt == "" {
			return
		}
		n.Record(payment.DebtRef(position.Debt))
		n.Account(ledger.AccountID{Path: payment.MerchantReceivablePath(b.Merchant), Currency: b.Currency})
		n.Key(b.key("debt"))
	})
}

// recoverDebt takes a debt that stands as a receivable back out of what the batch would
// pay, as far as that goes, and forgets one of which nothing is left.
func (c *closing) recoverDebt(s *ledger.State, position *payment.Position) error {
	if position.Debt == "" {
		return nil
	}
	stored, ok := s.Record(payment.DebtRef(position.Debt)).(*payment.Debt)
	if !ok {
		return fmt.Errorf("%w: position of %s names debt %q, which is not there", ledger.ErrCorrupt, c.batch.Merchant, position.Debt)
	}
	if !stored.RecoverableBy(c.batch.Window.Closes, c.batch.Watermark.Before) {
		return nil
	}
	left, err := stored.Left()
	if err != nil {
		return err
	}
	funds, err := position.Carry.Add(c.batch.Totals.Net)
	if err != nil {
		return err
	}
	amount := money.Min(left, funds)
	if amount.Sign() <= 0 {
		return nil
	}
	debt := *stored
	if debt.Recovered, err = debt.Recovered.Add(amount); err != nil {
		return err
	}
	if amount == left {
		position.Debt = ""
	}
	s.Put(&debt)
	return c.restore(s, &debt, amount)
}

// restore books what is recovered of a debt and makes it a line.
func (c *closing) restore(s *ledger.State, debt *payment.Debt, amount money.Amount) error {
	b := &c.batch
	booked, err := c.book(s, payment.EntryDebtRestored, "debt",
		ledger.Dr(payment.AvailablePath(b.Merchant), amount, b.Currency), ledger.Cr(payment.MerchantReceivablePath(b.Merchant), amount, b.Currency))
	if err != nil {
		return err
	}
	at := b.Watermark.Before
	item := &payment.Item{
		Merchant: b.Merchant, Currency: b.Currency, Window: b.Window, Lane: booked.Lane, Seq: booked.Seq, Entry: booked.Key,
		BookedAt: at, OccurredAt: at, Category: payment.CategoryAdjustment, Type: string(payment.DebtRestored),
		SourceID: debt.ID, Gross: amount.Neg(), Net: amount.Neg(),
	}
	c.releases = append(c.releases, lateItem{item: item})
	return b.add(item)
}
