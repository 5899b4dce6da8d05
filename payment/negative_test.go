package payment_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/payment"
)

// Whoever falls below zero is told once, by whatever command, and again only
// after having been at or above it.
func TestBalanceNegative(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	var got []payment.BalancePayload
	for _, e := range announced(d,
		captured(),
		refund("r1", "d1", "900.00", "2026-03-02 11:00"), // from what is pending: nothing is told
		later(payment.RefundFailed, "r1", "2026-03-02 12:00"),
		refund("r2", "d1", "100.00", "2026-03-05 10:00"), // -97.64
		refund("r3", "d1", "100.00", "2026-03-05 11:00"), // -195.28: told already
		later(payment.RefundFailed, "r2", "2026-03-05 12:00"),
		later(payment.RefundFailed, "r3", "2026-03-05 13:00"), // 0.00
		dispute("c1", "d1", "10.00", "2026-03-06 10:00"),      // -27.70
		of(hand, deposit("d2", "100.00", "2026-03-03 10:00")),
		refund("r4", "d2", "1.00", "2026-03-06 11:00"), // -0.98, another's
	) {
		if e.Type != event.BalanceNegative {
			continue
		}
		var p payment.BalancePayload
		if err := json.Unmarshal(e.Data, &p); err != nil {
			t.Fatal(err)
		}
		if e.Object != (event.Object{Kind: payment.PositionRecord, ID: p.ID}) || e.Merchant != p.Merchant {
			t.Errorf("%s of %s, about %s", e.Object, e.Merchant, p.ID)
		}
		got = append(got, p)
		if want := uint64(len(got)); e.Merchant == m && e.Sequence != want {
			t.Errorf("event %d has sequence %d", want, e.Sequence)
		}
	}
	balance := func(merchant, available, when string) payment.BalancePayload {
		return payment.BalancePayload{
			ID: merchant + "/INR", Object: "position", Merchant: merchant, Currency: inr(),
			Available: available, AvailableMinor: rs(available), OccurredAt: at(when),
		}
	}
	want := []payment.BalancePayload{
		balance(m, "-97.64", "2026-03-05 10:00"), balance(m, "-27.7", "2026-03-06 10:00"), balance(hand, "-0.98", "2026-03-06 11:00"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// Where fees were above what was captured, maturity takes it from what is
// available, and a job tells it.
func TestBalanceNegativeByMaturity(t *testing.T) {
	t.Parallel()
	d := open(t, dear())
	d.book(of(hand, deposit("d1", "1.00", "2026-03-03 10:00")))
	if p := record[*payment.Position](d, payment.PositionRecord, "hand/INR"); p.Told != 0 {
		t.Errorf("%d events told of what is pending", p.Told)
	}
	d.job("2026-03-05 12:00")
	if p := record[*payment.Position](d, payment.PositionRecord, "hand/INR"); p.Told != 1 {
		t.Errorf("%d events told", p.Told)
	}
}

// So does the closing of a batch.
func TestBalanceNegativeByClosing(t *testing.T) {
	t.Parallel()
	d := open(t, dear())
	d.book(deposit("d1", "1.00", "2026-03-03 10:00"))
	d.settle("2026-03-03")
	var got []payment.BalancePayload
	for e, err := range d.Events(t.Context(), event.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != event.BalanceNegative {
			continue
		}
		var p payment.BalancePayload
		if err := json.Unmarshal(e.Data, &p); err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	want := []payment.BalancePayload{{
		ID: "m/INR", Object: "position", Merchant: m, Currency: inr(), Available: "-10.9", AvailableMinor: rs("-10.90"), OccurredAt: at("2026-03-03 18:00"),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	d.settle("2026-03-03")
	if p := record[*payment.Position](d, payment.PositionRecord, "m/INR"); p.Told != 1 {
		t.Errorf("%d events told", p.Told)
	}
}
