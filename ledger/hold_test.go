package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// payoutHold sets aside what is to be paid out: available to bank.
func payoutHold(key string, minor int64) ledger.Hold {
	return ledger.Hold{Key: key, Kind: "payout", Postings: transfer("", "", available, bank, minor).Postings}
}

// expiring is a payoutHold that lasts some time from noon.
func expiring(key string, minor int64, lasts time.Duration) ledger.Hold {
	h := payoutHold(key, minor)
	h.Expires = noon().Add(lasts)
	return h
}

// part captures a part of a payoutHold.
func part(key, hold string, minor int64) ledger.Capture {
	return ledger.Capture{Key: key, Hold: hold, Kind: "paid", Postings: transfer("", "", available, bank, minor).Postings}
}

// rest captures all that is left.
func rest(key, hold string) ledger.Capture {
	return ledger.Capture{Key: key, Hold: hold, Kind: "paid", All: true}
}

func holdState(t testing.TB, books *ledger.Ledger, key string) ledger.HoldState {
	t.Helper()
	h, ok, err := books.HoldState(t.Context(), key)
	if err != nil || !ok {
		t.Fatalf("hold %q is there: %t, %v", key, ok, err)
	}
	return h
}

func TestHold(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	mustPost(t, books, sale("float", 10000))
	h := expiring("h", 3000, time.Hour)
	h.Reference, h.Owner, h.Metadata = "order-1", "payouts", []ledger.Attribute{{Name: "b"}, {Name: "a"}}

	got := accept(t, books, h)
	wantDiff(t, "result", ledger.Result{Booked: ledger.Booked{
		Entry: ledger.Entry{
			Key: "h", Kind: "payout", Reference: "order-1", Owner: "payouts", Metadata: []ledger.Attribute{{Name: "a"}, {Name: "b"}}, Postings: h.Postings,
		},
		Act: ledger.Held, Seq: 2, At: noon().Add(time.Microsecond), Terms: &ledger.Terms{Expires: noon().Add(time.Hour)},
	}}, got)
	wantStands(t, books, available, "100.00 posted, 30.00 held, 70.00 available, 1 holds")
	wantStands(t, books, bank, "100.00 posted, 30.00 held, 70.00 available, 1 holds")
	wantDiff(t, "hold", ledger.HoldState{
		Key: "h", Seq: 2, At: got.At, Expires: noon().Add(time.Hour), Status: ledger.HoldOpen, Owner: "payouts",
		Legs: []ledger.HoldLeg{
			{Account: available, Currency: inr(), Side: ledger.Debit, Amount: money.Minor(3000)},
			{Account: bank, Currency: inr(), Side: ledger.Credit, Amount: money.Minor(3000)},
		},
	}, holdState(t, books, "h"))

	// It is no entry: no movement, no balance of a day.
	if n := len(store.snapshot().items()); n != 2 {
		t.Fatalf("%d items", n)
	}
	wantDiff(t, "statement", []string{"float 0.00 100.00 100.00"}, lines(t, books, available))
	if _, ok, err := books.HoldState(t.Context(), "float"); ok || err != nil {
		t.Errorf("an entry is a hold: %t, %v", ok, err)
	}
}

// What a hold brings can be spent only once it is captured.
func TestHeldMoneyComingInIsNotAvailable(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	accept(t, books, ledger.Hold{Key: "in", Kind: "auth", Postings: sale("", 500).Postings})
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 1 holds")
	failure := refuse(t, books, transfer("p", "payout", available, bank, 1), ledger.ErrInsufficientFunds)
	wantDiff(t, "has", money.Amount{}, failure.Has)
	accept(t, books, rest("c", "in"), transfer("p2", "payout", available, bank, 500))
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 0 holds")
}

// Several postings of a hold on one account are one leg, and are one hold for it.
func TestHoldLegs(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	mustPost(t, books, sale("float", 10000))
	h := payoutHold("h", 3000)
	h.Postings = append(h.Postings, transfer("", "", available, sales, 500).Postings...)
	accept(t, books, h)
	wantStands(t, books, available, "100.00 posted, 35.00 held, 65.00 available, 1 holds")
	var legs []string
	for _, leg := range holdState(t, books, "h").Legs {
		legs = append(legs, fmt.Sprint(leg.ID(), " ", leg.Side, " ", leg.Amount, " ", leg.Left()))
	}
	wantDiff(t, "legs", []string{
		"merchants/m1/available INR debit 3500 3500",
		"bank INR credit 3000 3000",
		"sales INR credit 500 500",
	}, legs)
}

