package payment_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt"
)

// A deposit of 1,000.00 and a refund of a quarter of it, told twice.
func Example() {
	dir, err := os.MkdirTemp("", "settlex")
	if err == nil {
		err = errors.Join(book(context.Background(), filepath.Join(dir, "books.db")), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// deposit d1 booked before: false error: <nil>
	// refund r1 booked before: false error: <nil>
	// refund r1 booked before: true error: <nil>
	// refund r2 booked before: false error: amount: INR 750.01 is more than is left of the deposit: of deposit d1, 1000.00 was captured, 250.00 is refunded and 0.00 disputed
	// merchants/m1/pending 730.00
	// merchants/m1/available 5.00
}

func book(ctx context.Context, path string) error {
	store, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	chart, err := payment.Chart()
	if err != nil {
		return err
	}
	books, err := ledger.New(store, ledger.Config{Chart: chart})
	if err != nil {
		return err
	}

	inr := money.MustCurrency("INR")
	rules := &payment.Rules{
		CreateMerchants: true,
		Book: &merchant.Book{
			Regions: []merchant.Region{{ID: "IN", Currencies: []money.Currency{inr}, Bank: "escrow"}},
			Schedules: []merchant.Schedule{{ID: "daily", Version: "1", For: []merchant.Scope{{}}, Timing: calendar.Schedule{
				Zone: time.UTC, Cutoffs: []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}}, Delay: calendar.Delay{N: 1},
			}}},
		},
		Fees: fees.Table{{
			ID: "upi", Version: "1", Refund: fees.RefundReturnProRata,
			Components: []fees.Component{{Kind: "commission", Rate: money.MustRate("2%")}},
		}},
	}
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for _, event := range []payment.Event{
		{Kind: payment.DepositCaptured, ID: "d1", OccurredAt: noon, Merchant: "m1", Currency: inr, Amount: money.Minor(100000), Method: "UPI"},
		{Kind: payment.RefundCreated, ID: "r1", OccurredAt: noon.Add(time.Hour), Parent: "d1", ReasonCode: "returned", Currency: inr, Amount: money.Minor(25000)},
		{Kind: payment.RefundCreated, ID: "r1", OccurredAt: noon.Add(time.Hour), Parent: "d1", ReasonCode: "returned", Currency: inr, Amount: money.Minor(25000)},
		{Kind: payment.RefundCreated, ID: "r2", OccurredAt: noon.Add(time.Hour), Parent: "d1", ReasonCode: "returned", Currency: inr, Amount: money.Minor(75001)},
	} {
		h := &payment.Handle{Rules: rules, Event: event.Normalize()}
		err := books.Do(ctx, h)
		fmt.Println(event.Kind, event.ID, "booked before:", h.Repeated, "error:", err)
	}
	for _, path := range []string{payment.PendingPath("m1"), payment.AvailablePath("m1")} {
		account, _, err := books.Account(ctx, path, inr)
		if err != nil {
			return err
		}
		balance, err := account.Posted()
		if err != nil {
			return err
		}
		fmt.Println(path, inr.Format(balance))
	}
	return nil
}
