package settlex_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// The next cut-off is that of the merchant's own schedule, in its zone.
func TestNextCutoff(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(week()...)
	*h.clock = ist("2026-03-04 12:00")
	for _, tt := range []struct{ merchant, currency, want string }{
		{"m1", "INR", "2026-03-04 18:00 Asia/Kolkata (+05:30), w2"}, // 12:00 itself opens it
		{"m3", "PKR", "2026-03-05 00:00 Asia/Karachi (+05:00), w1"},
		{"m4", "BDT", "2026-03-05 18:00 Asia/Dhaka (+06:00), w1"},
		{"nobody yet", "INR", "2026-03-04 18:00 Asia/Kolkata (+05:30), w2"},
	} {
		next, err := h.NextCutoff(t.Context(), tt.merchant, money.MustCurrency(tt.currency), "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, next.String()); diff != "" || next.ByHand {
			t.Errorf("%s (-want +got):\n%s", tt.merchant, diff)
		}
	}
	if next, err := h.NextCutoff(t.Context(), "m9", inr(), ""); err != nil || !next.ByHand || next.Schedule.ID != "by-hand" {
		t.Errorf("settled by hand: %+v, %v", next, err)
	}
	e, err := h.ExplainSchedule(t.Context(), "m9", inr(), "UPI", ist("2026-03-04 12:00"))
	if err != nil || e.Schedule.ID != "by-hand" || e.Candidates[0].Verdict != merchant.Applies || e.Candidates[1].Verdict != merchant.Wider {
		t.Errorf("explained %+v, %v", e, err)
	}
}

// The next cut-off of a batch is that of the version of its schedule in force now, or
// of its own where there is none any more.
func TestNextCutoffOf(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	*h.clock = ist("2026-03-04 12:00")
	pin := merchant.Pin{ID: "pk", Version: "1"}
	changed := threeRegions()
	pk := &changed.Book.Schedules[1]
	pk.Version, pk.Timing.Cutoffs[0].At = "2", calendar.MustClock("15:00")
	without := threeRegions()
	without.Book.Schedules[1].ID, without.Book.Schedules[1].Version = "pk-new", "1"
	without.Book.Schedules[1].Timing.Cutoffs[0].At = calendar.MustClock("16:00")
	for rules, want := range map[*payment.Rules]string{
		threeRegions(): "2026-03-05 00:00 Asia/Karachi (+05:00), w1", changed: "2026-03-04 15:00 Asia/Karachi (+05:00), w1",
		without: "2026-03-05 00:00 Asia/Karachi (+05:00), w1",
	} {
		if next, err := h.reopen(rules).NextCutoffOf(pin); err != nil || next.String() != want {
			t.Errorf("%s, %v, want %s", next, err, want)
		}
	}
}

// Each version of a schedule is there as it was.
func TestSchedule(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	changed := threeRegions()
	changed.Book.Schedules[1].Version, changed.Book.Schedules[1].Timing.Cutoffs[0].At = "2", calendar.MustClock("15:00")
	again := h.reopen(changed)
	for version, want := range map[string]string{"1": "00:00", "2": "15:00"} {
		if s, err := again.Schedule(merchant.Pin{ID: "pk", Version: version}); err != nil || s.Timing.Cutoffs[0].At.String() != want {
			t.Errorf("version %s: %+v, %v", version, s, err)
		}
	}
	if s, err := again.Schedule(merchant.Pin{ID: "pk", Version: "3"}); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("version 3: %+v, %v", s, err)
	}
}

func TestNextCutoffRefuses(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	rules.CreateMerchants = false
	h := open(t, rules)
	*h.clock = ist("2026-03-04 12:00")
	if _, err := h.NextCutoff(t.Context(), "nobody", inr(), ""); !errors.Is(err, payment.ErrUnknownMerchant) {
		t.Errorf("an unknown merchant: %v", err)
	}
	ending := threeRegions()
	india, _ := calendar.Shipped("IN")
	ending.Book.Schedules[0].Timing.Calendars = calendar.Calendars{india}
	h = open(t, ending)
	*h.clock = ist("2027-01-04 12:00")
	if _, err := h.NextCutoff(t.Context(), "m1", inr(), ""); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("past the end of the calendar: %v", err)
	}
}
