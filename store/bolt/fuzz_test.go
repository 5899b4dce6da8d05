package bolt_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// inTx is a store that reads what a transaction of the test's has not
// committed yet.
type inTx struct {
	ledger.Store
	tx *bbolt.Tx
}

func (s inTx) Read(_ context.Context, fn func(ledger.Reader) error) error { return fn(bolt.Wrap(s.tx)) }

// storedBuckets lists all that a ledger has written to, runs by their numbers,
// and leaves out what is no run yet, or no longer.
func storedBuckets(t testing.TB, h *host) []string {
	t.Helper()
	out := []string{
		"accounts", "journal", "meta", "hashes", "records/merchant", "records/ledger_hold", "records/ledger_expiry", "records/ledger_reversal",
	}
	for _, r := range listOfRuns(t, h) {
		out = append(out, fmt.Sprint("runs/", r.ID))
	}
	return out
}

// listOfRuns reads the list of runs.
func listOfRuns(t testing.TB, h *host) (runs []bolt.Run) {
	t.Helper()
	err := h.db.View(func(tx *bbolt.Tx) (err error) {
		runs, err = bolt.DecodeRuns(inner(tx, "meta").Get([]byte("runs")))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// FuzzStoredBytes plants anything anywhere: reading it is an error or a
// finding, unless it is what was there, and never a panic.
func FuzzStoredBytes(f *testing.F) {
	if testing.Short() {
		f.Skip("hundreds of inputs of its own, in one goroutine")
	}
	h := flushed(f)
	buckets := storedBuckets(f, h)
	for i, bucket := range buckets {
		for key, value := range pairs(f, h, bucket) {
			f.Add(uint8(i), []byte(key), []byte(value))
			f.Add(uint8(i), []byte(key), []byte{})
		}
	}
	before := h.dump(f)
	f.Fuzz(func(t *testing.T, bucket uint8, key, value []byte) {
		tx, err := h.db.Begin(true)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		name := buckets[int(bucket)%len(buckets)]
		stored, there := before[dumped(name, key)]
		same := there && stored == hex.EncodeToString(value)
		if err := inner(tx, name).Put(key, value); err != nil || name == "meta" && string(key) == "format" {
			return // not a key for bbolt, or one that Open looks at
		}
		books, err := ledger.New(inTx{tx: tx}, config(t))
		if err != nil {
			t.Fatal(err)
		}
		v, err := books.Verify(t.Context())
		switch {
		case err != nil && !errors.Is(err, ledger.ErrCorrupt):
			t.Error(err)
		case err == nil && len(v.Findings) == 0 && !same:
			t.Errorf("%x in %s/%q is not found", value, name, key)
		case same && (err != nil || len(v.Findings) > 0):
			t.Errorf("what was there is found: %+v, %v", v, err)
		}
		useDamaged(t, books, tx)
	})
}

// useDamaged reads and books what there is to read and to book: errors are of
// known kinds, and nothing panics.
func useDamaged(t *testing.T, books *ledger.Ledger, tx *bbolt.Tx) {
	t.Helper()
	check := func(what string, err error) {
		var failure *ledger.Failure
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) && !errors.Is(err, ledger.ErrKeyConflict) && !errors.Is(err, money.ErrOverflow) &&
			!errors.Is(err, ledger.ErrUnknownAccount) && !errors.As(err, &failure) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, account := range []string{bank, available} {
		for _, span := range []ledger.Span{{}, ledger.ValuedIn(march(1), march(2)), ledger.BookedIn(noon(), noon().AddDate(0, 0, 1))} {
			for _, err := range books.Lines(t.Context(), account, inr(), span) {
				check("statement", err)
			}
		}
		_, err := books.BalanceOn(t.Context(), account, inr(), march(1))
		check("balance", err)
		_, err = books.BalanceAt(t.Context(), account, inr(), noon())
		check("balance", err)
	}
	for _, err := range books.Entries(t.Context(), ledger.EntryQuery{Reference: "order-1"}) {
		check("entries of a reference", err)
	}
	_, err := books.TrialBalance(t.Context())
	check("trial balance", err)
	_, _, err = books.HoldState(t.Context(), "h-part")
	check("hold", err)
	ours := bolt.Wrap(tx)
	outcomes, err := books.ExecuteTx(t.Context(), ours, ledger.Independent,
		sale("s1", 500), sale("new", 1), payout("broke-1", 5_000), ledger.Capture{Key: "c3", Hold: "h-part", Kind: "capture", All: true},
		ledger.Release{Key: "r2", Hold: "h-open"}, ledger.Reversal{Key: "v3", Of: "s1", Kind: "reversal", ValueDate: march(2), All: true},
	)
	check("a batch", err)
	for _, o := range outcomes {
		check("an item of a batch", o.Err)
	}
}

// inner is a bucket of the ledger by its path, in which a run has its number.
func inner(tx *bbolt.Tx, path string) *bbolt.Bucket {
	b := tx.Bucket([]byte("settlex"))
	for name := range strings.SplitSeq(path, "/") {
		if number, err := strconv.ParseUint(name, 10, 64); err == nil {
			name = string(be(number))
		}
		if name != "" {
			b = b.Bucket([]byte(name))
		}
	}
	return b
}

// dumped is where dump has what a bucket has under a key.
func dumped(path string, key []byte) string {
	if number, err := strconv.ParseUint(strings.TrimPrefix(path, "runs/"), 10, 64); err == nil {
		path = "runs/" + string(be(number))
	}
	return fmt.Sprintf("settlex/%s/%x", path, key)
}

// FuzzAccount: bytes that are read as an account are what is written for it, so
// that no two rows are the same account.
func FuzzAccount(f *testing.F) {
	for _, value := range pairs(f, damaged(f), "accounts") {
		f.Add([]byte(value[:len(value)-4]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		account, err := ledger.DecodeAccount(ledger.AccountID{Path: bank, Currency: inr()}, data)
		if err != nil {
			if !errors.Is(err, ledger.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		if again := account.AppendBinary(nil); !bytes.Equal(again, data) {
			t.Errorf("%x is read as %+v and written as %x", data, account, again)
		}
	})
}

// FuzzPages changes the file itself: opening and verifying it is an error or a
// finding, or nothing that is stored has changed, and never the end of the
// program.
func FuzzPages(f *testing.F) {
	if testing.Short() {
		f.Skip("hundreds of inputs of its own, in one goroutine")
	}
	whole := newRunsImage(f)
	want := dumpOf(f, whole.data)
	for n := range whole.used() {
		f.Add(uint16(n), uint16(8), []byte{0xff})
		f.Add(uint16(n), uint16(24), []byte{1, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, page, at uint16, change []byte) {
		if int(page) >= whole.used() || len(change) > 64 || int(at)+len(change) > pageSize {
			return
		}
		data := bytes.Clone(whole.data)
		copy(data[int(page)*pageSize+int(at):], change)
		if bytes.Equal(data, whole.data) || whole.findings(t, data) != "" || int(page) == whole.newest() {
			return // a meta page with several wrong bytes is what a crash leaves
		}
		if diff := cmp.Diff(want, dumpOf(t, data)); diff != "" {
			t.Errorf("%x at %d of page %d: nothing is found, but other things are stored (-want +got):\n%s", change, at, page, diff)
		}
	})
}
