package ledger_test

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// February of an account, page by page: what it opened with, every movement
// with its running balance, what it closed with.
func ExampleLedger_Statement() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	for i, day := range []string{"2026-01-30", "2026-02-03", "2026-02-17", "2026-02-24", "2026-03-01"} {
		sale := paid(fmt.Sprint("order-", i+1), "100.00", "1.85")
		sale.ValueDate = calendar.MustDate(day)
		must(books.Post(ctx, sale))
	}

	query := ledger.StatementQuery{
		Account: "merchants/asha", Currency: inr(), Limit: 2,
		Span: ledger.ValuedIn(calendar.MustDate("2026-02-01"), calendar.MustDate("2026-02-28")),
	}
	for {
		page := must(books.Statement(ctx, query))
		fmt.Println("opening", inr().Format(page.Opening))
		for _, line := range page.Lines {
			fmt.Println(line.Entry.ValueDate, line.Entry.Key, inr().Format(line.Credit), inr().Format(line.Balance))
		}
		fmt.Println("closing", inr().Format(page.Closing))
		if page.Next == "" {
			break
		}
		query.After = page.Next
	}
	// Output:
	// opening 98.15
	// 2026-02-03 order-2/paid 98.15 196.30
	// 2026-02-17 order-3/paid 98.15 294.45
	// closing 294.45
	// opening 294.45
	// 2026-02-24 order-4/paid 98.15 392.60
	// closing 392.60
}

// The same without pages, in the order in which it was booked.
func ExampleLedger_Lines() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), paid("order-2", "100.00", "1.85"), payout("payout-1", "450.00")))

	for line, err := range books.Lines(ctx, "merchants/asha", inr(), ledger.Span{}) {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-13s %7s %7s %7s\n", line.Entry.Key, inr().Format(line.Debit), inr().Format(line.Credit), inr().Format(line.Balance))
	}
	// Output:
	// order-1/paid     0.00  392.60  392.60
	// order-2/paid     0.00   98.15  490.75
	// payout-1       450.00    0.00   40.75
}

// Everything that was booked about one order.
func ExampleLedger_Entries() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40"), paid("order-2", "100.00", "1.85")))
	must(books.Reverse(ctx, ledger.Reversal{
		Key: "order-1/undone", Of: "order-1/paid", Kind: "correction", Reference: "order-1", All: true, ValueDate: calendar.MustDate("2026-03-02"),
	}))

	for e, err := range books.Entries(ctx, ledger.EntryQuery{Reference: "order-1"}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(e.Seq, e.Act, e.Key)
	}
	// Output:
	// 1 posted order-1/paid
	// 3 reversed order-1/undone
}
