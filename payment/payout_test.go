package payment_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Above an amount it takes two: who asks for a payout, and somebody else.
func TestApproval(t *testing.T) {
	t.Parallel()
	d := open(t, cautious())
	d.book(saved())
	d.refuse(payout("p1", "400.01", "2026-03-05 10:00"),
		"actor: is missing; somebody else has to approve a payout of more than INR 400.00, so it must say who asks for it")
	d.book(decided("anna", payout("p1", "400.01", "2026-03-05 10:00")))
	d.stands(hand, "payouts 405.91", "available 470.49")
	d.refuse(later(payment.PayoutSent, "p1", "2026-03-05 10:30"), "kind: payout_sent is not possible now: p1 is requested")
	d.refuse(later(payment.PayoutApproved, "p1", "2026-03-05 10:30"), "actor: is missing; a payout_approved needs it")
	d.refuse(decided("anna", later(payment.PayoutApproved, "p1", "2026-03-05 10:30")), `actor: "anna" asked for the payout and cannot approve it`)
	approval := decided("bert", later(payment.PayoutApproved, "p1", "2026-03-05 10:30"))
	d.book(approval)
	d.again(approval)
	d.refuse(decided("carl", approval), `actor: was reported before with other content: was "bert", is now "carl"`)
	d.stands(hand, "payouts 405.91", "available 470.49") // an approval moves nothing
	d.book(later(payment.PayoutSent, "p1", "2026-03-05 11:00"))
	d.book(payout("p2", "400.00", "2026-03-05 12:00"), later(payment.PayoutSent, "p2", "2026-03-05 12:00"))
}

// The narrowest rule holds whole; a currency it does not name has no limit.
func TestPayoutRules(t *testing.T) {
	t.Parallel()
	limit := func(of money.Currency, amount money.Amount, scopes ...merchant.Scope) payment.PayoutRule {
		return payment.PayoutRule{For: scopes, ApproveAbove: map[money.Currency]money.Amount{of: amount}}
	}
	nobody := limit(inr(), rs("0.00"), merchant.Scope{})
	for _, test := range []struct {
		name  string
		rules []payment.PayoutRule
		want  payment.Status
	}{
		{"none", nil, payment.Approved},
		{"of the platform", []payment.PayoutRule{nobody}, payment.Requested},
		{"of another merchant", []payment.PayoutRule{limit(inr(), rs("0.00"), merchant.Scope{Merchant: m})}, payment.Approved},
		{"of another currency", []payment.PayoutRule{limit(money.MustCurrency("PKR"), rs("0.00"), merchant.Scope{})}, payment.Approved},
		{"the region's is narrower", []payment.PayoutRule{nobody, limit(inr(), rs("100.00"), merchant.Scope{Region: "IN"})}, payment.Approved},
		{"the merchant's is narrower", []payment.PayoutRule{
			limit(inr(), rs("99.99"), merchant.Scope{Merchant: hand}), limit(inr(), rs("100.00"), merchant.Scope{Region: "IN"}),
		}, payment.Requested},
		{"the first of two", []payment.PayoutRule{limit(inr(), rs("100.00"), merchant.Scope{}), nobody}, payment.Approved},
		{"one says nothing of limits", []payment.PayoutRule{{For: []merchant.Scope{{Merchant: hand}}}, nobody}, payment.Approved},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rules := terms()
			rules.Payouts = test.rules
			d := open(t, rules)
			d.book(saved(), decided("anna", payout("p1", "100.00", "2026-03-05 10:00")))
			if got := record[*payment.Payout](d, payment.PayoutRecord, "p1").Status; got != test.want {
				t.Errorf("payout is %s, want %s", got, test.want)
			}
		})
	}
}

// Each step of a payout is told, those that follow by themselves too; what they say
// is how it stood at that step.
func TestPayoutNews(t *testing.T) {
	t.Parallel()
	rules := cautious()
	rules.Book.Plans, rules.Plans = nil, nil
	d := open(t, rules)
	got := map[string][]payment.Status{}
	types := map[string][]event.Type{}
	for _, e := range announced(
		d, saved(),
		payout("p1", "100.00", "2026-03-05 10:00"),
		decided("anna", payout("p2", "500.00", "2026-03-05 10:00")),
		decided("bert", later(payment.PayoutRejected, "p2", "2026-03-05 10:10")),
		decided("anna", payout("p3", "950.00", "2026-03-05 10:20")),
		later(payment.PayoutCanceled, "p3", "2026-03-05 10:30"),
		later(payment.PayoutSent, "p1", "2026-03-05 10:40"),
		later(payment.PayoutUnknown, "p1", "2026-03-05 10:50"),
		later(payment.PayoutFailed, "p1", "2026-03-05 11:00"),
	) {
		p, err := payment.PayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		if int(e.Sequence) != len(got[p.ID])+1 {
			t.Errorf("%s of %s has number %d", e.Type, p.ID, e.Sequence)
		}
		got[p.ID], types[p.ID] = append(got[p.ID], p.Status), append(types[p.ID], e.Type)
	}
	want := map[string][]payment.Status{
		"d1": {payment.Succeeded},
		"p1": {payment.Requested, payment.Approved, payment.Sent, payment.Unknown, payment.Failed},
		"p2": {payment.Requested, payment.Rejected},
		"p3": {payment.Requested, payment.Queued, payment.Canceled},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]event.Type{event.PayoutCreated, event.PayoutQueued, event.PayoutCanceled}, types["p3"]); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

