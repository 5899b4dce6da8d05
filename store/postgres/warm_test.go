package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// What a store remembers of accounts without limits is nothing to go by once somebody else has booked in the lane, or has changed
// one of them.
func TestOthersAreNoticed(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			same := postgres.Options{Writers: 1, Chance: func() float64 { return 0 }} // both book in the same lane
			store := openStore(t, dsn, same)
			l, other := keepBooks(t, store), keepBooks(t, openStore(t, dsn, same))
			for i := range 3 {
				mustPost(t, l, transfer(fmt.Sprint("mine", i), bank, pending, 10))
				mustPost(t, other, transfer(fmt.Sprint("theirs", i), bank, pending, 1))
			}
			trust := func(step string) {
				t.Helper()
				for i := range 8 {
					mustPost(t, l, transfer(fmt.Sprint(step, i), bank, pending, 10))
				}
				if n := store.GoneBy(); n < 2 {
					t.Errorf("%s: %d accounts need not be read, want bank and pending at least", step, n)
				}
			}
			trust("first")
			mustPost(t, other, transfer("between", bank, pending, 1))
			trust("again")
			wantPosted(t, l, pending, 194)
			wantPosted(t, other, bank, 194)

			change := ledger.AccountChange{Key: "no debit", Account: pending, Currency: rupee(), Status: ledger.NoDebit}
			if _, err := other.ChangeAccount(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Post(t.Context(), transfer("debit", pending, bank, 1)); !errors.Is(err, ledger.ErrAccountStatus) {
				t.Errorf("a debit of an account that takes none gives %v", err)
			}
			trust("credit")
			change = ledger.AccountChange{
				Key: "limited", Account: pending, Currency: rupee(), Status: ledger.Open, Limits: &ledger.Limits{Limited: true, Floor: money.Minor(270)},
			}
			if _, err := other.ChangeAccount(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Post(t.Context(), transfer("below", pending, bank, 5)); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("going below the new floor gives %v", err)
			}
			mustPost(t, l, transfer("to the floor", pending, bank, 4))
			wantPosted(t, other, pending, 270)
		})
	}
}

// What was not committed is not remembered.
func TestVanishedIsForgotten(t *testing.T) {
	t.Parallel()
	store := openStore(t, emptyLedger(t, 1), postgres.Options{})
	l := keepBooks(t, store)
	for i := range 8 {
		mustPost(t, l, transfer(fmt.Sprint("first", i), bank, pending, 10))
	}
	if n := store.GoneBy(); n < 2 {
		t.Errorf("%d accounts need not be read, want bank and pending at least", n)
	}
	errBack := errors.New("rolled back")
	for i := range 2 {
		err := l.Write(t.Context(), func(tx ledger.Tx) error {
			for j := range 2 { // the second sees what the first has written
				if _, err := l.PostTx(t.Context(), tx, transfer(fmt.Sprintf("%d-%d", i, j), bank, pending, 1)); err != nil {
					return err
				}
			}
			if i == 0 {
				return errBack
			}
			return nil
		})
		if want := []error{errBack, nil}[i]; !errors.Is(err, want) {
			t.Fatalf("attempt %d gives %v, want %v", i, err, want)
		}
	}
	mustPost(t, l, transfer("last", bank, pending, 100))
	wantPosted(t, l, pending, 182)
}

// A database that has lost commits may stand at the same row of a lane with another history: a promise falls on the instant of
// a change that was lost. Its sessions were ended for that, and what was remembered is forgotten with them.
func TestLostCommitsAreNoticed(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 2)
	at := func(chance float64) *ledger.Ledger {
		return keepBooks(t, openStore(t, dsn, postgres.Options{Writers: 1, Chance: func() float64 { return chance }}))
	}
	p, q := at(0), at(0.99) // each has a lane
	mustPost(t, p, transfer("p1", bank, pending, 10), transfer("p2", bank, sales, 10))
	mustPost(t, q, transfer("q1", bank, pending, 10))
	change := func(key string, status ledger.Status) {
		t.Helper()
		if _, err := q.ChangeAccount(t.Context(), ledger.AccountChange{Key: key, Account: pending, Currency: rupee(), Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	change("freeze", ledger.Frozen)
	restore := saveTables(t, dsn)
	change("open", ledger.Open)
	if err := p.Do(t.Context(), look{transfer("look", pending, bank, 1)}); !errors.Is(err, errLooked) {
		t.Fatal(err)
	}
	restore()
	if err := q.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		mustPost(t, p, transfer(fmt.Sprint("other", i), bank, sales, 1))
	}
	if _, err := p.Post(t.Context(), transfer("debit", pending, bank, 1)); !errors.Is(err, ledger.ErrAccountStatus) {
		t.Errorf("a debit of an account that is frozen again gives %v", err)
	}
}

// look is a command that needs what an entry needs, and books nothing.
type look struct{ entry ledger.Entry }

var errLooked = errors.New("looked")

// At implements ledger.Command.
func (look) At() (now time.Time) { return now }

// Need implements ledger.Command.
func (l look) Need(_ *ledger.State, n *ledger.Need) { n.Entry(&l.entry) }

// Apply implements ledger.Command.
func (look) Apply(*ledger.State) error { return errLooked }

// saveTables keeps how the ledger stands. What it gives brings that back, as an older copy of the database would, and ends all
// sessions, as a server does that goes down for that.
func saveTables(t *testing.T, dsn string) (restore func()) {
	t.Helper()
	tables := []string{"lanes", "accounts", "balances", "blocks", "items", "postings", "log_hashes", "records"}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	for _, table := range tables {
		exec("CREATE TEMPORARY TABLE kept_" + table + " AS TABLE " + table)
	}
	return func() {
		t.Helper()
		exec("BEGIN")
		exec("SET LOCAL session_replication_role = replica") // no foreign keys meanwhile
		for _, table := range tables {
			exec("DELETE FROM " + table)
			exec("INSERT INTO " + table + " SELECT * FROM kept_" + table)
		}
		exec("COMMIT")
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	}
}
