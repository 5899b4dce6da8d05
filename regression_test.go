package settlex_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

// A row refused for what was booked before it stays refused when the same file
// comes again, though a later row of it would make it good by then. The row in
// a file of its own is decided anew.
func TestIngestRefusesTheSameRowsAgain(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	events := []payment.Event{
		deposit("a", "m1", "2026-03-02 10:00", "100.00"),
		{Kind: payment.DisputeOpened, ID: "x", Parent: "a", OccurredAt: ist("2026-03-02 10:01"), Currency: inr(), Amount: minor("100.00"), ReasonCode: "fraud"},
		refund("r", "a", "2026-03-02 10:02", "50.00"),
		{Kind: payment.DisputeWon, ID: "x", OccurredAt: ist("2026-03-02 10:03")},
	}
	skip := settlex.IngestOptions{BadRow: func(feed.Row, *feed.Error) error { return nil }}
	for _, want := range []settlex.Ingested{{Rows: 4, Booked: 3, Bad: 1}, {Rows: 4, Repeated: 3, Bad: 1}} {
		done, err := h.Ingest(t.Context(), rows(t, events...), skip)
		if diff := cmp.Diff(want, done); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	}
	if done := h.take(events[2]); done.Booked != 1 {
		t.Errorf("by itself: %+v, want the refund booked", done)
	}
}

// The same after the plug was pulled in between.
func TestIngestRefusesTheSameRowsAfterACrash(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	events := []payment.Event{
		deposit("a", "m1", "2026-03-02 10:00", "100.00"),
		{Kind: payment.DisputeOpened, ID: "x", Parent: "a", OccurredAt: ist("2026-03-02 10:01"), Currency: inr(), Amount: minor("100.00"), ReasonCode: "fraud"},
		refund("r", "a", "2026-03-02 10:02", "50.00"),
		{Kind: payment.DisputeWon, ID: "x", OccurredAt: ist("2026-03-02 10:03")},
	}
	for i := range 600 {
		d := deposit("", "m1", "2026-03-02 11:00", "1.00")
		d.ID, d.OccurredAt = "d"+strings.Repeat("i", i%60)+string(rune('a'+i/60)), d.OccurredAt.Add(time.Duration(i)*time.Second)
		events = append(events, d)
	}
	skip := settlex.IngestOptions{BadRow: func(feed.Row, *feed.Error) error { return nil }}
	h.store.fail = 2
	if _, err := h.Ingest(t.Context(), rows(t, events...), skip); !errors.Is(err, errPulled) {
		t.Fatalf("error %v, want the plug pulled", err)
	}
	done, err := h.Ingest(t.Context(), rows(t, events...), skip)
	if want := (settlex.Ingested{Rows: 604, Booked: 603 - 511, Repeated: 511, Bad: 1}); err != nil || done.Bad != 1 || done.Booked+done.Repeated != 603 {
		t.Errorf("%+v, %v; want as %+v", done, err, want)
	}
}

