package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
)

// expire books expiries and wants so many.
func expire(t testing.TB, books *ledger.Ledger, limit, want int) {
	t.Helper()
	if got, err := books.Expire(t.Context(), limit); got != want || err != nil {
		t.Errorf("%d expiries were booked, %v; want %d", got, err, want)
	}
}

// At its instant a hold is over; before it, it is not.
func TestExpiresAtItsInstant(t *testing.T) {
	t.Parallel()
	books, _, clock := clocked(t)
	mustPost(t, books, sale("float", 10000))
	accept(t, books, expiring("h", 3000, time.Hour), payoutHold("never", 1000))
	clock.now = noon().Add(time.Hour - time.Microsecond)
	expire(t, books, 10, 0)
	accept(t, books, part("c", "h", 1))
	clock.now = noon().Add(time.Hour)
	refuse(t, books, part("c2", "h", 1), ledger.ErrHoldExpired)
	expire(t, books, 10, 1)
}

// Expiries come in order of time, as many at once as are wanted.
func TestExpire(t *testing.T) {
	t.Parallel()
	books, store, clock := clocked(t)
	mustPost(t, books, sale("float", 10000))
	accept(t, books, expiring("late", 100, 3*time.Hour), expiring("b", 100, time.Hour), expiring("a", 100, time.Hour), payoutHold("never", 100),
		expiring("gone", 100, time.Minute), expiring("first", 100, time.Second), ledger.Release{Key: "r", Hold: "gone"})
	clock.on(2 * time.Hour)
	for _, limit := range []int{0, -1} {
		if _, err := books.Expire(t.Context(), limit); err == nil {
			t.Errorf("at most %d are booked", limit)
		}
	}
	expire(t, books, 2, 2)
	expire(t, books, 2, 1)
	expire(t, books, 2, 0)
	var expired []string
	for _, item := range store.snapshot().items() {
		if item.Act == ledger.Expired {
			expired = append(expired, fmt.Sprintf("%s of %q %s", item.Of, item.Key, item.At.Format("15:04:05.000000")))
		}
	}
	wantDiff(t, "expired", []string{`first of "" 14:00:00.000000`, `a of "" 14:00:00.000001`, `b of "" 14:00:00.000002`}, expired)
	wantStands(t, books, available, "100.00 posted, 2.00 held, 98.00 available, 2 holds")
	var left []string
	for e, err := range ledger.RecordsOf[*ledger.Expiry](t.Context(), store.snapshot(), ledger.ExpiryRecord, "") {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, e.Hold)
	}
	wantDiff(t, "still to expire", []string{"late"}, left)
}

// Who lists what has expired may be overtaken: only what is still open expires.
func TestExpireIsOvertaken(t *testing.T) {
	t.Parallel()
	books, store, clock := clocked(t)
	mustPost(t, books, sale("float", 10000))
	accept(t, books, expiring("h", 3000, time.Hour))
	clock.on(time.Hour)
	store.begin = func(context.Context) {
		store.begin = nil
		store.writer.Unlock() // another sweeper comes first
		defer store.writer.Lock()
		expire(t, otherBooks(t, store, clock), 10, 1)
	}
	expire(t, books, 10, 0)
}

// otherBooks keeps the same books once more, as another process would.
func otherBooks(t testing.TB, store ledger.Store, clock *hands) *ledger.Ledger {
	t.Helper()
	books, err := ledger.New(store, ledger.Config{Chart: chart(t), Clock: clock.read})
	if err != nil {
		t.Fatal(err)
	}
	return books
}

// A store's errors come through.
func TestExpireFails(t *testing.T) {
	t.Parallel()
	books, store, clock := clocked(t)
	mustPost(t, books, sale("float", 10000))
	accept(t, books, expiring("h", 3000, time.Hour))
	clock.on(time.Hour)
	store.commit = func(*snapshot) error { return errRefused }
	_, err := books.Expire(t.Context(), 5)
	wantText(t, err, "expire 1 holds: refused")
	store.damage = func(s *snapshot) { s.recordErr = errRefused }
	_, err = books.Expire(t.Context(), 5)
	wantText(t, err, "expire holds: refused")
	store.commit, store.damage = nil, nil
}
