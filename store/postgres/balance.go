package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

const (
	// The last posting of each lane that is not behind a place.
	lastPostingsSQL = `SELECT a.single, a.single_since, p.lane, p.seq, p.booked_at, p.debits_after::text, p.credits_after::text
FROM accounts a CROSS JOIN lanes l CROSS JOIN LATERAL (
    SELECT q.lane, q.seq, q.booked_at, q.debits_after, q.credits_after FROM postings q
    WHERE q.account_id = a.account_id AND q.lane = l.lane AND (q.booked_at, q.seq) <= ($2, ` + seqIn + `)
    ORDER BY q.booked_at DESC, q.seq DESC, q.no DESC LIMIT 1
) p WHERE a.name = $1`

	// What stands on an account, and what the first of its postings behind a day add up to.
	tailSQL = `SELECT t.n, (a.debits + s.debits - t.debits)::text, (a.credits + s.credits - t.credits)::text
FROM accounts a CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.debits), 0) AS debits, coalesce(sum(b.credits), 0) AS credits FROM balances b WHERE b.account_id = a.account_id AND NOT a.single
) s CROSS JOIN LATERAL (
    SELECT count(*) AS n, ` + sidesOf + ` FROM (
        SELECT side, amount FROM postings p WHERE p.account_id = a.account_id AND p.value_date > $2 LIMIT $3
    ) q
) t WHERE a.name = $1`

	upToSQL = `SELECT t.debits::text, t.credits::text FROM (
    SELECT ` + sidesOf + ` FROM postings q WHERE q.account_id = (SELECT account_id FROM accounts WHERE name = $1) AND q.value_date <= $2
) t`

	// sidesOf adds postings q up by side.
	sidesOf = `coalesce(sum(CASE q.side WHEN 'D' THEN q.amount END), 0) AS debits, coalesce(sum(CASE q.side WHEN 'C' THEN q.amount END), 0) AS credits`
)

// lastPosting is the last posting of a lane before a place.
type lastPosting struct {
	ledger.Place
	totals ledger.Balance // after it: of the lane's share, or of the whole account
	whole  bool
}

func scanLastPosting(row pgx.CollectableRow) (p lastPosting, err error) {
	var single bool
	var since, at moment
	var lane int16
	var seq int64
	totals := make([]string, 2)
	if err := row.Scan(&single, &since, &lane, &seq, &at, &totals[0], &totals[1]); err != nil {
		return p, err
	}
	p.Lane, p.Seq, p.At = uint16(lane), uint64(seq), at.Time //nolint:gosec // the database keeps both in their ranges
	p.whole = single && !p.At.Before(since.Time)
	return p, readAmounts(totals, &p.totals.Debits, &p.totals.Credits)
}

// BalanceBefore implements ledger.Reader: each posting tells the totals after it.
func (r *reader) BalanceBefore(ctx context.Context, id ledger.AccountID, place ledger.Place) (ledger.Balance, error) {
	args := before(place)
	last, err := collect(ctx, r, "balance of "+id.String(), scanLastPosting, lastPostingsSQL, nameOf(id), args.at, args.lane, args.seq)
	if err != nil || len(last) == 0 {
		return ledger.Balance{}, err
	}
	latest := last[0]
	var sum ledger.Balance
	for _, p := range last {
		if err := addTotals(&sum, &p.totals); err != nil && !latest.whole {
			return sum, corrupt("balance of %s: %w", id, err)
		}
		if p.Compare(latest.Place) > 0 {
			latest = p
		}
	}
	if latest.whole {
		sum = latest.totals
	}
	sum.Lane, sum.Seq = latest.Lane, latest.Seq
	return sum, nil
}

// shortTail is how many postings may be taken off what stands on an account, instead of adding up all the others.
const shortTail = 1000

// BalanceOn implements ledger.Reader.
func (r *reader) BalanceOn(ctx context.Context, id ledger.AccountID, on calendar.Date) (b ledger.Balance, err error) {
	if on.IsZero() {
		return b, nil
	}
	what := "balance of " + id.String()
	var n int64
	totals := make([]string, 2)
	err = r.db.QueryRow(ctx, tailSQL, nameOf(id), dateArg(on), shortTail+1).Scan(&n, &totals[0], &totals[1])
	if err == pgx.ErrNoRows { //nolint:errorlint // it comes as it is
		return b, nil
	}
	if err == nil && n > shortTail {
		err = r.db.QueryRow(ctx, upToSQL, nameOf(id), dateArg(on)).Scan(&totals[0], &totals[1])
	}
	if err != nil {
		return b, unreadable(what, err)
	}
	if err := readAmounts(totals, &b.Debits, &b.Credits); err != nil {
		return b, fmt.Errorf("%s: %w", what, err)
	}
	return b, nil
}
