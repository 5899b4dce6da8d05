package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// All or nothing: a sale and the payout it makes possible. The item that fails
// carries its error; the others say that they were not applied because of it.
func ExampleLedger_Execute_atomic() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()

	outcomes := must(books.Execute(ctx, ledger.Atomic, paid("order-1", "400.00", "7.40"), payout("payout-1", "400.00")))
	for _, o := range outcomes {
		fmt.Println(errors.Is(o.Err, ledger.ErrNotApplied), o.Err)
	}
	outcomes = must(books.Execute(ctx, ledger.Atomic, paid("order-1", "400.00", "7.40"), payout("payout-2", "392.60")))
	for _, o := range outcomes {
		fmt.Println(o.Key, o.Err)
	}
	// Output:
	// true not applied because of item 1: "payout-1": insufficient funds: merchants/asha has INR 392.60 available, 400.00 is asked for, the floor is 0.00
	// false "payout-1": insufficient funds: merchants/asha has INR 392.60 available, 400.00 is asked for, the floor is 0.00
	// order-1/paid <nil>
	// payout-2 <nil>
}

// Each for itself, in one transaction: whatever can be booked is. Any kinds of
// request may stand side by side.
func ExampleLedger_Execute_independent() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()

	outcomes := must(books.Execute(ctx, ledger.Independent,
		topUp("topup-1", "1000.00"),
		books.authorised("order-1"),
		books.authorised("order-2"),
		ledger.Release{Key: "order-1/cancelled", Hold: "order-1/authorised"}))
	for i, o := range outcomes {
		if o.Err != nil {
			fmt.Println(i, o.Err)
		} else {
			fmt.Println(i, o.Act, o.Key)
		}
	}
	// Output:
	// 0 posted topup-1
	// 1 held order-1/authorised
	// 2 "order-2/authorised": insufficient funds: cards/ravi has INR 100.00 available, 900.00 is asked for, the floor is 0.00
	// 3 released order-1/cancelled
}

// One error of a whole batch, for those who do not look at its items.
func ExampleFailed() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()

	outcomes := must(books.Execute(ctx, ledger.Atomic, paid("order-1", "400.00", "7.40"), payout("payout-1", "400.00")))
	fmt.Println(ledger.Failed(outcomes))
	outcomes = must(books.Execute(ctx, ledger.Atomic, paid("order-1", "400.00", "7.40"), payout("payout-2", "392.60")))
	fmt.Println(ledger.Failed(outcomes))
	// Output:
	// item 1: "payout-1": insufficient funds: merchants/asha has INR 392.60 available, 400.00 is asked for, the floor is 0.00
	// <nil>
}

// A dry run: what would become of a batch. Nothing is written and no key burnt.
func ExampleLedger_Try() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	for _, o := range must(books.Try(ctx, ledger.Independent, payout("payout-1", "300.00"), payout("payout-2", "300.00"))) {
		fmt.Println("would be item", o.Seq, o.Err)
	}
	_, booked, err := books.Entry(ctx, "payout-1")
	fmt.Println("booked:", booked, err)
	// Output:
	// would be item 2 <nil>
	// would be item 0 "payout-2": insufficient funds: merchants/asha has INR 92.60 available, 300.00 is asked for, the floor is 0.00
	// booked: false <nil>
}
