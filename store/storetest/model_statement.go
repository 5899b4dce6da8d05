package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// someInstant draws one at which something was booked, or next to it.
func (d *desk) someInstant(t *rapid.T, label string) time.Time {
	at := d.clock
	if len(d.notebook.pages) > 0 {
		at = d.notebook.pages[rapid.IntRange(0, len(d.notebook.pages)-1).Draw(t, label)].when
	}
	return at.Add(draw(t, label+" and", 0, -time.Microsecond, time.Microsecond))
}

// checkAsOf holds earlier balances against the notebook, on both axes.
func (d *desk) checkAsOf(t *rapid.T, path string, currency money.Currency) {
	account := path + " " + currency.String()
	day := d.scribe(t, d.notebook).around(-7, 1)
	got, err := d.books.BalanceOn(t.Context(), path, currency, day)
	if want := d.notebook.standing(account, until(day.String())); got != money.Minor(want) || err != nil {
		t.Errorf("%s stood at %s on %s, %v; the notebook says %d", account, got, day, err, want)
	}
	at := d.someInstant(t, "as of")
	got, err = d.books.BalanceAt(t.Context(), path, currency, at)
	if want := d.notebook.standing(account, bookedBy(at)); got != money.Minor(want) || err != nil {
		t.Errorf("%s stood at %s at %s, %v; the notebook says %d", account, got, at, err, want)
	}
}

// checkStatement holds a part of a statement, read page by page, against the
// notebook.
func (d *desk) checkStatement(t *rapid.T, path string, currency money.Currency) {
	q := ledger.StatementQuery{Account: path, Currency: currency, Limit: draw(t, "lines of a page", 3, 1, 50)}
	account, byValue := path+" "+currency.String(), draw(t, "by value", true, false)
	within, before := everything, func(*page) bool { return false }
	switch bounded := draw(t, "bounded", true, false); {
	case bounded && byValue:
		first := d.scribe(t, d.notebook).around(-5, 0)
		last := first.AddDays(rapid.IntRange(0, 4).Draw(t, "length"))
		q.Span = ledger.ValuedIn(first, last)
		before = func(p *page) bool { return p.valued < first.String() }
		within = func(p *page) bool { return !before(p) && p.valued <= last.String() }
	case byValue:
		q.Span = ledger.ValuedIn(calendar.Date{}, calendar.Date{})
	case bounded:
		from, to := d.someInstant(t, "from"), d.someInstant(t, "until")
		q.Span = ledger.BookedIn(from, to)
		before = func(p *page) bool { return p.when.Before(from) }
		within = func(p *page) bool { return !before(p) && p.when.Before(to) }
	}
	want := d.notebook.statementText(account, byValue, before, within)
	if got := d.readStatement(t, q); got != want {
		t.Errorf("statement of %s, %+v:\n%s\nthe notebook says\n%s", account, q.Span, got, want)
	}
}

// statementText is a statement in one line: what stood before, and every
// movement with what stood after it.
func (n *notebook) statementText(account string, byValue bool, before, within func(*page) bool) string {
	running := n.standing(account, before)
	text := fmt.Sprint(running)
	for _, number := range n.statement(account, byValue) {
		p := n.pages[number-1]
		if !within(p) {
			continue
		}
		plus, _ := p.on(account)
		running += plus
		text += fmt.Sprintf(" %d:%+d=%d", number, plus, running)
	}
	return text
}

// readStatement reads page by page.
func (d *desk) readStatement(t *rapid.T, q ledger.StatementQuery) (text string) {
	for first := true; first || q.After != ""; first = false {
		page, err := d.books.Statement(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if first {
			text = page.Opening.String()
		}
		closing := page.Opening
		for _, line := range page.Lines {
			plus := minor(line.Debit) - minor(line.Credit)
			if !growsByDebit(q.Account) {
				plus = -plus
			}
			text += fmt.Sprintf(" %d:%+d=%s", line.Entry.Seq, plus, line.Balance)
			closing = line.Balance
		}
		if page.Closing != closing {
			t.Errorf("a page of a statement closes at %s after %s", page.Closing, closing)
		}
		q.After = page.Next
	}
	return text
}
