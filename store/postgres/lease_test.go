package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// contender is one of several processes that want a lease.
type contender struct {
	name  string
	store *postgres.Store
	lease *postgres.Lease
}

func contenders(t *testing.T, dsn string, n int) []contender {
	t.Helper()
	out := make([]contender, n)
	for i := range out {
		c := contender{name: fmt.Sprintf("host-%d/1", i), store: openStore(t, dsn, postgres.Options{})}
		var err error
		if c.lease, err = c.store.Lease("jobs", postgres.LeaseOptions{Owner: c.name}); err != nil {
			t.Fatal(err)
		}
		out[i] = c
	}
	return out
}

// pass lets time go by for a lease: the database's clock cannot be set, so it expires that much earlier.
func pass(t *testing.T, dsn string, d time.Duration) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), "UPDATE leases SET expires_at = expires_at - $1::bigint * interval '1 microsecond'", d.Microseconds()); err != nil {
		t.Fatal(err)
	}
}

// book books one entry through the store of a term, which a term that is over must not.
func book(t *testing.T, term *postgres.Term, key string) error {
	t.Helper()
	books, err := ledger.New(term.Fence(), ledger.Config{Chart: tradeChart(t), Clock: midday})
	if err != nil {
		t.Fatal(err)
	}
	_, err = books.Post(t.Context(), transfer(key, bank, pending, 1))
	return err
}

// Forty-eight terms, two and three contenders who all ask at once: one gets it, and whoever had it before writes nothing any more.
func TestLeaseHasOneOwner(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3} {
		t.Run(fmt.Sprint(n, " contenders"), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, 4)
			all := contenders(t, dsn, n)
			keepBooks(t, all[0].store)
			const terms = 48
			var before *postgres.Term
			refused := 0
			for no := 1; no <= terms; no++ {
				term, owner := contest(t, all)
				if term.Token() != int64(no) {
					t.Fatalf("term %d has token %d", no, term.Token())
				}
				if err := book(t, term, fmt.Sprintf("term %d", no)); err != nil {
					t.Fatalf("term %d of %s: %v", no, owner, err)
				}
				if before != nil {
					held, renewErr := before.Renew(t.Context())
					if err := book(t, before, fmt.Sprintf("late of %d", no)); !errors.Is(err, postgres.ErrFenced) || held || renewErr != nil {
						t.Errorf("term %d is over, and yet it wrote (%v) or was renewed (%t, %v)", no-1, err, held, renewErr)
					}
					if err := before.Release(t.Context()); err != nil {
						t.Error(err)
					}
					refused++
				}
				nobody(t, all, owner)
				pass(t, dsn, 9*time.Second)
				if held, err := term.Renew(t.Context()); !held || err != nil {
					t.Errorf("term %d was not renewed: %v", no, err)
				}
				pass(t, dsn, 9*time.Second)
				nobody(t, all, owner)
				before = term
				switch no % 3 {
				case 0: // it ends in order
					if err := term.Release(t.Context()); err != nil {
						t.Error(err)
					}
				default: // it is paused, or was killed
					pass(t, dsn, 2*time.Second)
				}
			}
			if refused != terms-1 {
				t.Errorf("%d stale holders were refused, want %d", refused, terms-1)
			}
		})
	}
}

// contest has all contenders ask at once; exactly one gets the lease.
func contest(t *testing.T, all []contender) (term *postgres.Term, owner string) {
	t.Helper()
	terms, errs := make([]*postgres.Term, len(all)), make([]error, len(all))
	var asking sync.WaitGroup
	for i, c := range all {
		asking.Go(func() { terms[i], errs[i] = c.lease.Acquire(t.Context()) })
	}
	asking.Wait()
	for i, c := range all {
		switch {
		case errs[i] == nil && term == nil:
			term, owner = terms[i], c.name
		case errs[i] == nil:
			t.Fatalf("%s and %s have the lease", owner, c.name)
		case !errors.Is(errs[i], postgres.ErrHeld):
			t.Fatal(errs[i])
		}
	}
	if term == nil {
		t.Fatalf("nobody got the lease: %v", errs)
	}
	return term, owner
}

// nobody wants the lease to be refused to everybody, by the name of who has it.
func nobody(t *testing.T, all []contender, owner string) {
	t.Helper()
	for _, c := range all {
		_, err := c.lease.Acquire(t.Context())
		want := fmt.Sprintf("lease is held: %q by %s", "jobs", owner)
		if err == nil || cmp.Diff(want, err.Error()) != "" {
			t.Errorf("%s asked: %v, want %s", c.name, err, want)
		}
	}
}

// Whoever takes a lease over waits for the write that is under way, however late that is: it is whole before the next term begins.
func TestLeaseWaitsForAWrite(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 4)
	all := contenders(t, dsn, 2)
	books := keepBooks(t, all[0].store)
	term, err := all[0].lease.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pass(t, dsn, time.Minute) // it may be taken over from now on
	taken := make(chan int64)
	err = term.Fence().Write(t.Context(), func(tx ledger.Tx) error {
		go func() {
			next, err := all[1].lease.Acquire(t.Context())
			if err != nil {
				t.Error(err)
			}
			taken <- next.Token()
		}()
		waitForLock(t, dsn)
		select {
		case <-taken:
			t.Error("the lease was taken over in the middle of a write")
		default:
		}
		_, err := books.PostTx(t.Context(), tx, transfer("k", bank, pending, 7))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if token := <-taken; token != term.Token()+1 {
		t.Errorf("the next term has token %d", token)
	}
	wantPosted(t, books, pending, 7)
	if err := book(t, term, "late"); !errors.Is(err, postgres.ErrFenced) {
		t.Errorf("got %v", err)
	}
}

// waitForLock waits until some session waits for a lock.
func waitForLock(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for waiting := false; !waiting; {
		const sql = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"
		if err := conn.QueryRow(t.Context(), sql).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
}

// A process finds out in its transaction that the lease was taken over meanwhile, and by whom.
func TestLeaseTakenOver(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 4)
	all := contenders(t, dsn, 2)
	keepBooks(t, all[0].store)
	stale, err := all[0].lease.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pass(t, dsn, 11*time.Second)
	if _, err := all[1].lease.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = book(t, stale, "k")
	if want := `lease was taken over, nothing was written: "jobs", term 1, is held by host-1/1 now`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLeaseOptions(t *testing.T) {
	t.Parallel()
	store := openStore(t, emptyLedger(t, 1), postgres.Options{})
	tests := []struct {
		name    string
		lease   string
		options postgres.LeaseOptions
		want    string
	}{
		{"no name", "", postgres.LeaseOptions{Owner: "o"}, `lease: "" is no name for one`},
		{"that of migrators", "migrate", postgres.LeaseOptions{Owner: "o"}, `lease: "migrate" is no name for one`},
		{"no owner", "jobs", postgres.LeaseOptions{}, `lease "jobs": the owner is missing`},
		{"too short", "jobs", postgres.LeaseOptions{Owner: "o", TTL: time.Second}, `lease "jobs": a term of 1s is shorter than 5s`},
	}
	for _, tt := range tests {
		_, err := store.Lease(tt.lease, tt.options)
		if err == nil || cmp.Diff(tt.want, err.Error()) != "" {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if lease, err := store.Lease("jobs", postgres.LeaseOptions{Owner: "o"}); err != nil || lease.TTL() != 10*time.Second {
		t.Errorf("%v, %v", lease, err)
	}
}
