package ledger_test

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// The first pattern that matches a path says what an account is. A segment in
// braces stands for any one.
func ExampleNewChart() {
	chart := must(ledger.NewChart(
		ledger.Pattern{Path: "bank/{name}", Type: ledger.Asset},
		ledger.Pattern{Path: "merchants/house", Type: ledger.Equity},
		ledger.Pattern{Path: "merchants/{merchant}", Type: ledger.Liability, Limited: true},
	))
	for _, path := range []string{"bank/main", "merchants/house", "merchants/asha", "merchants/asha/reserve"} {
		p, ok := chart.Match(path)
		fmt.Println(path, ok, p.Type, p.Limited)
	}
	// Output:
	// bank/main true asset false
	// merchants/house true equity false
	// merchants/asha true liability true
	// merchants/asha/reserve false none false
}

// Every fault of a chart is reported, not only the first.
func ExampleNewChart_faults() {
	_, err := ledger.NewChart(
		ledger.Pattern{Path: "bank//main", Type: ledger.Asset},
		ledger.Pattern{Path: "cards/{customer}", Floor: money.Minor(-500)},
	)
	fmt.Println(err)
	// Output:
	// chart pattern 0 (bank//main): account path "bank//main" has an empty or dotted segment
	// chart pattern 1 (cards/{customer}): has no type
	// chart pattern 1 (cards/{customer}): has a floor, but is not limited
}
