package payment

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// BatchIncome is where the fee of an event of a batch goes: fees.EventSettlement or
// fees.EventInstant.
func BatchIncome(event fees.Event) string { return "income/" + BatchFeeType(event) }

// BatchFeeType is the type of the movement that takes the fee of such an event.
func BatchFeeType(event fees.Event) string { return string(event) + "_fee" }

// PriceBatch computes what an event of a batch that would pay a net costs on a business
// date, in minor units. Only schedules that name the event price it, and none that is for one
// method; where none does it costs nothing, and ok is false. Errors: those of fees.
func (r *Rules) PriceBatch(scope merchant.Scope, event fees.Event, net money.Amount, on calendar.Date) (fee fees.Fee, ok bool, err error) {
	schedule, err := r.prices().SelectNamed(fees.Query{
		Merchant: scope.Merchant, Region: scope.Region, Currency: scope.Currency, Event: event, On: on,
	})
	if err != nil || schedule == nil {
		return fees.Fee{}, false, err
	}
	if fee, err = schedule.Compute(net); err != nil {
		return fees.Fee{}, false, fmt.Errorf("fee schedule %s: %w", schedule.ID, err)
	}
	return fee, true, nil
}

// FeePostings take a fee and its taxes out of an account of a merchant, or with back give
// them back to it. Postings of zero are left out.
func FeePostings(account, income string, fee *fees.Fee, c money.Currency, back bool) ([]ledger.Posting, error) {
	total, err := fee.Total()
	if err != nil || total.IsZero() {
		return nil, err
	}
	out, in := ledger.Dr, ledger.Cr
	if back {
		out, in = in, out
	}
	var postings []ledger.Posting
	if !fee.Fee.IsZero() {
		postings = append(postings, in(income, fee.Fee, c))
	}
	for _, tax := range fee.Taxes {
		if !tax.Amount.IsZero() {
			postings = append(postings, in(taxPath(tax.Code), tax.Amount, c))
		}
	}
	own := out(account, total, c)
	if back { // debits come first
		return append(postings, own), nil
	}
	return append([]ledger.Posting{own}, postings...), nil
}

// TaxCode names the codes of the taxes of fees for a report, each once.
func TaxCode(of ...*fees.Fee) string {
	var lines []fees.TaxLine
	for _, fee := range of {
		for _, line := range fee.Taxes {
			if !slices.ContainsFunc(lines, func(l fees.TaxLine) bool { return l.Code == line.Code }) {
				lines = append(lines, line)
			}
		}
	}
	return taxCode(lines)
}
