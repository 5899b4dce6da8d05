package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Accounts of the edge cases.
const (
	edgeBank      = "bank"                   // asset, no limits
	edgeDrawer    = "drawers/d1"             // asset, may be overdrawn by 50.00
	edgeAvailable = "merchants/m1/available" // liability, floor 0; refunds may breach it
	edgePending   = "merchants/m1/pending"   // liability, no limits
	edgeOther     = "merchants/m2/available" //
	edgeCapped    = "wallets/w1"             // liability, floor 0, ceiling 100.00; returns may breach it
	edgeFast      = "cards/c1"               // liability, 24h out 100.00, 1h out 3 times
	edgeSales     = "sales"                  // income, no limits
)

func edgeINR() money.Currency { return money.MustCurrency("INR") }
func edgePKR() money.Currency { return money.MustCurrency("PKR") }

func edgeDay(s string) calendar.Date { return calendar.MustDate(s) }

func edgeChart(t testing.TB) *ledger.Chart {
	t.Helper()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "banks/{b}", Type: ledger.Asset},
		ledger.Pattern{Path: "drawers/{d}", Type: ledger.Asset, Limited: true, Floor: money.Minor(-5000)},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
		ledger.Pattern{Path: "merchants/{m}/pending", Type: ledger.Liability},
		ledger.Pattern{Path: "wallets/{w}", Type: ledger.Liability, Limited: true, Capped: true, Ceiling: money.Minor(10000), MayBreach: []string{"return"}},
		ledger.Pattern{Path: "cards/{c}", Type: ledger.Liability, Velocity: []ledger.Velocity{
			{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(10000)},
			{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Count, Max: money.Minor(3)},
		}},
		ledger.Pattern{Path: "sales", Type: ledger.Income},
	)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// edgeClock is a clock that goes where it is told to.
type edgeClock struct{ micros atomic.Int64 }

func (c *edgeClock) now() time.Time                  { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *edgeClock) set(at time.Time)                { c.micros.Store(at.UnixMicro()) }
func (c *edgeClock) pass(d time.Duration)            { c.micros.Add(d.Microseconds()) }
func (c *edgeClock) after(d time.Duration) time.Time { return c.now().Add(d) }

// edgeBooks are the books of one test with what the tests ask of them.
type edgeBooks struct {
	*ledger.Ledger
	t      *testing.T
	h      Harness
	store  ledger.Store
	clock  *edgeClock
	opened int
}

// edgeOpen opens books that are verified when the test ends. Their clock stands
// still at noon until it is moved.
func edgeOpen(t *testing.T, h Harness) *edgeBooks {
	t.Helper()
	b := &edgeBooks{t: t, h: h, clock: &edgeClock{}, store: h.Open(t)}
	b.clock.set(noon())
	b.restart()
	return b
}

// run is a part of a test, with books of its own.
func (b *edgeBooks) run(name string, fn func(*edgeBooks)) {
	b.t.Helper()
	b.t.Run(name, func(t *testing.T) { t.Parallel(); fn(edgeOpen(t, b.h)) })
}

// restart makes a new ledger on the store there is.
func (b *edgeBooks) restart() {
	b.t.Helper()
	b.opened++
	b.Ledger = b.on(b.store)
	opened := b.opened
	b.t.Cleanup(func() {
		if opened == b.opened {
			b.verify()
		}
	})
}

// reopen closes the store and opens what it holds again, if it can.
func (b *edgeBooks) reopen() {
	b.t.Helper()
	b.verify()
	if b.h.Reopen != nil {
		b.store = b.h.Reopen(b.t, b.store)
	}
	b.restart()
}

// on keeps the same books through another store.
func (b *edgeBooks) on(store ledger.Store) *ledger.Ledger {
	b.t.Helper()
	return books(b.t, store, ledger.Config{Chart: edgeChart(b.t), Clock: b.clock.now})
}

func (b *edgeBooks) verify() {
	b.t.Helper()
	v, err := b.Verify(context.Background()) // the test's own context may be over
	if err != nil {
		b.t.Errorf("verify: %v", err)
		return
	}
	for _, finding := range v.Findings {
		b.t.Errorf("verify: %s", finding)
	}
}

