package ledger_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Limits look at the net effect of the whole entry on each account.
func TestLimits(t *testing.T) {
	t.Parallel()
	entry := func(kind string, postings ...ledger.Posting) ledger.Entry {
		return ledger.Entry{Key: "k", Kind: kind, Postings: postings}
	}
	dr := func(account string, minor int64) ledger.Posting { return ledger.Dr(account, money.Minor(minor), inr()) }
	cr := func(account string, minor int64) ledger.Posting { return ledger.Cr(account, money.Minor(minor), inr()) }
	tests := []struct {
		name     string
		entry    ledger.Entry
		want     string // empty: booked
		breached bool
	}{
		{"to the floor", entry("payout", dr(available, 10000), cr(bank, 10000)), "", false},
		{"one below the floor", entry("payout", dr(available, 10001), cr(bank, 10001)),
			`"k": insufficient funds: merchants/m1/available has INR 100.00 available, 100.01 is asked for, the floor is 0.00`, false},
		{"below the floor in two postings", entry("payout", dr(available, 6000), dr(available, 4001), cr(bank, 10001)),
			`"k": insufficient funds: merchants/m1/available has INR 100.00 available, 100.01 is asked for, the floor is 0.00`, false},
		{"an unlimited account may go where it likes", entry("payout", dr(pending, 10001), cr(bank, 10001)), "", false},
		{"a debit-normal account to its credit line", entry("payout", dr(sales, 5000), cr(drawer, 5000)), "", false},
		{"a debit-normal account below it", entry("payout", dr(sales, 5001), cr(drawer, 5001)),
			`"k": insufficient funds: drawers/d1 has INR 0.00 available, 50.01 is asked for, the floor is -50.00`, false},
		{"a kind that may breach", entry("refund", dr(available, 10001), cr(bank, 10001)), "", true},
		{"a kind that may, without need", entry("refund", dr(available, 10000), cr(bank, 10000)), "", false},
		{"a kind that may breach another account only", entry("refund", dr(sales, 5001), cr(drawer, 5001)),
			`"k": insufficient funds: drawers/d1 has INR 0.00 available, 50.01 is asked for, the floor is -50.00`, false},
		{"one breach allowed, the other not", entry("refund", dr(available, 10001), cr(drawer, 10001)),
			`"k": insufficient funds: drawers/d1 has INR 0.00 available, 100.01 is asked for, the floor is -50.00`, false},
		{"the first of two in the order of postings", entry("payout", cr(drawer, 20000), dr(available, 20000)),
			`"k": insufficient funds: drawers/d1 has INR 0.00 available, 200.00 is asked for, the floor is -50.00`, false},
		{"an account that is opened by it", entry("payout", dr(other, 1), cr(bank, 1)),
			`"k": insufficient funds: merchants/m2/available has INR 0.00 available, 0.01 is asked for, the floor is 0.00`, false},
		{"another currency has its own account", entry("payout", ledger.Dr(available, money.Minor(1), pkr()), ledger.Cr(bank, money.Minor(1), pkr())),
			`"k": insufficient funds: merchants/m1/available has PKR 0.00 available, 0.01 is asked for, the floor is 0.00`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			books := open(t, store)
			mustPost(t, books, sale("float", 10000))
			before := store.snapshot()
			results, err := books.Post(t.Context(), test.entry)
			if test.want != "" {
				wantText(t, err, test.want)
				if !errors.Is(err, ledger.ErrInsufficientFunds) || errors.Is(err, ledger.ErrInvalid) {
					t.Error("the error is not ErrInsufficientFunds alone")
				}
				wantOnlyBurnt(t, before, store.snapshot(), test.entry.Key)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if results[0].Breached != test.breached {
				t.Errorf("breached is %t, want %t", results[0].Breached, test.breached)
			}
		})
	}
}

// Once below its floor an account takes what raises it, and what lowers it
// only of the kinds that may.
func TestBelowTheFloor(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	mustPost(t, books, transfer("r1", "refund", available, bank, 500))
	wantPosted(t, books, available, "-5.00")

	if got := mustPost(t, books, sale("s1", 100))[0]; got.Breached {
		t.Error("raising the account is marked as a breach")
	}
	_, err := books.Post(t.Context(), transfer("p1", "payout", available, bank, 1))
	wantText(t, err, `"p1": insufficient funds: merchants/m1/available has INR -4.00 available, 0.01 is asked for, the floor is 0.00`)
	if got := mustPost(t, books, transfer("r2", "refund", available, bank, 1))[0]; !got.Breached {
		t.Error("a further breach is not marked")
	}

	var failure *ledger.Failure
	_, err = books.Post(t.Context(), transfer("p2", "payout", available, bank, 7))
	if !errors.As(err, &failure) {
		t.Fatalf("error is %v", err)
	}
	wantDiff(t, "figures", ledger.Failure{
		Reason:  ledger.ErrInsufficientFunds,
		Key:     "p2",
		Account: ledger.AccountID{Path: available, Currency: inr()},
		Has:     money.Minor(-401),
		Change:  money.Minor(-7),
	}, *failure, sentinels())
}

// A replay of an entry is no new effect: it comes back even where the entry
// could not be booked any more.
func TestReplayIgnoresLimits(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	mustPost(t, books, sale("s", 100), transfer("p", "payout", available, bank, 100))
	if got := mustPost(t, books, transfer("p", "payout", available, bank, 100))[0]; !got.Replayed {
		t.Error("the retry was booked again")
	}
}
