package postgres

import (
	"time"

	"github.com/settlex/settlex/ledger"
)

// accountChanges are rows of accounts and balances to write.
type accountChanges struct {
	opened, changed rowColumns
	moved           movedColumns
	shares          shareRows
}

// rowColumns are accounts, column by column.
type rowColumns struct {
	ids, nos, limitsSeqs, seqs, holds          []int64
	opened                                     []time.Time
	last, since                                []*time.Time
	lanes, limitsLanes, lastLanes              []int16
	single                                     []bool
	paths, currencies, types, statuses         []string
	names                                      [][]byte
	debits, credits, heldDebits, heldCredits   []string
	floors, ceilings, velocity, counters, meta []*string
}

func (c *rowColumns) add(m *movement, at time.Time) {
	a := m.After
	totals, last := row(m, at)
	c.ids, c.nos, c.holds = append(c.ids, m.id), append(c.nos, seqArg(a.No)), append(c.holds, seqArg(totals.holds))
	c.limitsSeqs, c.limitsLanes = append(c.limitsSeqs, seqArg(a.LimitsSeq)), append(c.limitsLanes, laneArg(a.LimitsLane))
	c.seqs, c.lastLanes, c.last = append(c.seqs, seqArg(last.Seq)), append(c.lastLanes, laneArg(last.Lane)), append(c.last, nullable(last.At))
	c.opened, c.since = append(c.opened, a.Opened), append(c.since, nullable(m.since))
	c.lanes, c.single = append(c.lanes, laneArg(a.Home)), append(c.single, m.single)
	c.paths, c.currencies, c.names = append(c.paths, a.Path), append(c.currencies, a.Currency.String()), append(c.names, nameOf(a.AccountID))
	c.types, c.statuses = append(c.types, a.Type.String()), append(c.statuses, a.Status.String())
	c.debits, c.credits = append(c.debits, totals.Debits.String()), append(c.credits, totals.Credits.String())
	c.heldDebits, c.heldCredits = append(c.heldDebits, totals.HeldDebits.String()), append(c.heldCredits, totals.HeldCredits.String())
	c.floors, c.ceilings = append(c.floors, limitText(a.Limited, a.Floor)), append(c.ceilings, limitText(a.Capped, a.Ceiling))
	c.velocity, c.counters, c.meta = append(c.velocity, encodeVelocity(a.Velocity)), append(c.counters, encodeCounters(a.Counters)), append(c.meta, encodeMetadata(a.Metadata))
}

// rowTotals are the totals in an account's own row.
type rowTotals struct {
	ledger.Balance
	holds uint64
}

// row gives what stands in an account's own row, and the last act on it: of a spread account nothing, and the last change.
func row(m *movement, at time.Time) (totals rowTotals, last ledger.Place) {
	switch {
	case m.single:
		a := m.After
		return rowTotals{a.Balance, a.Holds}, ledger.Place{At: at, Lane: a.Balance.Lane, Seq: a.Seq}
	case m.change != nil:
		return totals, m.change.Place()
	}
	return totals, last
}

// movedColumns are what moves on single accounts, column by column.
type movedColumns struct {
	ids, seqs, holds                         []int64
	last                                     []time.Time
	lanes                                    []int16
	debits, credits, heldDebits, heldCredits []string
	counters                                 []*string
}

func (c *movedColumns) add(m *movement, at time.Time) {
	a := m.After
	c.ids, c.seqs, c.holds = append(c.ids, m.id), append(c.seqs, seqArg(a.Seq)), append(c.holds, seqArg(a.Holds))
	c.last, c.lanes = append(c.last, at), append(c.lanes, laneArg(a.Balance.Lane))
	c.debits, c.credits = append(c.debits, a.Debits.String()), append(c.credits, a.Credits.String())
	c.heldDebits, c.heldCredits = append(c.heldDebits, a.HeldDebits.String()), append(c.heldCredits, a.HeldCredits.String())
	c.counters = append(c.counters, encodeCounters(a.Counters))
}

// nullable is an instant as a parameter; zero is null.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// shareRows are shares, column by column.
type shareRows struct {
	ids, seqs, holds                         []int64
	instants                                 []time.Time
	debits, credits, heldDebits, heldCredits []string
}

func (c *shareRows) add(m *movement, at time.Time) {
	c.ids, c.seqs, c.holds = append(c.ids, m.id), append(c.seqs, seqArg(m.share.Seq)), append(c.holds, m.held)
	c.instants = append(c.instants, at)
	c.debits, c.credits = append(c.debits, m.share.Debits.String()), append(c.credits, m.share.Credits.String())
	c.heldDebits, c.heldCredits = append(c.heldDebits, m.share.HeldDebits.String()), append(c.heldCredits, m.share.HeldCredits.String())
}

