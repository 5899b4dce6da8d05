package settlex_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/reserve"
)

// diary keeps what is logged, one line a record: message, currency and date.
type diary struct {
	slog.Handler
	lines []string
}

func newDiary() *diary { return &diary{Handler: slog.DiscardHandler} }

// Enabled implements slog.Handler.
func (*diary) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (d *diary) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if slices.Contains([]string{"merchant", "currency", "business_date", "net"}, a.Key) {
			line += " " + a.Value.String()
		}
		return true
	})
	d.lines = append(d.lines, line)
	return nil
}

// jobs runs every job until nothing is due, in their order, and gives what they
// wrote down.
func (h *house) jobs(dir string, now string) ([]string, error) {
	h.t.Helper()
	*h.clock = ist(now)
	diary := newDiary()
	var faults []error
	for _, job := range h.Jobs(settlex.JobOptions{Dir: dir, Formats: []report.Format{report.CSV}, Log: slog.New(diary)}) {
		for more := true; more; {
			var err error
			if more, err = job.Step(h.t.Context()); err != nil {
				faults, more = append(faults, err), false
			}
		}
	}
	return diary.lines, errors.Join(faults...)
}

// oneRegion is threeRegions with India alone.
func oneRegion() *payment.Rules {
	rules := threeRegions()
	rules.Book.Regions, rules.Book.Schedules = rules.Book.Regions[:1], rules.Book.Schedules[:1]
	return rules
}

// A job that did not run for days catches up: window by window, then day by
// day, in order; it verifies; and then there is nothing left to do.
func TestJobsCatchUp(t *testing.T) {
	t.Parallel()
	h, dir := open(t, oneRegion()), t.TempDir()
	h.take(
		deposit("a1", "m1", "2026-03-02 10:00", "1000.00"),
		deposit("a2", "m2", "2026-03-02 10:00", "100.00"),
		deposit("a3", "m1", "2026-03-02 14:00", "10.00"),
		deposit("a4", "m1", "2026-03-05 10:00", "1.00"),
		deposit("a5", "m1", "2026-03-06 10:00", "2.00"),
		deposit("a6", "m1", "2026-03-06 14:00", "3.00"),
	)
	got, err := h.jobs(dir, "2026-03-06 13:00")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"batch closed m1 INR 876.40", "batch closed m2 INR 87.64", "batch closed m1 INR 8.76", "files written INR 2026-03-02",
		"files written INR 2026-03-03", "files written INR 2026-03-04",
		"batch closed m1 INR 0.88", "files written INR 2026-03-05",
		"batch closed m1 INR 1.75", "verified",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first run (-want +got)\n%s", diff)
	}
	files := tree(t, dir)
	if n := len(only(files, "settlex_", ".csv")); n != 4*3 {
		t.Errorf("%d files, want itemised, summary and tail of four days", n)
	}
	h.store.writes = 0
	got, err = h.jobs(dir, "2026-03-06 13:01")
	if err != nil || len(got) != 0 || h.store.writes != 0 {
		t.Errorf("second run: %q, %d transactions, %v", got, h.store.writes, err)
	}
	if diff := cmp.Diff(files, tree(t, dir)); diff != "" {
		t.Errorf("files (-first +second)\n%s", diff)
	}
	for _, later := range []struct {
		now  string
		want []string
	}{
		{"2026-03-06 18:00", []string{"batch closed m1 INR 2.63"}},
		{"2026-03-06 23:59", nil},
		{"2026-03-07 00:00", []string{"files written INR 2026-03-06", "verified"}},
		{"2026-03-07 12:00", []string{"batch closed m1 INR 101.00", "batch closed m2 INR 10.00"}}, // reserves
	} {
		got, err := h.jobs(dir, later.now)
		if diff := cmp.Diff(later.want, got); err != nil || diff != "" {
			t.Errorf("at %s: %v (-want +got)\n%s", later.now, err, diff)
		}
	}
}

