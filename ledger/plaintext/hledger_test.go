package plaintext_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
)

func TestHLedgerAgrees(t *testing.T) {
	t.Parallel()
	hledger := peer(t, "hledger", "hledger")
	for name, books := range ledgers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := export(t, plaintext.HLedger, books)
			file := save(t, "books.journal", text)
			if stdout, stderr, err := hledger("check", "--strict", "-f", file); err != nil || stdout+stderr != "" {
				t.Fatalf("hledger check: %v\n%s%s", err, stdout, stderr)
			}
			stdout, stderr, err := hledger("balance", "--flat", "--no-total", "--empty", "--layout=bare", "--output-format=csv", "-f", file)
			if err != nil {
				t.Fatalf("hledger balance: %v\n%s", err, stderr)
			}
			got := figures{}
			for _, row := range rows(t, stdout) {
				_, path, err := plaintext.ParseAccountName(plaintext.HLedger, row[0])
				if err != nil {
					t.Fatal(err)
				}
				if row[1] != "" { // no currency: nothing but zeros
					got.put(t, path, row[1], row[2])
				}
			}
			if diff := cmp.Diff(ours(t, books), got); diff != "" {
				t.Errorf("balances (-ours +hledger's):\n%s", diff)
			}
		})
	}
}

// TestHLedgerReadsEverything has hledger parse the file, and finds every field
// of every entry in what it read.
func TestHLedgerReadsEverything(t *testing.T) {
	t.Parallel()
	hledger := peer(t, "hledger", "hledger")
	books := random(t, 8, 400)
	text, _ := export(t, plaintext.HLedger, books)
	stdout, stderr, err := hledger("print", "--output-format=json", "-f", save(t, "books.journal", text))
	if err != nil {
		t.Fatalf("hledger print: %v\n%s", err, stderr)
	}
	var transactions []struct {
		Date     string      `json:"tdate"`
		Text     string      `json:"tdescription"`
		Tags     [][2]string `json:"ttags"`
		Postings []struct {
			Account string `json:"paccount"`
			Amount  []struct {
				Currency string `json:"acommodity"`
				Quantity struct {
					Mantissa json.Number `json:"decimalMantissa"`
					Places   int         `json:"decimalPlaces"`
				} `json:"aquantity"`
			} `json:"pamount"`
		} `json:"tpostings"`
	}
	if err := json.Unmarshal([]byte(stdout), &transactions); err != nil {
		t.Fatal(err)
	}
	var got []ledger.Booked
	for _, x := range transactions {
		if len(x.Tags) == 0 {
			continue // an assertion
		}
		b := ledger.Booked{}
		for _, tag := range x.Tags {
			takeField(t, &b, tag[0], tag[1])
		}
		if want := plaintext.EscapeText(plaintext.HLedger, b.Kind); x.Text != want {
			t.Errorf("description %q, want %q", x.Text, want)
		}
		b.ValueDate = calendar.MustDate(x.Date)
		for _, p := range x.Postings {
			a := p.Amount[0]
			b.Postings = append(b.Postings, posting(t, plaintext.HLedger, p.Account, a.Currency,
				point(a.Quantity.Mantissa.String(), a.Quantity.Places)))
		}
		got = append(got, b)
	}
	compareEntries(t, books, got, false)
}

// point puts a decimal point in front of the last digits.
func point(mantissa string, places int) string {
	digits, negative := strings.CutPrefix(mantissa, "-")
	if places > 0 {
		digits = strings.Repeat("0", max(0, places+1-len(digits))) + digits
		digits = digits[:len(digits)-places] + "." + digits[len(digits)-places:]
	}
	if negative {
		return "-" + digits
	}
	return digits
}
