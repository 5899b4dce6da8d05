package settlement

import (
	"fmt"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Charge is what a batch costs for one event, with its explanation. Its base is the net
// that would be paid without it.
type Charge struct {
	Event fees.Event `json:"event"` // settlement, instant or fx
	fees.Fee
}

// events are what the batch may be charged for.
func (b *Batch) events() []fees.Event {
	if b.Kind == Instant {
		return []fees.Event{fees.EventSettlement, fees.EventInstant}
	}
	return []fees.Event{fees.EventSettlement}
}

// needCharges asks for the accounts of what the batch may cost.
func (c *closing) needCharges(n *ledger.Need) {
	if c.rules == nil {
		return
	}
	b := &c.fixed
	for _, event := range c.charged() {
		fee, ok, err := c.rules.PriceBatch(c.scope, event, money.Minor(0), b.Window.BusinessDate)
		if err != nil || !ok {
			continue
		}
		n.Account(ledger.AccountID{Path: payment.BatchIncome(event), Currency: b.Currency})
		for _, tax := range fee.Taxes {
			n.Account(ledger.AccountID{Path: payment.TaxPath(tax.Code), Currency: b.Currency})
		}
		n.Key(b.key(payment.BatchFeeType(event)))
	}
}

// charge takes what the batch costs out of what it would pay. One that would not pay enough
// after that pays nothing, and costs nothing; the window's of a merchant who is leaving pays
// all the same, for no other one will, and costs nothing.
func (c *closing) charge(s *ledger.State, position *payment.Position) error {
	if c.rules == nil {
		return nil
	}
	p, err := c.payable(position)
	if err != nil || !c.suffices(p.pays) {
		return err
	}
	var charges []Charge
	left := p.pays
	for _, event := range c.charged() {
		fee, ok, err := c.rules.PriceBatch(c.scope, event, p.pays, c.batch.Window.BusinessDate)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		total, err := fee.Total()
		if err != nil {
			return err
		}
		if left, err = left.Sub(total); err != nil {
			return err
		}
		charges = append(charges, Charge{Event: event, Fee: fee})
	}
	if !c.suffices(left) {
		c.short = !c.last || c.demand != nil
		return nil
	}
	for i := range charges {
		if err := c.take(&charges[i]); err != nil {
			return err
		}
		if err := c.takeFee(s, &charges[i]); err != nil {
			return err
		}
	}
	return nil
}

// take keeps a charge with the batch.
func (c *closing) take(charge *Charge) error {
	if err := charge.Check(); err != nil {
		return fmt.Errorf("batch %s: %w", c.batch.ID, err)
	}
	c.batch.Charges = append(c.batch.Charges, *charge)
	return nil
}

// takeFee books a charge and makes it a line. One of nothing is neither.
func (c *closing) takeFee(s *ledger.State, charge *Charge) error {
	b, typ := &c.batch, payment.BatchFeeType(charge.Event)
	postings, err := payment.FeePostings(payment.AvailablePath(b.Merchant), payment.BatchIncome(charge.Event), &charge.Fee, b.Currency, false)
	if err != nil || len(postings) == 0 {
		return err
	}
	booked, err := c.book(s, payment.EntryBatchFee, typ, postings...)
	if err != nil {
		return err
	}
	return c.made(booked, payment.Item{
		Category: payment.CategoryFee, Type: typ, SourceID: b.ID, Fee: charge.Fee.Fee.Neg(), Tax: charge.Tax.Neg(), TaxCode: payment.TaxCode(&charge.Fee),
	})
}

// checkCharges proves each charge, and that what the batch would have paid without them is
// its net and all of them.
func (b *Batch) checkCharges() error {
	base := b.Net
	for i := range b.Charges {
		charge := &b.Charges[i]
		total, err := charge.Total()
		if err == nil {
			err = charge.Check()
		}
		if err == nil {
			base, err = base.Add(total)
		}
		if err != nil {
			return fmt.Errorf("%w: batch %s: %w", ErrEquation, b.ID, err)
		}
	}
	for i := range b.Charges {
		if have, c := b.Charges[i].Base, b.Currency; have != base {
			return fmt.Errorf("%w: batch %s: net and charges come to %s, the %s is of %s", ErrEquation, b.ID, c.Format(base),
				payment.BatchFeeType(b.Charges[i].Event), c.Format(have))
		}
	}
	return nil
}

// costs tells what a batch was charged, as its own lines do.
func (b *Batch) costs() (all []string) {
	for i := range b.Charges {
		if fee := &b.Charges[i]; !fee.Fee.Fee.IsZero() || !fee.Tax.IsZero() {
			all = append(all, cost(payment.BatchFeeType(fee.Event), fee.Fee.Fee, fee.Tax))
		}
	}
	return all
}

// ownCost tells whether a line is what its batch cost.
func (l *Line) ownCost() bool { return l.Category == payment.CategoryFee && l.SourceID == l.Batch }

func cost(typ string, fee, tax money.Amount) string {
	return fmt.Sprintf("%s of %s and tax %s", typ, fee, tax)
}

// fees gives back what a batch has cost that is canceled, or charges it again where it is
// paid after all: as parts of the last entry, and of the movement that comes with it.
func (o *moved) fees(e *payment.Event, back bool) error {
	b, of, step, kind := o.batch, o.entries[len(o.entries)-1].Key, "canceled.", payment.EntryFeeReturned
	if !back {
		step, kind = "revived.", payment.EntryFeeRecharged
	}
	for i := range b.Charges {
		charge := &b.Charges[i]
		postings, err := payment.FeePostings(payment.AvailablePath(b.Merchant), payment.BatchIncome(charge.Event), &charge.Fee, b.Currency, back)
		if err != nil {
			return err
		}
		if len(postings) > 0 {
			o.entries = append(o.entries, ledger.Entry{
				Key: b.key(step + payment.BatchFeeType(charge.Event)), Kind: kind, PartOf: of, Reference: e.RailRef,
				ValueDate: payment.DateUTC(e.OccurredAt), Owner: Owner, OrFirstOpen: true, Postings: postings,
			})
		}
	}
	return b.addFees(&o.backs[len(o.backs)-1].item, back)
}

// addFees adds what a batch has cost to the movement that puts its net back, or takes it
// out again.
func (b *Batch) addFees(item *payment.Item, back bool) (err error) {
	all := make([]*fees.Fee, len(b.Charges))
	for i := range b.Charges {
		charge := &b.Charges[i]
		all[i] = &charge.Fee
		fee, tax := charge.Fee.Fee, charge.Tax
		if !back {
			fee, tax = fee.Neg(), tax.Neg()
		}
		if item.Fee, err = item.Fee.Add(fee); err != nil {
			return err
		}
		if item.Tax, err = item.Tax.Add(tax); err != nil {
			return err
		}
	}
	item.TaxCode = payment.TaxCode(all...)
	item.Net, err = money.Sum(item.Gross, item.Fee, item.Tax)
	return err
}
