package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
	"github.com/settlex/settlex/store/postgres/postgrestest"
	"github.com/settlex/settlex/store/storetest"
)

// hosted is a store whose writes are all transactions of a host, at some level of isolation. The host does what one has to do:
// after a conflict it starts again.
type hosted struct {
	*postgres.Store
	pool  *pgxpool.Pool
	level pgx.TxIsoLevel
	again atomic.Int64 // how often it started again
}

// Write implements ledger.Store.
func (h *hosted) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	for {
		err := pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: h.level}, func(tx pgx.Tx) error { return fn(postgres.Wrap(tx)) })
		if !isConflict(err) {
			return err
		}
		h.again.Add(1)
	}
}

// isConflict tells what a host has to start again for: what the ledger says of its statements, and the server of the COMMIT.
func isConflict(err error) bool {
	if _, ok := errors.AsType[*postgres.ConflictError](err); ok {
		return true
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "40001"
}

// host opens one on a ledger of a number of lanes.
func host(t testing.TB, lanes int, level pgx.TxIsoLevel) *hosted {
	t.Helper()
	url := postgrestest.Ledger(t, pgtest.Newest(t), lanes)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &hosted{Store: postgrestest.OpenURL(t, url), pool: pool, level: level}
}

// What the suite asks of a store holds in transactions of a host as well: the rules at the highest level, clients at once at each.
func TestHostedSuite(t *testing.T) {
	t.Parallel()
	for _, level := range levels() {
		if testing.Short() && level == pgx.RepeatableRead {
			continue // it lies between the others
		}
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			harness := storetest.Harness{Histories: 2, Open: func(t testing.TB) ledger.Store { t.Helper(); return host(t, 4, level) }}
			t.Run("histories", func(t *testing.T) { t.Parallel(); storetest.Histories(t, harness) })
			if level == pgx.Serializable {
				harness.Open = func(t testing.TB) ledger.Store { t.Helper(); return host(t, 1, level) }
				t.Run("edge cases", func(t *testing.T) { t.Parallel(); storetest.EdgeCases(t, harness) })
			}
		})
	}
}

// Many hosts at once, among others who book: every order has its entry and every entry its order, once, whatever they had to
// try again.
func TestHostsAtOnce(t *testing.T) {
	t.Parallel()
	for _, level := range levels() {
		for _, lanes := range lanesTried() {
			t.Run(fmt.Sprintf("%s, %d lanes", level, lanes), func(t *testing.T) {
				t.Parallel()
				h := host(t, lanes, level)
				l := keepBooks(t, h.Store)
				if _, err := h.pool.Exec(t.Context(), "CREATE TABLE orders (id text PRIMARY KEY)"); err != nil {
					t.Fatal(err)
				}
				const float = 12 // of 24 orders of 1 that want it
				mustPost(t, l, transfer("float", bank, available, float))
				taken, refused := ordersAtOnce(t, h, l)
				slices.Sort(taken)
				if len(taken) != float+12 || refused != 12 {
					t.Errorf("%d orders were taken and %d refused, want %d and 12", len(taken), refused, float+12)
				}
				t.Logf("started again %d times", h.again.Load())
				wantOrders(t, h, l, taken)
				wantPosted(t, l, available, 0)
				wantPosted(t, l, pending, 12)
			})
		}
	}
}

// ordersAtOnce has 4 hosts take 9 orders each, while 2 others book without a host. Two of three orders take what is limited.
func ordersAtOnce(t *testing.T, h *hosted, l *ledger.Ledger) (taken []string, refused int) {
	t.Helper()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for i := range 9 {
				id := fmt.Sprintf("order %d.%d", n, i)
				err := takeOrder(t.Context(), h, l, id, i%3 > 0)
				mu.Lock()
				switch {
				case err == nil:
					taken = append(taken, id)
				case errors.Is(err, ledger.ErrInsufficientFunds):
					refused++
				default:
					t.Errorf("%s: %v", id, err)
				}
				mu.Unlock()
			}
		})
	}
	for n := range 2 {
		wait.Go(func() {
			for i := range 12 {
				if _, err := l.Post(t.Context(), transfer(fmt.Sprintf("alone %d.%d", n, i), bank, "drawers/d1", 1)); err != nil {
					t.Errorf("alone: %v", err)
				}
			}
		})
	}
	wait.Wait()
	return taken, refused
}

// takeOrder writes the host's row, and books the entry that belongs to it.
func takeOrder(ctx context.Context, h *hosted, l *ledger.Ledger, id string, limited bool) error {
	for {
		err := pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: h.level}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO orders VALUES ($1)", id); err != nil {
				return err
			}
			entry := transfer(id, bank, pending, 1)
			if limited {
				entry = transfer(id, available, sales, 1)
			}
			results, err := l.PostTx(ctx, postgres.Wrap(tx), entry)
			if err == nil && results[0].Replayed {
				err = errors.New("was booked before")
			}
			return err
		})
		if !isConflict(err) {
			return err
		}
		h.again.Add(1)
	}
}

// wantOrders compares the host's rows, and the entries, with the orders that were taken.
func wantOrders(t *testing.T, h *hosted, l *ledger.Ledger, want []string) {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), "SELECT id FROM orders ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for entry, err := range l.Entries(t.Context(), ledger.EntryQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(entry.Key, "order") {
			keys = append(keys, entry.Key)
		}
	}
	slices.Sort(keys)
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("entries of orders (-want +got):\n%s", diff)
	}
}

// The documented example does what it says.
func TestExampleWrap(t *testing.T) {
	t.Parallel()
	told, err := takeOrders(t.Context(), emptyLedger(t, 16))
	if err != nil {
		t.Fatal(err)
	}
	want := `order-1 taken
order-2 refused: "order-2": insufficient funds: vouchers/A has INR 20.00 available, 30.00 is asked for, the floor is 0.00
`
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
