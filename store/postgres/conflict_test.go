package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// lanesTried are numbers of lanes that make a difference.
func lanesTried() []int { return []int{1, 16} }

// twoStores keeps the same books in two processes.
func twoStores(t *testing.T, dsn string) [2]*ledger.Ledger {
	t.Helper()
	return [2]*ledger.Ledger{keepBooks(t, openStore(t, dsn, postgres.Options{})), keepBooks(t, openStore(t, dsn, postgres.Options{}))}
}

// Many callers of two processes take from one account what there is, and not more.
func TestNobodyTakesTwice(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			ledgers := twoStores(t, dsn)
			mustPost(t, ledgers[0], transfer("float", bank, available, 50))
			var taken atomic.Int64
			var wait sync.WaitGroup
			for caller := range 16 {
				wait.Go(func() {
					for n := range 8 {
						_, err := ledgers[caller%2].Post(t.Context(), transfer(fmt.Sprintf("%d/%d", caller, n), available, bank, 1))
						switch {
						case err == nil:
							taken.Add(1)
						case !errors.Is(err, ledger.ErrInsufficientFunds):
							t.Error(err)
						}
					}
				})
			}
			wait.Wait()
			if taken.Load() != 50 {
				t.Errorf("%d of 50 were taken", taken.Load())
			}
			wantPosted(t, ledgers[0], available, 0)
			wantPosted(t, ledgers[1], bank, 0)
		})
	}
}

// A key that many ask for at once, in two processes, is booked once.
func TestOneKeyIsBookedOnce(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			ledgers := twoStores(t, dsn)
			for round := range 5 {
				entry := transfer(fmt.Sprintf("k%d", round), bank, fmt.Sprintf("drawers/d%d", round), 7)
				var fresh atomic.Int64
				var wait sync.WaitGroup
				for caller := range 16 {
					wait.Go(func() {
						results, err := ledgers[caller%2].Post(t.Context(), entry)
						if err != nil {
							t.Error(err)
						} else if !results[0].Replayed {
							fresh.Add(1)
						}
					})
				}
				wait.Wait()
				if fresh.Load() != 1 {
					t.Errorf("round %d: booked %d times", round, fresh.Load())
				}
				wantPosted(t, ledgers[round%2], bank, int64(7*(round+1)))
			}
		})
	}
}

// Whoever takes the same locks in another order still gets his answer.
func TestLocksThatCross(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			ledgers := twoStores(t, dsn)
			const merchants = 6
			account := func(n int) string { return fmt.Sprintf("merchants/m%d/available", n%merchants) }
			for n := range merchants {
				mustPost(t, ledgers[0], transfer(fmt.Sprintf("float%d", n), bank, account(n), 1000))
			}
			var wait sync.WaitGroup
			for caller := range 12 {
				wait.Go(func() {
					l := ledgers[caller%2]
					for n := range 6 {
						key := fmt.Sprintf("%d/%d", caller, n)
						from, to := account(caller+n), account(caller*n+n+1)
						if from == to {
							to = account(caller*n + n + 2)
						}
						hold := ledger.Hold{Key: "h" + key, Kind: "hold", Postings: transfer("", from, to, 3).Postings}
						if _, err := l.Hold(t.Context(), hold); err != nil {
							t.Error(err)
						}
						mustPostSafe(t, l, transfer("a"+key, to, from, 1), transfer("b"+key, from, to, 1))
						if _, err := ledgers[(caller+n)%2].Capture(t.Context(), ledger.Capture{Key: "c" + key, Kind: "capture", Hold: hold.Key, All: true}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wait.Wait()
			wantPosted(t, ledgers[0], bank, merchants*1000)
		})
	}
}

// mustPostSafe is mustPost for a goroutine of the test.
func mustPostSafe(t *testing.T, l *ledger.Ledger, entries ...ledger.Entry) {
	t.Helper()
	if _, err := l.Post(t.Context(), entries...); err != nil {
		t.Error(err)
	}
}

// What concerns every lane, or an account without limits as a whole, is done among writers who go on.
func TestAloneAmongWriters(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			ledgers := twoStores(t, dsn)
			mustPost(t, ledgers[0], transfer("first", bank, pending, 1))
			var stop atomic.Bool
			var posted atomic.Int64
			var writers sync.WaitGroup
			for caller := range 6 {
				writers.Go(func() {
					for n := 0; !stop.Load(); n++ {
						entry := transfer(fmt.Sprintf("w%d/%d", caller, n), bank, pending, 1)
						if _, err := ledgers[caller%2].Post(t.Context(), entry); err != nil {
							t.Error(err)
							return
						}
						posted.Add(1)
					}
				})
			}
			for n := range 5 {
				l, key := ledgers[n%2], fmt.Sprintf("act%d", n)
				through := calendar.MustDate("2026-02-01").AddDays(n)
				if _, err := l.ChangePeriod(t.Context(), ledger.PeriodChange{Key: "close " + key, Through: through}); err != nil {
					t.Error(err)
				}
				change := ledger.AccountChange{Key: "note " + key, Account: pending, Currency: rupee(), Metadata: []ledger.Attribute{{Name: "n", Value: key}}}
				if _, err := l.ChangeAccount(t.Context(), change); err != nil {
					t.Error(err)
				}
				if _, err := l.Execute(t.Context(), ledger.Atomic, ledger.Assertion{Account: "merchants", Currency: rupee(), Subtree: true, Amount: money.Minor(0)},
					transfer("never"+key, bank, pending, 1)); err != nil {
					t.Error(err)
				}
			}
			stop.Store(true)
			writers.Wait()
			wantPosted(t, ledgers[0], pending, posted.Load()+1)
			through, err := ledgers[1].ClosedThrough(t.Context())
			if want := calendar.MustDate("2026-02-05"); err != nil || through != want {
				t.Errorf("closed through %v, %v, want %v", through, err, want)
			}
		})
	}
}
