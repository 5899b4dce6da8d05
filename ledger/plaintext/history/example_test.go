package history_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

func Example() {
	const text = `
2026-02-01 * shop | rice
    Expenses:Food        INR 150.00
    Liabilities:Card    INR -150.00 = INR -150.00
`
	err := inNewStore(func(store *bolt.Store) error {
		ctx := context.Background()
		journal, err := history.Open(ctx, "books.journal", history.Options{Open: files(map[string]string{"books.journal": text})})
		if err != nil {
			return err
		}
		books, err := ledger.New(store, ledger.Config{Chart: journal.Chart()})
		if err != nil {
			return err
		}
		for range 2 { // the second time everything is there
			booked, err := journal.Book(ctx, books, nil)
			if err != nil {
				return err
			}
			fmt.Printf("%d new, %d booked before\n", booked.New, booked.Replayed)
		}
		card, _, err := books.Account(ctx, "Liabilities/Card", money.MustCurrency("INR"))
		if err != nil {
			return err
		}
		owed, err := card.Posted()
		fmt.Println(card.Type, card.Currency.Format(owed))
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 new, 0 booked before
	// 0 new, 1 booked before
	// liability 150.00
}

// inNewStore runs fn on a store of its own, which is gone afterwards.
func inNewStore(fn func(*bolt.Store) error) (err error) {
	dir, err := os.MkdirTemp("", "history")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := bolt.Open(filepath.Join(dir, "ledger.db"), bolt.Options{})
	if err != nil {
		return err
	}
	return errors.Join(fn(store), store.Close())
}

func ExamplePath() {
	fmt.Println(history.Path("Expenses:Café & Bar"))
	// Output: Expenses/Caf-C3-A9_-26_Bar
}

func ExampleFaultsError() {
	text := "2026-02-01 rent\n    Expenses:Rent  INR 10.00\n    Assets:Bank   INR -10.01\n"
	_, err := history.Open(context.Background(), "j", history.Options{Format: plaintext.HLedger, Open: files(map[string]string{"j": text})})
	fmt.Println(err)
	// Output:
	// journal cannot be booked: 1 fault
	// j:1:1: transaction does not balance: INR is -0.01 too much
}
