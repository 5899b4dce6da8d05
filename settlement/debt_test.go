package settlement_test

import (
	"path/filepath"
	"testing"

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
