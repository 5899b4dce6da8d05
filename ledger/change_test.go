package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// status sets an account's status.
func status(key, path string, s ledger.Status) ledger.AccountChange {
	return ledger.AccountChange{Key: key, Account: path, Currency: inr(), Status: s}
}

// bound sets an account's limits.
func bound(key, path string, l ledger.Limits) ledger.AccountChange {
	return ledger.AccountChange{Key: key, Account: path, Currency: inr(), Limits: &l}
}

func accountAt(t testing.TB, books *ledger.Ledger, path string) ledger.Account {
	t.Helper()
	a, ok, err := books.Account(t.Context(), path, inr())
	if err != nil || !ok {
		t.Fatalf("%s is there: %t, %v", path, ok, err)
	}
	return a
}

func TestAccountChange(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	mustPost(t, books, sale("s", 10000))
	limits := ledger.Limits{Limited: true, Floor: money.Minor(-5000), Velocity: []ledger.Velocity{
		{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(20000)},
	}}
	got := accept(t, books, ledger.AccountChange{
		Key: "c", Account: available, Currency: inr(), Limits: &limits, Status: ledger.NoDebit, Kind: "risk", Reference: "asha, ticket 7",
		Metadata: []ledger.Attribute{{Name: "tier", Value: "gold"}, {Name: "agent", Value: "7"}},
	})
	sorted := []ledger.Attribute{{Name: "agent", Value: "7"}, {Name: "tier", Value: "gold"}}
	wantDiff(t, "result", ledger.Result{Booked: ledger.Booked{
		Entry: ledger.Entry{Key: "c", Kind: "risk", Reference: "asha, ticket 7"}, Act: ledger.Changed, Seq: 2, At: noon().Add(time.Microsecond),
		Terms: &ledger.Terms{Change: &ledger.Change{AccountID: idOf(available), Limits: &limits, Status: ledger.NoDebit, Metadata: sorted, HasMetadata: true}},
	}}, got)
	wantDiff(t, "account", ledger.Account{
		AccountID: idOf(available), No: 2, Type: ledger.Liability, Opened: noon(), Status: ledger.NoDebit, Metadata: sorted, Limits: limits, LimitsSeq: 2,
		Balance: ledger.Balance{Credits: money.Minor(10000), Seq: 2}, Counters: []ledger.Counter{{Since: 2, At: noon().Add(time.Microsecond)}},
	}, accountAt(t, books, available))

	// What is left out stays.
	accept(t, books, status("c2", available, ledger.Open))
	if a := accountAt(t, books, available); a.LimitsSeq != 2 || a.Status != ledger.Open || len(a.Metadata) != 2 || a.Floor != limits.Floor {
		t.Errorf("the account is %+v", a)
	}
	accept(t, books, ledger.AccountChange{Key: "c3", Account: available, Currency: inr(), Metadata: []ledger.Attribute{}})
	if a := accountAt(t, books, available); a.Metadata != nil || a.Status != ledger.Open {
		t.Errorf("the account is %+v", a)
	}
	accept(t, books, bound("c4", available, ledger.Limits{}), transfer("p", "payout", available, bank, 99999))
}

// A change opens an account that was not there, as the chart says first.
func TestChangeOpensAccount(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	got := accept(t, books, bound("c", other, ledger.Limits{Limited: true, Floor: money.Minor(-100)}))
	wantDiff(t, "opened", []ledger.Opening{{AccountID: idOf(other), Type: ledger.Liability, Limits: ledger.Limits{Limited: true}}}, got.Opened)
	a := accountAt(t, books, other)
	if a.No != 1 || a.Floor != money.Minor(-100) || a.LimitsSeq != 1 || !a.Opened.Equal(noon()) || store.snapshot().head.Accounts != 1 {
		t.Errorf("the account is %+v", a)
	}
	accept(t, books, transfer("p", "payout", other, bank, 100))

	_, err := ask(t, books, status("x", "nowhere", ledger.Frozen))
	wantText(t, err, `entry "x": account is not in the chart: nowhere`)
	if !errors.Is(err, ledger.ErrUnknownAccount) {
		t.Error("it is not ErrUnknownAccount")
	}
}