// seen is everything that can be read of the books, as text.
func (b *edgeBooks) seen() string {
	b.t.Helper()
	var text strings.Builder
	err := b.Read(b.t.Context(), func(r ledger.Reader) error {
		head, err := ledger.Together(b.t.Context(), r)
		fmt.Fprintf(&text, "%+v\n", head)
		if err != nil {
			return err
		}
		return edgeStanding(b.t.Context(), r, &text)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return text.String()
}

// standing is seen without the journal: what no refused request changes.
func (b *edgeBooks) standing() string {
	b.t.Helper()
	_, text, _ := strings.Cut(b.seen(), "\n")
	return text
}

func edgeStanding(ctx context.Context, r ledger.Reader, text *strings.Builder) error {
	for account, err := range r.Accounts(ctx, "") {
		if err != nil {
			return err
		}
		a := &account
		fmt.Fprintf(text, "%s: no %d, %s, %s, opened %s, %+v in %d holds, limits %+v of %d, counted %v, %v\n", a.AccountID, a.No, a.Type, a.Status,
			a.Opened.Format(time.RFC3339Nano), a.Balance, a.Holds, a.Limits, a.LimitsSeq, a.Counters, a.Metadata)
	}
	for _, kind := range []string{ledger.HoldRecord, ledger.ExpiryRecord, ledger.ReversalRecord} {
		for record, err := range r.Records(ctx, kind, "", "") {
			if err != nil {
				return err
			}
			fmt.Fprintf(text, "%+v\n", record)
		}
	}
	return nil
}

// items are the journal's items from seq on.
func (b *edgeBooks) items(seq uint64) []*ledger.Booked {
	b.t.Helper()
	var items []*ledger.Booked
	err := b.Read(b.t.Context(), func(r ledger.Reader) error {
		for item, err := range r.Items(b.t.Context(), 0, seq) {
			if err != nil {
				return err
			}
			items = append(items, item)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return items
}

func (b *edgeBooks) seq() uint64 {
	b.t.Helper()
	return b.head().Seq
}

func (b *edgeBooks) head() (head ledger.Head) {
	b.t.Helper()
	err := b.Read(b.t.Context(), func(r ledger.Reader) (err error) {
		head, err = ledger.Together(b.t.Context(), r)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return head
}

// edgeID is an account in INR.
func edgeID(path string) ledger.AccountID { return ledger.AccountID{Path: path, Currency: edgeINR()} }

func edgeDr(path string, minor int64) ledger.Posting {
	return ledger.Dr(path, money.Minor(minor), edgeINR())
}
func edgeCr(path string, minor int64) ledger.Posting {
	return ledger.Cr(path, money.Minor(minor), edgeINR())
}

// edgeEntry is an entry of the kind "transfer".
func edgeEntry(key string, postings ...ledger.Posting) ledger.Entry {
	return ledger.Entry{Key: key, Kind: "transfer", Postings: postings}
}

// edgePay moves money from one account to another.
func edgePay(key, debit, credit string, minor int64) ledger.Entry {
	return edgeEntry(key, edgeDr(debit, minor), edgeCr(credit, minor))
}

// edgeFund brings a merchant money.
func edgeFund(key string, minor int64) ledger.Entry {
	return edgePay(key, edgeBank, edgeAvailable, minor)
}

// edgeHold sets a merchant's money aside.
func edgeHold(key string, minor int64) ledger.Hold {
	return ledger.Hold{Key: key, Kind: "payout", Postings: []ledger.Posting{edgeDr(edgeAvailable, minor), edgeCr(edgeBank, minor)}}
}

// edgeKeyOf is the key of a request.
func edgeKeyOf(r ledger.Request) string {
	switch r := r.(type) {
	case ledger.Entry:
		return r.Key
	case ledger.Hold:
		return r.Key
	case ledger.Capture:
		return r.Key
	case ledger.Release:
		return r.Key
	case ledger.Reversal:
		return r.Key
	case ledger.AccountChange:
		return r.Key
	case ledger.PeriodChange:
		return r.Key
	}
	return ""
}
