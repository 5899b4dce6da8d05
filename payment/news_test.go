package payment_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// announced decides events one after another on one state that nothing is saved
// of, and gives what leaves with them.
func announced(d *desk, events ...payment.Event) (news []*event.Event) {
	d.Helper()
	err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
		news = nil
		var spy spyTx
		spy.Tx = tx
		for _, e := range events {
			h := &payment.Handle{Rules: d.rules, Event: e.Normalize()}
			errs, err := d.Books().DoTx(d.Context(), &spy, h)
			if err != nil || errs[0] != nil {
				d.Fatalf("%s %s: %v %v", e.Kind, e.ID, err, errs)
			}
		}
		news = spy.news
		return errUndo
	})
	if err == nil {
		d.Fatal("the trial was committed")
	}
	return news
}

// spyTx keeps the events that leave.
type spyTx struct {
	ledger.Tx
	news []*event.Event
}

// Save implements ledger.Tx.
func (s *spyTx) Save(ctx context.Context, c *ledger.Changes) error {
	s.news = append(s.news, c.Events...)
	return s.Tx.Save(ctx, c)
}

// Each move of a resource tells its event, with the status that polling it would
// give, and numbers that count the resource's events.
func TestNews(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	lives := []payment.Event{
		captured(), refund("r1", "d1", "250.00", "2026-03-02 11:00"), later(payment.RefundConfirmed, "r1", "2026-03-02 12:00"),
		dispute("c1", "d1", "750.00", "2026-03-02 12:10"), later(payment.DisputeWon, "c1", "2026-03-02 12:20"),
		of(hand, deposit("d2", "1000.00", "2026-03-03 10:00")), payout("p1", "500.00", "2026-03-05 10:00"),
		later(payment.PayoutSent, "p1", "2026-03-05 11:00"), later(payment.PayoutCompleted, "p1", "2026-03-05 12:00"),
		later(payment.PayoutCompleted, "p1", "2026-03-05 12:00"), // told again: no news
	}
	type row struct {
		Type     event.Type
		Object   string
		Sequence uint64
		Merchant string
		Status   payment.Status
		Amount   string
	}
	want := []row{
		{event.DepositSucceeded, "deposit/d1", 1, m, payment.Succeeded, "1000"},
		{event.ReserveHeld, "hold/d1", 1, m, payment.Held, "100"},
		{event.RefundCreated, "refund/r1", 1, m, payment.Pending, "250"},
		{event.RefundSucceeded, "refund/r1", 2, m, payment.Succeeded, "250"},
		{event.DisputeOpened, "dispute/c1", 1, m, payment.NeedsResponse, "750"},
		{event.BalanceNegative, "position/m/INR", 1, m, "", ""},
		{event.DisputeWon, "dispute/c1", 2, m, payment.Won, "750"},
		{event.DepositSucceeded, "deposit/d2", 1, hand, payment.Succeeded, "1000"},
		{event.ReserveHeld, "hold/d2", 1, hand, payment.Held, "100"},
		{event.PayoutCreated, "payout/p1", 1, hand, payment.Requested, "500"},
		{event.PayoutApproved, "payout/p1", 2, hand, payment.Approved, "500"},
		{event.PayoutSent, "payout/p1", 3, hand, payment.Sent, "500"},
		{event.PayoutCompleted, "payout/p1", 4, hand, payment.Completed, "500"},
	}
	var got []row
	for _, e := range announced(d, lives...) {
		p, err := payment.PayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row{e.Type, e.Object.String(), e.Sequence, e.Merchant, p.Status, p.Amount})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
}

// Events say what a resource has besides: what came back of a dispute, which way an
// adjustment goes.
func TestNewsDetails(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	adjust := func(kind payment.Kind, id string) payment.Event {
		return payment.Event{
			Kind: kind, ID: id, OccurredAt: at("2026-03-03 10:00"), Merchant: m, Currency: inr(), Amount: rs("1.00"), ReasonCode: "sorry", Actor: maker,
		}
	}
	var got []string
	for _, e := range announced(d,
		captured(), dispute("c1", "d1", "750.00", "2026-03-02 11:00"), dispute("c2", "d1", "50.00", "2026-03-02 11:00"),
		withAmount("200.50", later(payment.DisputeWon, "c1", "2026-03-02 12:00")), later(payment.DisputeWon, "c2", "2026-03-02 12:00"),
		adjust(payment.AdjustmentCredit, "a1"), adjust(payment.AdjustmentDebit, "a2"),
	) {
		if kind := e.Object.Kind; kind != payment.DisputeRecord && kind != payment.AdjustmentRecord {
			continue
		}
		p, err := payment.PayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s: %s%s %s", e.Type, p.ID, p.Direction, p.Recovered, p.RecoveredMinor))
	}
	want := []string{
		"dispute.opened c1:  0", "dispute.opened c2:  0", "dispute.won c1: 200.5 20050", "dispute.won c2: 50 5000",
		"adjustment.created a1: credit 0", "adjustment.created a2: debit 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}
