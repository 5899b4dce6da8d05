package payment_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Who asks and who agrees.
const (
	maker   = "ann"
	checker = "bob"
)

// asked is an event that somebody asks for with a reason.
func asked(kind payment.Kind, id, amount, when string) payment.Event {
	return payment.Event{
		Kind: kind, ID: id, OccurredAt: at(when), Merchant: m, Currency: inr(), Amount: rs(amount), ReasonCode: "service failure", Actor: maker,
	}
}

// answered is what somebody decides about what was asked for.
func answered(kind payment.Kind, id, when string) payment.Event {
	e := later(kind, id, when)
	e.Actor, e.ReasonCode = checker, "checked"
	return e
}

// trusting are the terms, and up to 100.00 whoever asks for an adjustment decides.
func trusting() *payment.Rules {
	rules := terms()
	rules.ApproveAbove = map[money.Currency]money.Amount{inr(): rs("100.00")}
	return rules
}

// Up to the threshold an adjustment is approved at once; above it nothing is booked
// until somebody else agrees.
func TestAdjustmentThreshold(t *testing.T) {
	t.Parallel()
	d := open(t, trusting())
	d.book(asked(payment.AdjustmentCredit, "a1", "100.00", "2026-03-02 10:00"))
	d.stands(m, "available 100.00")
	d.book(asked(payment.AdjustmentDebit, "a2", "100.01", "2026-03-02 10:00"))
	d.stands(m, "available 100.00")
	agreed := answered(payment.AdjustmentApproved, "a2", "2026-03-02 11:00")
	self := agreed
	self.Actor = maker
	d.refuse(self, "actor: a2 needs another pair of eyes: ann asked for it")
	if _, err := d.report(self); !errors.Is(err, payment.ErrSelfApproval) {
		t.Errorf("error %v, want %v", err, payment.ErrSelfApproval)
	}
	d.book(agreed)
	d.again(agreed)
	d.stands(m, "available -0.01") // people may take what is not there: a batch carries it
	d.account("expense/goodwill", "-0.01")

	d.book(asked(payment.AdjustmentCredit, "a3", "500.00", "2026-03-02 12:00"))
	takenBack := answered(payment.AdjustmentRejected, "a3", "2026-03-02 12:10")
	takenBack.Actor = maker
	d.book(takenBack)
	d.refuse(asked(payment.AdjustmentDebit, "a3", "500.00", "2026-03-02 12:00"), `kind: was reported before with other content: was "adjustment_credit", is now "adjustment_debit"`)
	d.again(asked(payment.AdjustmentCredit, "a3", "500.00", "2026-03-02 12:00"))

	nobody := asked(payment.AdjustmentCredit, "a4", "5.00", "2026-03-02 12:00")
	nobody.Actor = ""
	d.refuse(nobody, "actor: is missing; a adjustment_credit needs it")
	nobody.Actor, nobody.ReasonCode = maker, ""
	d.refuse(nobody, "reason_code: is missing; a adjustment_credit needs it")
}

// Without a threshold every adjustment needs a second pair of eyes.
func TestAdjustmentWithoutThreshold(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(asked(payment.AdjustmentCredit, "a1", "0.01", "2026-03-02 10:00"))
	if a := record[*payment.Adjustment](d, payment.AdjustmentRecord, "a1"); a.Status != payment.Requested {
		t.Errorf("it is %s", a.Status)
	}
	d.stands(m, "available 0.00")
}

// An adjustment is a line of its window's batch.
func TestAdjustmentSettles(t *testing.T) {
	t.Parallel()
	d := open(t, trusting())
	d.book(captured(), asked(payment.AdjustmentCredit, "a1", "50.00", "2026-03-02 12:00"), asked(payment.AdjustmentDebit, "a2", "20.00", "2026-03-02 12:00"))
	b := d.settle("2026-03-02")[0]
	if b.Net != rs("906.40") || b.Categories.Adjustments != rs("30.00") || b.Categories.Payments != rs("876.40") {
		t.Errorf("net %s, of it adjustments %s, payments %s", b.Net, b.Categories.Adjustments, b.Categories.Payments)
	}
}

// Each adjustment tells its life.
func TestAdjustmentNews(t *testing.T) {
	t.Parallel()
	d := open(t, trusting())
	news := announced(d,
		asked(payment.AdjustmentCredit, "a1", "50.00", "2026-03-02 12:00"),
		asked(payment.AdjustmentDebit, "a2", "500.00", "2026-03-02 12:00"), answered(payment.AdjustmentApproved, "a2", "2026-03-02 13:00"),
		asked(payment.AdjustmentDebit, "a3", "500.00", "2026-03-02 12:00"), answered(payment.AdjustmentRejected, "a3", "2026-03-02 13:00"),
	)
	type row struct {
		Type     event.Type
		Object   string
		Sequence uint64
		Status   payment.Status
	}
	var got []row
	for _, e := range news {
		p, err := payment.PayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row{e.Type, e.Object.String(), e.Sequence, p.Status})
	}
	want := []row{
		{event.AdjustmentCreated, "adjustment/a1", 1, payment.Approved},
		{event.AdjustmentCreated, "adjustment/a2", 1, payment.Requested}, {event.AdjustmentApproved, "adjustment/a2", 2, payment.Approved},
		{event.BalanceNegative, "position/m/INR", 1, ""},
		{event.AdjustmentCreated, "adjustment/a3", 1, payment.Requested}, {event.AdjustmentRejected, "adjustment/a3", 2, payment.Rejected},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
}