// Every fault of a change is said at once and burns nothing.
func TestChangeInvalid(t *testing.T) {
	t.Parallel()
	long := make([]ledger.Velocity, 9)
	for i := range long {
		long[i] = ledger.Velocity{Per: ledger.Window(i%3 + 1), Flow: ledger.Flow(i/3%2 + 1), Measure: ledger.Sum}
	}
	tests := []struct {
		name   string
		change ledger.AccountChange
		want   string
	}{
		{"nothing", ledger.AccountChange{}, `entry "": key is missing
account path is empty
currency is missing
changes nothing`},
		{"a status that is none", status("c", bank, 5), `entry "c": unknown(5) is no status of an account`},
		{"force without closing", ledger.AccountChange{Key: "c", Account: bank, Currency: inr(), Status: ledger.Frozen, Force: true},
			`entry "c": force is for closing an account`},
		{"metadata twice", ledger.AccountChange{Key: "c", Account: bank, Currency: inr(), Metadata: []ledger.Attribute{{Name: "a"}, {Name: "b"}, {Name: "a"}}},
			`entry "c": metadata name "a" stands twice`},
		{"limits that limit nothing", bound("c", bank, ledger.Limits{Floor: money.Minor(-1), Ceiling: money.Minor(1)}), `entry "c": has a floor, but is not limited
has a ceiling, but is not capped`},
		{"a ceiling below the floor", bound("c", bank, ledger.Limits{Limited: true, Floor: money.Minor(2), Capped: true, Ceiling: money.Minor(1)}),
			`entry "c": ceiling 1 is below floor 2`},
		{"velocity limits that are none", bound("c", bank, ledger.Limits{Velocity: []ledger.Velocity{
			{}, {Per: 4, Flow: ledger.Out, Measure: ledger.Sum}, {Per: ledger.Hour, Flow: 3, Measure: ledger.Sum},
			{Per: ledger.Hour, Flow: ledger.In, Measure: 3}, {Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Sum, Max: money.Minor(-1)},
		}}), `entry "c": velocity limit 0 (unknown(0) unknown(0) unknown(0), at most 0) is not valid
velocity limit 1 (unknown(4) out sum, at most 0) is not valid
velocity limit 2 (1h unknown(3) sum, at most 0) is not valid
velocity limit 3 (1h in unknown(3), at most 0) is not valid
velocity limit 4 (1h in sum, at most -1) is not valid`},
		{"the same twice", bound("c", bank, ledger.Limits{Velocity: []ledger.Velocity{
			{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(1)}, {Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count},
		}}), `entry "c": velocity limit 1h in count stands twice`},
		{"too many", bound("c", bank, ledger.Limits{Velocity: long}), `entry "c": has 9 velocity limits, at most 8 are allowed
velocity limit 1h out sum stands twice
velocity limit 24h out sum stands twice
velocity limit 30d out sum stands twice`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			before := store.snapshot()
			_, err := ask(t, books, test.change)
			wantText(t, err, test.want)
			if !errors.Is(err, ledger.ErrInvalid) || store.snapshot() != before {
				t.Error("it is not ErrInvalid, or was written")
			}
		})
	}
}

