package merchant_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
)

// verdicts writes the candidates of an explanation as "id@version verdict: why".
func verdicts(e *merchant.Explanation) []string {
	var all []string
	for _, c := range e.Candidates {
		line := c.Schedule.Pin().String() + " " + string(c.Verdict)
		if c.Why != "" {
			line += ": " + c.Why
		}
		all = append(all, line)
	}
	return all
}

func TestExplain(t *testing.T) {
	t.Parallel()
	india := schedule("india", merchant.Scope{Region: "IN"})
	india.Timing.Zone, india.Timing.Delay.N = zone("Asia/Kolkata"), 1
	c, ok := calendar.Shipped("IN")
	if !ok {
		t.Fatal("no calendar IN")
	}
	india.Timing.Calendars = calendar.Calendars{c}
	book := merchant.Book{Schedules: []merchant.Schedule{
		schedule("all", merchant.Scope{}),
		india, version(india, "2", "2026-02-01"), version(india, "3", "2026-06-01"),
		schedule("twin", merchant.Scope{}),
		schedule("b's", merchant.Scope{Merchant: "b"}, merchant.Scope{Region: "PK", Method: "WALLET"}),
	}}
	e, err := book.Explain(pay("a", "IN", inr(), "UPI"), time.Date(2026, time.March, 25, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"india@3 not_yet: effective from 2026-06-01, and it was 2026-03-25 in Asia/Kolkata",
		"india@2 applies",
		"india@1 superseded: india@2 is effective from 2026-02-01",
		"all@1 wider: region=IN is narrower",
		"twin@1 wider: region=IN is narrower",
		"b's@1 not_meant: it is for merchant=b, region=PK method=WALLET",
	}
	if diff := cmp.Diff(want, verdicts(&e)); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
	if got := e.Schedule.Pin().String(); got != "india@2" {
		t.Errorf("schedule %s", got)
	}
	if e.Window.BusinessDate != date("2026-03-25") || e.Window.SettlementDate != date("2026-03-27") || len(e.Way) != 3 || e.Way[1].Open {
		t.Errorf("window %+v, way %+v", e.Window, e.Way) // Ram Navami is on the 26th
	}
	if diff := cmp.Diff([]calendar.Date{date("2026-03-25")}, e.RolledFrom); diff != "" {
		t.Errorf("rolled from (-want +got):\n%s", diff)
	}
}

// What was found is there also when the answer is an error.
func TestExplainBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	s := schedule("india", merchant.Scope{})
	c, _ := calendar.Shipped("IN")
	s.Timing.Calendars = calendar.Calendars{c}
	book := merchant.Book{Schedules: []merchant.Schedule{s}}
	e, err := book.Explain(pay("a", "IN", inr(), "UPI"), time.Date(2027, time.January, 4, 12, 0, 0, 0, time.UTC))
	if !errors.Is(err, calendar.ErrOutOfRange) || e.Schedule == nil || len(e.Candidates) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	wantText(t, err, "schedule india: date outside the calendar's validity: calendar IN (version 2025-2026.1) is valid from 2025-01-01 to 2026-12-31, asked about 2027-01-04")
	none, err := (&merchant.Book{}).Explain(pay("a", "IN", inr(), "UPI"), noon())
	if !errors.Is(err, merchant.ErrNoSchedule) || none.Schedule != nil {
		t.Errorf("%+v, %v", none, err)
	}
}

// Whatever a book holds, the candidate that applies is the schedule that is found,
// and there is no other.
func TestExplainAgrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var book merchant.Book
		for range rapid.IntRange(0, 6).Draw(t, "schedules") {
			s := schedule(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"), rapid.SliceOfN(rapid.SampledFrom(ladder()), 1, 2).Draw(t, "for")...)
			if day := rapid.IntRange(0, 3).Draw(t, "from"); day > 0 {
				s.EffectiveFrom = date("2026-03-01").AddDays(day - 1)
			}
			s.Version = rapid.StringN(1, 3, -1).Draw(t, "version")
			book.Schedules = append(book.Schedules, s)
		}
		c := rapid.SampledFrom([]merchant.Scope{pay("a", "IN", inr(), "CARD"), pay("b", "IN", inr(), "UPI"), pay("a", "PK", pkr(), "CARD")}).Draw(t, "case")
		e, err := book.Explain(c, noon())
		found, want := book.Schedule(c, noon())
		if (err == nil) != (want == nil) || e.Schedule != found || len(e.Candidates) != len(book.Schedules) {
			t.Fatalf("explains %v, %v, finds %v, %v", e.Schedule, err, found, want)
		}
		for _, s := range book.Live(noon()) {
			if !s.EffectiveFrom.After(date("2026-03-02")) && book.Version(s.ID, noon()) != s {
				t.Fatalf("%s is live, and %s in force", s.Pin(), book.Version(s.ID, noon()).Pin())
			}
		}
		for _, candidate := range e.Candidates {
			if (candidate.Verdict == merchant.Applies) != (candidate.Schedule == found) || (candidate.Verdict == merchant.Applies) != (candidate.Why == "") {
				t.Fatalf("%s: %s %q, found %v", candidate.Schedule.Pin(), candidate.Verdict, candidate.Why, found)
			}
		}
	})
}

func TestLive(t *testing.T) {
	t.Parallel()
	s := schedule("s", merchant.Scope{})
	book := merchant.Book{Schedules: []merchant.Schedule{version(s, "3", "2026-04-01"), s, version(s, "2", "2026-03-01"), schedule("other", merchant.Scope{Merchant: "a"})}}
	var got []string
	for _, live := range book.Live(noon()) {
		got = append(got, live.Pin().String())
	}
	if diff := cmp.Diff([]string{"s@3", "s@2", "other@1"}, got); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
}

func TestNextCutoff(t *testing.T) {
	t.Parallel()
	s := schedule("s", merchant.Scope{})
	s.Timing.Zone = zone("Asia/Karachi")
	book := merchant.Book{Schedules: []merchant.Schedule{s}}
	w, found, err := book.NextCutoff(pay("a", "PK", pkr(), ""), noon())
	if err != nil || found.ID != "s" || !w.Closes.Equal(time.Date(2026, time.March, 2, 13, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v, %v", w, found, err)
	}
	if _, _, err := (&merchant.Book{}).NextCutoff(pay("a", "PK", pkr(), ""), noon()); !errors.Is(err, merchant.ErrNoSchedule) {
		t.Errorf("no schedule: %v", err)
	}
}
