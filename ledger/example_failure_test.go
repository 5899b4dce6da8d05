package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// What the state of the ledger refuses is a Failure: a reason to branch on, and
// the figures to act on.
func ExampleFailure() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	_, err := books.Post(ctx, payout("payout-1", "400.00"))
	fmt.Println(err)

	var f *ledger.Failure
	if errors.Is(err, ledger.ErrInsufficientFunds) && errors.As(err, &f) {
		rest := must(f.Has.Sub(f.Bound))
		fmt.Println("to be had:", f.Account.Currency.Format(rest))
		must(books.Post(ctx, payout("payout-2", f.Account.Currency.Format(rest))))
	}
	books.show("merchants/asha")
	// Output:
	// "payout-1": insufficient funds: merchants/asha has INR 392.60 available, 400.00 is asked for, the floor is 0.00
	// to be had: 392.60
	// merchants/asha: posted 0.00, held 0.00, available 0.00
}

// A refused key is burnt: a retry never finds out that the money has come
// meanwhile, and whoever saw the failure can rely on it. A new attempt takes a
// new key.
func ExampleFailure_burntKey() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()

	_, err := books.Post(ctx, payout("payout-1", "100.00"))
	fmt.Println(err)
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	_, err = books.Post(ctx, payout("payout-1", "100.00"))
	var f *ledger.Failure
	fmt.Println(errors.As(err, &f), f.Frozen, err)

	_, err = books.Post(ctx, payout("payout-1/second-attempt", "100.00"))
	fmt.Println(err)
	// Output:
	// "payout-1": insufficient funds: merchants/asha has INR 0.00 available, 100.00 is asked for, the floor is 0.00
	// true true "payout-1": insufficient funds: merchants/asha has INR 0.00 available, 100.00 is asked for, the floor is 0.00
	// <nil>
}

// An entry that can never be booked is reported with all of its faults. Its key
// is still free.
func ExampleEntryError() {
	books := openMarket()
	defer books.close()

	sale := paid("order-1", "400.00", "7.40")
	sale.Kind = ""
	sale.Postings[2].Amount = rupees("7.39")
	_, err := books.Post(context.Background(), sale)

	var e *ledger.EntryError
	if errors.As(err, &e) {
		for _, fault := range e.Faults {
			fmt.Println(fault)
		}
	}
	fmt.Println(errors.Is(err, ledger.ErrInvalid), errors.Is(err, ledger.ErrUnbalanced))
	// Output:
	// kind is missing
	// entry does not balance: INR debits 400.00, credits 399.99
	// true true
}

// A key belongs to its first content for ever.
func ExampleConflictError() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	_, err := books.Post(ctx, paid("order-1", "500.00", "7.40"))
	var conflict *ledger.ConflictError
	if errors.As(err, &conflict) {
		fmt.Printf("%s of item %d\nwas %s\nnow %s\n", conflict.Field, conflict.Seq, conflict.Was, conflict.Now)
	}
	// Output:
	// posting 0 of item 1
	// was debit bank INR 400.00
	// now debit bank INR 500.00
}
