package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// market is the marketplace of the examples. Customers pay into its bank, or
// from a card they have topped up; it owes the merchants their share and keeps
// a fee.
type market struct {
	*ledger.Ledger
	now   time.Time // what its clock says
	close func()    // verifies the books
}

// openMarket opens empty books on 2 March 2026 at noon, UTC.
func openMarket() *market {
	dir := must(os.MkdirTemp("", "market"))
	store := must(bolt.Open(filepath.Join(dir, "ledger.db"), bolt.Options{}))
	chart := must(ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "fees", Type: ledger.Income},
		ledger.Pattern{Path: "cards/{customer}", Type: ledger.Liability, Limited: true},
		ledger.Pattern{Path: "merchants/{merchant}", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
	))
	m := &market{now: time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)}
	m.Ledger = must(ledger.New(store, ledger.Config{Chart: chart, Clock: func() time.Time { return m.now }}))
	m.close = func() {
		if err := must(m.Verify(context.Background())).Err(); err != nil {
			panic(err)
		}
		store.Close()
		_ = os.RemoveAll(dir)
	}
	return m
}

// rupees reads an amount of them.
func rupees(text string) money.Amount { return must(inr().Parse(text)) }

// paid is a customer's payment of an order at Asha's, less the market's fee.
func paid(order, gross, fee string) ledger.Entry {
	return ledger.Entry{Key: order + "/paid", Kind: "sale", Reference: order, Postings: []ledger.Posting{
		ledger.Dr("bank", rupees(gross), inr()),
		ledger.Cr("merchants/asha", must(rupees(gross).Sub(rupees(fee))), inr()),
		ledger.Cr("fees", rupees(fee), inr()),
	}}
}

// payout is a transfer to Asha's bank.
func payout(key, amount string) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "payout", Postings: []ledger.Posting{
		ledger.Dr("merchants/asha", rupees(amount), inr()),
		ledger.Cr("bank", rupees(amount), inr()),
	}}
}

// topUp puts money on Ravi's card.
func topUp(key, amount string) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "top_up", Postings: []ledger.Posting{
		ledger.Dr("bank", rupees(amount), inr()),
		ledger.Cr("cards/ravi", rupees(amount), inr()),
	}}
}

// show prints what stands on an account.
func (m *market) show(path string) {
	a, _, err := m.Account(context.Background(), path, inr())
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s: posted %s, held %s, available %s\n", path,
		inr().Format(must(a.Posted())), inr().Format(a.Held()), inr().Format(must(a.Available())))
}