// Two schedules of one merchant whose cut-offs and grace lie across: carry goes
// along the watermarks, however settling is stepped.
func TestSettleInStepsPaysTheSame(t *testing.T) {
	t.Parallel()
	rules := oneRegion()
	slow, card := schedule("IN", "Asia/Kolkata", 0, "18:00"), schedule("IN", "Asia/Kolkata", 0, "02:00")
	slow.Timing.Grace = 12 * time.Hour
	card.ID, card.For = "card", []merchant.Scope{{Region: "IN", Method: "CARD"}}
	rules.Book.Schedules, rules.Book.Plans = []merchant.Schedule{slow, card}, nil
	byCard := deposit("c", "m1", "2026-03-02 20:00", "300.00")
	byCard.Method = "CARD"
	back := refund("r", "c", "2026-03-11 18:30", "300.00")
	back.Method = "CARD"
	events := []payment.Event{byCard, deposit("u", "m1", "2026-03-11 15:30", "500.00"), back}
	var paid [2][]string
	for i, steps := range [][]string{{"2026-03-13"}, {"2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"}} {
		h := open(t, rules)
		h.take(events...)
		for _, through := range steps {
			if _, err := h.Settle(t.Context(), date(through), nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, b := range h.batches() {
			paid[i] = append(paid[i], b.Window.BusinessDate.String()+" "+b.Currency.Format(b.Net))
		}
	}
	if diff := cmp.Diff(paid[0], paid[1]); diff != "" || len(paid[0]) != 3 {
		t.Errorf("%v: at once and in steps differ (-once +steps)\n%s", paid[0], diff)
	}
}

// A batch that settling a day brings to light on an earlier one is in the files
// of its own day.
func TestJobsWriteAnEarlierDayAgain(t *testing.T) {
	t.Parallel()
	h, dir := open(t, oneRegion()), t.TempDir()
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	if _, err := h.jobs(dir, "2026-03-04 20:00"); err != nil {
		t.Fatal(err)
	}
	*h.clock = ist("2026-03-05 20:00")
	h.take(deposit("a2", "m1", "2026-03-03 10:00", "100.00"), deposit("a3", "m1", "2026-03-05 10:00", "10.00"))
	for _, now := range []string{"2026-03-05 20:00", "2026-03-06 20:01"} {
		if _, err := h.jobs(dir, now); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range h.batches() {
		name := "settlex_itemised_all_INR_" + b.Window.BusinessDate.String() + "_all_v1.csv"
		if len(table(t, filepath.Join(dir, name))) == 0 {
			t.Errorf("batch %s is in no line of %s", b.ID, name)
		}
	}
}

// Movements whose batch no calendar could date are refused when they come, and
// a calendar that has ended keeps nobody else from being settled.
func TestEndedCalendarStopsNobodyElse(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	ended, ok := calendar.Shipped("BR-2016")
	if !ok {
		t.Fatal("no calendar BR-2016")
	}
	pk := &rules.Book.Schedules[1]
	pk.Timing.Calendars = calendar.Calendars{ended}
	h, dir := open(t, rules), t.TempDir()
	h.take(deposit("a", "m1", "2026-03-02 10:00", "1000.00"))
	late := in(pkr(), deposit("b", "m2", "2017-03-02 10:00", "100.00"))
	_, err := h.Ingest(t.Context(), rows(t, late), settlex.IngestOptions{})
	var fault *feed.Error
	if !errors.As(err, &fault) || fault.Field != payment.FieldOccurredAt || !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("error %v, want occurred_at outside the calendar", err)
	}
	got, err := h.jobs(dir, "2026-03-03 20:00")
	if err != nil || len(got) < 3 {
		t.Errorf("jobs did %q, error %v; want India settled and written", got, err)
	}
}

// Events of one instant at the edge of a window stay in it together.
func TestOneInstantAtACutoff(t *testing.T) {
	t.Parallel()
	for _, inclusive := range []bool{false, true} {
		rules := oneRegion()
		rules.Book.Schedules[0].Timing.CutoffInclusive = inclusive
		h := open(t, rules)
		at := ist("2026-03-02 12:00")
		if !inclusive {
			at = at.Add(-time.Microsecond)
		}
		for _, id := range []string{"a", "b", "c"} {
			d := deposit(id, "m1", "2026-03-02 12:00", "10.00")
			d.OccurredAt = at
			h.take(d)
		}
		h.settle(ist("2026-03-04 00:00"))
		if batches := h.batches(); len(batches) != 1 || batches[0].Lines != 3 {
			t.Errorf("inclusive %v: %d batches, want the three in one", inclusive, len(batches))
		}
	}
}

// A refund in the line before its deposit, of the same second, is no fault.
func TestIngestOneInstantInTheOrderOfLife(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	done := h.take(refund("r", "a", "2026-03-02 10:00", "50.00"), deposit("a", "m1", "2026-03-02 10:00", "100.00"))
	if done.Booked != 2 {
		t.Errorf("%+v, want both", done)
	}
}

// A merchant who has been paid cannot change its region, and the region cannot
// go: batches and books would no longer agree on where the money is.
func TestRegionsOfMoneyStay(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	h := open(t, rules)
	h.take(deposit("a", "m1", "2026-03-02 10:00", "100.00"))
	config := settlex.Config{Store: h.store.Store, Rules: rules, Merchants: []merchant.Merchant{{ID: "m1", Region: "PK"}}}
	if _, err := settlex.New(t.Context(), config); err == nil || !strings.Contains(err.Error(), `merchant m1 has money in INR and stays in region "", it cannot move to "PK"`) {
		t.Errorf("moved: error %v", err)
	}
	less := threeRegions()
	less.Book.Regions = less.Book.Regions[1:]
	config.Rules, config.Merchants = less, nil
	if _, err := settlex.New(t.Context(), config); !errors.Is(err, merchant.ErrNoRegion) {
		t.Errorf("gone: error %v", err)
	}
}

// Late events are counted, for the person at the keyboard to know.
func TestIngestCountsTheLate(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(deposit("a", "m1", "2026-03-03 10:00", "100.00"))
	if done := h.take(deposit("b", "m1", "2026-03-02 10:00", "100.00")); done.Late != 1 {
		t.Errorf("%+v, want one late", done)
	}
}
