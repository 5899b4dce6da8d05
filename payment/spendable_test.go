package payment_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// alone are the terms without the reserve, and whoever asks for an adjustment decides.
func alone() *payment.Rules {
	rules := noReserve()
	rules.ApproveAbove = map[money.Currency]money.Amount{inr(): rs("1000000.00")}
	return rules
}

// credited is money that is available to m at once.
func credited(id, amount, when string) payment.Event {
	return asked(payment.AdjustmentCredit, id, amount, when)
}

// taken is a debit of what is available to m.
func taken(id, amount, when string) payment.Event {
	return asked(payment.AdjustmentDebit, id, amount, when)
}

// takes are the ways to take 80.00 of what is available to m, at an instant.
var takes = []struct {
	name string
	does func(d *desk, when string) error
}{
	{"payout", func(d *desk, when string) error {
		_, err := d.report(of(m, payout("p1", "74.10", when))) // 5.90 is the fee
		return err
	}},
	{"exchange", func(d *desk, when string) error {
		x := trade("x1")
		x.Rules, x.Merchant, x.Sold, x.Bought, x.Amount = d.rules, m, inr(), pkr(), rs("80.00")
		x.Instant = at(when)
		x.Quote.QuotedAt, x.Quote.ValidUntil = x.Instant, x.Instant
		return d.Books().Do(d.Context(), x)
	}},
}

// What belongs to a window whose cut-off has passed is its batch's: nothing else takes
// it, whether the batch has closed, could have, or not; and what the batch lacks has to
// be made good first. The batch pays the same, and nobody gets below zero by it.
func TestSpendable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		grace  time.Duration
		events []payment.Event
		when   string
		taken  bool
		nets   string // of the batches
		left   string // available at the end
	}{
		{"in its window", 0, []payment.Event{credited("a1", "100.00", "2026-03-02 10:00")}, "2026-03-02 17:59", true, "[20.00]", "0.00"},
		{"more than there is", 0, []payment.Event{credited("a1", "79.99", "2026-03-02 10:00")}, "2026-03-02 17:59", false, "[79.99]", "0.00"},
		{"after the cut-off", 0, []payment.Event{credited("a1", "100.00", "2026-03-02 10:00")}, "2026-03-02 18:00", false, "[100.00]", "0.00"},
		{"in grace", 2 * time.Hour, []payment.Event{credited("a1", "100.00", "2026-03-02 10:00")}, "2026-03-02 19:00", false, "[100.00]", "0.00"},
		{"of the next window", 2 * time.Hour, []payment.Event{
			credited("a1", "100.00", "2026-03-02 10:00"), credited("a2", "90.00", "2026-03-02 18:30"),
		}, "2026-03-02 19:00", true, "[100.00 10.00]", "0.00"},
		{"what is behind comes first", 0, []payment.Event{
			taken("a1", "20.00", "2026-03-02 10:00"), credited("a2", "90.00", "2026-03-02 18:30"),
		}, "2026-03-02 19:00", false, "[0.00 70.00]", "0.00"},
		{"behind for days", 0, []payment.Event{
			taken("a1", "20.00", "2026-02-26 10:00"), credited("a2", "15.00", "2026-02-27 10:00"), credited("a3", "84.99", "2026-03-02 18:30"),
		}, "2026-03-02 19:00", false, "[0.00 0.00 79.99]", "0.00"},
		{"made good", 0, []payment.Event{
			taken("a1", "20.00", "2026-02-26 10:00"), credited("a2", "15.00", "2026-02-27 10:00"), credited("a3", "85.00", "2026-03-02 18:30"),
		}, "2026-03-02 19:00", true, "[0.00 0.00 0.00]", "0.00"},
		{"what a batch paid makes nothing good", 0, []payment.Event{
			credited("a1", "500.00", "2026-02-26 10:00"), taken("a2", "20.00", "2026-02-27 10:00"), credited("a3", "99.00", "2026-03-02 18:30"),
		}, "2026-03-02 19:00", false, "[500.00 0.00 79.00]", "0.00"},
	} {
		for _, take := range takes {
			for _, first := range []bool{true, false} { // whether the job runs before
				if first && test.grace > 0 {
					continue // it cannot close what is in grace
				}
				t.Run(fmt.Sprintf("%s/%s/%t", test.name, take.name, first), func(t *testing.T) {
					t.Parallel()
					rules := alone()
					abroad(rules)
					rules.Book.Schedules[0].Timing.Grace = test.grace
					d := open(t, rules)
					d.book(test.events...)
					var batches []*settlement.Batch
					if first {
						batches = d.settleBefore(test.when)
					}
					err := take.does(d, test.when)
					if test.taken != (err == nil) || err != nil && !errors.Is(err, ledger.ErrInsufficientFunds) {
						t.Errorf("taken: %v, want %t", err, test.taken)
					}
					batches = append(batches, d.settle("2026-03-03")...)
					var nets []string
					for _, b := range batches {
						if b.Currency == inr() {
							nets = append(nets, inr().Format(b.Net))
						}
					}
					if diff := cmp.Diff(test.nets, fmt.Sprint(nets)); diff != "" {
						t.Errorf("nets (-want +got):\n%s", diff)
					}
					d.stands(m, "available "+test.left)
				})
			}
		}
	}
}

