package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/settlex/settlex/ledger"
)

// Check implements ledger.Reader: the columns beside each item must say what its body says, its postings must be there and no
// others, running totals and balances must be what postings add up to, blocks must cover their lane, and every record must be
// readable. What is read at once is bounded; sums are left to the database.
func (r *reader) Check(ctx context.Context, report func(ledger.Finding)) error {
	c := &checker{reader: r, report: report}
	heads, err := r.Heads(ctx)
	if err != nil {
		return c.met(ctx, "lanes", "readable lanes", err)
	}
	for _, part := range []struct {
		name  string
		check func(context.Context) error
	}{
		{"lanes", func(ctx context.Context) error { return c.lanes(ctx, heads) }},
		{"journal", func(ctx context.Context) error { return c.journal(ctx, heads) }},
		{"postings", c.strays},
		{"accounts", c.accounts},
		{"records", c.records},
		{"currencies", c.currencies},
		{"leases", c.leases},
	} {
		if err := part.check(ctx); err != nil {
			if err = c.met(ctx, part.name, "to be readable", err); err != nil {
				return err
			}
		}
	}
	return nil
}

// checker compares what stands beside the journal with it.
type checker struct {
	*reader
	report func(ledger.Finding)
	names  accountNos
	found  map[uint16]int64 // by lane: postings that are what the journal says, or differ from it in place
}

func (c *checker) find(place, want, have string) {
	c.report(ledger.Finding{Place: place, Want: want, Have: have})
}

// differ finds a difference, if there is one.
func (c *checker) differ(place, want, have string) {
	if want != have {
		c.find(place, want, have)
	}
}

// met makes a finding of an error that says that something stored is not sound.
func (c *checker) met(ctx context.Context, place, want string, err error) error {
	if ctx.Err() != nil || !errors.Is(err, ledger.ErrCorrupt) {
		return err
	}
	c.find(place, want, err.Error())
	return nil
}

// stamp is an instant for people.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// itemName is an item for people.
func itemName(lane uint16, seq uint64) string { return fmt.Sprintf("item %d of lane %d", seq, lane) }

const laneSumsSQL = `SELECT
    (SELECT coalesce(max(seq), 0) FROM items WHERE lane = $1),
    (SELECT count(*) FROM blocks WHERE lane = $1),
    (SELECT count(*) FROM log_hashes WHERE lane = $1),
    (SELECT coalesce(max(hash_no), -1) FROM log_hashes WHERE lane = $1),
    (SELECT count(*) FROM accounts WHERE account_id > $2 AND account_id < $3),
    (SELECT coalesce(max(no), 0) FROM accounts WHERE account_id > $2 AND account_id < $3),
    (SELECT peaks FROM lanes WHERE lane = $1)`

// lanes compares what each lane's row says with what the lane has, and looks for lanes that have no row.
func (c *checker) lanes(ctx context.Context, heads []ledger.Head) error {
	known := make(map[int16]bool, len(heads))
	for i := range heads {
		known[laneArg(heads[i].Lane)] = true
		if err := c.lane(ctx, &heads[i]); err != nil {
			return err
		}
	}
	for _, table := range []string{"items", "blocks", "log_hashes", "events"} {
		if err := c.unknownLanes(ctx, table, known); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) lane(ctx context.Context, h *ledger.Head) error {
	var items, blocks, hashes, lastHash, accounts, lastAccount int64
	var peaks []byte
	row := c.db.QueryRow(ctx, laneSumsSQL, laneArg(h.Lane), accountNo(h.Lane, 0), accountNo(h.Lane+1, 0))
	if err := row.Scan(&items, &blocks, &hashes, &lastHash, &accounts, &lastAccount, &peaks); err != nil {
		return unreadable(fmt.Sprintf("lane %d", h.Lane), err)
	}
	place := fmt.Sprintf("lane %d", h.Lane)
	c.differ(place, fmt.Sprintf("items up to %d", items), fmt.Sprintf("items up to %d", h.Seq))
	c.differ(place, fmt.Sprintf("%d blocks", blocks), fmt.Sprintf("%d blocks", h.Blocks))
	c.differ(place, fmt.Sprintf("%d accounts", accounts), fmt.Sprintf("%d accounts", h.Accounts))
	c.differ(place, fmt.Sprintf("accounts up to number %d", accounts), fmt.Sprintf("accounts up to number %d", lastAccount))
	size := ledger.LogSize(h.Blocks)
	c.differ(place, fmt.Sprintf("%d log hashes, the last one hash %d", size, size-1), fmt.Sprintf("%d log hashes, the last one hash %d", hashes, lastHash))
	return c.peaks(ctx, place, h, peaks)
}

// unknownLanes looks for rows of a table in lanes that are not there. It goes from lane to lane by the table's key.
func (c *checker) unknownLanes(ctx context.Context, table string, known map[int16]bool) error {
	for last := int16(-1); ; {
		var next *int16
		if err := c.db.QueryRow(ctx, "SELECT min(lane) FROM "+table+" WHERE lane > $1", last).Scan(&next); err != nil {
			return unreadable(table, err)
		}
		if next == nil {
			return nil
		}
		if last = *next; !known[last] {
			c.find(table, "nothing in a lane that is not there", fmt.Sprintf("rows of lane %d", last))
		}
	}
}

// peaks compares the hashes a lane keeps of its log's right edge, the largest subtree's first, with those of the log.
func (c *checker) peaks(ctx context.Context, place string, h *ledger.Head, have []byte) error {
	var indexes []int64
	for level := bits.Len64(h.Blocks) - 1; level >= 0; level-- {
		if h.Blocks>>level&1 == 1 {
			indexes = append(indexes, peakIndex(h.Blocks, level))
		}
	}
	hashes, err := c.Hashes(ctx, h.Lane, indexes)
	if err != nil {
		return c.met(ctx, place+", peaks", "the hashes they are", err)
	}
	var want []byte
	for _, hash := range hashes {
		want = append(want, hash[:]...)
	}
	c.differ(place+", peaks", fmt.Sprintf("%x", want), fmt.Sprintf("%x", have))
	return nil
}

// peakIndex is where the root of the complete subtree of a level is stored that a number of blocks has at its right edge: it is the last
// hash that the last block of the subtree brought.
func peakIndex(blocks uint64, level int) int64 {
	return ledger.LogSize(blocks>>level<<level) - 1 - int64(bits.TrailingZeros64(blocks>>level<<level)-level)
}