// What is logged of a batch has its cut-off and the next one, by the clock of its schedule's
// zone; where the next one is not known, why.
func TestJobsTellCutoffs(t *testing.T) {
	t.Parallel()
	rules := oneRegion()
	rules.Book.Plans, rules.Plans = nil, nil
	india, _ := calendar.Shipped("IN")
	rules.Book.Schedules[0].Timing.Calendars = calendar.Calendars{india}
	h := open(t, rules)
	for _, tt := range []struct{ deposited, now, want string }{
		{"2026-03-02 10:00", "2026-03-02 12:00", `cutoff=2026-03-02T12:00:00.000+05:30 zone=Asia/Kolkata ` +
			`next_cutoff="2026-03-02 18:00 Asia/Kolkata (+05:30), w2"`},
		{"2026-12-30 14:00", "2027-01-04 12:00", `cutoff=2026-12-30T18:00:00.000+05:30 zone=Asia/Kolkata ` +
			`next_cutoff="next cut-off of schedule in: date outside the calendar's validity: ` +
			`calendar IN (version 2025-2026.1) is valid from 2025-01-01 to 2026-12-31, asked about 2027-01-04"`},
	} {
		*h.clock = ist(tt.now)
		h.take(deposit("at-"+tt.deposited[:10], "m1", tt.deposited, "1.00"))
		var log strings.Builder
		for _, job := range h.Jobs(settlex.JobOptions{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))}) {
			if job.Name != "settle" {
				continue
			}
			if _, err := job.Step(t.Context()); err != nil {
				t.Error(err)
			}
		}
		_, line, _ := strings.Cut(log.String(), `msg="batch closed"`)
		if _, got, _ := strings.Cut(line, " lines=1 "); got != tt.want+"\n" {
			t.Errorf("at %s (-want +got)\n%s", tt.now, cmp.Diff(tt.want+"\n", got))
		}
	}
}

