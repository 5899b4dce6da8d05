package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// The model's cast: a house that keeps the money of shops.
const (
	vault   = "vault"         // asset
	takings = "takings"       // income
	costs   = "costs"         // expense
	free    = "shops/s1/free" // liability, not below 0; refunds may breach that
	free2   = "shops/s2/free" // the same
	due     = "shops/s1/due"  // liability
	till    = "tills/t1"      // asset, not below -50.00
	purse   = "purses/p1"     // liability from 0 to 60.00, slow; refunds may breach that
	nowhere = "nowhere"       // not in the chart
)

// cast is in an order in which neighbours have something to give each other.
func cast() []string { return []string{vault, free, purse, till, takings, free2, costs, due} }

func tongues() []money.Currency {
	return []money.Currency{money.MustCurrency("INR"), money.MustCurrency("PKR")}
}

// shopChart is the cast as the ledger is told of it.
func shopChart(t testing.TB) *ledger.Chart {
	t.Helper()
	refund := []string{"refund"}
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: vault, Type: ledger.Asset},
		ledger.Pattern{Path: takings, Type: ledger.Income},
		ledger.Pattern{Path: costs, Type: ledger.Expense},
		ledger.Pattern{Path: "shops/{s}/free", Type: ledger.Liability, Limited: true, MayBreach: refund},
		ledger.Pattern{Path: "shops/{s}/due", Type: ledger.Liability},
		ledger.Pattern{Path: "tills/{t}", Type: ledger.Asset, Limited: true, Floor: money.Minor(-5000)},
		ledger.Pattern{
			Path: "purses/{p}", Type: ledger.Liability, Limited: true, Capped: true, Ceiling: money.Minor(6000), MayBreach: refund,
			Velocity: []ledger.Velocity{
				{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(3000)},
				{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Count, Max: money.Minor(4)},
				{Per: ledger.Days30, Flow: ledger.In, Measure: ledger.Sum, Max: money.Minor(12000)},
			},
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// The notebook knows the cast in its own words. An account is a path and a
// currency with a blank between.

func charted(account string) bool { return !strings.HasPrefix(account, nowhere) }

// growsByDebit tells on which side an account grows.
func growsByDebit(account string) bool {
	return strings.HasPrefix(account, vault) || strings.HasPrefix(account, costs) || strings.HasPrefix(account, "tills/")
}

// atFirst gives the rules an account begins with.
func atFirst(account string) rules {
	switch {
	case strings.HasPrefix(account, "shops/") && strings.Contains(account, "/free "):
		return rules{limited: true}
	case strings.HasPrefix(account, "tills/"):
		return rules{limited: true, floor: -5000}
	case strings.HasPrefix(account, "purses/"):
		return rules{limited: true, capped: true, ceiling: 6000, speeds: []speed{
			{within: time.Hour, out: true, most: 3000},
			{within: 24 * time.Hour, out: true, number: true, most: 4},
			{within: 30 * 24 * time.Hour, most: 12000},
		}}
	}
	return rules{}
}

// unstoppable tells which facts no limit of an account stops.
func unstoppable(account, kind string) bool {
	return kind == "refund" && (strings.HasPrefix(account, "purses/") || strings.Contains(account, "/free "))
}