// What the state refuses burns the key and changes nothing else.
func TestHoldRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hold ledger.Hold
		want string
	}{
		{"beyond what is available", payoutHold("h", 7001),
			`"h": insufficient funds: merchants/m1/available has INR 70.00 available, 70.01 is asked for, the floor is 0.00`},
		{"its time is over", expiring("h", 1, 2*time.Microsecond), `"h": hold has expired: 2026-03-02T12:00:00.000002Z`},
		{"its time was over long ago", expiring("h", 1, -time.Hour), `"h": hold has expired: 2026-03-02T11:00:00Z`},
		{"a frozen account", ledger.Hold{Key: "h", Kind: "x", Postings: transfer("", "", bank, other, 1).Postings},
			`"h": account does not allow this: merchants/m2/available INR is frozen`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			mustPost(t, books, sale("float", 10000))
			accept(t, books, payoutHold("before", 3000), ledger.AccountChange{Key: "f", Account: other, Currency: inr(), Status: ledger.Frozen})
			before := store.snapshot()
			if before.head.At != noon().Add(2*time.Microsecond) {
				t.Fatalf("the journal stands at %s", before.head.At)
			}
			if test.hold.Expires.Equal(before.head.At) {
				test.hold.Expires = before.head.At.Add(time.Microsecond) // the instant it would be placed
				test.want = `"h": hold has expired: 2026-03-02T12:00:00.000003Z`
			}
			_, err := ask(t, books, test.hold)
			wantText(t, err, test.want)
			wantOnlyBurnt(t, before, store.snapshot(), "h")
			again, err := ask(t, books, test.hold)
			wantText(t, err, test.want)
			wantDiff(t, "result of a retry", ledger.Result{}, again)
			var failure *ledger.Failure
			if !errors.As(err, &failure) || !failure.Frozen {
				t.Errorf("a retry gives %#v, want the failure of the first attempt", err)
			}
			if _, ok, err := books.HoldState(t.Context(), "h"); ok || err != nil {
				t.Errorf("there is a hold: %t, %v", ok, err)
			}
		})
	}
}

// What is malformed burns nothing.
func TestHoldInvalid(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	before := store.snapshot()
	_, err := ask(t, books, ledger.Hold{Key: "h", Postings: transfer("", "", bank, "b?", 0).Postings})
	wantText(t, err, `entry "h": kind is missing
posting 0: amount INR 0.00 is not positive
posting 1: account path "b?" has "?", which is not one of [A-Za-z0-9._-]
posting 1: amount INR 0.00 is not positive`)
	_, err = ask(t, books, ledger.Hold{Key: "h", Kind: "x", Postings: transfer("", "", bank, "nowhere", 1).Postings})
	wantText(t, err, `entry "h": posting 1: account is not in the chart: nowhere`)
	if store.snapshot() != before {
		t.Error("something was written")
	}
}

// A hold's end must be an instant that can be written and read again.
func TestHoldExpiresBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	before := store.snapshot()
	for _, expires := range []time.Time{
		time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), time.Unix(1<<50, 0),
	} {
		h := payoutHold("h", 1)
		h.Expires = expires
		if _, err := ask(t, books, h); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("a hold until %s gives %v", expires.Format(time.RFC3339), err)
		}
	}
	if store.snapshot() != before {
		t.Error("something was written")
	}
	mustPost(t, books, sale("float", 1))
	last := payoutHold("last", 1)
	last.Expires = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	accept(t, books, last)
}

