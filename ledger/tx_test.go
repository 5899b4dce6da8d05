package ledger_test

import (
	"context"
	"errors"
	"testing"

	"github.com/settlex/settlex/ledger"
)

// A panic in a command is a bug of its room and goes on to its caller.
func TestPanicsGoOn(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]*work{
		"in apply":   {apply: func(*ledger.State) error { panic("a bug") }},
		"in need":    {need: func(*ledger.State, *ledger.Need) { panic("a bug") }},
		"in explore": {need: func(_ *ledger.State, n *ledger.Need) { n.Explore(func() { panic("a bug") }) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := open(t, newMemory())
			defer func() {
				if r := recover(); r != "a bug" {
					t.Errorf("recovered %v", r)
				}
				mustPost(t, books, sale("next", 1)) // nobody is stuck
			}()
			_ = books.Do(t.Context(), w)
		})
	}
}

// A dry run is the real path without its Save.
func TestDryRun(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	before, writes := store.snapshot(), store.writes

	err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		errs, err := apply(book(sale("a", 50)), put("n", "x"), book(transfer("b", "payout", available, bank, 151)))
		if err != nil {
			return err
		}
		if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], ledger.ErrInsufficientFunds) {
			t.Errorf("errors are %v", errs)
		}
		errs, err = apply(
			book(transfer("b", "payout", available, bank, 150)), // sees what came before
			book(sale("a", 51)), // and its keys
			&work{apply: func(s *ledger.State) error { // and its records
				if n, ok := s.Record(noteRef("n")).(*note); !ok || n.Text != "x" {
					return errors.New("the record is not there")
				}
				return nil
			}})
		if err != nil {
			return err
		}
		if errs[0] != nil || !errors.Is(errs[1], ledger.ErrKeyConflict) || errs[2] != nil {
			t.Errorf("errors are %v", errs)
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the function's own", err)
	}
	if store.snapshot() != before || store.writes != writes {
		t.Error("the dry run wrote")
	}
}

// PostTx takes part in a transaction of several calls, each of which sees
// those before it.
func TestWrite(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	err := books.Write(t.Context(), func(tx ledger.Tx) error {
		if _, err := books.PostTx(t.Context(), tx, sale("a", 100)); err != nil {
			return err
		}
		results, err := books.PostTx(t.Context(), tx, transfer("b", "payout", available, bank, 101))
		if !errors.Is(err, ledger.ErrInsufficientFunds) || results != nil {
			t.Errorf("second call gives %v, %v", results, err)
		}
		results, err = books.PostTx(t.Context(), tx, transfer("c", "payout", available, bank, 100), sale("a", 100))
		if err != nil {
			return err
		}
		if results[0].Seq != 3 || results[0].Replayed || !results[1].Replayed {
			t.Errorf("third call gives %+v", results)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantPosted(t, books, available, "0.00")
	if n := len(store.snapshot().blocks); n != 3 {
		t.Errorf("%d blocks, want one for each call that booked or burnt a key", n)
	}

	before := store.snapshot()
	err = books.Write(t.Context(), func(tx ledger.Tx) error {
		if _, err := books.PostTx(t.Context(), tx, sale("d", 100)); err != nil {
			return err
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) || store.snapshot() != before {
		t.Errorf("a transaction that was given up wrote, or says %v", err)
	}
}

// A context that is over ends a call before it begins.
func TestContextIsOver(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := books.Post(ctx, sale("a", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Post says %v", err)
	}
	if store.writes != 0 {
		t.Error("a transaction was begun")
	}
	err := books.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := books.PostTx(ctx, tx, sale("a", 1))
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("PostTx says %v", err)
	}
}
