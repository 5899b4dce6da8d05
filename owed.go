package settlex

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Owing is one thing that stands between a merchant and the platform.
type Owing struct {
	What     string // an account ("available", "reserve/rolling"), or what is on its way: "batch set_...", "payout p1", "dispute c1"
	Currency money.Currency
	Amount   money.Amount // minor units; what the platform owes the merchant, or for what is open may come to owe; negative: the merchant owes it
}

// Owed lists what is owed either way, now or by what is not decided yet: balances,
// batches and payouts that have not arrived, refunds nobody has confirmed, disputes
// that are open, adjustments and write-offs nobody has decided about, and deposits
// that have begun and may still be captured. Ordered by currency, then by what it
// is; none: the merchant is settled up.
func (e *Engine) Owed(ctx context.Context, merchant string) (owed []Owing, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		owed, err = owedIn(ctx, r, merchant)
		return err
	})
	return owed, err
}

func owedIn(ctx context.Context, r ledger.Reader, merchant string) (owed []Owing, err error) {
	for o, err := range owings(ctx, r, merchant) {
		if err != nil {
			return nil, err
		}
		owed = append(owed, o)
	}
	slices.SortFunc(owed, func(a, b Owing) int { return cmp.Or(a.Currency.Compare(b.Currency), cmp.Compare(a.What, b.What)) })
	return owed, nil
}

// owesAny tells whether anything is owed either way. It looks no further than the
// first thing.
func (e *Engine) owesAny(ctx context.Context, merchant string) (open bool, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		open = false
		for _, err := range owings(ctx, r, merchant) {
			open = err == nil
			return err
		}
		return nil
	})
	return open, err
}

// owings gives what is owed, what is cheap to find first: balances, and deposits last.
func owings(ctx context.Context, r ledger.Reader, merchant string) iter.Seq2[Owing, error] {
	parts := []iter.Seq2[Owing, error]{
		balancesOwed(ctx, r, merchant),
		openOf(ctx, r, settlement.BatchRecord, merchant, openBatch), openOf(ctx, r, payment.PayoutRecord, merchant, openPayout),
		openOf(ctx, r, payment.AdjustmentRecord, merchant, openAdjustment), openOf(ctx, r, payment.WriteOffRecord, merchant, openWriteOff),
		openOf(ctx, r, payment.DisputeRecord, merchant, openDispute), openOf(ctx, r, payment.RefundRecord, merchant, openRefund),
		openOf(ctx, r, payment.DepositRecord, merchant, openDeposit),
	}
	return func(yield func(Owing, error) bool) {
		for _, part := range parts {
			for o, err := range part {
				if !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}

// balancesOwed are the accounts of a merchant on which anything stands.
func balancesOwed(ctx context.Context, r ledger.Reader, merchant string) iter.Seq2[Owing, error] {
	return func(yield func(Owing, error) bool) {
		for account, err := range r.Accounts(ctx, "merchants/"+merchant+"/") {
			var credit money.Amount
			if err == nil {
				credit, err = account.Net(ledger.Credit)
			}
			if err == nil && credit.IsZero() {
				continue
			}
			_, part, _ := payment.MerchantOf(account.Path)
			if !yield(Owing{part, account.Currency, credit}, err) || err != nil {
				return
			}
		}
	}
}

// openOf are the records of a kind that are a merchant's and still open. Nothing is
// open of one that is over.
func openOf[T ledger.Record](
	ctx context.Context, r ledger.Reader, kind, merchant string, open func(T) (of string, c money.Currency, amount money.Amount),
) iter.Seq2[Owing, error] {
	return func(yield func(Owing, error) bool) {
		for record, err := range ledger.RecordsOf[T](ctx, r, kind, "") {
			if err != nil {
				yield(Owing{}, err)
				return
			}
			ref := record.Ref()
			of, c, amount := open(record)
			if of == merchant && !amount.IsZero() && !yield(Owing{ref.Kind + " " + ref.ID, c, amount}, nil) {
				return
			}
		}
	}
}

// openBatch: of one that was canceled or came back the net is in a later one.
func openBatch(b *settlement.Batch) (string, money.Currency, money.Amount) {
	if owed := b.Owed(); !owed.IsZero() {
		return b.Merchant, b.PaidIn(), owed
	}
	return b.Merchant, b.PaidIn(), b.Sent()
}

func openPayout(p *payment.Payout) (string, money.Currency, money.Amount) {
	return openFacts(&p.Facts, p.Status, payment.Requested, payment.Queued, payment.Approved, payment.Sent, payment.Unknown)
}

func openAdjustment(a *payment.Adjustment) (string, money.Currency, money.Amount) {
	of, c, amount := openFacts(&a.Facts, a.Status, payment.Requested)
	if a.Debit {
		amount = amount.Neg()
	}
	return of, c, amount
}

func openWriteOff(w *payment.WriteOff) (string, money.Currency, money.Amount) {
	return openFacts(&w.Facts, w.Status, payment.Requested)
}

func openDispute(d *payment.Dispute) (string, money.Currency, money.Amount) {
	return openFacts(&d.Facts, d.Status, payment.NeedsResponse, payment.UnderReview)
}

func openRefund(f *payment.Refund) (string, money.Currency, money.Amount) {
	return openFacts(&f.Facts, f.Status, payment.Pending, payment.Unknown)
}

func openDeposit(d *payment.Deposit) (string, money.Currency, money.Amount) {
	return openFacts(&d.Facts, d.Status, payment.Pending, payment.RequiresAction, payment.Authorized)
}

// openFacts is the amount of what stands in one of some statuses.
func openFacts(f *payment.Facts, status payment.Status, open ...payment.Status) (of string, c money.Currency, amount money.Amount) {
	if slices.Contains(open, status) {
		amount = f.Amount
	}
	return f.Merchant, f.Currency, amount
}
