package settlement

import (
	"slices"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// charged are the events that the batch which is being closed may cost something for. What
// is turned into another currency is charged in its own, before.
func (c *closing) charged() []fees.Event {
	events := c.fixed.events()
	if c.fx != nil {
		events = append(slices.Clip(events), fees.EventFX)
	}
	return events
}

// fees gives back what a batch has cost that is canceled, or charges it again where it is
// paid after all. What was turned into another currency stays so, and so does the fee of
// that; the others are movements of their own in the currency they were charged in.
func (m *Move) fees(s *ledger.State, out *moved, back bool) error {
	b, e := out.batch, &m.Event
	if !b.Converted() {
		return out.fees(e, back)
	}
	for i := range b.Charges {
		if !b.mayReturn(&b.Charges[i]) {
			continue
		}
		if err := m.feeAlone(s, out, &b.Charges[i], back); err != nil {
			return err
		}
	}
	return nil
}

// mayReturn tells whether a charge goes back when the batch is canceled: what it cost to turn
// it into another currency does not, once that is done.
func (b *Batch) mayReturn(c *Charge) bool { return !b.Converted() || c.Event != fees.EventFX }

// Returned tells whether one of the batch's charges stands given back.
func (b *Batch) Returned(c *Charge) bool { return b.Status == Canceled && b.mayReturn(c) }

// feeAlone gives one back, or charges it again, in the batch's own currency.
func (m *Move) feeAlone(s *ledger.State, out *moved, charge *Charge, gives bool) error {
	b, e, typ := out.batch, &m.Event, payment.BatchFeeType(charge.Event)
	postings, err := payment.FeePostings(payment.AvailablePath(b.Merchant), payment.BatchIncome(charge.Event), &charge.Fee, b.Currency, gives)
	if err != nil || len(postings) == 0 {
		return err
	}
	schedule, pin, err := m.settles(s, b, b.Currency)
	if err != nil {
		return err
	}
	step, kind, fee, tax := "canceled.", payment.EntryFeeReturned, charge.Fee.Fee, charge.Tax
	if !gives {
		step, kind, fee, tax = "revived.", payment.EntryFeeRecharged, fee.Neg(), tax.Neg()
	}
	net, err := fee.Add(tax)
	if err != nil {
		return err
	}
	out.entries = append(out.entries, ledger.Entry{
		Key: b.key(step + typ), Kind: kind, Reference: e.RailRef, ValueDate: payment.DateUTC(e.OccurredAt), Owner: Owner, OrFirstOpen: true, Postings: postings,
	})
	out.backs = append(out.backs, back{len(out.entries) - 1, payment.Item{
		Merchant: b.Merchant, Currency: b.Currency, OccurredAt: e.OccurredAt, Window: pin, Manual: payment.ByHand(schedule),
		Category: payment.CategoryFee, Type: typ, SourceID: b.ID, ReasonCode: e.ReasonCode, Fee: fee, Tax: tax, TaxCode: payment.TaxCode(&charge.Fee), Net: net,
	}, schedule})
	return nil
}
