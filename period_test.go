package settlex_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// A period is closed after its windows. What arrives afterwards is booked on the
// first open date, keeps its own, and is settled all the same.
func TestClosePeriod(t *testing.T) {
	t.Parallel()
	h := open(t, oneRegion())
	march2 := calendar.MustDate("2026-03-02")
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))

	_, err := h.ClosePeriod(t.Context(), march2, "close-1", "month end")
	if !errors.Is(err, settlex.ErrWindowsOpen) || !strings.Contains(err.Error(), "1, the first of m1 in INR for 2026-03-02") {
		t.Errorf("closing before settlement: %v, want ErrWindowsOpen", err)
	}
	h.settle(ist("2026-03-09 12:00"))
	closed, err := h.ClosePeriod(t.Context(), march2, "close-1", "month end")
	if err != nil || closed.Through != march2 || closed.Replayed {
		t.Fatalf("closed %+v, %v", closed, err)
	}
	again, err := h.ClosePeriod(t.Context(), march2, "close-1", "month end")
	if err != nil || !again.Replayed || again.Seq != closed.Seq {
		t.Errorf("closing again: %+v, %v, want a replay", again, err)
	}

	// An entry of the host's own is refused.
	own := ledger.Entry{Key: "own-1", Kind: "correction", ValueDate: march2, Postings: []ledger.Posting{
		ledger.Dr("bank/operating", money.Minor(1), inr()), ledger.Cr("bank/hdfc", money.Minor(1), inr()),
	}}
	var failure *ledger.Failure
	if _, err := h.Books().Post(t.Context(), own); !errors.Is(err, ledger.ErrPeriodClosed) || !errors.As(err, &failure) || failure.Closed != march2 {
		t.Errorf("an entry of a closed date: %v, want ErrPeriodClosed", err)
	}

	// A late fact is taken, on the first open date.
	h.take(deposit("a2", "m1", "2026-03-02 11:00", "50.00"))
	e, ok, err := h.Books().Entry(t.Context(), "deposit/a2/captured")
	if err != nil || !ok {
		t.Fatalf("the late deposit is not booked: %t, %v", ok, err)
	}
	if e.ValueDate != march2.AddDays(1) || e.Asked != march2 {
		t.Errorf("booked on %s, asked for %s; want 2026-03-03 and 2026-03-02", e.ValueDate, e.Asked)
	}
	if done := h.settle(ist("2026-06-05 12:00")); done.Batches != 1 {
		t.Errorf("settled %+v, want the late deposit's batch", done)
	}

	// Reopening is an act as well.
	reopened, err := h.ReopenPeriod(t.Context(), calendar.Date{}, "reopen-1", "the auditor asks")
	if err != nil || reopened.Act != ledger.Reopened || reopened.Reference != "the auditor asks" {
		t.Fatalf("reopened %+v, %v", reopened, err)
	}
	own.Key = "own-2" // own-1 is burnt
	if _, err := h.Books().Post(t.Context(), own); err != nil {
		t.Errorf("an entry of a date that is open again: %v", err)
	}
}

// An entry of a payment or a batch is reversed by its own room or not at all.
func TestReversalOfRooms(t *testing.T) {
	t.Parallel()
	h := open(t, oneRegion())
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	h.settle(ist("2026-03-09 12:00"))
	for _, e := range h.journal() {
		_, err := h.Books().Reverse(t.Context(), ledger.Reversal{Key: "undo/" + e.Key, Of: e.Key, Kind: "reversal", ValueDate: e.ValueDate, All: true})
		if !errors.Is(err, ledger.ErrNotReversible) {
			t.Errorf("%s of room %q: %v, want ErrNotReversible", e.Key, e.Owner, err)
		}
	}
}
