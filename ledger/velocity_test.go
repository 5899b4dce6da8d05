package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func velocity(per ledger.Window, flow ledger.Flow, measure ledger.Measure, most int64) ledger.Velocity {
	return ledger.Velocity{Per: per, Flow: flow, Measure: measure, Max: money.Minor(most)}
}

// paced gives books whose pending account of merchant 1 has velocity limits.
func paced(t testing.TB, limits ...ledger.Velocity) (*ledger.Ledger, *memory, *hands) {
	t.Helper()
	return clocked(t,
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: "merchants/{m}/pending", Type: ledger.Liability, Velocity: limits, MayBreach: []string{"dispute"}})
}

// out takes from the pending account, in brings to it.
func out(key string, minor int64) ledger.Entry { return transfer(key, "payout", pending, bank, minor) }
func in(key string, minor int64) ledger.Entry  { return transfer(key, "sale", bank, pending, minor) }

func outHold(key string, minor int64) ledger.Hold {
	return ledger.Hold{Key: key, Kind: "payout", Postings: out("", minor).Postings}
}

func outPart(key, hold string, minor int64, final bool) ledger.Capture {
	return ledger.Capture{Key: key, Hold: hold, Kind: "paid", Postings: out("", minor).Postings, Final: final}
}

// counted gives what the first velocity limit of the pending account has counted.
func counted(t testing.TB, books *ledger.Ledger) string {
	t.Helper()
	text := ""
	for _, slot := range accountAt(t, books, pending).Counters[0].Slots {
		text += fmt.Sprintf("%d:%s ", slot.No, slot.Total)
	}
	return text
}

// A window moves in sixtieths: what flowed counts for a whole window, and until
// the sixtieth in which it flowed has left it.
func TestWindows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		window ledger.Window
		length time.Duration
	}{
		{ledger.Hour, time.Hour}, {ledger.Day, 24 * time.Hour}, {ledger.Days30, 30 * 24 * time.Hour},
	}
	for _, test := range tests {
		slot := test.length / 60
		for name, row := range map[string]struct {
			flows   time.Duration // after noon, where a sixtieth begins
			refused []time.Duration
			allowed time.Duration
		}{
			"at the beginning of a sixtieth": {0, []time.Duration{1, slot, test.length, test.length + slot - time.Microsecond}, test.length + slot},
			"in its middle":                  {slot / 2, []time.Duration{slot, test.length + slot/2, test.length + slot - time.Microsecond}, test.length + slot},
			"at its end":                     {slot - time.Microsecond, []time.Duration{slot, test.length + slot - time.Microsecond}, test.length + slot},
			"at the beginning of the next":   {slot, []time.Duration{test.length + slot, test.length + 2*slot - time.Microsecond}, test.length + 2*slot},
		} {
			t.Run(fmt.Sprint(test.window, " ", name), func(t *testing.T) {
				t.Parallel()
				books, _, clock := paced(t, velocity(test.window, ledger.Out, ledger.Sum, 100))
				clock.now = noon().Add(row.flows)
				accept(t, books, out("first", 60))
				for i, at := range row.refused {
					clock.now = noon().Add(at)
					if err := try(t, books, out(fmt.Sprint("x", i), 41)); !errors.Is(err, ledger.ErrVelocity) {
						t.Errorf("%s later: %v, want ErrVelocity", at, err)
					}
					if err := try(t, books, out(fmt.Sprint("y", i), 40)); err != nil {
						t.Errorf("%s later: %v", at, err)
					}
				}
				clock.now = noon().Add(row.allowed)
				accept(t, books, out("z", 100))
			})
		}
	}
}

// try makes a request without booking it.
func try(t testing.TB, books *ledger.Ledger, r ledger.Request) error {
	t.Helper()
	outcomes, err := books.Try(t.Context(), ledger.Atomic, r)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes[0].Err
}

