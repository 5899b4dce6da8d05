package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// No byte of a value can change without Verify noticing, and no key.
func TestVerifyFindsEveryFlippedByte(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine that verifies thousands of times")
	}
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	e := sale("s1", 500)
	e.Reference, e.PartOf, e.Metadata = "ref", "whole", []ledger.Attribute{{Name: "a", Value: "1"}}
	mustPost(t, h.books, e, payout("p1", 200))
	mustPost(t, h.books, transfer("f1", "fee", available, sales, 1))
	mustExecute(t, h.books,
		hold("h1", 50, noon().Add(time.Hour)), ledger.Capture{Key: "c1", Hold: "h1", Kind: "capture", Postings: payout("", 12).Postings},
		ledger.Reversal{Key: "v1", Of: "p1", Kind: "reversal", ValueDate: march(2), All: true},
		ledger.AccountChange{Key: "limits", Account: available, Currency: inr(), Limits: &ledger.Limits{Velocity: []ledger.Velocity{
			{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(10_000)},
		}}, Metadata: []ledger.Attribute{{Name: "owner", Value: "Asha"}}},
		payout("p2", 7), ledger.PeriodChange{Key: "close", Through: calendar.MustDate("2026-02-28")},
	)
	if _, err := h.books.Capture(t.Context(), ledger.Capture{Key: "c2", Hold: "h1", Kind: "capture", Postings: payout("", 99).Postings}); !errors.Is(err, ledger.ErrExceedsHold) {
		t.Fatal(err)
	}
	mustDo(t, h.books, put(known("m1", "Asha")))
	for i := range 45 {
		mustPost(t, h.books, transfer(fmt.Sprint("x", i), "sale", bank, available, 3))
	}
	bolttest.Verify(t, h.books)
	if runs := listOfRuns(t, h); len(runs) < 2 || runs[0].Level == 0 || runs[len(runs)-1].Level > 0 {
		t.Fatalf("runs are %+v", runs)
	}

	for _, bucket := range storedBuckets(t, h) {
		whole := pairs(t, h, bucket)
		for key, value := range whole {
			if key == "format" {
				continue // Open looks at it
			}
			for at := range value {
				h.plant(t, bucket, flip([]byte(key), at))
				wantFound(t, h, fmt.Sprintf("byte %d of %s/%q", at, bucket, key))
				h.plant(t, bucket, restore(whole))
			}
			for at := range key {
				other := []byte(key)
				other[at] ^= 1
				h.plant(t, bucket, file([]byte(key), other))
				wantFound(t, h, fmt.Sprintf("byte %d of the key of %s/%q", at, bucket, key))
				h.plant(t, bucket, restore(whole))
			}
			if bucket == "hashes" && key == slices.Max(slices.Collect(maps.Keys(whole))) {
				continue // the last hash may not have been written yet
			}
			h.plant(t, bucket, remove([]byte(key)))
			wantFound(t, h, fmt.Sprintf("removal of %s/%q", bucket, key))
			h.plant(t, bucket, restore(whole))
		}
	}
	bolttest.Verify(t, h.books)
}

// restore makes a bucket what it was.
func restore(whole map[string]string) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.First() {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		for k, v := range whole {
			if err := b.Put([]byte(k), []byte(v)); err != nil {
				return err
			}
		}
		return nil
	}
}

func pairs(t testing.TB, h *host, bucket string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	h.plant(t, bucket, func(b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error { out[string(k)] = string(v); return nil })
	})
	return out
}

func wantFound(t testing.TB, h *host, what string) {
	t.Helper()
	v, err := h.books.Verify(t.Context())
	if err == nil && len(v.Findings) == 0 {
		t.Errorf("%s: nothing is found", what)
	}
	if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("%s: %v", what, err)
	}
}

// A damaged page of the file itself is an error or a finding, and never the
// end of the program.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books := bolttest.On(t, store, config(t))
	for i := range 6 {
		mustPost(t, books, many(60, fmt.Sprint(i, "-"))...)
	}
	mustDo(t, books, put(known("m1", "Asha")))
	bolttest.Verify(t, books)
	closeStore(t, store)
	whole := read(t, path)
	const size = 4096
	used := len(bytes.TrimRight(whole, "\x00"))/size + 1
	for name, damage := range map[string]func(page []byte){
		"zeroed":         func(page []byte) { clear(page) },
		"filled":         func(page []byte) { copy(page, bytes.Repeat([]byte{0xff}, len(page))) },
		"of another id":  func(page []byte) { page[0] ^= 0x55 },
		"of no type":     func(page []byte) { page[8] = 0 },
		"with more":      func(page []byte) { page[10], page[11] = 0xff, 0x0f },
		"back half gone": func(page []byte) { clear(page[len(page)/2:]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := 0
			for n := range used {
				path := newPath(t)
				data := bytes.Clone(whole[:used*size])
				damage(data[n*size : (n+1)*size])
				write(t, path, data)
				if err := os.Truncate(path, int64(len(whole))); err != nil { // the rest is empty space
					t.Fatal(err)
				}
				if !sound(t, path, n) {
					found++
				}
			}
			if found < used/8 { // many pages are free, or half empty
				t.Errorf("damage in %d of %d pages was noticed", found, used)
			}
		})
	}
}

// sound opens, verifies and reads a file; errors must say that it is corrupt.
func sound(t testing.TB, path string, page int) bool {
	t.Helper()
	store, err := bolt.Open(path, bolttest.Small())
	if err != nil {
		if !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("page %d: open: %v", page, err)
		}
		return false
	}
	defer store.Close()
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	v, err := books.Verify(t.Context())
	if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("page %d: verify: %v", page, err)
	}
	return err == nil && len(v.Findings) == 0
}
