package bolt_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// A snapshot that stays open while others write keeps every page it sees, so
// the file grows: the figures show it while it happens, and one warning says so.
func TestLongReader(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	var warnings []bolt.LongReader
	path := newPath(t)
	store, err := bolt.Open(path, bolt.Options{
		LongRead: 30 * time.Second,
		Clock:    func() time.Time { return now },
		Warn:     func(r bolt.LongReader) { warnings = append(warnings, r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	books := bolttest.On(t, store, config(t))
	mustPost(t, books, many(200, "before")...)
	grow := func(name string) {
		for i := range 20 {
			mustPost(t, books, many(20, fmt.Sprint(name, i, "-"))...)
		}
	}
	before := store.Stats()
	err = store.Read(t.Context(), func(ledger.Reader) error {
		grow("short")
		if len(warnings) != 0 {
			t.Errorf("a young snapshot was warned of: %v", warnings)
		}
		now = now.Add(31 * time.Second)
		grow("long")
		during := store.Stats()
		if during.Readers < 1 || during.Oldest != 31*time.Second || during.Pending <= before.Pending || during.File < before.File {
			t.Errorf("figures are %+v, were %+v", during, before)
		}
		if len(warnings) != 1 || warnings[0].Open != 31*time.Second || warnings[0].Pending == 0 || warnings[0].File == 0 {
			t.Errorf("warnings are %+v, want one", warnings)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	grow("after")
	after := store.Stats()
	if after.Oldest != 0 || after.Readers != 0 || after.Pending >= store.Stats().File/2 || len(warnings) != 1 {
		t.Errorf("afterwards figures are %+v, warnings %+v", after, warnings)
	}
}
