package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// agreeWithHLedger lets hledger read the export, its assertions included, and
// compares its balances with ours.
func agreeWithHLedger(t *testing.T, config, summary string) {
	t.Helper()
	hledger, err := exec.LookPath("hledger")
	testneed.Need(t, "hledger", "apt-get install hledger", err == nil)
	journal := filepath.Join(t.TempDir(), "settlex.journal")
	succeed(t, "export", "--config", config, "--format", "hledger", "--out", journal)
	report := run(t, hledger, "-f", journal, "balance", "--flat", "--no-total", "--empty", "--layout=bare", "-O", "csv")
	compareBalances(t, config, summary, readBalances(t, plaintext.HLedger, report))
}

// agreeWithBeancount does the same with beancount.
func agreeWithBeancount(t *testing.T, config, summary string) {
	t.Helper()
	check, err := exec.LookPath("bean-check")
	testneed.Need(t, "beancount", "apt-get install beancount", err == nil)
	query, err := exec.LookPath("bean-query")
	testneed.Need(t, "beancount", "apt-get install beancount", err == nil)
	journal := filepath.Join(t.TempDir(), "settlex.beancount")
	succeed(t, "export", "--config", config, "--format", "beancount", "--out", journal)
	run(t, check, journal)
	report := run(t, query, "-f", "csv", journal, "SELECT account, currency, sum(number) AS balance GROUP BY account, currency")
	compareBalances(t, config, summary, readBalances(t, plaintext.Beancount, report))
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%s: %v\n%s", filepath.Base(program), err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// readBalances reads a report of accounts, currencies and balances: by path and
// currency, debits positive, zero left out.
func readBalances(t *testing.T, format plaintext.Format, report string) map[string]money.Amount {
	t.Helper()
	reader := csv.NewReader(strings.NewReader(report))
	reader.TrimLeadingSpace = true
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	balances := make(map[string]money.Amount)
	for _, row := range rows[1:] {
		_, path, err := plaintext.ParseAccountName(format, strings.TrimSpace(row[0]))
		if err != nil {
			t.Fatal(err)
		}
		currency := strings.TrimSpace(row[1])
		balance := csvRow{"currency": currency, "balance": strings.TrimSpace(row[2])}.amount(t, "balance")
		if !balance.IsZero() {
			balances[path+" "+currency] = balance
		}
	}
	return balances
}

// compareBalances holds what another program makes of the journal against what
// balances prints, and against the trial balance of the demo's summary.
func compareBalances(t *testing.T, config, summary string, theirs map[string]money.Amount) {
	t.Helper()
	var ours []balanceJSON
	if err := json.Unmarshal([]byte(succeed(t, "balances", "--config", config, "--json")), &ours); err != nil {
		t.Fatal(err)
	}
	want := make(map[string]money.Amount)
	for _, b := range ours {
		for account, figure := range map[string]string{"available": b.Available, "pending": b.Pending, "reserve/rolling": b.Reserved} {
			amount := csvRow{"currency": b.Currency, "x": figure}.amount(t, "x")
			if !amount.IsZero() {
				want["merchants/"+b.Merchant+"/"+account+" "+b.Currency] = amount.Neg() // what we owe is a credit
			}
		}
	}
	got := maps.Clone(theirs)
	maps.DeleteFunc(got, func(account string, _ money.Amount) bool {
		return !strings.HasPrefix(account, "merchants/") || strings.Contains(account, "/payouts ")
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("balances (-ours +theirs):\n%s", diff)
	}
	for _, code := range []string{"BDT", "INR", "PKR"} {
		c := money.MustCurrency(code)
		var debits, credits money.Amount
		for _, account := range slices.Sorted(maps.Keys(theirs)) {
			switch balance := theirs[account]; {
			case !strings.HasSuffix(account, " "+code):
			case balance.Sign() > 0:
				debits = plus(t, debits, balance)
			default:
				credits = plus(t, credits, balance.Neg())
			}
		}
		line := regexp.MustCompile(code + ` +debits +` + regexp.QuoteMeta(figure(c, debits)) + ` +credits +` + regexp.QuoteMeta(figure(c, credits)) + `\n`)
		if !line.MatchString(summary) {
			t.Errorf("they have debits of %s %s and credits of %s; the summary says\n%s", code, figure(c, debits), figure(c, credits), summary)
		}
	}
}
