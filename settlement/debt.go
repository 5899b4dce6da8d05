package settlement

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// needDebt asks for the debt of the merchant that stands as a receivable.
func (c *closing) needDebt(s *ledger.State, n *ledger.Need) {
	b := &c.fixed
	receivable := ledger.AccountID{Path: payment.MerchantReceivablePath(b.Merchant), Currency: b.Currency}
	if c.schedule.Negative == merchant.NegativeDebit {
		n.Account(receivable)
		n.Record(payment.DebtRef(debitID(b.ID)))
		n.Key(b.key("debit"))
	}
	n.Explore(func() {
		position, ok := s.Record(payment.PositionRef(b.Merchant, b.Currency)).(*payment.Position)
		if !ok || position.Debt == "" {
			return
		}
		n.Record(payment.DebtRef(position.Debt))
		n.Account(receivable)
		n.Key(b.key("debt"))
		n.Key(b.key("paid_in"))
	})
}

// standing gives the debt of the position that stands as a receivable; nil: none does.
func (c *closing) standing(s *ledger.State, position *payment.Position) (*payment.Debt, error) {
	if position.Debt == "" {
		return nil, nil
	}
	stored, ok := s.Record(payment.DebtRef(position.Debt)).(*payment.Debt)
	if !ok {
		return nil, fmt.Errorf("%w: position of %s names debt %q, which is not there", ledger.ErrCorrupt, c.batch.Merchant, position.Debt)
	}
	return stored, nil
}

// recoverDebt takes a debt that stands as a receivable back out of what the batch would
// pay, as far as that goes, and forgets one of which nothing is left.
func (c *closing) recoverDebt(s *ledger.State, position *payment.Position) error {
	stored, err := c.standing(s, position)
	if err != nil || stored == nil || !stored.RecoverableBy(c.batch.Window.Closes, c.batch.Watermark.Before) {
		return err
	}
	left, err := stored.Left()
	if err != nil {
		return err
	}
	funds, err := position.Carry.Add(c.batch.Totals.Net)
	if err != nil {
		return err
	}
	return c.takeBack(s, position, stored, money.Min(left, funds), "debt")
}

// collectDebt has what was paid in go to what batches have made a receivable, as it would have
// had they been closed by then: before anything else, and also where that leaves less than
// nothing, unless that would become a receivable again.
func (c *closing) collectDebt(s *ledger.State, position *payment.Position) error {
	stored, err := c.standing(s, position)
	if err != nil || stored == nil {
		return err
	}
	amount := money.Min(position.Debited, c.paidIn)
	if c.schedule.Negative == merchant.NegativeDebit {
		funds, err := position.Carry.Add(c.batch.Totals.Net)
		if err != nil {
			return err
		}
		amount = money.Min(amount, funds)
	}
	return c.takeBack(s, position, stored, amount, "paid_in")
}

// takeBack takes an amount of a debt back out of what the batch has; nothing, where that is
// nothing or less.
func (c *closing) takeBack(s *ledger.State, position *payment.Position, stored *payment.Debt, amount money.Amount, step string) (err error) {
	if amount.Sign() <= 0 {
		return nil
	}
	debt := *stored
	if debt.Recovered, err = debt.Recovered.Add(amount); err != nil {
		return err
	}
	if err := position.Stands(&debt); err != nil {
		return err
	}
	s.Put(&debt)
	return c.restore(s, &debt, amount, step)
}

// debit makes what the merchant lacks a receivable, where the schedule says so: what is
// carried is nothing then.
func (c *closing) debit(s *ledger.State, position *payment.Position) error {
	if c.schedule.Negative != merchant.NegativeDebit {
		return nil
	}
	total, err := position.Carry.Add(c.batch.Totals.Net)
	if err != nil || total.Sign() >= 0 {
		return err
	}
	stored, err := c.standing(s, position)
	if err != nil {
		return err
	}
	b := &c.batch
	debt, err := payment.Debit(stored, payment.Facts{
		ID: debitID(b.ID), OccurredAt: b.Watermark.Before, Merchant: b.Merchant, Currency: b.Currency, Amount: total.Neg(), ReasonCode: ReasonNegative,
	})
	if err != nil {
		return err
	}
	if other := s.Record(debt.Ref()); stored == nil && other != nil {
		return fmt.Errorf("%w: debt %s is there, and batch %s is not closed", ledger.ErrCorrupt, debt.ID, b.ID)
	}
	if err := position.Stands(debt); err != nil {
		return err
	}
	s.Put(debt)
	booked, err := c.book(s, payment.EntryDebtReclassified, "debit",
		ledger.Dr(payment.MerchantReceivablePath(b.Merchant), total.Neg(), b.Currency), ledger.Cr(payment.AvailablePath(b.Merchant), total.Neg(), b.Currency))
	if err != nil {
		return err
	}
	return c.made(booked, payment.Item{
		Category: payment.CategoryAdjustment, Type: string(payment.DebtReclassified), SourceID: debt.ID, ReasonCode: ReasonNegative, Gross: total.Neg(),
	})
}

// unforeseen counts the windows behind the batch again, where they were counted without it: nothing was
// settled in its window, so no position knew of it. It may leave less than it was left, such as a balance
// that another schedule has kept and its own does not, and make a receivable of it.
func (c *closing) unforeseen(position *payment.Position) error {
	left := position.Carried()
	for i := range c.behind {
		var err error
		if left, err = c.behind[i].Leaves(left); err != nil {
			return err
		}
	}
	if len(c.behind) == 0 {
		return nil
	}
	position.Behind, position.Sure, position.Lacks = money.Min(position.Behind, left.Amount), false, money.Max(position.Lacks, left.Lack)
	if position.Low != nil {
		position.Low = new(money.Min(*position.Low, left.Low))
	}
	return nil
}

// ReasonNegative is why a batch makes what a merchant lacks a receivable, and why batches
// are held after one that came to less than nothing.
const ReasonNegative = "negative_balance"

// debitID names the debt that a batch makes.
func debitID(batch string) string { return "debit-" + batch }

// made has a movement that closing has booked be a line of its own. Net is computed; the
// caller gives what it is and its signed parts.
func (c *closing) made(booked ledger.Result, item payment.Item) (err error) {
	b, at := &c.batch, c.batch.Watermark.Before
	item.Merchant, item.Currency, item.Window = b.Merchant, b.Currency, b.Window
	item.Lane, item.Seq, item.Entry, item.BookedAt, item.OccurredAt = booked.Lane, booked.Seq, booked.Key, at, at
	if item.Net, err = money.Sum(item.Gross, item.Fee, item.Tax, item.Withholding, item.Reserve); err != nil {
		return err
	}
	c.releases = append(c.releases, lateItem{item: &item})
	return b.add(&item)
}

// restore books what is recovered of a debt and makes it a line.
func (c *closing) restore(s *ledger.State, debt *payment.Debt, amount money.Amount, step string) error {
	b := &c.batch
	booked, err := c.book(s, payment.EntryDebtRestored, step,
		ledger.Dr(payment.AvailablePath(b.Merchant), amount, b.Currency), ledger.Cr(payment.MerchantReceivablePath(b.Merchant), amount, b.Currency))
	if err != nil {
		return err
	}
	return c.made(booked, payment.Item{
		Category: payment.CategoryAdjustment, Type: string(payment.DebtRestored), SourceID: debt.ID, Gross: amount.Neg(),
	})
}
