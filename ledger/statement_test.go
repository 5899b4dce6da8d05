package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// lines writes a statement as "key debit credit balance".
func lines(t testing.TB, books *ledger.Ledger, path string) (out []string) {
	t.Helper()
	for line, err := range books.Lines(t.Context(), path, inr(), ledger.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s %s", line.Entry.Key, inr().Format(line.Debit), inr().Format(line.Credit), inr().Format(line.Balance)))
	}
	return out
}

func TestStatement(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	split := sale("split", 300)
	split.Postings = append(split.Postings, ledger.Cr(available, money.Minor(50), inr()), ledger.Dr(drawer, money.Minor(50), inr()))
	mustPost(t, books, sale("s1", 10000), split, transfer("p1", "payout", available, bank, 350))
	mustPost(t, books, transfer("x", "sale", bank, pending, 7))
	mustPost(t, books, transfer("r1", "refund", available, bank, 20000))

	wantDiff(t, "a liability's statement", []string{
		"s1 0.00 100.00 100.00",
		"split 0.00 3.50 103.50",
		"p1 3.50 0.00 100.00",
		"r1 200.00 0.00 -100.00",
	}, lines(t, books, available))
	wantDiff(t, "an asset's statement", []string{
		"s1 100.00 0.00 100.00",
		"split 3.00 0.00 103.00",
		"p1 0.00 3.50 99.50",
		"x 0.07 0.00 99.57",
		"r1 0.00 200.00 -100.43",
	}, lines(t, books, bank))
	wantDiff(t, "nobody's statement", []string(nil), lines(t, books, other))
}

// A reader may stop, and a store's error is the last pair.
func TestStatementEnds(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("s1", 1), sale("s2", 1))
	seen := 0
	for _, err := range books.Lines(t.Context(), available, inr(), ledger.Span{}) {
		if err != nil {
			t.Error(err)
		}
		seen++
		break
	}
	if seen != 1 {
		t.Errorf("saw %d lines", seen)
	}

	store.damage = func(s *snapshot) { s.headErr = context.DeadlineExceeded }
	seen = 0
	for line, err := range books.Lines(t.Context(), available, inr(), ledger.Span{}) {
		seen++
		wantText(t, err, "statement of merchants/m1/available INR: context deadline exceeded")
		wantDiff(t, "line", ledger.Line{}, line)
	}
	if seen != 1 {
		t.Errorf("saw %d pairs after the error", seen)
	}
	store.damage = nil
}

// spread gives books with a sale of 1.00 an hour from noon on; by value date they
// lie in another order.
func spread(t testing.TB) (*ledger.Ledger, *hands) {
	t.Helper()
	books, _, clock := clocked(t)
	for _, e := range []ledger.Entry{
		dated("a", "2026-02-03", false), dated("b", "2026-02-01", false), dated("c", "2026-02-02", false), dated("d", "2026-02-01", false),
		dated("e", "2026-02-02", false), transfer("x", "sale", bank, pending, 7), dated("f", "2026-02-02", false), dated("g", "2026-02-28", false),
	} {
		mustPost(t, books, e)
		clock.on(time.Hour)
	}
	return books, clock
}

