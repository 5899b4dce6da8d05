package settlement

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	gone   bool // there is none, though there should be
}

// feeMonth is what a month with a minimum says of its fees, and what they say that count to it.
type feeMonth struct {
	place                 string
	fee, tax, sum, taxSum money.Amount
	count, counted        uint64
	gone                  bool // there is none, though there should be
}

// counted is what fees count in.
type counted struct {
	counters map[ledger.Ref]*counter
	months   map[string]*feeMonth // by the ids of their records, whether they are done or not
}

// readCounters holds tier counters and months with a minimum against the fees that were counted in them.
func (v *verifier) readCounters(ctx context.Context) error {
	in := counted{counters: make(map[ledger.Ref]*counter), months: make(map[string]*feeMonth)}
	for c, err := range ledger.RecordsOf[*payment.FeeCounter](ctx, v.reader, payment.FeeCounterRecord, "") {
		if err != nil {
			return err
		}
		in.counters[c.Ref()] = &counter{FeeCounter: *c}
	}
	for _, kind := range []string{payment.FeeMonthRecord, payment.FeeMonthDoneRecord} {
		if err := v.readMonths(ctx, kind, in.months); err != nil {
			return err
		}
	}
	for _, kind := range []string{payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord} {
		if err := v.fees(ctx, kind, &in); err != nil {
			return err
		}
	}
	for _, ref := range inOrder(in.counters) {
		if c := in.counters[ref]; c.gone || c.Amount != c.amount || c.Count != c.count {
			v.find(ref.String(), fmt.Sprintf("what fees went by, %d of %s", c.count, c.amount), thereOr(c.gone, fmt.Sprintf("%d of %s", c.Count, c.Amount)))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.months)) {
		if m := in.months[id]; m.gone || m.fee != m.sum || m.tax != m.taxSum || m.count != m.counted {
			v.find(m.place, fmt.Sprintf("the fees of the month, %d of %s and tax %s", m.counted, m.sum, m.taxSum),
				thereOr(m.gone, fmt.Sprintf("%d of %s and tax %s", m.count, m.fee, m.tax)))
		}
	}
	return nil
}

// thereOr is what stands in a record, or that there is none.
func thereOr(gone bool, have string) string {
	if gone {
		return "none"
	}
	return have
}

// readMonths takes months with a minimum, and holds what was charged for those that are over against what was missing.
func (v *verifier) readMonths(ctx context.Context, kind string, months map[string]*feeMonth) error {
	for m, err := range ledger.RecordsOf[*payment.FeeMonth](ctx, v.reader, kind, "") {
		if err != nil {
			return err
		}
		place := m.Ref().String()
		if twin := months[m.Ref().ID]; twin != nil {
			v.find(place, "one record of a month", twin.place+" too")
		}
		months[m.Ref().ID] = &feeMonth{place: place, fee: m.Fee, tax: m.Tax, count: m.Count}
		if !m.Done {
			continue
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
			v.find(place, fmt.Sprintf("what was missing, %s and tax %s", want.Fee, want.Tax), fmt.Sprintf("%s and tax %s", have.Fee, have.Tax))
		}
	}
	return nil
}

// fees adds up the fees of a kind of record that were counted.
func (v *verifier) fees(ctx context.Context, kind string, in *counted) error {
	for record, err := range v.reader.Records(ctx, kind, "", "") {
		if err != nil {
			return err
		}
		facts, fee := payment.FeeOf(record)
		if fee == nil {
			continue
		}
		if fee.Period != "" {
			c := payment.FeeCounter{Merchant: facts.Merchant, Currency: facts.Currency, Schedule: fee.ScheduleID, Period: fee.Period}
			sum := in.counters[c.Ref()]
			if sum == nil {
				sum = &counter{gone: true}
				in.counters[c.Ref()] = sum
			}
			sum.count++
			v.add(&sum.amount, fee.Base)
		}
		if fee.Month != "" {
			id := fee.Month + "/" + payment.ItemPrefix(facts.Merchant, facts.Currency) + fee.ScheduleID
			m := in.months[id]
			if m == nil {
				m = &feeMonth{place: ledger.Ref{Kind: payment.FeeMonthRecord, ID: id}.String(), gone: true}
				in.months[id] = m
			}
			m.counted++
			v.add(&m.sum, fee.Fee)
			v.add(&m.taxSum, fee.Tax)
		}
	}
	return nil
}
