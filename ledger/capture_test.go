package ledger_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// held gives books with 100.00 available, of which hold "h" has set 30.00 aside.
func held(t testing.TB) (*ledger.Ledger, *memory, *hands) {
	t.Helper()
	books, store, clock := clocked(t)
	mustPost(t, books, sale("float", 10000))
	accept(t, books, payoutHold("h", 3000))
	return books, store, clock
}

func TestCapture(t *testing.T) {
	t.Parallel()
	books, _, _ := held(t)
	c := part("c1", "h", 1000)
	c.Reference, c.ValueDate, c.Metadata = "utr-1", date("2026-02-28"), []ledger.Attribute{{Name: "b"}, {Name: "a"}}
	got := accept(t, books, c)
	wantDiff(t, "result", ledger.Result{Booked: ledger.Booked{
		Entry: ledger.Entry{
			Key: "c1", Kind: "paid", Reference: "utr-1", ValueDate: date("2026-02-28"), Metadata: []ledger.Attribute{{Name: "a"}, {Name: "b"}}, Postings: c.Postings,
		},
		Act: ledger.Captured, Seq: 3, At: noon().Add(2 * time.Microsecond), Terms: &ledger.Terms{Of: "h"},
	}}, got)
	wantStands(t, books, available, "90.00 posted, 20.00 held, 70.00 available, 1 holds")

	last := accept(t, books, part("c2", "h", 1999), rest("c3", "h"))
	if last.ValueDate != date("2026-03-02") || !last.All {
		t.Errorf("capturing the rest gives %+v", last)
	}
	wantDiff(t, "postings of the rest", transfer("", "", available, bank, 1).Postings, last.Postings)
	wantStands(t, books, available, "70.00 posted, 0.00 held, 70.00 available, 0 holds")
	wantDiff(t, "statement", []string{
		"float 0.00 100.00 100.00", "c1 10.00 0.00 90.00", "c2 19.99 0.00 70.01", "c3 0.01 0.00 70.00",
	}, lines(t, books, available))
	for on, want := range map[string]int64{"2026-02-27": 0, "2026-02-28": -1000, "2026-03-02": 7000} {
		if got, err := books.BalanceOn(t.Context(), available, inr(), date(on)); got != money.Minor(want) || err != nil {
			t.Errorf("on %s: %s, %v; want %d", on, got, err, want)
		}
	}
}

// A final capture gives back what it leaves.
func TestFinalCapture(t *testing.T) {
	t.Parallel()
	books, _, _ := held(t)
	c := part("c", "h", 1000)
	c.Final = true
	accept(t, books, c)
	wantStands(t, books, available, "90.00 posted, 0.00 held, 90.00 available, 0 holds")
	h := holdState(t, books, "h")
	if h.Legs[0].Captured != money.Minor(1000) || h.Legs[0].Left() != money.Minor(2000) || h.Status != ledger.HoldCaptured {
		t.Errorf("the hold is %+v", h)
	}
}

// A capture asks for at most what is left of each leg, on its side.
func TestCaptureExceedsHold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		postings []ledger.Posting
		want     string
	}{
		{"a minor unit too much", transfer("", "", available, bank, 2001).Postings,
			`"c": more than is left of the hold "h": merchants/m1/available INR has 20.00 left, 20.01 is asked for`},
		{"too much in two postings", append(transfer("", "", available, bank, 1500).Postings, transfer("", "", available, bank, 501).Postings...),
			`"c": more than is left of the hold "h": merchants/m1/available INR has 20.00 left, 20.01 is asked for`},
		{"an account it has not", transfer("", "", available, sales, 1).Postings,
			`"c": more than is left of the hold "h": sales INR has 0.00 left, 0.01 is asked for`},
		{"the other side", transfer("", "", bank, available, 1).Postings,
			`"c": more than is left of the hold "h": bank INR has 0.00 left, 0.01 is asked for`},
		{"another currency", []ledger.Posting{ledger.Dr(available, money.Minor(1), pkr()), ledger.Cr(bank, money.Minor(1), pkr())},
			`"c": more than is left of the hold "h": merchants/m1/available PKR has 0.00 left, 0.01 is asked for`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := held(t)
			accept(t, books, part("first", "h", 1000))
			before := store.snapshot()
			_, err := ask(t, books, ledger.Capture{Key: "c", Hold: "h", Kind: "paid", Postings: test.postings})
			wantText(t, err, test.want)
			if !errors.Is(err, ledger.ErrExceedsHold) {
				t.Error("it is not ErrExceedsHold")
			}
			wantOnlyBurnt(t, before, store.snapshot(), "c")
		})
	}
	books, _, _ := held(t)
	accept(t, books, ledger.Capture{Key: "c", Hold: "h", Kind: "paid", Postings: append(
		transfer("", "", available, bank, 1500).Postings, transfer("", "", available, bank, 1500).Postings...)})
	wantStands(t, books, available, "70.00 posted, 0.00 held, 70.00 available, 0 holds")
}

// A hold of several legs is captured in balanced parts of any of them.
func TestCaptureLegs(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	two := func(first, second int64) []ledger.Posting {
		return []ledger.Posting{
			ledger.Dr(bank, money.Minor(first+second), inr()), ledger.Cr(available, money.Minor(first), inr()), ledger.Cr(other, money.Minor(second), inr()),
		}
	}
	accept(t, books,
		ledger.Hold{Key: "h", Kind: "auth", Postings: two(6000, 4000)},
		ledger.Capture{Key: "c1", Hold: "h", Kind: "sale", Postings: two(6000, 1000)})
	got := accept(t, books, rest("c2", "h"))
	wantDiff(t, "the rest", transfer("", "", bank, other, 3000).Postings, got.Postings)
	wantStands(t, books, available, "60.00 posted, 0.00 held, 60.00 available, 0 holds")
	wantStands(t, books, other, "40.00 posted, 0.00 held, 40.00 available, 0 holds")
	wantStands(t, books, bank, "100.00 posted, 0.00 held, 100.00 available, 0 holds")
}

