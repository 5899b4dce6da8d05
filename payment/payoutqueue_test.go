package payment_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// queueing are the terms, and payouts wait for money.
func queueing() *payment.Rules {
	rules := cautious()
	rules.Payouts[0].ApproveAbove = nil
	return rules
}

// releases lets as many go as there is money for at an instant.
func (d *desk) releases(when string) (released []string) {
	d.Helper()
	for {
		places := d.waiting()
		if len(places) == 0 {
			return released
		}
		r := &payment.Release{
			Rules: d.rules, Place: *places[0], Instant: at(when),
			Queue: *record[*payment.PayoutQueue](d, payment.QueueRecord, payment.QueueRef(hand, inr()).ID),
		}
		if err := d.Books().Do(d.Context(), r); err != nil {
			d.Fatal(err)
		}
		if !r.Released {
			return released
		}
		released = append(released, r.Place.Payout)
	}
}

func (d *desk) waiting() []*payment.PayoutPlace {
	d.Helper()
	return records[*payment.PayoutPlace](d, payment.PlaceRecord)
}

// stand wants payouts in statuses: "p1 queued".
func (d *desk) stand(want ...string) {
	d.Helper()
	var got []string
	for _, p := range records[*payment.Payout](d, payment.PayoutRecord) {
		got = append(got, fmt.Sprint(p.ID, " ", p.Status))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("payouts (-want +got):\n%s", diff)
	}
}

// A payout without money waits, and books nothing; those after it wait behind it,
// also where there is money for them. The first goes as soon as there is money for
// it, by the recipe of a request, and with the fee it had then.
func TestPayoutQueue(t *testing.T) {
	t.Parallel()
	rules := queueing()
	d := open(t, rules)
	d.book(saved()) // 876.40 from the 5th on
	head := d.head()
	d.book(
		payout("p1", "600.00", "2026-03-04 10:00"), // 605.90
		payout("p2", "300.00", "2026-03-04 11:00"), // 305.90: too much once p1 is gone
		payout("p3", "100.00", "2026-03-05 12:00"), // there is money for it, but others wait
	)
	if got := d.entries(head); got != "" {
		t.Errorf("what waits has booked\n%s", got)
	}
	d.stand("p1 queued", "p2 queued", "p3 queued")
	d.stands(hand, "available 0.00", "pending 876.40", "payouts 0.00")
	if got := d.releases("2026-03-04 23:59"); len(got) > 0 {
		t.Errorf("%q are released before there is money", got)
	}
	rules.Fees[len(rules.Fees)-1].Components[0].Fixed = new(rs("7.00")) // too late for those that wait
	if diff := cmp.Diff([]string{"p1"}, d.releases("2026-03-05 12:30")); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	d.wantEntry("payout/p1/requested", `
payout.requested payout/p1/requested
  Dr merchants/hand/available 605.90
  Cr merchants/hand/payouts 605.90
`)
	d.stand("p1 approved", "p2 queued", "p3 queued") // p2 keeps p3 waiting
	d.book(later(payment.PayoutCanceled, "p2", "2026-03-05 13:00"))
	if diff := cmp.Diff([]string{"p3"}, d.releases("2026-03-05 13:00")); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	d.stand("p1 approved", "p2 canceled", "p3 approved")
	d.stands(hand, "available 164.60", "pending 0.00", "payouts 711.80")
	d.book(payout("p4", "100.00", "2026-03-05 14:00")) // nobody waits any more
	d.stand("p1 approved", "p2 canceled", "p3 approved", "p4 approved")
}

// The queue is in order of the instants of the requests, and of their coming where
// those are the same; canceled and rejected ones leave it.
func TestPayoutQueueOrder(t *testing.T) {
	t.Parallel()
	d := open(t, queueing())
	d.book(
		saved(),
		payout("b", "100.00", "2026-03-04 10:00"), payout("a", "100.00", "2026-03-04 10:00"),
		payout("c", "100.00", "2026-03-04 09:00"), payout("e", "100.00", "2026-03-04 11:00"), payout("f", "100.00", "2026-03-04 10:30"),
		decided("anna", later(payment.PayoutRejected, "f", "2026-03-04 12:00")),
		later(payment.PayoutCanceled, "a", "2026-03-04 12:00"),
	)
	if diff := cmp.Diff([]string{"c", "b", "e"}, d.releases("2026-03-05 10:00")); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if q := record[*payment.PayoutQueue](d, payment.QueueRecord, payment.QueueRef(hand, inr()).ID); q.Waiting() != 0 || q.Came != 5 {
		t.Errorf("queue %+v", q)
	}
}

