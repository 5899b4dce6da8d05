package postgres

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
)

// Every question here is about the accounts from $1 to $2.
const (
	// The last account of the next range.
	rangeSQL = `SELECT max(r.account_id) FROM (SELECT account_id FROM accounts WHERE account_id >= $1 ORDER BY account_id LIMIT $2) r`

	// Totals after postings that are not what the postings up to them add up to: of each lane as long as an account is spread.
	sharesAfterSQL = `SELECT t.account_id, t.lane, t.seq, t.no, t.d::text, t.c::text, t.debits_after::text, t.credits_after::text FROM (
    SELECT p.account_id, p.lane, p.seq, p.no, p.booked_at, p.debits_after, p.credits_after,
           sum(CASE p.side WHEN 'D' THEN p.amount ELSE 0 END) OVER w AS d, sum(CASE p.side WHEN 'C' THEN p.amount ELSE 0 END) OVER w AS c
    FROM postings p JOIN accounts a ON a.account_id = p.account_id
    WHERE p.account_id BETWEEN $1 AND $2 AND (NOT a.single OR p.booked_at < a.single_since)
    WINDOW w AS (PARTITION BY p.account_id, p.lane ORDER BY p.booked_at, p.seq, p.no ROWS UNBOUNDED PRECEDING)
) t WHERE t.d <> t.debits_after OR t.c <> t.credits_after ORDER BY t.account_id, t.booked_at, t.lane, t.seq, t.no LIMIT $3`

	// Likewise, of the whole account once it is single.
	wholeAfterSQL = `SELECT t.account_id, t.lane, t.seq, t.no, t.d::text, t.c::text, t.debits_after::text, t.credits_after::text FROM (
    SELECT p.account_id, p.lane, p.seq, p.no, p.booked_at, p.debits_after, p.credits_after, a.single_since,
           sum(CASE p.side WHEN 'D' THEN p.amount ELSE 0 END) OVER w AS d, sum(CASE p.side WHEN 'C' THEN p.amount ELSE 0 END) OVER w AS c
    FROM postings p JOIN accounts a ON a.account_id = p.account_id
    WHERE p.account_id BETWEEN $1 AND $2 AND a.single
    WINDOW w AS (PARTITION BY p.account_id ORDER BY p.booked_at, p.lane, p.seq, p.no ROWS UNBOUNDED PRECEDING)
) t WHERE (t.single_since IS NULL OR t.booked_at >= t.single_since) AND (t.d <> t.debits_after OR t.c <> t.credits_after)
ORDER BY t.account_id, t.booked_at, t.lane, t.seq, t.no LIMIT $3`

	// Shares that are not what their lane's postings add up to, or end before the last of them. Those of an account that has
	// become single count no more.
	sharesSQL = `SELECT coalesce(p.account_id, b.account_id), coalesce(p.lane, b.lane),
       coalesce(p.d, 0)::text, coalesce(p.c, 0)::text, coalesce(p.seq, 0), coalesce(b.debits, 0)::text, coalesce(b.credits, 0)::text, coalesce(b.last_seq, 0)
FROM (
    SELECT q.account_id, q.lane, max(q.seq) AS seq,
           sum(CASE q.side WHEN 'D' THEN q.amount ELSE 0 END) AS d, sum(CASE q.side WHEN 'C' THEN q.amount ELSE 0 END) AS c
    FROM postings q JOIN accounts a ON a.account_id = q.account_id
    WHERE q.account_id BETWEEN $1 AND $2 AND NOT a.single
    GROUP BY q.account_id, q.lane
) p FULL JOIN (
    SELECT s.account_id, s.lane, s.debits, s.credits, s.last_seq FROM balances s JOIN accounts a ON a.account_id = s.account_id
    WHERE s.account_id BETWEEN $1 AND $2 AND NOT a.single
) b
ON b.account_id = p.account_id AND b.lane = p.lane
WHERE coalesce(p.d, 0) <> coalesce(b.debits, 0) OR coalesce(p.c, 0) <> coalesce(b.credits, 0) OR coalesce(p.seq, 0) > coalesce(b.last_seq, 0)
ORDER BY 1, 2 LIMIT $3`

	// Shares whose account or lane is not there, that an account never had, or whose last act is not where they say.
	shareRowsSQL = `SELECT b.account_id, b.lane, b.last_seq, b.last_at, a.account_id IS NOT NULL, coalesce(a.single AND a.single_since IS NULL, false),
       l.lane IS NOT NULL, i.booked_at
FROM balances b LEFT JOIN accounts a ON a.account_id = b.account_id LEFT JOIN lanes l ON l.lane = b.lane
LEFT JOIN items i ON i.lane = b.lane AND i.seq = b.last_seq
WHERE b.account_id BETWEEN $1 AND $2 AND (a.account_id IS NULL OR l.lane IS NULL OR a.single AND a.single_since IS NULL
      OR i.booked_at IS DISTINCT FROM b.last_at)
ORDER BY b.account_id, b.lane LIMIT $3`

	// Accounts whose last act is not where they say, or that became single before they were opened.
	accountRowsSQL = `SELECT a.account_id, a.path || ' ' || a.currency, a.last_lane, a.last_seq, a.last_at, i.booked_at, a.opened_at, a.single_since
FROM accounts a LEFT JOIN items i ON i.lane = a.last_lane AND i.seq = a.last_seq
WHERE a.account_id BETWEEN $1 AND $2 AND (i.booked_at IS DISTINCT FROM a.last_at OR a.single_since < a.opened_at)
ORDER BY a.account_id LIMIT $3`
)

