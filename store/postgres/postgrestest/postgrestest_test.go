package postgrestest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres/pgtest"
	"github.com/settlex/settlex/store/postgres/postgrestest"
)

// recorder keeps what a test would have failed with.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func chart(t *testing.T) *ledger.Chart {
	t.Helper()
	c, err := ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func post(t *testing.T, books *ledger.Ledger) {
	t.Helper()
	inr := money.MustCurrency("INR")
	_, err := books.Post(t.Context(), ledger.Entry{Key: "s1", Kind: "sale", Postings: []ledger.Posting{
		ledger.Dr("cash", money.Minor(100), inr), ledger.Cr("sales", money.Minor(100), inr),
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// do runs a statement and gives the number it answers, if any.
func do(t *testing.T, url, statement string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	for _, number := range numbers {
		n += number
	}
	return n
}

func TestVerifyFailsTheTest(t *testing.T) {
	t.Parallel()
	url := postgrestest.Ledger(t, pgtest.Newest(t), 1)
	books, err := ledger.New(postgrestest.OpenURL(t, url), ledger.Config{Chart: chart(t)})
	if err != nil {
		t.Fatal(err)
	}
	post(t, books)

	sound := &recorder{TB: t}
	postgrestest.Verify(sound, books)
	if len(sound.errors) != 0 {
		t.Errorf("sound books fail: %q", sound.errors)
	}

	do(t, url, "UPDATE balances SET debits = debits + 1")
	damaged := &recorder{TB: t}
	postgrestest.Verify(damaged, books)
	if len(damaged.errors) == 0 || !strings.HasPrefix(damaged.errors[0], "verify: ") {
		t.Errorf("damaged books fail with %q, want something", damaged.errors)
	}
}

// A test that closes its store and opens the ledger again is verified once, on the store that is open at its end.
func TestReopen(t *testing.T) {
	t.Parallel()
	url := postgrestest.Ledger(t, pgtest.Newest(t), 1)
	first := postgrestest.OpenURL(t, url)
	post(t, postgrestest.On(t, first, ledger.Config{Chart: chart(t)}))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	books := postgrestest.On(t, postgrestest.OpenURL(t, url), ledger.Config{Chart: chart(t)})
	if _, ok, err := books.Entry(t.Context(), "s1"); !ok || err != nil {
		t.Errorf("entry s1 is there: %t, %v", ok, err)
	}
}

// The next test gets the ledger that the last one gave back, as empty as one that was just made.
func TestLedgersAreEmptied(t *testing.T) {
	t.Parallel()
	const lanes = 7 // of nobody else's
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			var used string
			t.Run("uses", func(t *testing.T) {
				used = postgrestest.Ledger(t, server, lanes)
				post(t, postgrestest.On(t, postgrestest.OpenURL(t, used), ledger.Config{Chart: chart(t)}))
				do(t, used, "CREATE TABLE orders (id text PRIMARY KEY)")
				if do(t, used, "SELECT count(*) FROM items") != 1 {
					t.Error("nothing was booked")
				}
			})
			again := postgrestest.Ledger(t, server, lanes)
			if used == "" || again != used {
				t.Errorf("the next ledger is %s, want %s", again, used)
			}
			for table, want := range map[string]int{
				"items": 0, "postings": 0, "accounts": 0, "balances": 0, "blocks": 0, "log_hashes": 0, "records": 0, "leases": 0,
				"pg_class WHERE relname = 'orders'": 0, "lanes": lanes, "lanes WHERE seq = 0 AND booked_at IS NULL": lanes,
			} {
				if got := do(t, again, "SELECT count(*) FROM "+table); got != want {
					t.Errorf("%s has %d rows, want %d", table, got, want)
				}
			}
		})
	}
}
