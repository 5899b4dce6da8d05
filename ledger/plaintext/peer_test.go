package plaintext_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// peer runs a program that others wrote; without it the test ends.
func peer(t *testing.T, name, debian string) func(args ...string) (stdout, stderr string, err error) {
	t.Helper()
	path, err := exec.LookPath(name)
	testneed.Need(t, name, "Debian package "+debian, err == nil)
	return func(args ...string) (string, string, error) {
		var stdout, stderr bytes.Buffer
		command := exec.CommandContext(t.Context(), path, args...)
		command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LEDGER_FILE=")
		command.Stdout, command.Stderr = &stdout, &stderr
		err := command.Run()
		return stdout.String(), stderr.String(), err
	}
}

func save(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// ledgers are what the programs must agree with us about.
func ledgers(t *testing.T) map[string]*ledger.Ledger {
	t.Helper()
	return map[string]*ledger.Ledger{
		"random": random(t, 7, 400),
		"story":  booked(t, chart(t), story()...),
		"empty":  booked(t, chart(t)),
	}
}

// figures are balances that are not zero, debits positive, by account and
// currency.
type figures map[ledger.AccountID]string

func (f figures) put(t *testing.T, path, code, decimal string) {
	t.Helper()
	amount := parseDecimal(t, code, decimal)
	if !amount.IsZero() {
		c := money.MustCurrency(code)
		f[ledger.AccountID{Path: path, Currency: c}] = c.Format(amount)
	}
}

func parseDecimal(t *testing.T, code, decimal string) money.Amount {
	t.Helper()
	figure, negative := strings.CutPrefix(strings.TrimSpace(decimal), "-")
	amount, err := money.MustCurrency(code).Parse(figure)
	if err != nil {
		t.Fatal(err)
	}
	if negative {
		amount = amount.Neg()
	}
	return amount
}

func ours(t *testing.T, books *ledger.Ledger) figures {
	t.Helper()
	out := figures{}
	_, accounts := journalOf(t, books)
	for _, a := range accounts {
		net, err := a.Net(ledger.Debit)
		if err != nil {
			t.Fatal(err)
		}
		out.put(t, a.Path, a.Currency.String(), a.Currency.Format(net))
	}
	return out
}

func rows(t *testing.T, text string) [][]string {
	t.Helper()
	if text == "" {
		return nil
	}
	out, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return out[1:] // behind the header
}

func posting(t *testing.T, f plaintext.Format, account, code, decimal string) ledger.Posting {
	t.Helper()
	_, path, err := plaintext.ParseAccountName(f, account)
	if err != nil {
		t.Fatal(err)
	}
	amount := parseDecimal(t, code, decimal)
	if amount.Sign() < 0 {
		return ledger.Cr(path, amount.Neg(), money.MustCurrency(code))
	}
	return ledger.Dr(path, amount, money.MustCurrency(code))
}

// takeField is how an importer would read a field back.
func takeField(t *testing.T, b *ledger.Booked, name, value string) {
	t.Helper()
	text, err := plaintext.UnescapeText(value)
	if err != nil {
		t.Fatal(err)
	}
	number := func() uint64 {
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	switch name {
	case "key":
		b.Key = text
	case "kind":
		b.Kind = text
	case "reference":
		b.Reference = text
	case "part_of":
		b.PartOf = text
	case "owner":
		b.Owner = text
	case "lane":
		b.Lane = uint16(number())
	case "seq":
		b.Seq = number()
	case "booked_at":
		if b.At, err = time.Parse(time.RFC3339, value); err != nil {
			t.Fatal(err)
		}
	case "breached":
		b.Breached = strings.EqualFold(value, "true")
	default:
		escaped, ok := strings.CutPrefix(name, "meta-")
		if !ok {
			t.Fatalf("a field %q appeared", name)
		}
		name, err := plaintext.UnescapeName(escaped)
		if err != nil {
			t.Fatal(err)
		}
		b.Metadata = append(b.Metadata, ledger.Attribute{Name: name, Value: text})
	}
}

// compareEntries compares what came back with the journal; emptyLost drops
// metadata of empty value from the journal. What an entry opened and its act
// are no part of the files.
func compareEntries(t *testing.T, books *ledger.Ledger, got []ledger.Booked, emptyLost bool) {
	t.Helper()
	slices.SortFunc(got, func(a, b ledger.Booked) int { return int(a.Seq) - int(b.Seq) })
	want, _ := journalOf(t, books)
	for i := range want {
		want[i].Act, want[i].Terms = 0, nil
		want[i].Metadata = slices.DeleteFunc(want[i].Metadata, func(a ledger.Attribute) bool { return emptyLost && a.Value == "" })
		if len(want[i].Metadata) == 0 {
			want[i].Metadata = nil
		}
	}
	for i := range got {
		slices.SortFunc(got[i].Metadata, func(a, b ledger.Attribute) int { return strings.Compare(a.Name, b.Name) })
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-journal +read back):\n%s", diff)
	}
}

// TestPeersFindOneMinorUnit changes one figure by one minor unit: a balance
// that is asserted, then a posting. A program that lets either pass would prove
// nothing.
func TestPeersFindOneMinorUnit(t *testing.T) {
	t.Parallel()
	hledger, check := peer(t, "hledger", "hledger"), peer(t, "bean-check", "beancount")
	books := booked(t, chart(t), story()...)
	tests := []struct {
		name    string
		f       plaintext.Format
		was, is string
	}{
		{"hledger balance", plaintext.HLedger, `= 21.83 INR`, `= 21.84 INR`},
		{"hledger balance of zero", plaintext.HLedger, `= 0.00 INR`, `= 0.01 INR`},
		{"hledger posting", plaintext.HLedger, `  -3.33 INR`, `  -3.34 INR`},
		{"hledger account left out", plaintext.HLedger, `account tax:GST`, `; account tax:GST`},
		{"beancount balance", plaintext.Beancount, `21.83 ~ 0 INR`, `21.84 ~ 0 INR`},
		{"beancount balance without decimals", plaintext.Beancount, `499995 ~ 0 JPY`, `499994 ~ 0 JPY`},
		{"beancount balance with three decimals", plaintext.Beancount, `1.234 ~ 0 KWD`, `1.235 ~ 0 KWD`},
		{"beancount posting", plaintext.Beancount, `  -3.33 INR`, `  -3.34 INR`},
		{"beancount account left out", plaintext.Beancount, `2026-02-26 open Liabilities:Tax`, `; Liabilities:Tax`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, _ := export(t, test.f, books)
			changed := regexp.MustCompile(regexp.QuoteMeta(test.was)).ReplaceAllString(text, test.is)
			if changed == text {
				t.Fatalf("there is no %q in:\n%s", test.was, text)
			}
			file := save(t, "books.txt", changed)
			run := func() (string, string, error) { return check("--no-cache", file) }
			if test.f == plaintext.HLedger {
				run = func() (string, string, error) { return hledger("check", "--strict", "-f", file) }
			}
			if stdout, stderr, err := run(); err == nil {
				t.Errorf("%s passed for %s:\n%s%s", test.is, test.was, stdout, stderr)
			}
		})
	}
}