// statement writes a whole statement page by page: "opening: keys with running
// balances: closing", each page's opening being the closing of the one before.
func statement(t testing.TB, books *ledger.Ledger, q ledger.StatementQuery) string {
	t.Helper()
	text, closing := "", ""
	for {
		page, err := books.Statement(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if opening := page.Opening.String(); text == "" {
			text = opening + ":"
		} else if opening != closing {
			t.Errorf("a page opens at %s, the one before closed at %s", opening, closing)
		}
		for _, line := range page.Lines {
			text += fmt.Sprintf(" %s %s", line.Entry.Key, line.Balance)
		}
		closing = page.Closing.String()
		if q.After = page.Next; page.Next == "" {
			return text + ": " + closing
		}
		if len(page.Lines) != q.Limit {
			t.Errorf("a page has %d lines, want %d", len(page.Lines), q.Limit)
		}
	}
}

func TestStatementSpans(t *testing.T) {
	t.Parallel()
	hour := func(n int) time.Time { return noon().Add(time.Duration(n) * time.Hour) }
	day := func(s string) calendar.Date {
		if s == "" {
			return calendar.Date{}
		}
		return date("2026-02-" + s)
	}
	none := time.Time{}
	tests := []struct {
		name string
		span ledger.Span
		want string
	}{
		{"all", ledger.Span{}, "0: a 100 b 200 c 300 d 400 e 500 f 600 g 700: 700"},
		{"all, said so", ledger.BookedIn(none, none), "0: a 100 b 200 c 300 d 400 e 500 f 600 g 700: 700"},
		{"from an instant", ledger.BookedIn(hour(3), none), "300: d 400 e 500 f 600 g 700: 700"},
		{"until an instant", ledger.BookedIn(none, hour(3)), "0: a 100 b 200 c 300: 300"},
		{"between", ledger.BookedIn(hour(1).Add(1), hour(3)), "200: c 300: 300"},
		{"an hour in which it rests", ledger.BookedIn(hour(5), hour(6)), "500:: 500"},
		{"before all", ledger.BookedIn(none, hour(0)), "0:: 0"},
		{"behind all", ledger.BookedIn(hour(9), none), "700:: 700"},
		{"no time", ledger.BookedIn(hour(3), hour(1)), "300:: 300"},
		{"by value date", ledger.ValuedIn(day(""), day("")), "0: b 100 d 200 c 300 e 400 f 500 a 600 g 700: 700"},
		{"from a value date", ledger.ValuedIn(day("02"), day("")), "200: c 300 e 400 f 500 a 600 g 700: 700"},
		{"until a value date", ledger.ValuedIn(day(""), day("02")), "0: b 100 d 200 c 300 e 400 f 500: 500"},
		{"a day", ledger.ValuedIn(day("02"), day("02")), "200: c 300 e 400 f 500: 500"},
		{"a day on which it rests", ledger.ValuedIn(day("10"), day("10")), "600:: 600"},
		{"behind all days", ledger.ValuedIn(date("2026-03-01"), day("")), "700:: 700"},
		{"before all days", ledger.ValuedIn(day(""), date("2026-01-31")), "0:: 0"},
		{"from the first day there is", ledger.ValuedIn(date("0001-01-01"), day("01")), "0: b 100 d 200: 200"},
		{"no days", ledger.ValuedIn(day("03"), day("01")), "500:: 500"},
	}
	books, _ := spread(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, limit := range []int{1, 2, 3, 7, 50} {
				q := ledger.StatementQuery{Account: available, Currency: inr(), Span: test.span, Limit: limit}
				if got := statement(t, books, q); got != test.want {
					t.Errorf("in pages of %d: %s, want %s", limit, got, test.want)
				}
			}
			opening, _, _ := strings.Cut(test.want, ":")
			text := opening + ":"
			for line, err := range books.Lines(t.Context(), available, inr(), test.span) {
				if err != nil {
					t.Fatal(err)
				}
				text += fmt.Sprintf(" %s %s", line.Entry.Key, line.Balance)
			}
			if want := test.want[:strings.LastIndex(test.want, ":")]; text != want {
				t.Errorf("lines are %s, want %s", text, want)
			}
		})
	}
}

