package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Balances as of a value date and as of an instant keep apart when something
// was booked and when it counts.
func TestBalances(t *testing.T) {
	t.Parallel()
	books, store, clock := clocked(t)
	accept(t, books, dated("s1", "2026-02-27", false)) // 12:00:00
	clock.on(time.Hour)
	accept(t, books, dated("s2", "2026-02-20", false), payoutHold("h", 50)) // 13:00:00, backdated
	clock.on(time.Hour)
	accept(t, books, rest("c", "h")) // 14:00:00
	on := func(day string) string {
		t.Helper()
		got, err := books.BalanceOn(t.Context(), available, inr(), date(day))
		if err != nil {
			t.Fatal(err)
		}
		return inr().Format(got)
	}
	at := func(after time.Duration) string {
		t.Helper()
		got, err := books.BalanceAt(t.Context(), available, inr(), noon().Add(after).In(time.FixedZone("", 19800)))
		if err != nil {
			t.Fatal(err)
		}
		return inr().Format(got)
	}
	for day, want := range map[string]string{"2026-02-19": "0.00", "2026-02-20": "1.00", "2026-02-26": "1.00", "2026-02-27": "2.00", "2026-03-01": "2.00", "2026-03-02": "1.50", "9999-12-31": "1.50"} {
		if got := on(day); got != want {
			t.Errorf("on %s: %s, want %s", day, got, want)
		}
	}
	for after, want := range map[time.Duration]string{
		-time.Microsecond: "0.00", -1: "0.00", 0: "1.00", 1: "1.00", time.Hour - 1: "1.00", time.Hour: "2.00", 2 * time.Hour: "1.50", 1e6 * time.Hour: "1.50",
	} {
		if got := at(after); got != want {
			t.Errorf("%s after noon: %s, want %s", after, got, want)
		}
	}
	bankOn, err := books.BalanceOn(t.Context(), bank, inr(), date("2026-02-27")) // debit-normal
	if bankOn != money.Minor(200) || err != nil {
		t.Errorf("the bank stood at %s, %v", bankOn, err)
	}
	if got, err := books.BalanceOn(t.Context(), drawer, inr(), date("2026-02-27")); !got.IsZero() || err != nil {
		t.Errorf("nobody's account stood at %s, %v", got, err)
	}
	if got, err := books.BalanceOn(t.Context(), available, inr(), calendar.Date{}); !got.IsZero() || err != nil {
		t.Errorf("on no date: %s, %v", got, err)
	}
	store.damage = func(s *snapshot) { s.headErr = errRefused }
	_, err = books.BalanceAt(t.Context(), available, inr(), noon())
	wantText(t, err, "balance of merchants/m1/available INR: refused")
	if _, err := books.ClosedThrough(t.Context()); !errors.Is(err, errRefused) {
		t.Errorf("%v", err)
	}
	store.damage = nil
}
