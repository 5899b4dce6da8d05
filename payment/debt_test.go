package payment_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// owing brings merchant m 767.70 below zero.
func owing() []payment.Event {
	return []payment.Event{deposit("d1", "1000.00", "2026-02-27 10:00"), dispute("c1", "d1", "750.00", "2026-03-02 11:00")}
}

// reclassified makes an amount of it a receivable.
func reclassified(id, amount, when string) payment.Event {
	return payment.Event{Kind: payment.DebtReclassified, ID: id, OccurredAt: at(when), Merchant: m, Currency: inr(), Amount: rs(amount)}
}

func toppedUp(id, amount, when string) payment.Event {
	return payment.Event{Kind: payment.ToppedUp, ID: id, OccurredAt: at(when), Merchant: m, Currency: inr(), Amount: rs(amount), BankRef: "utr"}
}

// A negative balance becomes a receivable, is paid and written off in parts, and
// what is left goes back; each movement is a line, and the batches stay provable.
func TestDebtsLife(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(owing()...)
	d.book(reclassified("b1", "767.70", "2026-03-02 12:00"))
	d.stands(m, "available 0.00", "receivable 767.70", "pending 0.00") // that of the deposit had to be closed before
	d.refuse(reclassified("b2", "0.01", "2026-03-02 12:01"), "merchant_id: debt_reclassified is not possible now: debt b1 of m is reclassified")

	d.book(toppedUp("t1", "500.00", "2026-03-02 12:10"))
	d.stands(m, "available 0.00", "receivable 267.70")
	writeOff := asked(payment.WriteOffRequested, "w1", "67.70", "2026-03-02 12:20")
	d.book(writeOff)
	self := answered(payment.WriteOffApproved, "w1", "2026-03-02 12:30")
	self.Actor = maker
	d.refuse(self, "actor: w1 needs another pair of eyes: ann asked for it")
	d.book(answered(payment.WriteOffApproved, "w1", "2026-03-02 12:30"))
	d.stands(m, "available 0.00", "receivable 200.00")
	d.account("expense/bad_debt", "67.70")

	d.book(later(payment.DebtRestored, "b1", "2026-03-02 13:00"))
	d.stands(m, "available -200.00", "receivable 0.00")
	b := d.settle("2026-03-02")[0]
	if b.AtClose != settlement.CarriedForward || b.CarryOut != rs("200.00") || b.Categories.Adjustments != rs("567.70") {
		t.Errorf("batch is %s, carries %s out, adjustments %s", b.AtClose, b.CarryOut, b.Categories.Adjustments)
	}
	if debt := record[*payment.Debt](d, payment.DebtRecord, "b1"); debt.Status != payment.Restored || debt.Paid != rs("500.00") || debt.WrittenOff != rs("67.70") {
		t.Errorf("debt is %s, %s paid, %s written off", debt.Status, debt.Paid, debt.WrittenOff)
	}
}

// A debt that was paid whole leaves nothing to take back.
func TestDebtPaidWhole(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(owing()...)
	d.book(reclassified("b1", "767.70", "2026-03-02 12:00"), toppedUp("t1", "800.00", "2026-03-02 12:10"))
	d.stands(m, "available 32.30", "receivable 0.00")
	d.settle("2026-02-27")
	head := d.head()
	d.book(later(payment.DebtRestored, "b1", "2026-03-02 13:00"))
	if got := d.entries(head); got != "" {
		t.Errorf("it books\n%s", got)
	}
	d.book(toppedUp("t2", "1.00", "2026-03-02 13:10"))
	d.stands(m, "available 33.30", "receivable 0.00")
	d.account("bank/escrow_in", "801.00")
}

// What is paid in waits for a window that is known, whether the debt it pays stands already or a batch
// is still to make it.
func TestTopUpBehindAnEndedCalendar(t *testing.T) {
	t.Parallel()
	for _, amount := range []string{"0.00", "300.00", "767.70"} { // reclassified, of 767.70
		t.Run(amount, func(t *testing.T) {
			t.Parallel()
			rules := noReserve()
			shipped, _ := calendar.Shipped("IN")
			ending := *shipped
			ending.ValidUntil = date("2026-03-05")
			ending.Holidays = slices.DeleteFunc(slices.Clone(ending.Holidays), func(h calendar.Holiday) bool { return h.Date.After(ending.ValidUntil) })
			rules.Book.Schedules[0].Timing.Calendars = calendar.Calendars{&ending}
			d := open(t, rules)
			d.book(owing()...)
			if amount != "0.00" {
				d.book(reclassified("b1", amount, "2026-03-02 12:00"))
			}
			head := d.head()
			if _, err := d.report(toppedUp("t1", "100.00", "2026-03-06 12:00")); !errors.Is(err, calendar.ErrOutOfRange) {
				t.Errorf("got %v, want that the window is not known", err)
			}
			if got := d.entries(head); got != "" {
				t.Errorf("it books\n%s", got)
			}
			d.book(toppedUp("t1", "100.00", "2026-03-04 12:00"))
		})
	}
}

