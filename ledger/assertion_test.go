package ledger_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// claim asserts a balance in INR.
func claim(path string, minor int64) ledger.Assertion {
	return ledger.Assertion{Account: path, Currency: inr(), Amount: money.Minor(minor)}
}

// below asserts what accounts of a subtree add up to, debits less credits.
func below(path string, minor int64) ledger.Assertion {
	a := claim(path, minor)
	a.Subtree = true
	return a
}

// as asserts it as of a value date.
func as(on string, a ledger.Assertion) ledger.Assertion {
	a.On = date(on)
	return a
}

// asserted gives books with entries of three days, in two currencies.
func asserted(t testing.TB) (*ledger.Ledger, *memory) {
	t.Helper()
	books, store, _ := clocked(t)
	rupees := ledger.Entry{Key: "pk", Kind: "sale", Postings: []ledger.Posting{ledger.Dr(bank, money.Minor(77), pkr()), ledger.Cr(available, money.Minor(77), pkr())}}
	e := otherSale("s2", 500)
	e.ValueDate = date("2026-02-28")
	accept(t, books, dated("s1", "2026-02-27", false), e, transfer("s3", "sale", bank, pending, 7), rupees, payoutHold("h", 40))
	return books, store
}

func TestAssertions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		assertion ledger.Assertion
		want      string // empty: it holds
	}{
		{"a liability", claim(available, 100), ""},
		{"a liability, wrong", claim(available, 101), "balance assertion failed: merchants/m1/available INR stands at 1.00, not at 1.01"},
		{"the wrong sign", claim(available, -100), "balance assertion failed: merchants/m1/available INR stands at 1.00, not at -1.00"},
		{"an asset", claim(bank, 607), ""},
		{"an account that is not there", claim(drawer, 0), ""},
		{"an account that is not there, wrong", claim(drawer, 1), "balance assertion failed: drawers/d1 INR stands at 0.00, not at 0.01"},
		{"an account of no chart", claim("nowhere", 0), ""},
		{"a path that has accounts below it only", claim("merchants", 0), ""},
		{"another currency", ledger.Assertion{Account: bank, Currency: pkr(), Amount: money.Minor(77)}, ""},
		{"on the day", as("2026-02-27", claim(available, 100)), ""},
		{"the day before", as("2026-02-26", claim(available, 0)), ""},
		{"the day before, wrong", as("2026-02-26", claim(available, 100)), "balance assertion failed: merchants/m1/available INR stands at 0.00, not at 1.00, on 2026-02-26"},
		{"days later", as("2026-12-31", claim(bank, 607)), ""},
		{"a day nothing was there", as("2026-02-27", claim(other, 0)), ""},
		{"a tree", below("merchants", -607), ""},
		{"a tree, wrong", below("merchants", 607), "balance assertion failed: merchants INR stands at -6.07, not at 6.07"},
		{"a smaller tree", below("merchants/m1", -107), ""},
		{"a tree that is one account", below(bank, 607), ""},
		{"no tree", below("merchants/m", 0), ""},
		{"a tree on a day", as("2026-02-28", below("merchants", -600)), ""},
		{"a tree of another currency", ledger.Assertion{Account: "merchants", Currency: pkr(), Subtree: true, Amount: money.Minor(-77)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store := asserted(t)
			before := store.snapshot()
			err := books.Assert(t.Context(), test.assertion)
			if test.want == "" {
				test.want = "no error"
			} else if !errors.Is(err, ledger.ErrAssertion) {
				t.Error("it is not ErrAssertion")
			}
			wantText(t, err, test.want)
			if _, err := ask(t, books, test.assertion); (err == nil) != (test.want == "no error") {
				t.Errorf("as a request it gives %v", err)
			}
			if store.snapshot() != before {
				t.Error("an assertion wrote")
			}
		})
	}
}

// An alarm names every assertion that is wrong.
func TestAssertAll(t *testing.T) {
	t.Parallel()
	books, _ := asserted(t)
	err := books.Assert(t.Context(), claim(available, 1), claim(bank, 607), as("2026-02-27", below("merchants", 0)))
	wantText(t, err, `item 0: balance assertion failed: merchants/m1/available INR stands at 1.00, not at 0.01
item 2: balance assertion failed: merchants INR stands at -1.00, not at 0.00, on 2026-02-27`)
	var failure *ledger.Failure
	if !errors.As(err, &failure) {
		t.Fatal("there is no *Failure")
	}
	wantDiff(t, "the first", ledger.Failure{
		Reason: ledger.ErrAssertion, Account: idOf(available), Has: money.Minor(100), Bound: money.Minor(1),
	}, *failure, sentinels())
	if err := books.Assert(t.Context()); err != nil {
		t.Errorf("no assertions give %v", err)
	}
}