// settleBefore closes every window that has closed at an instant, which has no grace.
func (d *desk) settleBefore(when string) []*settlement.Batch {
	d.Helper()
	window, err := d.rules.Book.Schedules[0].Timing.WindowAt(at(when))
	if err != nil {
		d.Fatal(err)
	}
	return d.settle(window.BusinessDate.AddDays(-1).String())
}

// What the batches of a second schedule pay is theirs too, in the order in which they
// close: a payout is settled in one window, and the batches before that do not see it.
func TestSpendableOfTwoSchedules(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		daily, grace time.Duration // of the schedule of what is available, and of that of the payout
		taken        bool
	}{
		{"the payout's closes last", 0, time.Hour, false},
		{"both close at once, the payout's behind", 0, 0, false},
		{"the payout's closes first", time.Hour, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rules := alone()
			imps := rules.Book.Schedules[0]
			imps.ID, imps.For, imps.Timing.Grace = "imps", []merchant.Scope{{Region: "IN", Method: "IMPS"}}, test.grace
			rules.Book.Schedules[0].Timing.Grace = test.daily
			rules.Book.Schedules = append(rules.Book.Schedules, imps)
			d := open(t, rules)
			d.book(credited("a1", "100.00", "2026-03-02 10:00"))
			if _, err := d.report(of(m, payout("p1", "74.10", "2026-03-02 17:00"))); test.taken != (err == nil) {
				t.Errorf("taken: %v, want %t", err, test.taken)
			}
			d.settle("2026-03-02")
			d.stands(m, "available 0.00")
		})
	}
}

// A refusal says what is available, what is asked for, and why more is not.
func TestSpendableSays(t *testing.T) {
	t.Parallel()
	d := open(t, alone())
	d.book(credited("a1", "100.00", "2026-03-02 10:00"), credited("a2", "7.00", "2026-03-02 18:30"))
	d.refuse(of(m, payout("p1", "80.00", "2026-03-02 19:00")), `"payout/p1/requested": insufficient funds: merchants/m/available has INR 7.00 available, `+
		`85.90 is asked for, the floor is 0.00; what belongs to the windows up to 2026-03-02T12:30:00Z is their batches'`)
}

// What money that is still to come pays is no debt: neither what is pending, nor what
// is available in the same window or a later one. What batches pay is not to come.
// Whether they have closed makes no difference.
func TestOwed(t *testing.T) {
	t.Parallel()
	day := []payment.Event{deposit("d1", "1000.00", "2026-02-27 10:00"), refund("r1", "d1", "500.00", "2026-03-02 10:00")} // 490.00 below 0
	for _, test := range []struct {
		name   string
		events []payment.Event
		when   string
		owed   string
	}{
		{"in its window", day, "2026-03-02 12:00", "488.20"},
		{"after the cut-off", day, "2026-03-02 18:20", "488.20"},
		{"pending covers it", append(slices.Clip(day), deposit("d2", "1000.00", "2026-03-02 10:10")), "2026-03-02 12:00", "0.00"},
		{"pending covered it", append(slices.Clip(day), deposit("d2", "1000.00", "2026-03-02 10:10")), "2026-03-02 18:20", "0.00"},
		{"pending covers some", append(slices.Clip(day), deposit("d2", "100.00", "2026-03-02 10:10")), "2026-03-02 18:20", "390.56"},
		{"of the next window", append(slices.Clip(day), deposit("d2", "100.00", "2026-03-02 18:10")), "2026-03-02 18:20", "390.56"},
		{"what a batch paid covers nothing", []payment.Event{
			credited("a1", "100.00", "2026-03-02 10:00"), taken("a2", "30.00", "2026-03-02 18:10"),
		}, "2026-03-02 18:20", "30.00"},
	} {
		for _, first := range []bool{true, false} { // whether the job runs before
			t.Run(fmt.Sprintf("%s/%t", test.name, first), func(t *testing.T) {
				t.Parallel()
				d := open(t, alone())
				d.book(test.events...)
				if first {
					d.settleBefore(test.when)
				}
				more := inr().Format(plus(t, rs(test.owed), rs("0.01")))
				d.refuse(reclassified("b1", more, test.when), "amount: "+more+" is more than the merchant owes, INR "+test.owed)
				d.book(asked(payment.WriteOffRequested, "w1", more, test.when))
				d.refuse(answered(payment.WriteOffApproved, "w1", test.when), "amount: "+more+" is more than the merchant owes, INR "+test.owed)
				if test.owed != "0.00" {
					d.book(reclassified("b2", test.owed, test.when))
				}
				d.stands(m, "receivable "+test.owed)
			})
		}
	}
}

