package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// shut closes value dates through one.
func shut(key, through string) ledger.PeriodChange {
	return ledger.PeriodChange{Key: key, Through: date(through)}
}

// reopen opens value dates after one; empty: all.
func reopen(key, through string) ledger.PeriodChange {
	p := ledger.PeriodChange{Key: key, Reopen: true}
	if through != "" {
		p.Through = date(through)
	}
	return p
}

// dated is a sale with a value date.
func dated(key, on string, orFirstOpen bool) ledger.Entry {
	e := sale(key, 100)
	e.ValueDate, e.OrFirstOpen = date(on), orFirstOpen
	return e
}

func wantClosed(t testing.TB, books *ledger.Ledger, want string) {
	t.Helper()
	through, err := books.ClosedThrough(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := through.String(); got != want {
		t.Errorf("closed through %q, want %q", got, want)
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	wantClosed(t, books, calendar.Date{}.String())
	change := shut("p1", "2026-01-31")
	change.Kind, change.Reference = "month", "asha"
	got := accept(t, books, change)
	wantDiff(t, "result", ledger.Result{Booked: ledger.Booked{
		Entry: ledger.Entry{Key: "p1", Kind: "month", Reference: "asha"}, Act: ledger.Closed, Seq: 1, At: noon(), Terms: &ledger.Terms{Through: date("2026-01-31")},
	}}, got)
	accept(t, books, shut("p2", "2026-03-01"))
	wantClosed(t, books, "2026-03-01")
	accept(t, books, reopen("p3", "2026-02-27"))
	wantClosed(t, books, "2026-02-27")
	accept(t, books, dated("s", "2026-02-28", false), reopen("p4", ""))
	wantClosed(t, books, calendar.Date{}.String())
	accept(t, books, dated("s2", "1999-12-31", false))
	wantDiff(t, "retry", ledger.Result{Booked: got.Booked, Replayed: true}, accept(t, books, change)) // and closes nothing
	wantClosed(t, books, calendar.Date{}.String())

	_, err := ask(t, books, shut("p1", "2026-01-30"))
	wantText(t, err, `key "p1" was used for another entry (seq 1): kind was "month", is now ""`)
	_, err = ask(t, books, shut("p2", "2026-01-30"))
	wantText(t, err, `key "p2" was used for another entry (seq 2): through was "2026-03-01", is now "2026-01-30"`)
	_, err = ask(t, books, reopen("p2", "2026-03-01"))
	wantText(t, err, `key "p2" was used for another entry (seq 2): act was "closed", is now "reopened"`)
	if last := store.snapshot().items()[3]; last.Act != ledger.Posted || last.ValueDate != date("2026-02-28") {
		t.Errorf("item 4 is %+v", last)
	}
}

// A close or reopening must move something, and only what is over is closed.
func TestPeriodRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		change ledger.PeriodChange
		want   string
	}{
		{shut("p", "2026-02-28"), `"p": period cannot be moved to 2026-02-28: closed through 2026-02-28, so nothing would close`},
		{shut("p", "2026-01-31"), `"p": period cannot be moved to 2026-01-31: closed through 2026-02-28, so nothing would close`},
		{shut("p", "2026-03-02"), `"p": period cannot be moved to 2026-03-02: closed through 2026-02-28, and it is only 2026-03-02`},
		{shut("p", "9999-12-31"), `"p": period cannot be moved to 9999-12-31: closed through 2026-02-28, and it is only 2026-03-02`},
		{reopen("p", "2026-02-28"), `"p": period cannot be moved to 2026-02-28: closed through 2026-02-28, so nothing would open`},
		{reopen("p", "2026-03-01"), `"p": period cannot be moved to 2026-03-01: closed through 2026-02-28, so nothing would open`},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			accept(t, books, shut("before", "2026-02-28"))
			before := store.snapshot()
			_, err := ask(t, books, test.change)
			wantText(t, err, test.want)
			if !errors.Is(err, ledger.ErrPeriodOrder) {
				t.Error("it is not ErrPeriodOrder")
			}
			wantOnlyBurnt(t, before, store.snapshot(), "p")
		})
	}
	books, store, _ := clocked(t)
	refuse(t, books, reopen("p", ""), ledger.ErrPeriodOrder) // nothing is closed
	before := store.snapshot()
	_, err := ask(t, books, ledger.PeriodChange{})
	wantText(t, err, `entry "": key is missing
the date to close through is missing`)
	if store.snapshot() != before {
		t.Error("something was written")
	}
}

