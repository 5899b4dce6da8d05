package postgres

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
)

const (
	eventsSQL = `SELECT lane, event_no, told_at, type, object_kind, object_id, sequence, merchant, coalesce(data, '') FROM events
WHERE lane = $1 AND event_no > $2 ORDER BY event_no LIMIT $3`

	insertEventsSQL = `INSERT INTO events (lane, event_no, told_at, type, object_kind, object_id, sequence, merchant, data)
SELECT $1::smallint, n.event_no, n.told_at, n.type, n.object_kind, n.object_id, n.sequence, n.merchant, NULLIF(n.data, '')
FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[])
AS n (event_no, told_at, type, object_kind, object_id, sequence, merchant, data)`

	updateToldSQL = `UPDATE lanes SET events = $2::bigint, told_at = $3::timestamptz WHERE lane = $1::smallint`
)

// eventColumns are events to write, column by column.
type eventColumns struct {
	nos, sequences                       []int64
	instants                             []time.Time
	types, kinds, ids, merchants, bodies []string
}

// gather takes events, which can be told.
func (c *eventColumns) gather(events []*event.Event) error {
	for _, e := range events {
		if err := e.Check(); err != nil {
			return fmt.Errorf("event %d: %w", e.No, err)
		}
		c.nos, c.sequences, c.instants = append(c.nos, seqArg(e.No)), append(c.sequences, seqArg(e.Sequence)), append(c.instants, e.At)
		c.types, c.merchants = append(c.types, storable(string(e.Type))), append(c.merchants, storable(e.Merchant))
		c.kinds, c.ids = append(c.kinds, storable(e.Object.Kind)), append(c.ids, storable(e.Object.ID))
		c.bodies = append(c.bodies, string(storableJSON(e.Data)))
	}
	return nil
}

func (c *eventColumns) queue(l *link, lane int16) {
	if len(c.nos) > 0 {
		l.later(insertEventsSQL, lane, c.nos, c.instants, c.types, c.kinds, c.ids, c.sequences, c.merchants, c.bodies)
	}
}

// eventRow is an event as it is stored.
type eventRow struct {
	lane               int16
	no, sequence       int64
	at                 moment
	typ, kind, id, who string
	body               []byte
}

// weight is how many bytes the payload has.
func (r eventRow) weight() int { return len(r.body) }

func scanEvent(row pgx.CollectableRow) (r eventRow, err error) {
	err = row.Scan(&r.lane, &r.no, &r.at, &r.typ, &r.kind, &r.id, &r.sequence, &r.who, &r.body)
	return r, err
}

// event gives the event.
//
//nolint:gosec // the database keeps the numbers in their ranges
func (r *eventRow) event() *event.Event {
	e := &event.Event{
		Lane: uint16(r.lane), No: uint64(r.no), At: r.at.Time, Type: event.Type(restored(r.typ)), Object: event.Object{Kind: restored(r.kind), ID: restored(r.id)},
		Sequence: uint64(r.sequence), Merchant: restored(r.who),
	}
	if len(r.body) > 0 {
		e.Data = restoredJSON(r.body)
	}
	return e
}

// Events implements ledger.Reader.
func (r *reader) Events(ctx context.Context, lane uint16, from uint64) iter.Seq2[*event.Event, error] {
	what := fmt.Sprintf("events of lane %d", lane)
	list := chunks(ctx, func(ctx context.Context, last *eventRow, limit int) ([]eventRow, error) {
		after := seqArg(max(from, 1)) - 1
		if last != nil {
			after = last.no
		}
		return collect(ctx, r, what, scanEvent, eventsSQL, laneArg(lane), after, limit)
	})
	return func(yield func(*event.Event, error) bool) {
		for row, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(row.event(), nil) {
				return
			}
		}
	}
}

// tell notes in the lane's row how many events were told; a block does it with the rest of the row.
func (s *saving) tell(head *ledger.Head) {
	if s.changes.Block == nil && len(s.changes.Events) > 0 {
		s.tx.link.later(updateToldSQL, s.lane, seqArg(head.Events), head.Told)
	}
	s.tx.row.Events, s.tx.row.Told = head.Events, head.Told
}
