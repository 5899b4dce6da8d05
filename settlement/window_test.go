package settlement_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Windows are half-open: the instant of the cut-off belongs to the next one.
func TestCutoff(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(
		deposit("noon", "m1", ist("2026-03-02 12:00"), "1.00"),
		deposit("last", "m1", ist("2026-03-02 17:59:59.999999"), "2.00"),
		deposit("sharp", "m1", ist("2026-03-02 18:00"), "4.00"),
	)
	h.settle(ist("2026-03-02 17:59:59.999999"))
	h.wants(`
		tail: m1 INR deposit noon 1.00 of 2026-03-02
		tail: m1 INR deposit last 2.00 of 2026-03-02
		tail: m1 INR deposit sharp 4.00 of 2026-03-03
	`)
	h.settle(ist("2026-03-02 18:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 3.00 + 0.00 = 3.00
		  1 deposit noon 1.00
		  2 deposit last 2.00
		tail: m1 INR deposit sharp 4.00 of 2026-03-03
	`)
	h.settle(ist("2026-03-03 18:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 3.00 + 0.00 = 3.00
		  1 deposit noon 1.00
		  2 deposit last 2.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 4.00 + 0.00 = 4.00
		  1 deposit sharp 4.00
	`)
}

// With cutoff_inclusive the instant of the cut-off belongs to the window that
// closes there, and is not late for it.
func TestCutoffInclusive(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.Timing.CutoffInclusive = true
	h := open(t, rulesWith(schedule))
	h.take(
		deposit("sharp", "m1", ist("2026-03-02 18:00"), "4.00"),
		deposit("after", "m1", ist("2026-03-02 18:00:00.000001"), "8.00"),
	)
	h.settle(ist("2026-03-03 12:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 4.00 + 0.00 = 4.00
		  1 deposit sharp 4.00
		tail: m1 INR deposit after 8.00 of 2026-03-03
	`)
}

// Several windows a day, and each knows its own.
func TestWindowsOfADay(t *testing.T) {
	t.Parallel()
	schedule := daily("IN", "Asia/Kolkata", "09:00", "13:00", "18:00")
	schedule.Timing.Delay.N = 0
	h := open(t, rulesWith(schedule))
	h.take(
		deposit("night", "m1", ist("2026-03-01 23:00"), "1.00"),
		deposit("dawn", "m1", ist("2026-03-02 08:59:59"), "2.00"),
		deposit("late-morning", "m1", ist("2026-03-02 09:00"), "4.00"),
		deposit("afternoon", "m1", ist("2026-03-02 13:00"), "8.00"),
		deposit("evening", "m1", ist("2026-03-02 18:00"), "16.00"),
	)
	h.settle(ist("2026-03-02 18:00"))
	h.wants(`
		m1 INR 2026-03-02 w1 closed, due 2026-03-02: 0.00 + 3.00 + 0.00 = 3.00
		  1 deposit night 1.00
		  2 deposit dawn 2.00
		m1 INR 2026-03-02 w2 closed, due 2026-03-02: 0.00 + 4.00 + 0.00 = 4.00
		  1 deposit late-morning 4.00
		m1 INR 2026-03-02 w3 closed, due 2026-03-02: 0.00 + 8.00 + 0.00 = 8.00
		  1 deposit afternoon 8.00
		tail: m1 INR deposit evening 16.00 of 2026-03-03
	`)
}

// What is booked after the watermark goes to the next window, marked late and
// with its original date; whether its own window had a batch does not matter.
func TestLateEntries(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(deposit("early", "m1", ist("2026-03-02 12:00"), "1.00"))
	h.settle(ist("2026-03-02 18:00"))
	h.take(deposit("late", "m1", ist("2026-03-02 13:00"), "2.00"))
	h.take(deposit("ok", "m1", ist("2026-03-03 08:00"), "4.00"))
	h.take(deposit("later", "m1", ist("2026-03-01 13:00"), "8.00"))
	h.settle(ist("2026-03-03 18:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 1.00 + 0.00 = 1.00
		  1 deposit early 1.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 14.00 + 0.00 = 14.00
		  1 deposit later 8.00 late, of 2026-03-01
		  2 deposit late 2.00 late, of 2026-03-02
		  3 deposit ok 4.00
	`)
}

// An entry that comes days too late skips the windows it was too late for,
// even if they had no batch.
func TestVeryLateEntry(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(
		deposit("other", "m2", ist("2026-03-05 12:00"), "1.00"),
		deposit("late", "m1", ist("2026-03-02 13:00"), "2.00"),
	)
	h.settle(ist("2026-03-10 18:00"))
	h.wants(`
		m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 2.00 + 0.00 = 2.00
		  1 deposit late 2.00 late, of 2026-03-02
		m2 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 1.00 + 0.00 = 1.00
		  1 deposit other 1.00
	`)
}

// Grace waits for entries that are booked after the cut-off; it moves no
// window.
func TestGrace(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.Timing.Grace = 2 * time.Hour
	h := open(t, rulesWith(schedule))
	h.take(
		deposit("next", "m1", ist("2026-03-02 19:59:59"), "1.00"),       // of the next window
		deposit("in-grace", "m1", ist("2026-03-02 17:00"), "2.00"),      // booked a moment after it, within the grace
		deposit("clock", "m2", ist("2026-03-02 20:00"), "4.00"),         // moves the books past the grace
		deposit("too-late", "m1", ist("2026-03-02 17:30"), "8.00"),      // booked after it
		deposit("too-late-too", "m1", ist("2026-03-02 18:30"), "16.00"), // of the next window, and in time for that
	)
	if got := h.settle(ist("2026-03-02 19:59:59.999999")); len(got) != 0 {
		t.Errorf("%d batches were closed within the grace", len(got))
	}
	h.settle(ist("2026-03-03 20:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 2.00 + 0.00 = 2.00
		  1 deposit in-grace 2.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 25.00 + 0.00 = 25.00
		  1 deposit too-late 8.00 late, of 2026-03-02
		  2 deposit next 1.00
		  3 deposit too-late-too 16.00
		m2 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 4.00 + 0.00 = 4.00
		  1 deposit clock 4.00
	`)
}

// A batch knows the watermark it was closed under.
func TestWatermark(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "1.00"), deposit("d2", "m1", ist("2026-03-02 19:00"), "1.00"))
	batches := h.settle(ist("2026-03-05 12:00"))
	if len(batches) != 2 {
		t.Fatalf("%d batches, want 2", len(batches))
	}
	want := settlement.Watermark{Through: ledger.Position{1}, Before: ist("2026-03-02 18:00")} // a free deposit is one entry
	if diff := cmp.Diff(want, batches[0].Watermark); diff != "" {
		t.Errorf("watermark (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]settlement.Status{settlement.Closed, settlement.Approved}, statuses(batches[0])); diff != "" {
		t.Errorf("steps (-want +got)\n%s", diff)
	}
}

func statuses(b *settlement.Batch) (all []settlement.Status) {
	for _, s := range b.Steps {
		all = append(all, s.Status)
	}
	return all
}

// Through keeps windows of later business dates open, however long past.
func TestThrough(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "1.00"), deposit("d2", "m1", ist("2026-03-03 12:00"), "2.00"))
	if _, err := h.trySettle(settlement.Ready{Horizon: ist("2026-04-01 00:00"), Through: date("2026-03-02")}); err != nil {
		t.Fatal(err)
	}
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 1.00 + 0.00 = 1.00
		  1 deposit d1 1.00
		tail: m1 INR deposit d2 2.00 of 2026-03-03
	`)
}

// Closing what is closed does nothing.
func TestSettleTwice(t *testing.T) {
	t.Parallel()
	h := open(t, priced(rulesWith(india())))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	h.settle(ist("2026-03-02 18:00"))
	before := h.story()
	counted := &faulty{Store: h.store}
	h.on(counted)
	if again := h.settle(ist("2026-03-02 18:00")); len(again) != 0 {
		t.Errorf("%d batches were closed again", len(again))
	}
	if counted.writes != 0 {
		t.Errorf("%d transactions were written", counted.writes)
	}
	if diff := cmp.Diff(before, h.story()); diff != "" {
		t.Errorf("story (-before +after)\n%s", diff)
	}
}

// The vectors of the design page, from an event to the date its batch is due.
func TestSettlementDates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		region   string
		zone     string
		delay    int
		at, want string
	}{
		{"BD Friday T+1 over Eid", "BD", "Asia/Dhaka", 1, "2026-03-20", "2026-03-24"},
		{"BD Thursday T+1 over the weekend", "BD", "Asia/Dhaka", 1, "2026-04-09", "2026-04-12"},
		{"PK Thursday T+1 over Eid", "PK", "Asia/Karachi", 1, "2026-03-19", "2026-03-24"},
		{"IN Friday T+1 before a second Saturday", "IN", "Asia/Kolkata", 1, "2026-01-09", "2026-01-12"},
		{"IN Friday T+1 before a first Saturday", "IN", "Asia/Kolkata", 1, "2026-01-02", "2026-01-03"},
		{"IN Friday T+2 over Republic Day", "IN", "Asia/Kolkata", 2, "2026-01-23", "2026-01-28"},
		{"IN Saturday T+0 on a second Saturday", "IN", "Asia/Kolkata", 0, "2026-01-10", "2026-01-12"},
		{"IN Monday T+0", "IN", "Asia/Kolkata", 0, "2026-01-12", "2026-01-12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			schedule := daily(tt.region, tt.zone, "18:00")
			schedule.Timing.Delay.N = tt.delay
			schedule.Timing.Calendars = shipped(tt.region)
			rules := rulesWith(schedule)
			h := open(t, rules)
			e := deposit("d1", "m1", local(tt.zone, tt.at+" 12:00"), "1.00")
			for _, r := range rules.Book.Regions {
				if r.ID == tt.region {
					e.Currency = r.Currencies[0]
				}
			}
			h.take(e)
			batches := h.settle(local(tt.zone, tt.at+" 18:00"))
			if len(batches) != 1 {
				t.Fatalf("%d batches, want 1", len(batches))
			}
			w := batches[0].Window
			if w.BusinessDate != date(tt.at) || w.SettlementDate != date(tt.want) {
				t.Errorf("business date %s is due on %s, want %s on %s", w.BusinessDate, w.SettlementDate, tt.at, tt.want)
			}
		})
	}
}

