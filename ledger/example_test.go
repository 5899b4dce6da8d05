package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// must keeps the examples short. A program handles its errors.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// scratch gives the examples a file of their own.
func scratch() (path string, remove func()) {
	dir := must(os.MkdirTemp("", "settlex"))
	return filepath.Join(dir, "ledger.db"), func() { _ = os.RemoveAll(dir) }
}

// Open a ledger, post an entry, read a balance.
func Example() {
	path, remove := scratch()
	defer remove()

	chart := must(ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income}))
	store := must(bolt.Open(path, bolt.Options{}))
	defer store.Close()
	books := must(ledger.New(store, ledger.Config{Chart: chart}))

	inr := money.MustCurrency("INR")
	amount := must(inr.Parse("400.00"))
	must(books.Post(context.Background(), ledger.Entry{
		Key:      "order-1/paid",
		Kind:     "sale",
		Postings: []ledger.Posting{ledger.Dr("cash", amount, inr), ledger.Cr("sales", amount, inr)},
	}))

	cash, _, err := books.Account(context.Background(), "cash", inr)
	if err != nil {
		panic(err)
	}
	fmt.Println(cash.AccountID, inr.Format(must(cash.Posted())))
	// Output: cash INR 400.00
}

// shop keeps the books of a small marketplace: money customers have paid is
// owed to the merchants, less a fee.
func shop() (books *ledger.Ledger, closeBooks func()) {
	path, remove := scratch()
	chart := must(ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "fees", Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{m}", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
	))
	store := must(bolt.Open(path, bolt.Options{}))
	books = must(ledger.New(store, ledger.Config{Chart: chart, Clock: func() time.Time {
		return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	}}))
	return books, func() { store.Close(); remove() }
}

func paid(order string, gross, fee int64) ledger.Entry {
	inr := money.MustCurrency("INR")
	return ledger.Entry{
		Key: order + "/paid", Kind: "sale", Reference: order, ValueDate: calendar.MustDate("2026-03-02"),
		Postings: []ledger.Posting{
			ledger.Dr("bank", money.Minor(gross), inr),
			ledger.Cr("merchants/asha", money.Minor(gross-fee), inr),
			ledger.Cr("fees", money.Minor(fee), inr),
		},
	}
}

func payout(key string, minor int64) ledger.Entry {
	inr := money.MustCurrency("INR")
	return ledger.Entry{Key: key, Kind: "payout", Postings: []ledger.Posting{
		ledger.Dr("merchants/asha", money.Minor(minor), inr),
		ledger.Cr("bank", money.Minor(minor), inr),
	}}
}

// A retry with the same key and content is harmless: it gets the first outcome.
func ExampleLedger_Post() {
	books, closeBooks := shop()
	defer closeBooks()

	for range 2 {
		for _, r := range must(books.Post(context.Background(), paid("order-1", 40000, 740), paid("order-2", 10000, 185))) {
			fmt.Println(r.Seq, r.Key, r.ValueDate, "replayed:", r.Replayed)
		}
	}
	// Output:
	// 1 order-1/paid 2026-03-02 replayed: false
	// 2 order-2/paid 2026-03-02 replayed: false
	// 1 order-1/paid 2026-03-02 replayed: true
	// 2 order-2/paid 2026-03-02 replayed: true
}

// Errors carry the figures, and sentinels to branch on.
func ExampleLedger_Post_errors() {
	books, closeBooks := shop()
	defer closeBooks()
	must(books.Post(context.Background(), paid("order-1", 40000, 740)))

	unbalanced := paid("order-2", 10000, 185)
	unbalanced.Postings[2].Amount = money.Minor(184)
	for _, e := range []ledger.Entry{
		unbalanced,
		paid("order-1", 50000, 740),
		payout("payout-1", 40000),
	} {
		_, err := books.Post(context.Background(), e)
		fmt.Println(err)

		var funds *ledger.FundsError
		switch {
		case errors.Is(err, ledger.ErrInvalid):
			fmt.Println("-> a bug of ours")
		case errors.Is(err, ledger.ErrKeyConflict):
			fmt.Println("-> somebody else's key")
		case errors.As(err, &funds):
			fmt.Println("-> try with", funds.Account.Currency.Format(funds.Available))
		}
	}
	// Output:
	// entry "order-2/paid": entry does not balance: INR debits 100.00, credits 99.99
	// -> a bug of ours
	// key "order-1/paid" was used for another entry (seq 1): posting 0 was "debit bank INR 400.00", is now "debit bank INR 500.00"
	// -> somebody else's key
	// entry "payout-1": insufficient funds: merchants/asha has INR 392.60 available, the entry takes 400.00, the floor is 0.00
	// -> try with 392.60
}

