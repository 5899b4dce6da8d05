package plaintext_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

func ExampleWrite() {
	err := inNewBooks(func(ctx context.Context, books *ledger.Ledger) error {
		inr := money.MustCurrency("INR")
		_, err := books.Post(ctx, ledger.Entry{
			Key: "dep_1/captured", Kind: "deposit.captured", ValueDate: calendar.MustDate("2026-03-01"),
			Postings: []ledger.Posting{
				ledger.Dr("bank/main", money.Minor(50_000), inr), ledger.Cr("merchants/m_1/pending", money.Minor(50_000), inr),
			},
		})
		if err != nil {
			return err
		}
		return books.Read(ctx, func(r ledger.Reader) error {
			var file strings.Builder
			summary, err := plaintext.Write(ctx, &file, plaintext.HLedger, r, books.Chart())
			_, accounts, _ := strings.Cut(file.String(), "INR\n") // behind the preamble
			fmt.Printf("%d entry, %d accounts\n%s", summary.Entries, summary.Accounts, accounts)
			return err
		})
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 entry, 2 accounts
	//
	// account bank:main  ; type:A
	// account merchants:m_1:pending  ; type:L
	//
	// 2026-03-01 * deposit.captured
	//     ; key:dep_1/captured
	//     ; kind:deposit.captured
	//     ; lane:0
	//     ; seq:1
	//     ; booked_at:2026-03-02T04:30:00.000000Z
	//     bank:main                                                     500.00 INR
	//     merchants:m_1:pending                                        -500.00 INR
	//
	// 2026-03-01 * balance
	//     bank:main                                                       0.00 INR = 500.00 INR
	// 2026-03-01 * balance
	//     merchants:m_1:pending                                           0.00 INR = -500.00 INR
}

// inNewBooks runs fn on a ledger of its own, which is gone afterwards.
func inNewBooks(fn func(context.Context, *ledger.Ledger) error) (err error) {
	dir, err := os.MkdirTemp("", "plaintext")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := bolt.Open(filepath.Join(dir, "ledger.db"), bolt.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank/{account}", Type: ledger.Asset},
		ledger.Pattern{Path: "merchants/{m}/pending", Type: ledger.Liability},
	)
	if err != nil {
		return err
	}
	clock := func() time.Time { return time.Date(2026, time.March, 2, 4, 30, 0, 0, time.UTC) }
	books, err := ledger.New(store, ledger.Config{Chart: chart, Clock: clock})
	if err != nil {
		return err
	}
	return fn(context.Background(), books)
}

func ExampleAccountName() {
	for _, f := range []plaintext.Format{plaintext.HLedger, plaintext.Beancount} {
		name, err := plaintext.AccountName(f, ledger.Liability, "merchants/m_1/available")
		fmt.Println(name, err)
	}
	// Output:
	// merchants:m_1:available <nil>
	// Liabilities:Merchants:M-1:Available <nil>
}
