package settlement_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt"
)

// Whatever files brought under whatever schedules, late or in time, and whenever the job
// ran and somebody asked for a settlement: replayed by the same rules, every batch comes
// about again.
func TestReplayedHistory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("each history is told three times")
	}
	tries := tries{t}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		history := histories(false).Draw(t, "history")
		for i := range history.rules.Book.Schedules { // whether a top-up finds the debt depends on when the job made it
			if s := &history.rules.Book.Schedules[i]; s.Negative == merchant.NegativeDebit {
				s.Negative = merchant.NegativeCarry
			}
		}
		tries.with(t, history.rules, func(h *house) {
			h.liveInFiles(t, &history)
			h.replay(dir, history.end)
		})
	})
}

// Settlements that were asked for at one instant are asked for again in the order in which they
// were made: the second one, which takes the rest, would leave the first one nothing.
func TestReplayedRequestsOfOneInstant(t *testing.T) {
	t.Parallel()
	h := open(t, charging(rulesWith(india()), fees.EventInstant))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "2000.00"), about(payment.ToppedUp, "t1", "2026-03-02 12:30", "500.00"))
	h.asks("second", settlement.OnDemand, ist("2026-03-02 13:00"))
	h.asks("first", settlement.Instant, ist("2026-03-02 13:00"))
	h.settle(ist("2026-03-03 00:00"))
	h.replay(t.TempDir(), ist("2026-03-04 00:00"))
}

// replay simulates the rules that the house has already.
func (h *house) replay(dir string, end time.Time) {
	h.t.Helper()
	e, err := settlex.New(context.Background(), settlex.Config{Store: h.store, Rules: h.rules, ReadOnly: true, Quotes: h.quotes, Clock: func() time.Time { return end }})
	if err != nil {
		h.t.Fatalf("engine: %v", err)
	}
	d, err := e.Simulate(context.Background(), settlex.Simulation{Rules: h.rules, Dir: dir, Scratch: func() (ledger.Store, func() error, error) {
		path := filepath.Join(dir, "replay.db")
		store, err := bolt.Open(path, bolt.Options{Throwaway: true})
		if err != nil {
			return nil, nil, err
		}
		return store, func() error { return errors.Join(store.Close(), os.Remove(path)) }, nil
	}})
	if err != nil {
		h.t.Fatalf("simulate: %v", err)
	}
	if len(d.Left) > 0 {
		h.t.Errorf("left out: %+v", d.Left)
	}
	if !d.Real.Exact() {
		h.t.Errorf("%d of %d batches are the same, %d are not closed, the first that is not: %s", d.Real.Same, d.Real.Batches, d.Real.Unclosed, d.Real.First)
	}
}
