package settlement

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// counter is a tier counter, and what the fees of the movements say that were counted in it.
type counter struct {
	payment.FeeCounter
	amount money.Amount
	count  uint64
}

// readCounters holds tier counters against the movements that were counted in them. Where there is none, no fee is looked at.
func (v *verifier) readCounters(ctx context.Context) error {
	counted := make(map[ledger.Ref]*counter)
	for c, err := range ledger.RecordsOf[*payment.FeeCounter](ctx, v.reader, payment.FeeCounterRecord, "") {
		if err != nil {
			return err
		}
		counted[c.Ref()] = &counter{FeeCounter: *c}
	}
	if len(counted) == 0 {
		return nil
	}
	for _, kind := range []string{payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord} {
		if err := v.fees(ctx, kind, counted); err != nil {
			return err
		}
	}
	for _, ref := range inOrder(counted) {
		if c := counted[ref]; c.Amount != c.amount || c.Count != c.count {
			v.find(ref.String(), fmt.Sprintf("what fees went by, %d of %s", c.count, c.amount), fmt.Sprintf("%d of %s", c.Count, c.Amount))
		}
	}
	return nil
}

// readMonths holds what was charged for monthly minima against what was missing.
func (v *verifier) readMonths(ctx context.Context) error {
	for m, err := range ledger.RecordsOf[*payment.FeeMonth](ctx, v.reader, payment.FeeMonthDoneRecord, "") {
		if err != nil {
			return err
		}
		want, err := m.Terms.TrueUp(m.Fee, m.Tax)
		if err != nil {
			return err
		}
		var have fees.Fee
		if m.TrueUp != nil {
			have = *m.TrueUp
		}
		if have.Fee != want.Fee || have.Tax != want.Tax {
			v.find(m.Ref().String(), fmt.Sprintf("what was missing, %s and tax %s", want.Fee, want.Tax), fmt.Sprintf("%s and tax %s", have.Fee, have.Tax))
		}
	}
	return nil
}

// fees adds up the movements of a kind that were counted.
func (v *verifier) fees(ctx context.Context, kind string, counted map[ledger.Ref]*counter) error {
	for record, err := range v.reader.Records(ctx, kind, "", "") {
		if err != nil {
			return err
		}
		facts, fee := payment.FeeOf(record)
		if fee == nil || fee.Period == "" {
			continue
		}
		c := payment.FeeCounter{Merchant: facts.Merchant, Currency: facts.Currency, Schedule: fee.ScheduleID, Period: fee.Period}
		sum, ok := counted[c.Ref()]
		if !ok {
			v.find(c.Ref().String(), "a counter for the fee of "+record.Ref().String(), "none")
			continue
		}
		sum.count++
		v.add(&sum.amount, fee.Base)
	}
	return nil
}