// A debt of which nothing is left is the merchant's no longer: another one may stand
// beside it, and to restore the old one does not touch that.
func TestDebtAfterADebt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		settle []payment.Event
	}{
		{"paid", []payment.Event{toppedUp("t1", "500.00", "2026-03-02 12:10")}},
		{"written off", []payment.Event{
			asked(payment.WriteOffRequested, "w1", "500.00", "2026-03-02 12:10"), answered(payment.WriteOffApproved, "w1", "2026-03-02 12:20"),
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(owing()...)
			d.book(reclassified("b1", "500.00", "2026-03-02 12:00"))
			d.book(test.settle...)
			if debt := record[*payment.Position](d, payment.PositionRecord, "m/INR").Debt; debt != "" {
				t.Errorf("the position names debt %s", debt)
			}
			d.book(reclassified("b2", "267.70", "2026-03-02 12:30"))
			d.book(later(payment.DebtRestored, "b1", "2026-03-02 13:00"))
			d.stands(m, "available 0.00", "receivable 267.70")
			d.book(later(payment.DebtRestored, "b2", "2026-03-02 13:10"))
			d.stands(m, "available -267.70", "receivable 0.00")
		})
	}
}

// Nobody owes more than they do.
func TestMoreThanIsOwed(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(owing()...)
	d.refuse(reclassified("b1", "767.71", "2026-03-02 12:00"), "amount: 767.71 is more than the merchant owes, INR 767.70")
	d.refuse(of(hand, reclassified("b1", "0.01", "2026-03-02 12:00")), "amount: 0.01 is more than the merchant owes, INR 0.00")
	d.book(reclassified("b1", "700.00", "2026-03-02 12:00"))
	d.book(asked(payment.WriteOffRequested, "w1", "767.71", "2026-03-02 12:20"), asked(payment.WriteOffRequested, "w2", "767.70", "2026-03-02 12:20"))
	d.refuse(answered(payment.WriteOffApproved, "w1", "2026-03-02 12:30"), "amount: 767.71 is more than the merchant owes, INR 767.70")
	d.book(answered(payment.WriteOffApproved, "w2", "2026-03-02 12:30"), answered(payment.WriteOffRejected, "w1", "2026-03-02 12:40"))
	d.stands(m, "available 0.00", "receivable 0.00")
	if w := record[*payment.WriteOff](d, payment.WriteOffRecord, "w2"); w.OfDebt != rs("700.00") {
		t.Errorf("of the receivable %s", w.OfDebt)
	}
}

// A write-off that comes from a dispute names one that was lost.
func TestWriteOffOfADispute(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(owing()...)
	w := asked(payment.WriteOffRequested, "w1", "767.70", "2026-03-02 12:20")
	w.Parent = "c1"
	d.refuse(w, "parent_id: write_off is not possible now: dispute c1 is needs_response")
	w.Parent = "c2"
	d.refuse(w, `parent_id: dispute "c2" is not known`)
	w.Parent = "c1"
	d.book(later(payment.DisputeLost, "c1", "2026-03-02 12:00"), w, answered(payment.WriteOffApproved, "w1", "2026-03-02 12:30"))
	d.again(w)
	d.account("expense/dispute_loss", "767.70")
	d.account("expense/bad_debt", "0.00")
}

