package settlement_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
)

// about is what people ask for, or pay in, about m1.
func about(kind payment.Kind, id, at, amount string) payment.Event {
	return payment.Event{
		Kind: kind, ID: id, Merchant: "m1", OccurredAt: ist(at), Currency: inr(), Amount: minor(amount), ReasonCode: "agreed", Actor: "anna",
	}
}

// owes is a debt of m1 of 50.00 that stands as a receivable, which no pending money
// covers, and a deposit of 30.00 after it.
func (h *house) owes() {
	h.t.Helper()
	approved := later(payment.AdjustmentApproved, "a1", ist("2026-03-02 11:10"))
	approved.Actor = "bert"
	h.take(
		deposit("d0", "m1", ist("2026-03-02 10:00"), "30.00"), about(payment.AdjustmentDebit, "a1", "2026-03-02 11:00", "80.00"), approved,
		about(payment.DebtReclassified, "b1", "2026-03-02 12:00", "50.00"), deposit("d1", "m1", ist("2026-03-02 13:00"), "30.00"),
	)
}

// A batch that takes a debt back says so in a line, in whatever chunks it is written.
func TestDebtTakenBack(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.chunk = 1
	h.owes()
	h.take(deposit("d2", "m1", ist("2026-03-03 10:00"), "30.00"))
	h.settle(ist("2026-03-04 00:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 0.00 + 0.00 = 0.00
		  1 debt_restored b1 -30.00
		  2 deposit d0 30.00
		  3 adjustment_debit a1 -80.00
		  4 debt_reclassified b1 50.00
		  5 deposit d1 30.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 10.00 + 0.00 = 10.00
		  1 debt_restored b1 -20.00
		  2 deposit d2 30.00
	`)
}

// Verify finds a debt that batches have not taken back as it says, and lines of one that
// is not there.
func TestVerifyFindsDebts(t *testing.T) {
	t.Parallel()
	h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rulesWith(india()))
	t.Cleanup(func() { h.db.Close() })
	h.owes()
	h.settle(ist("2026-03-03 00:00"))
	h.sound()
	debt := *records[*payment.Debt](h, payment.DebtRecord)[0]
	debt.Recovered, debt.Paid = minor("29.00"), minor("1.00") // as much is left of it
	h.plant(&debt)
	want := []string{"debt b1: want what was taken back of it, 3000, have 2900"}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	debt.Recovered, debt.Paid = minor("30.00"), minor("21.00")
	h.plant(&debt)
	want = []string{
		"debt b1: want no more paid, written off and recovered than it is, have -100 left, <nil>",
		`position m1/INR: want no debt, have debt "b1", made by batches 0, collected false`,
		"account merchants/m1/receivable INR: want what its movements sum to, 0, have 2000",
	}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// What a merchant owes goes by batches that are closed: what has been carried before them may cover it,
// though no payout counts on that while something is withheld. So it is also while the last one is in grace.
func TestNothingReclassifiedThatIsCovered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, when string
		grace      time.Duration
		settled    string
		want       error
	}{
		{"in time", "2026-03-05 12:00", 0, "2026-03-04 18:00", payment.ErrNotOwed},
		{"no job since", "2026-03-05 12:00", 0, "", payment.ErrWindowsDue},
		{"in grace", "2026-03-04 19:00", 3 * time.Hour, "", payment.ErrNotOwed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			schedule := india()
			schedule.MinPayout, schedule.Timing.Grace = minor("40.00"), test.grace
			h := open(t, reserving(rulesWith(schedule), 30, "IN"))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
			h.settle(ist("2026-03-02 23:00"))
			h.take(deposit("d2", "m1", ist("2026-03-03 12:00"), "40.00"))
			h.settle(ist("2026-03-03 23:00"))
			h.take(refund("r1", "d1", ist("2026-03-04 12:00"), "20.00"))
			if test.settled != "" {
				h.settle(ist(test.settled))
			}
			if err := h.try(about(payment.DebtReclassified, "b1", test.when, "0.01")); !errors.Is(err, test.want) {
				t.Errorf("reclassified with 16.00 left: %v, want %v", err, test.want)
			}
		})
	}
}
