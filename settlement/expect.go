package settlement

import (
	"context"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Expect adds to what the records of payments say that accounts hold what batches
// say: each has its net on its own account until it is sent, then with its rail until
// it is confirmed; paid, it has left the bank. While the lines of a batch are still being written, which part of
// its merchant's movements is pending is not known: silent notes those accounts.
func Expect(ctx context.Context, r ledger.Reader, x payment.Expected, silent map[ledger.AccountID]bool) error {
	for b, err := range ledger.RecordsOf[*Batch](ctx, r, BatchRecord, "") {
		if err == nil {
			err = x.Add(payment.SettlementPath(b.ID), b.PaidIn(), b.Owed())
		}
		if err == nil {
			err = b.expectSent(x)
		}
		if out := b.PaidOut(); err == nil && !out.IsZero() {
			err = x.Cash(b.PaidIn(), out.Neg())
		}
		if err == nil && b.Converted() {
			err = b.expectFX(x)
		}
		if err != nil {
			return err
		}
		if b.Status == Closing {
			for _, path := range []string{payment.PendingPath(b.Merchant), payment.AvailablePath(b.Merchant)} {
				silent[ledger.AccountID{Path: path, Currency: b.Currency}] = true
			}
		}
	}
	return nil
}

// expectSent expects what is on its way on the accounts of the rails it was sent by.
func (b *Batch) expectSent(x payment.Expected) error {
	for _, p := range b.Pieces() {
		one := b.piece(p)
		if one.Sent().IsZero() {
			continue
		}
		if err := x.Add(payment.RailPayoutsPath(one.Rail()), b.PaidIn(), one.Sent()); err != nil {
			return err
		}
	}
	return nil
}

// expectFX expects what its net has become on the accounts of our exposure.
func (b *Batch) expectFX(x payment.Expected) error {
	if err := x.Add(payment.FXPath(b.Currency), b.Currency, b.Net); err != nil {
		return err
	}
	return x.Add(payment.FXPath(b.FX.Target), b.FX.Target, b.FX.Worth.Neg())
}

// Once visits, for each currency, how many movements there are in batches and in
// none against how many entries those are of: as many, when each is in one place.
func Once(ctx context.Context, r ledger.Reader, visit func(payment.Standing) error) error {
	heads, err := r.Heads(ctx)
	if err != nil {
		return err
	}
	v := &verifier{seen: make(map[uint16][]uint64, len(heads)), report: func(ledger.Finding) {}}
	for _, h := range heads {
		v.seen[h.Lane] = make([]uint64, h.Seq/64+1)
	}
	places, entries := make(map[money.Currency]int64), make(map[money.Currency]int64)
	count := func(i *payment.Item) {
		before := v.twice
		v.once("", i)
		places[i.Currency]++
		if v.twice == before {
			entries[i.Currency]++
		}
	}
	for i, err := range ledger.RecordsOf[*payment.Item](ctx, r, payment.ItemRecord, "") {
		if err != nil {
			return err
		}
		count(i)
	}
	for l, err := range ledger.RecordsOf[*Line](ctx, r, LineRecord, "") {
		if err != nil {
			return err
		}
		if l.Category != payment.CategoryCarry {
			count(&l.Item)
		}
	}
	for c, n := range places {
		want := money.Minor(entries[c])
		s := payment.Standing{AccountID: ledger.AccountID{Currency: c}, Subject: "movements", Have: money.Minor(n), Want: &want}
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}
