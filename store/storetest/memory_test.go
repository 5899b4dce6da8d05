package storetest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/storetest"
)

// TestMemory runs the suite on the plainest store there is: what fails here
// fails because of the ledger, or of the suite.
func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{
		Open: func(testing.TB) ledger.Store { return storetest.NewMemory() },
	})
}

// TestLanes: the ledger gives the same answers whatever the lanes of its store.
func TestLanes(t *testing.T) {
	t.Parallel()
	storetest.Lanes(t,
		func(testing.TB) ledger.Store { return storetest.NewMemory() },
		func(testing.TB) ledger.Store { return storetest.NewLanes(3) },
	)
}

// TestLanesAtOnce: clients at once are told what could have come of one request after the other, whatever the lanes.
func TestLanesAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Histories(t, storetest.Harness{
		Open: func(testing.TB) ledger.Store { return storetest.NewLanes(3) },
	})
}

// TestEventsInLanes: readers of events are promised the same, whatever the lanes.
func TestEventsInLanes(t *testing.T) {
	t.Parallel()
	storetest.Events(t, storetest.Harness{
		Open: func(testing.TB) ledger.Store { return storetest.NewLanes(3) },
	})
}

// What all lanes together hold of an account stays an amount, though each commit
// sees one lane: near the bound the account is looked at as a whole.
func TestLanesTogetherStayInBounds(t *testing.T) {
	t.Parallel()
	inr := money.MustCurrency("INR")
	figure := func(digits string) money.Amount {
		a, err := money.ParseMinor(digits)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	most, large := figure("89"+strings.Repeat("9", 36)), figure("6"+strings.Repeat("0", 37))
	for name, store := range map[string]ledger.Store{"one lane": storetest.NewMemory(), "several": storetest.NewLanes(3)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chart, err := ledger.NewChart(ledger.Pattern{Path: "{a}", Type: ledger.Asset})
			if err != nil {
				t.Fatal(err)
			}
			books, err := ledger.New(store, ledger.Config{Chart: chart})
			if err != nil {
				t.Fatal(err)
			}
			move := func(from, to string, amount money.Amount) []ledger.Posting {
				return []ledger.Posting{ledger.Dr(to, amount, inr), ledger.Cr(from, amount, inr)}
			}
			post := func(key string, amount money.Amount) error {
				_, err := books.Post(t.Context(), ledger.Entry{Key: key, Kind: "k", Postings: move("a", "b", amount)})
				return err
			}
			hold := func(key string, amount money.Amount) error {
				_, err := books.Hold(t.Context(), ledger.Hold{Key: key, Kind: "k", Postings: move("c", "d", amount)})
				return err
			}
			if err := errors.Join(post("most", most), hold("held", large)); err != nil {
				t.Fatal(err)
			}
			for range 4 { // whatever lane it is the turn of
				if err := hold("held again", large); !errors.Is(err, money.ErrOverflow) {
					t.Errorf("more than an amount held gives %v", err)
				}
				if err := post("beyond", large); !errors.Is(err, money.ErrOverflow) {
					t.Errorf("more than an amount gives %v", err)
				}
			}
			account, _, err := books.Account(t.Context(), "b", inr)
			if account.Debits != most || err != nil {
				t.Errorf("debits are %s, %v, want %s", account.Debits, err, most)
			}
			v, err := books.Verify(t.Context())
			if err != nil || v.Err() != nil {
				t.Errorf("verify: %v, %v", err, v.Err())
			}
		})
	}
}
