package settlex_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// week is some days of all three regions: refunds, a dispute, a failure, a
// merchant in debt, one settled by hand, and something of the day that is not
// over.
func week() []payment.Event {
	karachi := in(pkr(), deposit("p1", "m3", "2026-03-02 09:00", "300.00"))
	dhaka := in(bdt(), deposit("b1", "m4", "2026-03-02 09:00", "400.00"))
	return []payment.Event{
		deposit("a1", "m1", "2026-03-02 10:00", "1000.00"),
		deposit("a2", "m1", "2026-03-02 15:00", "500.00"),
		deposit("a3", "m2", "2026-03-02 15:00", "20.00"),
		karachi, dhaka,
		deposit("h1", "m9", "2026-03-02 16:00", "700.00"),
		refund("r1", "a1", "2026-03-03 11:00", "250.00"),
		{Kind: payment.DisputeOpened, ID: "x1", Parent: "a1", OccurredAt: ist("2026-03-03 12:30"), Currency: inr(), Amount: minor("750.00"), ReasonCode: "fraud"},
		refund("r2", "a3", "2026-03-04 11:00", "20.00"),
		{Kind: payment.DisputeWon, ID: "x1", OccurredAt: ist("2026-03-05 12:30")},
		{Kind: payment.DepositFailed, ID: "a2", OccurredAt: ist("2026-03-05 13:00"), ReasonCode: "reversed"},
		{Kind: payment.PayoutRequested, ID: "o1", Merchant: "m9", OccurredAt: ist("2026-03-06 10:00"), Currency: inr(), Amount: minor("100.00"), Method: "IMPS"},
		deposit("a4", "m2", "2026-03-08 11:59", "90.00"),
		deposit("a5", "m2", "2026-03-08 20:00", "80.00"),
	}
}

// Settle closes what is due, once, and says what it did.
func TestSettleTwice(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(week()...)
	*h.clock = ist("2026-03-08 18:00")
	due, err := h.Due(t.Context(), calendar.Date{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	done, err := h.Settle(t.Context(), calendar.Date{}, func(b *settlement.Batch) { told = append(told, b.ID) })
	if err != nil {
		t.Fatal(err)
	}
	want := settlex.Settled{Batches: 12, Carried: 6, Lines: 24}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("settled (-want +got)\n%s", diff)
	}
	if due != done.Batches || len(told) != done.Batches {
		t.Errorf("%d were due, %d told of, %d closed", due, len(told), done.Batches)
	}
	h.store.writes = 0
	if again := h.settle(ist("2026-03-08 18:00")); again != (settlex.Settled{}) || h.store.writes != 0 {
		t.Errorf("the second time %+v, %d transactions", again, h.store.writes)
	}
	if due, err := h.Due(t.Context(), calendar.Date{}); due != 0 || err != nil {
		t.Errorf("still due: %d, %v", due, err)
	}
}

// A window whose cut-off the clock has not reached stays open, whatever date
// is asked for, and is counted as waiting.
func TestSettleWaitsForTheClock(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(
		deposit("a1", "m1", "2026-03-02 10:00", "1.00"),
		deposit("a2", "m1", "2026-03-02 15:00", "1.00"),
		deposit("a3", "m1", "2026-03-03 10:00", "1.00"),
	)
	*h.clock = ist("2026-03-02 17:59:59")
	done, err := h.Settle(t.Context(), date("2026-03-02"), nil)
	if err != nil || done.Batches != 1 {
		t.Errorf("%+v, %v; want the first window only", done, err)
	}
	waiting, err := h.Waiting(t.Context(), date("2026-03-02"))
	if err != nil || waiting != 1 {
		t.Errorf("waiting: %d, %v; want 1", waiting, err)
	}
	*h.clock = ist("2026-03-05 00:00")
	done, err = h.Settle(t.Context(), date("2026-03-02"), nil)
	if err != nil || done.Batches != 1 {
		t.Errorf("%+v, %v; want the second window only", done, err)
	}
	if waiting, err := h.Waiting(t.Context(), date("2026-03-02")); err != nil || waiting != 0 {
		t.Errorf("waiting: %d, %v; want 0", waiting, err)
	}
}

// A store that fails in the middle is no harm: the next run goes on.
func TestSettleResumes(t *testing.T) {
	t.Parallel()
	whole := open(t, threeRegions())
	whole.take(week()...)
	whole.settle(ist("2026-03-08 18:00"))
	want := whole.batches()
	for fail := 1; fail <= 2; fail++ { // one for what is settled by hand, one for all batches
		h := open(t, threeRegions())
		h.take(week()...)
		h.store.writes, h.store.fail = 0, fail
		*h.clock = ist("2026-03-08 18:00")
		if _, err := h.Settle(t.Context(), calendar.Date{}, nil); !errors.Is(err, errPulled) {
			t.Fatalf("write %d: got %v", fail, err)
		}
		h.store.fail = 0
		h.settle(ist("2026-03-08 18:00"))
		if diff := cmp.Diff(want, h.batches(), cmp.AllowUnexported(money.Amount{}, money.Currency{}, calendar.Date{})); diff != "" {
			t.Errorf("write %d failed (-whole +resumed)\n%s", fail, diff)
		}
	}
}

// Balances say where a merchant's money is.
func TestBalances(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(week()...)
	h.settle(ist("2026-03-06 12:00"))
	all, err := h.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range all {
		f := b.Currency.Format
		got = append(got, fmt.Sprintf("%s %s: available %s, pending %s, reserved %s, in transit %s, total %s", b.Merchant, b.Currency,
			f(b.Available), f(b.Pending), f(b.Reserved), f(b.InTransit), f(b.Total)))
	}
	want := []string{
		"m1 INR: available -717.70, pending 0.00, reserved 100.00, in transit 1314.60, total -617.70",
		"m2 INR: available -20.00, pending 148.99, reserved 19.00, in transit 17.53, total 147.99",
		"m3 PKR: available 0.00, pending 0.00, reserved 0.00, in transit 292.92, total 0.00",
		"m4 BDT: available 0.00, pending 0.00, reserved 0.00, in transit 390.56, total 0.00",
		"m9 INR: available 507.58, pending 0.00, reserved 70.00, in transit 100.00, total 577.58",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("balances (-want +got)\n%s", diff)
	}
}
