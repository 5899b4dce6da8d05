package settlement_test

import (
	"strings"
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// methods are rules whose merchants have a schedule for each of these methods, beside one for
// what has none, which is also that of what they pay in.
func methods(rest merchant.Negative, by map[string]merchant.Negative) *payment.Rules {
	schedules := []merchant.Schedule{negatively(rest)}
	for _, method := range []string{"CARD", "UPI"} {
		if negative, ok := by[method]; ok {
			s := negatively(negative)
			s.ID, s.For = "in-"+strings.ToLower(method), []merchant.Scope{{Region: "IN", Method: method}}
			schedules = append(schedules, s)
		}
	}
	return rulesWith(schedules...)
}

// card is a deposit by card.
func card(id, at, amount string) payment.Event {
	e := deposit(id, "m1", ist(at), amount)
	e.Method = "CARD"
	return e
}

// What the merchant pays in ends a block also where it goes to a debt that another schedule of
// his has made of the lack: he pays it once, whenever the job runs.
func TestBlockBesideDebit(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, methods(merchant.NegativeBlock, map[string]merchant.Negative{"CARD": merchant.NegativeDebit}))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "372.00"), card("c1", "2026-03-02 12:00", "343.00"))
			run(h, "2026-03-02")
			h.take(refund("r1", "d1", ist("2026-03-04 12:00"), "372.00"))
			run(h, "2026-03-04")
			h.take(refund("r2", "c1", ist("2026-03-05 12:00"), "343.00"))
			run(h, "2026-03-05")
			h.take(deposit("d2", "m1", ist("2026-03-05 19:00"), "930.00"))
			run(h, "2026-03-06")
			h.take(about(payment.ToppedUp, "t1", "2026-03-07 10:00", "371.99"))
			run(h, "2026-03-07")
			h.take(deposit("d3", "m1", ist("2026-03-08 12:00"), "30.00"))
			run(h, "2026-03-08")
			h.take(about(payment.ToppedUp, "t2", "2026-03-09 10:00", "0.01"))
			run(h, "2026-03-09")
			h.take(deposit("d4", "m1", ist("2026-03-10 12:00"), "100.00"))
			h.settle(ist("2026-03-11 00:00"))
			if n := h.follow(ist("2026-03-11 00:00")); n != 2 {
				t.Errorf("%d batches were released, want 2", n)
			}
			want := []string{
				"2026-03-02 0.00 343.00 closed; approved",
				"2026-03-02 0.00 372.00 closed; approved",
				"2026-03-04 0.00 0.00 carried_forward",
				"2026-03-05 -372.00 0.00 carried_forward",
				"2026-03-06 0.00 930.00 closed; held negative_balance; closed; approved",
				"2026-03-07 0.00 0.00 carried_forward",
				"2026-03-08 0.00 30.00 closed; held negative_balance; closed; approved",
				"2026-03-09 0.00 0.00 carried_forward",
				"2026-03-10 0.00 100.00 closed; approved",
			}
			h.went(want)
			if got := h.balance(payment.MerchantReceivablePath("m1"), inr()); got != "343.00" {
				t.Errorf("receivable is %s, want 343.00", got)
			}
			for _, b := range h.batches() {
				if last := b.Steps[len(b.Steps)-1]; b.BlockedBy != "" && !last.At.Equal(ist("2026-03-09 18:00")) {
					t.Errorf("%s was released at %s", tell(b), last.At)
				}
			}
			h.sound()
		})
	}
}

