package bolt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// A program backs its ledger up while it goes on booking, and rehearses what it
// will need one day: the backup takes the place of a file that is lost, and is
// verified before anything is booked.
func ExampleStore_Backup() {
	dir := must(os.MkdirTemp("", "settlex"))
	defer func() { _ = os.RemoveAll(dir) }()
	path, backup := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "2026-03-31.db")
	ctx, inr := context.Background(), money.MustCurrency("INR")
	chart := must(ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income}))
	sale := func(order string) ledger.Entry {
		return ledger.Entry{Key: order, Kind: "sale", Postings: []ledger.Posting{
			ledger.Dr("cash", money.Minor(40000), inr), ledger.Cr("sales", money.Minor(40000), inr),
		}}
	}

	store := must(bolt.Open(path, bolt.Options{}))
	books := must(ledger.New(store, ledger.Config{Chart: chart}))
	must(books.Post(ctx, sale("order-1")))
	info := must(store.Backup(ctx, backup))
	fmt.Println("backed up through item", info.Head.Seq)
	must(books.Post(ctx, sale("order-2")))

	fmt.Println(store.Close(), os.Remove(path)) // the disk is gone

	info = must(bolt.Restore(ctx, backup, path))
	fmt.Println("restored through item", info.Head.Seq)
	store = must(bolt.Open(path, bolt.Options{}))
	defer store.Close()
	books = must(ledger.New(store, ledger.Config{Chart: chart}))
	fmt.Println("verified:", must(books.Verify(ctx)).Err())
	for _, order := range []string{"order-1", "order-2"} { // ask for everything again
		fmt.Println(order, "was there:", must(books.Post(ctx, sale(order)))[0].Replayed)
	}
	// Output:
	// backed up through item 1
	// <nil> <nil>
	// restored through item 1
	// verified: <nil>
	// order-1 was there: true
	// order-2 was there: false
}
