package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// The cast of most tests: a platform that keeps merchants' money.
const (
	bank      = "bank"
	sales     = "sales"
	available = "merchants/m1/available" // limited to 0; refunds may breach it
	other     = "merchants/m2/available"
	pending   = "merchants/m1/pending" // not limited
	drawer    = "drawers/d1"           // an asset limited to -50.00
)

func inr() money.Currency { return money.MustCurrency("INR") }
func pkr() money.Currency { return money.MustCurrency("PKR") }

func chart(t testing.TB) *ledger.Chart {
	t.Helper()
	c, err := ledger.NewChart(
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: sales, Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
		ledger.Pattern{Path: "merchants/{m}/pending", Type: ledger.Liability},
		ledger.Pattern{Path: "drawers/{d}", Type: ledger.Asset, Limited: true, Floor: money.Minor(-5000)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noon is where the tests' clocks begin.
func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// open keeps books on a store, by a clock that stands still, and verifies them
// when the test ends.
func open(t testing.TB, store ledger.Store) *ledger.Ledger {
	t.Helper()
	return bolttest.On(t, store, stopped(t))
}

// stopped is a clock that always says noon: the ledger alone makes time go on.
func stopped(t testing.TB) ledger.Config {
	t.Helper()
	return ledger.Config{Chart: chart(t), Clock: noon}
}

// sale is bank to available.
func sale(key string, minor int64) ledger.Entry { return transfer(key, "sale", bank, available, minor) }

// transfer debits one account and credits the other, in INR.
func transfer(key, kind, debit, credit string, minor int64) ledger.Entry {
	return ledger.Entry{Key: key, Kind: kind, Postings: []ledger.Posting{
		ledger.Dr(debit, money.Minor(minor), inr()),
		ledger.Cr(credit, money.Minor(minor), inr()),
	}}
}

// limit is the largest amount there is.
func limit(t testing.TB) money.Amount {
	t.Helper()
	a, err := money.ParseMinor("99999999999999999999999999999999999999")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func date(s string) calendar.Date { return calendar.MustDate(s) }

func mustPost(t testing.TB, books *ledger.Ledger, entries ...ledger.Entry) []ledger.Result {
	t.Helper()
	results, err := books.Post(t.Context(), entries...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// posted reads a balance in INR as people read it.
func posted(t testing.TB, books *ledger.Ledger, path string) string {
	t.Helper()
	account, ok, err := books.Account(t.Context(), path, inr())
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "none"
	}
	amount, err := account.Posted()
	if err != nil {
		t.Fatal(err)
	}
	return inr().Format(amount)
}

func wantPosted(t testing.TB, books *ledger.Ledger, path, want string) {
	t.Helper()
	if got := posted(t, books, path); got != want {
		t.Errorf("%s stands at %s, want %s", path, got, want)
	}
}

func wantText(t helper, err error, want string) {
	t.Helper()
	got := "no error"
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func wantDiff(t helper, what string, want, got any, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// sentinels lets cmp compare errors by identity.
func sentinels() cmp.Option { return cmpopts.EquateErrors() }

// wantOnlyBurnt wants a store to have changed by a burnt key and nothing else.
func wantOnlyBurnt(t testing.TB, before, after *snapshot, key string) {
	t.Helper()
	if len(after.blocks) != len(before.blocks)+1 {
		t.Fatalf("%d blocks became %d, want one more", len(before.blocks), len(after.blocks))
	}
	last := after.blocks[len(after.blocks)-1].Items
	if len(last) != 1 || last[0].Act != ledger.Refused || last[0].Key != key {
		t.Errorf("the last block has %d items, the first is %s %q; want one refusal of %q", len(last), last[0].Act, last[0].Key, key)
	}
	want := before.head
	want.Seq, want.Blocks, want.At = want.Seq+1, want.Blocks+1, last[0].At
	wantDiff(t, "head", want, after.head)
	wantDiff(t, "accounts", before.accounts, after.accounts)
	wantDiff(t, "records", before.records, after.records)
}

// helper is what testing.T and rapid.T have in common and assertions need.
type helper interface {
	Helper()
	Errorf(format string, args ...any)
}

// hands is a clock that a test moves.
type hands struct{ now time.Time }

func (h *hands) read() time.Time { return h.now }

// on moves the clock forward.
func (h *hands) on(by time.Duration) { h.now = h.now.Add(by) }

// clocked keeps books on a memory by a clock that begins at noon.
func clocked(t testing.TB, patterns ...ledger.Pattern) (*ledger.Ledger, *memory, *hands) {
	t.Helper()
	clock, store := &hands{noon()}, newMemory()
	c := chart(t)
	if patterns != nil {
		var err error
		if c, err = ledger.NewChart(patterns...); err != nil {
			t.Fatal(err)
		}
	}
	return bolttest.On(t, store, ledger.Config{Chart: c, Clock: clock.read}), store, clock
}

// ask makes one request.
func ask(t testing.TB, books *ledger.Ledger, r ledger.Request) (ledger.Result, error) {
	t.Helper()
	outcomes, err := books.Execute(t.Context(), ledger.Atomic, r)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes[0].Result, outcomes[0].Err
}

// accept makes requests that must be booked, one after the other, and gives the
// last result.
func accept(t testing.TB, books *ledger.Ledger, requests ...ledger.Request) (last ledger.Result) {
	t.Helper()
	for _, r := range requests {
		var err error
		if last, err = ask(t, books, r); err != nil {
			t.Fatalf("%T: %v", r, err)
		}
	}
	return last
}

// refuse makes a request that the state must refuse.
func refuse(t testing.TB, books *ledger.Ledger, r ledger.Request, reason error) ledger.Failure {
	t.Helper()
	_, err := ask(t, books, r)
	var failure *ledger.Failure
	if !errors.As(err, &failure) || !errors.Is(err, reason) {
		t.Fatalf("%T gives %v, want %v", r, err, reason)
	}
	return *failure
}

// stands is how an account stands, as people read it.
func stands(t testing.TB, books *ledger.Ledger, path string) string {
	t.Helper()
	a, ok, err := books.Account(t.Context(), path, inr())
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "not opened"
	}
	posted, err := a.Posted()
	if err != nil {
		t.Fatal(err)
	}
	available, err := a.Available()
	if err != nil {
		t.Fatal(err)
	}
	f := inr().Format
	return fmt.Sprintf("%s posted, %s held, %s available, %d holds", f(posted), f(a.Held()), f(available), a.Holds)
}

func wantStands(t testing.TB, books *ledger.Ledger, path, want string) {
	t.Helper()
	if got := stands(t, books, path); got != want {
		t.Errorf("%s: %s; want %s", path, got, want)
	}
}

func idOf(path string) ledger.AccountID { return ledger.AccountID{Path: path, Currency: inr()} }