// Running every hour and running once give the same files.
func TestJobsHourlyOrOnce(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	for i, dir := range dirs {
		h := open(t, threeRegions())
		h.take(week()...)
		if i == 0 {
			for hour := range 7*24 - 6 {
				if _, err := h.jobs(dir, fmt.Sprintf("2026-03-%02d %02d:00", 2+hour/24, hour%24)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := h.jobs(dir, "2026-03-08 18:00"); err != nil {
			t.Fatal(err)
		}
	}
	for _, report := range []string{"settlex_itemised", "settlex_summary", "settlex_tail"} {
		hourly, once := only(tree(t, dirs[0]), report, ".csv"), only(tree(t, dirs[1]), report, ".csv")
		if diff := cmp.Diff(once, hourly); diff != "" || len(once) == 0 {
			t.Errorf("%d files of %s (-once +hourly)\n%s", len(once), report, diff)
		}
	}
}

// A day whose files cannot be written is tried again, and so are those behind
// it: they are written in order.
func TestJobsRetryADay(t *testing.T) {
	t.Parallel()
	h, dir := open(t, threeRegions()), t.TempDir()
	h.take(
		deposit("a1", "m1", "2026-03-02 10:00", "1000.00"),
		in(pkr(), deposit("p1", "m1", "2026-03-02 10:00", "1000.00")),
	)
	stone := filepath.Join(dir, "settlex_itemised_all_INR_2026-03-03_all_v1.csv")
	if err := os.Mkdir(stone, 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := h.jobs(dir, "2026-03-04 20:00")
	if err == nil || !strings.Contains(err.Error(), "2026-03-03 in INR") {
		t.Errorf("got %v, want an error that names the day", err)
	}
	want := []string{"batch closed m1 INR 876.40", "files written INR 2026-03-02", "batch closed m1 PKR 976.40", "verified"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first run (-want +got)\n%s", diff)
	}
	if err := os.Remove(stone); err != nil {
		t.Fatal(err)
	}
	got, err = h.jobs(dir, "2026-03-04 20:01")
	want = []string{"files written INR 2026-03-03", "files written PKR 2026-03-03", "verified"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("second run: %v (-want +got)\n%s", err, diff)
	}
}

// How far the files have got is stored after they are there: a crash in
// between writes them again, with the same bytes.
func TestJobsCrashBehindTheFiles(t *testing.T) {
	t.Parallel()
	h, dir := open(t, oneRegion()), t.TempDir()
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	h.settle(ist("2026-03-03 20:00"))
	h.store.writes, h.store.fail = 0, 2 // the mark of the second day
	if _, err := h.jobs(dir, "2026-03-04 00:30"); !errors.Is(err, errPulled) {
		t.Fatalf("got %v", err)
	}
	files := tree(t, dir)
	h.store.fail = 0
	got, err := h.jobs(dir, "2026-03-04 00:30")
	if diff := cmp.Diff([]string{"files written INR 2026-03-03", "verified"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff(files, tree(t, dir)); diff != "" {
		t.Errorf("files (-before +after)\n%s", diff)
	}
}

// A batch of a day whose files are written already, because nothing had
// happened on it that was known, has the files written again.
func TestJobsBatchOfAReportedDay(t *testing.T) {
	t.Parallel()
	h, dir := open(t, oneRegion()), t.TempDir()
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	if _, err := h.jobs(dir, "2026-03-04 20:00"); err != nil {
		t.Fatal(err)
	}
	h.take(deposit("a2", "m1", "2026-03-03 10:00", "100.00")) // the books have not got that far
	got, err := h.jobs(dir, "2026-03-04 21:00")
	if diff := cmp.Diff([]string{"batch closed m1 INR 87.64"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	got, err = h.jobs(dir, "2026-03-04 21:01")
	want := []string{"files written INR 2026-03-03", "verified"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if rows := table(t, filepath.Join(dir, "settlex_itemised_all_INR_2026-03-03_all_v1.csv")); len(rows) != 1 {
		t.Errorf("%d rows, want the new batch", len(rows))
	}
}

// A fault that verify finds is the job's error.
func TestJobsVerify(t *testing.T) {
	t.Parallel()
	h, dir := damaged(t, func(p *payment.Position) { p.Carry = money.Minor(1) }), t.TempDir()
	_, err := h.jobs(dir, "2026-03-03 20:00")
	if err == nil || !strings.Contains(err.Error(), "verify: ") || !strings.Contains(err.Error(), "records of kind position") || !strings.Contains(err.Error(), "more findings") {
		t.Errorf("got %v", err)
	}
}

// Complete is the last date all of whose windows are over, and never a date
// that is still to come.
func TestComplete(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		currency money.Currency
		now      string // in India
		want     string
	}{
		{"between two windows of a day", inr(), "2026-03-02 12:00", "2026-03-01"},
		{"before the last window", inr(), "2026-03-02 17:59", "2026-03-01"},
		{"after the last window, while the date is not over", inr(), "2026-03-02 23:59", "2026-03-01"},
		{"when the date is over", inr(), "2026-03-03 00:00", "2026-03-02"},
		{"before midnight in Karachi", pkr(), "2026-03-03 00:29", "2026-03-01"},
		{"midnight in Karachi", pkr(), "2026-03-03 00:30", "2026-03-02"},
		{"Friday, when the next window is on Thursday", bdt(), "2026-03-06 12:00", "2026-03-05"},
		{"Monday", bdt(), "2026-03-09 12:00", "2026-03-08"},
		{"Thursday", bdt(), "2026-03-12 17:30", "2026-03-11"},
		{"Friday in Dhaka", bdt(), "2026-03-12 23:30", "2026-03-12"},
		{"a currency of no region", money.MustCurrency("EUR"), "2026-03-06 12:00", "2026-03-05"},
	}
	h := open(t, threeRegions())
	for _, tt := range tests {
		*h.clock = ist(tt.now)
		got, err := h.Complete(tt.currency)
		if err != nil || got.String() != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

// Grace counts: a date is not complete while late entries are waited for.
func TestCompleteWaitsForGrace(t *testing.T) {
	t.Parallel()
	rules := oneRegion()
	rules.Book.Schedules[0].Timing.Grace = 10 * time.Hour
	h := open(t, rules)
	for now, want := range map[string]string{"2026-03-03 03:59": "2026-03-01", "2026-03-03 04:00": "2026-03-02"} {
		*h.clock = ist(now)
		if got, err := h.Complete(inr()); err != nil || got.String() != want {
			t.Errorf("at %s: %q, %v; want %q", now, got, err, want)
		}
	}
}

// Schedules and merchants of the configuration are stored once, and a second
// engine finds them.
func TestNewRegisters(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	config := settlex.Config{Store: h.store, Rules: threeRegions(), Merchants: []merchant.Merchant{{ID: "m1", Name: "Books & Co"}}}
	for i, want := range []int{1, 0} {
		h.store.writes = 0
		if _, err := settlex.New(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		if h.store.writes != want {
			t.Errorf("time %d: %d transactions, want %d", i+1, h.store.writes, want)
		}
	}
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	rules := threeRegions()
	rules.Book.Schedules[0].Version, rules.Book.Schedules[0].Timing.Cutoffs = "2", rules.Book.Schedules[0].Timing.Cutoffs[:1]
	again := h.reopen(rules)
	if done := again.settle(ist("2026-03-02 12:00")); done.Batches != 1 {
		t.Errorf("%+v; the version that governed the deposit is gone", done)
	}
}

// The calendar of a schedule ends. A version with a longer one takes its place, listed
// beside the old one or instead of it: files go on to be written.
func TestCompleteBehindAnEndedCalendar(t *testing.T) {
	t.Parallel()
	ending := threeRegions()
	india, _ := calendar.Shipped("IN")
	ending.Book.Schedules[0].Timing.Calendars = calendar.Calendars{india}
	h := open(t, ending)
	*h.clock = ist("2026-12-30 12:00")
	h.take(deposit("a1", "m1", "2026-12-29 10:00", "100.00"))
	h.settle(ist("2026-12-31 00:00"))
	*h.clock = ist("2027-01-10 12:00")
	if date, err := h.Complete(inr()); !errors.Is(err, calendar.ErrOutOfRange) {
		t.Errorf("complete through %s, %v, though the schedule in force has no calendar any more", date, err)
	}
	longer := *india
	longer.Version, longer.ValidUntil = "2025-2027.2", calendar.MustDate("2027-12-31")
	instead := threeRegions()
	instead.Book.Schedules[0].Version, instead.Book.Schedules[0].Timing.Calendars = "2", calendar.Calendars{&longer}
	beside := threeRegions()
	next := beside.Book.Schedules[0]
	next.Version, next.EffectiveFrom, next.Timing.Calendars = "2", calendar.MustDate("2026-12-01"), calendar.Calendars{&longer}
	beside.Book.Schedules[0].Timing.Calendars = calendar.Calendars{india}
	beside.Book.Schedules = append(beside.Book.Schedules, next)
	for name, rules := range map[string]*payment.Rules{"instead": instead, "beside": beside} {
		if date, err := h.reopen(rules).Complete(inr()); err != nil || date != calendar.MustDate("2027-01-09") {
			t.Errorf("%s: complete through %s, %v", name, date, err)
		}
	}
}

// A reserve whose date lies behind the end of the calendar that its deposit was pinned by is
// given back by the version with a longer one, and settling goes on.
func TestReleaseBehindAnEndedCalendar(t *testing.T) {
	t.Parallel()
	india, _ := calendar.Shipped("IN")
	longer := *india
	longer.Version, longer.ValidUntil = "2025-2027.2", calendar.MustDate("2027-12-31")
	for name, change := range map[string]func(book *merchant.Book){
		"instead": func(book *merchant.Book) {
			book.Schedules[0].Version, book.Schedules[0].Timing.Calendars = "2", calendar.Calendars{&longer}
		},
		"beside": func(book *merchant.Book) {
			next := book.Schedules[0]
			next.Version, next.EffectiveFrom, next.Timing.Calendars = "2", calendar.MustDate("2026-12-30"), calendar.Calendars{&longer}
			book.Schedules[0].Timing.Calendars = calendar.Calendars{india}
			book.Schedules = append(book.Schedules, next)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ending, changed := threeRegions(), threeRegions()
			ending.Book.Schedules[0].Timing.Calendars = calendar.Calendars{india}
			change(changed.Book)
			h := open(t, ending)
			*h.clock = ist("2026-12-30 12:00")
			h.take(deposit("a1", "m1", "2026-12-29 10:00", "100.00"))
			h.settle(ist("2026-12-30 13:00"))
			again := h.reopen(changed)
			*again.clock = ist("2027-01-10 12:00")
			done, err := again.Settle(t.Context(), calendar.MustDate("2027-01-09"), nil)
			if err != nil || done.Batches != 1 {
				t.Fatalf("%d batches, %v; want the one that gives the reserve back", done.Batches, err)
			}
			last := again.batches()[1]
			if last.Window.BusinessDate != calendar.MustDate("2027-01-03") || last.Window.Schedule.Version != "2" || last.Net != money.Minor(1_000) {
				t.Errorf("the reserve is given back by %s on %s: %s", last.Window.Schedule, last.Window.BusinessDate, last.Net)
			}
		})
	}
}

// stuck is a house in which nobody can tell when the fixed reserve of m1 is given back: the
// calendar of its schedule has ended.
func stuck(t *testing.T) *house {
	t.Helper()
	h := open(t, withoutCalendar())
	other := deposit("b1", "m2", "2026-04-20 10:00", "50.00")
	other.Currency = pkr()
	h.take(deposit("a1", "m1", "2026-03-20 10:00", "100.00"), other)
	*h.clock = ist("2026-05-02 12:00")
	return h
}

func withoutCalendar() *payment.Rules {
	rules := threeRegions()
	shipped, _ := calendar.Shipped("IN")
	ending := *shipped
	ending.ValidUntil = calendar.MustDate("2026-03-31")
	ending.Holidays = slices.DeleteFunc(slices.Clone(ending.Holidays), func(h calendar.Holiday) bool { return h.Date.After(ending.ValidUntil) })
	rules.Book.Schedules[0].Timing.Calendars = calendar.Calendars{&ending}
	rules.Plans = []reserve.Plan{{
		ID: "rolling", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("25%"), Cap: new(money.Minor(1_000)),
		EffectiveTo: calendar.MustDate("2026-04-10"), AtEnd: reserve.EndRelease,
	}}
	return rules
}

// What is refused of one merchant keeps nothing of the others from being done, and is told.
func TestRefusedOfOneMerchant(t *testing.T) {
	t.Parallel()
	through := calendar.MustDate("2026-04-30")
	told := func(t *testing.T, err error) {
		t.Helper()
		if !errors.Is(err, calendar.ErrOutOfRange) || !strings.Contains(err.Error(), "merchant m1 in INR: return of the fixed reserve of m1: ") || strings.Contains(err.Error(), "m2") {
			t.Errorf("got %v, want what is not known of m1", err)
		}
	}
	t.Run("settle", func(t *testing.T) {
		t.Parallel()
		h := stuck(t)
		due, err := h.Due(t.Context(), through)
		if told(t, err); due != 2 {
			t.Errorf("%d batches are due, want 2", due)
		}
		done, err := h.Settle(t.Context(), through, nil)
		if told(t, err); done.Batches != 2 {
			t.Errorf("%d batches, want 2", done.Batches)
		}
		told(t, h.closePeriod("2026-04-30"))
		if err := h.closePeriod("2026-03-31"); err != nil {
			t.Errorf("all windows of March are closed: %v", err)
		}
	})
	t.Run("jobs", func(t *testing.T) {
		t.Parallel()
		h, dir := stuck(t), t.TempDir()
		_, err := h.jobs(dir, "2026-05-02 12:00")
		if told(t, err); len(h.batches()) != 2 {
			t.Errorf("%d batches, want 2", len(h.batches()))
		}
		if files := only(tree(t, dir), "settlex_itemised_all_PKR_2026-04-21", ".csv"); len(files) != 1 {
			t.Errorf("files of PKR: %v", files)
		}
	})
	t.Run("files of its currency wait", func(t *testing.T) {
		t.Parallel()
		rules, dir := withoutCalendar(), t.TempDir()
		next := threeRegions().Book.Schedules[0]
		next.Version, next.EffectiveFrom = "2", calendar.MustDate("2026-04-15") // too late for the reserve
		rules.Book.Schedules = append(rules.Book.Schedules, next)
		h := stuck(t).reopen(rules)
		_, err := h.jobs(dir, "2026-05-02 12:00")
		told(t, err)
		files := tree(t, dir)
		for name, want := range map[string]int{"INR_2026-03-20": 1, "INR_2026-04-09": 1, "INR_2026-04-11": 0, "INR_2026-05-01": 0, "PKR_2026-04-21": 1, "PKR_2026-05-01": 1} {
			if got := len(only(files, "settlex_itemised_all_"+name, ".csv")); got != want {
				t.Errorf("%d files of %s, want %d", got, name, want)
			}
		}
		rules.Book.Schedules[len(rules.Book.Schedules)-1].EffectiveFrom = calendar.MustDate("2026-04-01")
		if _, err := h.jobs(dir, "2026-05-02 12:00"); err != nil {
			t.Errorf("with a version that reaches: %v", err)
		}
		if n := len(only(tree(t, dir), "settlex_itemised_all_INR_2026-04-11", ".csv")); n != 1 {
			t.Errorf("%d files of the day on which the reserve is given back, want 1", n)
		}
	})
}

func (h *house) closePeriod(through string) error {
	_, err := h.ClosePeriod(h.t.Context(), calendar.MustDate(through), "close/"+through, "month end")
	return err
}
