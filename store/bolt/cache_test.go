package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// inHost posts in a transaction of the host's own.
func (h *host) inHost(entries ...ledger.Entry) error {
	return h.db.Update(func(tx *bbolt.Tx) error {
		_, err := h.books.PostTx(context.Background(), bolt.Wrap(tx), entries...)
		return err
	})
}

// closeDay closes a value date: it touches no account.
func closeDay(key, through string) ledger.PeriodChange {
	return ledger.PeriodChange{Key: key, Through: calendar.MustDate(through)}
}

// What a writer remembers of the accounts is never older than the file, whoever
// wrote last and whatever its own last command looked at: the host has paid
// everything out, and nobody pays it again.
func TestCacheIsNeverBehind(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	tests := []struct {
		name    string
		between func(h *host) error // after the host has written, before the payout
	}{
		{"at once", func(*host) error { return nil }},
		{"after a record", func(h *host) error { return h.books.Do(ctx, put(known("m1", "Asha"))) }},
		{"after a closed day", func(h *host) error {
			_, err := h.books.ChangePeriod(ctx, closeDay("close", "2026-02-28"))
			return err
		}},
		{"after a refusal that looked at no account", func(h *host) error {
			_, err := h.books.Release(ctx, ledger.Release{Key: "r", Hold: "none"})
			return unless(ledger.ErrNotFound, err)
		}},
		{"after other accounts", func(h *host) error {
			_, err := h.books.Post(ctx, transfer("o", "fee", bank, sales, 1))
			return err
		}},
		{"after a transaction that was given up", func(h *host) error {
			return unless(errHost, h.books.Write(ctx, func(tx ledger.Tx) error {
				_, err := h.books.PostTx(ctx, tx, sale("never", 1000))
				return errors.Join(err, errHost)
			}))
		}},
		{"after a transaction of several calls", func(h *host) error {
			return h.books.Write(ctx, func(tx ledger.Tx) error {
				_, first := h.books.PostTx(ctx, tx, transfer("o1", "fee", bank, sales, 1))
				_, second := h.books.PostTx(ctx, tx, transfer("o2", "fee", bank, sales, 1))
				return errors.Join(first, second)
			})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			mustPost(t, h.books, sale("s1", 100))
			if err := h.inHost(payout("p1", 100)); err != nil {
				t.Fatal(err)
			}
			if err := test.between(h); err != nil {
				t.Fatal(err)
			}
			if _, err := h.books.Post(t.Context(), payout("p2", 1)); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("paid twice: %v", err)
			}
			wantPosted(t, h.books, available, "0.00")
		})
	}
}

// unless wants an error.
func unless(want, err error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("error is %w, want %w", err, want)
}

// What a host has written and rolled back was never there.
func TestCacheForgetsRollback(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	mustPost(t, h.books, sale("s1", 100))
	err := h.db.Update(func(tx *bbolt.Tx) error {
		_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("s2", 900))
		return errors.Join(err, errHost)
	})
	if !errors.Is(err, errHost) {
		t.Fatal(err)
	}
	if _, err := h.books.Post(t.Context(), payout("p1", 101)); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("paid what was never there: %v", err)
	}
	mustPost(t, h.books, payout("p2", 100))
	wantPosted(t, h.books, available, "0.00")
}

// After a commit that failed nothing of it is believed.
func TestCacheAfterFailedCommit(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	mustPost(t, h.books, sale("s1", 100))
	info, err := os.Stat(h.db.Path())
	if err != nil {
		t.Fatal(err)
	}
	h.db.AllocSize, h.db.MaxSize = 1, int(info.Size()) // no commit can make the file larger
	booked, failed := int64(100), false
	for i := 0; i < 100 && !failed; i++ {
		_, err := h.books.Post(t.Context(), many(200, fmt.Sprint("f", i, "-"))...)
		if failed = err != nil; !failed {
			booked += 200
		}
	}
	if !failed {
		t.Fatal("no commit failed")
	}
	h.db.MaxSize = 0
	if _, err := h.books.Post(t.Context(), payout("p1", booked+1)); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("paid what was never there: %v", err)
	}
	mustPost(t, h.books, payout("p2", booked))
	wantPosted(t, h.books, available, "0.00")
}

