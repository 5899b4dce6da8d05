package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// seen is a store that notes what Load and Save are given.
type seen struct {
	*memory
	needs []ledger.Need
	saved []*ledger.Changes
}

func (s *seen) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return s.memory.Write(ctx, func(tx ledger.Tx) error { return fn(seenTx{tx, s}) })
}

type seenTx struct {
	ledger.Tx
	by *seen
}

func (t seenTx) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	t.by.needs = append(t.by.needs, ledger.Need{Keys: slices.Clone(need.Keys), Moved: slices.Clone(need.Moved), Accounts: slices.Clone(need.Accounts), Records: slices.Clone(need.Records)})
	return t.Tx.Load(ctx, need, s)
}

func (t seenTx) Save(ctx context.Context, c *ledger.Changes) error {
	t.by.saved = append(t.by.saved, c)
	return t.Tx.Save(ctx, c)
}

// A store is asked for each name once, in order of first mention.
func TestNeedNamesOnce(t *testing.T) {
	t.Parallel()
	store := &seen{memory: newMemory()}
	books := open(t, store)
	z := sale("z", 5)
	if _, err := books.Execute(t.Context(), ledger.Independent, z, sale("a", 1), z, takeBack("r2", "z"), takeBack("r1", "z")); err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "needs", []ledger.Need{{
		Keys:    []string{"z", "a", "r2", "r1"},
		Moved:   []ledger.AccountID{idOf(bank), idOf(available)},
		Records: []ledger.Ref{{Kind: ledger.ReversalRecord, ID: "z"}},
	}}, store.needs, cmpopts.IgnoreUnexported(ledger.Need{}), cmpopts.EquateEmpty())
}

// What a command touches because of one before it in its group is asked for at once, however much
// it is: not name by name, each with a round to the store.
func TestNeedBehindAnotherIsOneRound(t *testing.T) {
	t.Parallel()
	store := &seen{memory: newMemory()}
	books := open(t, store)
	const many = 100
	sales := func() (entries []ledger.Entry) {
		for i := range many {
			entries = append(entries, sale(fmt.Sprint("s", i), 1))
		}
		return entries
	}
	begin := &work{
		need:  func(_ *ledger.State, n *ledger.Need) { n.Record(noteRef("began")) },
		apply: func(s *ledger.State) error { s.Put(&note{ID: "began"}); return nil },
	}
	goOn := &work{
		need: func(s *ledger.State, n *ledger.Need) {
			n.Record(noteRef("began"))
			n.Explore(func() {
				if s.Record(noteRef("began")) == nil {
					return
				}
				for _, e := range sales() {
					n.Entry(&e)
				}
			})
		},
		apply: book(sales()...).apply,
	}
	errs, err := books.DoAll(t.Context(), begin, goOn)
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
	if booked := store.snapshot().head.Seq; booked != many {
		t.Errorf("%d entries are booked, want %d", booked, many)
	}
	if rounds := len(store.needs); rounds != 2 {
		t.Errorf("%d rounds to the store, want 2: before the group, and behind its first command", rounds)
	}
}

// What a store gave is never changed, and it gets it back beside what became
// of it.
func TestStoredAccountsAreShared(t *testing.T) {
	t.Parallel()
	store := &seen{memory: newMemory()}
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	s := stateAt(chart(t), store.snapshot().head)
	given := map[ledger.AccountID]*ledger.Account{}
	for id, a := range store.snapshot().accounts {
		given[id] = &a
		s.PutAccount(id, given[id])
	}
	for _, key := range []string{"a", "b", "c"} {
		s.PutKey(key, nil)
	}
	errs, missing := ledger.Apply(s, noon(), []ledger.Command{
		book(sale("a", 1)),
		&work{apply: func(s *ledger.State) error { // changed, and put back
			if _, err := s.Book(sale("b", 2)); err != nil {
				return err
			}
			return errRefused
		}},
		book(sale("c", 3)),
	})
	if missing != nil || errs[0] != nil || !errors.Is(errs[1], errRefused) || errs[2] != nil {
		t.Fatal(errs, missing)
	}
	for id, a := range given {
		wantDiff(t, "the account given for "+id.String(), store.snapshot().accounts[id], *a)
	}
	changes := s.Changes()
	if len(changes.Accounts) != 2 {
		t.Fatalf("%d accounts changed, want 2", len(changes.Accounts))
	}
	for _, c := range changes.Accounts {
		if c.Before != given[c.After.AccountID] {
			t.Errorf("%s: the account before is not the one that was given", c.After.AccountID)
		}
		if posted, err := c.After.Posted(); err != nil || posted != money.Minor(104) {
			t.Errorf("%s stands at %v, %v afterwards, want 104", c.After.AccountID, posted, err)
		}
	}
}

// An account that only a rejected command touched did not change.
func TestRejectedChangesNoAccount(t *testing.T) {
	t.Parallel()
	_, changes := applyTo(t, newMemory().snapshot(),
		&work{apply: func(s *ledger.State) error {
			if _, err := s.Book(sale("a", 2)); err != nil {
				return err
			}
			return errRefused
		}},
		book(transfer("b", "sale", bank, pending, 1)))
	var ids []string
	for _, c := range changes.Accounts {
		if c.Before != nil {
			t.Errorf("%s was there before", c.After.AccountID)
		}
		ids = append(ids, c.After.AccountID.String())
	}
	wantDiff(t, "accounts", []string{"bank INR", "merchants/m1/pending INR"}, ids)
}

