package bolttest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
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

func TestVerifyFailsTheTest(t *testing.T) {
	t.Parallel()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "ledger.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := bolt.Attach(db, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	books, err := ledger.New(store, ledger.Config{Chart: chart(t)})
	if err != nil {
		t.Fatal(err)
	}
	post(t, books)

	sound := &recorder{TB: t}
	bolttest.Verify(sound, books)
	if len(sound.errors) != 0 {
		t.Errorf("sound books fail: %q", sound.errors)
	}

	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("settlex")).Bucket([]byte("meta")).Put([]byte("runs"), []byte("x"))
	})
	if err != nil {
		t.Fatal(err)
	}
	damaged := &recorder{TB: t}
	bolttest.Verify(damaged, books)
	if len(damaged.errors) != 2 || !strings.HasPrefix(damaged.errors[1], "verify: runs: want a readable list") {
		t.Errorf("damaged books fail with %q, want the list of runs", damaged.errors)
	}
}

// A test that closes its store and opens the file again is verified once, on
// the store that is open at its end.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	first := bolttest.OpenFile(t, path)
	post(t, bolttest.On(t, first, ledger.Config{Chart: chart(t)}))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	books := bolttest.On(t, bolttest.OpenFile(t, path), ledger.Config{Chart: chart(t)})
	if _, ok, err := books.Entry(t.Context(), "s1"); !ok || err != nil {
		t.Errorf("entry s1 is there: %t, %v", ok, err)
	}
}
