package settlex_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// waitingRoom is three regions in which payouts wait for money.
func waitingRoom() *payment.Rules {
	rules := threeRegions()
	rules.Payouts = []payment.PayoutRule{{For: []merchant.Scope{{}}, Queue: true}}
	return rules
}

// payout is requested by m9, who is settled by hand: it costs 5.90.
func payout(id, at, amount string) payment.Event {
	return payment.Event{
		Kind: payment.PayoutRequested, ID: id, Merchant: "m9", OccurredAt: ist(at), Currency: inr(), Amount: minor(amount), Method: "IMPS",
	}
}

// items are the events of a batch.
func items(events ...payment.Event) iter.Seq2[payment.Event, error] {
	return func(yield func(payment.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// batch takes a batch and gives it with its results.
func (h *house) batch(order settlex.PayoutOrder) (got []payment.PayoutResult, b payment.PayoutBatch, err error) {
	h.t.Helper()
	order.Result = func(r payment.PayoutResult) error {
		got = append(got, r)
		return nil
	}
	b, err = h.PayoutBatch(h.t.Context(), order)
	return got, b, err
}

// The job releases what waits for money as soon as there is some, in order, and
// costs no transaction while there is none.
func TestReleasePayouts(t *testing.T) {
	t.Parallel()
	h := open(t, waitingRoom())
	h.take(
		deposit("d1", "m9", "2026-03-02 10:00", "1000.00"), // 876.40, from the 3rd on
		payout("p1", "2026-03-02 11:00", "500.00"), payout("p2", "2026-03-02 12:00", "300.00"), payout("p3", "2026-03-02 13:00", "60.00"),
		payout("p4", "2026-03-02 14:00", "1.00"),
	)
	released := func(now string) (ids []string) {
		*h.clock = ist(now)
		n, err := h.ReleasePayouts(t.Context(), func(p payment.PayoutPlace) { ids = append(ids, p.Payout) })
		if err != nil || n != len(ids) {
			t.Errorf("%d released, %v", n, err)
		}
		return ids
	}
	h.store.writes = 0
	if got := released("2026-03-02 23:00"); len(got) > 0 || h.store.writes > 0 {
		t.Errorf("%q are released without money, in %d transactions", got, h.store.writes)
	}
	if diff := cmp.Diff([]string{"p1", "p2"}, released("2026-03-03 00:00")); diff != "" { // 64.60 are left
		t.Errorf("released (-want +got)\n%s", diff)
	}
	*h.clock = ist("2026-03-03 12:00")
	h.take(deposit("d2", "m9", "2026-03-03 10:00", "100.00"))
	if diff := cmp.Diff([]string{"p3", "p4"}, released("2026-03-04 00:00")); diff != "" {
		t.Errorf("released (-want +got)\n%s", diff)
	}
}

// Each payout of a batch gets a result; the same batch again gives the same and
// books nothing; another one under its id is refused.
func TestPayoutBatch(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(deposit("d1", "m9", "2026-03-02 10:00", "1000.00"))
	undated := payout("p4", "2026-03-03 10:00", "100.00")
	undated.OccurredAt = time.Time{}
	stranger := payout("p5", "2026-03-03 10:00", "1.00")
	stranger.Merchant = "nobody"
	order := settlex.PayoutOrder{ID: "b1", Mode: payment.PayoutsIndependent, Items: items(
		payout("p1", "2026-03-03 10:00", "500.00"), payout("p1", "2026-03-03 10:00", "500.00"), payout("p3", "2026-03-03 10:00", "364.61"),
		undated, stranger, deposit("d9", "m9", "2026-03-03 10:00", "1.00"),
	)}
	want := []payment.PayoutResult{
		{No: 1, ID: "p1", Outcome: payment.PayoutWasBooked},
		{No: 2, ID: "p1", Outcome: payment.PayoutWasRefused, Field: payment.FieldID, Reason: `payout "p1" was requested before`},
		{No: 3, ID: "p3", Outcome: payment.PayoutWasRefused, Reason: `"payout/p3/requested": insufficient funds: merchants/m9/available has INR 370.50 available, 370.51 is asked for, the floor is 0.00`},
		{No: 4, ID: "p4", Outcome: payment.PayoutWasBooked},
		{No: 5, ID: "p5", Outcome: payment.PayoutWasRefused, Field: payment.FieldMerchant, Reason: `"nobody": merchant is not known`},
		{No: 6, ID: "d9", Outcome: payment.PayoutWasRefused, Field: payment.FieldKind, Reason: `"deposit" is not a payout`},
	}
	got, first, err := h.batch(order)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("results, %v (-want +got)\n%s", err, diff)
	}
	if first.Status != payment.Completed || first.Booked != 2 || first.Refused != 4 || first.Count != 6 {
		t.Errorf("batch %+v", first)
	}
	h.store.writes = 0
	*h.clock = ist("2026-07-01 00:00")
	got, again, err := h.batch(order)
	if diff := cmp.Diff(want, got); diff != "" || err != nil || h.store.writes > 0 {
		t.Errorf("results again, %d transactions, %v (-want +got)\n%s", h.store.writes, err, diff)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("batch (-first +again)\n%s", diff)
	}
	order.Items = items(payout("p9", "2026-03-03 10:00", "1.00"))
	if _, _, err := h.batch(order); !errors.Is(err, payment.ErrBatchChanged) {
		t.Errorf("error %v, want %v", err, payment.ErrBatchChanged)
	}
}

// A batch that is taken whole is booked whole, or not at all.
func TestPayoutBatchAll(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(deposit("d1", "m9", "2026-03-02 10:00", "1000.00"))
	p1, p2, dear := payout("p1", "2026-03-03 10:00", "500.00"), payout("p2", "2026-03-03 10:00", "300.00"), payout("p3", "2026-03-03 10:00", "900.00")
	results := func(got []payment.PayoutResult) (out []string) {
		for _, r := range got {
			out = append(out, fmt.Sprintf("%d %s %s", r.No, r.ID, r.Outcome))
		}
		return out
	}
	want := []string{"1 p1 not_taken", "2 p3 refused", "3 p2 not_taken"}
	for range 2 {
		got, b, err := h.batch(settlex.PayoutOrder{ID: "b1", Mode: payment.PayoutsAll, Items: items(p1, dear, p2)})
		if diff := cmp.Diff(want, results(got)); diff != "" || err != nil || b.Status != payment.Rejected {
			t.Errorf("results, batch %s, %v (-want +got)\n%s", b.Status, err, diff)
		}
	}
	got, b, err := h.batch(settlex.PayoutOrder{ID: "b2", Mode: payment.PayoutsAll, Items: items(p1, p2)})
	if diff := cmp.Diff([]string{"1 p1 booked", "2 p2 booked"}, results(got)); diff != "" || err != nil || b.Status != payment.Completed {
		t.Errorf("results, batch %s, %v (-want +got)\n%s", b.Status, err, diff)
	}
	many := make([]payment.Event, payment.MaxPayoutsAll+1)
	_, _, err = h.batch(settlex.PayoutOrder{ID: "b3", Mode: payment.PayoutsAll, Items: items(many...)})
	if got, want := fmt.Sprint(err), "batch of payouts b3: 100001 payouts are too many to be taken all or none, at most 100000 are allowed"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

// A batch that was cut off goes on where it stopped, and gives the results that it
// would have given.
func TestPayoutBatchGoesOn(t *testing.T) {
	t.Parallel()
	var events []payment.Event
	for i := range 1200 {
		events = append(events, payout(fmt.Sprintf("p%04d", i), "2026-03-03 10:00", "1.00")) // 6.90 each
	}
	run := func(fail int) ([]payment.PayoutResult, payment.PayoutBatch) {
		h := open(t, waitingRoom())
		h.take(deposit("d1", "m9", "2026-03-02 10:00", "9000.00")) // 7887.60: for 1143 of them
		order := settlex.PayoutOrder{ID: "b1", Mode: payment.PayoutsIndependent, Items: items(events...)}
		if h.store.writes, h.store.fail = 0, fail; fail > 0 {
			got, _, err := h.batch(order)
			if !errors.Is(err, errPulled) || len(got) != 512*(fail-1) {
				t.Errorf("%d results, %v", len(got), err)
			}
		}
		got, b, err := h.batch(order)
		if err != nil {
			t.Fatal(err)
		}
		return got, b
	}
	want, whole := run(0)
	if whole.Booked != 1143 || whole.Queued != 57 || whole.Status != payment.Completed {
		t.Errorf("batch %+v", whole)
	}
	got, cut := run(3)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-whole +cut off)\n%s", diff)
	}
	if diff := cmp.Diff(whole, cut); diff != "" {
		t.Errorf("batch (-whole +cut off)\n%s", diff)
	}
	if !slices.IsSortedFunc(got, func(a, b payment.PayoutResult) int { return a.No - b.No }) || len(got) != len(events) {
		t.Errorf("%d results, want %d in order", len(got), len(events))
	}
}

// A payout of an absurd amount is refused like any other, and what a batch asks for is
// added up without it; the largest amounts there are leave the checks in one piece.
func TestAbsurdAmounts(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	absurd := strings.Repeat("9", 36) + ".99"
	got, b, err := h.batch(settlex.PayoutOrder{ID: "b1", Mode: payment.PayoutsIndependent, Items: items(
		payout("p1", "2026-03-02 11:00", absurd), payout("p2", "2026-03-02 11:00", absurd), payout("p3", "2026-03-02 11:00", "1.00"),
	)})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d results, %v", len(got), err)
	}
	for _, r := range got[:2] {
		want := payment.PayoutResult{
			No: r.No, ID: r.ID, Outcome: payment.PayoutWasRefused, Field: payment.FieldAmount,
			Reason: absurd + " is above the most that is taken, 10000000000000000.00",
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if diff := cmp.Diff([]payment.PayoutTotal{{Currency: inr(), Amount: minor("1.00")}}, b.Totals); diff != "" {
		t.Errorf("totals (-want +got)\n%s", diff)
	}
	const most = "10000000000000000.00"
	for i := range 8 {
		h.take(deposit(fmt.Sprintf("d%d", i), "m1", "2026-03-02 10:00", most))
	}
	if _, err := h.Safeguarding(t.Context(), "IN", date("2026-03-02")); err != nil {
		t.Error(err)
	}
	if found := h.findings(); len(found) > 0 {
		t.Errorf("%d broken", len(found))
	}
}

// Whoever takes payouts under an id while somebody else reads theirs takes the batch:
// the others are refused, and no money of theirs moves.
func TestPayoutBatchIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]payment.Event{
		"other payouts": payout("q1", "2026-03-03 10:00", "10.00"), "the same": payout("p1", "2026-03-03 10:00", "500.00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, threeRegions())
			h.take(deposit("d1", "m9", "2026-03-02 10:00", "1000.00"))
			reads := 0
			ours := settlex.PayoutOrder{ID: "b1", Mode: payment.PayoutsIndependent, Items: func(yield func(payment.Event, error) bool) {
				if reads++; reads == 2 { // the first time it was nobody's
					_, b, err := h.batch(settlex.PayoutOrder{ID: "b1", Mode: payment.PayoutsIndependent, Items: items(first)})
					if err != nil || b.Booked != 1 {
						t.Errorf("the first: %+v, %v", b, err)
					}
				}
				if yield(payout("p1", "2026-03-03 10:00", "500.00"), nil) {
					yield(payout("p2", "2026-03-03 10:00", "100.00"), nil)
				}
			}}
			got, _, err := h.batch(ours)
			if !errors.Is(err, payment.ErrBatchChanged) || len(got) != 0 {
				t.Errorf("results %+v, %v, want %v", got, err, payment.ErrBatchChanged)
			}
			var paid []string
			err = h.Books().Read(t.Context(), func(r ledger.Reader) error {
				for p, err := range ledger.RecordsOf[*payment.Payout](t.Context(), r, payment.PayoutRecord, "") {
					if err != nil {
						return err
					}
					paid = append(paid, p.ID)
				}
				return nil
			})
			if diff := cmp.Diff([]string{first.ID}, paid); diff != "" || err != nil {
				t.Errorf("payouts, %v (-want +got)\n%s", err, diff)
			}
		})
	}
}
