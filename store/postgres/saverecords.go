package postgres

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
)

// recordChanges are records to write, column by column.
type recordChanges struct{ made, written, removed recordColumns }

type recordColumns struct {
	kinds  []string
	ids    [][]byte
	bodies []string
}

// maxRecordID bounds an id in bytes: an index takes no longer ones.
const maxRecordID = 2000

// gather encodes records. Of those that were locked, or looked for and not found, it is known what there is to do.
func (c *recordChanges) gather(t *Tx, changes []ledger.RecordChange) error {
	for _, change := range changes {
		ref := change.Ref
		if _, err := newRecord(ref.Kind); err != nil {
			return err
		}
		if n := len(ref.ID); n == 0 || n > maxRecordID {
			return fmt.Errorf("record %s: id has %d bytes, between 1 and %d are needed", ref, n, maxRecordID)
		}
		is, known := t.records[ref]
		if change.Record == nil {
			if is || !known {
				c.removed.add(ref, "")
			}
			t.records[ref] = false
			continue
		}
		body, err := ledger.EncodeRecord(change.Record)
		if err != nil {
			return err
		}
		into := &c.written
		if known && !is {
			into = &c.made // whoever else makes it meanwhile is met
		}
		into.add(ref, string(storableJSON(body)))
		t.records[ref] = true
	}
	return nil
}

func (c *recordColumns) add(ref ledger.Ref, body string) {
	c.kinds, c.ids, c.bodies = append(c.kinds, ref.Kind), append(c.ids, []byte(ref.ID)), append(c.bodies, body)
}

const (
	makeRecordsSQL = `INSERT INTO records (changed_at, booked_at, lane, kind, id, body)
SELECT $1::timestamptz, $2::timestamptz, $3::smallint, n.kind, n.id, n.body::jsonb FROM unnest($4::text[], $5::bytea[], $6::text[]) AS n (kind, id, body)`

	writeRecordsSQL = makeRecordsSQL + ` ON CONFLICT (kind, id) DO UPDATE
SET changed_at = excluded.changed_at, booked_at = excluded.booked_at, lane = excluded.lane, body = excluded.body`

	removeRecordsSQL = `DELETE FROM records WHERE kind = $1 AND id = ANY($2::bytea[])`
)

func (c *recordChanges) queue(l *link, lane int16, head *ledger.Head) {
	changed, booked := head.At, (*time.Time)(nil)
	if head.Told.After(head.At) {
		changed, booked = head.Told, &head.At
	}
	for _, write := range []struct {
		sql  string
		rows *recordColumns
	}{{makeRecordsSQL, &c.made}, {writeRecordsSQL, &c.written}} {
		if r := write.rows; len(r.ids) > 0 {
			l.later(write.sql, changed, booked, lane, r.kinds, r.ids, r.bodies)
		}
	}
	for r := &c.removed; len(r.ids) > 0; {
		n := 1
		for n < len(r.ids) && r.kinds[n] == r.kinds[0] {
			n++
		}
		l.later(removeRecordsSQL, r.kinds[0], r.ids[:n])
		r.kinds, r.ids = r.kinds[n:], r.ids[n:]
	}
}