// A weekly schedule closes once a week; what comes on the way waits.
func TestWeekly(t *testing.T) {
	t.Parallel()
	schedule := daily("BD", "Asia/Dhaka", "12:00", "18:00")
	schedule.Timing.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Thursday}}
	schedule.Timing.Calendars = shipped("BD")
	h := open(t, rulesWith(schedule))
	var events []payment.Event
	for i, at := range []string{"2026-04-02 18:00", "2026-04-06 12:00", "2026-04-09 17:59", "2026-04-09 18:00"} {
		e := deposit([]string{"thursday", "monday", "before", "sharp"}[i], "m1", local("Asia/Dhaka", at), "1.00")
		e.Currency = bdt()
		events = append(events, e)
	}
	h.take(events...)
	if got := h.settle(local("Asia/Dhaka", "2026-04-09 17:00")); len(got) != 0 {
		t.Errorf("%d batches were closed before Thursday evening", len(got))
	}
	h.settle(local("Asia/Dhaka", "2026-04-10 00:00"))
	h.wants(`
		m1 BDT 2026-04-09 w2 closed, due 2026-04-12: 0.00 + 3.00 + 0.00 = 3.00
		  1 deposit thursday 1.00
		  2 deposit monday 1.00
		  3 deposit before 1.00
		tail: m1 BDT deposit sharp 1.00 of 2026-04-16
	`)
}

