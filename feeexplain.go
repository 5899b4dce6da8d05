package settlex

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// ErrAmbiguous marks an id that several things have.
var ErrAmbiguous = errors.New("is ambiguous")

// feeEntries are the kinds of entry that are a fee, or a part of one.
func feeEntries() []string {
	return []string{
		payment.EntryDepositFee, payment.EntryFeeInvoiced, payment.EntryFeeCredited, payment.EntryFeeMinimum, payment.EntryRefundFee,
		payment.EntryFeeReturned, payment.EntryFeeRecharged, payment.EntryDisputeFee, payment.EntryBatchFee,
		payment.EntryPayout, payment.EntryPayoutDone, payment.EntryPayoutRevived, payment.EntryPayoutRejected, payment.EntryPayoutCanceled, payment.EntryPayoutFailed,
	}
}

// ExplainFee explains fees: of the entry with that key, or of the deposit, payout, refund, dispute or batch with that id, also
// written with what it is, as in "refund/r1". Several are explained where there are several.
//
// Errors: payment.ErrUnknown; payment.ErrNoFee for an entry that is none and for what cost nothing; ErrAmbiguous.
func (e *Engine) ExplainFee(ctx context.Context, what string) (all []payment.PricedFee, err error) {
	kind, id, step, err := e.feeOf(ctx, what)
	if err != nil {
		return nil, fmt.Errorf("explain fee: %w", err)
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		record, err := feeRecord(ctx, r, kind, id)
		if err != nil {
			return fmt.Errorf("%q %w", what, err)
		}
		if b, ok := record.(*settlement.Batch); ok {
			all, err = e.explainBatch(ctx, r, b)
			return err
		}
		all, err = e.rules.ExplainFee(record, func(ref ledger.Ref) (ledger.Record, error) { return recordOf(ctx, r, ref) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("explain fee: %w", err)
	}
	if kind == payment.RefundRecord && step != "" { // its own fee, or what went back of the deposit's
		own := strings.Contains(step, "refund_fee")
		all = slices.DeleteFunc(all, func(f payment.PricedFee) bool { return (f.Kind == payment.RefundRecord) != own })
	}
	return all, nil
}

// feeOf finds what is meant: the kind of a record, empty if nobody says, its id, and the step of an entry's key.
func (e *Engine) feeOf(ctx context.Context, what string) (kind, id, step string, err error) {
	kind, rest, named := strings.Cut(what, "/")
	if !named {
		return "", what, "", nil
	}
	entry, ok, err := e.books.Entry(ctx, what)
	switch {
	case err != nil:
		return "", "", "", err
	case !ok:
		return kind, rest, "", nil
	case !slices.Contains(feeEntries(), entry.Kind):
		return "", "", "", fmt.Errorf("entry %s is a %s, and %w", what, entry.Kind, payment.ErrNoFee)
	}
	last := strings.LastIndexByte(rest, '/')
	if kind != payment.FeeMonthRecord { // whose ids have more parts, and whose entries one step
		last = strings.IndexByte(rest, '/')
	}
	if last < 0 {
		return "", "", "", fmt.Errorf("entry %s %w that anything knows", what, payment.ErrNoFee)
	}
	return kind, rest[:last], rest[last+1:], nil
}

// feeRecord finds the record of an id, among all kinds that are charged where none is named.
func feeRecord(ctx context.Context, r ledger.Reader, kind, id string) (found ledger.Record, err error) {
	kinds := map[string][]string{
		payment.DepositRecord: {payment.DepositRecord}, payment.PayoutRecord: {payment.PayoutRecord}, payment.RefundRecord: {payment.RefundRecord},
		payment.DisputeRecord: {payment.DisputeRecord}, payment.FeeMonthRecord: {payment.FeeMonthRecord, payment.FeeMonthDoneRecord},
		"settlement": {settlement.BatchRecord}, settlement.BatchRecord: {settlement.BatchRecord},
		"": {payment.DepositRecord, payment.PayoutRecord, payment.RefundRecord, payment.DisputeRecord, settlement.BatchRecord},
	}[kind]
	for _, k := range kinds {
		record, err := recordOf(ctx, r, ledger.Ref{Kind: k, ID: id})
		switch {
		case err != nil:
			return nil, err
		case record != nil && found != nil:
			return nil, fmt.Errorf("%w: it is %s and %s", ErrAmbiguous, found.Ref(), record.Ref())
		case record != nil:
			found = record
		}
	}
	if found == nil {
		return nil, fmt.Errorf("is %w: no entry has that key, and no deposit, payout, refund, dispute or batch that id", payment.ErrUnknown)
	}
	return found, nil
}

// recordOf reads one record; nil: there is none.
func recordOf(ctx context.Context, r ledger.Reader, ref ledger.Ref) (ledger.Record, error) {
	for record, err := range r.Records(ctx, ref.Kind, ref.ID, "") {
		if err != nil || record.Ref() != ref {
			return nil, err
		}
		return record, nil // an id comes before those that begin with it
	}
	return nil, nil
}

// explainBatch gives what a batch was charged itself.
func (e *Engine) explainBatch(ctx context.Context, r ledger.Reader, b *settlement.Batch) (all []payment.PricedFee, err error) {
	found, err := recordOf(ctx, r, payment.MerchantRef(b.Merchant))
	if err != nil {
		return nil, err
	}
	scope := merchant.Scope{Merchant: b.Merchant, Currency: b.Currency}
	if m, ok := found.(*payment.Merchant); ok {
		if scope, err = e.rules.Book.Case(&m.Merchant, b.Currency, ""); err != nil {
			return nil, err
		}
	}
	for i := range b.Charges {
		charge, back := &b.Charges[i], &payment.GivenBack{}
		if b.Returned(charge) {
			back = &payment.GivenBack{Fee: charge.Fee.Fee, Taxes: charge.Taxes}
		}
		q := fees.Query{Merchant: scope.Merchant, Region: scope.Region, Currency: b.Currency, Event: charge.Event, On: b.Window.BusinessDate}
		all = append(all, payment.PricedFee{
			Kind: "settlement", ID: b.ID, Currency: b.Currency, Query: q, Candidates: e.rules.Fees.Candidates(q), Fee: charge.Fee, Back: back,
		})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("batch %s %w of its own", b.ID, payment.ErrNoFee)
	}
	return all, nil
}
