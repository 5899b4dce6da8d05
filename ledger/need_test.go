package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
)

// What a command forgets to declare is loaded when it turns out to be touched,
// and the command is decided afresh.
func TestUndeclaredNeeds(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	if err := books.Do(t.Context(), put("n1", drawer)); err != nil {
		t.Fatal(err)
	}
	lazy := func(w *work) *work { return &work{apply: w.apply} }
	tests := []struct {
		name string
		work *work
		want error
	}{
		{"booking", lazy(book(sale("s", 1), transfer("p", "payout", available, "drawers/new", 101))), nil},
		{"booking what is taken", lazy(book(sale("float", 100))), nil},
		{"booking what is rejected", lazy(book(sale("s", 1), transfer("p", "payout", available, bank, 103))), ledger.ErrInsufficientFunds},
		{"an account named by a record", &work{apply: func(s *ledger.State) error {
			n, ok := s.Record(noteRef("n1")).(*note)
			if !ok {
				return errors.New("no note")
			}
			if _, ok := s.Account(ledger.AccountID{Path: n.Text, Currency: inr()}); ok {
				return errors.New("the account should not exist")
			}
			_, err := s.Book(transfer("d", "sale", n.Text, sales, 5))
			return err
		}}, nil},
		{"a record without a name", &work{apply: func(s *ledger.State) error {
			if s.Record(ledger.Ref{}) != nil {
				return errors.New("there is one")
			}
			return nil
		}}, nil},
		{"an account without a name", &work{apply: func(s *ledger.State) error {
			if _, ok := s.Account(ledger.AccountID{}); ok {
				return errors.New("there is one")
			}
			return nil
		}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			neighbours := []ledger.Command{book(sale("before", 1)), test.work, book(sale("after", 1))}
			errs, changes := applyTo(t, store.snapshot(), neighbours...)
			if !errors.Is(errs[1], test.want) || errs[0] != nil || errs[2] != nil {
				t.Errorf("errors are %v, want %v for the second", errs, test.want)
			}
			if n := len(changes.Block.Items); changes.Block.Items[n-1].Key != "after" {
				t.Errorf("last entry is %q", changes.Block.Items[n-1].Key)
			}
		})
	}
	t.Run("through the ledger", func(t *testing.T) {
		t.Parallel()
		books := open(t, newMemory())
		errs, err := books.DoAll(t.Context(),
			book(sale("s", 1)),
			lazy(book(ledger.Entry{})),
			lazy(book(transfer("p", "payout", available, bank, 1))),
			lazy(book(transfer("q", "payout", available, bank, 1))),
			book(sale("t", 1)))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []error{nil, ledger.ErrInvalid, nil, ledger.ErrInsufficientFunds, nil} {
			if !errors.Is(errs[i], want) {
				t.Errorf("command %d: %v, want %v", i, errs[i], want)
			}
		}
		wantPosted(t, books, available, "0.01")
	})
}

// What a command writes without having read it is not known any better when
// the command is rejected.
func TestRejectedBlindWrite(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	if err := books.Do(t.Context(), put("n", "saved")); err != nil {
		t.Fatal(err)
	}
	err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		if _, err := apply(refused(put("n", "refused"))); err != nil {
			return err
		}
		errs, err := apply(&work{apply: func(s *ledger.State) error {
			if n, ok := s.Record(noteRef("n")).(*note); !ok || n.Text != "saved" {
				return fmt.Errorf("the record reads %+v", n)
			}
			return nil
		}})
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		t.Error(err)
	}
}

// Needs may depend on what earlier loads brought, as often as it takes.
func TestNeedsInRounds(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	const links = 30 // more than the loads made ahead of Apply
	for i := range links {
		if err := books.Do(t.Context(), put(fmt.Sprint("n", i), fmt.Sprint("n", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	walk := func(s *ledger.State) (last string) {
		for id := "n0"; ; {
			n, ok := s.Record(noteRef(id)).(*note)
			if !ok {
				return id
			}
			id = n.Text
		}
	}
	for name, need := range map[string]func(*ledger.State, *ledger.Need){
		"peeking": func(s *ledger.State, n *ledger.Need) {
			id := "n0"
			for {
				r, loaded := s.Peek(noteRef(id))
				if !loaded {
					n.Record(noteRef(id))
					return
				}
				found, ok := r.(*note)
				if !ok {
					return
				}
				id = found.Text
			}
		},
		"exploring":         func(s *ledger.State, n *ledger.Need) { n.Explore(func() { walk(s) }) },
		"declaring nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := ""
			err := books.Do(t.Context(), &work{need: need, apply: func(s *ledger.State) error { last = walk(s); return nil }})
			if err != nil || last != fmt.Sprint("n", links) {
				t.Errorf("the command came to %q, %v", last, err)
			}
		})
	}
}

// Looking ahead is no doing: what an exploration changes is put back.
func TestExploreChangesNothing(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	applied := 0
	w := book(sale("a", 1))
	err := books.Do(t.Context(), &work{
		need: func(s *ledger.State, n *ledger.Need) {
			n.Explore(func() {
				if _, err := s.Book(sale("a", 1)); err != nil {
					t.Error(err)
				}
				s.Put(&note{ID: "explored"})
			})
		},
		apply: func(s *ledger.State) error {
			applied++
			if s.NextSeq() != 1 || s.Lane() != 0 {
				t.Errorf("next sequence is %d of lane %d", s.NextSeq(), s.Lane())
			}
			return w.apply(s)
		},
	})
	if err != nil || applied != 1 {
		t.Errorf("applied %d times: %v", applied, err)
	}
	if n := len(store.snapshot().records); n != 0 {
		t.Errorf("%d records were saved", n)
	}
}

// A store that cannot load fails the transaction, ahead of Apply or within it,
// and a reading too.
func TestLoadFails(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	sound := store.snapshot()
	succeed := func(n int) {
		store.now = sound.clone()
		store.now.loads = &n
	}
	lazy := &work{apply: book(sale("a", 1)).apply}
	for want, do := range map[string]func() error{
		"load what 1 commands touch: refused":              func() error { return books.Do(t.Context(), book(sale("a", 1))) },
		"load what a command turned out to touch: refused": func() error { return books.Do(t.Context(), lazy) },
		"refused":                      func() error { _, _, err := books.Account(t.Context(), bank, inr()); return err },
		"balance of bank INR: refused": func() error { _, err := books.BalanceAt(t.Context(), bank, inr(), noon()); return err },
		"statement of bank INR: refused": func() error {
			_, err := books.Statement(t.Context(), ledger.StatementQuery{Account: bank, Currency: inr()})
			return err
		},
	} {
		loads := 0
		if strings.Contains(want, "turned out") {
			loads = 1 // of where the journal ends
		}
		succeed(loads)
		wantText(t, do(), want)
	}
	succeed(0)
	_, _, holdErr := books.HoldState(t.Context(), "h")
	_, _, entryErr := books.Entry(t.Context(), "float")
	if !errors.Is(holdErr, errRefused) || !errors.Is(entryErr, errRefused) {
		t.Errorf("hold: %v, entry: %v", holdErr, entryErr)
	}
	succeed(1) // the keys, and not the accounts they lead to
	_, err := books.Execute(t.Context(), ledger.Atomic, takeBack("r", "float"))
	wantText(t, err, "load what 1 commands touch: refused")
	store.now = sound
}
