package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
)

// An account as it stands.
func ExampleLedger_Account() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), payout("payout-1", "100.00")))

	asha, ok, err := books.Account(ctx, "merchants/asha", inr())
	fmt.Println(ok, err)
	fmt.Println(asha.Type, asha.Status, "opened", asha.Opened.Format(time.DateOnly))
	fmt.Println("debits", inr().Format(asha.Debits), "credits", inr().Format(asha.Credits))
	fmt.Println("posted", inr().Format(must(asha.Posted())))
	// Output:
	// true <nil>
	// liability open opened 2026-03-02
	// debits 100.00 credits 392.60
	// posted 292.60
}

// What an account stood at by value date, as far as it is known now.
func ExampleLedger_BalanceOn() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	late := paid("order-1", "400.00", "7.40")
	late.ValueDate = calendar.MustDate("2026-02-27") // the bank told us on Monday what came on Friday
	must(books.Post(ctx, late, paid("order-2", "100.00", "1.85")))

	for _, day := range []string{"2026-02-26", "2026-02-27", "2026-02-28", "2026-03-02"} {
		fmt.Println(day, inr().Format(must(books.BalanceOn(ctx, "merchants/asha", inr(), calendar.MustDate(day)))))
	}
	// Output:
	// 2026-02-26 0.00
	// 2026-02-27 392.60
	// 2026-02-28 392.60
	// 2026-03-02 490.75
}

// What the books said at an instant. An entry that is booked later does not
// change it, however far back its value date lies.
func ExampleLedger_BalanceAt() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))
	reported := books.now.Add(time.Hour)

	books.now = books.now.Add(2 * time.Hour)
	late := paid("order-2", "100.00", "1.85")
	late.ValueDate = calendar.MustDate("2026-02-27")
	must(books.Post(ctx, late))

	fmt.Println("as reported:", inr().Format(must(books.BalanceAt(ctx, "merchants/asha", inr(), reported))))
	fmt.Println("now:", inr().Format(must(books.BalanceAt(ctx, "merchants/asha", inr(), books.now))))
	// Output:
	// as reported: 392.60
	// now: 490.75
}

// The trial balance of sound books is zero in every currency.
func ExampleLedger_TrialBalance() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), payout("payout-1", "300.00")))

	trial := must(books.TrialBalance(ctx))
	for _, row := range trial.Rows {
		fmt.Printf("%-18s %7s %7s\n", row.Account.AccountID, inr().Format(row.Debit), inr().Format(row.Credit))
	}
	fmt.Println("balanced:", trial.Balanced())
	// Output:
	// bank INR            100.00    0.00
	// fees INR              0.00    7.40
	// merchants/asha INR    0.00   92.60
	// balanced: true
}
