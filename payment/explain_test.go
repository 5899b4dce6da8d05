package payment_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
)

// explained says of each fee of a record what it was, and what stands given back of it; "none": it has no fee.
func (d *desk) explained(id string) (out []string) {
	d.Helper()
	all, err := d.ExplainFee(d.Context(), id)
	if errors.Is(err, payment.ErrNoFee) {
		return []string{"none"}
	}
	if err != nil {
		d.Fatal(err)
	}
	for _, f := range all {
		total := f.Back.Fee
		for _, tax := range f.Back.Taxes {
			if total, err = total.Add(tax.Amount); err != nil {
				d.Fatal(err)
			}
		}
		out = append(out, f.Kind+" "+inr().Format(f.Fee.Fee)+", back "+inr().Format(total))
	}
	return out
}

// What went back of a fee with a refund was charged again when the refund failed; it stands given back while the refund does.
func TestExplainRefund(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(captured(), refund("r1", "d1", "250.00", "2026-03-02 12:00"), refund("r2", "d1", "250.00", "2026-03-02 12:01"),
		refund("r3", "d1", "250.00", "2026-03-02 12:02"))
	d.book(later(payment.RefundFailed, "r1", "2026-03-02 13:00"), later(payment.RefundCanceled, "r2", "2026-03-02 13:00"))
	for id, want := range map[string]string{
		"r1": "deposit 20.00, back 0.00", "r2": "deposit 20.00, back 0.00", "r3": "deposit 20.00, back 5.90", "d1": "deposit 20.00, back 5.90",
	} {
		if diff := cmp.Diff([]string{want}, d.explained(id)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// The fee of a payout was charged when its money was taken, or, where it is invoiced, when it is paid: not of one that waits for money, nor
// if it never came to that.
func TestExplainPayout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rules  *payment.Rules
		events []payment.Event
		want   string
	}{
		"taken":               {terms(), paidOut(payment.PayoutRequested), "payout 5.00, back 0.00"},
		"failed":              {terms(), paidOut(payment.PayoutFailed), "payout 5.00, back 5.90"},
		"invoiced, paid":      {invoicedPayouts(), paidOut(payment.PayoutCompleted), "payout 5.00, back 0.00"},
		"invoiced, failed":    {invoicedPayouts(), paidOut(payment.PayoutFailed), "none"},
		"waits":               {queueing(), []payment.Event{saved(), payout("p1", "600.00", "2026-03-04 10:00")}, "none"},
		"waited, given up":    {queueing(), []payment.Event{saved(), payout("p1", "600.00", "2026-03-04 10:00"), later(payment.PayoutCanceled, "p1", "2026-03-04 11:00")}, "none"},
		"canceled at request": {terms(), append(paidOut(payment.PayoutRequested), later(payment.PayoutCanceled, "p1", "2026-03-05 11:00")), "payout 5.00, back 5.90"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, tt.rules)
			d.book(tt.events...)
			if diff := cmp.Diff([]string{tt.want}, d.explained("p1")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	d := open(t, queueing())
	d.book(saved(), payout("p1", "600.00", "2026-03-04 10:00"))
	d.releases("2026-03-06 10:00")
	d.book(later(payment.PayoutCanceled, "p1", "2026-03-06 11:00"))
	if diff := cmp.Diff([]string{"payout 5.00, back 5.90"}, d.explained("p1")); diff != "" {
		t.Errorf("waited, released and canceled (-want +got):\n%s", diff)
	}
}
