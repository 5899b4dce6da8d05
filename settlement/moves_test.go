package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// roads lead a batch to each status it can have.
func roads() map[settlement.Status][]payment.Kind {
	return map[settlement.Status][]payment.Kind{
		settlement.Approved:  {},
		settlement.Held:      {payment.BatchHeld},
		settlement.InTransit: {payment.BatchSent, payment.BatchInTransit},
		settlement.Failed:    {payment.BatchSent, payment.BatchRefused},
		settlement.Submitted: {payment.BatchSent},
		settlement.Unknown:   {payment.BatchSent, payment.BatchUnknown},
		settlement.Paid:      {payment.BatchSent, payment.BatchPaid},
		settlement.Returned:  {payment.BatchSent, payment.BatchPaid, payment.BatchReturned},
		settlement.Canceled:  {payment.BatchCanceled},
	}
}

// happens is something that happens to a batch.
func happens(kind payment.Kind, batch string, at time.Time) payment.Event {
	e := later(kind, batch, at)
	if kind == payment.BatchSent {
		e.Rail = "imps"
	}
	switch kind {
	case payment.BatchCanceled:
		e.ReasonCode = "closed_account"
	case payment.BatchHeld, payment.BatchReleased, payment.BatchRetried, payment.BatchApproved:
		e.ReasonCode, e.Actor = "looked_at", "anna"
	}
	return e
}

// Every pair of a status and a kind of event: what the table has is done, and
// everything else is refused and writes nothing.
func TestMovesTable(t *testing.T) {
	t.Parallel()
	kinds := []payment.Kind{
		payment.BatchHeld, payment.BatchReleased, payment.BatchApproved, payment.BatchSent, payment.BatchInTransit, payment.BatchUnknown,
		payment.BatchRefused, payment.BatchRetried, payment.BatchPaid, payment.BatchCanceled, payment.BatchReturned,
	}
	allowed := make(map[string]settlement.Status)
	for _, m := range settlement.Moves() {
		allowed[fmt.Sprintf("%s %s", m.From, m.On)] = settlement.Status(m.To)
	}
	for status, road := range roads() {
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%s %s", status, kind), func(t *testing.T) {
				t.Parallel()
				h, id := closedBatch(t)
				at := ist("2026-03-03 09:00")
				happened := false
				for i, k := range road {
					h.take(happens(k, id, at.Add(time.Duration(i)*time.Minute)))
					happened = happened || k == kind
				}
				before := h.batches()[0]
				err := h.try(happens(kind, id, at.Add(time.Hour)))
				got := h.batches()[0]
				want, ok := allowed[fmt.Sprintf("%s %s", status, kind)]
				ok = ok && (kind != payment.BatchPaid || slices.Contains(road, payment.BatchSent)) // what never left was not paid
				switch {
				case status == settlement.Held && kind == payment.BatchHeld: // by somebody already: that is idempotent
					if diff := cmp.Diff(before, got, amounts()); diff != "" || err != nil {
						t.Errorf("held twice: %v\n%s", err, diff)
					}
					return
				case ok:
					step := slices.IndexFunc(got.Steps, func(s settlement.Step) bool { return s.At.Equal(at.Add(time.Hour)) })
					if err != nil || step < 0 || got.Steps[step].Status != want || got.Told != before.Told+1 {
						t.Errorf("%s after %d events, %v; want %s", got.Status, got.Told, err, want)
					}
					return
				}
				refused := payment.ErrTransition
				if happened {
					refused = payment.ErrConflict
				}
				if !errors.Is(err, refused) {
					t.Errorf("got %v, want %v", err, refused)
				}
				if diff := cmp.Diff(before, got, amounts()); diff != "" {
					t.Errorf("the batch changed (-before +after)\n%s", diff)
				}
			})
		}
	}
}

