package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// large is a day of seven deposits of m1, one of m2, a debt carried in and a
// reserve to be released.
func large() (*payment.Rules, []payment.Event) {
	events := []payment.Event{
		deposit("old", "m1", ist("2026-02-25 12:00"), "50.00"),
		refund("r1", "old", ist("2026-02-26 13:00"), "50.00"),
	}
	for i := range 7 {
		events = append(events, deposit(fmt.Sprint("d", i+1), "m1", ist("2026-03-02 12:00"), "10.00"))
	}
	events = append(events,
		deposit("other", "m2", ist("2026-03-02 12:00"), "1.00"),
		deposit("next", "m1", ist("2026-03-03 12:00"), "10.00"),
	)
	return reserving(rulesWith(india()), 5, "IN"), events
}

// However small the chunks, and wherever the job is cut off, the batches are
// the same; in the middle nothing of the unfinished one shows, what comes in
// meanwhile waits, and the books are sound.
func TestCutOffAnywhere(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	rules, events := large()
	whole := open(t, rules)
	whole.take(events...)
	whole.settle(ist("2026-03-02 18:00"))
	whole.wants(`
		m1 INR 2026-02-25 closed, due 2026-02-26: 0.00 + 45.00 + 0.00 = 45.00
		  1 deposit old 45.00
		m1 INR 2026-02-26 carried_forward, due 2026-02-27: 0.00 + -50.00 + 50.00 = 0.00
		  1 refund r1 -50.00
		  2 carry_out 50.00
		m1 INR 2026-03-02 closed, due 2026-03-03: -50.00 + 68.00 + 0.00 = 18.00
		  1 carry_in -50.00
		  2 reserve_release old 5.00
		  3 deposit d1 9.00
		  4 deposit d2 9.00
		  5 deposit d3 9.00
		  6 deposit d4 9.00
		  7 deposit d5 9.00
		  8 deposit d6 9.00
		  9 deposit d7 9.00
		m2 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 0.90 + 0.00 = 0.90
		  1 deposit other 0.90
		tail: m1 INR deposit next 9.00 of 2026-03-03
	`)
	want := whole.outcome()
	for _, chunk := range chunks(t) {
		for fail := 1; ; fail++ {
			cut := false
			for _, after := range []bool{false, true} {
				h := openOn(t, t, rules)
				h.chunk = chunk
				h.take(events...)
				cut = cutOff(t, h, fail, after)
				if diff := cmp.Diff(want, h.outcome()); diff != "" {
					t.Errorf("chunks of %d, cut off at transaction %d, after its commit %t (-whole +resumed)\n%s", chunk, fail, after, diff)
				}
				h.sound()
			}
			if !cut {
				break
			}
		}
	}
}

// chunks are sizes of chunks to try. Where each try takes longer, a few must do.
func chunks(t *testing.T) []int {
	t.Helper()
	if anystore.Chosen(t) != anystore.Bolt {
		return []int{3}
	}
	return []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
}

// cutOff settles with one failing write, looks at what is left, and settles
// again. It tells whether the write came at all.
func cutOff(t *testing.T, h *house, fail int, after bool) bool {
	t.Helper()
	sound := h.store
	h.on(&faulty{Store: sound, fail: fail, after: after})
	_, err := h.trySettle(settlement.Ready{Horizon: ist("2026-03-02 18:00")})
	h.on(sound)
	if err == nil {
		return false
	}
	if !errors.Is(err, errPulled) {
		t.Fatalf("settle: %v", err)
	}
	h.sound()
	unfinished := records[*settlement.Unfinished](h, settlement.ClosingRecord)
	for _, b := range h.batches() {
		if len(unfinished) > 0 && unfinished[0].Batch == b.ID {
			t.Errorf("batch %s shows while its lines are being written", b.ID)
		}
	}
	if len(unfinished) > 1 {
		t.Errorf("%d batches are unfinished at once", len(unfinished))
	}
	h.settle(ist("2026-03-02 18:00"))
	return true
}

// What is booked while a batch is being written is no member of it.
func TestBookedWhileClosing(t *testing.T) {
	t.Parallel()
	rules, events := large()
	h := open(t, rules)
	h.chunk = 2
	h.take(events...)
	sound := h.store
	h.on(&faulty{Store: sound, fail: 4})
	if _, err := h.trySettle(settlement.Ready{Horizon: ist("2026-03-02 18:00")}); !errors.Is(err, errPulled) {
		t.Fatalf("settle: %v", err)
	}
	h.on(sound)
	if n := len(records[*settlement.Unfinished](h, settlement.ClosingRecord)); n != 1 {
		t.Fatalf("%d batches are unfinished, want 1: choose another write to fail", n)
	}
	h.take(deposit("meanwhile", "m1", ist("2026-03-02 12:30"), "10.00"))
	h.sound()
	h.settle(ist("2026-03-03 18:00"))
	want := `m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 18.00 + 0.00 = 18.00`
	var last *settlement.Batch
	for _, b := range h.batches() {
		if b.Merchant == "m1" {
			last = b
		}
	}
	if got := tell(last); got != want {
		t.Errorf("last batch of m1:\ngot  %s\nwant %s", got, want)
	}
	if l := h.lines(last.ID)[0]; l.SourceID != "meanwhile" || !l.Late || l.Window.BusinessDate != date("2026-03-02") {
		t.Errorf("its first line is %s, late %t, of %s", l.SourceID, l.Late, l.Window.BusinessDate)
	}
}

// A cancelled context stops between transactions and leaves sound books.
func TestCloseCancelled(t *testing.T) {
	t.Parallel()
	rules, events := large()
	h := open(t, rules)
	h.take(events...)
	targets, err := h.due(settlement.Ready{Horizon: ist("2026-03-02 18:00")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	closer := settlement.Closer{Books: h.books, Book: rules.Book, Schedules: h.schedule, Chunk: 2}
	err = closer.Close(ctx, targets, func(*settlement.Batch) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	h.sound()
	h.settle(ist("2026-03-02 18:00"))
	if n := len(records[ledger.Record](h, settlement.BatchRecord)); n != 4 {
		t.Errorf("%d batches, want 4", n)
	}
}

// twice is a store that meets a conflict whenever it is to commit for the first time, as stores may.
type twice struct{ ledger.Store }

func (s twice) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	conflict := errors.New("conflict")
	if err := s.Store.Write(ctx, func(tx ledger.Tx) error { return errors.Join(fn(tx), conflict) }); err == nil || err.Error() != conflict.Error() {
		return err
	}
	return s.Store.Write(ctx, fn)
}

// Transactions that are run again write the same batches.
func TestCloseMeetsConflicts(t *testing.T) {
	t.Parallel()
	var told [2][]string
	for i, store := range []func(ledger.Store) ledger.Store{
		func(s ledger.Store) ledger.Store { return s },
		func(s ledger.Store) ledger.Store { return twice{s} },
	} {
		rules, events := large()
		h := open(t, rules)
		h.on(store(h.store))
		h.chunk = 2
		h.take(events...)
		for _, b := range h.settle(ist("2026-03-02 18:00")) {
			told[i] = append(told[i], tell(b))
		}
	}
	if diff := cmp.Diff(told[0], told[1]); diff != "" || len(told[0]) == 0 {
		t.Errorf("%d batches (-once +twice):\n%s", len(told[0]), diff)
	}
}
