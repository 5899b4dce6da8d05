package postgres_test

import (
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// fact books an entry under its own instant, as rooms book what has happened.
type fact struct {
	at    time.Time
	entry ledger.Entry
	item  *ledger.Booked
}

func (f *fact) At() time.Time                        { return f.at }
func (f *fact) Need(_ *ledger.State, n *ledger.Need) { n.Entry(&f.entry) }
func (f *fact) Apply(s *ledger.State) error {
	result, err := s.Book(f.entry)
	f.item = &result.Booked
	return err
}

// Whoever looks at the books does not make facts late that are still to come: they keep their instants, as with one lane.
func TestReadingMovesNoFact(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		dsn := emptyLedger(t, lanes)
		l := keepBooks(t, openStore(t, dsn, postgres.Options{}))
		for n, key := range []string{"first", "second", "third"} {
			at := midday().Add(time.Duration(n-9) * time.Minute)
			f := &fact{at: at, entry: transfer(key, bank, pending, 1)}
			if err := l.Do(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			if !f.item.At.Equal(at) {
				t.Errorf("%d lanes: %s is booked at %s, it happened at %s", lanes, key, f.item.At, at)
			}
			if _, err := l.Statement(t.Context(), ledger.StatementQuery{Account: pending, Currency: rupee(), Limit: 1}); err != nil {
				t.Fatal(err)
			}
			for _, err := range l.Entries(t.Context(), ledger.EntryQuery{}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Beat(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