// What has matured by then, or is still to mature, of money that is settled by hand
// covers a debt, whether the job has moved it or not.
func TestOwedByHand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ amount, owed string }{{"300.00", "0.00"}, {"1000.00", "23.60"}} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%t", test.amount, first), func(t *testing.T) {
				t.Parallel()
				d := open(t, alone())
				d.book(saved(), of(hand, taken("a1", test.amount, "2026-03-03 11:00"))) // 976.40 from the 5th on
				if first {
					d.settle("2026-03-05")
				}
				d.refuse(of(hand, reclassified("b1", "23.61", "2026-03-06 10:00")), "amount: 23.61 is more than the merchant owes, INR "+test.owed)
				if test.owed != "0.00" {
					d.book(of(hand, reclassified("b1", test.owed, "2026-03-06 10:00")))
				}
				d.settle("2026-03-06")
				d.stands(hand, "pending 0.00", "receivable "+test.owed)
			})
		}
	}
}

// A fixed reserve is built and given back by batches too: what somebody decides about
// it waits until those are closed that would have seen it. In grace every batch sees
// it. So no batch pays another net for the job's being late.
func TestPoolDecisionWhileWindowsAreDue(t *testing.T) {
	t.Parallel()
	d := open(t, pooled(0))
	d.book(captured())
	d.settle("2026-03-02") // 100.00 are there
	d.book(deposit("d2", "1000.00", "2026-03-05 10:00"))
	back := of(m, withAmount("40.00", returns("x1", "security", "2026-03-05 18:30")))
	build := of(m, pays("x2", "security", "10.00", "2026-03-05 18:40"))
	due := "merchant_id: m: windows are due and not closed, settle first: up to 2026-03-05T12:30:00Z"
	d.refuse(back, due)
	d.refuse(build, due)
	if b := d.settle("2026-03-05")[0]; b.Net != rs("976.40") {
		t.Errorf("net %s, want 976.40", inr().Format(b.Net))
	}
	d.book(back, build)
	d.stands(m, "available 30.00", "reserve/fixed 70.00")
	if _, err := d.report(of(m, pays("x3", "security", "30.01", "2026-03-05 18:50"))); err == nil {
		t.Error("more is built than there is")
	}
}

// So it does where nothing is settled in the window but what comes back of reserves: on the
// date of a hold, or because a plan has ended.
func TestPoolDecisionWhileReservesAreDue(t *testing.T) {
	t.Parallel()
	for name, gives := range map[string]func(holds, floor *reserve.Plan){ // something back on the 6th
		"hold whose date it is":          func(holds, _ *reserve.Plan) { holds.Days = 4 },
		"holds of a plan that has ended": func(holds, _ *reserve.Plan) { holds.EffectiveTo, holds.AtEnd = date("2026-03-05"), reserve.EndRelease },
		"minimum whose plan has ended":   func(_, floor *reserve.Plan) { floor.EffectiveTo = date("2026-03-05") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := secured()
			gives(&rules.Plans[0], &rules.Plans[2])
			d := open(t, rules)
			d.book(captured())
			d.settle("2026-03-02")
			back := of(m, returns("x1", "security", "2026-03-06 18:30"))
			d.refuse(back, "merchant_id: m: windows are due and not closed, settle first: up to 2026-03-06T12:30:00Z")
			if closed := d.settle("2026-03-06"); len(closed) != 1 {
				t.Fatalf("%d batches are closed, want the one that gives back", len(closed))
			}
			d.book(back)
			d.refuse(of(m, returns("x2", "security", "2026-03-06 18:40")), `parent_id: reserve_return is not possible now: plan "security" withholds nothing of merchant m`)
		})
	}
}

