package payment_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// anchored are rules whose windows close as an anchor says, but for merchants who are settled by hand.
func anchored(rules *payment.Rules, anchor calendar.Anchor) *payment.Rules {
	rules.Book.Schedules[0].Timing.Anchor = anchor
	return rules
}

// dearer prices refunds too, and has a version "dear" of each price from a day on.
func dearer(rules *payment.Rules, from string) *payment.Rules {
	rules.Fees = append(rules.Fees, price("refund", fees.EventRefund, fees.Component{Rate: money.MustRate("1%")}))
	for _, s := range rules.Fees {
		s.Version, s.EffectiveFrom = "dear", date(from)
		s.Components = []fees.Component{{Kind: "commission", Fixed: new(rs("9.00"))}}
		rules.Fees = append(rules.Fees, s)
	}
	return rules
}

// Rule 2: the version in force at capture prices it, on the local date of the schedule, whenever its window closes: in one of a month, and
// after the cut-off of the eve. Refunds and disputes go by the day of the capture, payouts by that of their request.
func TestRule2VersionInForceAtCapture(t *testing.T) {
	t.Parallel()
	monthly := calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{31}}
	for name, tt := range map[string]struct {
		anchor   calendar.Anchor
		when, on string
		want     string
	}{
		"first days of a month":      {monthly, "2026-03-02 10:00", "2026-03-02", "1"},
		"last minute of the eve":     {monthly, "2026-03-19 23:59", "2026-03-19", "1"},
		"midnight":                   {monthly, "2026-03-20 00:00", "2026-03-20", "dear"},
		"cut-off of the eve is over": {calendar.Anchor{}, "2026-03-19 18:30", "2026-03-19", "1"},
		"daily":                      {calendar.Anchor{}, "2026-03-20 09:00", "2026-03-20", "dear"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, dearer(anchored(noReserve(), tt.anchor), "2026-03-20"))
			d.book(of(hand, deposit("d0", "1000.00", "2026-02-03 10:00")), deposit("d1", "1000.00", tt.when), payout("p1", "100.00", tt.when),
				refund("r1", "d1", "100.00", "2026-04-06 10:00"), dispute("c1", "d1", "100.00", "2026-04-06 11:00"))
			captured := record[*payment.Deposit](d, payment.DepositRecord, "d1")
			got := []string{
				captured.PricedOn.String(), captured.Fee.Version, record[*payment.Refund](d, payment.RefundRecord, "r1").Fee.Version,
				record[*payment.Dispute](d, payment.DisputeRecord, "c1").Fee.Version, record[*payment.Payout](d, payment.PayoutRecord, "p1").Fee.Version,
			}
			if diff := cmp.Diff([]string{tt.on, tt.want, tt.want, tt.want, tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, id := range []string{"d1", "r1", "c1", "p1"} {
				all, err := d.ExplainFee(t.Context(), id)
				if err != nil || all[0].Query.On != date(tt.on) {
					t.Errorf("%s is explained by %v, %v", id, all[0].Query, err)
				}
			}
		})
	}
}

// Whether a version was known already when a capture before it was booked makes no difference.
func TestVersionLoadedBeforeOrAfter(t *testing.T) {
	t.Parallel()
	anchor := calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Friday}}
	early := open(t, dearer(anchored(noReserve(), anchor), "2026-03-05"))
	late := open(t, anchored(noReserve(), anchor))
	for _, d := range []*desk{early, late} {
		d.book(deposit("d1", "1000.00", "2026-03-04 10:00"))
	}
	late.rules = dearer(anchored(noReserve(), anchor), "2026-03-05")
	late.restart()
	for _, d := range []*desk{early, late} {
		d.book(deposit("d2", "1000.00", "2026-03-05 10:00"))
		if diff := cmp.Diff([]string{"d1 20.00", "d2 9.00"}, d.costs()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// A counter of tiers counts a capture in the month of its local date, although its window closes in the next one.
func TestTierCounterOfTheMonthOfCapture(t *testing.T) {
	t.Parallel()
	d := open(t, anchored(tiered(fees.Graduated), calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Friday}}))
	d.book(deposit("d1", "1000.00", "2026-03-02 10:00"), deposit("d2", "1000.00", "2026-03-31 23:59"), deposit("d3", "1000.00", "2026-04-01 00:00"))
	if diff := cmp.Diff([]string{"d1 20.00", "d2 10.00", "d3 20.00"}, d.costs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counter := record[*payment.FeeCounter](d, payment.FeeCounterRecord, "m/INR/capture/2026-03")
	if counter.Amount != rs("2000.00") || counter.Count != 2 {
		t.Errorf("counted %d captures of %s in March", counter.Count, inr().Format(counter.Amount))
	}
}
