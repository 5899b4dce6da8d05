package payment_test

import (
	"strings"
	"testing"

	"github.com/settlex/settlex/payment"
)

// A line of the bank is a fact, whomever it names: it waits in suspense, and can be
// explained.
func TestBankLineOfNobody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, then payment.Kind }{
		{payment.BankCredit, payment.BankExplained}, {payment.BankDebit, payment.BankExplained}, {payment.BankDebit, payment.BankCharged},
	} {
		t.Run(string(test.kind)+" "+string(test.then), func(t *testing.T) {
			t.Parallel()
			d := open(t, noReserve())
			line := of("nobody", passing(test.kind, "l1", "5.00", "2026-03-02 10:00"))
			line.Rail = ""
			d.book(line)
			d.again(line)
			if stored := record[*payment.BankLine](d, payment.BankLineRecord, "l1"); stored.Merchant != "nobody" {
				t.Errorf("the line names %q", stored.Merchant)
			}
			explained := of("nobody", later(test.then, "l1", "2026-03-02 11:00"))
			d.book(explained)
			d.again(explained)
			d.account("suspense/escrow_in/credit", "0.00")
			d.account("suspense/escrow_in/debit", "0.00")
		})
	}
}

// What is kept for who has been closed has an id of its own, which no line of the bank
// can take.
func TestKeptLine(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"c1", strings.Repeat("c", 64)} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			d := open(t, noReserve())
			d.leaves()
			kept := payment.KeptLineID(id)
			for _, kind := range []payment.Kind{payment.BankCredit, payment.BankDebit} {
				d.refuse(passing(kind, kept, "5.00", "2026-11-30 12:10"),
					`id: "`+kept+`" begins with "won-", as ids of money that is kept for merchants who have been closed do: call the line something else`)
			}
			d.book(
				dispute(id, saved().ID, "100.00", "2026-12-01 10:00"), of(hand, toppedUp("t1", "117.70", "2026-12-02 10:00")),
				later(payment.DisputeWon, id, "2026-12-03 10:00"),
			)
			d.account("suspense/escrow_in/credit", "100.00")
			d.book(later(payment.BankOwnerPaid, kept, "2026-12-04 10:00"))
			d.account("suspense/escrow_in/credit", "0.00")
		})
	}
	if a, b := payment.KeptLineID(strings.Repeat("a", 64)), payment.KeptLineID(strings.Repeat("b", 64)); a == b {
		t.Errorf("two disputes have one line, %s", a)
	}
}