// A statement lists every movement of an account with its running balance.
func ExampleLedger_Statement() {
	books, closeBooks := shop()
	defer closeBooks()
	must(books.Post(context.Background(), paid("order-1", 40000, 740), paid("order-2", 10000, 185), payout("payout-1", 45000)))

	inr := money.MustCurrency("INR")
	for line, err := range books.Statement(context.Background(), "merchants/asha", inr) {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-13s %7s %7s %7s\n", line.Entry.Key, inr.Format(line.Debit), inr.Format(line.Credit), inr.Format(line.Balance))
	}
	// Output:
	// order-1/paid     0.00  392.60  392.60
	// order-2/paid     0.00   98.15  490.75
	// payout-1       450.00    0.00   40.75
}

// The trial balance of sound books is zero in every currency.
func ExampleLedger_TrialBalance() {
	books, closeBooks := shop()
	defer closeBooks()
	must(books.Post(context.Background(), paid("order-1", 40000, 740), payout("payout-1", 30000)))

	trial := must(books.TrialBalance(context.Background()))
	for _, row := range trial.Rows {
		c := row.Account.Currency
		fmt.Printf("%-18s %7s %7s\n", row.Account.AccountID, c.Format(row.Debit), c.Format(row.Credit))
	}
	fmt.Println("balanced:", trial.Balanced())
	// Output:
	// bank INR            100.00    0.00
	// fees INR              0.00    7.40
	// merchants/asha INR    0.00   92.60
	// balanced: true
}

// wish is a command that books entries. Rooms above the ledger write their
// own, which also read and put records.
type wish struct{ entries []ledger.Entry }

func (w *wish) At() time.Time { return time.Time{} } // now

func (w *wish) Need(_ *ledger.State, n *ledger.Need) {
	for i := range w.entries {
		n.Entry(&w.entries[i])
	}
}

func (w *wish) Apply(s *ledger.State) error {
	for _, e := range w.entries {
		if _, err := s.Book(e); err != nil {
			return err
		}
	}
	return nil
}

// A dry run decides as the real run would, and writes nothing.
func ExampleLedger_DryRun() {
	books, closeBooks := shop()
	defer closeBooks()
	must(books.Post(context.Background(), paid("order-1", 40000, 740)))

	err := books.DryRun(context.Background(), func(apply func(...ledger.Command) ([]error, error)) error {
		errs, err := apply(
			&wish{[]ledger.Entry{payout("payout-1", 30000)}},
			&wish{[]ledger.Entry{payout("payout-2", 30000)}})
		for i, err := range errs {
			fmt.Println("payout", i+1, "would give:", err)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	_, there, err := books.Entry(context.Background(), "payout-1")
	fmt.Println("payout 1 is booked:", there, err)
	// Output:
	// payout 1 would give: <nil>
	// payout 2 would give: entry "payout-2": insufficient funds: merchants/asha has INR 92.60 available, the entry takes 300.00, the floor is 0.00
	// payout 1 is booked: false <nil>
}

// Verify re-derives everything from the journal.
func ExampleLedger_Verify() {
	books, closeBooks := shop()
	defer closeBooks()
	must(books.Post(context.Background(), paid("order-1", 40000, 740)))

	v := must(books.Verify(context.Background()))
	fmt.Printf("%d entry in %d block on %d accounts: %v\n", v.Entries, v.Blocks, v.Accounts, v.Err())
	// Output: 1 entry in 1 block on 3 accounts: <nil>
}
