package ledger_test

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// A consumer of the change feed keeps the cursor of the last item that it dealt
// with. When it comes back it goes on behind that one: no item is missed, none
// comes twice.
func ExampleLedger_Changes() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	var kept ledger.Cursor // in a row of the consumer's own, in real life
	consume := func() {
		for item, err := range books.Changes(ctx, kept) {
			if err != nil {
				panic(err)
			}
			fmt.Println(item.Seq, item.Act, item.Key)
			kept = item.Cursor
		}
	}

	must(books.Post(ctx, topUp("topup-1", "1000.00")))
	must(books.Hold(ctx, books.authorised("order-1")))
	consume()

	fmt.Println("later")
	must(books.Release(ctx, ledger.Release{Key: "order-1/cancelled", Hold: "order-1/authorised"}))
	consume()
	// Output:
	// 1 posted topup-1
	// 2 held order-1/authorised
	// later
	// 3 released order-1/cancelled
}

// Wait blocks until there is something behind the cursor.
func ExampleLedger_Wait() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()

	done := make(chan error)
	go func() {
		_, err := books.Post(ctx, paid("order-1", "400.00", "7.40"))
		done <- err
	}()
	if err := books.Wait(ctx, ""); err != nil {
		panic(err)
	}
	for item, err := range books.Changes(ctx, "") {
		fmt.Println(item.Key, err)
	}
	if err := <-done; err != nil {
		panic(err)
	}
	// Output: order-1/paid <nil>
}
