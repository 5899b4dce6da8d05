package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// must keeps the examples short. A program handles its errors.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// A ledger in a file of its own. What was acknowledged is there when the file is
// opened again.
func ExampleOpen() {
	dir := must(os.MkdirTemp("", "settlex"))
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "ledger.db")
	ctx, inr := context.Background(), money.MustCurrency("INR")
	chart := must(ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income}))

	store := must(bolt.Open(path, bolt.Options{}))
	books := must(ledger.New(store, ledger.Config{Chart: chart}))
	must(books.Post(ctx, ledger.Entry{
		Key: "order-1/paid", Kind: "sale",
		Postings: []ledger.Posting{ledger.Dr("cash", money.Minor(40000), inr), ledger.Cr("sales", money.Minor(40000), inr)},
	}))
	fmt.Println(store.Close())

	store = must(bolt.Open(path, bolt.Options{}))
	defer store.Close()
	books = must(ledger.New(store, ledger.Config{Chart: chart}))
	cash, _, err := books.Account(ctx, "cash", inr)
	fmt.Println(inr.Format(must(cash.Posted())), err)
	// Output:
	// <nil>
	// 400.00 <nil>
}

// A file has one process at a time.
func ExampleOpen_inUse() {
	dir := must(os.MkdirTemp("", "settlex"))
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "ledger.db")
	store := must(bolt.Open(path, bolt.Options{}))
	defer store.Close()

	_, err := bolt.Open(path, bolt.Options{LockWait: 1})
	fmt.Println(errors.Is(err, bolt.ErrInUse))
	// Output: true
}

// A program that has a bbolt file of its own keeps its ledger in it. It writes
// an order, books the fee for it and sets the customer's money aside in one
// transaction: all three are there, or none.
func ExampleWrap() {
	dir := must(os.MkdirTemp("", "settlex"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(bbolt.Open(filepath.Join(dir, "shop.db"), 0o600, nil))
	defer db.Close()

	chart := must(ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "fees", Type: ledger.Income},
		ledger.Pattern{Path: "customers/{id}", Type: ledger.Liability, Limited: true},
		ledger.Pattern{Path: "merchants/{id}", Type: ledger.Liability, Limited: true},
	))
	books := must(ledger.New(must(bolt.Attach(db, bolt.Options{})), ledger.Config{Chart: chart}))
	ctx, inr := context.Background(), money.MustCurrency("INR")
	move := func(from, to string, minor int64) []ledger.Posting {
		return []ledger.Posting{ledger.Dr(from, money.Minor(minor), inr), ledger.Cr(to, money.Minor(minor), inr)}
	}
	must(books.Post(ctx, ledger.Entry{Key: "topup-1", Kind: "top_up", Postings: move("bank", "customers/ravi", 100000)}))

	place := func(order string, stop error) error {
		return db.Update(func(tx *bbolt.Tx) error {
			orders, err := tx.CreateBucketIfNotExists([]byte("orders"))
			if err != nil {
				return err
			}
			if err := orders.Put([]byte(order), []byte("placed")); err != nil {
				return err
			}
			outcomes, err := books.ExecuteTx(ctx, bolt.Wrap(tx), ledger.Atomic,
				ledger.Entry{Key: order + "/fee", Kind: "fee", Postings: move("customers/ravi", "fees", 1000)},
				ledger.Hold{Key: order + "/authorised", Kind: "authorisation", Postings: move("customers/ravi", "merchants/asha", 40000)})
			return errors.Join(err, ledger.Failed(outcomes), stop) // any of them rolls everything back
		})
	}
	fmt.Println("order-1:", place("order-1", nil))
	fmt.Println("order-2:", place("order-2", errors.New("out of stock")))
	fmt.Println("order-3:", place("order-3", nil))
	fmt.Println("order-4:", place("order-4", nil))

	ravi, _, err := books.Account(ctx, "customers/ravi", inr)
	fmt.Println("posted", inr.Format(must(ravi.Posted())), "held", inr.Format(ravi.Held()), err)
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("orders")).ForEach(func(id, state []byte) error {
			fmt.Printf("%s is %s\n", id, state)
			return nil
		})
	})
	fmt.Println(err, must(books.Verify(ctx)).Err())
	// Output:
	// order-1: <nil>
	// order-2: out of stock
	// order-3: <nil>
	// order-4: item 1: "order-4/authorised": insufficient funds: customers/ravi has INR 170.00 available, 400.00 is asked for, the floor is 0.00
	// posted 980.00 held 800.00 <nil>
	// order-1 is placed
	// order-3 is placed
	// <nil> <nil>
}
