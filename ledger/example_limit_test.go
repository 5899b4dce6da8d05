package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// A merchant gets a credit line: from now on her account may go down to
// -500.00. The change is an item of the journal like everything else.
func ExampleAccountChange() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	_, err := books.Post(ctx, payout("payout-1", "600.00"))
	fmt.Println(err)

	change := must(books.ChangeAccount(ctx, ledger.AccountChange{
		Key: "credit-line-1", Account: "merchants/asha", Currency: inr(),
		Limits:    &ledger.Limits{Limited: true, Floor: rupees("500.00").Neg()},
		Reference: "contract 17, agreed by Meera",
	}))
	fmt.Println(change.Seq, change.Act, change.Reference)

	must(books.Post(ctx, payout("payout-2", "600.00")))
	books.show("merchants/asha")
	// Output:
	// "payout-1": insufficient funds: merchants/asha has INR 392.60 available, 600.00 is asked for, the floor is 0.00
	// 3 changed contract 17, agreed by Meera
	// merchants/asha: posted -207.40, held 0.00, available -207.40
}

// A frozen account takes nothing but the end of holds that stand on it.
func ExampleAccountChange_freeze() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	must(books.ChangeAccount(ctx, ledger.AccountChange{
		Key: "freeze-1", Account: "merchants/asha", Currency: inr(), Status: ledger.Frozen, Reference: "court order 12/2026",
	}))
	_, err := books.Post(ctx, payout("payout-1", "100.00"))
	fmt.Println(errors.Is(err, ledger.ErrAccountStatus), err)
	// Output:
	// true "payout-1": account does not allow this: merchants/asha INR is frozen
}

// What may flow out of a card within a rolling day: 500.00, in at most two
// payments. Holds count when they are placed; what is released counts no more.
func ExampleVelocity() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, topUp("topup-1", "1000.00")))
	must(books.ChangeAccount(ctx, ledger.AccountChange{
		Key: "limits-1", Account: "cards/ravi", Currency: inr(),
		Limits: &ledger.Limits{Limited: true, Velocity: []ledger.Velocity{
			{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: rupees("500.00")},
			{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Count, Max: money.Minor(2)},
		}},
	}))

	pay := func(key, amount string) {
		_, err := books.Post(ctx, ledger.Entry{Key: key, Kind: "sale", Postings: []ledger.Posting{
			ledger.Dr("cards/ravi", rupees(amount), inr()),
			ledger.Cr("merchants/asha", rupees(amount), inr()),
		}})
		fmt.Println(key, err)
	}
	pay("pay-1", "300.00")
	pay("pay-2", "300.00")
	pay("pay-3", "100.00")
	pay("pay-4", "50.00")
	books.now = books.now.AddDate(0, 0, 2)
	pay("pay-5", "300.00")
	// Output:
	// pay-1 <nil>
	// pay-2 "pay-2": velocity limit exceeded: cards/ravi INR, 24h out sum: 300.00 so far, 300.00 more, at most 500.00
	// pay-3 <nil>
	// pay-4 "pay-4": velocity limit exceeded: cards/ravi INR, 24h out count: 2 so far, 1 more, at most 2
	// pay-5 <nil>
}

// Facts from outside are booked whatever an account's limits say, if the chart
// lists their kind. The entry says that it breached one, and can be found by it.
func ExamplePattern_mayBreach() {
	books := openMarket() // its chart: MayBreach: []string{"refund"}
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), payout("payout-1", "392.60")))

	refund := payout("order-1/refunded", "400.00")
	refund.Kind = "refund"
	must(books.Post(ctx, refund))

	for e, err := range books.Entries(ctx, ledger.EntryQuery{Breached: true}) {
		if err != nil {
			panic(err)
		}
		fmt.Println("alarm:", e.Key, e.Breached)
	}
	books.show("merchants/asha")
	// Output:
	// alarm: order-1/refunded true
	// merchants/asha: posted -400.00, held 0.00, available -400.00
}