// What is paid in comes with batches of the schedule for what has no method. It ends the block
// of another one, also where that schedule makes what is lacking a receivable, or carries it.
// Of the batches of that instant those are held that close before it.
func TestBlockOfAMethod(t *testing.T) {
	t.Parallel()
	for _, rest := range []merchant.Negative{merchant.NegativeDebit, merchant.NegativeCarry, merchant.NegativeBlock} {
		for name, run := range jobs() {
			t.Run(string(rest)+"/"+name, func(t *testing.T) {
				t.Parallel()
				h := open(t, methods(rest, map[string]merchant.Negative{"CARD": merchant.NegativeBlock, "UPI": merchant.NegativeBlock}))
				h.take(card("c1", "2026-03-02 12:00", "100.00"))
				run(h, "2026-03-02")
				h.take(refund("r1", "c1", ist("2026-03-03 12:00"), "70.00"))
				run(h, "2026-03-03")
				h.take(card("c2", "2026-03-04 12:00", "90.00"))
				run(h, "2026-03-04")
				upi := deposit("u1", "m1", ist("2026-03-05 12:00"), "5.00")
				upi.Method = "UPI"
				h.take(card("c3", "2026-03-05 12:00", "40.00"), upi, about(payment.ToppedUp, "t1", "2026-03-05 12:00", "70.00"))
				h.settle(ist("2026-03-06 00:00"))
				if n := h.follow(ist("2026-03-06 00:00")); n != 2 {
					t.Errorf("%d batches were released, want 2", n)
				}
				want := []string{
					"2026-03-02 0.00 100.00 closed; approved",
					"2026-03-03 0.00 0.00 carried_forward",
					"2026-03-04 -70.00 20.00 closed; held negative_balance; closed; approved",
					"2026-03-05 0.00 40.00 closed; held negative_balance; closed; approved",
					"2026-03-05 0.00 5.00 closed; approved",
					"2026-03-05 0.00 70.00 closed; approved",
				}
				h.went(want)
				h.sound()
			})
		}
	}
}

// A block also counts what pays a debt that somebody has made of the lack.
func TestBlockReclassified(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(negatively(merchant.NegativeBlock)))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 12:00"), "70.00"))
	h.settle(ist("2026-03-03 23:00"))
	h.take(about(payment.DebtReclassified, "x1", "2026-03-04 12:00", "70.00"))
	h.settle(ist("2026-03-05 00:00"))
	h.take(about(payment.ToppedUp, "t1", "2026-03-05 12:00", "69.99"))
	h.settle(ist("2026-03-06 00:00"))
	h.take(deposit("d2", "m1", ist("2026-03-06 12:00"), "10.00"))
	h.settle(ist("2026-03-07 00:00"))
	h.take(about(payment.ToppedUp, "t2", "2026-03-07 12:00", "0.01"))
	h.settle(ist("2026-03-08 00:00"))
	h.follow(ist("2026-03-08 00:00"))
	want := []string{
		"2026-03-02 0.00 100.00 closed; approved",
		"2026-03-03 0.00 0.00 carried_forward",
		"2026-03-04 -70.00 0.00 carried_forward",
		"2026-03-05 0.00 0.00 carried_forward",
		"2026-03-06 0.00 9.99 closed; held negative_balance; closed; approved",
		"2026-03-07 0.00 0.01 closed; approved",
	}
	h.went(want)
	h.sound()
}

// An older debt is paid first, and a lack that is still carried then has to be paid in as well.
func TestBlockBehindAnOlderDebt(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, methods(merchant.NegativeBlock, map[string]merchant.Negative{"CARD": merchant.NegativeDebit}))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), card("c1", "2026-03-02 12:00", "500.00"))
			run(h, "2026-03-02")
			h.take(refund("r1", "c1", ist("2026-03-03 12:00"), "500.00"))
			run(h, "2026-03-03")
			h.take(refund("r2", "d1", ist("2026-03-04 12:00"), "100.00"))
			run(h, "2026-03-04")
			h.take(about(payment.ToppedUp, "t1", "2026-03-05 12:00", "100.00"))
			run(h, "2026-03-05")
			h.take(about(payment.ToppedUp, "t2", "2026-03-06 12:00", "499.99"))
			run(h, "2026-03-06")
			h.take(deposit("d2", "m1", ist("2026-03-07 12:00"), "7.00"))
			run(h, "2026-03-07")
			h.take(about(payment.ToppedUp, "t3", "2026-03-08 12:00", "0.01"))
			h.settle(ist("2026-03-09 00:00"))
			h.follow(ist("2026-03-09 00:00"))
			want := []string{
				"2026-03-02 0.00 100.00 closed; approved",
				"2026-03-02 0.00 500.00 closed; approved",
				"2026-03-03 0.00 0.00 carried_forward",
				"2026-03-04 0.00 0.00 carried_forward",
				"2026-03-05 -100.00 0.00 carried_forward",
				"2026-03-06 -100.00 0.00 carried_forward",
				"2026-03-07 -0.01 6.99 closed; held negative_balance; closed; approved",
				"2026-03-08 0.00 0.01 closed; approved",
			}
			h.went(want)
			h.sound()
		})
	}
}
