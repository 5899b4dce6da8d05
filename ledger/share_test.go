package ledger_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
)

// What a caller was given, or gave, is his: changing it afterwards changes no
// account.
func TestAccountsAreNotShared(t *testing.T) {
	t.Parallel()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "customers/{id}", Type: ledger.Liability,
			Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(10)}}})
	if err != nil {
		t.Fatal(err)
	}
	books := anystore.Books(t, chart)
	inr := money.MustCurrency("INR")
	post := func(key, from, to string, amount int64) (ledger.Result, error) {
		results, err := books.Post(t.Context(), ledger.Entry{Key: key, Kind: "move",
			Postings: []ledger.Posting{ledger.Dr(from, money.Minor(amount), inr), ledger.Cr(to, money.Minor(amount), inr)}})
		if err != nil {
			return ledger.Result{}, err
		}
		return results[0], nil
	}
	opened, err := post("in", "bank", "customers/a", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range opened.Opened {
		for j := range opened.Opened[i].Limits.Velocity {
			opened.Opened[i].Limits.Velocity[j].Max = money.Minor(1_000_000)
		}
	}
	account, _, err := books.Account(t.Context(), "customers/a", inr)
	if err != nil || len(account.Velocity) != 1 {
		t.Fatalf("velocity limits are %v, %v", account.Velocity, err)
	}
	account.Velocity[0].Max = money.Minor(1_000_000)
	metadata := []ledger.Attribute{{Name: "tier", Value: "one"}}
	if _, err := books.ChangeAccount(t.Context(), ledger.AccountChange{Key: "meta", Account: "customers/a", Currency: inr, Metadata: metadata}); err != nil {
		t.Fatal(err)
	}
	metadata[0].Value = "two"
	for _, path := range []string{"customers/a", "customers/b"} {
		if _, err := post("more "+path, "bank", path, 100); err != nil {
			t.Fatal(err)
		}
		if _, err := post("out "+path, path, "bank", 50); !errors.Is(err, ledger.ErrVelocity) {
			t.Errorf("%s pays out beyond its limit: %v", path, err)
		}
	}
	account, _, err = books.Account(t.Context(), "customers/a", inr)
	if err != nil || len(account.Metadata) != 1 || account.Metadata[0].Value != "one" {
		t.Errorf("metadata is %v, %v", account.Metadata, err)
	}
}
