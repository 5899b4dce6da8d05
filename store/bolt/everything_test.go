package bolt_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// watch is a clock that a test sets.
type watch struct{ nano atomic.Int64 }

func newWatch() *watch {
	w := &watch{}
	w.nano.Store(noon().UnixNano())
	return w
}

func (w *watch) now() time.Time          { return time.Unix(0, w.nano.Load()).UTC() }
func (w *watch) advance(d time.Duration) { w.nano.Add(int64(d)) }

// everything books one of each kind of item there is, in blocks of one item and
// of several pages, and writes records of a room above:
//
//	1-2    sale s1 with a reference and metadata, payout p1
//	3-102  a block of several pages
//	103    a fee with two postings on each account
//	104-   limits, holds in every state, reversals, a closed day, frozen keys
//
// So bank is account 1, the merchant's 2, sales 3.
func everything(t testing.TB, books *ledger.Ledger, clock *watch, sold int64) {
	t.Helper()
	first := sale("s1", sold)
	first.Reference, first.Metadata = "order-1", []ledger.Attribute{{Name: "channel", Value: "web"}}
	mustPost(t, books, first, payout("p1", 200))
	mustPost(t, books, many(100, "m")...)
	fee := transfer("f1", "fee", available, sales, 3)
	fee.Postings = append(fee.Postings, fee.Postings...) // twice on each account
	mustPost(t, books, fee)
	mustDo(t, books, put(known("m1", "Asha"), known("m2", "Bilal")))
	limits := ledger.Limits{Limited: true, Capped: true, Ceiling: money.Minor(1_000_000), Velocity: []ledger.Velocity{
		{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(10_000)},
		{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(1_000)},
	}}
	earlier := transfer("b1", "sale", bank, available, 7)
	earlier.ValueDate = march(1)
	mustExecute(t, books,
		ledger.AccountChange{Key: "limits", Account: available, Currency: inr(), Limits: &limits, Metadata: []ledger.Attribute{{Name: "owner", Value: "Asha"}}},
		ledger.AccountChange{Key: "freeze", Account: "merchants/m2/available", Currency: inr(), Status: ledger.Frozen},
		earlier,
		hold("h-open", 50, time.Time{}), hold("h-captured", 40, time.Time{}), hold("h-part", 30, noon().Add(48*time.Hour)),
		hold("h-released", 20, time.Time{}), hold("h-expired", 10, noon().Add(time.Hour)),
		ledger.Capture{Key: "c1", Hold: "h-captured", Kind: "capture", All: true},
		ledger.Capture{Key: "c2", Hold: "h-part", Kind: "capture", Postings: payout("", 12).Postings},
		ledger.Release{Key: "r1", Hold: "h-released"},
		ledger.Reversal{Key: "v1", Of: "p1", Kind: "reversal", ValueDate: march(2), All: true},
		ledger.Reversal{Key: "v2", Of: "s1", Kind: "reversal", ValueDate: march(2), Postings: payout("", 100).Postings},
		ledger.PeriodChange{Key: "close", Through: calendar.MustDate("2026-02-28")},
	)
	clock.advance(2 * time.Hour)
	if n, err := books.Expire(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("%d holds expired: %v", n, err)
	}
	for _, broke := range []string{"broke-1", "broke-2"} {
		if _, err := books.Post(t.Context(), payout(broke, 5_000)); err == nil {
			t.Fatal("an overdraft was booked")
		}
	}
	mustPost(t, books, sale("last", 1))
}

func march(day int) calendar.Date { return calendar.MustDate(fmt.Sprintf("2026-03-%02d", day)) }

func hold(key string, minor int64, expires time.Time) ledger.Hold {
	return ledger.Hold{Key: key, Kind: "payout", Expires: expires, Postings: payout("", minor).Postings}
}

func mustExecute(t testing.TB, books *ledger.Ledger, requests ...ledger.Request) {
	t.Helper()
	outcomes, err := books.Execute(t.Context(), ledger.Independent, requests...)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if o.Err != nil {
			t.Fatalf("request %d: %v", i, o.Err)
		}
	}
}

// damaged gives books of everything, which are sound. Nobody verifies them in
// the end, and their file is not fsynced.
func damaged(t testing.TB) *host {
	t.Helper()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	clock := newWatch()
	settings := config(t)
	settings.Clock = clock.now
	h.on(t, settings)
	everything(t, h.books, clock, 500)
	bolttest.Verify(t, h.books)
	return h
}

// flushed is damaged with more behind it, on accounts of its own, so that the
// indexes of items 1 to 121 lie in runs of several levels. A last tail is in no
// run yet.
func flushed(t testing.TB) *host {
	t.Helper()
	h := damaged(t)
	pile(t, h.books)
	bolttest.Verify(t, h.books)
	runs := listOfRuns(t, h)
	if len(runs) < 2 || runs[0].Level == 0 || runs[len(runs)-1].Last < 121 {
		t.Fatalf("runs are %+v", runs)
	}
	return h
}

// pile books some single entries between two batches, which make up for what
// was to be flushed and to be merged. No key is used twice.
func pile(t testing.TB, books *ledger.Ledger) {
	t.Helper()
	head, err := headOf(t.Context(), books)
	if err != nil {
		t.Fatal(err)
	}
	entries := many(60+45+150, fmt.Sprintf("pile-%d-", head.Seq))
	for i := range entries {
		entries[i].Postings = transfer("", "", bank, "merchants/m5/available", 1).Postings
	}
	mustPost(t, books, entries[:60]...)
	for _, e := range entries[60:105] {
		mustPost(t, books, e)
	}
	mustPost(t, books, entries[105:]...)
}

func headOf(ctx context.Context, books *ledger.Ledger) (head ledger.Head, err error) {
	err = books.Read(ctx, func(r ledger.Reader) error {
		head, err = ledger.Together(ctx, r)
		return err
	})
	return head, err
}

// on keeps other books on the host's store.
func (h *host) on(t testing.TB, settings ledger.Config) {
	t.Helper()
	books, err := ledger.New(h.store, settings)
	if err != nil {
		t.Fatal(err)
	}
	h.books = books
}