// A retry gets the hold as it was placed, whatever has become of it.
func TestHoldReplay(t *testing.T) {
	t.Parallel()
	books, _, clock := clocked(t)
	mustPost(t, books, sale("float", 10000))
	h := expiring("h", 3000, time.Hour)
	h.Owner = "payouts"
	first := accept(t, books, h)
	accept(t, books, part("c", "h", 1000))
	clock.on(2 * time.Hour)
	elsewhere := h
	elsewhere.Expires = h.Expires.In(time.FixedZone("", 19800)).Add(999 * time.Nanosecond)
	for _, again := range []ledger.Hold{h, elsewhere} {
		wantDiff(t, "retry", ledger.Result{Booked: first.Booked, Replayed: true}, accept(t, books, again))
	}

	for field, change := range map[string]func(*ledger.Hold){
		"expires":   func(h *ledger.Hold) { h.Expires = h.Expires.Add(time.Microsecond) },
		"owner":     func(h *ledger.Hold) { h.Owner = "" },
		"kind":      func(h *ledger.Hold) { h.Kind = "auth" },
		"posting 0": func(h *ledger.Hold) { h.Postings = transfer("", "", available, bank, 2999).Postings },
	} {
		changed := h
		change(&changed)
		_, err := ask(t, books, changed)
		var conflict *ledger.ConflictError
		if !errors.As(err, &conflict) || conflict.Field != field || conflict.Seq != 2 {
			t.Errorf("another %s gives %v", field, err)
		}
	}
	_, err := ask(t, books, ledger.Entry{Key: "h", Kind: "payout", Owner: "payouts", Postings: h.Postings})
	wantText(t, err, `key "h" was used for another entry (seq 2): act was "held", is now "posted"`)
}

// However a hold ended, it cannot be captured or released again, and what it
// had left is available.
func TestHoldEnds(t *testing.T) {
	t.Parallel()
	finally := part("end", "h", 1000)
	finally.Final = true
	tests := []struct {
		name    string
		end     []ledger.Request
		expired bool // an hour has gone by
		swept   bool // and the expiry is booked
		status  ledger.HoldStatus
		want    error
		stands  string
	}{
		{name: "captured", end: these(rest("end", "h")), status: ledger.HoldCaptured, want: ledger.ErrHoldCaptured,
			stands: "70.00 posted, 0.00 held, 70.00 available, 0 holds"},
		{name: "captured finally", end: these(finally), status: ledger.HoldCaptured, want: ledger.ErrHoldCaptured,
			stands: "90.00 posted, 0.00 held, 90.00 available, 0 holds"},
		{name: "captured in parts", end: these(part("p1", "h", 1000), part("p2", "h", 1999), part("end", "h", 1)), status: ledger.HoldCaptured,
			want: ledger.ErrHoldCaptured, stands: "70.00 posted, 0.00 held, 70.00 available, 0 holds"},
		{name: "released", end: these(ledger.Release{Key: "end", Hold: "h"}), status: ledger.HoldReleased, want: ledger.ErrHoldReleased,
			stands: "100.00 posted, 0.00 held, 100.00 available, 0 holds"},
		{name: "released after a part", end: these(part("p", "h", 1000), ledger.Release{Key: "end", Hold: "h", Kind: "cancel"}), status: ledger.HoldReleased,
			want: ledger.ErrHoldReleased, stands: "90.00 posted, 0.00 held, 90.00 available, 0 holds"},
		{name: "expired", expired: true, swept: true, status: ledger.HoldExpired, want: ledger.ErrHoldExpired,
			stands: "100.00 posted, 0.00 held, 100.00 available, 0 holds"},
		{name: "expired after a part", end: these(part("p", "h", 1000)), expired: true, swept: true, status: ledger.HoldExpired,
			want: ledger.ErrHoldExpired, stands: "90.00 posted, 0.00 held, 90.00 available, 0 holds"},
		{name: "expired, which nobody has booked yet", expired: true, status: ledger.HoldOpen, want: ledger.ErrHoldExpired,
			stands: "100.00 posted, 30.00 held, 70.00 available, 1 holds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, clock := clocked(t)
			mustPost(t, books, sale("float", 10000))
			accept(t, books, expiring("h", 3000, time.Hour))
			accept(t, books, test.end...)
			if test.expired {
				clock.on(time.Hour)
			}
			if test.swept {
				expire(t, books, 10, 1)
			}
			wantStands(t, books, available, test.stands)
			h := holdState(t, books, "h")
			ended := store.snapshot().head.Seq
			if test.status == ledger.HoldOpen {
				ended = 0
			}
			if h.Status != test.status || h.Ended != ended {
				t.Errorf("the hold is %s by item %d, want %s by %d", h.Status, h.Ended, test.status, ended)
			}
			for i, r := range []ledger.Request{part("late1", "h", 1), rest("late2", "h"), ledger.Release{Key: "late3", Hold: "h"}} {
				if f := refuse(t, books, r, test.want); f.Of != "h" || f.Key != fmt.Sprint("late", i+1) {
					t.Errorf("failure is %+v", f)
				}
			}
			wantStands(t, books, available, test.stands)
			if test.status != ledger.HoldOpen {
				clock.on(24 * time.Hour)
				expire(t, books, 10, 0)
			}
		})
	}
}

