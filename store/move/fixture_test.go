package move_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt"
)

func inr() money.Currency { return money.MustCurrency("INR") }

// april is when all windows of the sample have closed.
func april() time.Time { return time.Date(2026, time.April, 5, 0, 0, 0, 0, time.UTC) }

// engine works on a store by the bundled configuration.
func engine(t testing.TB, store ledger.Store) *settlex.Engine {
	t.Helper()
	c, err := config.Parse("settlex.yaml", sample.ConfigYAML())
	if err != nil {
		t.Fatal(err)
	}
	e, err := settlex.New(t.Context(), settlex.Config{Store: store, Rules: c.Rules, Merchants: c.Merchants, Clock: april})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ingest books the bundled payments of the days up to a date.
func ingest(t testing.TB, e *settlex.Engine, through string) settlex.Ingested {
	t.Helper()
	var days bytes.Buffer
	for line := range bytes.Lines(sample.PaymentsCSV()) {
		if at := string(bytes.SplitN(line, []byte(","), 4)[2]); at == "occurred_at" || at[:len(through)] <= through {
			days.Write(line)
		}
	}
	rows := feed.Read(t.Context(), "payments.csv", &days, feed.Mapping{})
	taken, err := e.Ingest(t.Context(), rows, settlex.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// days fills a store with the first days of the bundled month, settled, and one of
// everything else a journal may hold.
func days(t testing.TB, store ledger.Store, through string) *settlex.Engine {
	t.Helper()
	e := engine(t, store)
	ingest(t, e, through)
	if _, err := e.Settle(t.Context(), calendar.MustDate(through), func(*settlement.Batch) {}); err != nil {
		t.Fatal(err)
	}
	everything(t, e.Books())
	return e
}

// everything books holds that are open, captured in part, released and expired,
// reversals, changes of accounts, a refusal and closed dates.
func everything(t testing.TB, books *ledger.Ledger) {
	t.Helper()
	const bank, shop = "bank/own", "merchants/shop/payouts"
	legs := func(debit, credit string, minor int64) []ledger.Posting {
		return []ledger.Posting{ledger.Dr(debit, money.Minor(minor), inr()), ledger.Cr(credit, money.Minor(minor), inr())}
	}
	hold := func(key string, minor int64, expires time.Time) ledger.Hold {
		return ledger.Hold{Key: key, Kind: "auth", Expires: expires, Postings: legs(shop, bank, minor)}
	}
	limits := ledger.Limits{Limited: true, Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(1_000_000)}}}
	requests := []ledger.Request{
		ledger.Entry{Key: "own-1", Kind: "own", Reference: "by hand", Postings: legs(bank, shop, 100_000), Metadata: []ledger.Attribute{{Name: "who", Value: "Asha"}}},
		ledger.AccountChange{Key: "own-2", Account: shop, Currency: inr(), Limits: &limits, Metadata: []ledger.Attribute{{Name: "tier", Value: "gold"}}},
		hold("open", 500, time.Time{}), hold("part", 400, april().Add(48*time.Hour)), hold("released", 300, time.Time{}),
		hold("expired", 200, april().Add(time.Millisecond)),
		ledger.Capture{Key: "own-3", Hold: "part", Kind: "capture", Postings: legs(shop, bank, 150)},
		ledger.Release{Key: "own-4", Hold: "released"},
		ledger.Reversal{Key: "own-5", Of: "own-1", Kind: "back", ValueDate: calendar.MustDate("2026-04-05"), Postings: legs(shop, bank, 50)},
		ledger.Entry{Key: "own-6", Kind: "own", Postings: legs(shop, bank, 900_000)}, // more than there is
		ledger.AccountChange{Key: "own-7", Account: shop, Currency: inr(), Status: ledger.Frozen},
		ledger.PeriodChange{Key: "own-8", Through: calendar.MustDate("2026-01-31"), Reference: "January"},
		ledger.PeriodChange{Key: "own-9", Reopen: true, Through: calendar.MustDate("2026-01-15")},
	}
	outcomes, err := books.Execute(t.Context(), ledger.Independent, requests...)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if refused := errors.Is(o.Err, ledger.ErrInsufficientFunds); o.Err != nil && (!refused || i != 9) {
			t.Fatalf("request %d: %v", i, o.Err)
		}
	}
	if n, err := books.Expire(t.Context(), 10); err != nil || n > 1 {
		t.Fatalf("%d holds expired: %v", n, err)
	}
}

// own is an entry of the host's.
func own(key string) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "own", Postings: []ledger.Posting{
		ledger.Dr("bank/own", money.Minor(1), inr()), ledger.Cr("merchants/shop/payouts", money.Minor(1), inr()),
	}}
}

// contents is everything that a store holds, to compare.
type contents struct {
	Heads    []ledger.Head
	Root     ledger.Hash
	Hashes   []ledger.Hash
	Accounts []ledger.Account
	Events   []*event.Event
	Records  map[string][]string // by kind, as JSON
}

func contentsOf(t testing.TB, store ledger.Store) contents {
	t.Helper()
	c := contents{Records: make(map[string][]string)}
	err := store.Read(context.WithoutCancel(t.Context()), func(r ledger.Reader) (err error) {
		if c.Heads, err = r.Heads(t.Context()); err != nil {
			return err
		}
		c.Heads = c.Heads[:1]
		c.Heads[0].NotBefore = time.Time{}
		if c.Root, err = ledger.Root(t.Context(), r, 0, c.Heads[0].Blocks); err != nil {
			return err
		}
		for block, err := range r.Blocks(t.Context(), 0, 1) {
			if err != nil {
				return err
			}
			c.Hashes = append(c.Hashes, block.Leaf())
		}
		for e, err := range r.Events(t.Context(), 0, 1) {
			if err != nil {
				return err
			}
			c.Events = append(c.Events, e)
		}
		for a, err := range r.Accounts(t.Context(), "") {
			if err != nil {
				return err
			}
			c.Accounts = append(c.Accounts, a)
		}
		for _, kind := range recordKinds(t) {
			for record, err := range r.Records(t.Context(), kind, "", "") {
				if err != nil {
					return err
				}
				text, err := json.Marshal(record)
				if err != nil {
					return err
				}
				c.Records[kind] = append(c.Records[kind], string(text))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// same wants two stores to hold the same.
func same(t testing.TB, want, have ledger.Store) {
	t.Helper()
	a, b := contentsOf(t, want), contentsOf(t, have)
	counters := cmp.Comparer(func(a, b ledger.Counter) bool {
		return a.Since == b.Since && a.Lane == b.Lane && cmp.Equal(a.Slots, b.Slots)
	})
	if diff := cmp.Diff(a, b, counters); diff != "" {
		t.Errorf("(-source +target):\n%s", diff)
	}
}

// openFile opens a bolt file until the test ends.
func openFile(t testing.TB, path string) *bolt.Store {
	t.Helper()
	store, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}
