package settlement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// charging makes an event of INR batches cost 5.00 with 18 % of tax.
func charging(rules *payment.Rules, event fees.Event) *payment.Rules {
	fixed := minor("5.00")
	rules.Fees = append(rules.Fees, fees.Schedule{
		ID: string(event), Version: "1", Match: fees.Match{Currency: inr(), Event: event}, Components: []fees.Component{{Kind: "transfer", Fixed: &fixed}},
		Tax: fees.Tax{Code: "gst", Rate: money.MustRate("18%")},
	})
	return rules
}

// A batch that pays is charged the fee of event settlement, as a line of its own; one that
// is carried forward costs nothing, also where it is the fee that makes it too little.
func TestSettlementFee(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("20.00")
	h := open(t, charging(rulesWith(schedule), fees.EventSettlement))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "2000.00"),
		deposit("d2", "m1", ist("2026-03-03 12:00"), "25.89"),
		deposit("d3", "m1", ist("2026-03-04 12:00"), "0.01"),
	)
	h.settle(ist("2026-03-05 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 1994.10 + 0.00 = 1994.10
		  1 settlement_fee ` + h.batches()[0].ID + ` -5.90
		  2 deposit d1 2000.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + 25.89 + -25.89 = 0.00
		  1 deposit d2 25.89
		  2 carry_out -25.89
		m1 INR 2026-03-04 closed, due 2026-03-05: 25.89 + -5.89 + 0.00 = 20.00
		  1 carry_in 25.89
		  2 settlement_fee ` + h.batches()[2].ID + ` -5.90
		  3 deposit d3 0.01
	`)
	b := h.batches()[0]
	if len(b.Charges) != 1 || b.Charges[0].Base != minor("2000.00") || b.Charges[0].Fee.Fee != minor("5.00") || b.Charges[0].Tax != minor("0.90") ||
		len(b.Charges[0].Parts) != 1 || b.Totals.Fee != minor("-5.00") || b.Totals.Tax != minor("-0.90") || b.Categories.Fees != minor("-5.90") {
		t.Errorf("charges %+v, totals %+v, categories %+v", b.Charges, b.Totals, b.Categories)
	}
	if got := h.balance("income/settlement_fee", inr()); got != "10.00" {
		t.Errorf("income is %s, want 10.00", got)
	}
}

// What a batch cost goes back when it is canceled, with its net in one movement; when it
// comes back after it was paid it does not.
func TestSettlementFeeBack(t *testing.T) {
	t.Parallel()
	h := open(t, charging(rulesWith(india()), fees.EventSettlement))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "2000.00"))
	id := h.settle(ist("2026-03-03 00:00"))[0].ID
	canceled := later(payment.BatchCanceled, id, ist("2026-03-03 10:00"))
	canceled.ReasonCode = "wrong_account"
	h.take(canceled)
	h.sound()
	if got := h.balance("income/settlement_fee", inr()); got != "0.00" {
		t.Errorf("income is %s, want 0.00", got)
	}
	again := h.settle(ist("2026-03-04 00:00"))[0]
	if got, want := tell(again), "m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 1994.10 + 0.00 = 1994.10"; got != want {
		t.Errorf("next batch\ngot  %s\nwant %s", got, want)
	}
	sent := later(payment.BatchSent, again.ID, ist("2026-03-04 10:00"))
	sent.Rail = "neft"
	returned := later(payment.BatchReturned, again.ID, ist("2026-03-04 12:00"))
	returned.ReasonCode = "closed_account"
	h.take(sent, later(payment.BatchPaid, again.ID, ist("2026-03-04 11:00")), returned)
	if got := h.balance("income/settlement_fee", inr()); got != "5.00" {
		t.Errorf("income is %s, want 5.00", got)
	}
}

// Verify holds what a batch was charged against its lines and its net: what is given back of
// a batch that is canceled goes by it.
func TestVerifyFindsForgedCharges(t *testing.T) {
	t.Parallel()
	h := open(t, charging(rulesWith(india()), fees.EventSettlement))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "2000.00"))
	b := h.settle(ist("2026-03-03 00:00"))[0]
	h.sound()
	charge := b.Charges[0]
	fee := money.Minor(5000)
	charge.Fee.Fee, charge.Parts = fee, []fees.Part{{Kind: "transfer", Amount: fee}}
	shifted := charge
	shifted.Base = money.Minor(204500)
	lines := "batch " + b.ID + ": want charges as its lines: settlement_fee of 500 and tax 90, have "
	equation := "batch " + b.ID + ": want the batch equation, have batch equation does not hold: batch " + b.ID + ": "
	tests := []struct {
		name    string
		charges []settlement.Charge
		want    []string
	}{
		{"of another fee", []settlement.Charge{charge}, []string{
			equation + "net and charges come to 2045.00, the settlement_fee is of 2000.00", lines + "settlement_fee of 5000 and tax 90",
		}},
		{"and of another base", []settlement.Charge{shifted}, []string{lines + "settlement_fee of 5000 and tax 90"}},
		{"gone", nil, []string{lines}},
	}
	for _, test := range tests {
		forged := *b
		forged.Charges = test.charges
		h.puts(&forged)
		if diff := cmp.Diff(test.want, h.settlementFindings()); diff != "" {
			t.Errorf("%s: findings (-want +got)\n%s", test.name, diff)
		}
	}
	h.puts(b)
}

// What puts back the fees of a canceled batch names the codes of all their taxes, each once.
func TestTaxCodesOfFeesGivenBack(t *testing.T) {
	t.Parallel()
	for instant, want := range map[string]string{"": "gst", "gst": "gst", "vat": "gst+vat"} {
		rules := charging(charging(rulesWith(india()), fees.EventSettlement), fees.EventInstant)
		tax := &rules.Fees[len(rules.Fees)-1].Tax
		if tax.Code = instant; instant == "" {
			*tax = fees.Tax{}
		}
		h := open(t, rules)
		h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "2000.00"))
		canceled := later(payment.BatchCanceled, h.asks("r1", settlement.Instant, ist("2026-03-02 14:00")).ID, ist("2026-03-02 15:00"))
		canceled.ReasonCode = "wrong_account"
		h.take(canceled)
		again := h.settle(ist("2026-03-04 00:00"))[0]
		got := "no line"
		for _, l := range h.lines(again.ID) {
			if !l.Fee.IsZero() && l.Type == string(payment.BatchCanceled) {
				got = l.TaxCode
			}
		}
		if got != want {
			t.Errorf("with %q on the instant fee: tax code %q, want %q", instant, got, want)
		}
	}
}
