package postgres

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/ledger"
)

// The entries of an account lie lane by lane, each lane's in order. These ask for the next of every lane, and of some.
const (
	movesSQL = `SELECT p.lane, p.seq, p.booked_at FROM lanes l CROSS JOIN LATERAL (
    SELECT DISTINCT q.booked_at, q.seq, q.lane FROM postings q
    WHERE q.account_id = (SELECT account_id FROM accounts WHERE name = $1) AND q.lane = l.lane AND (q.booked_at, q.seq) > ($2, ` + seqIn + `)
    ORDER BY q.booked_at, q.seq LIMIT $5
) p ORDER BY p.lane, p.booked_at, p.seq`

	moreMovesSQL = `SELECT p.lane, p.seq, p.booked_at FROM unnest($2::smallint[], $3::timestamptz[], $4::bigint[]) AS l (lane, at, seq) CROSS JOIN LATERAL (
    SELECT DISTINCT q.booked_at, q.seq, q.lane FROM postings q
    WHERE q.account_id = (SELECT account_id FROM accounts WHERE name = $1) AND q.lane = l.lane AND (q.booked_at, q.seq) > (l.at, l.seq)
    ORDER BY q.booked_at, q.seq LIMIT $5
) p ORDER BY p.lane, p.booked_at, p.seq`

	// seqIn is the sequence to compare with in lane l when a place is compared with all of an instant, a lane ($3) and a
	// sequence ($4): lanes before the place's are behind all of the instant, those behind it before all.
	seqIn = `CASE WHEN l.lane < $3 THEN 9223372036854775807 WHEN l.lane = $3 THEN $4 ELSE 0 END`

	bodiesSQL = `SELECT w.lane, w.seq, w.at, i.body FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) WITH ORDINALITY AS w (lane, seq, at, n)
LEFT JOIN items i ON i.lane = w.lane AND i.seq = w.seq ORDER BY w.n`

	datedSQL = `SELECT p.lane, p.seq, p.booked_at, i.body, p.value_date FROM (
    SELECT DISTINCT value_date, booked_at, lane, seq FROM postings
    WHERE account_id = (SELECT account_id FROM accounts WHERE name = $1) AND (value_date, booked_at, lane, seq) > ($2, $3, $4, $5)
    ORDER BY value_date, booked_at, lane, seq LIMIT $6
) p LEFT JOIN items i ON i.lane = p.lane AND i.seq = p.seq ORDER BY p.value_date, p.booked_at, p.lane, p.seq`
)

// Movements implements ledger.Reader.
func (r *reader) Movements(ctx context.Context, id ledger.AccountID, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		m := &moves{reader: r, name: nameOf(id), from: before(from)}
		decoded(chunks(ctx, m.read), (*itemRow).decodeAt)(yield)
	}
}

// moves puts the lanes' lists of an account's entries together.
type moves struct {
	*reader
	name  []byte
	from  placeArgs
	lanes []laneMoves
	begun bool
}

// laneMoves is what was read of one lane's list and not given yet.
type laneMoves struct {
	lane   uint16
	places []ledger.Place
	last   ledger.Place // of those read
	ended  bool         // there are no more
}

// read gives the next entries of all lanes.
func (m *moves) read(ctx context.Context, _ *itemRow, limit int) ([]itemRow, error) {
	var lanes []int16
	var seqs []int64
	var instants []time.Time
	for range limit {
		place, ok, err := m.next(ctx, limit)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		lanes, seqs, instants = append(lanes, laneArg(place.Lane)), append(seqs, seqArg(place.Seq)), append(instants, place.At)
	}
	if len(lanes) == 0 {
		return nil, nil
	}
	return collect(ctx, m, "entries of an account", scanItem, bodiesSQL, lanes, seqs, instants)
}

// next takes the first place of all that are left.
func (m *moves) next(ctx context.Context, limit int) (place ledger.Place, ok bool, err error) {
	if err := m.fill(ctx, limit); err != nil {
		return place, false, err
	}
	first := -1
	for i := range m.lanes {
		if l := &m.lanes[i]; len(l.places) > 0 && (first < 0 || l.places[0].Compare(m.lanes[first].places[0]) < 0) {
			first = i
		}
	}
	if first < 0 {
		return place, false, nil
	}
	l := &m.lanes[first]
	place, l.places = l.places[0], l.places[1:]
	return place, true, nil
}

