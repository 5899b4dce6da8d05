package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// EntryQuery asks for entries; each field that is set narrows the answer. With
// Account or Reference an index leads to them; without either the journal is
// read from the place the booking instants allow.
type EntryQuery struct {
	Account   string         // that touch this account; Currency too if that is set
	Currency  money.Currency //
	Kind      string         //
	Reference string         //
	Metadata  []Attribute    // that have all of these pairs
	Breached  bool           // only those that breached a limit

	First, Last calendar.Date // value dates, both included; zero: open
	From, Until time.Time     // booking instants, Until excluded; zero: open

	After Cursor // of the last entry of the page before; empty: from the beginning
}

// Entries yields the entries a query asks for in booking order, each with the
// cursor that leads behind it. Stop and ask again with it for the next page:
// entries that arrive meanwhile come at the end. With several lanes everything is
// settled first, see Beat; what commits meanwhile is left for the next page.
// Errors: ErrCursor.
func (l *Ledger) Entries(ctx context.Context, q EntryQuery) iter.Seq2[Item, error] {
	read := func(fn func(Reader, time.Time) error) error { return l.readSettled(ctx, time.Time{}, fn) }
	return listOf("list entries", read, func(r Reader, settled time.Time, yield func(Item) bool) error {
		from := startOf(q.From)
		if q.After != "" {
			last, err := itemOf(ctx, r, q.After)
			if err != nil {
				return err
			}
			if next := last.Place().Next(); next.Compare(from) > 0 {
				from = next
			}
		}
		for e, err := range q.source(ctx, r, from) {
			if err != nil {
				return err
			}
			if !q.Until.IsZero() && !e.At.Before(q.Until) || e.At.After(settled) {
				return nil
			}
			if q.wants(e) && !yield(Item{Booked: e, Cursor: itemCursor(e.Lane, e.Seq)}) {
				return nil
			}
		}
		return nil
	})
}

// Item is an item of the journal in a list, and the place behind it.
type Item struct {
	*Booked
	Cursor Cursor
}

// source is the shortest list that holds every entry the query can want.
func (q *EntryQuery) source(ctx context.Context, r Reader, from Place) iter.Seq2[*Booked, error] {
	switch {
	case q.Account != "" && !q.Currency.IsZero():
		return r.Movements(ctx, AccountID{Path: q.Account, Currency: q.Currency}, from)
	case q.Reference != "":
		return r.Referenced(ctx, q.Reference, from)
	}
	return journalFrom(ctx, r, from)
}

func (q *EntryQuery) wants(e *Booked) bool {
	touches := func(p Posting) bool {
		return (q.Account == "" || p.Account == q.Account) && (q.Currency.IsZero() || p.Currency == q.Currency)
	}
	return e.IsEntry() && (q.Kind == "" || e.Kind == q.Kind) && (q.Reference == "" || e.Reference == q.Reference) &&
		(!q.Breached || e.Breached) && slices.ContainsFunc(e.Postings, touches) &&
		(q.First.IsZero() || !e.ValueDate.Before(q.First)) && (q.Last.IsZero() || !e.ValueDate.After(q.Last)) &&
		!slices.ContainsFunc(q.Metadata, func(a Attribute) bool { return !slices.Contains(e.Metadata, a) })
}

// Changes is the change feed: every item of the journal behind a cursor, in
// order of their places, until the end there is now. The empty cursor is the
// beginning. An item is never missed and never comes twice: keep the cursor of
// the last one that was dealt with, and Wait for more. What commits late comes
// late, behind items of other lanes that bear a later instant. Errors: ErrCursor.
func (l *Ledger) Changes(ctx context.Context, after Cursor) iter.Seq2[Item, error] {
	return snapshotOf(ctx, l.store, "change feed", func(r Reader, yield func(Item) bool) error {
		at, err := ParsePosition(after)
		if err != nil {
			return err
		}
		for item, err := range Journal(ctx, r, at) {
			if err != nil {
				return err
			}
			at = at.past(item)
			if !yield(Item{Booked: item, Cursor: at.Cursor()}) {
				return nil
			}
		}
		return nil
	})
}

// Wait returns when the journal reaches beyond a cursor, or with the context's
// error. A commit of this Ledger ends it at once; for what others write to the
// store it looks once a second. Errors: ErrCursor.
func (l *Ledger) Wait(ctx context.Context, after Cursor) error {
	at, err := ParsePosition(after)
	if err != nil {
		return fmt.Errorf("change feed: %w", err)
	}
	return l.await(ctx, func(h *Head) bool { return h.Seq > at.of(h.Lane) })
}

// await returns nil as soon as a lane is ahead.
func (l *Ledger) await(ctx context.Context, ahead func(*Head) bool) error {
	ticks, stop := l.tick()
	defer stop()
	for {
		committed := l.news.next()
		var heads []Head
		err := l.store.Read(ctx, func(r Reader) (err error) {
			heads, err = r.Heads(ctx)
			return err
		})
		if err != nil || slices.ContainsFunc(heads, func(h Head) bool { return ahead(&h) }) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-committed:
		case <-ticks:
		}
	}
}
