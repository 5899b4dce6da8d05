package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// authorised sets 900.00 on Ravi's card aside for an order, for a week.
func (m *market) authorised(order string) ledger.Hold {
	return ledger.Hold{
		Key: order + "/authorised", Kind: "authorisation", Reference: order, Expires: m.now.AddDate(0, 0, 7),
		Postings: []ledger.Posting{
			ledger.Dr("cards/ravi", rupees("900.00"), inr()),
			ledger.Cr("merchants/asha", rupees("882.00"), inr()),
			ledger.Cr("fees", rupees("18.00"), inr()),
		},
	}
}

// A card is authorised for an order that leaves in two parcels. Each captures
// its part, and what the second leaves is given back.
func ExampleLedger_Hold() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, topUp("topup-1", "1000.00")))

	must(books.Hold(ctx, books.authorised("order-1")))
	books.show("cards/ravi")

	must(books.Capture(ctx, ledger.Capture{
		Key: "order-1/parcel-1", Hold: "order-1/authorised", Kind: "sale",
		Postings: []ledger.Posting{
			ledger.Dr("cards/ravi", rupees("600.00"), inr()),
			ledger.Cr("merchants/asha", rupees("588.00"), inr()),
			ledger.Cr("fees", rupees("12.00"), inr()),
		},
	}))
	books.show("cards/ravi")

	must(books.Capture(ctx, ledger.Capture{
		Key: "order-1/parcel-2", Hold: "order-1/authorised", Kind: "sale", Final: true,
		Postings: []ledger.Posting{
			ledger.Dr("cards/ravi", rupees("250.00"), inr()),
			ledger.Cr("merchants/asha", rupees("245.00"), inr()),
			ledger.Cr("fees", rupees("5.00"), inr()),
		},
	}))
	books.show("cards/ravi")
	books.show("merchants/asha")
	// Output:
	// cards/ravi: posted 1000.00, held 900.00, available 100.00
	// cards/ravi: posted 400.00, held 300.00, available 100.00
	// cards/ravi: posted 150.00, held 0.00, available 150.00
	// merchants/asha: posted 833.00, held 0.00, available 833.00
}

// "All that is left" is said, never written as an amount.
func ExampleLedger_Capture_all() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, topUp("topup-1", "1000.00")))
	must(books.Hold(ctx, books.authorised("order-1")))

	sale := must(books.Capture(ctx, ledger.Capture{Key: "order-1/sent", Hold: "order-1/authorised", Kind: "sale", All: true}))
	for _, p := range sale.Postings {
		fmt.Println(p.Side, p.Account, p.Currency.Format(p.Amount))
	}
	// Output:
	// debit cards/ravi 900.00
	// credit merchants/asha 882.00
	// credit fees 18.00
}

// The order is cancelled: the money is available again. A hold ends once; who
// comes later learns how it did.
func ExampleLedger_Release() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, topUp("topup-1", "1000.00")))
	must(books.Hold(ctx, books.authorised("order-1")))

	must(books.Release(ctx, ledger.Release{Key: "order-1/cancelled", Hold: "order-1/authorised"}))
	books.show("cards/ravi")

	_, err := books.Capture(ctx, ledger.Capture{Key: "order-1/sent", Hold: "order-1/authorised", Kind: "sale", All: true})
	fmt.Println(errors.Is(err, ledger.ErrHoldReleased), err)
	// Output:
	// cards/ravi: posted 1000.00, held 0.00, available 1000.00
	// true "order-1/sent": hold was released: order-1/authorised
}

// A hold cannot be captured from the instant of its expiry on. What it has set
// aside is available again once the expiry is booked, which a program does from
// time to time.
func ExampleLedger_Expire() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, topUp("topup-1", "1000.00")))
	must(books.Hold(ctx, books.authorised("order-1")))

	books.now = books.now.AddDate(0, 0, 7)
	_, err := books.Capture(ctx, ledger.Capture{Key: "order-1/sent", Hold: "order-1/authorised", Kind: "sale", All: true})
	fmt.Println(errors.Is(err, ledger.ErrHoldExpired))
	books.show("cards/ravi")

	fmt.Println("expired:", must(books.Expire(ctx, 100)))
	books.show("cards/ravi")
	// Output:
	// true
	// cards/ravi: posted 1000.00, held 900.00, available 100.00
	// expired: 1
	// cards/ravi: posted 1000.00, held 0.00, available 1000.00
}

// What is left of a hold, leg by leg.
func ExampleLedger_HoldState() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, topUp("topup-1", "1000.00")))
	must(books.Hold(ctx, books.authorised("order-1")))
	must(books.Capture(ctx, ledger.Capture{
		Key: "order-1/parcel-1", Hold: "order-1/authorised", Kind: "sale",
		Postings: []ledger.Posting{
			ledger.Dr("cards/ravi", rupees("600.00"), inr()),
			ledger.Cr("merchants/asha", rupees("600.00"), inr()), // this parcel bears no fee
		},
	}))

	hold, _, err := books.HoldState(ctx, "order-1/authorised")
	fmt.Println(hold.Status, hold.Expires.Format("2006-01-02 15:04"), err)
	for _, leg := range hold.Legs {
		fmt.Printf("%s: %s of %s left\n", leg.Account, inr().Format(leg.Left()), inr().Format(leg.Amount))
	}
	// Output:
	// open 2026-03-09 12:00 <nil>
	// cards/ravi: 300.00 of 900.00 left
	// merchants/asha: 282.00 of 882.00 left
	// fees: 18.00 of 18.00 left
}