// fill reads on in every lane of which nothing is left, at most limit places of each.
func (m *moves) fill(ctx context.Context, limit int) error {
	if !m.begun {
		m.begun = true
		places, err := collect(ctx, m, "entries of an account", scanPlace, movesSQL, m.name, m.from.at, m.from.lane, m.from.seq, limit)
		m.take(places, limit)
		return err
	}
	var lanes []int16
	var instants []time.Time
	var seqs []int64
	for i := range m.lanes {
		if l := &m.lanes[i]; len(l.places) == 0 && !l.ended {
			lanes, instants, seqs = append(lanes, laneArg(l.lane)), append(instants, l.last.At), append(seqs, seqArg(l.last.Seq))
			l.ended = true // unless there are more
		}
	}
	if len(lanes) == 0 {
		return nil
	}
	places, err := collect(ctx, m, "entries of an account", scanPlace, moreMovesSQL, m.name, lanes, instants, seqs, limit)
	m.take(places, limit)
	return err
}

// take keeps places that were read, lane by lane.
func (m *moves) take(places []ledger.Place, limit int) {
	for len(places) > 0 {
		n := slices.IndexFunc(places, func(p ledger.Place) bool { return p.Lane != places[0].Lane })
		if n < 0 {
			n = len(places)
		}
		list := laneMoves{lane: places[0].Lane, places: places[:n], last: places[n-1], ended: n < limit}
		if at := slices.IndexFunc(m.lanes, func(l laneMoves) bool { return l.lane == list.lane }); at >= 0 {
			m.lanes[at] = list
		} else {
			m.lanes = append(m.lanes, list)
		}
		places = places[n:]
	}
}

func scanPlace(row pgx.CollectableRow) (p ledger.Place, err error) {
	var lane int16
	var seq int64
	var at moment
	err = row.Scan(&lane, &seq, &at)
	p.Lane, p.Seq, p.At = uint16(lane), uint64(seq), at.Time //nolint:gosec // the database keeps both in their ranges
	return p, err
}

// datedRow is an item in a list ordered by value date.
type datedRow struct {
	itemRow
	on pgtype.Date
}

func scanDated(row pgx.CollectableRow) (d datedRow, err error) {
	var lane int16
	var seq int64
	var at moment
	err = row.Scan(&lane, &seq, &at, &d.body, &d.on)
	d.Lane, d.Seq, d.At = uint16(lane), uint64(seq), at.Time //nolint:gosec // the database keeps both in their ranges
	return d, err
}

// Dated implements ledger.Reader.
func (r *reader) Dated(ctx context.Context, id ledger.AccountID, from ledger.DatedPlace) iter.Seq2[*ledger.Booked, error] {
	list := chunks(ctx, func(ctx context.Context, last *datedRow, limit int) ([]datedRow, error) {
		on, after := dateArg(from.On), before(from.Place)
		if last != nil {
			on, after = last.on, behind(last.Place)
		} else if from.On.IsZero() { // nothing has a value date before the first
			on, after = pgtype.Date{Time: earliest, Valid: true}, before(ledger.Place{})
		}
		return collect(ctx, r, "entries of an account", scanDated, datedSQL, nameOf(id), on, after.at, after.lane, after.seq, limit)
	})
	return func(yield func(*ledger.Booked, error) bool) {
		for row, err := range list {
			var item *ledger.Booked
			if err == nil {
				item, err = row.decodeOn()
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// decodeOn gives the item, which must be an entry of the day it is listed under.
func (d *datedRow) decodeOn() (*ledger.Booked, error) {
	item, err := d.decodeAt()
	if err != nil {
		return nil, err
	}
	on, err := readDate(d.on)
	if err == nil && item.ValueDate != on {
		err = corrupt("%s, of value date %s, is listed under %s", d.name(), item.ValueDate, on)
	}
	return item, err
}