// What may be booked on an account of each status.
func TestStatuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status        ledger.Status
		credit, debit error
	}{
		{ledger.Open, nil, nil},
		{ledger.NoDebit, nil, ledger.ErrAccountStatus},
		{ledger.Frozen, ledger.ErrAccountStatus, ledger.ErrAccountStatus},
		{ledger.AccountClosed, ledger.ErrAccountStatus, ledger.ErrAccountStatus},
	}
	for _, test := range tests {
		t.Run(test.status.String(), func(t *testing.T) {
			t.Parallel()
			books, _, _ := clocked(t)
			mustPost(t, books, sale("s", 10000))
			change := status("c", available, test.status)
			change.Force = test.status == ledger.AccountClosed
			accept(t, books, change)
			for key, want := range map[string]error{"credit": test.credit, "debit": test.debit} {
				e := sale(key, 1)
				if key == "debit" {
					e = transfer(key, "payout", available, bank, 1)
				}
				_, err := ask(t, books, e)
				_, holdErr := ask(t, books, ledger.Hold{Key: key + " hold", Kind: "auth", Postings: e.Postings})
				if !errors.Is(err, want) || !errors.Is(holdErr, want) {
					t.Errorf("a %s gives %v, a hold of it %v; want %v", key, err, holdErr, want)
				}
				if want != nil {
					wantText(t, err, fmt.Sprintf(`%q: account does not allow this: merchants/m1/available INR is %s`, key, test.status))
				}
			}
			// It can be opened again.
			accept(t, books, status("open", available, ledger.Open), transfer("p", "payout", available, bank, 1))
		})
	}
}

// An account is closed empty, or by force.
func TestClosingAccount(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	mustPost(t, books, sale("s", 10000))
	failure := refuse(t, books, status("c1", available, ledger.AccountClosed), ledger.ErrNotEmpty)
	wantText(t, &failure, `"c1": account is not empty: merchants/m1/available INR stands at 100.00 with 0.00 held in open holds`)

	accept(t, books, payoutHold("h", 3000), transfer("p", "payout", available, bank, 7000))
	failure = refuse(t, books, status("c2", available, ledger.AccountClosed), ledger.ErrNotEmpty)
	wantText(t, &failure, `"c2": account is not empty: merchants/m1/available INR stands at 30.00 with 30.00 held in open holds`)

	accept(t, books, rest("cap", "h"), ledger.Hold{Key: "in", Kind: "auth", Postings: sale("", 5).Postings})
	failure = refuse(t, books, status("c3", available, ledger.AccountClosed), ledger.ErrNotEmpty)
	wantDiff(t, "held", money.Amount{}, failure.Change)

	accept(t, books, ledger.Release{Key: "r", Hold: "in"}, status("c4", available, ledger.AccountClosed))
	force := status("c5", bank, ledger.AccountClosed)
	accept(t, books, otherSale("s2", 500))
	refuse(t, books, force, ledger.ErrNotEmpty)
	force.Key, force.Force = "c6", true
	accept(t, books, force)
	if a := accountAt(t, books, bank); a.Status != ledger.AccountClosed {
		t.Errorf("the account is %s", a.Status)
	}
	accept(t, books, status("c7", drawer, ledger.AccountClosed)) // opened and closed at once
}

// otherSale is bank to the other merchant.
func otherSale(key string, minor int64) ledger.Entry {
	return transfer(key, "sale", bank, other, minor)
}

// New limits take effect from now on: what stands beyond them may stay there
// and come back.
func TestNewLimits(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	mustPost(t, books, sale("s", 10000))
	accept(t, books, bound("c", available, ledger.Limits{Limited: true, Floor: money.Minor(20000), Capped: true, Ceiling: money.Minor(30000)}))
	refuse(t, books, transfer("p", "payout", available, bank, 1), ledger.ErrInsufficientFunds)
	accept(t, books, sale("up", 5000))
	accept(t, books, bound("c2", available, ledger.Limits{Capped: true, Ceiling: money.Minor(100)}))
	failure := refuse(t, books, sale("more", 1), ledger.ErrCeiling)
	wantText(t, &failure, `"more": ceiling exceeded: merchants/m1/available stands at INR 150.00, 0.01 would come, the ceiling is 1.00`)
	accept(t, books, transfer("down", "payout", available, bank, 1))
}

