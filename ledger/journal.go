package ledger

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// SeqBefore gives the sequence of a lane's last item booked before an instant;
// 0: none was. Instants never decrease along a lane, so it searches by halves.
func SeqBefore(ctx context.Context, r Reader, head Head, t time.Time) (uint64, error) {
	if t.IsZero() { // nothing is booked before the year 1
		return 0, nil
	}
	low, high := uint64(1), head.Seq+1 // the answer is below the first seq in [low, high) booked at or after t
	for low < high {
		middle := low + (high-low)/2
		item, err := itemAt(ctx, r, head.Lane, middle)
		if err != nil {
			return 0, err
		}
		if item.At.Before(t) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1, nil
}

// itemAt gives the item with a sequence the lane's head says is there.
func itemAt(ctx context.Context, r Reader, lane uint16, seq uint64) (*Booked, error) {
	for item, err := range r.Items(ctx, lane, seq) {
		return item, err
	}
	return nil, fmt.Errorf("%w: item %s is not in the journal", ErrCorrupt, itemName(lane, seq))
}

// itemName is an item's number, with its lane if that is not the first.
func itemName(lane uint16, seq uint64) string {
	if lane == 0 {
		return fmt.Sprint(seq)
	}
	return fmt.Sprintf("%d of lane %d", seq, lane)
}

// Journal yields the items of all lanes behind a position of each, in order of
// their places. Lanes that after does not name are read from their beginning.
func Journal(ctx context.Context, r Reader, after Position) iter.Seq2[*Booked, error] {
	return func(yield func(*Booked, error) bool) {
		heads, err := r.Heads(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		lists := make([]iter.Seq2[*Booked, error], len(heads))
		for i := range heads {
			lists[i] = r.Items(ctx, heads[i].Lane, after.of(heads[i].Lane)+1)
		}
		merge(lists, byPlace)(yield)
	}
}

// journalFrom yields the items of all lanes from a place on.
func journalFrom(ctx context.Context, r Reader, from Place) iter.Seq2[*Booked, error] {
	return func(yield func(*Booked, error) bool) {
		after, err := positionBefore(ctx, r, from)
		if err != nil {
			yield(nil, err)
			return
		}
		Journal(ctx, r, after)(yield)
	}
}

// PositionBefore is the end of every lane before an instant.
func PositionBefore(ctx context.Context, r Reader, t time.Time) (Position, error) {
	return positionBefore(ctx, r, startOf(t))
}

func positionBefore(ctx context.Context, r Reader, place Place) (Position, error) {
	heads, err := r.Heads(ctx)
	if err != nil {
		return nil, err
	}
	out := make(Position, heads[len(heads)-1].Lane+1)
	for _, h := range heads {
		if out[h.Lane], err = seqBefore(ctx, r, h, place); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Together is what the lanes are together: how many items, accounts, blocks and
// events they have, and the instants of the last item and event. With one lane it is that lane's
// head.
func Together(ctx context.Context, r Reader) (Head, error) {
	heads, err := r.Heads(ctx)
	if err != nil {
		return Head{}, err
	}
	out := heads[0]
	for _, h := range heads[1:] {
		out.Seq, out.Accounts, out.Blocks, out.Events = out.Seq+h.Seq, out.Accounts+h.Accounts, out.Blocks+h.Blocks, out.Events+h.Events
		if h.At.After(out.At) {
			out.At = h.At
		}
		if h.Told.After(out.Told) {
			out.Told = h.Told
		}
	}
	return out, nil
}

// seqBefore gives the sequence of a lane's last item before a place.
func seqBefore(ctx context.Context, r Reader, head Head, from Place) (uint64, error) {
	if head.Lane == from.Lane && from.Seq > 0 {
		return from.Seq - 1, nil
	}
	if head.Lane < from.Lane { // of the same instant, it comes first
		return SeqBefore(ctx, r, head, from.At.Add(time.Microsecond))
	}
	return SeqBefore(ctx, r, head, from.At)
}

// Entries yields the entries of all lanes in order of their places: the items
// whose postings changed balances.
func Entries(ctx context.Context, r Reader) iter.Seq2[*Booked, error] {
	return func(yield func(*Booked, error) bool) {
		for item, err := range Journal(ctx, r, nil) {
			if (err != nil || item.IsEntry()) && !yield(item, err) {
				return
			}
		}
	}
}

// byPlace orders items.
func byPlace(a, b *Booked) int { return a.Place().Compare(b.Place()) }

// merge puts lists together that are each in the order of compare. It ends after
// the first error of any.
func merge[T any](lists []iter.Seq2[*T, error], compare func(a, b *T) int) iter.Seq2[*T, error] {
	if len(lists) == 1 {
		return lists[0]
	}
	return func(yield func(*T, error) bool) {
		m := &merger[T]{compare: compare}
		defer m.stop()
		for _, list := range lists {
			next, stop := iter.Pull2(list)
			m.heads = append(m.heads, merging[T]{next: next, stop: stop})
		}
		for i := range m.heads {
			if err := m.heads[i].advance(); err != nil {
				yield(nil, err)
				return
			}
		}
		for {
			first := m.first()
			if first == nil || !yield(first.item, nil) {
				return
			}
			if err := first.advance(); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// merger is lists that are merged.
type merger[T any] struct {
	heads   []merging[T]
	compare func(a, b *T) int
}

// merging is one of them, pulled up to an item.
type merging[T any] struct {
	item *T // nil: it has ended
	next func() (*T, error, bool)
	stop func()
}

func (m *merging[T]) advance() error {
	item, err, ok := m.next()
	if m.item = item; !ok || err != nil {
		m.item = nil
	}
	return err
}

// first gives the list whose item comes first, nil when all have ended. There are
// as many as lanes, and few items between two of them: no heap is worth it.
func (m *merger[T]) first() (first *merging[T]) {
	for i := range m.heads {
		head := &m.heads[i]
		if head.item != nil && (first == nil || m.compare(head.item, first.item) < 0) {
			first = head
		}
	}
	return first
}

func (m *merger[T]) stop() {
	for i := range m.heads {
		m.heads[i].stop()
	}
}
