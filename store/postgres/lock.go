package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

// What locks rows. Everybody takes them in this order, and those of one statement in the order it sorts them in.
const (
	// No join: a plan made while there were few records would go through all of them.
	recordsOfIDsSQL = `SELECT r.kind, r.id, r.body, r.lane, coalesce(r.booked_at, r.changed_at), r.changed_at FROM records r WHERE r.kind = $1 AND r.id = ANY($2::bytea[])`

	lockRecordsSQL = recordsOfIDsSQL + ` ORDER BY r.id FOR UPDATE`

	// What was not there cannot be locked, and may have come before the lane was. Whoever made it has committed by then, or is in another
	// lane and comes later.
	presentSQL = `SELECT r.kind, r.id FROM records r WHERE r.kind = $1 AND r.id = ANY($2::bytea[])`

	lockSinglesSQL = `SELECT ` + accountColumns + ` FROM accounts a WHERE a.name = ANY($1::bytea[]) AND a.single ORDER BY a.account_id FOR UPDATE`

	laneColumns = `lane, seq, booked_at, not_before, accounts, blocks, events, told_at, closed, peaks`

	lockLaneSQL = waitedSQL + `WHERE lane = $1::smallint FOR UPDATE) l`

	// For who does not know how many lanes there are.
	lockSomeLaneSQL = waitedSQL + `WHERE lane = ($1::bigint % (SELECT max(lane) + 1 FROM lanes))::smallint FOR UPDATE) l`

	lockLanesSQL = waitedSQL + `ORDER BY lane FOR UPDATE) l`

	// Whether the lock had to be waited for, and whether there are several lanes.
	waitedSQL = `SELECT l.*, clock_timestamp() > statement_timestamp() + interval '1 millisecond', ` + severalSQL + ` FROM (SELECT ` + laneColumns + ` FROM lanes `

	severalSQL = `EXISTS (SELECT 1 FROM lanes WHERE lane = 1)`

	lanesSQL = `SELECT ` + laneColumns + `, false, ` + severalSQL + ` FROM lanes ORDER BY lane`

	// A transaction that has its lane must not wait for what comes before lanes.
	noWait = ` NOWAIT`
)

// lock queues what locks rows.
func (l *loading) lock(b *pgx.Batch) {
	t := l.tx
	var singles []ledger.AccountID
	singles, l.apart, l.certain = t.kinds.split(l.ids)
	refs, suffix := l.refs, ""
	switch {
	case t.host:
	case !t.held.lane && t.plan.any():
		refs, singles = union(refs, t.plan.records), union(singles, t.kinds.singles(t.plan.accounts))
		l.lanes = l.lanes || t.plan.all
	case t.held.lane:
		suffix = noWait
	}
	if !t.held.lane && l.lanes {
		l.before = refs
	}
	l.queueRecords(b, lockRecordsSQL+suffix, refs)
	if len(singles) > 0 {
		b.Queue(lockSinglesSQL+suffix, namesOf(singles)).Query(l.readSingles)
	}
	switch {
	case !l.lanes:
	case l.all || t.held.all || t.plan.wantsAll():
		b.Queue(lockLanesSQL).Query(l.readLanes)
	case t.sure:
		b.Queue(lockLaneSQL, laneArg(t.lane)).Query(l.readLanes)
	default:
		b.Queue(lockSomeLaneSQL, int64(t.lane)).Query(l.readLanes)
	}
}

// foundRecord is a record that is locked; record is nil where there is none.
type foundRecord struct {
	record  ledger.Record
	lane    uint16    // that changed it last
	booked  time.Time // of the lane's last item by then
	changed time.Time // of its last item or event
}

// queueRecords queues the statement for the records of each kind, in order.
func (l *loading) queueRecords(b *pgx.Batch, sql string, refs []ledger.Ref) {
	for _, ref := range refs {
		l.tx.records[ref] = false // until it is found
	}
	byKind(refs, func(kind string, ids [][]byte) { b.Queue(sql, kind, ids).Query(l.readRecords) })
}