// The cut-offs of a cron expression close windows on its days alone. Their money is
// due hours later, on Friday evening on Monday's midnight. The batch says by
// which release of the time-zone data.
func TestCronInHours(t *testing.T) {
	t.Parallel()
	schedule := daily("PK", "Asia/Karachi")
	schedule.Timing.Anchor = calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("30 11,20 * * mon-fri")}
	schedule.Timing.Delay = calendar.Delay{N: 4, Unit: calendar.Hours}
	schedule.Timing.Calendars = shipped("PK")
	h := open(t, rulesWith(schedule))
	var events []payment.Event
	for i, at := range []string{"2026-04-10 11:29", "2026-04-10 11:30", "2026-04-11 12:00", "2026-04-13 11:30"} {
		e := deposit([]string{"friday", "sharp", "saturday", "monday"}[i], "m1", local("Asia/Karachi", at), "1.00")
		e.Currency = pkr()
		events = append(events, e)
	}
	h.take(events...)
	batches := h.settle(local("Asia/Karachi", "2026-04-13 12:00"))
	h.wants(`
		m1 PKR 2026-04-10 11:30 closed, due 2026-04-10: 0.00 + 1.00 + 0.00 = 1.00
		  1 deposit friday 1.00
		m1 PKR 2026-04-10 20:30 closed, due 2026-04-13: 0.00 + 1.00 + 0.00 = 1.00
		  1 deposit sharp 1.00
		m1 PKR 2026-04-13 11:30 closed, due 2026-04-13: 0.00 + 1.00 + 0.00 = 1.00
		  1 deposit saturday 1.00
		tail: m1 PKR deposit monday 1.00 of 2026-04-13
	`)
	var due []string
	for _, b := range batches {
		due = append(due, b.Window.DueAt.In(schedule.Timing.Zone).Format("2006-01-02 15:04"))
		if b.ZoneData != calendar.ZoneData() {
			t.Errorf("batch %s says that its time zones are of release %q", b.ID, b.ZoneData)
		}
		if b.Timezone != "Asia/Karachi" {
			t.Errorf("batch %s says that its time zone is %q", b.ID, b.Timezone)
		}
	}
	if diff := cmp.Diff([]string{"2026-04-10 15:30", "2026-04-13 00:00", "2026-04-13 15:30"}, due); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}

