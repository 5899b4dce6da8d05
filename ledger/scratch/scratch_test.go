package scratch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/scratch"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

const till, shop = "tills/1", "shops/7"

func chart(t testing.TB) *ledger.Chart {
	t.Helper()
	c, err := ledger.NewChart(
		ledger.Pattern{Path: "tills/{t}", Type: ledger.Asset},
		ledger.Pattern{Path: "shops/{s}", Type: ledger.Liability, Limited: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// books are those on which things are tried: a few entries are booked.
func books(t testing.TB) *ledger.Ledger {
	t.Helper()
	l := bolttest.On(t, bolttest.Open(t), ledger.Config{Chart: chart(t), Clock: noon})
	for i := range 20 {
		if _, err := l.Post(t.Context(), sale(fmt.Sprint("old", i), 10)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func sale(key string, minor int64) ledger.Entry { return entry(key, till, shop, minor) }

func entry(key, debit, credit string, minor int64) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "sale", Postings: []ledger.Posting{
		ledger.Dr(debit, money.Minor(minor), money.MustCurrency("INR")), ledger.Cr(credit, money.Minor(minor), money.MustCurrency("INR")),
	}}
}

// note is a record of the tests.
type note struct{ ID, Text string }

func (n *note) Ref() ledger.Ref { return noteRef(n.ID) }

func noteRef(id string) ledger.Ref { return ledger.Ref{Kind: "note", ID: id} }

// step is a command that books an entry and goes on with a note: it tells what it
// found.
type step struct {
	entry  ledger.Entry
	note   string
	remove bool
	spoil  bool
	found  string
}

var errSpoiled = errors.New("spoiled")

func (s *step) At() time.Time { return time.Time{} }

func (s *step) Need(_ *ledger.State, n *ledger.Need) {
	n.Entry(&s.entry)
	n.Record(noteRef(s.note))
}

func (s *step) Apply(state *ledger.State) error {
	result, err := state.Book(s.entry)
	if err != nil {
		return err
	}
	before, _ := state.Record(noteRef(s.note)).(*note)
	s.found = fmt.Sprintf("%d replayed %v: %+v", result.Seq, result.Replayed, before)
	if s.remove {
		state.Delete(noteRef(s.note))
	} else {
		state.Put(&note{s.note, s.entry.Key})
	}
	if s.spoil {
		return errSpoiled
	}
	return nil
}

// steps draws commands: keys and notes that come again soon, late or never.
func steps(n int) (out []*step) {
	source := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		s := &step{entry: sale(fmt.Sprint("new", i), 5), note: fmt.Sprint(source.IntN(n / 2)), remove: source.IntN(5) == 0, spoil: source.IntN(9) == 0}
		switch source.IntN(8) {
		case 0: // a repetition, or another entry by the same key
			s.entry = sale(fmt.Sprint("new", source.IntN(i+1)), 5+source.Int64N(2))
		case 1:
			s.entry = sale(fmt.Sprint("old", source.IntN(25)), 10)
		case 2: // there may be too little
			s.entry = entry(fmt.Sprint("out", i), shop, "tills/"+fmt.Sprint(source.IntN(9)), source.Int64N(2000))
		}
		out = append(out, s)
	}
	return out
}

// story runs commands in groups, and tells what became of each.
func story(apply func(...ledger.Command) ([]error, error), steps []*step) (out []string, err error) {
	const group = 7
	for some := range slices.Chunk(steps, group) {
		commands := make([]ledger.Command, len(some))
		for i := range some {
			commands[i] = some[i]
		}
		errs, err := apply(commands...)
		if err != nil {
			return out, err
		}
		for i := range some {
			out = append(out, fmt.Sprintf("%s, %v", some[i].found, errs[i]))
		}
	}
	return out, nil
}

// on runs fn on a ledger on top of a snapshot of books.
func on(t *testing.T, l *ledger.Ledger, options scratch.Options, fn func(context.Context, *scratch.Store, *ledger.Ledger)) {
	t.Helper()
	err := l.Read(t.Context(), func(base ledger.Reader) error {
		store := scratch.New(base, options)
		trial, err := ledger.New(store, ledger.Config{Chart: l.Chart(), Clock: noon})
		if err != nil {
			return err
		}
		fn(t.Context(), store, trial)
		return store.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is tried on top of a snapshot comes out as in one state that keeps
// everything, however little is kept in memory; the books stay as they are.
func TestSameAsOneState(t *testing.T) {
	t.Parallel()
	l := books(t)
	const n = 6000
	var want []string
	err := l.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) (err error) {
		want, err = story(apply, steps(n))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, items := range []int{0, 1, 30, 1000} {
		t.Run(fmt.Sprint(items, " items"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			on(t, l, scratch.Options{Dir: dir, Items: items}, func(ctx context.Context, _ *scratch.Store, trial *ledger.Ledger) {
				got, err := story(func(c ...ledger.Command) ([]error, error) { return trial.DoAll(ctx, c...) }, steps(n))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("outcomes (-want +got)\n%s", diff)
				}
			})
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%d files are left, %v", len(left), err)
			}
		})
	}
	if _, ok, err := l.Account(t.Context(), "tills/3", money.MustCurrency("INR")); ok || err != nil {
		t.Errorf("an account was opened: %v", err)
	}
}

// A transaction that fails leaves nothing, and heads go on with what is booked.
func TestRollback(t *testing.T) {
	t.Parallel()
	on(t, books(t), scratch.Options{}, func(ctx context.Context, store *scratch.Store, trial *ledger.Ledger) {
		err := store.Write(ctx, func(tx ledger.Tx) error {
			if _, err := trial.PostTx(ctx, tx, sale("gone", 1)); err != nil {
				return err
			}
			return errSpoiled
		})
		if !errors.Is(err, errSpoiled) {
			t.Fatal(err)
		}
		results, err := trial.Post(ctx, sale("gone", 2))
		if err != nil || results[0].Seq != 21 {
			t.Errorf("%v, %+v, want the item after the 20 of the snapshot", err, results)
		}
		err = store.Read(ctx, func(r ledger.Reader) error {
			heads, err := r.Heads(ctx)
			if len(heads) != 1 || heads[0].Seq != 21 {
				t.Errorf("heads are %+v", heads)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// looking asks for something that is not kept.
type looking struct{ step }

func (*looking) Need(_ *ledger.State, n *ledger.Need) {
	n.Standing(ledger.Standing{AccountID: ledger.AccountID{Path: shop, Currency: money.MustCurrency("INR")}, On: calendar.MustDate("2026-03-01")})
}

// What cannot be tried is refused, and so is everything where files cannot be
// written, and behind the end.
func TestRefuses(t *testing.T) {
	t.Parallel()
	l := books(t)
	on(t, l, scratch.Options{}, func(ctx context.Context, _ *scratch.Store, trial *ledger.Ledger) {
		if err := trial.Do(ctx, &looking{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
	})
	on(t, l, scratch.Options{Dir: "/nowhere/at/all", Items: 1}, func(ctx context.Context, _ *scratch.Store, trial *ledger.Ledger) {
		for range 2 {
			if _, err := trial.Post(ctx, sale("a", 1)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("got %v", err)
			}
		}
	})
	on(t, l, scratch.Options{Dir: t.TempDir(), Items: 1}, func(ctx context.Context, store *scratch.Store, trial *ledger.Ledger) {
		if _, err := trial.Post(ctx, sale("a", 1)); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if _, err := trial.Post(ctx, sale("b", 1)); err == nil {
			t.Error("a closed store books")
		}
	})
}
