package ledger

import (
	"context"
	"fmt"
	"iter"

	"github.com/settlex/settlex/event"
)

// Events yields the events of all lanes behind a cursor, those of each object in
// order of their sequences. The cursor to go on from behind one of them is
// after.Read of its lane and number. Errors: event.ErrAhead, those of the reader.
func Events(ctx context.Context, r Reader, after event.Cursor) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		heads, err := r.Heads(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		if err := told(heads, after); err != nil {
			yield(nil, err)
			return
		}
		var lists []iter.Seq2[*event.Event, error]
		for i := range heads {
			if read := after.After(heads[i].Lane); read < heads[i].Events {
				lists = append(lists, r.Events(ctx, heads[i].Lane, read+1))
			}
		}
		merge(lists, (*event.Event).Compare)(yield)
	}
}

// told refuses a cursor that has read what was never told.
func told(heads []Head, read event.Cursor) error {
	for lane, no := range read.All() {
		var last uint64
		for i := range heads {
			if heads[i].Lane == lane {
				last = heads[i].Events
			}
		}
		if no > last {
			return fmt.Errorf("%w: it has read event %d of lane %d, where the last one is %d", event.ErrAhead, no, lane, last)
		}
	}
	return nil
}

// WaitEvents returns nil as soon as there are events behind a cursor: at once, when
// something is booked through this Ledger, or at the next tick of Config.Tick. When
// ctx ends first it gives ctx.Err(). A cursor that is ahead waits for what is told behind
// it; Events refuses it.
func (l *Ledger) WaitEvents(ctx context.Context, after event.Cursor) error {
	return l.await(ctx, func(h *Head) bool { return h.Events > after.After(h.Lane) })
}

// SaveEvents writes events of another store's books as they are, behind those of
// their lane, whose numbers and instants they must continue. It is for who moves
// books; rooms tell theirs with commands.
//
// An error that wraps ErrCorrupt says that they do not continue the lane, or
// cannot be told; the transaction is to be rolled back.
func SaveEvents(ctx context.Context, tx Tx, lane uint16, events []*event.Event) error {
	if err := bookIn(tx, lane); err != nil {
		return err
	}
	s := NewState(nil)
	if err := s.need().bring(ctx, tx); err != nil {
		return fmt.Errorf("load lane %d: %w", lane, err)
	}
	for _, e := range events {
		fault := e.Check()
		switch head := &s.head; {
		case fault != nil:
		case e.Lane != head.Lane:
			fault = fmt.Errorf("it is of lane %d, the store books in %d", e.Lane, head.Lane)
		case e.No != head.Events+1:
			fault = fmt.Errorf("number %d is next", head.Events+1)
		case e.At.Before(head.Told):
			fault = fmt.Errorf("it was told at %s, the one before it at %s", instantText(e.At), instantText(head.Told))
		}
		if fault != nil {
			return fmt.Errorf("%w: event %s: %w", ErrCorrupt, e.ID(), fault)
		}
		s.head.Events, s.head.Told = e.No, e.At
	}
	s.events = events
	if err := tx.Save(ctx, s.Changes()); err != nil {
		return fmt.Errorf("save %d events: %w", len(events), err)
	}
	return nil
}
