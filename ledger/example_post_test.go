package ledger_test

import (
	"context"
	"fmt"
)

// A retry with the same keys and content is harmless: it gets the first
// outcome, and nothing is written.
func ExampleLedger_Post() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()

	for range 2 {
		for _, r := range must(books.Post(ctx, paid("order-1", "400.00", "7.40"), paid("order-2", "100.00", "1.85"))) {
			fmt.Println(r.Seq, r.Key, r.ValueDate, "replayed:", r.Replayed)
		}
	}
	books.show("merchants/asha")
	// Output:
	// 1 order-1/paid 2026-03-02 replayed: false
	// 2 order-2/paid 2026-03-02 replayed: false
	// 1 order-1/paid 2026-03-02 replayed: true
	// 2 order-2/paid 2026-03-02 replayed: true
	// merchants/asha: posted 490.75, held 0.00, available 490.75
}
