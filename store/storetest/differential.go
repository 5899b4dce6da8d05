package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
)

// Differential drives one stream of random requests through books on two
// stores of one lane, by one clock and in the same groups. Whatever can be seen
// is the same to the byte: every outcome, the blocks and the log over them,
// accounts, statements and records.
func Differential(t *testing.T, one, other func(testing.TB) ledger.Store) {
	t.Helper()
	side(t, true, one, other, func(p *lanePair) {
		p.compareBooks()
		if diff := Differ(p.T, p.stores[0], p.stores[1]); diff != "" {
			p.Fatalf("contents (-one +other):\n%s", diff)
		}
	})
}

// failer is what a comparison needs of a test; a *rapid.T has it too.
type failer interface {
	Context() context.Context
	Helper()
	Fatal(args ...any)
}

// Differ says how the contents of two stores differ; empty: they do not.
func Differ(t failer, one, other ledger.Store) string {
	t.Helper()
	var lines [2][]string
	for i, store := range []ledger.Store{one, other} {
		var err error
		if lines[i], err = Contents(t.Context(), store); err != nil {
			t.Fatal(err)
		}
	}
	return cmp.Diff(lines[0], lines[1])
}
