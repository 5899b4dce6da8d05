package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeBackdating: any open value date; as-of balances on both axes (by value
// date, by booking instant) stay right, never rewriting later rows.
func edgeBackdating(b *edgeBooks) {
	b.run("balances", edgeAsOf)
	b.run("statements", edgeStatements)
	b.run("closed dates", edgeClosedDates)
}

// edgeBooked is an entry as the tests remember it.
type edgeBooked struct {
	on     string // value date
	at     time.Time
	amount int64
}

// edgeAsOf compares balances with sums over everything that was booked.
func edgeAsOf(b *edgeBooks) {
	t := b.t
	days := []string{"2026-03-02", "2026-02-27", "2026-03-01", "2026-02-27", "2025-01-01", "2026-03-02", "2027-12-31", "2026-02-28", "0001-01-01", "9999-12-31"}
	var all []edgeBooked
	for i, day := range days {
		amount := int64(1) << i // every sum tells what is in it
		entry := edgePay(fmt.Sprint("entry ", i), edgeBank, edgePending, amount)
		if entry.ValueDate = edgeDay(day); i%3 == 2 {
			entry = edgePay(entry.Key, edgePending, edgeBank, amount)
			entry.ValueDate, amount = edgeDay(day), -amount
		}
		booked := b.does(entry)
		all = append(all, edgeBooked{on: day, at: booked.At, amount: amount})
		b.clock.pass(time.Duration(i%2) * time.Hour) // some follow within a microsecond
		b.asOf(all, append(days, "2026-02-26", "2026-03-03"))
	}
	b.does(ledger.Hold{Key: "no balance", Kind: "hold", Postings: []ledger.Posting{edgeDr(edgePending, 1), edgeCr(edgeBank, 1)}})
	b.reopen()
	b.asOf(all, days)
	for _, path := range []string{"merchants/nobody/pending", "vault"} {
		if got, err := b.BalanceOn(t.Context(), path, edgeINR(), edgeDay("2026-03-02")); err != nil || !got.IsZero() {
			t.Errorf("%s, on which nothing was booked, stood at %s, %v", path, got, err)
		}
	}
}

func (b *edgeBooks) asOf(all []edgeBooked, days []string) {
	b.t.Helper()
	for _, day := range days {
		var want int64
		for _, e := range all {
			if e.on <= day {
				want += e.amount
			}
		}
		if got, err := b.BalanceOn(b.t.Context(), edgePending, edgeINR(), edgeDay(day)); err != nil || got != money.Minor(want) {
			b.t.Errorf("on %s, after %d entries: %s, %v, want %d", day, len(all), got, err, want)
		}
	}
	var want int64
	for i, e := range all {
		before, err := b.BalanceAt(b.t.Context(), edgePending, edgeINR(), e.at.Add(-time.Microsecond))
		if err != nil || before != money.Minor(want) {
			b.t.Errorf("before entry %d: %s, %v, want %d", i, before, err, want)
		}
		want += e.amount
		at, err := b.BalanceAt(b.t.Context(), edgePending, edgeINR(), e.at)
		if err != nil || at != money.Minor(want) {
			b.t.Errorf("at entry %d: %s, %v, want %d", i, at, err, want)
		}
	}
}

// edgeStatements: a line that was there stays as it is on the booking axis; on
// the value axis a late one is put where it belongs.
func edgeStatements(b *edgeBooks) {
	t := b.t
	post := func(key, day string, minor int64) {
		t.Helper()
		e := edgePay(key, edgeBank, edgePending, minor)
		e.ValueDate = edgeDay(day)
		b.does(e)
		b.clock.pass(time.Second)
	}
	lines := func(span ledger.Span) []string {
		t.Helper()
		s, err := b.Statement(t.Context(), ledger.StatementQuery{Account: edgePending, Currency: edgeINR(), Span: span})
		if err != nil {
			t.Fatal(err)
		}
		out := []string{"opening " + s.Opening.String()}
		for _, l := range s.Lines {
			out = append(out, fmt.Sprintf("%s %s %s", l.Entry.Key, l.Credit, l.Balance))
		}
		return append(out, "closing "+s.Closing.String())
	}
	march := ledger.ValuedIn(edgeDay("2026-03-01"), edgeDay("2026-03-31"))
	post("a", "2026-03-01", 1)
	post("b", "2026-03-02", 2)
	first := lines(ledger.BookedIn(noon(), noon().Add(2*time.Second)))
	post("late", "2026-03-01", 4)
	post("later", "2026-02-28", 8)
	for _, test := range []struct {
		what string
		span ledger.Span
		want []string
	}{
		{"all, booked", ledger.Span{}, []string{"opening 0", "a 1 1", "b 2 3", "late 4 7", "later 8 15", "closing 15"}},
		{"the first two again", ledger.BookedIn(noon(), noon().Add(2*time.Second)), first},
		{"the first two", ledger.BookedIn(noon(), noon().Add(2*time.Second)), []string{"opening 0", "a 1 1", "b 2 3", "closing 3"}},
		{"since then", ledger.BookedIn(noon().Add(2*time.Second), time.Time{}), []string{"opening 3", "late 4 7", "later 8 15", "closing 15"}},
		{"March", march, []string{"opening 8", "a 1 9", "late 4 13", "b 2 15", "closing 15"}},
	} {
		if diff := cmp.Diff(test.want, lines(test.span)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.what, diff)
		}
	}
}

