package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// wish is a settlement that somebody asks for once so many events of a history are booked.
type wish struct {
	settlement.Request
	behind int
}

// drawWishes draws some, of merchants who have been paid, but not of some.
func drawWishes(t *rapid.T, events []payment.Event, not ...string) (wishes []wish) {
	var paid []int
	for i := range events {
		if events[i].Kind == payment.DepositCaptured && !slices.Contains(not, events[i].Merchant) {
			paid = append(paid, i)
		}
	}
	if len(paid) == 0 {
		return nil
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "wishes") {
		after := rapid.SampledFrom(paid).Draw(t, "after")
		w := wish{behind: min(len(events), after+rapid.IntRange(1, 3).Draw(t, "behind")), Request: settlement.Request{
			Key: fmt.Sprint("wish", i), Merchant: events[after].Merchant, Currency: events[after].Currency, By: "anna",
			Kind: rapid.SampledFrom([]settlement.Kind{settlement.OnDemand, settlement.Instant}).Draw(t, "kind"),
		}}
		w.At = ist("2026-03-01 00:00")
		for _, e := range events[:w.behind] {
			if e.OccurredAt.After(w.At) {
				w.At = e.OccurredAt
			}
		}
		if w.behind < len(events) {
			if gap := events[w.behind].OccurredAt.Sub(w.At); gap > 0 {
				w.At = w.At.Add(time.Duration(rapid.Int64Range(0, int64(gap/time.Microsecond)).Draw(t, "after")) * time.Microsecond)
			}
		}
		wishes = append(wishes, w)
	}
	slices.SortStableFunc(wishes, func(a, b wish) int {
		if a.behind != b.behind {
			return a.behind - b.behind
		}
		return a.At.Compare(b.At)
	})
	return wishes
}

// liveWith books events, and asks for what is wished for among them. It gives those that were
// refused.
func (h *house) liveWith(history *history, asks func(wish)) (refused []int) {
	h.t.Helper()
	booked := 0
	until := func(n int) {
		for _, i := range h.live(history.events[booked:n]) {
			refused = append(refused, booked+i)
		}
		booked = n
	}
	for _, w := range history.wishes {
		until(w.behind)
		asks(w)
	}
	until(len(history.events))
	return refused
}

// taken leaves payouts out that were refused: closed in time, batches may leave money for them
// that was not there yet.
func (h *history) taken(refused []int) {
	for _, i := range slices.Backward(refused) {
		if h.events[i].Kind != payment.PayoutRequested {
			continue
		}
		h.events = slices.Delete(h.events, i, i+1)
		for w := range h.wishes {
			if h.wishes[w].behind > i {
				h.wishes[w].behind--
			}
		}
	}
}

// grant asks for what is wished for; a refusal is part of life.
func (h *house) grant(w wish) {
	h.t.Helper()
	if err := h.tryGrant(w); err != nil {
		h.t.Fatalf("%s %s %s: %v", w.Kind, w.Merchant, w.Currency, err)
	}
}

func (h *house) tryGrant(w wish) error {
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Chunk: h.chunk, Quotes: h.quotes}
	_, _, err := closer.Request(context.Background(), w.Request, func(*settlement.Batch) {})
	if settlement.Refused(err) {
		return nil
	}
	return err
}

// grantThroughCrashes is grant on a store that fails now and then.
func (h *house) grantThroughCrashes(t *rapid.T, w wish) {
	t.Helper()
	sound := h.store
	defer func() { h.on(sound) }()
	for {
		broken := &faulty{Store: sound, fail: rapid.IntRange(0, 3).Draw(t, "failing write"), after: rapid.Bool().Draw(t, "after its commit")}
		h.on(broken)
		err := h.tryGrant(w)
		if err == nil {
			return
		}
		if !errors.Is(err, errPulled) {
			t.Fatalf("%s %s %s: %v", w.Kind, w.Merchant, w.Currency, err)
		}
		h.on(sound)
		h.sound()
	}
}