// byKind gives the ids of each kind, both in order.
func byKind(refs []ledger.Ref, each func(kind string, ids [][]byte)) {
	refs = slices.SortedFunc(slices.Values(refs), func(a, b ledger.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	for len(refs) > 0 {
		kind := refs[0].Kind
		var ids [][]byte
		for len(refs) > 0 && refs[0].Kind == kind {
			ids, refs = append(ids, []byte(refs[0].ID)), refs[1:]
		}
		each(kind, ids)
	}
}

// readPresent looks for records that have come since they were looked for.
func (l *loading) readPresent(rows pgx.Rows) error {
	for rows.Next() {
		var ref ledger.Ref
		var id []byte
		if err := rows.Scan(&ref.Kind, &id); err != nil {
			return unreadable("records", err)
		}
		if ref.ID = string(id); !l.tx.records[ref] {
			l.came = append(l.came, ref)
		}
	}
	return rows.Err()
}

// lockCame locks records that came between the statement that locks those that are there and the lock of the lane.
func (l *loading) lockCame(ctx context.Context) error {
	if !l.tx.host {
		return l.tx.again(fmt.Sprintf("%s came meanwhile", l.came[0]))
	}
	b := new(pgx.Batch)
	l.queueRecords(b, lockRecordsSQL, l.came)
	return l.send(ctx, b)
}

func (l *loading) readRecords(rows pgx.Rows) error {
	for rows.Next() {
		var ref ledger.Ref
		var id, body []byte
		var lane int16
		var booked, changed time.Time
		if err := rows.Scan(&ref.Kind, &id, &body, &lane, &booked, &changed); err != nil {
			return unreadable("records", err)
		}
		ref.ID = string(id)
		record, err := decodeRecord(ref, body)
		if err != nil {
			return err
		}
		put(&l.records, ref, foundRecord{record, uint16(lane), booked.UTC(), changed.UTC()})
		l.tx.records[ref] = true
	}
	return rows.Err()
}

func (l *loading) readSingles(rows pgx.Rows) error {
	for rows.Next() {
		row, err := scanAccount(rows)
		if err != nil {
			return err
		}
		put(&l.singles, row.Account.AccountID, row)
	}
	return rows.Err()
}

// laneRow is the end of a lane, and the right edge of its log.
type laneRow struct {
	ledger.Head
	peaks []byte
}

func (l *loading) readLanes(rows pgx.Rows) error {
	t := l.tx
	for rows.Next() {
		var row laneRow
		var err error
		waited := false
		if row.Head, err = scanHead(trailing{rows, []any{&row.peaks, &waited, &t.several}}); err != nil {
			return unreadable("lanes", err)
		}
		l.heads = append(l.heads, row)
		t.waited = t.waited || waited && !t.held.lane
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(l.heads) == 0 {
		return corrupt("lane %d is not there", t.lane)
	}
	if !t.sure { // one of those that are there
		t.lane, t.sure = l.heads[int(t.lane)%len(l.heads)].Lane, true
	}
	t.held.lane, t.held.all = true, t.held.all || l.all || t.plan.wantsAll() || !t.several
	at := slices.IndexFunc(l.heads, func(row laneRow) bool { return row.Lane == t.lane })
	if at < 0 {
		return corrupt("lane %d is not there", t.lane)
	}
	t.row = l.heads[at]
	if t.warm != nil && !t.link.wrote {
		t.warm.find(&t.row, t.era)
	}
	return nil
}

// trailing is a row with more columns behind those that are scanned.
type trailing struct {
	pgx.CollectableRow
	last []any
}

// Scan implements pgx.CollectableRow.
func (r trailing) Scan(into ...any) error { return r.CollectableRow.Scan(append(into, r.last...)...) }

// lockLate locks accounts that got limits between the statement that locks those that have some and the lock of the lane.
// Nobody can give more of them limits now.
func (l *loading) lockLate(ctx context.Context, ids []ledger.AccountID) error {
	t := l.tx
	t.kinds.forget(ids)
	if !t.host {
		return t.again(fmt.Sprintf("%s got limits meanwhile", ids[0]))
	}
	b := new(pgx.Batch)
	b.Queue(lockSinglesSQL, namesOf(ids)).Query(l.readSingles)
	return l.send(ctx, b)
}

// any tells whether there is anything in the plan.
func (p *plan) any() bool { return p != nil && (p.all || len(p.accounts)+len(p.records) > 0) }

// wantsAll tells whether every lane is to be locked from the start.
func (p *plan) wantsAll() bool { return p != nil && p.all }

// planAll has the next attempt lock every lane.
func (t *Tx) planAll(why string) error {
	t.plan.all = true
	return t.again(why)
}

// learned is what comes after an attempt that met a conflict: one that asked for more than it locked from the start is run
// again at once, with all of it.
func (t *Tx) learned(f fate) fate {
	if f == later && t.learn() {
		return atOnce
	}
	return f
}

// learn puts what the transaction asked for into its plan. It reports whether anything is new that did not stand in its first
// question.
func (t *Tx) learn() (more bool) {
	p := t.plan
	before := len(p.accounts) + len(p.records)
	for _, need := range t.asked {
		p.accounts, p.records = union(p.accounts, named(need)), union(p.records, need.Records)
	}
	p.records = union(p.records, t.locked)
	return len(p.accounts)+len(p.records) > before
}

// union is a list and what it lacks of another one.
func union[T comparable](list, more []T) []T {
	if len(more) == 0 {
		return list
	}
	known := make(map[T]bool, len(list)+len(more))
	for _, v := range list {
		known[v] = true
	}
	out := list[:len(list):len(list)]
	for _, v := range more {
		if !known[v] {
			known[v], out = true, append(out, v)
		}
	}
	return out
}

// namesOf is accounts as a parameter.
func namesOf(ids []ledger.AccountID) [][]byte {
	out := make([][]byte, len(ids))
	for i, id := range ids {
		out[i] = nameOf(id)
	}
	return out
}
