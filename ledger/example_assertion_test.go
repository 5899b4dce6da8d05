package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// A guard: the payout that clears an account is booked only if the account
// stands at nothing afterwards.
func ExampleAssertion() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	outcomes := must(books.Execute(ctx, ledger.Atomic,
		payout("payout-1", "392.00"), // 0.60 too little
		ledger.Assertion{Account: "merchants/asha", Currency: inr()}))
	fmt.Println(outcomes[0].Err)
	fmt.Println(errors.Is(outcomes[1].Err, ledger.ErrAssertion))
	// Output:
	// not applied because of item 1: balance assertion failed: merchants/asha INR stands at 0.60, not at 0.00
	// true
}

// An alarm: the bank says what it holds for us on a day, and all merchants
// together are owed no more than that.
func ExampleLedger_Assert() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), paid("order-2", "100.00", "1.85")))

	today := calendar.MustDate("2026-03-02")
	fmt.Println(books.Assert(ctx,
		ledger.Assertion{Account: "bank", Currency: inr(), On: today, Amount: rupees("500.00")},
		// Of a subtree: debits - credits, so what is owed is negative.
		ledger.Assertion{Account: "merchants", Currency: inr(), Subtree: true, On: today, Amount: rupees("490.00").Neg()}))
	// Output: item 1: balance assertion failed: merchants INR stands at -490.75, not at -490.00, on 2026-03-02
}
