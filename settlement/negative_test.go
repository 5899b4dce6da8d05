package settlement_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
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

// What is paid in after a window that lacked something goes to that lack first, also while its
// batch is not closed, or was closed behind the top-up: no payout takes it a second time.
func TestNegativeDebitIsNotSpentAgain(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"in time", "behind what is paid in", "at the end"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(negatively(merchant.NegativeDebit)))
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), about(payment.ToppedUp, "t0", "2026-03-02 13:00", "100.00"),
				refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
			)
			if when == "in time" {
				h.settle(ist("2026-03-04 00:00"))
			}
			h.take(about(payment.ToppedUp, "t1", "2026-03-04 10:00", "80.00"))
			if when == "behind what is paid in" {
				h.settle(ist("2026-03-04 10:00"))
			}
			if err := h.try(payout("p1", "m1", "2026-03-04 11:00", "10.01")); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("payout of more than what is left of the top-up: %v, want %v", err, ledger.ErrInsufficientFunds)
			}
			h.take(payout("p2", "m1", "2026-03-04 12:00", "10.00"))
			h.settle(ist("2026-03-05 00:00"))
			for part, want := range map[string]string{"available": "0.00", "receivable": "0.00", "payouts": "10.00"} {
				if got := h.balance("merchants/m1/"+part, inr()); got != want {
					t.Errorf("%s is %s, want %s", part, got, want)
				}
			}
			h.sound()
		})
	}
}

// debitThen are a schedule that makes what is lacking a receivable, and its version of
// 2026-03-04, which does not.
func debitThen(change func(*merchant.Schedule)) *payment.Rules {
	after := india()
	after.Version, after.EffectiveFrom = "2", date("2026-03-04")
	change(&after)
	return rulesWith(negatively(merchant.NegativeDebit), after)
}

// What is paid in goes to the debt of before, also where the batch that has it carries what is
// below zero: the next ones make that good, whenever they are closed.
func TestNegativeDebitThenCarry(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, debitThen(func(*merchant.Schedule) {}))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"))
			run(h, "2026-03-03")
			h.take(about(payment.ToppedUp, "t1", "2026-03-04 10:00", "50.00"), refund("r2", "d1", ist("2026-03-04 13:00"), "30.00"))
			run(h, "2026-03-04")
			h.take(deposit("d2", "m1", ist("2026-03-05 12:00"), "100.00"))
			h.settle(ist("2026-03-06 00:00"))
			want := []string{"2026-03-02 100.00 0.00", "2026-03-03 0.00 0.00", "2026-03-04 0.00 30.00", "2026-03-05 70.00 0.00"}
			if diff := cmp.Diff(want, h.paid()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			if got := h.balance(payment.MerchantReceivablePath("m1"), inr()); got != "20.00" {
				t.Errorf("receivable is %s, want 20.00", got)
			}
			h.sound()
		})
	}
}

// A batch keeps of what is paid in what is left once the debt of before has been paid.
func TestNegativeDebitThenMinimumBalance(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, debitThen(func(s *merchant.Schedule) { s.MinBalance = minor("50.00") }))
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), about(payment.ToppedUp, "t0", "2026-03-02 13:00", "100.00"),
				refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
			)
			run(h, "2026-03-03")
			h.take(about(payment.ToppedUp, "t1", "2026-03-04 10:00", "80.00"))
			run(h, "2026-03-04")
			h.take(refund("r2", "d1", ist("2026-03-05 13:00"), "30.00"))
			run(h, "2026-03-05")
			h.take(about(payment.ToppedUp, "t2", "2026-03-06 10:00", "100.00"))
			if err := h.try(payout("p1", "m1", "2026-03-06 11:00", "80.01")); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("payout of more than there is: %v, want %v", err, ledger.ErrInsufficientFunds)
			}
			h.take(payout("p2", "m1", "2026-03-06 12:00", "80.00"))
			h.settle(ist("2026-03-07 00:00"))
			want := []string{"2026-03-02 200.00 0.00", "2026-03-03 0.00 0.00", "2026-03-04 0.00 -10.00", "2026-03-05 0.00 20.00", "2026-03-06 0.00 0.00"}
			if diff := cmp.Diff(want, h.paid()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			if got := h.balance(payment.MerchantReceivablePath("m1"), inr()); got != "0.00" {
				t.Errorf("receivable is %s, want 0.00", got)
			}
			h.sound()
		})
	}
}