// More accounts than are remembered are all booked right.
func TestCacheOverflows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("100,000 accounts")
	}
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	const each, rounds = 900, 120 // more than 100,000 accounts
	crowd := func(key string, minor int64, from int) ledger.Entry {
		e := ledger.Entry{Key: key, Kind: "sale", Postings: []ledger.Posting{ledger.Dr(bank, money.Minor(minor*each), inr())}}
		for i := range each {
			e.Postings = append(e.Postings, ledger.Cr(fmt.Sprintf("merchants/m%d/available", from+i), money.Minor(minor), inr()))
		}
		return e
	}
	for round := range rounds {
		mustPost(t, h.books, crowd(fmt.Sprint("a", round), 5, round*each))
	}
	for _, round := range []int{0, 1, rounds / 2, rounds - 1} {
		mustPost(t, h.books, crowd(fmt.Sprint("b", round), 2, round*each))
		for _, n := range []int{0, each - 1} {
			path := fmt.Sprintf("merchants/m%d/available", round*each+n)
			wantPosted(t, h.books, path, "0.07")
			key := fmt.Sprintf("p%d-%d", round, n)
			if _, err := h.books.Post(t.Context(), transfer(key, "payout", path, bank, 8)); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	bolttest.Verify(t, h.books)
}

// In any order of writers the limited account holds what the commits say, and
// is never overdrawn.
func TestCacheModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		db, err := bbolt.Open(fmt.Sprintf("%s/%d.db", dir, n), 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			r.Fatal(err)
		}
		defer db.Close()
		m := &cacheModel{db: db}
		for range 2 {
			store, err := bolt.Attach(db, bolttest.Small())
			if err != nil {
				r.Fatal(err)
			}
			books, err := ledger.New(store, config(t))
			if err != nil {
				r.Fatal(err)
			}
			m.books = append(m.books, books)
		}
		r.Repeat(m.actions(t.Context()))
		v, err := m.books[0].Verify(t.Context())
		if err != nil || len(v.Findings) > 0 {
			r.Fatalf("%+v, %v", v, err)
		}
	})
}

// cacheModel is two ledgers on the file of one host, and what the limited
// account must hold.
type cacheModel struct {
	db    *bbolt.DB
	books []*ledger.Ledger
	holds int64
	keys  int
}

func (m *cacheModel) key() string {
	m.keys++
	return fmt.Sprint("k", m.keys)
}

// entry draws one on the limited account, and says what it adds to it.
func (m *cacheModel) entry(r *rapid.T) (ledger.Entry, int64) {
	minor := rapid.Int64Range(1, 20).Draw(r, "minor")
	if rapid.Bool().Draw(r, "sale") {
		return sale(m.key(), minor), minor
	}
	return payout(m.key(), minor), -minor
}

// judge holds what became of an entry against the model.
func (m *cacheModel) judge(r *rapid.T, adds int64, err error) {
	switch {
	case errors.Is(err, ledger.ErrInsufficientFunds) != (m.holds+adds < 0):
		r.Fatalf("%d more where %d are: %v", adds, m.holds, err)
	case err == nil:
		m.holds += adds
	case !errors.Is(err, ledger.ErrInsufficientFunds):
		r.Fatal(err)
	}
}

func (m *cacheModel) actions(ctx context.Context) map[string]func(*rapid.T) {
	which := func(r *rapid.T) *ledger.Ledger { return m.books[rapid.IntRange(0, 1).Draw(r, "ledger")] }
	inTx := func(r *rapid.T, tx ledger.Tx, end error) error {
		held := m.holds
		books := which(r)
		for range rapid.IntRange(1, 3).Draw(r, "calls") {
			e, adds := m.entry(r)
			_, err := books.PostTx(ctx, tx, e)
			m.judge(r, adds, err)
		}
		if end != nil {
			m.holds = held
		}
		return end
	}
	outcome := func(r *rapid.T) error {
		if rapid.Bool().Draw(r, "roll back") {
			return errHost
		}
		return nil
	}
	check := func(r *rapid.T, want, have error) {
		if !errors.Is(have, want) {
			r.Fatal(have)
		}
	}
	return map[string]func(*rapid.T){
		"post": func(r *rapid.T) {
			e, adds := m.entry(r)
			_, err := which(r).Post(ctx, e)
			m.judge(r, adds, err)
		},
		"record": func(r *rapid.T) {
			check(r, nil, which(r).Do(ctx, put(known("m1", m.key()))))
		},
		"no account": func(r *rapid.T) {
			_, err := which(r).Release(ctx, ledger.Release{Key: m.key(), Hold: "none"})
			check(r, ledger.ErrNotFound, err)
		},
		"our transaction": func(r *rapid.T) {
			end := outcome(r)
			check(r, end, which(r).Write(ctx, func(tx ledger.Tx) error { return inTx(r, tx, end) }))
		},
		"the host's transaction": func(r *rapid.T) {
			end := outcome(r)
			check(r, end, m.db.Update(func(tx *bbolt.Tx) error { return inTx(r, bolt.Wrap(tx), end) }))
		},
	}
}