// What left the window leaves the account; the rest adds up over all sixtieths.
func TestWindowMoves(t *testing.T) {
	t.Parallel()
	books, _, clock := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 610))
	first := noon().Unix() / 60
	for i := range 61 { // ten a minute: all of them count
		clock.now = noon().Add(time.Duration(i) * time.Minute)
		accept(t, books, out(fmt.Sprint("p", i), 10))
	}
	refuse(t, books, out("x", 1), ledger.ErrVelocity)
	if n := len(accountAt(t, books, pending).Counters[0].Slots); n != 61 {
		t.Errorf("%d sixtieths are kept", n)
	}
	clock.on(time.Minute)
	accept(t, books, out("y", 10))
	refuse(t, books, out("z", 1), ledger.ErrVelocity)
	slots := accountAt(t, books, pending).Counters[0].Slots
	if len(slots) != 61 || slots[0].No != first+1 || slots[60].No != first+61 {
		t.Errorf("%d sixtieths are kept, from %d", len(slots), slots[0].No)
	}
	clock.on(24 * time.Hour)
	accept(t, books, out("w", 610))
	if n := len(accountAt(t, books, pending).Counters[0].Slots); n != 1 {
		t.Errorf("%d sixtieths are kept", n)
	}
}

// Sums count amounts, counts count entries and holds, each for its direction.
func TestVelocityMeasures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		limit ledger.Velocity
		fine  []ledger.Request
		last  ledger.Request
		want  string
	}{
		{"sum out", velocity(ledger.Hour, ledger.Out, ledger.Sum, 100), []ledger.Request{in("i", 500), out("a", 60), outHold("h", 40), in("j", 500)}, out("x", 1),
			`"x": velocity limit exceeded: merchants/m1/pending INR, 1h out sum: 1.00 so far, 0.01 more, at most 1.00`},
		{"sum in", velocity(ledger.Day, ledger.In, ledger.Sum, 100), []ledger.Request{out("o", 500), in("a", 100), out("b", 500)}, in("x", 1),
			`"x": velocity limit exceeded: merchants/m1/pending INR, 24h in sum: 1.00 so far, 0.01 more, at most 1.00`},
		{"count out", velocity(ledger.Days30, ledger.Out, ledger.Count, 2), []ledger.Request{in("i", 1), out("a", 60), outHold("h", 99999)}, out("x", 1),
			`"x": velocity limit exceeded: merchants/m1/pending INR, 30d out count: 2 so far, 1 more, at most 2`},
		{"count in", velocity(ledger.Hour, ledger.In, ledger.Count, 1), []ledger.Request{out("o", 1), in("a", 60)}, in("x", 1),
			`"x": velocity limit exceeded: merchants/m1/pending INR, 1h in count: 1 so far, 1 more, at most 1`},
		{"a hold", velocity(ledger.Hour, ledger.Out, ledger.Sum, 100), []ledger.Request{out("a", 60)}, outHold("x", 41),
			`"x": velocity limit exceeded: merchants/m1/pending INR, 1h out sum: 0.60 so far, 0.41 more, at most 1.00`},
		{"nothing at all", velocity(ledger.Hour, ledger.Out, ledger.Sum, 0), nil, out("x", 1),
			`"x": velocity limit exceeded: merchants/m1/pending INR, 1h out sum: 0.00 so far, 0.01 more, at most 0.00`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := paced(t, test.limit)
			accept(t, books, test.fine...)
			before := store.snapshot()
			_, err := ask(t, books, test.last)
			wantText(t, err, test.want)
			if !errors.Is(err, ledger.ErrVelocity) {
				t.Error("it is not ErrVelocity")
			}
			wantOnlyBurnt(t, before, store.snapshot(), "x")
		})
	}
}

// One entry counts once, by what its postings add up to.
func TestVelocityCountsEntries(t *testing.T) {
	t.Parallel()
	books, _, _ := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Count, 1), velocity(ledger.Hour, ledger.Out, ledger.Sum, 100))
	e := out("a", 60)
	e.Postings = append(e.Postings, out("", 41).Postings...)
	failure := refuse(t, books, e, ledger.ErrVelocity)
	wantDiff(t, "figures", ledger.Failure{
		Reason: ledger.ErrVelocity, Key: "a", Account: idOf(pending), Of: "1h out sum", Change: money.Minor(101), Bound: money.Minor(100),
	}, failure, sentinels())
	e = out("b", 60)
	e.Postings = append(e.Postings, out("", 40).Postings...)
	accept(t, books, e)
}

// Several limits are looked at in their order.
func TestVelocityLimitsInOrder(t *testing.T) {
	t.Parallel()
	books, _, clock := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 100), velocity(ledger.Day, ledger.Out, ledger.Sum, 150), velocity(ledger.Day, ledger.In, ledger.Sum, 0))
	accept(t, books, out("a", 100))
	if f := refuse(t, books, out("b", 100), ledger.ErrVelocity); f.Of != "1h out sum" {
		t.Errorf("refused for %s", f.Of)
	}
	clock.on(2 * time.Hour)
	if f := refuse(t, books, out("c", 51), ledger.ErrVelocity); f.Of != "24h out sum" {
		t.Errorf("refused for %s", f.Of)
	}
	accept(t, books, out("d", 50))
}