func TestAssertionInvalid(t *testing.T) {
	t.Parallel()
	books, _ := asserted(t)
	for want, a := range map[string]ledger.Assertion{
		`entry "": assertion about bank has no currency`:                {Account: bank},
		`entry "": account path "a//b" has an empty or dotted segment`:  claim("a//b", 0),
		`entry "": account path "bank/" has an empty or dotted segment`: below("bank/", 0),
		`entry "": account path is empty`:                               below("", 0),
	} {
		err := books.Assert(t.Context(), a)
		wantText(t, err, want)
		if !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%v is not ErrInvalid", err)
		}
	}
}

// In a batch an assertion guards: it sees what stands before it, and a wrong
// one undoes that. It burns nothing.
func TestAssertionGuards(t *testing.T) {
	t.Parallel()
	late := otherSale("late", 50)
	late.ValueDate = date("2026-02-27")
	batch := func(guard ...ledger.Request) []ledger.Request {
		return append([]ledger.Request{late, transfer("fresh", "sale", bank, "merchants/m9/pending", 3)}, guard...)
	}
	tests := []struct {
		name  string
		guard ledger.Assertion
		holds bool
	}{
		{"an account it changed", claim(other, 550), true},
		{"as it was before", claim(other, 500), false},
		{"an account it opened", claim("merchants/m9/pending", 3), true},
		{"a day it changed", as("2026-02-27", claim(other, 50)), true},
		{"a later day", as("2026-02-28", claim(other, 550)), true},
		{"a day before", as("2026-02-26", claim(other, 0)), true},
		{"a day as it was before", as("2026-02-27", claim(other, 0)), false},
		{"a tree with what it opened", below("merchants", -660), true},
		{"a tree as it was before", below("merchants", -607), false},
		{"a tree on a day", as("2026-02-27", below("merchants", -150)), true},
		{"a tree of what it opened", below("merchants/m9", -3), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store := asserted(t)
			before := store.snapshot()
			outcomes, err := books.Execute(t.Context(), ledger.Atomic, batch(test.guard)...)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []error{ledger.ErrNotApplied, ledger.ErrNotApplied, ledger.ErrAssertion} {
				if test.holds {
					want = nil
				}
				if !errors.Is(outcomes[i].Err, want) {
					t.Errorf("request %d: %v, want %v", i, outcomes[i].Err, want)
				}
			}
			if wrote := store.snapshot() != before; wrote != test.holds {
				t.Errorf("wrote: %t", wrote)
			}
			accept(t, books, batch()...) // its keys are free, or replayed
		})
	}
}

// In an independent batch a wrong assertion is its own outcome only.
func TestAssertionInIndependentBatch(t *testing.T) {
	t.Parallel()
	books, _ := asserted(t)
	outcomes, err := books.Execute(t.Context(), ledger.Independent, sale("a", 1), claim(available, 1), transfer("x", "payout", available, bank, 9999), claim(available, 101), sale("b", 1))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, ledger.ErrAssertion, ledger.ErrInsufficientFunds, nil, nil} {
		if !errors.Is(outcomes[i].Err, want) {
			t.Errorf("request %d: %v, want %v", i, outcomes[i].Err, want)
		}
	}
	wantDiff(t, "result of an assertion", ledger.Result{}, outcomes[3].Result)
	if date := outcomes[0].ValueDate; date == (calendar.Date{}) {
		t.Error("the entry has no value date")
	}
}

func TestTreeHolds(t *testing.T) {
	t.Parallel()
	tree := ledger.Tree{Root: "a/b", Currency: inr()}
	for id, want := range map[ledger.AccountID]bool{
		{Path: "a/b", Currency: inr()}: true, {Path: "a/b/c", Currency: inr()}: true, {Path: "a/b/c/d", Currency: inr()}: true,
		{Path: "a/b", Currency: pkr()}: false, {Path: "a/bc", Currency: inr()}: false, {Path: "a", Currency: inr()}: false, {Path: "a/b-c", Currency: inr()}: false,
	} {
		if got := tree.Holds(id); got != want {
			t.Errorf("the tree holds %s: %t", id, got)
		}
	}
}