// What is paid in goes to the debt of before first, and what is left of it into the fixed reserve.
func TestNegativeDebitThenReserve(t *testing.T) {
	t.Parallel()
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := rulesWith(negatively(merchant.NegativeDebit))
			rules.Plans = []reserve.Plan{{ID: "fixed", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("10%"), Cap: new(minor("1000.00"))}}
			rules.Book.Plans = []merchant.PlanScope{{Plan: "fixed", For: []merchant.Scope{{Region: "IN"}}}}
			h := open(t, rules)
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"))
			run(h, "2026-03-03")
			h.take(about(payment.ToppedUp, "t1", "2026-03-04 10:00", "80.00"))
			h.settle(ist("2026-03-05 00:00"))
			if diff := cmp.Diff([]string{"2026-03-02 90.00 0.00", "2026-03-03 0.00 0.00", "2026-03-04 9.00 0.00"}, h.paid()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

// Verify finds a position that names another debt than the one that stands, and more of what is
// paid in free than that leaves.
func TestVerifyFindsDebited(t *testing.T) {
	t.Parallel()
	h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rulesWith(negatively(merchant.NegativeDebit)))
	t.Cleanup(func() { h.db.Close() })
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"))
	h.settle(ist("2026-03-04 00:00"))
	h.take(
		refund("r2", "d1", ist("2026-03-04 13:00"), "30.00"), deposit("d2", "m1", ist("2026-03-05 09:00"), "5.00"),
		about(payment.ToppedUp, "t1", "2026-03-05 10:00", "20.00"),
	)
	h.sound()
	p := *records[*payment.Position](h, payment.PositionRecord)[0]
	if got := p.Lacks; got != minor("100.00") { // 70.00 and 30.00; the 20.00 count once no window is behind
		t.Errorf("receivables of windows behind are %s", inr().Format(got))
	}
	p.Debited, p.Lacks = minor("50.01"), minor("80.00")
	h.plant(&p)
	want := []string{
		"position m1/INR: want receivables of windows behind, 8001, have 8000",
		`position m1/INR: want debt "` + h.debt() + `", made by batches 5000, collected true, have debt "` + h.debt() + `", made by batches 5001, collected true`,
	}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	p.Debt, p.Debited, p.Collected, p.Lacks = "", money.Amount{}, false, minor("100.00")
	h.plant(&p)
	want = []string{`position m1/INR: want debt "` + h.debt() + `", made by batches 5000, collected true, have no debt`}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// paid tells of each batch its date, what it pays and what it carries out.
func (h *house) paid() (all []string) {
	h.t.Helper()
	for _, b := range h.batches() {
		all = append(all, fmt.Sprintf("%s %s %s", b.Window.BusinessDate, b.Currency.Format(b.Net), b.Currency.Format(b.CarryOut)))
	}
	return all
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
			h.went(want)
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
	h.went(want)
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

// went wants batches to have gone this way, those of one day in order of what is told of them.
func (h *house) went(want []string) {
	h.t.Helper()
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(h.courses()))); diff != "" {
		h.t.Errorf("batches (-want +got):\n%s", diff)
	}
}

// A batch of nothing but a released reserve, which no window was counted with, pays what the schedule
// of another method has kept: the windows behind it, counted before it is closed, have that no more.
func TestUnforeseenBatchPaysWhatWasKept(t *testing.T) {
	t.Parallel()
	for _, negative := range []merchant.Negative{merchant.NegativeCarry, merchant.NegativeDebit} {
		t.Run(string(negative), func(t *testing.T) {
			t.Parallel()
			in, cards := india(), india()
			in.MinBalance = minor("25.00")
			cards.ID, cards.For, cards.Negative = "in-card", []merchant.Scope{{Region: "IN", Method: "CARD"}}, negative
			h := open(t, reserving(rulesWith(in, cards), 3, "IN"))
			h.take(card("d1", "2026-03-02 12:00", "100.00"))
			h.settle(ist("2026-03-02 18:00"))
			h.take(deposit("d2", "m1", ist("2026-03-03 12:00"), "50.00"))
			h.settle(ist("2026-03-03 18:00"))
			h.take(refund("r1", "d1", ist("2026-03-06 12:00"), "20.00"), deposit("d3", "m1", ist("2026-03-07 12:00"), "5.00"))
			h.settle(ist("2026-03-05 18:00"))
			batches := h.batches()
			if b := batches[len(batches)-1]; b.OpeningCarry != minor("25.00") || b.Net != minor("35.00") {
				t.Errorf("%s, want the one that pays what was kept", tell(b))
			}
			h.sound()
			h.settle(ist("2026-03-09 18:00"))
		})
	}
}
