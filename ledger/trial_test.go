package ledger_test

import (
	"fmt"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func TestTrialBalance(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	empty, err := books.TrialBalance(t.Context())
	if err != nil || len(empty.Rows) != 0 || !empty.Balanced() {
		t.Errorf("empty books give %+v, %v", empty, err)
	}
	rupees := transfer("pk", "sale", bank, sales, 0)
	for i := range rupees.Postings {
		rupees.Postings[i].Amount, rupees.Postings[i].Currency = money.Minor(33), pkr()
	}
	mustPost(t, books, sale("s1", 10000), transfer("r1", "refund", available, bank, 10500), rupees)

	got, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range got.Rows {
		rows = append(rows, fmt.Sprintf("%s: %s %s", row.Account.AccountID, row.Debit, row.Credit))
	}
	wantDiff(t, "rows", []string{
		"bank INR: 0 500",
		"bank PKR: 33 0",
		"merchants/m1/available INR: 500 0",
		"sales PKR: 0 33",
	}, rows)
	wantDiff(t, "totals", map[money.Currency]ledger.TrialTotal{
		inr(): {Debit: money.Minor(500), Credit: money.Minor(500)},
		pkr(): {Debit: money.Minor(33), Credit: money.Minor(33)},
	}, got.Totals)
	if !got.Balanced() {
		t.Error("the books do not balance")
	}
}

func TestTrialBalanceOfBrokenBooks(t *testing.T) {
	t.Parallel()
	store := newMemory()
	store.now.accounts[ledger.AccountID{Path: bank, Currency: inr()}] = ledger.Account{
		AccountID: ledger.AccountID{Path: bank, Currency: inr()},
		Balance:   ledger.Balance{Debits: money.Minor(7), Credits: money.Minor(3)},
	}
	books, err := ledger.New(store, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	difference, err := got.Totals[inr()].Difference()
	if got.Balanced() || difference != money.Minor(4) || err != nil {
		t.Errorf("difference is %s, %v; balanced is %t", difference, err, got.Balanced())
	}
}
