package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Line is one movement of an account's statement.
type Line struct {
	Entry   *Booked
	Debit   money.Amount // sum of the entry's debits on the account, minor units
	Credit  money.Amount // sum of the entry's credits on the account, minor units
	Balance money.Amount // posted balance after the movement, on the normal side, minor units
}

// Span is a part of an account's history on one of its two axes. The zero value
// is all of it, in booking order. Make others with BookedIn and ValuedIn.
type Span struct {
	byValue     bool
	from, until time.Time
	first, last calendar.Date
}

// BookedIn is what was booked at or after from and before until, in booking
// order. A zero instant leaves that end open.
func BookedIn(from, until time.Time) Span { return Span{from: from, until: until} }

// ValuedIn is what has a value date from first to last, both included, in order
// of value date and then of booking. A zero date leaves that end open.
func ValuedIn(first, last calendar.Date) Span { return Span{byValue: true, first: first, last: last} }

// StatementQuery asks for a page of an account's statement.
type StatementQuery struct {
	Account  string
	Currency money.Currency
	Span     Span
	After    Cursor // Next of the page before; empty: the first page
	Limit    int    // lines of a page; 0 means 50, at most 10,000
}

// Statement is a page of an account's statement.
type Statement struct {
	AccountID
	Opening money.Amount // posted balance before the first line, on the normal side, minor units
	Lines   []Line
	Closing money.Amount // after the last line; the span's closing balance on its last page
	Next    Cursor       // empty: this is the last page
}

// Cursor is a place in a list that stays where it is while entries arrive.
type Cursor string

const (
	pageLines    = 50
	maxPageLines = 10_000
)

// Statement reads a page: the opening balance, every movement with its running
// balance, the closing balance. An account nothing was booked on has an empty
// one. Errors: ErrCursor, and one for a Limit out of its range.
func (l *Ledger) Statement(ctx context.Context, q StatementQuery) (*Statement, error) {
	id := AccountID{Path: q.Account, Currency: q.Currency}
	out := &Statement{AccountID: id}
	err := l.readSettled(ctx, time.Time{}, func(r Reader, settled time.Time) error {
		*out = Statement{AccountID: id}
		limit, err := pageSize(q.Limit)
		if err != nil {
			return err
		}
		walk, err := newWalk(ctx, r, id, q.Span, q.After)
		if err != nil {
			return err
		}
		if out.Opening, err = walk.balance(); err != nil {
			return err
		}
		for line, err := range walk.lines(ctx) {
			if err != nil {
				return err
			}
			if len(out.Lines) == limit {
				return out.leaf(&walk.span, settled)
			}
			out.Lines = append(out.Lines, line)
		}
		out.close()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("statement of %s: %w", id, err)
	}
	return out, nil
}

// leaf ends a page that another one follows: with its last line that is settled,
// so that nothing comes in between.
func (s *Statement) leaf(span *Span, settled time.Time) error {
	n := len(s.Lines)
	for !span.byValue && n > 0 && s.Lines[n-1].Entry.At.After(settled) {
		n--
	}
	if n == 0 {
		return &UnsettledError{Asked: s.Lines[0].Entry.At, Settled: settled}
	}
	s.Lines = s.Lines[:n]
	s.Next = span.cursor(s.Lines[n-1].Entry)
	s.close()
	return nil
}

func (s *Statement) close() {
	s.Closing = s.Opening
	if n := len(s.Lines); n > 0 {
		s.Closing = s.Lines[n-1].Balance
	}
}

func pageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return pageLines, nil
	case limit < 0 || limit > maxPageLines:
		return 0, fmt.Errorf("a page of %d lines, at most %d are given", limit, maxPageLines)
	}
	return limit, nil
}

// Lines yields every movement of an account within a span with its running
// balance, on one snapshot. An account nothing was booked on has none.
func (l *Ledger) Lines(ctx context.Context, path string, currency money.Currency, span Span) iter.Seq2[Line, error] {
	id := AccountID{Path: path, Currency: currency}
	return snapshotOf(ctx, l.store, "statement of "+id.String(), func(r Reader, yield func(Line) bool) error {
		walk, err := newWalk(ctx, r, id, span, "")
		if err != nil {
			return err
		}
		for line, err := range walk.lines(ctx) {
			if err != nil {
				return err
			}
			if !yield(line) {
				return nil
			}
		}
		return nil
	})
}

// snapshotOf yields what list finds on one snapshot; its error is the last pair.
func snapshotOf[T any](ctx context.Context, store Store, what string, list func(Reader, func(T) bool) error) iter.Seq2[T, error] {
	read := func(fn func(Reader, time.Time) error) error {
		return store.Read(ctx, func(r Reader) error { return fn(r, forever) })
	}
	return listOf(what, read, func(r Reader, _ time.Time, yield func(T) bool) error { return list(r, yield) })
}