// Limits were checked when the hold was placed: no later limit stops a capture.
func TestCaptureIgnoresLimits(t *testing.T) {
	t.Parallel()
	books, _, _ := held(t)
	accept(t, books,
		transfer("rest", "payout", available, bank, 7000),
		ledger.AccountChange{Key: "l", Account: available, Currency: inr(), Limits: &ledger.Limits{
			Limited: true, Floor: money.Minor(5000), Velocity: []ledger.Velocity{{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Count}},
		}})
	refuse(t, books, transfer("p", "payout", available, bank, 1), ledger.ErrInsufficientFunds)
	if got := accept(t, books, rest("c", "h")); got.Breached {
		t.Error("the capture says that it breached a limit")
	}
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 0 holds")
}

// What is malformed is said whole, and burns nothing.
func TestCaptureInvalid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		capture ledger.Capture
		want    string
	}{
		{"nothing", ledger.Capture{}, `entry "": hold is missing
names no postings; ask for all that is left explicitly
key is missing
kind is missing`},
		{"all and postings", ledger.Capture{Key: "c", Hold: "h", Kind: "x", All: true, Postings: transfer("", "", available, bank, 1).Postings},
			`entry "c": asks for all that is left and names 2 postings`},
		{"unbalanced", ledger.Capture{Key: "c", Hold: "h", Kind: "x", Postings: []ledger.Posting{
			ledger.Dr(available, money.Minor(2), inr()), ledger.Cr(bank, money.Minor(1), inr()),
		}}, `entry "c": entry does not balance: INR debits 0.02, credits 0.01`},
		{"a zero amount", ledger.Capture{Key: "c", Hold: "h", Kind: "x", Postings: transfer("", "", available, bank, 0).Postings}, `entry "c": posting 0: amount INR 0.00 is not positive
posting 1: amount INR 0.00 is not positive`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := held(t)
			before := store.snapshot()
			_, err := ask(t, books, test.capture)
			wantText(t, err, test.want)
			if !errors.Is(err, ledger.ErrInvalid) || store.snapshot() != before {
				t.Error("it is not ErrInvalid, or was written")
			}
		})
	}
}

// A retry gets the first outcome, though the hold has gone on since.
func TestCaptureReplay(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{"", "payouts"} {
		t.Run("owner "+owner, func(t *testing.T) {
			t.Parallel()
			books, _, _ := clocked(t)
			mustPost(t, books, sale("float", 10000))
			h := payoutHold("h", 3000)
			h.Owner = owner
			accept(t, books, h)
			first, second := accept(t, books, part("c1", "h", 1000)), accept(t, books, rest("c2", "h"))
			if first.Owner != owner || second.Owner != owner {
				t.Errorf("owners are %q and %q, want the hold's", first.Owner, second.Owner)
			}
			wantDiff(t, "retry", ledger.Result{Booked: first.Booked, Replayed: true}, accept(t, books, part("c1", "h", 1000)))
			wantDiff(t, "retry of all", ledger.Result{Booked: second.Booked, Replayed: true}, accept(t, books, rest("c2", "h")))
		})
	}
	books, _, _ := held(t)
	accept(t, books, part("c", "h", 1000))
	for field, change := range map[string]func(*ledger.Capture){
		"of":        func(c *ledger.Capture) { c.Hold = "h2" },
		"all":       func(c *ledger.Capture) { c.All, c.Postings = true, nil },
		"final":     func(c *ledger.Capture) { c.Final = true },
		"posting 0": func(c *ledger.Capture) { c.Postings = transfer("", "", available, bank, 999).Postings },
	} {
		c := part("c", "h", 1000)
		change(&c)
		_, err := ask(t, books, c)
		var conflict *ledger.ConflictError
		if !errors.As(err, &conflict) || conflict.Field != field {
			t.Errorf("another %s gives %v", field, err)
		}
	}
}

// One of a capture, a release and an expiry wins; the others are told how the
// hold ended.
func TestRaceForAHold(t *testing.T) {
	t.Parallel()
	for round := range 60 {
		books, store, _ := held(t)
		accept(t, books, expiring("race", 1000, time.Hour))
		late, err := ledger.New(store, ledger.Config{Chart: chart(t), Clock: func() time.Time { return noon().Add(time.Hour) }})
		if err != nil {
			t.Fatal(err)
		}
		winners := make(chan string, 3)
		var wait sync.WaitGroup
		for name, run := range map[string]func() (bool, error){
			"captured": func() (bool, error) { _, err := books.Capture(t.Context(), rest("c", "race")); return err == nil, err },
			"released": func() (bool, error) {
				_, err := books.Release(t.Context(), ledger.Release{Key: "r", Hold: "race"})
				return err == nil, err
			},
			"expired": func() (bool, error) { n, err := late.Expire(t.Context(), 5); return n > 0, err },
		} {
			wait.Go(func() {
				did, err := run()
				if did {
					winners <- name
				} else if err != nil && !errors.Is(err, ledger.ErrHoldCaptured) && !errors.Is(err, ledger.ErrHoldReleased) && !errors.Is(err, ledger.ErrHoldExpired) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wait.Wait()
		close(winners)
		if len(winners) != 1 {
			t.Fatalf("round %d: %d won", round, len(winners))
		}
		winner := <-winners
		if h := holdState(t, books, "race"); h.Status.String() != winner {
			t.Errorf("%s won, the hold is %s", winner, h.Status)
		}
	}
}
