package settlement_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Whatever happened, every movement is in exactly one batch or in the tail, and
// batches and tail together are what the ledger holds.
func TestEveryMovementOnce(t *testing.T) {
	t.Parallel()
	tries := tries{t}
	rapid.Check(t, func(t *rapid.T) {
		history := histories(false).Draw(t, "history")
		tries.with(t, history.rules, func(h *house) {
			h.liveInFiles(t, &history)
			checkPlaces(t, h)
			checkSums(t, h)
		})
	})
}

// liveInFiles books a history file by file, settles behind some of them, grants wishes when it is
// their turn, and settles all of it at the end.
func (h *house) liveInFiles(t *rapid.T, history *history) {
	t.Helper()
	wishes := history.wishes
	for at := 0; at < len(history.events); {
		n := rapid.IntRange(1, len(history.events)-at).Draw(t, "file of")
		h.live(history.events[at : at+n])
		at += n
		if rapid.Bool().Draw(t, "settle behind it") {
			h.settle(history.events[at-1].OccurredAt)
		}
		for len(wishes) > 0 && wishes[0].behind <= at {
			h.grant(wishes[0])
			wishes = wishes[1:]
		}
	}
	h.settle(history.end)
}

// drawRuns gives instants at which the job runs, the last one after the end.
func drawRuns(t *rapid.T, h history) []time.Time {
	var runs []time.Time
	for range rapid.IntRange(0, 5).Draw(t, "runs") {
		runs = append(runs, instantsNear(h.rules).Draw(t, "run"))
	}
	slices.SortFunc(runs, time.Time.Compare)
	return append(runs, h.end)
}

// movements are the kinds of entry that move a merchant's money by themselves.
var movements = []string{
	payment.EntryCaptured, payment.EntryDepositFailed, payment.EntryRefund, payment.EntryRefundFailed, payment.EntryDispute,
	payment.EntryDisputeWon, payment.EntryPayout, payment.EntryPayoutFailed, payment.EntryPayoutReturned, payment.EntryReserveFreed,
	payment.EntryReserveDrawn, payment.EntryReserveBack, payment.EntryBatchFee, payment.EntryDebtReclassified, payment.EntryDebtRestored, payment.EntryToppedUp, payment.EntryAdjusted, payment.EntryReserveBuilt, payment.EntryReserveFunded,
}

// checkPlaces looks every movement of the journal up in the batches and the
// tail. A reserve that a failed deposit frees is part of the failure.
func checkPlaces(t *rapid.T, h *house) {
	t.Helper()
	found, toDebt := make(map[string]int), make(map[string]money.Amount)
	find := func(i *payment.Item) {
		if found[i.Entry]++; i.Net.IsZero() && !i.ToDebt.IsZero() {
			toDebt[i.Entry] = i.ToDebt
		}
	}
	for _, b := range h.batches() {
		for _, l := range h.lines(b.ID) {
			if !l.OfBatch() {
				find(&l.Item)
			}
		}
	}
	for _, i := range records[*payment.Item](h, payment.ItemRecord) {
		find(i)
	}
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for e, err := range ledger.Entries(ctx, r) {
			if err != nil {
				return err
			}
			if slices.Contains(movements, e.Kind) && e.PartOf == "" && moves(e) {
				if found[e.Key] != 1 {
					t.Errorf("%s is in %d places", e.Key, found[e.Key])
				}
				delete(found, e.Key)
			}
			if paid, known := toDebt[e.Key]; known && e.Kind == payment.EntryToppedUp && found[e.Key] == 1 && pays(e, paid) {
				delete(found, e.Key)
			}
		}
		return nil
	})
	for key := range found {
		t.Errorf("%s is a line and no movement of the journal", key)
	}
}

// moves tells whether an entry moves what is pending or available; what is paid in may pay
// a debt alone.
func moves(e *ledger.Booked) bool {
	return slices.ContainsFunc(e.Postings, func(p ledger.Posting) bool {
		_, part, ok := payment.MerchantOf(p.Account)
		return ok && (part == "pending" || part == "available")
	})
}

// pays tells whether an entry takes an amount off what the merchant owes; what is paid in for
// invoices may take more.
func pays(e *ledger.Booked, amount money.Amount) bool {
	return slices.ContainsFunc(e.Postings, func(p ledger.Posting) bool {
		_, part, ok := payment.MerchantOf(p.Account)
		return ok && part == "receivable" && p.Side == ledger.Credit && p.Amount.Cmp(amount) >= 0
	})
}

