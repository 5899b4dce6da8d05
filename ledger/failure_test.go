package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
)

// errorsAt opens books for a row of the table: m1 has 100.00 available, the
// bank the same, and m2 may do two things a day and hold at most 50.00.
func errorsAt(t *testing.T, clock func() time.Time) *ledger.Ledger {
	t.Helper()
	c, err := ledger.NewChart(
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: available, Type: ledger.Liability, Limited: true},
		ledger.Pattern{Path: other, Type: ledger.Liability, Capped: true, Ceiling: money.Minor(5000), Velocity: []ledger.Velocity{
			{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(2)},
			{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Sum, Max: money.Minor(3000)},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	books := anystore.On(t, anystore.Open(t), ledger.Config{Chart: c, Clock: clock})
	mustPost(t, books, sale("s1", 10000))
	return books
}

func inINR(path string) ledger.AccountID { return ledger.AccountID{Path: path, Currency: inr()} }

// The state of the ledger refuses a request: each way there is to get there,
// with the figures. The request is not booked, and its key is burnt.
func TestFailures(t *testing.T) {
	t.Parallel()
	hold := func(key string, minor int64) ledger.Hold {
		return ledger.Hold{Key: key, Kind: "authorisation", Expires: noon().Add(time.Hour), Postings: transfer(key, "x", available, bank, minor).Postings}
	}
	capture := func(minor int64) ledger.Capture {
		return ledger.Capture{Key: "k", Kind: "sale", Hold: "h1", Postings: transfer("k", "x", available, bank, minor).Postings}
	}
	reversal := func(key string, minor int64) ledger.Reversal {
		return ledger.Reversal{Key: key, Kind: "correction", Of: "s1", ValueDate: date("2026-03-02"), Postings: transfer("k", "x", available, bank, minor).Postings}
	}
	whole := ledger.Reversal{Key: "r1", Kind: "correction", Of: "s1", ValueDate: date("2026-03-02"), All: true}
	undo := func(of string) ledger.Reversal {
		r := whole
		r.Key, r.Of = "k", of
		return r
	}
	owned := sale("o1", 1)
	owned.Owner = "payment"
	dated := sale("k", 1)
	dated.ValueDate = date("2026-02-28")
	closing := func(key, through string) ledger.PeriodChange {
		return ledger.PeriodChange{Key: key, Through: date(through)}
	}
	status := func(key string, s ledger.Status) ledger.AccountChange {
		return ledger.AccountChange{Key: key, Account: available, Currency: inr(), Status: s}
	}

	for _, tt := range []struct {
		name    string
		before  []ledger.Request // booked in their order
		after   time.Duration    // between them and the request
		request ledger.Request   // its key is "k"
		is      string
		want    ledger.Failure // but for its Reason
	}{
		{name: "below the floor", request: transfer("k", "payout", available, bank, 10001), is: "ErrInsufficientFunds",
			want: ledger.Failure{Account: inINR(available), Has: money.Minor(10000), Change: money.Minor(-10001)}},
		{name: "below the floor, with what is held", before: these(hold("h1", 6000)), request: hold("k", 4001), is: "ErrInsufficientFunds",
			want: ledger.Failure{Account: inINR(available), Has: money.Minor(4000), Change: money.Minor(-4001)}},
		{name: "above the ceiling", request: transfer("k", "sale", bank, other, 5001), is: "ErrCeiling",
			want: ledger.Failure{Account: inINR(other), Change: money.Minor(5001), Bound: money.Minor(5000)}},
		{name: "too often", before: these(transfer("a", "x", bank, other, 1), transfer("b", "x", bank, other, 2)), request: transfer("k", "x", bank, other, 1),
			is: "ErrVelocity", want: ledger.Failure{Account: inINR(other), Of: "24h in count", Has: money.Minor(2), Change: money.Minor(1), Bound: money.Minor(2)}},
		{name: "too much", before: these(transfer("a", "x", bank, other, 2999)), request: transfer("k", "x", bank, other, 2),
			is: "ErrVelocity", want: ledger.Failure{Account: inINR(other), Of: "1h in sum", Has: money.Minor(2999), Change: money.Minor(2), Bound: money.Minor(3000)}},
		{name: "frozen account", before: these(status("f", ledger.Frozen)), request: sale("k", 1), is: "ErrAccountStatus",
			want: ledger.Failure{Account: inINR(available), Of: "frozen"}},
		{name: "capture on a frozen account", before: these(hold("h1", 1), status("f", ledger.Frozen)), request: capture(1), is: "ErrAccountStatus",
			want: ledger.Failure{Account: inINR(available), Of: "frozen"}},
		{name: "no_debit account", before: these(status("f", ledger.NoDebit)), request: transfer("k", "x", available, bank, 1), is: "ErrAccountStatus",
			want: ledger.Failure{Account: inINR(available), Of: "no_debit"}},
		{name: "closed account", before: these(ledger.AccountChange{Key: "f", Account: available, Currency: inr(), Status: ledger.AccountClosed, Force: true}),
			request: sale("k", 1), is: "ErrAccountStatus", want: ledger.Failure{Account: inINR(available), Of: "closed"}},
		{name: "close an account with money and a hold", before: these(hold("h1", 300)), request: status("k", ledger.AccountClosed), is: "ErrNotEmpty",
			want: ledger.Failure{Account: inINR(available), Has: money.Minor(10000), Change: money.Minor(300)}},
		{name: "closed value date", before: these(closing("c", "2026-03-01")), request: dated, is: "ErrPeriodClosed",
			want: ledger.Failure{Date: date("2026-02-28"), Closed: date("2026-03-01")}},
		{name: "close again", before: these(closing("c", "2026-02-28")), request: closing("k", "2026-02-28"), is: "ErrPeriodOrder",
			want: ledger.Failure{Date: date("2026-02-28"), Closed: date("2026-02-28"), Of: "so nothing would close"}},
		{name: "close a day that is not over", request: closing("k", "2026-03-02"), is: "ErrPeriodOrder",
			want: ledger.Failure{Date: date("2026-03-02"), Of: "and it is only 2026-03-02"}},
		{name: "reopen what is open", before: these(closing("c", "2026-02-28")), request: ledger.PeriodChange{Key: "k", Reopen: true, Through: date("2026-02-28")},
			is: "ErrPeriodOrder", want: ledger.Failure{Date: date("2026-02-28"), Closed: date("2026-02-28"), Of: "so nothing would open"}},
		{name: "no such hold", request: capture(1), is: "ErrNotFound", want: ledger.Failure{Of: `hold "h1"`}},
		{name: "release of no hold", request: ledger.Release{Key: "k", Hold: "s1"}, is: "ErrNotFound", want: ledger.Failure{Of: `hold "s1"`}},
		{name: "no such entry", request: undo("s2"), is: "ErrNotFound", want: ledger.Failure{Of: `entry "s2"`}},
		{name: "captured hold", before: these(hold("h1", 1), ledger.Capture{Key: "c", Kind: "sale", Hold: "h1", All: true}), request: ledger.Release{Key: "k", Hold: "h1"},
			is: "ErrHoldCaptured", want: ledger.Failure{Of: "h1"}},
		{name: "released hold", before: these(hold("h1", 1), ledger.Release{Key: "r", Hold: "h1"}), request: capture(1), is: "ErrHoldReleased",
			want: ledger.Failure{Of: "h1"}},
		{name: "expired hold", before: these(hold("h1", 1)), after: time.Hour, request: capture(1), is: "ErrHoldExpired", want: ledger.Failure{Of: "h1"}},
		{name: "hold that would be born expired", after: time.Hour, request: hold("k", 1), is: "ErrHoldExpired", want: ledger.Failure{Of: "2026-03-02T13:00:00Z"}},
		{name: "more than is left of a hold", before: these(hold("h1", 300)), request: capture(301), is: "ErrExceedsHold",
			want: ledger.Failure{Account: inINR(available), Of: "h1", Has: money.Minor(300), Change: money.Minor(301)}},
		{name: "more than is left of an entry", before: these(reversal("r1", 4000)), request: reversal("k", 6001), is: "ErrExceedsEntry",
			want: ledger.Failure{Account: inINR(available), Of: "s1", Has: money.Minor(6000), Change: money.Minor(6001)}},
		{name: "reversed entry", before: these(whole), request: undo("s1"), is: "ErrReversed", want: ledger.Failure{Of: "s1"}},
		{name: "reversal of a reversal", before: these(whole), request: undo("r1"), is: "ErrNotReversible", want: ledger.Failure{Of: `"r1" is a reversal itself`}},
		{name: "reversal of a hold", before: these(hold("h1", 1)), request: undo("h1"), is: "ErrNotReversible", want: ledger.Failure{Of: `"h1" is no entry, it was held`}},
		{name: "reversal of a room's entry", before: these(owned), request: undo("o1"), is: "ErrNotReversible",
			want: ledger.Failure{Of: `"o1" is of the room "payment", and only it may`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := noon()
			books := errorsAt(t, func() time.Time { return now })
			for _, r := range tt.before {
				mustBook(t, books, r)
			}
			now = now.Add(tt.after)
			err := booking(t, books, tt.request)
			wantIs(t, err, tt.is)
			tt.want.Reason, tt.want.Key = everySentinel()[tt.is], "k"
			wantFailure(t, err, tt.want)
			item, _, readErr := books.Entry(t.Context(), "k")
			if readErr != nil || item.Act != ledger.Refused {
				t.Errorf("key is of an item that was %s, %v, want refused", item.Act, readErr)
			}

			err = booking(t, books, tt.request) // a retry gets the same
			wantIs(t, err, tt.is)
			tt.want.Frozen = true
			wantFailure(t, err, tt.want)
		})
	}
}

func these(list ...ledger.Request) []ledger.Request { return list }

// booking books one request and gives its error.
func booking(t *testing.T, books *ledger.Ledger, r ledger.Request) error {
	t.Helper()
	outcomes, err := books.Execute(t.Context(), ledger.Independent, r)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes[0].Err
}

func mustBook(t *testing.T, books *ledger.Ledger, r ledger.Request) {
	t.Helper()
	if err := booking(t, books, r); err != nil {
		t.Fatal(err)
	}
}

func wantFailure(t *testing.T, err error, want ledger.Failure) {
	t.Helper()
	var failure *ledger.Failure
	if !errors.As(err, &failure) {
		t.Fatalf("error is %v, want a *Failure", err)
	}
	wantDiff(t, "failure", want, *failure, same[money.Amount](), same[calendar.Date](), same[money.Currency](), same[error]())
}

func same[T comparable]() cmp.Option { return cmp.Comparer(func(a, b T) bool { return a == b }) }

// Assertions are refused too, but they have no key to burn.
func TestAssertionFails(t *testing.T) {
	t.Parallel()
	books := errorsAt(t, noon)
	for range 2 {
		err := booking(t, books, ledger.Assertion{Account: available, Currency: inr(), Amount: money.Minor(9999), On: date("2026-03-02")})
		wantIs(t, err, "ErrAssertion")
		wantFailure(t, err, ledger.Failure{
			Reason: ledger.ErrAssertion, Account: inINR(available), Has: money.Minor(10000), Bound: money.Minor(9999), Date: date("2026-03-02"),
		})
	}
	err := books.Assert(t.Context(), ledger.Assertion{Account: bank, Currency: inr()})
	wantIs(t, err, "ErrAssertion")
}
