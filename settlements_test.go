package settlex_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// withTerms is an engine with rails at the time things leave, whose schedule of India has
// other terms.
func withTerms(t *testing.T, terms func(*merchant.Schedule), routes ...settlex.Route) *house {
	t.Helper()
	clock := ist(sixth)
	rules := threeRegions()
	terms(&rules.Book.Schedules[0])
	counted := &counting{Store: anystore.Open(t)}
	engine, err := settlex.New(t.Context(), settlex.Config{Store: counted, Rules: rules, Rails: routes, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Engine: engine, t: t, store: counted, clock: &clock}
	t.Cleanup(func() {
		v, err := h.Verify(context.Background())
		if err = errors.Join(err, v.Err()); err != nil {
			t.Errorf("verify: %v", err)
		}
		checked, err := h.Check(context.Background(), settlex.CheckOptions{})
		if err != nil || checked.Broken() > 0 {
			t.Errorf("check: %+v, %v", checked, err)
		}
	})
	return h
}

// batchStands is the status of the one batch, with those of its parts.
func (h *house) batchStands() string {
	h.t.Helper()
	b := h.batches()[0]
	out := string(b.Status)
	for _, p := range b.Parts {
		out += "," + string(p.Status)
	}
	return out
}

// sends runs Send, and gives of how many batches something left.
func (h *house) sends() int {
	h.t.Helper()
	done, err := h.Send(h.t.Context(), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return done.Batches
}

// No money leaves before its settlement date: a rail that takes an execution date is told,
// the others are handed a batch on the day, by the clock of its schedule's zone; one that
// is due after some hours leaves no sooner.
func TestSendOnItsDay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		delay  calendar.Delay
		rail   func(t *testing.T) settlex.Route
		leaves string
	}{
		"by date":            {calendar.Delay{N: 2}, func(t *testing.T) settlex.Route { t.Helper(); return banked(t, bankConfig(t.TempDir())) }, "2026-03-02 18:00"},
		"on the day":         {calendar.Delay{N: 2}, sandboxed, "2026-03-04 00:00"},
		"at once":            {calendar.Delay{N: 0}, sandboxed, "2026-03-02 18:00"},
		"after hours":        {calendar.Delay{N: 4, Unit: calendar.Hours}, sandboxed, "2026-03-02 22:00"},
		"after hours, dated": {calendar.Delay{N: 4, Unit: calendar.Hours}, func(t *testing.T) settlex.Route { t.Helper(); return banked(t, bankConfig(t.TempDir())) }, "2026-03-02 22:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := withTerms(t, func(s *merchant.Schedule) { s.Timing.Delay = test.delay }, test.rail(t))
			*h.clock = ist("2026-03-02 18:00")
			h.take(deposit("a1", "m1", "2026-03-02 13:00", "1000.00"))
			h.settle(*h.clock)
			if at := ist(test.leaves); at.After(*h.clock) {
				*h.clock = at.Add(-time.Microsecond)
				if n := h.sends(); n != 0 {
					t.Errorf("%d left before %s", n, test.leaves)
				}
				*h.clock = at
			}
			if n := h.sends(); n != 1 {
				t.Errorf("%d left at %s", n, test.leaves)
			}
			due := h.batches()[0].Window.SettlementDate
			for _, i := range instructions(h) {
				if i.Due != due || i.Due.IsZero() {
					t.Errorf("%s is due %s, its batch %s", i.ID, i.Due, due)
				}
			}
		})
	}
}

