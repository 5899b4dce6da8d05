package ledger_test

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// Verify re-derives everything from the journal and names every difference.
func ExampleLedger_Verify() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	v := must(books.Verify(ctx))
	fmt.Printf("%d item in %d block on %d accounts: %v\n", v.Entries, v.Blocks, v.Accounts, v.Err())
	// Output: 1 item in 1 block on 3 accounts: <nil>
}

// Whoever keeps the size and the root of the journal elsewhere learns when its
// end was cut off or its past rewritten, whole with all hashes.
func ExampleLedger_Verify_kept() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))
	v := must(books.Verify(ctx))
	kept := ledger.TreeHead{Blocks: v.Blocks, Root: v.Lanes[0].Root}

	rewritten := openMarket()
	defer rewritten.close()
	must(rewritten.Post(ctx, paid("order-1", "300.00", "7.40")))

	fmt.Println(len(must(books.Verify(ctx, kept)).Findings), "findings")
	for _, finding := range must(rewritten.Verify(ctx, kept)).Findings {
		fmt.Println("finding:", finding.Place)
	}
	// Output:
	// 0 findings
	// finding: checkpoint over 1 blocks
}
