package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// fee charges Asha for a month.
func fee(key, amount string) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "monthly_fee", Postings: []ledger.Posting{
		ledger.Dr("merchants/asha", rupees(amount), inr()),
		ledger.Cr("fees", rupees(amount), inr()),
	}}
}

// A fee of 74.00 should have been 7.40. What was too much is taken back; never
// more than there was.
func ExampleLedger_Reverse() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), fee("fee-1", "74.00")))

	tooMuch := ledger.Reversal{
		Key: "fee-1/corrected", Of: "fee-1", Kind: "correction", ValueDate: calendar.MustDate("2026-03-02"),
		Postings: []ledger.Posting{
			ledger.Dr("fees", rupees("66.60"), inr()),
			ledger.Cr("merchants/asha", rupees("66.60"), inr()),
		},
	}
	must(books.Reverse(ctx, tooMuch))
	books.show("merchants/asha")

	tooMuch.Key = "fee-1/corrected-again"
	_, err := books.Reverse(ctx, tooMuch)
	fmt.Println(errors.Is(err, ledger.ErrExceedsEntry), err)
	// Output:
	// merchants/asha: posted 385.20, held 0.00, available 385.20
	// true "fee-1/corrected-again": more than is left of the entry "fee-1": fees INR has 7.40 left, 66.60 is asked for
}

// A whole entry is taken back by a new one with its sides exchanged.
func ExampleReversal() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	r := must(books.Reverse(ctx, ledger.Reversal{
		Key: "order-1/undone", Of: "order-1/paid", Kind: "correction", All: true, ValueDate: calendar.MustDate("2026-03-02"),
	}))
	fmt.Println(r.Act, r.Of)
	for _, p := range r.Postings {
		fmt.Println(p.Side, p.Account, p.Currency.Format(p.Amount))
	}
	// Output:
	// reversed order-1/paid
	// credit bank 400.00
	// debit merchants/asha 392.60
	// debit fees 7.40
}
