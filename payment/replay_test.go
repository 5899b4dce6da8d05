package payment_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// Whatever has happened in a town, and in whatever order it was told: replayed by the
// rules that governed it, it gives the batches that the books hold, and nothing is left
// out.
func TestReplayedLives(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("each history is told three times")
	}
	d := open(t, terms())
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
			v := found(rt, tx)
			v.asTold = true
			for i := range v.rules.Plans { // whether the job has given them back by then, its cap depends on
				if p := &v.rules.Plans[i]; !p.Kind.Pooled() && p.Releases() {
					p.EffectiveTo = calendar.Date{}
				}
			}
			rt.Repeat(map[string]func(*rapid.T){"": func(*rapid.T) { v.saves = v.store.saves }, "something": v.happens})
			v.settle(rt)
			v.replay(rt, dir)
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			rt.Fatal(err)
		}
	})
}

// replay simulates the rules that govern the town already.
func (v *town) replay(rt *rapid.T, dir string) {
	saves := v.store.saves
	d, err := v.Simulate(rt.Context(), settlex.Simulation{Rules: v.rules, Dir: dir, Rows: 8, Scratch: func() (ledger.Store, func() error, error) {
		path := filepath.Join(dir, "scratch.db")
		store, err := bolt.Open(path, bolt.Options{Throwaway: true})
		if err != nil {
			return nil, nil, err
		}
		return store, func() error { return errors.Join(store.Close(), os.Remove(path)) }, nil
	}})
	must(rt, err)
	if v.store.saves != saves {
		rt.Errorf("a simulation has saved %d times", v.store.saves-saves)
	}
	for _, left := range d.Left {
		rt.Errorf("left out: %+v", left)
	}
	if !d.Real.Exact() {
		rt.Errorf("%d of %d batches are the same, %d are not closed, the first that is not: %s", d.Real.Same, d.Real.Batches, d.Real.Unclosed, d.Real.First)
	}
	for _, row := range append(d.Rows, d.Totals...) {
		if row.Before != row.After {
			rt.Errorf("the same rules make a difference for %s in %s:\n%+v\n%+v", row.Merchant, row.Currency, row.Before, row.After)
		}
	}
}