// A ceiling counts what holds may bring, and not what they may take.
func TestCeiling(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	accept(t, books, bound("c", available, ledger.Limits{Capped: true, Ceiling: money.Minor(1000)}),
		sale("s", 600), payoutHold("out", 500), ledger.Hold{Key: "in", Kind: "auth", Postings: sale("", 300).Postings})
	failure := refuse(t, books, sale("s2", 101), ledger.ErrCeiling)
	wantDiff(t, "figures", ledger.Failure{
		Reason: ledger.ErrCeiling, Key: "s2", Account: idOf(available), Has: money.Minor(900), Change: money.Minor(101), Bound: money.Minor(1000),
	}, failure, sentinels())
	refuse(t, books, ledger.Hold{Key: "in2", Kind: "auth", Postings: sale("", 101).Postings}, ledger.ErrCeiling)
	accept(t, books, sale("s3", 100), rest("cap", "in"))
	refuse(t, books, sale("s4", 1), ledger.ErrCeiling)
	if got := accept(t, books, ledger.Entry{Key: "r", Kind: "refund", Postings: sale("", 1).Postings}); !got.Breached { // may breach any limit
		t.Error("the breach is not marked")
	}
}

// A change is booked once for its key, and told apart from others.
func TestChangeReplay(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	change := ledger.AccountChange{Key: "c", Account: bank, Currency: inr(), Limits: &ledger.Limits{Limited: true}, Metadata: []ledger.Attribute{{Name: "a"}, {Name: "b"}}}
	first := accept(t, books, change)
	again := change
	again.Metadata = []ledger.Attribute{{Name: "b"}, {Name: "a"}}
	wantDiff(t, "retry", ledger.Result{Booked: first.Booked, Replayed: true}, accept(t, books, again))
	for name, test := range map[string]struct {
		change func(*ledger.AccountChange)
		now    string
	}{
		"account":     {func(c *ledger.AccountChange) { c.Account = sales }, "sales INR {Limited:true Floor:0 Capped:false Ceiling:0 Velocity:[]} [{a } {b }]"},
		"limits":      {func(c *ledger.AccountChange) { c.Limits = &ledger.Limits{} }, "bank INR {Limited:false Floor:0 Capped:false Ceiling:0 Velocity:[]} [{a } {b }]"},
		"no limits":   {func(c *ledger.AccountChange) { c.Limits = nil }, "bank INR [{a } {b }]"},
		"status":      {func(c *ledger.AccountChange) { c.Status = ledger.Frozen }, "bank INR frozen {Limited:true Floor:0 Capped:false Ceiling:0 Velocity:[]} [{a } {b }]"},
		"no metadata": {func(c *ledger.AccountChange) { c.Metadata = []ledger.Attribute{} }, "bank INR {Limited:true Floor:0 Capped:false Ceiling:0 Velocity:[]} []"},
		"force": {func(c *ledger.AccountChange) { c.Status, c.Force, c.Limits = ledger.AccountClosed, true, nil },
			"bank INR closed [{a } {b }] by force"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := change
			test.change(&changed)
			_, err := ask(t, books, changed)
			wantText(t, err, fmt.Sprintf(`key "c" was used for another entry (seq 1): change was %q, is now %q`,
				"bank INR {Limited:true Floor:0 Capped:false Ceiling:0 Velocity:[]} [{a } {b }]", test.now))
		})
	}
}

// The caller may go on using what a change was made from.
func TestChangeIsACopy(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	limits := ledger.Limits{Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(5)}}}
	change := ledger.AccountChange{Key: "c", Account: bank, Currency: inr(), Limits: &limits, Metadata: []ledger.Attribute{{Name: "b"}, {Name: "a"}}}
	accept(t, books, change)
	limits.Velocity[0].Max, limits.Limited = money.Minor(6), true
	if a := accountAt(t, books, bank); a.Limited || a.Velocity[0].Max != money.Minor(5) || change.Metadata[0].Name != "b" {
		t.Errorf("the account is %+v", a)
	}
}
