package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// A request that fails half-way within a command puts back what it did and no
// more, and what the command does after it is put back with the command.
func TestNestedRollback(t *testing.T) {
	t.Parallel()
	s := stateAt(chart(t), ledger.Head{Accounts: 2})
	s.PutAccount(idOf(bank), &ledger.Account{AccountID: idOf(bank), No: 1, Type: ledger.Asset, Status: ledger.Open})
	s.PutAccount(idOf(available), &ledger.Account{
		AccountID: idOf(available), No: 2, Type: ledger.Liability, Status: ledger.Open, Holds: 1, Balance: ledger.Balance{HeldDebits: money.Minor(5)},
	})
	hold := &ledger.HoldState{Key: "h", Status: ledger.HoldOpen, Legs: []ledger.HoldLeg{
		{Account: available, Currency: inr(), Side: ledger.Debit, Amount: money.Minor(5)},
		{Account: bank, Currency: inr(), Side: ledger.Credit, Amount: money.Minor(5)}, // the account knows of no hold
	}}
	s.PutRecord(hold.Ref(), hold)
	for _, key := range []string{"a", "b", "c", "r"} {
		s.PutKey(key, nil)
	}
	errs, missing := ledger.Apply(s, noon(), []ledger.Command{
		book(sale("a", 1)),
		&work{apply: func(s *ledger.State) error {
			if _, err := s.Execute(ledger.Release{Key: "r", Hold: "h"}); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("the release gives %v", err)
			}
			if _, err := s.Book(sale("b", 2)); err != nil {
				t.Error(err)
			}
			return errRefused
		}},
		book(sale("c", 3)),
	})
	if missing != nil || errs[0] != nil || !errors.Is(errs[1], errRefused) || errs[2] != nil {
		t.Fatal(errs, missing)
	}
	a, _ := s.Account(idOf(available))
	want := ledger.Balance{Credits: money.Minor(4), HeldDebits: money.Minor(5), Seq: 2}
	wantDiff(t, "balance", want, a.Balance)
	if a.Holds != 1 {
		t.Errorf("%d holds, want 1", a.Holds)
	}
}

// An entry that cannot be added to its accounts opens none.
func TestFailedEntryOpensNothing(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	full := transfer("full", "sale", bank, pending, 0)
	full.Postings[0].Amount, full.Postings[1].Amount = limit(t), limit(t)
	mustPost(t, books, full)
	fresh := "merchants/m9/pending"
	err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		errs, err := apply(&work{apply: func(s *ledger.State) error {
			if _, err := s.Book(transfer("k", "sale", bank, fresh, 1)); !errors.Is(err, money.ErrOverflow) {
				t.Errorf("booking gives %v", err)
			}
			if a, ok := s.Account(idOf(fresh)); ok {
				t.Errorf("there is %+v", a)
			}
			_, err := s.Book(transfer("k", "sale", sales, fresh, 1))
			return err
		}})
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		t.Error(err)
	}
}

// A load that failed has told nothing: what it was to bring is asked for again.
func TestLoadedAgainAfterFailure(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	var requests []ledger.Request
	for i := range 20 {
		e := sale(fmt.Sprint("k", i), 1)
		mustPost(t, books, e)
		requests = append(requests, e)
	}
	single := book(sale("k3", 1))
	for name, command := range map[string]ledger.Command{"batch": ledger.BatchCommand(ledger.Atomic, requests...), "single": single} {
		err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
			none := 0
			store.now.loads = &none
			if _, err := apply(command); !errors.Is(err, errRefused) {
				t.Errorf("%s: a load that fails gives %v", name, err)
			}
			store.now.loads = nil
			if _, err := apply(book(sale("new", 7))); err != nil { // another load
				return err
			}
			errs, err := apply(command, &work{apply: func(s *ledger.State) error {
				if s.NextSeq() != 22 {
					t.Errorf("%s: item %d is next, want 22, because only the new sale was booked", name, s.NextSeq())
				}
				return nil
			}})
			return errors.Join(append(errs, err)...)
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// again is a store whose transactions conflict once: it runs each twice, the
// first time on a snapshot that is gone.
type again struct {
	*memory
	before func() *snapshot
	loads  int
}

func (a *again) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if err := fn(againTx{a.before(), a}); err != nil {
		return err
	}
	return a.memory.Write(ctx, func(tx ledger.Tx) error { return fn(againTx{tx, a}) })
}

type againTx struct {
	ledger.Tx
	of *again
}

func (a againTx) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	a.of.loads++
	return a.Tx.Load(ctx, need, s)
}

// A batch that is decided again on another snapshot takes nothing over from the
// first.
func TestDecidedAgain(t *testing.T) {
	t.Parallel()
	store := &again{memory: newMemory(), before: func() *snapshot { return newMemory().now }}
	books := open(t, store)
	requests := make([]ledger.Request, 20)
	for i := range requests {
		requests[i] = sale(fmt.Sprint("k", i), 1)
	}
	for round := range 2 {
		store.loads = 0
		outcomes, err := books.Execute(t.Context(), ledger.Atomic, requests...)
		if err = errors.Join(err, ledger.Failed(outcomes)); err != nil {
			t.Fatal(err)
		}
		for i, o := range outcomes {
			if o.Replayed != (round == 1) || o.Seq != uint64(i+1) {
				t.Errorf("round %d: item %d is seq %d, replayed %t", round, i, o.Seq, o.Replayed)
			}
		}
		if store.loads != 2 {
			t.Errorf("round %d: %d loads, want one for each snapshot", round, store.loads)
		}
	}
	wantPosted(t, books, available, "0.20")
}

// silent is a store that does not say that an account does not exist.
type silent struct{ *memory }

func (s silent) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return s.memory.Write(ctx, func(tx ledger.Tx) error { return fn(silentTx{tx}) })
}

type silentTx struct{ ledger.Tx }

func (silentTx) Load(_ context.Context, _ *ledger.Need, s *ledger.State) error {
	s.PutHead(ledger.Head{})
	return nil
}

type mute struct{ *memory }

func (m mute) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return m.memory.Write(ctx, func(tx ledger.Tx) error { return fn(muteTx{tx}) })
}

type muteTx struct{ ledger.Tx }

func (muteTx) Load(context.Context, *ledger.Need, *ledger.State) error { return nil }

// A store that breaks its promise is told so, instead of being asked for ever.
func TestStoreSaysNothing(t *testing.T) {
	t.Parallel()
	books := open(t, silent{newMemory()})
	_, err := books.Post(t.Context(), sale("a", 1))
	wantText(t, err, "load what 1 commands touch: load bank INR: the store does not say whether there is such an account")
	_, err = open(t, mute{newMemory()}).Post(t.Context(), sale("a", 1))
	wantText(t, err, "load what 1 commands touch: load: the store does not say where the journal ends")
}
