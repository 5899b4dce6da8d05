package settlex_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/anystore"
)

// A host keeps accounts of its own in the same books, with the limits it gave
// them; the books stay sound.
func TestAccountsOfTheHost(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	rules.Accounts = []ledger.Pattern{
		{Path: "wallets/{customer}", Type: ledger.Liability, Limited: true},
		{Path: "cash/till", Type: ledger.Asset},
	}
	h := open(t, rules)
	entry := func(key string, debit, credit string) ledger.Entry {
		return ledger.Entry{Key: key, Kind: "wallet", Postings: []ledger.Posting{ledger.Dr(debit, money.Minor(500), inr()), ledger.Cr(credit, money.Minor(500), inr())}}
	}
	if _, err := h.Books().Post(t.Context(), entry("in", "cash/till", "wallets/alice")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Books().Post(t.Context(), entry("out", "wallets/bob", "cash/till")); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("error %v, want %v", err, ledger.ErrInsufficientFunds)
	}
	account, found, err := h.Books().Account(t.Context(), "wallets/alice", inr())
	if err != nil || !found {
		t.Fatalf("found %t: %v", found, err)
	}
	if have, err := account.Posted(); err != nil || have.Cmp(money.Minor(500)) != 0 {
		t.Errorf("have %s, want 500: %v", have, err)
	}
}

// Accounts that begin like the program's own are refused.
func TestAccountsThatCollide(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"merchants/{m}/wallet", "income/x", "{a}/b", "bank", "wallets/"} {
		rules := threeRegions()
		rules.Accounts = []ledger.Pattern{{Path: path, Type: ledger.Asset}}
		if _, err := payment.Chart(rules.Accounts...); err == nil {
			t.Errorf("%s is in the chart", path)
		}
		if _, err := settlex.New(t.Context(), settlex.Config{Store: anystore.Open(t), Rules: rules}); err == nil {
			t.Errorf("an engine takes %s", path)
		}
	}
}
