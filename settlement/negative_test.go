package settlement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// negatively is a schedule whose batches do something of their own when they come to less
// than nothing.
func negatively(n merchant.Negative) merchant.Schedule {
	s := india()
	s.Negative = n
	return s
}

// Negative debit: what a merchant lacks becomes a receivable in the same closing, by a line
// of its own. No batch takes it back by itself: what the merchant earns is paid. Further
// lacks join the debt that stands; a top-up pays it.
func TestNegativeDebit(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(negatively(merchant.NegativeDebit)))
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
				refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
			)
			run(h, "2026-03-03")
			h.take(deposit("d2", "m1", ist("2026-03-04 12:00"), "20.00"))
			run(h, "2026-03-04")
			h.take(refund("r2", "d1", ist("2026-03-05 12:00"), "30.00"), deposit("d3", "m1", ist("2026-03-06 12:00"), "50.00"))
			run(h, "2026-03-06")
			h.settle(ist("2026-03-07 00:00"))
			h.wants(`
				m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 100.00 + 0.00 = 100.00
				  1 deposit d1 100.00
				m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + 0.00 + 0.00 = 0.00
				  1 debt_reclassified ` + h.debt() + ` 70.00
				  2 refund r1 -70.00
				m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 20.00 + 0.00 = 20.00
				  1 deposit d2 20.00
				m1 INR 2026-03-05 carried_forward, due 2026-03-06: 0.00 + 0.00 + 0.00 = 0.00
				  1 debt_reclassified ` + h.debt() + ` 30.00
				  2 refund r2 -30.00
				m1 INR 2026-03-06 closed, due 2026-03-07: 0.00 + 50.00 + 0.00 = 50.00
				  1 deposit d3 50.00
			`)
			if got := h.balance(payment.MerchantReceivablePath("m1"), inr()); got != "100.00" {
				t.Errorf("receivable is %s, want 100.00", got)
			}
			h.sound()
			h.take(about(payment.ToppedUp, "t1", "2026-03-07 10:00", "110.00"))
			h.settle(ist("2026-03-08 00:00"))
			if got := tell(h.batches()[5]); got != "m1 INR 2026-03-07 closed, due 2026-03-08: 0.00 + 10.00 + 0.00 = 10.00" {
				t.Errorf("what is paid in beyond the debt: %s", got)
			}
			if got := h.balance(payment.MerchantReceivablePath("m1"), inr()); got != "0.00" {
				t.Errorf("receivable is %s after it was paid", got)
			}
		})
	}
}

// debt is the id of the only debt.
func (h *house) debt() string {
	h.t.Helper()
	debts := records[*payment.Debt](h, payment.DebtRecord)
	if len(debts) != 1 {
		h.t.Fatalf("%d debts, want 1", len(debts))
	}
	return debts[0].ID
}

// What a merchant pays in after the cut-off pays the debt, whether the batch that makes it
// had been closed by then or not.
func TestNegativeDebitPaidBeforeItsJob(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(negatively(merchant.NegativeDebit)))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"))
			run(h, "2026-03-03")
			h.take(about(payment.ToppedUp, "t1", "2026-03-04 10:00", "80.00"), deposit("d2", "m1", ist("2026-03-04 12:00"), "20.00"))
			h.settle(ist("2026-03-05 00:00"))
			if got := tell(h.batches()[2]); got != "m1 INR 2026-03-04 closed, due 2026-03-05: 0.00 + 30.00 + 0.00 = 30.00" {
				t.Errorf("the batch after it: %s", got)
			}
			if got := h.balance(payment.MerchantReceivablePath("m1"), inr()); got != "0.00" {
				t.Errorf("receivable is %s, want 0.00", got)
			}
		})
	}
}

// Negative block: what a merchant lacks is carried, and batches that pay are held from then
// on, also when they have made it good, until somebody releases one of them. That ends the
// block for the others too, whenever they were closed.
func TestNegativeBlockReleased(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(negatively(merchant.NegativeBlock)))
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
				refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
				deposit("d2", "m1", ist("2026-03-04 12:00"), "50.00"),
				deposit("d3", "m1", ist("2026-03-05 12:00"), "50.00"),
			)
			h.settle(ist("2026-03-05 18:00"))
			h.take(deposit("d4", "m1", ist("2026-03-06 12:00"), "10.00"))
			run(h, "2026-03-06")
			if n := h.follow(ist("2026-03-06 20:00")); n != 0 {
				t.Errorf("%d batches were released by nobody", n)
			}
			h.take(decided(payment.BatchReleased, h.batches()[3].ID, "bert", ist("2026-03-07 10:00")))
			h.settle(ist("2026-03-07 18:00"))
			h.follow(ist("2026-03-07 18:00"))
			h.take(deposit("d5", "m1", ist("2026-03-08 12:00"), "10.00"))
			h.settle(ist("2026-03-09 00:00"))
			want := []string{
				"2026-03-02 0.00 100.00 closed; approved",
				"2026-03-03 0.00 0.00 carried_forward",
				"2026-03-04 -70.00 0.00 carried_forward",
				"2026-03-05 -20.00 30.00 closed; held negative_balance; closed bert; approved",
				"2026-03-06 0.00 10.00 closed; held negative_balance; closed bert; approved",
				"2026-03-08 0.00 10.00 closed; approved",
			}
			if diff := cmp.Diff(want, h.courses()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

// What the merchant pays in ends the block once it is as much as was lacking, and what it
// held is released.
func TestNegativeBlockMadeGood(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(negatively(merchant.NegativeBlock)))
	h.take(
		deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
		refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
		deposit("d2", "m1", ist("2026-03-04 12:00"), "90.00"),
		about(payment.ToppedUp, "t1", "2026-03-05 12:00", "40.00"),
		about(payment.ToppedUp, "t2", "2026-03-06 12:00", "30.00"),
		deposit("d3", "m1", ist("2026-03-07 12:00"), "5.00"),
	)
	h.settle(ist("2026-03-08 00:00"))
	if n := h.follow(ist("2026-03-08 00:00")); n != 2 {
		t.Errorf("%d batches were released, want 2", n)
	}
	want := []string{
		"2026-03-02 0.00 100.00 closed; approved",
		"2026-03-03 0.00 0.00 carried_forward",
		"2026-03-04 -70.00 20.00 closed; held negative_balance; closed; approved",
		"2026-03-05 0.00 40.00 closed; held negative_balance; closed; approved",
		"2026-03-06 0.00 30.00 closed; approved",
		"2026-03-07 0.00 5.00 closed; approved",
	}
	if diff := cmp.Diff(want, h.courses()); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

// courses tells of each batch its date, what it began with, what it pays, and its steps.
func (h *house) courses() (all []string) {
	h.t.Helper()
	for _, b := range h.batches() {
		var steps []string
		for _, s := range b.Steps {
			steps = append(steps, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", s.Status, s.Actor, s.Hold)), " "))
		}
		f := b.Currency.Format
		all = append(all, fmt.Sprintf("%s %s %s %s", b.Window.BusinessDate, f(b.OpeningCarry), f(b.Net), strings.Join(steps, "; ")))
	}
	return all
}
