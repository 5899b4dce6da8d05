package settlex_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// What a batch cost is explained with what became of it: it goes back when the batch is
// canceled, and is charged again when it was paid after all.
func TestExplainBatchFee(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	rules.Fees = append(rules.Fees, fees.Schedule{
		ID: "batch", Version: "1", Match: fees.Match{Currency: inr(), Event: fees.EventSettlement},
		Components: []fees.Component{{Kind: "transfer", Fixed: new(minor("5.00"))}}, Tax: fees.Tax{Code: "gst", Rate: money.MustRate("18%")},
	})
	h := open(t, rules)
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	h.settle(ist("2026-03-03 12:00"))
	id := h.batches()[0].ID
	fee := payment.GivenBack{Fee: minor("5.00"), Taxes: []fees.TaxLine{{Code: "gst", Amount: minor("0.90")}}}
	stands := func(when string, want payment.GivenBack) {
		t.Helper()
		all, err := h.ExplainFee(t.Context(), id)
		if err != nil || len(all) != 1 || all[0].Fee.Fee != minor("5.00") {
			t.Fatalf("%s: %+v, %v", when, all, err)
		}
		if diff := cmp.Diff(&want, all[0].Back, cmp.AllowUnexported(money.Amount{})); diff != "" {
			t.Errorf("%s: given back (-want +got)\n%s", when, diff)
		}
	}
	stands("closed", payment.GivenBack{})
	h.take(
		payment.Event{Kind: payment.BatchSent, ID: id, OccurredAt: ist("2026-03-03 13:00"), Rail: "neft"},
		payment.Event{Kind: payment.BatchRefused, ID: id, OccurredAt: ist("2026-03-03 14:00"), ReasonCode: "closed_account"},
		payment.Event{Kind: payment.BatchCanceled, ID: id, OccurredAt: ist("2026-03-03 15:00"), ReasonCode: "closed_account"},
	)
	stands("canceled", fee)
	h.take(payment.Event{Kind: payment.BatchPaid, ID: id, OccurredAt: ist("2026-03-03 16:00")})
	stands("paid after all", payment.GivenBack{})
}
