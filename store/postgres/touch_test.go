package postgres_test

import (
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// A change of an account comes behind what the same group did to its holds: the holds are kept all the same.
func TestHoldsBeforeAChange(t *testing.T) {
	t.Parallel()
	hold := ledger.Hold{Key: "h1", Kind: "hold", Postings: transfer("", pending, bank, 31).Postings}
	capture := ledger.Capture{Key: "c1", Kind: "capture", Hold: hold.Key, Final: true, Postings: transfer("", pending, bank, 20).Postings}
	change := ledger.AccountChange{Key: "a1", Account: pending, Currency: rupee(), Metadata: []ledger.Attribute{{Name: "n", Value: "v"}}}
	for name, groups := range map[string][][]ledger.Request{
		"held":         {{hold, change}},
		"released":     {{hold}, {ledger.Release{Key: "r1", Hold: hold.Key}, change}},
		"captured":     {{hold}, {capture, change}},
		"all at once":  {{hold, capture, change}},
		"posted":       {{transfer("k1", pending, bank, 5), change}},
		"another held": {{transfer("k1", pending, bank, 5)}, {hold, change}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := keepBooks(t, openStore(t, emptyLedger(t, 4), postgres.Options{})) // verified at the end
			for _, requests := range groups {
				if _, err := l.Execute(t.Context(), ledger.Atomic, requests...); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
