package history_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/money"
)

// goldens are journals of other people's kind.
func goldens() []string { return []string{"household.journal", "club.beancount"} }

func openGolden(t *testing.T, name string) *history.Journal {
	t.Helper()
	j, err := history.Open(t.Context(), filepath.Join("testdata", name), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestGolden holds what becomes of two journals against what was read over.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range goldens() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := openGolden(t, name)
			books := fresh(t, j)
			booked, err := j.Book(t.Context(), books, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(t, j, books)
			if uint64(strings.Count(got, "\nentry ")) != booked.New || booked.New != j.Summary.Entries {
				t.Errorf("%+v of %d entries", booked, j.Summary.Entries)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// describe is everything that an import has put into a ledger.
func describe(t *testing.T, j *history.Journal, books *ledger.Ledger) string {
	t.Helper()
	var b strings.Builder
	for _, c := range j.Summary.Passed {
		fmt.Fprintf(&b, "passed %s: %d\n", c.What, c.Times)
	}
	for _, p := range j.Chart().Patterns() {
		fmt.Fprintf(&b, "chart %s %s\n", p.Path, p.Type)
	}
	trial, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(j.Summary.Totals, trial.Totals); diff != "" {
		t.Errorf("totals (-journal +ledger):\n%s", diff)
	}
	for _, row := range trial.Rows {
		net, err := row.Account.Net(ledger.Debit)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "account %s %s %s", row.Account.AccountID, row.Account.Type, row.Account.Currency.Format(net))
		for _, a := range row.Account.Metadata {
			fmt.Fprintf(&b, " %s=%q", a.Name, a.Value)
		}
		b.WriteString("\n")
	}
	for e, err := range books.Entries(t.Context(), ledger.EntryQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "entry %s %s\n", e.ValueDate, e.Key)
		fmt.Fprintf(&b, "  kind %q reference %q\n", e.Kind, e.Reference)
		for _, a := range e.Metadata {
			fmt.Fprintf(&b, "  %s=%q\n", a.Name, a.Value)
		}
		for _, p := range e.Postings {
			fmt.Fprintf(&b, "  %s %s %s %s\n", p.Side, p.Account, p.Currency.Format(p.Amount), p.Currency)
		}
	}
	return b.String()
}

// peer runs a program that others wrote and gives what it prints.
func peer(t *testing.T, name, debian string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	testneed.Need(t, name, "Debian package "+debian, err == nil)
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), path, args...)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LEDGER_FILE=")
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

// balances are those that are not zero, debits positive, by path and currency.
func balances(t *testing.T, books *ledger.Ledger) map[string]string {
	t.Helper()
	trial, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, row := range trial.Rows {
		net, err := row.Account.Net(ledger.Debit)
		if err != nil {
			t.Fatal(err)
		}
		if !net.IsZero() {
			out[row.Account.String()] = row.Account.Currency.Format(net)
		}
	}
	return out
}

// figuresOf reads rows of account, commodity and number.
func figuresOf(t *testing.T, text string, codes map[string]string) map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	out := make(map[string]string)
	for _, row := range rows[1:] {
		code := strings.TrimSpace(row[1])
		if mapped, ok := codes[code]; ok {
			code = mapped
		}
		figure := strings.NewReplacer(",", "", "Decimal('", "", "')", "").Replace(strings.TrimSpace(row[2]))
		if strings.Trim(figure, "-0.") == "" {
			continue
		}
		unsigned, negative := strings.CutPrefix(figure, "-")
		c := money.MustCurrency(code)
		amount, err := c.Parse(unsigned)
		if err != nil {
			t.Fatal(err)
		}
		if negative {
			amount = amount.Neg()
		}
		out[history.Path(strings.TrimSpace(row[0]))+" "+code] = c.Format(amount)
	}
	return out
}

// TestPeersAgree has the languages' own programs read the golden journals, and
// compares their balances with those of our ledger.
func TestPeersAgree(t *testing.T) {
	t.Parallel()
	for _, name := range goldens() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", name)
			var theirs map[string]string
			if strings.HasSuffix(name, ".journal") {
				theirs = figuresOf(t, peer(t, "hledger", "hledger", "-f", file, "balance", "--flat", "--no-total", "--layout=bare", "-O", "csv"),
					map[string]string{"₨": "PKR", "Euro Cash": "EUR", `"Euro Cash"`: "EUR"})
			} else {
				peer(t, "bean-check", "beancount", "--no-cache", file)
				theirs = figuresOf(t, peer(t, "bean-query", "beancount", "--format=csv", file,
					"SELECT account, currency, str(sum(number)) GROUP BY account, currency"), nil)
			}
			j := openGolden(t, name)
			books := fresh(t, j)
			if _, err := j.Book(t.Context(), books, nil); err != nil {
				t.Fatal(err)
			}
			ours := balances(t, books)
			if len(ours) == 0 {
				t.Error("there is nothing to compare")
			}
			if diff := cmp.Diff(ours, theirs); diff != "" {
				t.Errorf("balances (-ours +theirs):\n%s", diff)
			}
		})
	}
}