// On an account that is not open, holds of earlier can be given back, and on
// one that takes no debits they can be captured too.
func TestHoldOnRestrictedAccount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status ledger.Status
		want   error // of a capture
	}{
		{ledger.Open, nil},
		{ledger.NoDebit, nil},
		{ledger.Frozen, ledger.ErrAccountStatus},
		{ledger.AccountClosed, ledger.ErrAccountStatus},
	}
	for _, test := range tests {
		t.Run(test.status.String(), func(t *testing.T) {
			t.Parallel()
			books, _, clock := clocked(t)
			mustPost(t, books, sale("float", 10000))
			accept(t, books, payoutHold("captured", 1000), payoutHold("released", 1000), expiring("expired", 1000, time.Hour),
				ledger.AccountChange{Key: "c", Account: available, Currency: inr(), Status: test.status, Force: test.status == ledger.AccountClosed})
			_, err := ask(t, books, part("x", "captured", 1000))
			if !errors.Is(err, test.want) {
				t.Errorf("a capture gives %v, want %v", err, test.want)
			}
			accept(t, books, ledger.Release{Key: "r", Hold: "released"})
			clock.on(time.Hour)
			expire(t, books, 10, 1)
			want := "100.00 posted, 10.00 held, 90.00 available, 1 holds"
			if test.want == nil {
				want = "90.00 posted, 0.00 held, 90.00 available, 0 holds"
			}
			wantStands(t, books, available, want)
		})
	}
}

func TestReleaseInvalid(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	_, err := ask(t, books, ledger.Release{Metadata: []ledger.Attribute{{}}})
	wantText(t, err, `entry "": key is missing
metadata name is missing
hold is missing`)
	refuse(t, books, ledger.Release{Key: "r", Hold: "nobody's"}, ledger.ErrNotFound)
	again := refuse(t, books, ledger.Release{Key: "r", Hold: "nobody's"}, ledger.ErrNotFound)
	wantDiff(t, "a retry's failure", ledger.Failure{Reason: ledger.ErrNotFound, Key: "r", Of: `hold "nobody's"`, Frozen: true}, again, sentinels())
}

// A release, once booked, is booked for its key.
func TestReleaseReplay(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	mustPost(t, books, sale("float", 10000))
	r := ledger.Release{Key: "r", Hold: "h", Kind: "cancelled", Reference: "ticket 7", Metadata: []ledger.Attribute{{Name: "by", Value: "asha"}}}
	accept(t, books, payoutHold("h", 1), payoutHold("h2", 1))
	first := accept(t, books, r)
	wantDiff(t, "result", ledger.Booked{
		Entry: ledger.Entry{Key: "r", Kind: "cancelled", Reference: "ticket 7", Metadata: r.Metadata},
		Act:   ledger.Released, Seq: 4, At: first.At, Terms: &ledger.Terms{Of: "h"},
	}, first.Booked, cmpopts.EquateEmpty())
	wantDiff(t, "retry", ledger.Result{Booked: first.Booked, Replayed: true}, accept(t, books, r))
	r.Hold = "h2"
	_, err := ask(t, books, r)
	wantText(t, err, `key "r" was used for another entry (seq 4): of was "h", is now "h2"`)
}

func TestHoldStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[ledger.HoldStatus]string{
		ledger.HoldOpen: "open", ledger.HoldCaptured: "captured", ledger.HoldReleased: "released", ledger.HoldExpired: "expired", 0: "unknown(0)",
	} {
		if status.String() != want {
			t.Errorf("status %d is %s, want %s", status, status, want)
		}
	}
}

// A fact from outside that is held beyond a floor marks the entry its capture
// makes: whoever looks for breaches finds it.
func TestBreachThroughHold(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	accept(t, books, ledger.Hold{Key: "h", Kind: "refund", Postings: transfer("", "refund", available, bank, 500).Postings})
	accept(t, books, ledger.Capture{Key: "c", Hold: "h", Kind: "refund", All: true})
	var found []string
	for e, err := range books.Entries(t.Context(), ledger.EntryQuery{Breached: true}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, e.Key)
	}
	wantDiff(t, "entries that breached a limit", []string{"c"}, found)
	wantPosted(t, books, available, "-5.00")
}