// checkSums adds up batches and tail of each merchant by itself.
func checkSums(t *rapid.T, h *house) {
	t.Helper()
	type key struct {
		merchant string
		currency money.Currency
	}
	moved, held := make(map[key]money.Amount), make(map[key]money.Amount)
	add := func(m map[key]money.Amount, k key, a money.Amount) {
		sum, err := m[k].Add(a)
		if err != nil {
			t.Fatal(err)
		}
		m[k] = sum
	}
	owner := make(map[string]string)
	for _, b := range h.batches() {
		owner[payment.SettlementPath(b.ID)] = b.Merchant
		for _, l := range h.lines(b.ID) {
			if !l.OfBatch() {
				add(moved, key{l.Merchant, l.Currency}, l.Net)
			}
		}
	}
	for _, i := range records[*payment.Item](h, payment.ItemRecord) {
		add(moved, key{i.Merchant, i.Currency}, i.Net)
	}
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for a, err := range r.Accounts(ctx, "") {
			if err != nil {
				return err
			}
			m, part, ok := payment.MerchantOf(a.Path)
			if owner[a.Path] != "" {
				m, part, ok = owner[a.Path], "pending", true
			}
			if !ok || part != "pending" && part != "available" {
				continue
			}
			posted, err := a.Posted()
			if err != nil {
				return err
			}
			add(held, key{m, a.Currency}, posted)
		}
		return nil
	})
	for k := range held {
		if held[k] != moved[k] {
			t.Errorf("%s %s: batches and tail sum to %s, the ledger holds %s", k.merchant, k.currency,
				k.currency.Format(moved[k]), k.currency.Format(held[k]))
		}
	}
}

// The same journal gives the same batches to the byte, whenever and how often
// the job runs, whatever its chunks, and wherever it was cut off.
func TestSameJournalSameBatches(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	tries := tries{t}
	rapid.Check(t, func(t *rapid.T) {
		history := histories(false).Draw(t, "history")
		var want string
		tries.with(t, history.rules, func(h *house) {
			h.liveWith(&history, h.grant)
			h.settle(history.end)
			want = h.outcome()
			writes := &faulty{Store: h.store}
			h.on(writes)
			h.settle(history.end)
			if writes.writes != 0 || h.outcome() != want {
				t.Errorf("settling again wrote %d transactions", writes.writes)
			}
		})
		tries.with(t, history.rules, func(h *house) {
			h.chunk = rapid.IntRange(1, 12).Draw(t, "chunk")
			h.liveWith(&history, func(w wish) { h.grantThroughCrashes(t, w) })
			for _, now := range drawRuns(t, history) {
				h.settleThroughCrashes(t, now)
			}
			if diff := cmp.Diff(want, h.outcome()); diff != "" {
				t.Errorf("in chunks of %d, with crashes (-at once +so)\n%s", h.chunk, diff)
			}
		})
	})
}

// settleThroughCrashes settles on a store that fails now and then, until it is
// done. Unlike in a real crash the process lives on, but it keeps nothing.
func (h *house) settleThroughCrashes(t *rapid.T, now time.Time) {
	t.Helper()
	sound := h.store
	defer func() { h.on(sound) }()
	for {
		broken := &faulty{Store: sound, fail: rapid.IntRange(0, 4).Draw(t, "failing write"), after: rapid.Bool().Draw(t, "after its commit")}
		h.on(broken)
		_, err := h.trySettle(settlement.Ready{Horizon: now})
		if err == nil {
			return
		}
		if !errors.Is(err, errPulled) {
			t.Fatalf("settle: %v", err)
		}
		h.on(sound)
		h.sound() // in the middle, too
	}
}

// Settling as time goes by gives the same batches and lines as settling all of
// it at the end: events that come in order never find their window closed.
func TestDayByDayOrAtTheEnd(t *testing.T) {
	t.Parallel()
	tries := tries{t}
	rapid.Check(t, func(t *rapid.T) {
		history := histories(true).Draw(t, "history")
		var want string
		tries.with(t, history.rules, func(h *house) {
			history.taken(h.liveWith(&history, h.grant))
			h.settle(history.end)
			want = h.story()
		})
		tries.with(t, history.rules, func(h *house) {
			booked := 0
			until := func(n int) {
				h.live(history.events[booked:n])
				booked = n
			}
			for _, now := range drawRuns(t, history) {
				for len(history.wishes) > 0 && !history.wishes[0].At.After(now) {
					until(history.wishes[0].behind)
					h.grant(history.wishes[0])
					history.wishes = history.wishes[1:]
				}
				n := booked
				for n < len(history.events) && !history.events[n].OccurredAt.After(now) {
					n++
				}
				until(n)
				h.settle(now)
			}
			if diff := cmp.Diff(want, h.story()); diff != "" {
				t.Errorf("(-at the end +day by day)\n%s", diff)
			}
		})
	})
}
