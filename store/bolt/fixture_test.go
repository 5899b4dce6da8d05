package bolt_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

const (
	bank      = "bank"
	sales     = "sales"
	available = "merchants/m1/available"
)

func inr() money.Currency { return money.MustCurrency("INR") }

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// config is a chart of a few accounts and a clock that stands still.
func config(t testing.TB) ledger.Config {
	t.Helper()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: sales, Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Config{Chart: chart, Clock: noon}
}

// transfer debits one account and credits the other, in INR.
func transfer(key, kind, debit, credit string, minor int64) ledger.Entry {
	return ledger.Entry{Key: key, Kind: kind, Postings: []ledger.Posting{
		ledger.Dr(debit, money.Minor(minor), inr()),
		ledger.Cr(credit, money.Minor(minor), inr()),
	}}
}

func sale(key string, minor int64) ledger.Entry { return transfer(key, "sale", bank, available, minor) }

func payout(key string, minor int64) ledger.Entry {
	return transfer(key, "payout", available, bank, minor)
}

func oneMinor() money.Amount { return money.Minor(1) }

func many(n int, prefix string) []ledger.Entry {
	out := make([]ledger.Entry, n)
	for i := range out {
		out[i] = sale(fmt.Sprint(prefix, i), 1)
	}
	return out
}

func mustPost(t testing.TB, books *ledger.Ledger, entries ...ledger.Entry) []ledger.Result {
	t.Helper()
	results, err := books.Post(t.Context(), entries...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func wantPosted(t testing.TB, books *ledger.Ledger, path, want string) {
	t.Helper()
	account, _, err := books.Account(t.Context(), path, inr())
	if err != nil {
		t.Fatal(err)
	}
	got, err := account.Posted()
	if err != nil {
		t.Fatal(err)
	}
	if inr().Format(got) != want {
		t.Errorf("%s stands at %s, want %s", path, inr().Format(got), want)
	}
}

func wantText(t testing.TB, err error, want string) {
	t.Helper()
	got := "no error"
	if err != nil {
		got = err.Error()
	}
	wantDiff(t, "error", want, got)
}

func wantDiff(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// host is a program that keeps a ledger in a file of its own.
type host struct {
	db    *bbolt.DB
	store *bolt.Store
	books *ledger.Ledger
}

// newHost opens a file of the host's and attaches books to it, which are
// verified in the end.
func newHost(t testing.TB) *host {
	t.Helper()
	h := newDamaged(t, nil)
	h.books = bolttest.On(t, h.store, config(t))
	return h
}

// newDamaged is newHost for a test that does damage: nobody verifies it.
func newDamaged(t testing.TB, options *bbolt.Options) *host {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "host.db"), 0o600, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &host{db: db}
	if h.store, err = bolt.Attach(db, bolttest.Small()); err != nil {
		t.Fatal(err)
	}
	if h.books, err = ledger.New(h.store, config(t)); err != nil {
		t.Fatal(err)
	}
	return h
}

// update runs fn on the host's own buckets.
func (h *host) update(t testing.TB, fn func(*bbolt.Tx) error) {
	t.Helper()
	if err := h.db.Update(fn); err != nil {
		t.Fatal(err)
	}
}

// dump writes every pair of the file's buckets as "bucket/bucket/key" and
// value, both in hexadecimal where they are no names of buckets.
func (h *host) dump(t testing.TB) map[string]string {
	t.Helper()
	out := make(map[string]string)
	var walk func(path string, b *bbolt.Bucket) error
	walk = func(path string, b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if inner := b.Bucket(k); inner != nil {
				return walk(path+string(k)+"/", inner)
			}
			out[fmt.Sprintf("%s%x", path, k)] = fmt.Sprintf("%x", v)
			return nil
		})
	}
	err := h.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error { return walk(string(name)+"/", b) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// work is a command made of a function.
type work func(*ledger.State) error

func (w work) At() time.Time                    { return time.Time{} }
func (w work) Need(*ledger.State, *ledger.Need) {}
func (w work) Apply(s *ledger.State) error      { return w(s) }

// known is a record of a kind the store knows.
func known(id, name string) *payment.Merchant {
	return &payment.Merchant{Merchant: merchant.Merchant{ID: id, Name: name, Created: noon()}}
}

func put(records ...ledger.Record) work {
	return func(s *ledger.State) error {
		for _, r := range records {
			s.Put(r)
		}
		return nil
	}
}

func mustDo(t testing.TB, books *ledger.Ledger, commands ...ledger.Command) {
	t.Helper()
	errs, err := books.DoAll(t.Context(), commands...)
	for _, err := range append(errs, err) {
		if err != nil {
			t.Fatal(err)
		}
	}
}
