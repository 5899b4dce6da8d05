package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// Open a file, say which accounts there may be, post an entry, read a balance.
func Example() {
	dir := must(os.MkdirTemp("", "ledger"))
	defer func() { _ = os.RemoveAll(dir) }()
	store := must(bolt.Open(filepath.Join(dir, "ledger.db"), bolt.Options{}))
	defer store.Close()

	chart := must(ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "fees", Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{id}", Type: ledger.Liability, Limited: true},
	))
	books := must(ledger.New(store, ledger.Config{Chart: chart}))

	ctx, inr := context.Background(), money.MustCurrency("INR")
	must(books.Post(ctx, ledger.Entry{
		Key:  "order-1/paid",
		Kind: "sale",
		Postings: []ledger.Posting{
			ledger.Dr("bank", must(inr.Parse("400.00")), inr),
			ledger.Cr("merchants/asha", must(inr.Parse("392.60")), inr),
			ledger.Cr("fees", must(inr.Parse("7.40")), inr),
		},
	}))

	asha, _, err := books.Account(ctx, "merchants/asha", inr)
	if err != nil {
		panic(err)
	}
	fmt.Println(asha.AccountID, "is owed", inr.Format(must(asha.Available())))
	// Output: merchants/asha INR is owed 392.60
}

// must keeps the examples short. A program handles its errors.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