// A kind that may breach is counted, and says that it breached.
func TestVelocityBreached(t *testing.T) {
	t.Parallel()
	books, _, _ := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 100))
	dispute := out("d", 150)
	dispute.Kind = "dispute"
	if got := accept(t, books, dispute); !got.Breached {
		t.Error("the breach is not marked")
	}
	if f := refuse(t, books, out("a", 1), ledger.ErrVelocity); f.Has != money.Minor(150) {
		t.Errorf("%s have flowed", f.Has)
	}
}

// A hold counts when it is placed, its captures do not, and what it gives back
// is given back where it was counted.
func TestVelocityOfHolds(t *testing.T) {
	t.Parallel()
	slot := noon().Unix() / 60
	all, some, one := fmt.Sprintf("%d:100 ", slot), fmt.Sprintf("%d:60 ", slot), fmt.Sprintf("%d:1 ", slot)
	tests := []struct {
		name  string
		end   []ledger.Request
		sum   string
		count string
	}{
		{"while it is open", nil, all, one},
		{"a part captured", these(outPart("c", "h", 60, false)), all, one},
		{"captured", these(rest("c", "h")), all, one},
		{"captured finally", these(outPart("c", "h", 60, true)), some, one},
		{"released", these(ledger.Release{Key: "r", Hold: "h"}), "", ""},
		{"released after a part", these(outPart("c", "h", 60, false), ledger.Release{Key: "r", Hold: "h"}), some, one},
		{"expired", nil, "", ""},
	}
	for _, test := range tests {
		for measure, want := range map[ledger.Measure]string{ledger.Sum: test.sum, ledger.Count: test.count} {
			t.Run(fmt.Sprint(test.name, " ", measure), func(t *testing.T) {
				t.Parallel()
				books, _, clock := paced(t, velocity(ledger.Hour, ledger.Out, measure, 1000))
				h := outHold("h", 100)
				h.Expires = noon().Add(20 * time.Minute)
				accept(t, books, h)
				clock.on(10 * time.Minute)
				accept(t, books, test.end...)
				if test.name == "expired" {
					clock.on(10 * time.Minute)
					expire(t, books, 5, 1)
				}
				if got := counted(t, books); got != want {
					t.Errorf("counted %q, want %q", got, want)
				}
			})
		}
	}
}

// What is given back when its window is over gives no room for anything else.
func TestGivenBackTooLate(t *testing.T) {
	t.Parallel()
	for lasts, want := range map[time.Duration]error{61*time.Minute - time.Microsecond: nil, 61 * time.Minute: ledger.ErrVelocity, 48 * time.Hour: ledger.ErrVelocity} {
		t.Run(lasts.String(), func(t *testing.T) {
			t.Parallel()
			books, _, clock := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 100))
			accept(t, books, outHold("h", 100))
			clock.now = noon().Add(lasts)
			if lasts > time.Hour+time.Minute-time.Microsecond {
				accept(t, books, out("a", 100)) // the hold no longer counts
			}
			accept(t, books, ledger.Release{Key: "r", Hold: "h"})
			if err := try(t, books, out("b", 100)); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}

// A rule counts what is booked after it was set.
func TestVelocityRuleAddedLater(t *testing.T) {
	t.Parallel()
	books, _, _ := paced(t)
	rule := func(key string, most int64) ledger.AccountChange {
		return bound(key, pending, ledger.Limits{Velocity: []ledger.Velocity{velocity(ledger.Hour, ledger.Out, ledger.Sum, most)}})
	}
	accept(t, books, out("a", 5000), outHold("before", 300), rule("r1", 100), out("b", 70))
	refuse(t, books, out("x1", 31), ledger.ErrVelocity)

	// A hold of before was not counted and is not given back.
	accept(t, books, ledger.Release{Key: "rel", Hold: "before"})
	refuse(t, books, out("x2", 31), ledger.ErrVelocity)

	// Another maximum goes on counting; limits beside it change nothing.
	accept(t, books, rule("r2", 50))
	refuse(t, books, out("x3", 1), ledger.ErrVelocity)
	accept(t, books, bound("r3", pending, ledger.Limits{Velocity: []ledger.Velocity{
		velocity(ledger.Day, ledger.Out, ledger.Sum, 1000), velocity(ledger.Hour, ledger.Out, ledger.Sum, 100),
	}}), out("c", 30))
	a := accountAt(t, books, pending)
	if first, second := a.Counters[0], a.Counters[1]; first.Slots[0].Total != money.Minor(30) || second.Slots[0].Total != money.Minor(100) || first.Since == second.Since {
		t.Errorf("counters are %+v", a.Counters)
	}

	// Taken away and set again it begins anew, and a hold counted by the old one
	// is nothing to the new one.
	accept(t, books, bound("r4", pending, ledger.Limits{}), rule("r5", 100), outHold("h", 60), bound("r6", pending, ledger.Limits{}), rule("r7", 100),
		out("d", 100), ledger.Release{Key: "rel2", Hold: "h"})
	refuse(t, books, out("x4", 1), ledger.ErrVelocity)
}

// What was refused, or undone with its batch, does not count.
func TestVelocityOfWhatFailed(t *testing.T) {
	t.Parallel()
	books, _, _ := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 100))
	accept(t, books, out("a", 10))
	refuse(t, books, out("b", 91), ledger.ErrVelocity)
	outcomes, err := books.Execute(t.Context(), ledger.Atomic, out("c", 90), outHold("h", 1))
	if err != nil || !errors.Is(outcomes[1].Err, ledger.ErrVelocity) {
		t.Fatalf("%v, %v", outcomes, err)
	}
	accept(t, books, out("d", 90))
	outcomes, err = books.Execute(t.Context(), ledger.Independent, out("a", 10), out("e", 1))
	if err != nil || !outcomes[0].Replayed || !errors.Is(outcomes[1].Err, ledger.ErrVelocity) {
		t.Fatalf("%+v, %v", outcomes, err)
	}
}

