package plaintext_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// story is a ledger small enough to read.
func story() []ledger.Entry {
	inr, jpy, kwd := money.MustCurrency("INR"), money.MustCurrency("JPY"), money.MustCurrency("KWD")
	on := calendar.MustDate
	return []ledger.Entry{
		{
			Key: "dep_1/captured", Kind: "deposit.captured", Reference: "order-17", ValueDate: on("2026-02-27"),
			Metadata: []ledger.Attribute{{Name: "order-id", Value: "17"}, {Name: "region", Value: "IN"}},
			Postings: []ledger.Posting{
				ledger.Dr("bank/main", money.Minor(100_000), inr), ledger.Cr("merchants/m_1/available", money.Minor(100_000), inr),
			},
		},
		{
			Key: "dep_1/fee", Kind: "deposit.fee", PartOf: "dep_1/captured", ValueDate: on("2026-02-27"),
			Postings: []ledger.Posting{
				ledger.Dr("merchants/m_1/available", money.Minor(2183), inr),
				ledger.Cr("income/processing_fee", money.Minor(1850), inr), ledger.Cr("tax/GST", money.Minor(333), inr),
			},
		},
		{ // breaches the floor, is backdated before the first entry, and its text is of the worst kind
			Key: "ref_1/\"created\"; key:x", Kind: "refund", Reference: "50% off,\n2026-01-01 * forged", ValueDate: on("2026-02-26"),
			Metadata: []ledger.Attribute{{Name: "মন্তব্য", Value: " \u202egnp "}, {Name: "key", Value: ""}},
			Postings: []ledger.Posting{
				ledger.Dr("merchants/m_1/available", money.Minor(100_000), inr), ledger.Cr("bank/main", money.Minor(100_000), inr),
			},
		},
		{ // two currencies, two postings on one account, accounts below accounts
			Key: "capital", Kind: "capital paid in", ValueDate: on("2026-03-01"),
			Postings: []ledger.Posting{
				ledger.Dr("bank", money.Minor(500_000), jpy), ledger.Dr("bank/main/float", money.Minor(7), jpy),
				ledger.Dr("bank/main-2", money.Minor(1234), kwd),
				ledger.Cr("capital/X.Ray", money.Minor(500_000), jpy), ledger.Cr("capital/X.Ray", money.Minor(7), jpy),
				ledger.Cr("capital/X.Ray", money.Minor(1234), kwd),
			},
		},
		{
			Key: "rent", Kind: "bank charge", ValueDate: on("2026-02-28"),
			Postings: []ledger.Posting{ledger.Dr("bank-fees", money.Minor(12), jpy), ledger.Cr("bank/main/float", money.Minor(12), jpy)},
		},
	}
}

// hold books what is no entry: money set aside, and a closed period.
func hold(t testing.TB, books *ledger.Ledger) {
	t.Helper()
	inr := money.MustCurrency("INR")
	if _, err := books.Hold(t.Context(), ledger.Hold{Key: "h", Kind: "auth", Postings: []ledger.Posting{
		ledger.Dr("bank", money.Minor(500), inr), ledger.Cr("merchants/a/available", money.Minor(500), inr),
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := books.ChangePeriod(t.Context(), ledger.PeriodChange{Key: "p", Through: calendar.MustDate("2026-02-28")}); err != nil {
		t.Fatal(err)
	}
}

// settle captures a part of the hold, takes it back, and is refused once: the
// export has the two entries.
func settle(t testing.TB, books *ledger.Ledger) {
	t.Helper()
	inr := money.MustCurrency("INR")
	outcomes, err := books.Execute(t.Context(), ledger.Independent,
		ledger.Capture{Key: "c", Hold: "h", Kind: "capture", Final: true, Postings: []ledger.Posting{
			ledger.Dr("bank", money.Minor(300), inr), ledger.Cr("merchants/a/available", money.Minor(300), inr),
		}},
		ledger.Reversal{Key: "r", Of: "c", Kind: "mistake", ValueDate: calendar.MustDate("2026-03-01"), All: true},
		ledger.Release{Key: "late", Hold: "h"},
		ledger.AccountChange{Key: "a", Account: "bank-fees", Currency: inr, Status: ledger.Frozen})
	if err != nil {
		t.Fatal(err)
	}
	for i, wanted := range []error{nil, nil, ledger.ErrHoldCaptured, nil} {
		if !errors.Is(outcomes[i].Err, wanted) {
			t.Fatalf("request %d: %v", i, outcomes[i].Err)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	books := booked(t, chart(t), story()...)
	empty := booked(t, chart(t))
	held, captured := booked(t, chart(t)), booked(t, chart(t))
	hold(t, held)
	hold(t, captured)
	settle(t, captured)
	tests := []struct {
		name    string
		books   *ledger.Ledger
		summary plaintext.Summary
	}{
		{"story", books, plaintext.Summary{
			Entries: 5, Postings: 15, Accounts: 10, First: calendar.MustDate("2026-02-26"), Last: calendar.MustDate("2026-03-01"),
		}},
		{"empty", empty, plaintext.Summary{}},
		{"held", held, plaintext.Summary{}},
		{"captured", captured, plaintext.Summary{
			Entries: 2, Postings: 4, Accounts: 3, First: calendar.MustDate("2026-03-01"), Last: calendar.MustDate("2026-03-02"),
		}},
	}
	for _, test := range tests {
		for f, ext := range map[plaintext.Format]string{plaintext.HLedger: ".journal", plaintext.Beancount: ".beancount"} {
			t.Run(test.name+ext, func(t *testing.T) {
				t.Parallel()
				got, summary := export(t, f, test.books)
				if diff := cmp.Diff(test.summary, summary); diff != "" {
					t.Errorf("summary (-want +got):\n%s", diff)
				}
				if again, _ := export(t, f, test.books); again != got {
					t.Errorf("the second export differs (-first +second):\n%s", cmp.Diff(got, again))
				}
				file := filepath.Join("testdata", test.name+ext)
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
}
