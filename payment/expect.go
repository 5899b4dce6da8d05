package payment

import (
	"context"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Expected is what records say that accounts hold, in minor units, posted, on the
// normal side. An account that is not in it has nothing, if a rule asks.
type Expected map[ledger.AccountID]money.Amount

// Add adds to what one account is expected to hold.
func (x Expected) Add(path string, c money.Currency, amounts ...money.Amount) error {
	id := ledger.AccountID{Path: path, Currency: c}
	sum, err := money.Sum(append(amounts, x[id])...)
	x[id] = sum
	return err
}

// Expect adds what the records of payments say. Settlement batches are package
// settlement's to add. Memory does not grow with the number of records.
func (x Expected) Expect(ctx context.Context, r ledger.Reader) error {
	for _, step := range []func(context.Context, ledger.Reader) error{
		x.movements, x.reserves, x.pools, x.payouts, x.refunds, x.disputes, x.deposits, x.receivables,
		x.railPayments, x.railCharges, x.bankLines, x.ownMoney, x.decided, x.exchanges,
	} {
		if err := step(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// every has something done with each record of a kind.
func every[T ledger.Record](ctx context.Context, r ledger.Reader, kind string, do func(T) error) error {
	for record, err := range ledger.RecordsOf[T](ctx, r, kind, "") {
		if err == nil {
			err = do(record)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// movements expects pending and available: what movements in no batch hold, the
// carry, and what has matured of one into the other.
func (x Expected) movements(ctx context.Context, r ledger.Reader) error {
	for i, err := range ledger.RecordsOf[*Item](ctx, r, ItemRecord, "") {
		if err == nil {
			err = x.Add(PendingPath(i.Merchant), i.Currency, i.Pending)
		}
		if err == nil {
			err = x.Add(AvailablePath(i.Merchant), i.Currency, i.Net, i.Pending.Neg())
		}
		if err != nil {
			return err
		}
	}
	for p, err := range ledger.RecordsOf[*Position](ctx, r, PositionRecord, "") {
		if err == nil {
			err = x.Add(PendingPath(p.Merchant), p.Currency, p.Matured.Neg())
		}
		if err == nil {
			err = x.Add(AvailablePath(p.Merchant), p.Currency, p.Carry, p.Matured)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x Expected) reserves(ctx context.Context, r ledger.Reader) error {
	for h, err := range ledger.RecordsOf[*Hold](ctx, r, HoldRecord, "") {
		if err != nil {
			return err
		}
		left, err := h.Left()
		if err == nil {
			err = x.Add(ReservePath(h.Merchant), h.Currency, left)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// payouts expects what stands for payouts with the merchant and with the rail. A
// queued one has no posting yet.
func (x Expected) payouts(ctx context.Context, r ledger.Reader) error {
	for p, err := range ledger.RecordsOf[*Payout](ctx, r, PayoutRecord, "") {
		if err != nil {
			return err
		}
		total, extra, err := p.total()
		if err != nil {
			return err
		}
		switch p.Status {
		case Completed:
			err = x.Cash(p.Currency, p.Amount.Neg())
		case Requested, Approved:
			err = x.Add(payoutsPath(p.Merchant), p.Currency, total)
		case Sent, Unknown:
			if err = x.Add(payoutsPath(p.Merchant), p.Currency, extra); err == nil {
				err = x.Add(railPayoutsPath(p.Rail), p.Currency, p.Amount)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x Expected) refunds(ctx context.Context, r ledger.Reader) error {
	for f, err := range ledger.RecordsOf[*Refund](ctx, r, RefundRecord, "") {
		switch {
		case err != nil:
		case f.Status == Pending || f.Status == Unknown:
			err = x.Add(railRefundsPath(f.Rail), f.Currency, f.Amount)
		case f.Status == Succeeded:
			err = x.paid(f.Rail, f.Netted, f.Currency, f.Amount.Neg())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deposits expects what rails captured of them, and what stands withheld.
func (x Expected) deposits(ctx context.Context, r ledger.Reader) error {
	for d, err := range ledger.RecordsOf[*Deposit](ctx, r, DepositRecord, "") {
		if err != nil {
			return err
		}
		if !d.CapturedAt().IsZero() && d.Status != Failed {
			if err := x.Add(receivablePath(d.Rail), d.Currency, d.Amount); err != nil {
				return err
			}
		}
		for i := range d.Withheld {
			w := &d.Withheld[i]
			if err := x.Add(withholdingPath(w.Code), d.Currency, w.Amount, w.Back.Neg()); err != nil {
				return err
			}
		}
	}
	return nil
}

// receivables expects debts that stand as receivables, and invoiced fees.
func (x Expected) receivables(ctx context.Context, r ledger.Reader) error {
	for d, err := range ledger.RecordsOf[*Debt](ctx, r, DebtRecord, "") {
		if err != nil {
			return err
		}
		left, err := d.Left()
		if err == nil && d.Status == Reclassified {
			err = x.Add(MerchantReceivablePath(d.Merchant), d.Currency, left)
		}
		if err != nil {
			return err
		}
	}
	for b, err := range ledger.RecordsOf[*Billing](ctx, r, BillingRecord, "") {
		if err != nil {
			return err
		}
		owed, err := b.Owed()
		if err == nil {
			err = x.Add(MerchantReceivablePath(b.Merchant), b.Currency, owed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Taken visits, for each deposit that something was refunded or disputed of, what
// stands so against what was captured: refunds and disputes together, or the larger
// of both where the rules let the same money be both. Memory grows with their number.
func Taken(ctx context.Context, r ledger.Reader, visit func(Standing) error) error {
	type taken struct{ refunded, disputed money.Amount }
	of := make(map[string]taken)
	for f, err := range ledger.RecordsOf[*Refund](ctx, r, RefundRecord, "") {
		if err == nil && f.Status != Failed && f.Status != Canceled {
			t := of[f.Parent]
			t.refunded, err = t.refunded.Add(f.Amount)
			of[f.Parent] = t
		}
		if err != nil {
			return err
		}
	}
	for d, err := range ledger.RecordsOf[*Dispute](ctx, r, DisputeRecord, "") {
		var stands money.Amount
		if err == nil {
			stands, err = d.Amount.Sub(d.Recovered)
		}
		if err == nil {
			t := of[d.Parent]
			t.disputed, err = t.disputed.Add(stands)
			of[d.Parent] = t
		}
		if err != nil {
			return err
		}
	}
	if len(of) == 0 {
		return nil
	}
	for d, err := range ledger.RecordsOf[*Deposit](ctx, r, DepositRecord, "") {
		if err != nil {
			return err
		}
		t, ok := of[d.ID]
		if !ok {
			continue
		}
		have, err := d.taken(t.refunded, t.disputed)
		if err != nil {
			return err
		}
		most, err := d.Amount.Add(d.Over)
		if err != nil {
			return err
		}
		s := Standing{AccountID: ledger.AccountID{Currency: d.Currency}, Subject: "deposit " + d.ID, Have: have, Want: &most}
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}

// Final visits each dispute that is decided, with what its scheme has yet to take (below
// zero) or to give back on the clearing account. One that is won and has been given
// nothing back waits for its scheme: Since is when it was decided. One of which the
// scheme may still take what it was lost for is not final, and passed over.
func Final(ctx context.Context, r ledger.Reader, visit func(Standing) error) error {
	return every(ctx, r, DisputeRecord, func(d *Dispute) error {
		if d.Status != Won && d.Status != Lost {
			return nil
		}
		have, err := d.clearing()
		if err != nil || have.Sign() < 0 && d.Debited.Amount.IsZero() {
			return err
		}
		s := Standing{AccountID: ledger.AccountID{Path: clearingPath(d.Rail), Currency: d.Currency}, Subject: "dispute " + d.ID, Have: have}
		if have.Sign() > 0 && d.Credited.Amount.IsZero() {
			s.Since = DateUTC(d.decided())
		}
		return visit(s)
	})
}

// clearing is what stands of the dispute on the clearing account, debits positive.
func (d *Dispute) clearing() (money.Amount, error) {
	return money.Sum(d.Amount.Neg(), d.Recovered, d.Debited.Amount, d.Credited.Amount.Neg())
}

// decided is when the dispute was won or lost.
func (d *Dispute) decided() (at time.Time) {
	for i := range d.Steps {
		if k := d.Steps[i].Kind; k == DisputeWon || k == DisputeLost {
			at = d.Steps[i].At
		}
	}
	return at
}
