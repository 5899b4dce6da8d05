package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/store/bolt"
)

// longJournal writes a journal that takes some transactions to book.
func longJournal(t *testing.T, dir string) {
	t.Helper()
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "2026-02-%02d sale %d\n    assets:till %d  %d.00 INR\n    income:sales\n\n", 1+i%28, i%5000, i%7, 1+i%900)
	}
	if err := os.WriteFile(filepath.Join(dir, "long.journal"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// importedItems is the journal of the ledger that an import has made, but for
// the instants.
func importedItems(t *testing.T, dir string) []string {
	t.Helper()
	journal, err := history.Open(t.Context(), filepath.Join(dir, "long.journal"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := bolt.Open(filepath.Join(dir, "history.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	books, err := ledger.New(store, ledger.Config{Chart: journal.Chart()})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = books.Read(t.Context(), func(r ledger.Reader) error {
		for item, err := range r.Items(t.Context(), 0, 1) {
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprint(item.Seq, item.Act, item.Key, item.Postings))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// An import that is killed, and started again, ends in the journal of one that
// was not. Each run ends with verify.
func TestImportKilled(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	args := []string{"import", "--data", "history.db", "long.journal"}
	whole := t.TempDir()
	longJournal(t, whole)
	runKilled(t, whole, args, kill{}, false)
	want := importedItems(t, whole)
	if len(want) != 20_007 {
		t.Fatalf("%d items", len(want))
	}
	var hits atomic.Int64
	t.Cleanup(func() {
		if hits.Load() == 0 {
			t.Error("no process was killed")
		}
	})
	for line := 1; line <= 3; line++ { // of its standard error: a quarter of the entries each
		t.Run(fmt.Sprintf("line %d", line), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			longJournal(t, dir)
			if runKilled(t, dir, args, kill{line: line}, true) {
				hits.Add(1)
			}
			part := importedItems(t, dir)
			if len(part) < 5000*line || len(part) > len(want) {
				t.Errorf("%d items were booked before line %d", len(part), line)
			}
			runKilled(t, dir, args, kill{}, false)
			if diff := cmp.Diff(want, importedItems(t, dir)); diff != "" {
				t.Errorf("items (-undisturbed +killed):\n%s", diff)
			}
		})
	}
}