// A batch that was refused is sent again, as often as need be, each time with an
// entry and an instant of its own.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	at := ist("2026-03-03 09:00")
	first, refused := sent(id, at), happens(payment.BatchRefused, id, at.Add(time.Minute))
	again := sent(id, at.Add(2*time.Minute))
	again.Rail, again.RailRef = "rtgs", "UTR2"
	h.take(first, refused)
	if got := h.balance(payment.SettlementPath(id), inr()); got != "100.00" {
		t.Errorf("refused: %s stands on the batch's account", got)
	}
	early := again
	early.OccurredAt = at.Add(-time.Minute)
	if err := h.try(early); !errors.Is(err, payment.ErrConflict) {
		t.Errorf("sent again before it was sent: %v", err)
	}
	h.take(first, refused, again, again, first, refused) // of which one is new
	if got := h.balance(payment.RailPayoutsPath("rtgs"), inr()) + " " + h.balance(payment.RailPayoutsPath("imps"), inr()); got != "100.00 0.00" {
		t.Errorf("on their way by rtgs and imps: %s", got)
	}
	other := first
	other.Rail = "rtgs"
	if err := h.try(other); !errors.Is(err, payment.ErrConflict) {
		t.Errorf("the first time by another rail: %v", err)
	}
	h.take(happens(payment.BatchRefused, id, at.Add(3*time.Minute)), sent(id, at.Add(4*time.Minute)), later(payment.BatchPaid, id, at.Add(5*time.Minute)))
	var keys []string
	for _, e := range append(entriesOf(h, payment.EntryBatchSent), entriesOf(h, payment.EntryBatchRefused)...) {
		keys = append(keys, e.Key)
	}
	want := []string{"/sent", "/sent.2", "/sent.3", "/refused", "/refused.2"}
	for i := range want {
		want[i] = "settlement/" + id + want[i]
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("entries (-want +got)\n%s", diff)
	}
}

// What a canceled batch puts back is a line of the next one.
func TestCanceledIsPaidByTheNext(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	h.take(happens(payment.BatchCanceled, id, ist("2026-03-03 09:00")))
	h.sound()
	h.take(deposit("d2", "m1", ist("2026-03-03 12:00"), "50.00"))
	h.settle(ist("2026-03-03 18:00"))
	h.wants("m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 100.00 + 0.00 = 100.00\n  1 deposit d1 100.00\n" +
		"m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 150.00 + 0.00 = 150.00\n  1 settlement_canceled " + id + " 100.00\n  2 deposit d2 50.00\n")
	if b := h.batches()[1]; b.Categories.Batches != minor("100.00") || b.Categories.Payments != minor("50.00") {
		t.Errorf("put back %s, payments %s", b.Categories.Batches, b.Categories.Payments)
	}
}

// What comes back is recovered from before it is paid again, and when it comes
// after its window was closed it is late.
func TestReturnedAfterTheWindow(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	h.take(sent(id, ist("2026-03-03 09:00")), later(payment.BatchPaid, id, ist("2026-03-03 09:30")))
	h.take(refund("r1", "d1", ist("2026-03-03 12:00"), "30.00"))
	h.settle(ist("2026-03-03 18:00"))
	move := &settlement.Move{Rules: h.rules, Event: happens(payment.BatchReturned, id, ist("2026-03-03 17:00")).Normalize()}
	if err := h.books.Do(t.Context(), move); err != nil || !move.Late {
		t.Errorf("late %t, %v", move.Late, err)
	}
	h.settle(ist("2026-03-04 18:00"))
	batches := h.batches()
	last := batches[len(batches)-1]
	if got := tell(last); got != "m1 INR 2026-03-04 closed, due 2026-03-05: -30.00 + 100.00 + 0.00 = 70.00" {
		t.Errorf("the last batch is %s", got)
	}
	lines := h.lines(last.ID)
	if l := lines[len(lines)-1]; !l.Late || l.Type != "settlement_returned" || l.SourceID != id || l.Window.BusinessDate != date("2026-03-03") {
		t.Errorf("line %+v", l)
	}
	for path, want := range map[string]string{
		payment.RailReturnsPath("imps"): "0.00", payment.BankPath("in-escrow"): "0.00", payment.AvailablePath("m1"): "0.00",
	} {
		if got := h.balance(path, inr()); got != want {
			t.Errorf("%s stands at %s, want %s", path, got, want)
		}
	}
}

// Where only schedules of methods govern, what comes back follows the batch's own.
func TestPutBackWithoutAGeneralSchedule(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.For[0].Method = "UPI"
	h := open(t, rulesWith(schedule))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	h.take(happens(payment.BatchCanceled, id, ist("2026-03-03 09:00")))
	if got := tell(h.settle(ist("2026-03-03 18:00"))[0]); got != "m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 100.00 + 0.00 = 100.00" {
		t.Error(got)
	}
}