// The last day that can be closed is yesterday, by UTC.
func TestClosingYesterday(t *testing.T) {
	t.Parallel()
	books, _, clock := clocked(t)
	clock.now = time.Date(2026, 3, 3, 1, 0, 0, 0, time.FixedZone("", 19800)) // the 2nd in UTC
	refuse(t, books, shut("p1", "2026-03-02"), ledger.ErrPeriodOrder)
	accept(t, books, shut("p2", "2026-03-01"))
	clock.now = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	accept(t, books, shut("p3", "2026-03-02"), sale("s", 1))
}

// Entries with a closed value date are refused, unless they ask for the first
// open one; they keep the date they asked for.
func TestClosedValueDate(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	accept(t, books, shut("p", "2026-02-28"))
	before := store.snapshot()
	failure := refuse(t, books, dated("late", "2026-02-28", false), ledger.ErrPeriodClosed)
	wantText(t, &failure, `"late": period is closed: value date 2026-02-28, closed through 2026-02-28`)
	wantOnlyBurnt(t, before, store.snapshot(), "late")

	got := accept(t, books, dated("s", "2026-01-15", true))
	if got.ValueDate != date("2026-03-01") || got.Terms == nil || got.Asked != date("2026-01-15") || got.OrFirstOpen {
		t.Errorf("booked as %+v", got)
	}
	open := accept(t, books, dated("s2", "2026-03-01", true))
	if open.ValueDate != date("2026-03-01") || open.Terms != nil {
		t.Errorf("booked as %+v", open)
	}

	// A retry may say the date it asked for or none, and wish what it likes.
	again := dated("s", "2026-01-15", false)
	wantDiff(t, "retry", ledger.Result{Booked: got.Booked, Replayed: true}, accept(t, books, again))
	again.ValueDate = calendar.Date{}
	wantDiff(t, "retry without a date", ledger.Result{Booked: got.Booked, Replayed: true}, accept(t, books, again))
	_, err := ask(t, books, dated("s", "2026-03-01", true))
	wantText(t, err, `key "s" was used for another entry (seq 3): value date was "2026-01-15", is now "2026-03-01"`)

	// What was refused stays so, also when the period is opened again.
	accept(t, books, reopen("p2", ""))
	if f := refuse(t, books, dated("late", "2026-02-28", true), ledger.ErrPeriodClosed); !f.Frozen {
		t.Errorf("failure is %+v", f)
	}
}

// Captures and reversals need an open date too; one without a date is booked
// today, which cannot be closed.
func TestPeriodsOfOtherActs(t *testing.T) {
	t.Parallel()
	books, _, _ := held(t)
	accept(t, books, shut("p", "2026-03-01"))
	c := part("c", "h", 1000)
	c.ValueDate = date("2026-03-01")
	refuse(t, books, c, ledger.ErrPeriodClosed)
	r := takeBack("r", "float")
	r.ValueDate = date("2026-03-01")
	refuse(t, books, r, ledger.ErrPeriodClosed)
	accept(t, books, part("c2", "h", 1000), payoutHold("h2", 1), ledger.Release{Key: "r2", Hold: "h2"}, status("x", other, ledger.Frozen))
}

// A batch sees the period as what stands before in it left it.
func TestPeriodInBatch(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	outcomes, err := books.Execute(t.Context(), ledger.Independent,
		dated("a", "2026-01-31", false), shut("p", "2026-01-31"), dated("b", "2026-01-31", false), dated("c", "2026-01-31", true), reopen("p2", ""), dated("d", "2026-01-31", false))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, nil, ledger.ErrPeriodClosed, nil, nil, nil} {
		if !errors.Is(outcomes[i].Err, want) {
			t.Errorf("request %d: %v, want %v", i, outcomes[i].Err, want)
		}
	}
	// An atomic batch that fails leaves the period as it was.
	if _, err := books.Execute(t.Context(), ledger.Atomic, shut("p3", "2026-01-31"), transfer("x", "payout", other, bank, 1)); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, books, calendar.Date{}.String())
}