// A day that a calendar does not know is an error, not a guess, and nothing is
// closed on it.
func TestBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.Timing.Calendars = shipped("IN")
	h := open(t, rulesWith(schedule))
	if err := h.try(deposit("d1", "m1", ist("2026-12-31 12:00"), "1.00")); err == nil {
		t.Error("a deposit was taken whose settlement date no calendar knows")
	}
	h.wants("")
}

// Closing a batch whose movements cancel out books nothing and moves no time. A
// fact of before its cut-off that comes afterwards is late all the same.
func TestLateForABatchOfNothing(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(
		deposit("undone", "m1", ist("2026-03-02 12:00"), "1.00"),
		payment.Event{Kind: payment.DepositFailed, ID: "undone", OccurredAt: ist("2026-03-02 12:01"), ReasonCode: "reversed"},
	)
	h.settle(ist("2026-03-02 18:00"))
	h.take(deposit("late", "m1", ist("2026-03-02 13:00"), "2.00"))
	h.settle(ist("2026-03-03 18:00"))
	h.wants(`
		m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 0.00 + 0.00 = 0.00
		  1 deposit undone 1.00
		  2 deposit_failed undone -1.00
		m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 2.00 + 0.00 = 2.00
		  1 deposit late 2.00 late, of 2026-03-02
	`)
}