// Every event of a batch leaves once and says how the batch stands.
func TestBatchTells(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.chunk = 1
	spy := h.hearing()
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.50"), deposit("d2", "m1", ist("2026-03-02 12:30"), "100.00"))
	h.take(deposit("d3", "m2", ist("2026-03-02 13:00"), "5.00"), refund("r1", "d3", ist("2026-03-02 13:00"), "5.00"))
	for _, b := range h.settle(ist("2026-03-02 18:00")) {
		if b.Merchant != "m1" {
			continue
		}
		at := ist("2026-03-03 09:00")
		h.take(sent(b.ID, at), happens(payment.BatchUnknown, b.ID, at.Add(1)), happens(payment.BatchRefused, b.ID, at.Add(time.Minute)))
		h.take(sent(b.ID, at.Add(time.Hour)), sent(b.ID, at.Add(time.Hour)))
		h.take(later(payment.BatchPaid, b.ID, at.Add(2*time.Hour)), later(payment.BatchReturned, b.ID, at.Add(3*time.Hour)))
	}
	last := h.settle(ist("2026-03-03 18:00"))[0]
	h.take(happens(payment.BatchCanceled, last.ID, ist("2026-03-04 09:00")))
	want := []string{
		"m1 2026-03-02 settlement.created 1: approved, 2 lines, 200.5 = 20050",
		"m2 2026-03-02 settlement.carried_forward 1: carried_forward, 2 lines, 0 = 0",
		"m1 2026-03-02 settlement.submitted 2: submitted, 2 lines, 200.5 = 20050",
		"m1 2026-03-02 settlement.unknown 3: unknown, 2 lines, 200.5 = 20050",
		"m1 2026-03-02 settlement.failed 4: failed, 2 lines, 200.5 = 20050",
		"m1 2026-03-02 settlement.submitted 5: submitted, 2 lines, 200.5 = 20050",
		"m1 2026-03-02 settlement.paid 6: paid, 2 lines, 200.5 = 20050",
		"m1 2026-03-02 settlement.returned 7: returned, 2 lines, 200.5 = 20050",
		"m1 2026-03-03 settlement.created 1: approved, 1 lines, 200.5 = 20050",
		"m1 2026-03-03 settlement.canceled 2: canceled, 1 lines, 200.5 = 20050",
	}
	if diff := cmp.Diff(want, spy.batches(h)); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

// hearing has every event that leaves from now on kept.
func (h *house) hearing() *hearing {
	spy := &hearing{Store: h.store}
	h.on(spy)
	return spy
}

type hearing struct {
	ledger.Store
	news []*event.Event
}

// Write implements ledger.Store.
func (s *hearing) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	var news []*event.Event
	err := s.Store.Write(ctx, func(tx ledger.Tx) error {
		news = nil
		return fn(&hearingTx{Tx: tx, news: &news})
	})
	if err == nil {
		s.news = append(s.news, news...)
	}
	return err
}

type hearingTx struct {
	ledger.Tx
	news *[]*event.Event
}

// Save implements ledger.Tx.
func (t *hearingTx) Save(ctx context.Context, c *ledger.Changes) error {
	*t.news = append(*t.news, c.Events...)
	return t.Tx.Save(ctx, c)
}

// batches gives the events about batches, in order.
func (s *hearing) batches(h *house) (all []string) {
	h.t.Helper()
	for _, e := range s.news {
		if e.Object.Kind != settlement.Object {
			continue
		}
		p, err := settlement.PayloadOf(e)
		if err != nil {
			h.t.Fatalf("%v", err)
		}
		all = append(all, fmt.Sprintf("%s %s %s %d: %s, %d lines, %s = %s", p.Merchant, p.BusinessDate, e.Type, e.Sequence, p.Status, p.Lines, p.Net, p.NetMinor))
	}
	return all
}

// A batch that was canceled and is paid after all may take what is available below zero:
// that is told.
func TestPaidAfterAllIsTold(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	spy := h.hearing()
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	h.take(sent(id, ist("2026-03-03 09:00")))
	refused, canceled := later(payment.BatchRefused, id, ist("2026-03-03 10:00")), later(payment.BatchCanceled, id, ist("2026-03-03 11:00"))
	refused.ReasonCode, canceled.ReasonCode = "closed_account", "gave_up"
	h.take(refused, canceled)
	h.settle(ist("2026-03-03 18:00")) // pays it again
	h.take(later(payment.BatchPaid, id, ist("2026-03-04 09:00")))
	if got := h.balance(payment.AvailablePath("m1"), inr()); got != "-100.00" {
		t.Errorf("available is %s, want -100.00", got)
	}
	told := 0
	for _, e := range spy.news {
		if e.Type == event.BalanceNegative {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times that it is below zero, want once", told)
	}
}
