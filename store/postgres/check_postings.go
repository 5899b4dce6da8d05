package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/ledger"
)

const (
	// Everything that is stored of some entries on their accounts.
	postingsOfSQL = `SELECT p.account_id, p.lane, p.seq, p.no, p.booked_at, p.value_date, p.side, p.amount::text
FROM unnest($2::bigint[], $3::timestamptz[], $4::bigint[]) AS w (account_id, at, seq)
JOIN postings p ON p.account_id = w.account_id AND p.lane = $1 AND p.booked_at = w.at AND p.seq = w.seq`

	postingCountsSQL = `SELECT lane, count(*) FROM postings GROUP BY lane ORDER BY lane`

	// Postings of a lane that no entry has made.
	straysSQL = `SELECT p.account_id, p.lane, p.seq, p.no, p.booked_at, p.value_date, p.side, p.amount::text
FROM postings p LEFT JOIN items i ON i.lane = p.lane AND i.seq = p.seq
WHERE p.lane = $1 AND (i.seq IS NULL OR i.booked_at <> p.booked_at OR i.act NOT IN ('posted', 'captured', 'reversed') OR NOT p.account_id = ANY(i.accounts))
ORDER BY p.account_id, p.booked_at, p.seq, p.no LIMIT $2`
)

// postingKey names a posting within its lane.
type postingKey struct {
	account int64
	seq     uint64
	no      int
}

// postingRow is a posting as it is stored, but for the totals after it.
type postingRow struct {
	postingKey
	lane uint16
	at   moment
	says string // what it says
}

func (p *postingRow) name() string {
	return fmt.Sprintf("posting %d of item %d of lane %d on account %d", p.no, p.seq, p.lane, p.account)
}

func scanPosting(row pgx.CollectableRow) (p postingRow, err error) {
	var lane, no int16
	var seq int64
	var side, amount string
	var on pgtype.Date
	if err := row.Scan(&p.account, &lane, &seq, &no, &p.at, &on, &side, &amount); err != nil {
		return p, err
	}
	p.lane, p.seq, p.no = uint16(lane), uint64(seq), int(no) //nolint:gosec // the database keeps both in their ranges
	p.says = postingText(side, amount, on.Time.Format(time.DateOnly))
	return p, nil
}

func postingText(side, amount, on string) string { return side + " " + amount + " of " + on }

// sideText is a side as it is stored.
func sideText(s ledger.Side) string {
	if s == ledger.Debit {
		return "D"
	}
	return "C"
}

// postings compares what is stored of the items that were walked with what they say.
func (w *laneWalk) postings(ctx context.Context) error {
	if err := w.accountNos(ctx); err != nil {
		return err
	}
	want := make(map[postingKey]string)
	var accounts, seqs []int64
	var instants []time.Time
	for _, e := range w.entries {
		numbers, whole := w.numbersOf(e.Booked)
		if stored := slices.Sorted(slices.Values(e.accounts)); whole && !slices.Equal(numbers, stored) {
			w.find(itemName(e.Lane, e.Seq)+", accounts", fmt.Sprint(numbers), fmt.Sprint(stored))
		}
		if !e.IsEntry() {
			continue
		}
		for _, no := range numbers {
			accounts, instants, seqs = append(accounts, no), append(instants, e.At), append(seqs, seqArg(e.Seq))
		}
		for i, p := range e.Postings {
			if no := w.names[p.ID()]; no != noAccount {
				want[postingKey{no, e.Seq, i}] = postingText(sideText(p.Side), p.Amount.String(), e.ValueDate.String())
			}
		}
	}
	w.entries, w.bytes = w.entries[:0], 0
	if len(accounts) == 0 {
		return nil
	}
	have, err := collect(ctx, w, "postings", scanPosting, postingsOfSQL, laneArg(w.lane), accounts, instants, seqs)
	if err != nil {
		return err
	}
	w.compare(want, have)
	return nil
}

func (w *laneWalk) compare(want map[postingKey]string, have []postingRow) {
	w.found[w.lane] += int64(len(have))
	for i := range have {
		p := &have[i]
		says, ok := want[p.postingKey]
		if !ok {
			says = "nothing"
		}
		if says != p.says {
			w.find(p.name(), says, p.says)
		}
		delete(want, p.postingKey)
	}
	for _, key := range slices.SortedFunc(maps.Keys(want), func(a, b postingKey) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.no, b.no)) }) {
		missing := postingRow{postingKey: key, lane: w.lane}
		w.find(missing.name(), want[key], "nothing")
	}
}

// maxStrays is how many of a kind are named.
const maxStrays = 100

// strays looks for postings that were not found from the journal.
func (c *checker) strays(ctx context.Context) error {
	counts, err := collect(ctx, c, "postings", func(row pgx.CollectableRow) (n laneCount, err error) {
		err = row.Scan(&n.lane, &n.rows)
		return n, err
	}, postingCountsSQL)
	if err != nil {
		return err
	}
	for _, n := range counts {
		left := n.rows - c.found[uint16(n.lane)] //nolint:gosec // not negative
		if left == 0 {
			continue
		}
		rows, err := collect(ctx, c, "postings", scanPosting, straysSQL, n.lane, maxStrays)
		if err != nil {
			return err
		}
		for i := range rows {
			c.find(rows[i].name(), "nothing, because no entry has made it", fmt.Sprintf("%s, booked at %s", rows[i].says, stamp(rows[i].at.Time)))
		}
		if left != int64(len(rows)) {
			c.find(fmt.Sprintf("postings of lane %d", n.lane), fmt.Sprint(n.rows-left), fmt.Sprint(n.rows))
		}
	}
	return nil
}

type laneCount struct {
	lane int16
	rows int64
}