// So it does where the calendar ends by which that window would be: the version of the schedule that
// is in force says which it is, beside the old one or instead of it.
func TestPoolDecisionBehindAnEndedCalendar(t *testing.T) {
	t.Parallel()
	for _, instead := range []bool{false, true} {
		t.Run(fmt.Sprintf("instead %t", instead), func(t *testing.T) {
			t.Parallel()
			rules := secured()
			rules.Plans[0].Days = 4
			first := &rules.Book.Schedules[0]
			shipped, _ := calendar.Shipped("IN")
			ending := *shipped
			ending.ValidUntil = date("2026-03-05")
			ending.Holidays = slices.DeleteFunc(slices.Clone(ending.Holidays), func(h calendar.Holiday) bool { return h.Date.After(ending.ValidUntil) })
			first.Timing.Calendars = calendar.Calendars{&ending}
			d := open(t, rules)
			d.book(captured())
			d.settle("2026-03-02")
			back := of(m, returns("x1", "security", "2026-03-06 18:30"))
			if _, err := d.report(back); !errors.Is(err, calendar.ErrOutOfRange) {
				t.Errorf("got %v, want that the window is not known", err)
			}
			next := *first
			next.Version, next.Timing.Calendars = "2", calendar.Calendars{shipped}
			if instead {
				*first = next
			} else {
				next.EffectiveFrom = date("2026-03-06")
				rules.Book.Schedules = append(rules.Book.Schedules, next)
			}
			d.refuse(back, "merchant_id: m: windows are due and not closed, settle first: up to 2026-03-06T12:30:00Z")
		})
	}
}

// See TestPoolDecisionWhileWindowsAreDue.
func TestPoolDecisionInGrace(t *testing.T) {
	t.Parallel()
	d := open(t, pooled(2*time.Hour))
	d.book(captured())
	d.settle("2026-03-02")
	d.book(
		deposit("d2", "1000.00", "2026-03-05 10:00"),
		of(m, withAmount("40.00", returns("x1", "security", "2026-03-05 18:30"))),
	)
	d.refuse(of(m, returns("x3", "security", "2026-03-05 20:00")),
		"merchant_id: m: windows are due and not closed, settle first: up to 2026-03-05T14:30:00Z")
	if b := d.settle("2026-03-05")[0]; b.Net != rs("936.40") { // it builds 40.00 again
		t.Errorf("net %s, want 936.40", inr().Format(b.Net))
	}
	d.stands(m, "available 40.00", "reserve/fixed 100.00")
}

// A reserve is not built of what is the batch's, see TestSpendable.
func TestPoolBuiltInGrace(t *testing.T) {
	t.Parallel()
	rules := pooled(2 * time.Hour)
	rules.ApproveAbove, rules.Plans[0].Rate = alone().ApproveAbove, money.MustRate("1%")
	d := open(t, rules)
	d.book(credited("a1", "100.00", "2026-03-02 10:00"), credited("a2", "80.00", "2026-03-02 18:20"))
	if _, err := d.report(of(m, pays("x1", "security", "80.01", "2026-03-02 18:30"))); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("built of what is the batch's: %v", err)
	}
	d.book(of(m, pays("x2", "security", "80.00", "2026-03-02 18:30")))
	if b := d.settle("2026-03-02")[0]; b.Net != rs("99.00") {
		t.Errorf("net %s, want 99.00", inr().Format(b.Net))
	}
	d.stands(m, "available 0.00", "reserve/fixed 81.00")
}

// pooled are the terms with a fixed reserve alone.
func pooled(grace time.Duration) *payment.Rules {
	rules := secured()
	rules.Plans, rules.Book.Plans = rules.Plans[1:2], rules.Book.Plans[1:2]
	rules.Book.Schedules[0].Timing.Grace = grace
	return rules
}

// What the last batch carries on because it is too little to pay counts against what a due
// window lacks, before its job as after it: a payout of what comes later is not refused.
func TestSpendableBehindCarry(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} { // whether the job runs before
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			t.Parallel()
			rules := alone()
			rules.Book.Schedules[0].MinPayout = rs("1000.00")
			d := open(t, rules)
			d.book(credited("a1", "600.00", "2026-02-26 10:00"))
			d.settle("2026-02-26")
			d.book(taken("a2", "500.00", "2026-02-27 10:00"))
			if first {
				d.settle("2026-02-27")
			}
			d.book(credited("a3", "100.00", "2026-03-02 09:00"))
			if _, err := d.report(of(m, payout("p1", "50.00", "2026-03-02 10:00"))); err != nil {
				t.Errorf("payout: %v", err)
			}
			if _, err := d.report(of(m, payout("p2", "45.00", "2026-03-02 10:01"))); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("payout of what is carried: %v, want %v", err, ledger.ErrInsufficientFunds)
			}
			d.settle("2026-03-03")
			d.stands(m, "available 144.10") // 5.90 of it was the payout's fee
		})
	}
}
