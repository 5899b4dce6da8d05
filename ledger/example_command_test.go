package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
)

// sweep pays a merchant everything that is available, whatever that is at the
// moment it is decided. A refused one burns no key: it is tried again tomorrow.
type sweep struct {
	merchant, day string
	paid          ledger.Result
}

// At says that the sweep bears the present instant.
func (w *sweep) At() time.Time { return time.Time{} }

// Need declares what the sweep touches.
func (w *sweep) Need(_ *ledger.State, n *ledger.Need) {
	n.Key(w.key())
	n.Account(ledger.AccountID{Path: w.merchant, Currency: inr()})
	n.Account(ledger.AccountID{Path: "bank", Currency: inr()})
}

// Apply decides: it reads the state and books through it.
func (w *sweep) Apply(s *ledger.State) error {
	account, _ := s.Account(ledger.AccountID{Path: w.merchant, Currency: inr()})
	available, err := account.Available()
	if err != nil {
		return err
	}
	if available.Sign() <= 0 {
		return fmt.Errorf("sweep %s: nothing is available", w.merchant)
	}
	w.paid, err = s.Book(ledger.Entry{Key: w.key(), Kind: "sweep", Postings: []ledger.Posting{
		ledger.Dr(w.merchant, available, inr()),
		ledger.Cr("bank", available, inr()),
	}})
	return err
}

func (w *sweep) key() string { return "sweep/" + w.merchant + "/" + w.day }

// A rule that looks at the books before it decides is a command. Nothing can
// come between what it reads and what it books.
func ExampleCommand() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	w := &sweep{merchant: "merchants/asha", day: "2026-03-02"}
	if err := books.Do(ctx, w); err != nil {
		panic(err)
	}
	fmt.Println(w.paid.Key, inr().Format(w.paid.Postings[0].Amount))
	// Output: sweep/merchants/asha/2026-03-02 392.60
}

// Commands are tried without a trace: each sees what those before it did, and
// nothing is written.
func ExampleLedger_DryRun() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	must(books.Post(ctx, paid("order-1", "400.00", "7.40")))

	err := books.DryRun(ctx, func(apply func(...ledger.Command) ([]error, error)) error {
		errs, err := apply(
			&sweep{merchant: "merchants/asha", day: "2026-03-02"},
			&sweep{merchant: "merchants/asha", day: "2026-03-03"})
		for _, err := range errs {
			fmt.Println("would give:", err)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	books.show("merchants/asha")
	// Output:
	// would give: <nil>
	// would give: sweep merchants/asha: nothing is available
	// merchants/asha: posted 392.60, held 0.00, available 392.60
}
