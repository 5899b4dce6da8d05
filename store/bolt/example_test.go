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

// A program that has a bbolt file of its own keeps its ledger in it, and posts
// in the transaction that writes its own rows: both are there, or neither.
func ExampleWrap() {
	dir := must(os.MkdirTemp("", "settlex"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(bbolt.Open(filepath.Join(dir, "shop.db"), 0o600, nil))
	defer db.Close()

	chart := must(ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income}))
	books := must(ledger.New(must(bolt.Attach(db)), ledger.Config{Chart: chart}))
	inr := money.MustCurrency("INR")

	sell := func(order string, amount money.Amount, stop error) error {
		return db.Update(func(tx *bbolt.Tx) error {
			orders, err := tx.CreateBucketIfNotExists([]byte("orders"))
			if err != nil {
				return err
			}
			if err := orders.Put([]byte(order), []byte("paid")); err != nil {
				return err
			}
			_, err = books.PostTx(context.Background(), bolt.Wrap(tx), ledger.Entry{
				Key: order + "/paid", Kind: "sale",
				Postings: []ledger.Posting{ledger.Dr("cash", amount, inr), ledger.Cr("sales", amount, inr)},
			})
			return errors.Join(err, stop)
		})
	}
	fmt.Println("order-1:", sell("order-1", money.Minor(40000), nil))
	fmt.Println("order-2:", sell("order-2", money.Minor(10000), errors.New("out of stock")))

	cash, _, err := books.Account(context.Background(), "cash", inr)
	fmt.Println(inr.Format(must(cash.Posted())), err)
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("orders")).ForEach(func(id, state []byte) error {
			fmt.Printf("%s is %s\n", id, state)
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// order-1: <nil>
	// order-2: out of stock
	// 400.00 <nil>
	// order-1 is paid
	// <nil>
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