// A page that was read stays as it was while entries arrive; the next one goes
// on behind it, and opens with what stands before it now.
func TestStatementWhileEntriesArrive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		span          ledger.Span
		first, second string
	}{
		"booking": {ledger.Span{}, "a 100 b 200 c 300", "300: d 400 e 500 f 600 g 700 late 800 today 900"},
		"value":   {ledger.ValuedIn(calendar.Date{}, calendar.Date{}), "b 100 d 200 c 300", "400: e 500 f 600 a 700 g 800 today 900"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books, _ := spread(t)
			q := ledger.StatementQuery{Account: available, Currency: inr(), Span: test.span, Limit: 3}
			page := func() (text string) {
				t.Helper()
				got, err := books.Statement(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range got.Lines {
					text += fmt.Sprintf(" %s %s", line.Entry.Key, line.Balance)
				}
				if q.After, q.Limit = got.Next, 50; got.Opening.IsZero() {
					return strings.TrimSpace(text)
				}
				return got.Opening.String() + ":" + text
			}
			if got := page(); got != test.first {
				t.Errorf("first page is %s, want %s", got, test.first)
			}
			mustPost(t, books, dated("late", "2026-01-31", false), sale("today", 100))
			if got := page(); got != test.second {
				t.Errorf("second page is %s, want %s", got, test.second)
			}
		})
	}
}

// Cursors and limits no statement gave are refused, and so are those of another
// span.
func TestStatementCursors(t *testing.T) {
	t.Parallel()
	books, _ := spread(t)
	q := ledger.StatementQuery{Account: available, Currency: inr()}
	refused := func(q ledger.StatementQuery, want string) {
		t.Helper()
		page, err := books.Statement(t.Context(), q)
		wantText(t, err, "statement of merchants/m1/available INR: "+want)
		if page != nil {
			t.Errorf("there is a page: %+v", page)
		}
	}
	for _, cursor := range []ledger.Cursor{"x", "01", "-1", "2026-02-01:1", "18446744073709551615"} {
		q.After = cursor
		refused(q, fmt.Sprintf("cursor is not valid: %q", cursor))
	}
	q.Span = ledger.ValuedIn(calendar.Date{}, calendar.Date{})
	for _, cursor := range []ledger.Cursor{"x", "1", "2026-02-01", "2026-02-01:", "2026-02-01:0", "2026-02-01:01", "2026-02-30:1", ":1", "2026-02-01:18446744073709551615"} {
		q.After = cursor
		refused(q, fmt.Sprintf("cursor is not valid: %q", cursor))
	}
	q.After = ""
	for _, limit := range []int{-1, 10_001} {
		q.Limit = limit
		refused(q, fmt.Sprintf("a page of %d lines, at most 10000 are given", limit))
	}
	q.Limit = 0
	for _, test := range []struct {
		span  ledger.Span
		after ledger.Cursor
	}{
		{ledger.BookedIn(noon().Add(5*time.Hour), time.Time{}), "1"},
		{ledger.BookedIn(time.Time{}, noon().Add(time.Hour)), "7"},
		{ledger.ValuedIn(date("2026-02-03"), calendar.Date{}), "2026-02-01:2"},
		{ledger.ValuedIn(calendar.Date{}, date("2026-02-01")), "2026-02-03:1"},
		{ledger.ValuedIn(calendar.Date{}, date("1969-12-31")), "9999-12-31:3"},
	} {
		q.Span, q.After = test.span, test.after
		refused(q, fmt.Sprintf("cursor is not valid: %q does not lie in the span", test.after))
	}
	if got := statement(t, books, ledger.StatementQuery{Account: drawer, Currency: inr()}); got != "0:: 0" {
		t.Errorf("nobody's statement is %s", got)
	}
}

// A page has fifty lines unless another number is asked for.
func TestStatementPageSize(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	entries := make([]ledger.Entry, 60)
	for i := range entries {
		entries[i] = sale(fmt.Sprint(i), 1)
	}
	mustPost(t, books, entries...)
	for limit, want := range map[int]int{0: 50, 10: 10, 10_000: 60} {
		page, err := books.Statement(t.Context(), ledger.StatementQuery{Account: available, Currency: inr(), Limit: limit})
		if err != nil || len(page.Lines) != want || (page.Next == "") != (want == 60) {
			t.Errorf("limit %d: %d lines and next %q, %v", limit, len(page.Lines), page.Next, err)
		}
	}
}
