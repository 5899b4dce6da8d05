package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// What is posted can be read, whatever the number of lanes.
func TestPostAndRead(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 16} {
		t.Run(fmt.Sprint(lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
			mustPost(t, l, transfer("k1", bank, available, 1000), transfer("k2", bank, pending, 200))
			mustPost(t, l, transfer("k3", available, pending, 300))
			again := keepBooks(t, openStore(t, dsn, postgres.Options{})) // books in another lane
			mustPost(t, again, transfer("k4", bank, pending, 5))
			if replay := mustPost(t, again, transfer("k1", bank, available, 1000)); !replay[0].Replayed {
				t.Error("k1 was booked twice")
			}
			if _, err := again.Post(t.Context(), transfer("k5", available, bank, 701)); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("more was taken than is there: %v", err)
			}
			wantPosted(t, l, bank, 1205)
			wantPosted(t, l, available, 700)
			wantPosted(t, l, pending, 505)
			h, err := l.Hold(t.Context(), ledger.Hold{Key: "h1", Kind: "hold", Postings: transfer("", available, pending, 100).Postings})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := again.Capture(t.Context(), ledger.Capture{Key: "c1", Kind: "capture", Hold: h.Key, Final: true,
				Postings: transfer("", available, pending, 60).Postings}); err != nil {
				t.Fatal(err)
			}
			wantPosted(t, l, available, 640)
			if _, err := l.ChangeAccount(t.Context(), ledger.AccountChange{Key: "f1", Account: pending, Currency: rupee(),
				Limits: &ledger.Limits{Limited: true, Floor: money.Minor(500)}}); err != nil {
				t.Fatal(err)
			}
			if _, err := again.Post(t.Context(), transfer("k6", pending, bank, 66)); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("more was taken than the new floor allows: %v", err)
			}
			mustPost(t, again, transfer("k7", pending, bank, 65))
			wantPosted(t, l, pending, 500)
			if _, err := l.ChangePeriod(t.Context(), ledger.PeriodChange{Key: "p1", Through: calendar.MustDate("2026-02-28")}); err != nil {
				t.Fatal(err)
			}
			mustPost(t, again, transfer("k8", bank, pending, 1))
		})
	}
}
