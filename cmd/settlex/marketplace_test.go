package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/money"
)

// Two thousand real payments of a Brazilian marketplace, settled T+1, in two
// sittings. The sums are those that the data's own page states.
func TestMarketplace(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("settles two years of a marketplace")
	}
	const data = "../../../shared/data/payments/brl-marketplace-2017.csv"
	_, err := os.Stat(data)
	testneed.Need(t, data, "it is laid beside the project in CI; its licence keeps it out of the project", err == nil)

	dir := t.TempDir()
	config, reports := filepath.Join(dir, "settlex.yaml"), filepath.Join(dir, "reports")
	succeed(t, "init", "--config", config, "--template", "../../config/testdata/marketplace-br.yaml")
	verifyAtEnd(t, config)
	do := func(want string, args ...string) {
		t.Helper()
		if got := succeed(t, append(args, "--config", config)...); got != want {
			t.Errorf("settlex %s: got %q, want %q", strings.Join(args, " "), got, want)
		}
	}
	do(data+": 2,263 events, 2,263 new, 0 booked before\n", "ingest", "--mapping", "olist", data)
	do(data+": 2,263 events, 0 new, 2,263 booked before\n", "ingest", "--mapping", "olist", data)

	// With the last month not settled yet, what is not in a batch is in the tail.
	succeed(t, "settle", "--through", "2017-11-30", "--config", config)
	succeed(t, "report", "--from", "2016-10-04", "--to", "2017-12-31", "--format", "csv", "--config", config)
	checkMarketplace(t, data, reports)
	if tail := len(readCSV(t, filepath.Join(reports, "settlex_tail_*.csv"))); tail < 100 {
		t.Errorf("the tail has %d rows, which is hardly December", tail)
	}

	succeed(t, "settle", "--through", "2017-12-31", "--config", config)
	succeed(t, "report", "--from", "2017-12-01", "--to", "2017-12-31", "--format", "csv", "--config", config)
	checkMarketplace(t, data, reports)
	shown := readSummary(t, succeed(t, "summary", "--config", config), money.MustCurrency("BRL"))
	if got := []money.Amount{shown["payments"][2], shown["refunds"][2]}; got[0] != money.Minor(337_545_42) || got[1] != money.Minor(-932_19) {
		t.Errorf("summary prints payments of %s and refunds of %s", got[0], got[1])
	}
	if tail := readCSV(t, filepath.Join(reports, "settlex_tail_*.csv")); len(tail) > 0 {
		t.Errorf("%d movements are in no batch, the first: %v", len(tail), tail[0])
	}
}

// checkMarketplace finds every deposit and refund in exactly one place, with
// its amount, and the sums.
func checkMarketplace(t *testing.T, data, reports string) {
	t.Helper()
	amounts := make(map[string]money.Amount) // what the file says, by id
	ids := make(map[string][]string)
	for _, row := range readCSV(t, data) {
		amounts[row["id"]] = row.amount(t, "amount")
		ids[row["kind"]] = append(ids[row["kind"]], row["id"])
	}
	checkOnce(t, reports, "deposit", ids["deposit"])
	checkOnce(t, reports, "refund", ids["refund"])

	sums := make(map[string]money.Amount)
	rows := append(readCSV(t, filepath.Join(reports, "settlex_itemised_*.csv")), readCSV(t, filepath.Join(reports, "settlex_tail_*.csv"))...)
	for _, row := range rows {
		gross := row.amount(t, "gross")
		switch row["type"] {
		case "deposit":
		case "refund":
			gross = gross.Neg()
		default:
			continue
		}
		if gross != amounts[row["source_id"]] {
			t.Errorf("%s %s has a gross of %s, the file says %s", row["type"], row["source_id"], gross, amounts[row["source_id"]])
		}
		sums[row["type"]] = plus(t, sums[row["type"]], gross)
	}
	brl := money.MustCurrency("BRL")
	got := fmt.Sprintf("deposits %s, refunds %s", brl.Format(sums["deposit"]), brl.Format(sums["refund"]))
	if want := "deposits 337545.42, refunds 932.19"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