// accounts compares running totals and balances with the postings, a range of accounts at a time.
func (c *checker) accounts(ctx context.Context) error {
	for first := int64(math.MinInt64); ; {
		var last *int64
		if err := c.db.QueryRow(ctx, rangeSQL, first, maxChunk).Scan(&last); err != nil {
			return unreadable("accounts", err)
		}
		until := int64(math.MaxInt64) // so that the last range has shares of accounts that are not there, too
		if last != nil {
			until = *last
		}
		for _, check := range []func(context.Context, int64, int64) error{c.after, c.shares, c.shareRows, c.accountRowsIn} {
			if err := check(ctx, first, until); err != nil {
				return err
			}
		}
		if last == nil {
			return nil
		}
		first = until + 1
	}
}

// totalsRow is totals after a posting, or of a share: as they should be and as they are.
type totalsRow struct {
	account    int64
	lane, no   int16
	seq        int64
	want, have [2]string
	last       int64
}

func (t *totalsRow) differs(c *checker, place string) {
	c.differ(place, fmt.Sprintf("debits %s, credits %s", t.want[0], t.want[1]), fmt.Sprintf("debits %s, credits %s", t.have[0], t.have[1]))
}

// after compares the totals after each posting. What is wrong in one is mostly wrong in all that follow it.
func (c *checker) after(ctx context.Context, first, last int64) error {
	for _, sql := range []string{sharesAfterSQL, wholeAfterSQL} {
		list, err := collect(ctx, c, "postings", func(row pgx.CollectableRow) (t totalsRow, err error) {
			err = row.Scan(&t.account, &t.lane, &t.seq, &t.no, &t.want[0], &t.want[1], &t.have[0], &t.have[1])
			return t, err
		}, sql, first, last, maxStrays)
		if err != nil {
			return err
		}
		for i := range list {
			t := &list[i]
			t.differs(c, fmt.Sprintf("posting %d of item %d of lane %d on account %s, totals after it", t.no, t.seq, t.lane, c.named(ctx, t.account)))
		}
	}
	return nil
}

// shares compares what is kept of spread accounts with the sums of their postings.
func (c *checker) shares(ctx context.Context, first, last int64) error {
	list, err := collect(ctx, c, "balances", func(row pgx.CollectableRow) (t totalsRow, err error) {
		err = row.Scan(&t.account, &t.lane, &t.want[0], &t.want[1], &t.seq, &t.have[0], &t.have[1], &t.last)
		return t, err
	}, sharesSQL, first, last, maxStrays)
	if err != nil {
		return err
	}
	for i := range list {
		t := &list[i]
		place := c.shareName(ctx, t.account, t.lane)
		t.differs(c, place)
		if t.seq > t.last {
			c.find(place, fmt.Sprintf("last act item %d or a later one", t.seq), fmt.Sprintf("item %d", t.last))
		}
	}
	return nil
}

// shareRows looks for shares that belong nowhere.
func (c *checker) shareRows(ctx context.Context, first, last int64) error {
	type row struct {
		account, seq      int64
		lane              int16
		at, booked        moment
		known, own, laned bool
	}
	list, err := collect(ctx, c, "balances", func(from pgx.CollectableRow) (r row, err error) {
		err = from.Scan(&r.account, &r.lane, &r.seq, &r.at, &r.known, &r.own, &r.laned, &r.booked)
		return r, err
	}, shareRowsSQL, first, last, maxStrays)
	if err != nil {
		return err
	}
	for _, r := range list {
		place := c.shareName(ctx, r.account, r.lane)
		switch {
		case !r.known:
			c.find(place, "no share of an account that is not there", "one")
		case !r.laned:
			c.find(place, "no share in a lane that is not there", "one")
		case r.own:
			c.find(place, "no share, because it was opened with totals of its own", "one")
		default:
			c.differ(place, fmt.Sprintf("last act item %d at %s", r.seq, stamp(r.booked.Time)), fmt.Sprintf("item %d at %s", r.seq, stamp(r.at.Time)))
		}
	}
	return nil
}

// accountRowsIn looks at what Verify does not derive of an account.
func (c *checker) accountRowsIn(ctx context.Context, first, last int64) error {
	type row struct {
		account, seq              int64
		lane                      int16
		name                      string
		at, booked, since, opened moment
	}
	list, err := collect(ctx, c, "accounts", func(from pgx.CollectableRow) (r row, err error) {
		err = from.Scan(&r.account, &r.name, &r.lane, &r.seq, &r.at, &r.booked, &r.opened, &r.since)
		return r, err
	}, accountRowsSQL, first, last, maxStrays)
	if err != nil {
		return err
	}
	for _, r := range list {
		place, item := "account "+r.name, itemName(uint16(r.lane), uint64(r.seq)) //nolint:gosec // the database keeps both in their ranges
		c.differ(place, fmt.Sprintf("last act %s at %s", item, stamp(r.booked.Time)), fmt.Sprintf("%s at %s", item, stamp(r.at.Time)))
		if !r.since.IsZero() && r.since.Before(r.opened.Time) {
			c.find(place, "single since "+stamp(r.opened.Time)+" or later", stamp(r.since.Time))
		}
	}
	return nil
}

func (c *checker) shareName(ctx context.Context, account int64, lane int16) string {
	return fmt.Sprintf("account %s, share of lane %d", c.named(ctx, account), lane)
}

// named is an account for people.
func (c *checker) named(ctx context.Context, account int64) string {
	var name string
	if err := c.db.QueryRow(ctx, `SELECT path || ' ' || currency FROM accounts WHERE account_id = $1`, account).Scan(&name); err != nil {
		return fmt.Sprintf("number %d, which is not there", account)
	}
	return name
}
