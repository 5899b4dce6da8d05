package torture

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// The cast. Customers have no credit and nothing about them ever changes, so nobody may see one overdrawn; merchants have limits
// and a status that commands change all the time.
const (
	bank      = "bank"
	fees      = "fees"
	quiet     = "quiet" // nothing is ever booked on it
	customers = 8
	merchants = 5
)

func customer(i int) string { return fmt.Sprintf("customers/c%d", i) }

func merchant(i int) string { return fmt.Sprintf("merchants/m%d", i) }

// currencies differ in their number of decimals.
func currencies() []money.Currency {
	return []money.Currency{money.MustCurrency("INR"), money.MustCurrency("JPY")}
}

func newChart() (*ledger.Chart, error) {
	return ledger.NewChart(
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: fees, Type: ledger.Income},
		ledger.Pattern{Path: quiet, Type: ledger.Equity},
		ledger.Pattern{Path: "customers/{c}", Type: ledger.Liability, Limited: true},
		ledger.Pattern{
			Path: "merchants/{m}", Type: ledger.Liability, Limited: true, MayBreach: []string{"dispute"},
			Velocity: []ledger.Velocity{{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Count, Max: money.Minor(300)}},
		},
	)
}

// clock runs as the machine's, from the instant at which a round starts.
func clock(start time.Time) func() time.Time {
	began := time.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}