// edgeClosedDates: value dates up to a closed date take no more entries; what
// arrives late books on the first open date and keeps its original one.
func edgeClosedDates(b *edgeBooks) {
	t := b.t
	dated := func(key, day string) ledger.Entry {
		e := edgePay(key, edgeBank, edgePending, 1)
		e.ValueDate = edgeDay(day)
		return e
	}
	b.does(dated("before", "2026-02-20"), ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-27")})
	for _, day := range []string{"2026-02-27", "2026-02-20", "0001-01-01"} {
		b.refuses(dated(day, day), fmt.Sprintf("%q: period is closed: value date %s, closed through 2026-02-27", day, day),
			ledger.Failure{Reason: ledger.ErrPeriodClosed, Key: day, Date: edgeDay(day), Closed: edgeDay("2026-02-27")})
	}
	late := dated("late", "2026-02-20")
	late.OrFirstOpen = true
	if got := b.does(late); got.ValueDate != edgeDay("2026-02-28") || got.Asked != edgeDay("2026-02-20") {
		t.Errorf("late: booked on %s, asked for %s", got.ValueDate, got.Asked)
	}
	b.does(dated("open", "2026-02-28"))
	b.on28("closed", edgePending, 3, 3)
	for day, why := range map[string]string{"2026-02-27": "so nothing would close", "2026-03-02": "and it is only 2026-03-02"} {
		b.refuses(ledger.PeriodChange{Key: "close " + day, Through: edgeDay(day)},
			fmt.Sprintf(`"close %s": period cannot be moved to %s: closed through 2026-02-27, %s`, day, day, why),
			ledger.Failure{Reason: ledger.ErrPeriodOrder, Key: "close " + day, Date: edgeDay(day), Closed: edgeDay("2026-02-27"), Of: why})
	}
	b.does(ledger.PeriodChange{Key: "reopen", Reopen: true, Through: edgeDay("2026-02-19")}, dated("again", "2026-02-20"))
	b.reopen()
	if through, err := b.ClosedThrough(t.Context()); err != nil || through != edgeDay("2026-02-19") {
		t.Errorf("closed through %s, %v", through, err)
	}
}

// edgeInstants: strictly increasing per lane, across restarts, whatever the
// wall clock does.
func edgeInstants(b *edgeBooks) {
	t := b.t
	steps := []struct {
		name  string
		clock time.Time
		want  time.Time
	}{
		{"first", noon(), noon()},
		{"standing still", noon(), noon().Add(time.Microsecond)},
		{"standing still on", noon(), noon().Add(2 * time.Microsecond)},
		{"an hour back", noon().Add(-time.Hour), noon().Add(3 * time.Microsecond)},
		{"years back", time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), noon().Add(4 * time.Microsecond)},
		{"exactly the last one", noon().Add(4 * time.Microsecond), noon().Add(5 * time.Microsecond)},
		{"going on", noon().Add(6 * time.Microsecond), noon().Add(6 * time.Microsecond)},
		{"a leap ahead", noon().AddDate(10, 0, 0), noon().AddDate(10, 0, 0)},
		{"and back", noon().Add(time.Second), noon().AddDate(10, 0, 0).Add(time.Microsecond)},
		{"to the eve", noon().AddDate(10, 0, 0).Truncate(24 * time.Hour).Add(24*time.Hour - time.Microsecond), time.Date(2036, 3, 2, 23, 59, 59, 999999000, time.UTC)},
		{"over midnight by itself", noon(), time.Date(2036, 3, 3, 0, 0, 0, 0, time.UTC)},
	}
	for i, step := range steps {
		b.clock.set(step.clock)
		if i%2 == 1 {
			b.reopen()
		}
		got := b.does(edgeFund(step.name, 1))
		if !got.At.Equal(step.want) || got.At.Location() != time.UTC {
			t.Errorf("%s: booked at %s, want %s", step.name, got.At, step.want)
		}
		if day := step.want.Format(time.DateOnly); got.ValueDate.String() != day {
			t.Errorf("%s: value date is %s, want the booking instant's, %s", step.name, got.ValueDate, day)
		}
	}

	before := b.seen()
	for _, clock := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)} {
		b.clock.set(clock)
		if _, err := b.one(edgeFund("no year of ours", 1)); (err == nil) != (clock.Year() < 0) { // one that is behind is passed over
			t.Errorf("in year %d: %v", clock.Year(), err)
		}
		if clock.Year() > 0 {
			b.unchanged("a clock in year 10000", before)
		}
	}
	edgeIncreasing(b)
}

// edgeIncreasing books from several goroutines under a clock that moves back
// and forth, and looks at all instants of the journal.
func edgeIncreasing(b *edgeBooks) {
	var group sync.WaitGroup
	for n := range 6 {
		group.Go(func() {
			for i := range 10 {
				b.clock.set(noon().AddDate(10, 0, (n+i)%3))
				key := fmt.Sprintf("client %d, %d", n, i)
				if i%2 == 0 {
					if _, err := b.Post(b.t.Context(), edgeFund(key, 1)); err != nil {
						b.t.Error(err)
					}
					continue
				}
				if _, err := b.Post(b.t.Context(), edgeFund(key, 1), edgeFund(key+", again", 1)); err != nil {
					b.t.Error(err)
				}
			}
		})
	}
	group.Wait()
	var last *ledger.Booked
	for _, item := range b.items(1) {
		together := last != nil && last.Key+", again" == item.Key // items of one batch bear its instant
		switch {
		case last == nil, together && item.At.Equal(last.At), !together && item.At.After(last.At):
		default:
			b.t.Errorf("item %d (%s) is booked at %s, the one before (%s) at %s", item.Seq, item.Key, item.At, last.Key, last.At)
		}
		last = item
	}
	if head := b.head(); !head.At.Equal(last.At) || head.Seq != last.Seq {
		b.t.Errorf("the head is at %s, item %d; the last item at %s, %d", head.At, head.Seq, last.At, last.Seq)
	}
}
