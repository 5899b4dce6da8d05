package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// An account that gets limits late has its totals in one place from then on. Nobody who reads it notices.
func TestLimitsComeLate(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			var ledgers []*ledger.Ledger // each in a lane of its own, as far as there are some
			for n := range 3 {
				chance := func() float64 { return float64(n) / 3 }
				ledgers = append(ledgers, keepBooks(t, openStore(t, dsn, postgres.Options{Writers: 1, Chance: chance})))
			}
			at := 0
			post := func(debit, credit string, minor int64) {
				mustPost(t, ledgers[at%3], transfer(fmt.Sprintf("k%d", at), debit, credit, minor))
				at++
			}
			for range 7 {
				post(bank, pending, 100)
			}
			post(pending, bank, 50)
			limits := &ledger.Limits{Limited: true, Floor: money.Minor(600)}
			if _, err := ledgers[1].ChangeAccount(t.Context(), ledger.AccountChange{Key: "floor", Account: pending, Currency: rupee(), Limits: limits}); err != nil {
				t.Fatal(err)
			}
			for range 4 {
				post(bank, pending, 10)
				post(pending, bank, 20)
			}
			if _, err := ledgers[at%3].Post(t.Context(), transfer("beyond", pending, bank, 11)); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("what stands below the floor: %v", err)
			}
			for n, l := range ledgers {
				wantPosted(t, l, pending, 610)
				page, err := l.Statement(t.Context(), ledger.StatementQuery{Account: pending, Currency: rupee(), Limit: 100})
				if err != nil {
					t.Fatal(err)
				}
				var balances []string
				for _, line := range page.Lines {
					balances = append(balances, line.Balance.String())
				}
				want := []string{"100", "200", "300", "400", "500", "600", "700", "650", "660", "640", "650", "630", "640", "620", "630", "610"}
				if diff := cmp.Diff(want, balances); diff != "" {
					t.Errorf("store %d: statement (-want +got):\n%s", n, diff)
				}
			}
		})
	}
}