// A reversal is a flow of its own: it gives nothing back.
func TestVelocityOfReversal(t *testing.T) {
	t.Parallel()
	books, _, _ := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 100), velocity(ledger.Hour, ledger.In, ledger.Sum, 100))
	accept(t, books, out("a", 100), takeBack("r", "a"))
	refuse(t, books, out("b", 1), ledger.ErrVelocity)
	refuse(t, books, in("c", 1), ledger.ErrVelocity)
}

// Sixtieths before 1970 are counted like others.
func TestVelocityBefore1970(t *testing.T) {
	t.Parallel()
	books, _, clock := paced(t, velocity(ledger.Hour, ledger.Out, ledger.Sum, 100))
	clock.now = time.Unix(-30, 0)
	accept(t, books, out("a", 60))
	clock.now = time.Unix(30, 0)
	accept(t, books, out("b", 40))
	if got := counted(t, books); got != "-1:60 0:40 " {
		t.Errorf("counted %q", got)
	}
	refuse(t, books, out("c", 1), ledger.ErrVelocity)
}

// A debit-normal account is emptied by credits.
func TestVelocityOfAsset(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	accept(t, books, bound("v", bank, ledger.Limits{Velocity: []ledger.Velocity{velocity(ledger.Hour, ledger.Out, ledger.Count, 1)}}),
		in("i1", 5), in("i2", 5), out("o1", 5))
	refuse(t, books, out("o2", 1), ledger.ErrVelocity)
}

// Sums of what flowed stay within range.
func TestVelocityOverflow(t *testing.T) {
	t.Parallel()
	most := limit(t)
	huge := func(key string, e ledger.Entry) ledger.Entry {
		e.Key = key
		for i := range e.Postings {
			e.Postings[i].Amount = most
		}
		return e
	}
	books, _, _ := paced(t, ledger.Velocity{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Sum, Max: most})
	accept(t, books, huge("a", in("", 0)), huge("b", out("", 0)))
	_, err := ask(t, books, in("c", 1))
	if !errors.Is(err, money.ErrOverflow) {
		t.Errorf("%v, want ErrOverflow", err)
	}
	_, err = ask(t, books, out("d", 1))
	wantText(t, err, `"d": amount overflow: 99999999999999999999999999999999999999 + 1`)
}

func TestNamesOfLimits(t *testing.T) {
	t.Parallel()
	if got := velocity(ledger.Days30, ledger.In, ledger.Count, 1).String() + ", " + (ledger.Velocity{Per: 4, Flow: 3, Measure: 9}).String(); got != "30d in count, unknown(4) unknown(3) unknown(9)" {
		t.Error(got)
	}
}
