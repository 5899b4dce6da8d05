package payment_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// Whoever follows the events while several write, page by page, misses none and sees
// none twice, and in the end knows what polling says.
func TestFollowedWhileWritten(t *testing.T) {
	t.Parallel()
	d := open(t, cautious())
	writers, each := 4, 15
	if testing.Short() {
		each = 6
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				d.writes(w, i)
			}
		})
	}
	writing, over := context.WithCancel(t.Context())
	go func() {
		all.Wait()
		over()
	}()
	f, pages := newFollower(), 0
	for ended := false; !ended; {
		ended = writing.Err() != nil // what comes now was there before
		for sizes := []int{1, 2, 3, 5, 8, 13, 100}; f.page(t, d.Engine, sizes[pages%len(sizes)]) > 0; pages++ {
		}
		if cursor, err := event.ParseCursor(f.cursor); err != nil || d.WaitEvents(writing, cursor) != nil && writing.Err() == nil {
			t.Fatalf("wait behind %s: %v", f.cursor, err)
		}
	}
	var listed int
	for _, err := range d.Events(t.Context(), event.Cursor{}) {
		must(t, err)
		listed++
	}
	must(t, d.Books().Read(t.Context(), func(r ledger.Reader) error {
		if diff := cmp.Diff(poll(t, r), f.knows); diff != "" {
			t.Errorf("in the end (-polled +told):\n%s", diff)
		}
		return nil
	}))
	if want := 8 * writers * each; f.read != listed || listed < want {
		t.Errorf("%d events were read in %d pages, %d are listed, want at least %d", f.read, pages, listed, want)
	}
}

// writes tells a few events of one writer, some of which others tell as well, and now
// and then has the job run.
func (d *desk) writes(w, i int) {
	id := func(kind string) string { return fmt.Sprintf("%s-%d-%d", kind, w, i) }
	merchant := []string{m, hand}[i%2]
	shared := deposit(fmt.Sprintf("shared-%d", i), "500.00", "2026-03-02 10:00")
	for _, e := range []payment.Event{
		shared,
		of(merchant, begun(id("d"), "1000.00", "2026-03-02 09:00")),
		of(merchant, deposit(id("d"), "1000.00", "2026-03-02 10:00")),
		refund(id("r"), id("d"), "100.00", "2026-03-02 11:00"),
		refund(id("s"), shared.ID, "100.00", "2026-03-02 11:00"),
		later(payment.RefundConfirmed, id("r"), "2026-03-02 12:00"),
		later(payment.RefundFailed, id("s"), "2026-03-02 12:00"),
		dispute(id("c"), id("d"), "200.00", "2026-03-06 10:00"),
		withAmount("150.00", later(payment.DisputeWon, id("c"), "2026-03-06 11:00")),
		decided("anna", payout(id("p"), "300.00", "2026-03-05 10:00")),
		later(payment.PayoutCanceled, id("p"), "2026-03-06 10:00"),
	} {
		if _, err := d.report(e); err != nil {
			d.Errorf("%s %s: %v", e.Kind, e.ID, err)
		}
	}
	if w == 0 && i%5 == 4 { // one job at a time
		if _, err := d.Settle(d.Context(), calendar.MustDate("2026-03-06"), nil); err != nil {
			d.Errorf("settle: %v", err)
		}
	}
}

// Nobody waits for what is there already, and who waits is told of what comes.
func TestFollowerWaits(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	f := newFollower()
	for f.page(t, d.Engine, 100) > 0 {
	}
	cursor, err := event.ParseCursor(f.cursor)
	must(t, err)
	var writer sync.WaitGroup
	writer.Go(func() {
		if _, err := d.report(captured()); err != nil {
			t.Errorf("write: %v", err)
		}
	})
	if err := d.WaitEvents(t.Context(), cursor); err != nil {
		t.Fatal(errors.Join(errors.New("wait"), err))
	}
	writer.Wait()
	if read := f.page(t, d.Engine, 100); read != 2 { // the deposit and its reserve
		t.Errorf("%d events came", read)
	}
	if got := f.knows[event.Object{Kind: payment.DepositRecord, ID: "d1"}]; got.Status != string(payment.Succeeded) || got.Sequence != 1 {
		t.Errorf("deposit d1: %+v", got)
	}
}