// A payout that comes while others wait joins them, also where a job would have let
// them go: nobody overtakes, and in the end everybody has the same.
func TestPayoutQueueBeforeTheJob(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			t.Parallel()
			d := open(t, queueing())
			d.book(saved(), payout("p1", "600.00", "2026-03-04 10:00"))
			var released []string
			if first {
				released = d.releases("2026-03-05 01:00")
			}
			d.book(payout("p2", "200.00", "2026-03-05 12:00"))
			if first {
				d.stand("p1 approved", "p2 approved")
			} else {
				d.stand("p1 queued", "p2 queued")
			}
			released = append(released, d.releases("2026-03-05 12:00")...)
			if want := map[bool][]string{true: {"p1"}, false: {"p1", "p2"}}[first]; !cmp.Equal(want, released) {
				t.Errorf("released %q, want %q", released, want)
			}
			d.stand("p1 approved", "p2 approved")
			d.stands(hand, "available 64.60", "payouts 811.80")
		})
	}
}

// Without the rule a payout is refused, but not past those that wait already.
func TestPayoutQueueClosed(t *testing.T) {
	t.Parallel()
	rules := queueing()
	d := open(t, rules)
	d.book(saved(), payout("p1", "600.00", "2026-03-04 10:00"))
	rules.Payouts = nil
	d.book(payout("p2", "1.00", "2026-03-05 10:00"))
	d.stand("p1 queued", "p2 queued")
	if diff := cmp.Diff([]string{"p1", "p2"}, d.releases("2026-03-05 12:00")); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if _, err := d.report(payout("p3", "600.00", "2026-03-05 13:00")); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("error %v, want %v", err, ledger.ErrInsufficientFunds)
	}
}

// What waits for money and for approval gets the one, and then waits for the other.
func TestPayoutQueueThenApproval(t *testing.T) {
	t.Parallel()
	d := open(t, cautious())
	d.book(saved(), decided("anna", payout("p1", "500.00", "2026-03-04 10:00")))
	d.refuse(decided("bert", later(payment.PayoutApproved, "p1", "2026-03-04 11:00")), "kind: payout_approved is not possible now: p1 is queued")
	if diff := cmp.Diff([]string{"p1"}, d.releases("2026-03-05 10:00")); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	d.stand("p1 requested")
	d.stands(hand, "available 370.50", "payouts 505.90")
	d.book(decided("bert", later(payment.PayoutApproved, "p1", "2026-03-05 11:00")), later(payment.PayoutSent, "p1", "2026-03-05 12:00"))
	d.stands(hand, "available 370.50", "payouts 5.90")
}

// A release that was decided on another queue does nothing.
func TestReleaseOfAnotherQueue(t *testing.T) {
	t.Parallel()
	d := open(t, queueing())
	d.book(saved(), payout("p1", "100.00", "2026-03-04 10:00"), payout("p2", "100.00", "2026-03-04 11:00"))
	places := d.waiting()
	r := &payment.Release{
		Rules: d.rules, Place: *places[1], Instant: at("2026-03-05 10:00"),
		Queue: *record[*payment.PayoutQueue](d, payment.QueueRecord, payment.QueueRef(hand, inr()).ID),
	}
	d.book(later(payment.PayoutCanceled, "p1", "2026-03-04 12:00")) // p2 is the first now, but who read the queue does not know
	before := d.everything()
	if err := d.Books().Do(t.Context(), r); err != nil || r.Released {
		t.Errorf("released: %t, %v", r.Released, err)
	}
	d.same(before, "a release of a queue that has changed")
}

// A payout that gets its money is told to have it, whether somebody else has to
// approve it then or not.
func TestPayoutQueueTells(t *testing.T) {
	t.Parallel()
	d := open(t, cautious())
	d.book(saved(), payout("p1", "100.00", "2026-03-04 10:00"), decided("anna", payout("p2", "500.00", "2026-03-04 11:00")))
	if diff := cmp.Diff([]string{"p1", "p2"}, d.releases("2026-03-05 12:00")); diff != "" {
		t.Fatalf("released (-want +got):\n%s", diff)
	}
	var got []string
	for e, err := range d.Events(t.Context(), event.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Object.Kind != payment.PayoutRecord {
			continue
		}
		p, err := payment.PayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d: %s %s", p.ID, e.Sequence, e.Type, p.Status))
	}
	want := []string{
		"p1 1: payout.created requested", "p1 2: payout.queued queued", "p2 1: payout.created requested", "p2 2: payout.queued queued",
		"p1 3: payout.released requested", "p1 4: payout.approved approved", "p2 3: payout.released requested",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// While a merchant is suspended its payouts wait, whatever money there is; once it is
// resumed they go.
func TestQueueOfTheSuspended(t *testing.T) {
	t.Parallel()
	d := open(t, queueing())
	d.book(saved(), payout("p1", "600.00", "2026-03-04 10:00"))
	for _, step := range []struct {
		act      payment.MerchantAct
		when, at string
		released []string
		stands   string
	}{
		{payment.MerchantSuspend, "2026-03-04 11:00", "2026-03-06 10:00", nil, "p1 queued"},
		{payment.MerchantResume, "2026-03-06 11:00", "2026-03-06 11:00", []string{"p1"}, "p1 approved"},
	} {
		act := decision(step.act, step.when)
		act.ID = hand
		d.decide(act)
		if diff := cmp.Diff(step.released, d.releases(step.at)); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.act, diff)
		}
		d.stand(step.stands)
	}
}
