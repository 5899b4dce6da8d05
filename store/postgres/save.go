package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/settlex/settlex/ledger"
)

// Save implements ledger.Tx. In a transaction of ours nothing is sent before something else is read, or committed.
func (t *Tx) Save(ctx context.Context, c *ledger.Changes) error {
	if err := t.usable(); err != nil {
		return err
	}
	if !t.held.lane {
		return errors.New("save: nothing was loaded")
	}
	s := saving{tx: t, changes: c, lane: laneArg(c.Head.Lane)}
	if err := s.gather(); err != nil {
		t.everyone = true // what it put down of accounts is never written
		return err
	}
	s.queue()
	if t.host {
		return t.failure(t.link.flush(ctx))
	}
	return nil
}

// saving is one Save: everything is gathered before the first statement is queued.
type saving struct {
	tx      *Tx
	changes *ledger.Changes
	lane    int16

	movements map[ledger.AccountID]*movement
	everyone  bool // something changed that those in other lanes read without a lock
	items     itemColumns
	postings  postingColumns
	accounts  accountChanges
	records   recordChanges
	events    eventColumns
	log       logColumns
}

func (s *saving) gather() error {
	if err := s.records.gather(s.tx, s.changes.Records); err != nil {
		return err
	}
	if err := s.events.gather(s.changes.Events); err != nil {
		return err
	}
	s.everyone = s.changes.Alone
	if err := s.move(); err != nil {
		return err
	}
	if s.changes.Block != nil {
		if err := s.block(s.changes.Block); err != nil {
			return err
		}
	}
	return s.settleAccounts()
}

// block gathers items and postings, and what they add to the log.
func (s *saving) block(b *ledger.Block) error {
	sealed := b.Seal()
	s.items.grow(len(b.Items))
	from := 0
	for i, item := range b.Items {
		ids, err := s.postingsOf(item)
		if err != nil {
			return err
		}
		s.items.add(item, ids, sealed.Bytes[from:sealed.Ends[i]])
		from = sealed.Ends[i]
	}
	return s.log.gather(b, s.changes.Head.Blocks-1, sealed.Leaf, s.tx.row.peaks)
}

// at is the instant of the block's item with a sequence.
func (s *saving) at(seq uint64) time.Time {
	if b := s.changes.Block; b != nil && seq >= b.First() && seq <= b.Last() {
		return b.Items[seq-b.First()].At
	}
	return time.Time{}
}

const (
	insertItemsSQL = `INSERT INTO items (lane, seq, booked_at, value_date, breached, act, key, kind, reference, owner, part_of, accounts, metadata, body)
SELECT $1::smallint, n.seq, n.booked_at, n.value_date, n.breached, n.act, NULLIF(n.key, ''), n.kind, n.reference, n.owner, n.part_of, n.accounts::bigint[], n.metadata::jsonb, n.body
FROM unnest($2::bigint[], $3::timestamptz[], $4::date[], $5::boolean[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[])
AS n (seq, booked_at, value_date, breached, act, key, kind, reference, owner, part_of, accounts, metadata, body)`

	// Those of an account one behind another find its page in memory.
	insertPostingsSQL = `INSERT INTO postings (lane, account_id, seq, no, booked_at, value_date, side, amount, debits_after, credits_after)
SELECT $1::smallint, n.account_id, n.seq, n.no, n.booked_at, n.value_date, n.side, n.amount::numeric, n.debits::numeric, n.credits::numeric
FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::timestamptz[], $6::date[], $7::text[], $8::text[], $9::text[], $10::text[])
AS n (account_id, seq, no, booked_at, value_date, side, amount, debits, credits) ORDER BY n.account_id`

	insertBlockSQL = `INSERT INTO blocks (lane, block_no, first_seq, last_seq, leaf) VALUES ($1::smallint, $2::bigint, $3::bigint, $4::bigint, $5::bytea)`

	insertHashesSQL = `INSERT INTO log_hashes (lane, hash_no, hash)
SELECT $1::smallint, n.hash_no, n.hash FROM unnest($2::bigint[], $3::bytea[]) AS n (hash_no, hash)`

	updateLaneSQL = `UPDATE lanes SET seq = $2::bigint, blocks = $3::bigint, accounts = $4::bigint, booked_at = $5::timestamptz, peaks = $6::bytea,
events = $7::bigint, told_at = $8::timestamptz WHERE lane = $1::smallint`

	// What concerns every lane is before whatever is booked there from now on.
	updateLanesSQL = `UPDATE lanes SET closed = $1::date, not_before = CASE
WHEN (not_before IS NULL OR not_before < $2::timestamptz) AND (booked_at IS NULL OR booked_at < $2::timestamptz) THEN $2::timestamptz ELSE not_before END`
)

// queue queues what was gathered: first what others may be making at the same time too, so that nobody waits for somebody who
// waits for him.
func (s *saving) queue() {
	l, head := s.tx.link, &s.changes.Head
	s.accounts.queue(l, s.lane)
	if b := s.changes.Block; b != nil {
		s.items.queue(l, s.lane)
		s.postings.queue(l, s.lane)
		s.log.queue(l, s.lane, b, head.Blocks-1)
		l.later(updateLaneSQL, s.lane, seqArg(head.Seq), seqArg(head.Blocks), seqArg(head.Accounts), head.At, s.log.peaks, seqArg(head.Events), nullable(head.Told))
		row := &s.tx.row
		row.Seq, row.Blocks, row.Accounts, row.At, row.peaks = head.Seq, head.Blocks, head.Accounts, head.At, s.log.peaks
	}
	s.events.queue(l, s.lane)
	s.tell(head)
	if s.everyone {
		s.tx.everyone = true
		l.later(updateLanesSQL, dateArg(head.Closed), nullable(s.until()))
	}
	s.records.queue(l, s.lane, head)
}

// until is up to when no lane will book any more; zero: a single lane needs no such promise.
func (s *saving) until() time.Time {
	switch c := s.changes; {
	case !s.tx.several:
		return time.Time{}
	case c.Promised.After(c.Head.At):
		return c.Promised
	default:
		return c.Head.At
	}
}