// OnlyMoved is about everything but the totals and the sequence.
func TestOnlyMoved(t *testing.T) {
	t.Parallel()
	account := func() *ledger.Account {
		return &ledger.Account{
			AccountID: idOf(bank), No: 1, Type: ledger.Asset, Opened: noon(), Status: ledger.Open, Metadata: []ledger.Attribute{{Name: "a", Value: "b"}},
			Limits: wideLimits(), LimitsSeq: 3, Balance: ledger.Balance{Seq: 4}, Holds: 1,
			Counters: []ledger.Counter{{Since: 1, Slots: []ledger.Slot{{No: 1, Total: money.Minor(1)}}}, {}},
		}
	}
	for name, test := range map[string]struct {
		change func(*ledger.Account)
		want   bool
	}{
		"nothing":    {func(*ledger.Account) {}, true},
		"debits":     {func(a *ledger.Account) { a.Debits = money.Minor(1) }, true},
		"credits":    {func(a *ledger.Account) { a.Credits = money.Minor(1) }, true},
		"seq":        {func(a *ledger.Account) { a.Seq++ }, true},
		"same time":  {func(a *ledger.Account) { a.Opened = a.Opened.In(time.FixedZone("IST", 19800)) }, true},
		"path":       {func(a *ledger.Account) { a.Path = sales }, false},
		"currency":   {func(a *ledger.Account) { a.Currency = pkr() }, false},
		"number":     {func(a *ledger.Account) { a.No++ }, false},
		"type":       {func(a *ledger.Account) { a.Type = ledger.Income }, false},
		"opened":     {func(a *ledger.Account) { a.Opened = a.Opened.Add(1) }, false},
		"status":     {func(a *ledger.Account) { a.Status = ledger.Frozen }, false},
		"metadata":   {func(a *ledger.Account) { a.Metadata[0].Value = "c" }, false},
		"held":       {func(a *ledger.Account) { a.HeldDebits = money.Minor(1) }, false},
		"held too":   {func(a *ledger.Account) { a.HeldCredits = money.Minor(1) }, false},
		"holds":      {func(a *ledger.Account) { a.Holds++ }, false},
		"floor":      {func(a *ledger.Account) { a.Floor = money.Minor(1) }, false},
		"velocity":   {func(a *ledger.Account) { a.Velocity[0].Max = money.Minor(1) }, false},
		"limits seq": {func(a *ledger.Account) { a.LimitsSeq++ }, false},
		"since":      {func(a *ledger.Account) { a.Counters[1].Since++ }, false},
		"slot":       {func(a *ledger.Account) { a.Counters[0].Slots[0].Total = money.Minor(2) }, false},
		"no slot":    {func(a *ledger.Account) { a.Counters[0].Slots = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := account(), account()
			test.change(after)
			if got := after.OnlyMoved(before); got != test.want {
				t.Errorf("OnlyMoved is %t, want %t", got, test.want)
			}
		})
	}
}

// quick is a store that knows some accounts without a snapshot.
type quick struct {
	*memory
	accounts map[ledger.AccountID]*ledger.Account
	err      error
}

func (q *quick) CurrentAccount(_ context.Context, id ledger.AccountID) (*ledger.Account, bool, error) {
	a, known := q.accounts[id]
	return a, known, q.err
}

// A store that can tell how an account stands is asked first, and only it.
func TestAccountWithoutSnapshot(t *testing.T) {
	t.Parallel()
	store := &quick{memory: newMemory()}
	books := open(t, store)
	mustPost(t, books, sale("s", 100))
	known := &ledger.Account{AccountID: idOf(bank), No: 7}
	store.accounts = map[ledger.AccountID]*ledger.Account{idOf(bank): known, idOf(sales): nil}

	if got, ok, err := books.Account(t.Context(), bank, inr()); err != nil || !ok || got.No != 7 {
		t.Errorf("a known account reads %+v, %t, %v", got, ok, err)
	}
	if got, ok, err := books.Account(t.Context(), sales, inr()); err != nil || ok || got.AccountID != idOf(sales) {
		t.Errorf("one that is known not to exist reads %+v, %t, %v", got, ok, err)
	}
	wantPosted(t, books, available, "1.00") // not known: the snapshot tells
	known.Debits = money.Minor(-1)
	if got, ok, err := books.Account(t.Context(), bank, inr()); !errors.Is(err, ledger.ErrCorrupt) || ok || got.No != 0 {
		t.Errorf("one that cannot be reads %+v, %t, %v", got, ok, err)
	}
	store.err = errRefused
	if _, ok, err := books.Account(t.Context(), available, inr()); !errors.Is(err, errRefused) || ok {
		t.Errorf("a store that fails says %t, %v", ok, err)
	}
}

// Sealing a block gives its items' canonical bytes, where each of them ends,
// and its leaf.
func TestSeal(t *testing.T) {
	t.Parallel()
	b := block(0, 5)
	sealed := b.Seal()
	from := 0
	var records [][]byte
	for i, item := range b.Items {
		want := item.AppendCanonical(nil)
		wantDiff(t, item.Key, want, sealed.Bytes[from:sealed.Ends[i]])
		records, from = append(records, want), sealed.Ends[i]
	}
	if from != len(sealed.Bytes) || len(sealed.Ends) != len(b.Items) {
		t.Errorf("%d ends, the last at %d of %d bytes", len(sealed.Ends), from, len(sealed.Bytes))
	}
	if want := mth(records); sealed.Leaf != want {
		t.Errorf("the leaf is %x, want %x", sealed.Leaf, want)
	}
}