// listOf is snapshotOf for a snapshot that read opens, which says up to when it is
// settled.
func listOf[T any](what string, read func(func(Reader, time.Time) error) error, list func(Reader, time.Time, func(T) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped := false
		err := read(func(r Reader, settled time.Time) error {
			return list(r, settled, func(v T) bool {
				stopped = !yield(v, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			var none T
			yield(none, fmt.Errorf("%s: %w", what, err))
		}
	}
}

// walk goes through a span of an account's history.
type walk struct {
	reader  Reader
	id      AccountID
	span    Span
	normal  Side
	running Balance
	from    DatedPlace // the first; on the booking axis without a date
}

func newWalk(ctx context.Context, r Reader, id AccountID, span Span, after Cursor) (*walk, error) {
	w := &walk{reader: r, id: id, span: span, normal: Debit}
	account, ok, err := accountOf(ctx, r, id)
	if err != nil {
		return nil, err
	}
	if ok {
		w.normal = account.Type.Normal()
	}
	start := w.startByBooking
	if span.byValue {
		start = w.startByValue
	}
	if err := start(ctx, after); err != nil {
		return nil, err
	}
	return w, nil
}

// itemOf gives the item that a cursor names.
func itemOf(ctx context.Context, r Reader, c Cursor) (*Booked, error) {
	lane, seq, err := parseItem(c)
	if err != nil {
		return nil, err
	}
	heads, err := r.Heads(ctx)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(heads, func(h Head) bool { return h.Lane == lane }); at < 0 || seq > heads[at].Seq {
		return nil, fmt.Errorf("%w: %q lies behind the journal's end", ErrCursor, c)
	}
	return itemAt(ctx, r, lane, seq)
}

func (w *walk) startByBooking(ctx context.Context, after Cursor) (err error) {
	w.from.Place = startOf(w.span.from)
	if after != "" {
		last, err := itemOf(ctx, w.reader, after)
		if err != nil {
			return err
		}
		if last.At.Before(w.span.from) || w.isBehind(last) {
			return fmt.Errorf("%w: %q does not lie in the span", ErrCursor, after)
		}
		w.from.Place = last.Place().Next()
	}
	w.running, err = w.reader.BalanceBefore(ctx, w.id, w.from.Place)
	return err
}

func (w *walk) startByValue(ctx context.Context, after Cursor) (err error) {
	if after == "" {
		w.from = DatedPlace{On: w.span.first}
		if !w.span.first.IsZero() {
			w.running, err = w.reader.BalanceOn(ctx, w.id, w.span.first.AddDays(-1))
		}
		return err
	}
	day, number, _ := strings.Cut(string(after), ":")
	on, err := calendar.ParseDate(day)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrCursor, after)
	}
	last, err := itemOf(ctx, w.reader, Cursor(number))
	if errors.Is(err, ErrCursor) {
		return fmt.Errorf("%w: %q", ErrCursor, after)
	}
	if err != nil {
		return err
	}
	if on.Before(w.span.first) || !w.span.last.IsZero() && on.After(w.span.last) {
		return fmt.Errorf("%w: %q does not lie in the span", ErrCursor, after)
	}
	if w.running, err = w.reader.BalanceOn(ctx, w.id, on.AddDays(-1)); err != nil {
		return err
	}
	w.from = DatedPlace{On: on, Place: last.Place().Next()}
	for e, err := range w.reader.Dated(ctx, w.id, DatedPlace{On: on}) {
		if err != nil {
			return err
		}
		if e.ValueDate != on || e.Place().Compare(w.from.Place) >= 0 {
			break
		}
		if err := w.running.addUntil(e, w.id, on); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) balance() (money.Amount, error) { return w.running.Net(w.normal) }

// lines yields the movements that are left.
func (w *walk) lines(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for e, err := range w.entries(ctx) {
			var line Line
			if err == nil {
				line, err = w.line(e)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

func (w *walk) entries(ctx context.Context) iter.Seq2[*Booked, error] {
	return func(yield func(*Booked, error) bool) {
		list := w.reader.Movements(ctx, w.id, w.from.Place)
		if w.span.byValue {
			list = w.reader.Dated(ctx, w.id, w.from)
		}
		for e, err := range list {
			if err == nil && w.isBehind(e) {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// isBehind tells whether an entry lies behind the span's end.
func (w *walk) isBehind(e *Booked) bool {
	if w.span.byValue {
		return !w.span.last.IsZero() && e.ValueDate.After(w.span.last)
	}
	return !w.span.until.IsZero() && !e.At.Before(w.span.until)
}

func (w *walk) line(e *Booked) (line Line, err error) {
	before := w.running
	for _, p := range e.Postings {
		if p.ID() != w.id {
			continue
		}
		if err := w.running.Add(p); err != nil {
			return Line{}, err
		}
	}
	line.Entry = e
	if line.Debit, err = w.running.Debits.Sub(before.Debits); err != nil {
		return Line{}, err
	}
	if line.Credit, err = w.running.Credits.Sub(before.Credits); err != nil {
		return Line{}, err
	}
	line.Balance, err = w.balance()
	return line, err
}

// cursor is the place of an entry in the span's order.
func (s Span) cursor(e *Booked) Cursor {
	c := itemCursor(e.Lane, e.Seq)
	if s.byValue {
		return Cursor(e.ValueDate.String()) + ":" + c
	}
	return c
}

// ErrCursor marks a cursor that no list of this kind gave.
var ErrCursor = errors.New("cursor is not valid")