const (
	openAccountsSQL = `INSERT INTO accounts (account_id, no, limits_seq, last_seq, holds, opened_at, last_at, lane, limits_lane, last_lane, single,
path, currency, name, type, status, debits, credits, held_debits, held_credits, floor, ceiling, velocity, counters, metadata)
SELECT n.account_id, n.no, n.limits_seq, n.last_seq, n.holds, n.opened_at, n.last_at, n.lane, n.limits_lane, n.last_lane, n.single,
n.path, n.currency, n.name, n.type, n.status, n.debits::numeric, n.credits::numeric, n.held_debits::numeric, n.held_credits::numeric,
n.floor::numeric, n.ceiling::numeric, n.velocity::jsonb, n.counters::jsonb, n.metadata::jsonb
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::smallint[], $9::smallint[], $10::smallint[],
$11::boolean[], $12::text[], $13::text[], $14::bytea[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
$21::text[], $22::text[], $23::text[], $24::text[], $25::text[])
AS n (account_id, no, limits_seq, last_seq, holds, opened_at, last_at, lane, limits_lane, last_lane, single,
path, currency, name, type, status, debits, credits, held_debits, held_credits, floor, ceiling, velocity, counters, metadata)`

	changeAccountsSQL = `UPDATE accounts a SET limits_seq = n.limits_seq, limits_lane = n.limits_lane, last_seq = n.last_seq, last_lane = n.last_lane, last_at = n.last_at,
single = n.single, single_since = coalesce(n.single_since, a.single_since), status = n.status,
floor = n.floor::numeric, ceiling = n.ceiling::numeric, velocity = n.velocity::jsonb, counters = n.counters::jsonb, metadata = n.metadata::jsonb
FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::smallint[], $6::timestamptz[], $7::boolean[], $8::timestamptz[], $9::text[],
$10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
AS n (account_id, limits_seq, limits_lane, last_seq, last_lane, last_at, single, single_since, status, floor, ceiling, velocity, counters, metadata)
WHERE a.account_id = n.account_id`

	moveAccountsSQL = `UPDATE accounts a SET debits = n.debits::numeric, credits = n.credits::numeric, held_debits = n.held_debits::numeric, held_credits = n.held_credits::numeric,
holds = n.holds, last_seq = n.last_seq, last_lane = n.last_lane, last_at = n.last_at, counters = n.counters::jsonb
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::smallint[], $9::timestamptz[], $10::text[])
AS n (account_id, debits, credits, held_debits, held_credits, holds, last_seq, last_lane, last_at, counters)
WHERE a.account_id = n.account_id`

	// The lane's lock is held, so the shares are known: they are written as they are, not added to.
	shareSQL = `INSERT INTO balances (lane, account_id, last_seq, holds, last_at, debits, credits, held_debits, held_credits)
SELECT $1::smallint, n.account_id, n.last_seq, n.holds, n.last_at, n.debits::numeric, n.credits::numeric, n.held_debits::numeric, n.held_credits::numeric
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[])
AS n (account_id, last_seq, holds, last_at, debits, credits, held_debits, held_credits)
ON CONFLICT (account_id, lane) DO UPDATE SET last_seq = excluded.last_seq, holds = excluded.holds, last_at = excluded.last_at,
debits = excluded.debits, credits = excluded.credits, held_debits = excluded.held_debits, held_credits = excluded.held_credits`
)

func (c *accountChanges) queue(l *link, lane int16) {
	if o := &c.opened; len(o.ids) > 0 {
		l.later(openAccountsSQL, o.ids, o.nos, o.limitsSeqs, o.seqs, o.holds, o.opened, o.last, o.lanes, o.limitsLanes, o.lastLanes, o.single,
			o.paths, o.currencies, o.names, o.types, o.statuses, o.debits, o.credits, o.heldDebits, o.heldCredits, o.floors, o.ceilings, o.velocity, o.counters, o.meta)
	}
	if h := &c.changed; len(h.ids) > 0 {
		l.later(changeAccountsSQL, h.ids, h.limitsSeqs, h.limitsLanes, h.seqs, h.lastLanes, h.last, h.single, h.since, h.statuses,
			h.floors, h.ceilings, h.velocity, h.counters, h.meta)
	}
	if m := &c.moved; len(m.ids) > 0 {
		l.later(moveAccountsSQL, m.ids, m.debits, m.credits, m.heldDebits, m.heldCredits, m.holds, m.seqs, m.lanes, m.last, m.counters)
	}
	if s := &c.shares; len(s.ids) > 0 {
		l.later(shareSQL, lane, s.ids, s.seqs, s.holds, s.instants, s.debits, s.credits, s.heldDebits, s.heldCredits)
	}
}