// Until somebody knows, the money is neither here nor there; then it is as if
// nobody had ever doubted.
func TestUnknownPayout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		end  payment.Kind
		want []string
	}{
		{payment.PayoutCompleted, []string{"available 370.50", "payouts 0.00"}},
		{payment.PayoutFailed, []string{"available 876.40", "payouts 0.00"}},
	} {
		t.Run(string(test.end), func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(saved(), payout("p1", "500.00", "2026-03-05 10:00"), later(payment.PayoutSent, "p1", "2026-03-05 11:00"))
			head := d.head()
			d.book(later(payment.PayoutUnknown, "p1", "2026-03-05 11:30"))
			if got := d.entries(head); got != "" {
				t.Errorf("an unknown outcome books\n%s", got)
			}
			d.stands(hand, "available 370.50", "payouts 5.90")
			d.account("rails/imps/payouts", "500.00")
			d.book(later(test.end, "p1", "2026-03-05 12:00"))
			d.stands(hand, test.want...)
			d.account("rails/imps/payouts", "0.00")
		})
	}
}

// A payout that is taken back leaves no trace on the balances: its fee and the tax
// on it come back too, as a movement of its own.
func TestPayoutTakenBack(t *testing.T) {
	t.Parallel()
	for _, end := range []payment.Kind{payment.PayoutRejected, payment.PayoutCanceled, payment.PayoutFailed} {
		t.Run(string(end), func(t *testing.T) {
			t.Parallel()
			d := open(t, cautious())
			d.book(saved(), decided("anna", payout("p1", "500.00", "2026-03-05 10:00")), decided("bert", later(end, "p1", "2026-03-05 11:00")))
			d.stands(hand, "available 876.40", "payouts 0.00")
			d.account("income/payout_fee", "0.00")
			items := records[*payment.Item](d, payment.ItemRecord)
			back := items[len(items)-1]
			if back.Type != string(end) || back.Category != payment.CategoryPayout || back.Gross != rs("500.00") ||
				back.Fee != rs("5.00") || back.Tax != rs("0.90") || back.Net != rs("505.90") {
				t.Errorf("movement %+v", back)
			}
		})
	}
}

// A payout that failed and was paid after all has left the bank: the merchant pays it
// whatever it has, once. A failure that preceded that and is told after it does nothing.
func TestPayoutPaidAfterAll(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(
		saved(), payout("p1", "500.00", "2026-03-05 10:00"), later(payment.PayoutSent, "p1", "2026-03-05 11:00"),
		later(payment.PayoutFailed, "p1", "2026-03-05 12:00"), payout("p2", "800.00", "2026-03-05 12:30"),
	)
	d.stands(hand, "available 70.50")
	completed := later(payment.PayoutCompleted, "p1", "2026-03-06 12:00")
	d.book(completed)
	d.again(completed)
	d.stands(hand, "available -435.40", "payouts 805.90")
	d.account("rails/imps/payouts", "0.00")
	d.account("bank/escrow_in", "-500.00")
	d.book(later(payment.PayoutReturned, "p1", "2026-03-07 12:00"))
	d.stands(hand, "available 64.60")

	early := later(payment.PayoutFailed, "p2", "2026-03-07 13:30")
	d.book(later(payment.PayoutSent, "p2", "2026-03-07 13:00"), later(payment.PayoutCompleted, "p2", "2026-03-07 14:00"), early)
	d.again(early)
	if got := record[*payment.Payout](d, payment.PayoutRecord, "p2").Status; got != payment.Completed {
		t.Errorf("payout p2 is %s", got)
	}
	d.account("bank/escrow_in", "-800.00")
}

// What was never sent cannot have been paid: nobody has approved it, perhaps.
func TestPayoutNeverSent(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(saved(), payout("p1", "500.00", "2026-03-05 10:00"), later(payment.PayoutFailed, "p1", "2026-03-05 12:00"))
	_, err := d.report(later(payment.PayoutCompleted, "p1", "2026-03-06 12:00"))
	if want := "kind: payout_completed is not possible now: p1 is failed, and was never sent"; !errors.Is(err, payment.ErrTransition) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	d.account("bank/escrow_in", "0.00")
}

// A failure that comes behind a payment after all is no repetition of the one before,
// whoever tells it: the money may have come back.
func TestPayoutFailedBehindPayment(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(saved(), payout("p1", "500.00", "2026-03-05 10:00"))
	told := func(kind payment.Kind, at string) payment.Event {
		e := later(kind, "p1", at)
		e.FromRail = true
		return e
	}
	d.book(told(payment.PayoutSent, "2026-03-05 11:00"), told(payment.PayoutFailed, "2026-03-05 12:00"))
	d.again(later(payment.PayoutFailed, "p1", "2026-03-05 12:10"))
	d.book(told(payment.PayoutCompleted, "2026-03-05 13:00"))
	d.again(later(payment.PayoutFailed, "p1", "2026-03-05 12:20"))
	if _, err := d.report(later(payment.PayoutFailed, "p1", "2026-03-05 14:00")); !errors.Is(err, payment.ErrConflict) {
		t.Errorf("error %v, want %v", err, payment.ErrConflict)
	}
}
