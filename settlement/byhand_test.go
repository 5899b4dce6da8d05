package settlement_test

import (
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// byHand settles merchant m1 by hand and everybody else every day.
func byHand() *payment.Rules {
	s := india()
	s.ID, s.For = "by-hand", []merchant.Scope{{Merchant: "m1"}}
	s.Timing.Anchor.Kind = calendar.Manual
	return reserving(priced(rulesWith(india(), s)), 5, "IN")
}

func payout(id, m, at, amount string) payment.Event {
	return payment.Event{
		Kind: payment.PayoutRequested, ID: id, Merchant: m, OccurredAt: ist(at), Currency: inr(), Amount: minor(amount), Method: "IMPS",
	}
}

// No job closes a batch of a merchant who is settled by hand; its money becomes
// available on its date, and its reserve on its own.
func TestSettledByHand(t *testing.T) {
	t.Parallel()
	h := open(t, byHand())
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "1000.00"), // 876.40 on the 3rd, 100.00 on the 7th
		deposit("d2", "m2", ist("2026-03-02 12:00"), "1000.00"),
	)
	balances := func(when, pending, available, reserved string) {
		t.Helper()
		for path, want := range map[string]string{
			payment.PendingPath("m1"): pending, payment.AvailablePath("m1"): available, payment.ReservePath("m1"): reserved,
		} {
			if got := h.balance(path, inr()); got != want {
				t.Errorf("%s: %s holds %s, want %s", when, path, got, want)
			}
		}
	}
	h.settle(ist("2026-03-02 23:59"))
	balances("before its date", "876.40", "none", "100.00")
	h.settle(ist("2026-03-03 00:00"))
	balances("on its date", "0.00", "876.40", "100.00")
	h.take(payout("p1", "m1", "2026-03-04 10:00", "500.00")) // and 5.90 for the fee
	balances("after a payout", "0.00", "370.50", "100.00")
	h.settle(ist("2026-03-06 23:59"))
	balances("before the reserve's date", "0.00", "370.50", "100.00")
	h.settle(ist("2026-03-07 00:00"))
	balances("on the reserve's date", "0.00", "470.50", "0.00")
	h.sound()
	h.settle(ist("2026-03-30 00:00"))
	h.wants(`
		m2 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 876.40 + 0.00 = 876.40
		  1 deposit d2 876.40
		m2 INR 2026-03-07 closed, due 2026-03-08: 0.00 + 100.00 + 0.00 = 100.00
		  1 reserve_release d2 100.00
		tail: m1 INR deposit d1 876.40 of 2026-03-02
		tail: m1 INR reserve_release d1 100.00 of 2026-03-02
		tail: m1 INR payout p1 -505.90 of 2026-03-04
	`)
}

// A payout of more than has become available is refused, whether or not a job
// has run, and so is one of money whose date has not come.
func TestPayoutOfPendingMoney(t *testing.T) {
	t.Parallel()
	h := open(t, byHand())
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "1000.00"))
	if err := h.try(payout("p1", "m1", "2026-03-02 20:00", "1.00")); err == nil {
		t.Error("a payout took money before its date")
	}
	h.take(payout("p2", "m1", "2026-03-03 08:00", "870.50")) // with 5.90: all of it
	if err := h.try(payout("p3", "m1", "2026-03-03 08:01", "0.01")); err == nil {
		t.Error("a payout took more than there was")
	}
	h.sound()
}

// Running the job again does nothing; running it days later does all at once.
func TestByHandTwice(t *testing.T) {
	t.Parallel()
	h := open(t, byHand())
	for _, day := range []string{"02", "03", "04"} {
		h.take(deposit("d"+day, "m1", ist("2026-03-"+day+" 12:00"), "1000.00"))
	}
	h.settle(ist("2026-03-30 00:00"))
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "2929.20" {
		t.Errorf("available is %s, want 2929.20", got)
	}
	counted := &faulty{Store: h.store}
	h.on(counted)
	h.settle(ist("2026-03-31 00:00"))
	if counted.writes != 0 {
		t.Errorf("%d transactions were written the second time", counted.writes)
	}
}

// A merchant may be settled by hand for one method and daily for another; both
// share what is available.
func TestByHandForOneMethod(t *testing.T) {
	t.Parallel()
	card := india()
	card.Timing.Anchor.Kind = calendar.Manual
	h := open(t, byMethod(india(), card))
	h.take(
		byCard(deposit("c1", "m1", ist("2026-03-02 12:00"), "1000.00")),
		deposit("u1", "m1", ist("2026-03-02 12:01"), "10.00"),
	)
	h.settle(ist("2026-03-05 00:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 10.00 + 0.00 = 10.00
		  1 deposit u1 10.00
		tail: m1 INR deposit c1 1000.00 of 2026-03-02
	`)
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "1000.00" {
		t.Errorf("available is %s, want 1000.00", got)
	}
	if n := len(records[ledger.Record](h, payment.ItemRecord)); n != 1 {
		t.Errorf("%d movements wait, want 1", n)
	}
}
