package settlex

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
)

// ErrNoEvent marks the id of an event that was never told.
var ErrNoEvent = errors.New("no such event")

// Events yields everything that was told behind a cursor, up to now, in an order in
// which the events of each object are in order of their sequences. Whoever has dealt
// with an event goes on, now or later, from after.Read(e.Lane, e.No), and misses none.
// All of it is one snapshot, which stays open until the loop ends. Errors:
// event.ErrAhead for a cursor of other books, or of these before they were restored.
func (e *Engine) Events(ctx context.Context, after event.Cursor) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		over := false
		err := e.books.Read(ctx, func(r ledger.Reader) error {
			for told, err := range ledger.Events(ctx, r, after) {
				if err != nil {
					return err
				}
				if over = !yield(told, nil); over {
					return nil
				}
			}
			return nil
		})
		if err != nil && !over {
			yield(nil, fmt.Errorf("list events: %w", err))
		}
	}
}

// WaitEvents returns nil as soon as there are events behind a cursor: at once for what
// is told through this engine, within a second for what other processes tell. When ctx
// ends first it gives ctx.Err().
func (e *Engine) WaitEvents(ctx context.Context, after event.Cursor) error {
	return e.books.WaitEvents(ctx, after)
}

// Event gives the event with an id. Errors: event.ErrBadID, ErrNoEvent.
func (e *Engine) Event(ctx context.Context, id string) (found *event.Event, err error) {
	lane, no, err := event.ParseID(id)
	if err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		found = nil
		heads, err := r.Heads(ctx)
		if err != nil {
			return err
		}
		for i := range heads {
			if heads[i].Lane != lane || heads[i].Events < no {
				continue
			}
			for told, err := range r.Events(ctx, lane, no) {
				found = told
				return err
			}
		}
		return nil
	})
	if err == nil && found == nil {
		err = ErrNoEvent
	}
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", id, err)
	}
	return found, nil
}
