package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Where stored data contradicts itself nothing is decided on it: the request
// fails as a whole, loudly, and nothing is written or burnt.
func TestImpossibleStateStops(t *testing.T) {
	t.Parallel()
	hold := func(fn func(*ledger.HoldState)) func(*snapshot) {
		return func(s *snapshot) {
			ref := ledger.Ref{Kind: ledger.HoldRecord, ID: "h"}
			stored, ok := s.records[ref].(*ledger.HoldState)
			if !ok {
				panic("there is no hold")
			}
			h := *stored
			h.Legs = slices.Clone(h.Legs)
			fn(&h)
			s.records[ref] = &h
		}
	}
	tests := []struct {
		name    string
		damage  func(*snapshot)
		request ledger.Request
		want    string
	}{
		{"a total below zero", account(available, func(a *ledger.Account) { a.Debits = money.Minor(-1) }), sale("x", 1),
			"account merchants/m1/available INR has a total below zero: debits -1, credits 10000, held 3000 and 0"},
		{"held below zero", account(available, func(a *ledger.Account) { a.HeldCredits = money.Minor(-1) }), sale("x", 1), "held 3000 and -1"},
		{"held without a hold", account(available, func(a *ledger.Account) { a.Holds = 0 }), payoutHold("x", 1), "3000 and 0 held, and no open hold"},
		{"counters of no limit", account(available, func(a *ledger.Account) { a.Counters = make([]ledger.Counter, 1) }), sale("x", 1), "1 counters for 0 velocity limits"},
		{"more captured than held", hold(func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(3001) }), rest("x", "h"), `hold "h": 3001 of merchants/m1/available INR captured, held were 3000`},
		{"less than nothing captured", hold(func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(-1) }), ledger.Release{Key: "x", Hold: "h"}, `hold "h": -1 of `},
		{"a leg of nothing", hold(func(h *ledger.HoldState) { h.Legs[0].Amount = money.Amount{} }), rest("x", "h"), `hold "h": 0 of `},
		{"legs that do not balance", hold(func(h *ledger.HoldState) { h.Legs[0].Amount = money.Minor(2999) }), rest("x", "h"), "INR debits 29.99, credits 30.00"},
		{"captured parts that do not balance", hold(func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(1) }), rest("x", "h"), "INR debits 0.01, credits 0.00"},
		{"less held than the hold has", account(available, func(a *ledger.Account) { a.HeldDebits = money.Minor(2999) }), rest("x", "h"),
			"account merchants/m1/available INR has 2999 held on the debit side, 3000 of it end"},
		{"more taken back than there was", func(s *snapshot) {
			r := &ledger.TakenBack{Of: "float", Legs: []ledger.TakenBackLeg{{Account: bank, Currency: inr(), Amount: money.Minor(10001)}}}
			s.records[r.Ref()] = r
		}, takeBack("x", "float"), `1 more of bank INR was taken back than entry "float" has`},
		{"an entry to take back that does not balance", change(0, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) { e.Postings[0].Amount = money.Minor(9999) })
		}), takeBack("x", "float"), "INR debits 99.99, credits 100.00"},
	}
	for _, test := range tests {
		for _, mode := range []ledger.Mode{ledger.Atomic, ledger.Independent} {
			t.Run(fmt.Sprint(test.name, " ", mode), func(t *testing.T) {
				t.Parallel()
				store := newMemory()
				books, err := ledger.New(store, stopped(t))
				if err != nil {
					t.Fatal(err)
				}
				accept(t, books, sale("float", 10000), payoutHold("h", 3000))
				damaged := store.snapshot().clone()
				test.damage(damaged)
				store.now = damaged
				outcomes, err := books.Execute(t.Context(), mode, otherSale("first", 1), test.request, otherSale("last", 1))
				if outcomes != nil || !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("outcomes are %v, %v; want none and %q", outcomes, err, test.want)
				}
				if store.snapshot() != damaged {
					t.Error("something was written")
				}
			})
		}
	}
}

// Reading is as strict as writing.
func TestImpossibleStateIsNotShown(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books, err := ledger.New(store, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	accept(t, books, sale("float", 10000), payoutHold("h", 3000))
	store.damage = func(s *snapshot) {
		account(available, func(a *ledger.Account) { a.Credits = money.Minor(-1) })(s)
		s.records[ledger.Ref{Kind: ledger.HoldRecord, ID: "h"}] = &ledger.HoldState{Key: "h", Legs: make([]ledger.HoldLeg, 1)}
	}
	_, _, accountErr := books.Account(t.Context(), available, inr())
	_, _, holdErr := books.HoldState(t.Context(), "h")
	_, trialErr := books.TrialBalance(t.Context())
	_, statementErr := books.Statement(t.Context(), ledger.StatementQuery{Account: available, Currency: inr()})
	_, onErr := books.BalanceOn(t.Context(), available, inr(), date("2026-03-02"))
	for what, err := range map[string]error{"account": accountErr, "hold": holdErr, "trial balance": trialErr, "statement": statementErr, "balance": onErr} {
		if !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", what, err)
		}
	}
}