// Batches take a debt back as far as they have money, oldest first, and each part is a
// line; a batch of before the debt does not, whenever the job runs.
func TestDebtTakenBack(t *testing.T) {
	t.Parallel()
	for _, daily := range []bool{true, false} {
		t.Run(fmt.Sprintf("a job every day: %t", daily), func(t *testing.T) {
			t.Parallel()
			d := open(t, noReserve())
			d.book(owing()...)
			batches := d.settle("2026-02-27") // before it nothing is reclassified
			job := func(day string) {
				if daily {
					batches = append(batches, d.settle(day)...)
				}
			}
			d.book(reclassified("b1", "767.70", "2026-03-02 12:00"), deposit("d2", "500.00", "2026-03-02 13:00"))
			job("2026-03-02")
			d.book(refund("r1", "d2", "400.00", "2026-03-03 13:00"))
			job("2026-03-03")
			d.book(deposit("d3", "1000.00", "2026-03-04 13:00"))
			batches = append(batches, d.settle("2026-03-04")...)
			var got []string
			for _, b := range batches {
				got = append(got, fmt.Sprintf("%s %s, %s out, adjustments %s", b.Window.BusinessDate, inr().Format(b.Net), inr().Format(b.CarryOut), inr().Format(b.Categories.Adjustments)))
			}
			want := []string{
				"2026-02-27 976.40, 0.00 out, adjustments 0.00",
				"2026-03-02 0.00, 0.00 out, adjustments 279.50",    // 767.70 brought, 488.20 taken back
				"2026-03-03 0.00, 390.56 out, adjustments 0.00",    // nothing to take it from
				"2026-03-04 306.34, 0.00 out, adjustments -279.50", // what is left of it
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			d.stands(m, "receivable 0.00", "available 0.00")
			debt := record[*payment.Debt](d, payment.DebtRecord, "b1")
			if left, err := debt.Left(); err != nil || !left.IsZero() || debt.Recovered != rs("767.70") {
				t.Errorf("%s is left of the debt, %v, %s recovered", left, err, debt.Recovered)
			}
			if stands := record[*payment.Position](d, payment.PositionRecord, "m/INR").Debt; stands != "" {
				t.Errorf("the position names debt %s", stands)
			}
		})
	}
}

// What batches have taken back is neither paid nor goes back again.
func TestDebtTakenBackInPart(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(owing()...)
	d.book(reclassified("b1", "767.70", "2026-03-02 12:00"), deposit("d2", "500.00", "2026-03-02 13:00"))
	d.settle("2026-03-02")
	d.stands(m, "available 0.00", "receivable 279.50")
	d.book(toppedUp("t1", "100.00", "2026-03-03 10:00"))
	d.stands(m, "available 0.00", "receivable 179.50")
	d.book(later(payment.DebtRestored, "b1", "2026-03-03 11:00"))
	d.stands(m, "available -179.50", "receivable 0.00")
}

// Who is settled by hand pays a debt back by itself.
func TestDebtByHand(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(
		of(hand, asked(payment.AdjustmentDebit, "a1", "50.00", "2026-03-02 09:00")), answered(payment.AdjustmentApproved, "a1", "2026-03-02 09:10"),
		of(hand, reclassified("b1", "50.00", "2026-03-02 09:20")), saved(),
	)
	d.settle("2026-06-30")
	d.book(payout("p1", "970.50", "2026-11-30 13:00"))
	d.stands(hand, "available 0.00", "receivable 50.00")
}

// A write-off, and what makes a debt or takes it back, see what due batches will bring: they are not
// decided while any is not closed. Whoever settles first has the same figures as in time.
func TestDebtWhileDue(t *testing.T) {
	t.Parallel()
	d := open(t, alone())
	d.book(taken("a1", "500.00", "2026-02-26 10:00"), reclassified("b1", "500.00", "2026-02-26 11:00"), asked(payment.WriteOffRequested, "w1", "500.00", "2026-02-26 12:00"))
	d.book(credited("a2", "800.00", "2026-02-27 10:00"))
	const due = "2026-03-02 10:00"
	for _, e := range []payment.Event{answered(payment.WriteOffApproved, "w1", due), later(payment.DebtRestored, "b1", due)} {
		if _, err := d.report(e); !errors.Is(err, payment.ErrWindowsDue) {
			t.Errorf("%s: %v, want %v", e.Kind, err, payment.ErrWindowsDue)
		}
	}
	batches := d.settleBefore(due)
	if paid := batches[len(batches)-1].Net; paid != rs("300.00") {
		t.Errorf("the batch pays %s, want 300.00", inr().Format(paid))
	}
	d.refuse(answered(payment.WriteOffApproved, "w1", due), "amount: 500.00 is more than the merchant owes, INR 0.00")

	d.book(taken("a3", "20.00", "2026-03-02 11:00"))
	debt := reclassified("b2", "20.00", "2026-03-03 10:00")
	if _, err := d.report(debt); !errors.Is(err, payment.ErrWindowsDue) {
		t.Errorf("%s: %v, want %v", debt.Kind, err, payment.ErrWindowsDue)
	}
	d.book(debt)
}