// instructions are those that were handed to rails for batches.
func instructions(h *house) (list []payment.Instruction) {
	h.t.Helper()
	err := h.Books().Read(h.t.Context(), func(r ledger.Reader) error {
		for i, err := range ledger.RecordsOf[*payment.Instruction](h.t.Context(), r, payment.InstructionRecord, "") {
			if err != nil {
				return err
			}
			if i.Object == payment.BatchObject {
				list = append(list, *i)
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// What is held or waits for an approval does not leave; released and approved, it does,
// once.
func TestSendWhatIsHeld(t *testing.T) {
	t.Parallel()
	h := withTerms(t, func(s *merchant.Schedule) {
		s.ApproveAbove = new(money.Minor(50000))
		s.Hold = &merchant.ScheduleHold{Until: calendar.MustDate("2026-03-07"), Reason: "first week"}
	}, sandboxed(t))
	h.owe()
	id := h.batches()[0].ID
	by := func(act func(context.Context, string, string, string) (*settlement.Batch, error), who string) error {
		_, err := act(t.Context(), id, who, "looked at")
		return err
	}
	none := func(want string) {
		t.Helper()
		if n, is := h.sends(), h.batchStands(); n != 0 || is != want {
			t.Errorf("%d left, the batch is %s, want %s", n, is, want)
		}
	}
	none("held")
	*h.clock = ist("2026-03-07 00:00")
	if settled, err := h.Settle(t.Context(), calendar.Date{}, nil); err != nil || settled.Followed != 1 {
		t.Errorf("%+v, %v", settled, err)
	}
	none("closed")
	if err := h.HoldMerchant(t.Context(), "m1", "asha", "under review"); err != nil {
		t.Fatal(err)
	}
	none("held")
	if err := by(h.ReleaseBatch, "ravi"); !errors.Is(err, settlement.ErrHeld) {
		t.Errorf("released in spite of its merchant: %v", err)
	}
	*h.clock = h.clock.Add(time.Hour)
	if err := h.ReleaseMerchant(t.Context(), "m1", "asha", "reviewed"); err != nil {
		t.Fatal(err)
	}
	none("closed")
	if err := by(h.ApproveBatch, "ASHA"); !errors.Is(err, settlement.ErrOwnBatch) {
		t.Errorf("approved by who released it: %v", err)
	}
	if err := by(h.ApproveBatch, ""); err == nil {
		t.Error("approved by nobody")
	}
	if err := by(h.ApproveBatch, "ravi"); err != nil {
		t.Fatal(err)
	}
	if n := h.sends() + h.sends(); n != 1 || h.batchStands() != "submitted" {
		t.Errorf("%d left, %s", n, h.batchStands())
	}
	if err := by(h.CancelBatch, "ravi"); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("given up on its way: %v", err)
	}
}

// What was refused is tried again under the next end-to-end id, part by part; an answer
// to an earlier attempt is no answer to the next. Whichever step is the last before a
// crash, each attempt leaves once.
func TestRetryAfterACrash(t *testing.T) {
	t.Parallel()
	want := []string{"paid,paid,paid,paid"}
	for part := range 3 {
		for attempt := range 2 {
			want = append(want, fmt.Sprintf("part %d, attempt %d: 1 times", part+1, attempt+1))
		}
	}
	for pull := range 10 {
		if few(t) && pull != 3 {
			continue
		}
		for _, after := range []bool{false, true} {
			got := retried(t, &plug{pull: pull, after: after})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("step %d, after it %t (-want +got)\n%s", pull, after, diff)
			}
		}
	}
}

// retried has a bank refuse three parts, tries them again while a plug is pulled, and
// gives how the batch stands and how often each instruction left.
func retried(t *testing.T, p *plug) (lines []string) {
	t.Helper()
	dir := t.TempDir()
	config := bankConfig(dir)
	terms := func(s *merchant.Schedule) { s.MaxPayout = money.Minor(40000) }
	h := withTerms(t, terms, banked(t, config))
	h.owe()
	b := &bank{t: t, dir: dir, files: make(map[string]string)}
	h.sends()
	b.work("RJCT")
	if _, err := h.Collect(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := h.batchStands(); got != "failed,failed,failed,failed" {
		t.Fatalf("refused, the batch is %s", got)
	}
	if n := h.sends(); n != 0 {
		t.Errorf("%d left again by themselves", n)
	}
	*h.clock = h.clock.Add(time.Hour)
	if _, err := h.RetryBatch(t.Context(), h.batches()[0].ID, "asha", "account corrected"); err != nil {
		t.Fatal(err)
	}
	for quiet := 0; quiet < 2; {
		route := banked(t, config)
		route.Rail = &pluggedRail{route.Rail, p}
		rules := threeRegions()
		terms(&rules.Book.Schedules[0])
		engine, err := settlex.New(t.Context(), settlex.Config{
			Store: &pluggedStore{h.store.Store, p}, Rules: rules, Rails: []settlex.Route{route}, Clock: func() time.Time { return *h.clock },
		})
		if err != nil && !errors.Is(err, errPulled) {
			t.Fatal(err)
		}
		if err != nil {
			continue
		}
		steps := p.steps
		_, err = engine.Send(t.Context(), nil)
		b.work("ACSC")
		if err == nil {
			_, err = engine.Collect(t.Context(), nil)
		}
		switch {
		case err != nil && !errors.Is(err, errPulled):
			t.Fatal(err)
		case err == nil && p.steps == steps:
			quiet++
		}
	}
	lines = append(lines, h.batchStands())
	batch := h.batches()[0]
	for _, piece := range batch.Pieces() {
		for attempt := range 2 {
			id := payment.EndToEndID(payment.BatchObject, settlement.PartID(batch.ID, piece.No), attempt+1)
			lines = append(lines, fmt.Sprintf("part %d, attempt %d: %d times", piece.No, attempt+1, b.paid()[id]))
		}
	}
	if n := len(b.paid()); n != 6 {
		t.Errorf("%d instructions left", n)
	}
	return lines
}

// refused is a house whose one batch was sent to a bank, which refused it an hour ago.
func refused(t *testing.T) (*house, *bank) {
	t.Helper()
	dir := t.TempDir()
	h := withTerms(t, func(*merchant.Schedule) {}, banked(t, bankConfig(dir)))
	h.owe()
	b := &bank{t: t, dir: dir, files: make(map[string]string)}
	h.sends()
	b.work("RJCT")
	if _, err := h.Collect(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	*h.clock = h.clock.Add(time.Hour)
	return h, b
}

// An answer to an attempt that was given up is not taken for the next one.
func TestAnswerToAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	h, b := refused(t)
	if _, err := h.RetryBatch(t.Context(), h.batches()[0].ID, "asha", "once more"); err != nil {
		t.Fatal(err)
	}
	if n := h.sends(); n != 1 {
		t.Fatalf("%d left", n)
	}
	b.report("late.xml", "20260306T123100Z-000000001", "ACSC")
	_, err := h.Collect(t.Context(), nil)
	if refused, ok := errors.AsType[*settlex.RefusedAnswerError](err); !ok || !strings.Contains(refused.Error(), "was refused and sent again") {
		t.Errorf("the first attempt is paid while the second is on its way: %v", err)
	}
	if got := h.batchStands(); got != "submitted" {
		t.Errorf("the batch is %s", got)
	}
}

// A batch that was refused, given up, and is paid after all was paid: the next one takes
// it back.
func TestBatchPaidAfterAll(t *testing.T) {
	t.Parallel()
	h, b := refused(t)
	if _, err := h.CancelBatch(t.Context(), h.batches()[0].ID, "asha", "closed account"); err != nil {
		t.Fatal(err)
	}
	b.report("late.xml", "20260306T123100Z-000000001", "ACSC")
	if _, err := h.Collect(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := h.batchStands() + " " + h.available("m1"); got != "paid 0.00" {
		t.Errorf("the batch is %s", got)
	}
}

// Of what somebody has reported nothing more is expected: no submission stays open for it.
func TestReportedIsOver(t *testing.T) {
	t.Parallel()
	h := withTerms(t, func(s *merchant.Schedule) { s.MaxPayout = money.Minor(40000) }, sandboxed(t))
	h.owe(paidOut("o1", "100.00"), paidOut("o2", "50.00"))
	if _, err := h.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	open := func() (left int) {
		err := h.Books().Read(t.Context(), func(r ledger.Reader) error {
			for s, err := range ledger.RecordsOf[*payment.Submission](t.Context(), r, payment.SubmissionRecord, "") {
				if err != nil {
					return err
				}
				left += s.Open
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	if n := open(); n != 5 {
		t.Errorf("%d instructions are open, want 5", n)
	}
	at := ist("2026-03-06 18:30")
	*h.clock = at.Add(time.Hour)
	h.take(payment.Event{Kind: payment.PayoutCompleted, ID: "o1", OccurredAt: at}, payment.Event{Kind: payment.PayoutFailed, ID: "o2", OccurredAt: at},
		payment.Event{Kind: payment.BatchPaid, ID: h.batches()[0].ID, OccurredAt: at})
	if n := h.sends(); n != 0 || open() != 0 {
		t.Errorf("%d left again, %d instructions are open", n, open())
	}
}

// Somebody may decide about one part of a batch; what leaves of the others is one batch.
func TestDecideAboutAPart(t *testing.T) {
	t.Parallel()
	h := withTerms(t, func(s *merchant.Schedule) { s.MaxPayout = money.Minor(40000) }, sandboxed(t))
	h.owe()
	id := h.batches()[0].ID
	two := settlement.PartID(id, 2)
	b, err := h.HoldBatch(t.Context(), two, "asha", "looked at")
	if err != nil || b.ID != id || b.Parts[1].Status != settlement.Held || b.Parts[0].Status != settlement.Approved {
		t.Fatalf("held: %v, %+v", err, b)
	}
	sent, err := h.Send(t.Context(), nil)
	if err != nil || sent.Batches != 1 || sent.Payouts != 0 {
		t.Errorf("%+v left: %v", sent, err)
	}
	if got := h.batchStands(); got != "held,submitted,held,submitted" {
		t.Errorf("the batch is %s", got)
	}
	if b, err = h.ReleaseBatch(t.Context(), two, "asha", "in order"); err != nil || b.Parts[1].Status != settlement.Approved {
		t.Errorf("released: %v, %+v", err, b)
	}
}
