package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/ledger"
)

// itemColumns are new items, column by column.
type itemColumns struct {
	seqs       []int64
	instants   []time.Time
	dates      []pgtype.Date
	breached   []bool
	acts       []string
	keys       []string
	kinds      []string
	references []string
	owners     []string
	parts      []string
	accounts   []string
	metadata   []*string
	bodies     [][]byte
}

func (c *itemColumns) grow(n int) {
	*c = itemColumns{
		make([]int64, 0, n), make([]time.Time, 0, n), make([]pgtype.Date, 0, n), make([]bool, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n),
		make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]*string, 0, n), make([][]byte, 0, n),
	}
}

func (c *itemColumns) add(b *ledger.Booked, accounts []int64, body []byte) {
	date := pgtype.Date{}
	if b.IsEntry() {
		date = dateArg(b.ValueDate)
	}
	c.seqs = append(c.seqs, seqArg(b.Seq))
	c.instants = append(c.instants, b.At)
	c.dates = append(c.dates, date)
	c.breached = append(c.breached, b.Breached)
	c.acts = append(c.acts, b.Act.String())
	c.keys = append(c.keys, storable(b.Key))
	c.kinds = append(c.kinds, storable(b.Kind))
	c.references = append(c.references, storable(b.Reference))
	c.owners = append(c.owners, storable(b.Owner))
	c.parts = append(c.parts, storable(b.PartOf))
	c.accounts = append(c.accounts, bigints(accounts))
	c.metadata = append(c.metadata, encodeMetadata(b.Metadata))
	c.bodies = append(c.bodies, body)
}

// queue queues their insertion into a lane.
func (c *itemColumns) queue(l *link, lane int16) {
	l.later(insertItemsSQL, lane, c.seqs, c.instants, c.dates, c.breached, c.acts, c.keys, c.kinds, c.references, c.owners, c.parts, c.accounts, c.metadata, c.bodies)
}

// bigints writes an array: unnest would take an array of arrays apart.
func bigints(list []int64) string {
	text := make([]byte, 0, 2+14*len(list))
	text = append(text, '{')
	for i, v := range list {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, v, 10)
	}
	return string(append(text, '}'))
}

// postingColumns are the legs of new entries, column by column.
type postingColumns struct {
	accounts []int64
	seqs     []int64
	nos      []int16
	instants []time.Time
	dates    []pgtype.Date
	sides    []string
	amounts  []string
	debits   []string
	credits  []string
}

func (c *postingColumns) add(b *ledger.Booked, date pgtype.Date, no int, account int64, totals *ledger.Balance) {
	p := &b.Postings[no]
	side := "D"
	if p.Side == ledger.Credit {
		side = "C"
	}
	c.accounts = append(c.accounts, account)
	c.seqs = append(c.seqs, seqArg(b.Seq))
	c.nos = append(c.nos, int16(no)) //nolint:gosec // an entry has far fewer
	c.instants = append(c.instants, b.At)
	c.dates = append(c.dates, date)
	c.sides = append(c.sides, side)
	c.amounts = append(c.amounts, p.Amount.String())
	c.debits = append(c.debits, totals.Debits.String())
	c.credits = append(c.credits, totals.Credits.String())
}

// queue queues their insertion into a lane, if there are any.
func (c *postingColumns) queue(l *link, lane int16) {
	if len(c.seqs) > 0 {
		l.later(insertPostingsSQL, lane, c.accounts, c.seqs, c.nos, c.instants, c.dates, c.sides, c.amounts, c.debits, c.credits)
	}
}

// logColumns are what a block adds to the Merkle log of its lane.
type logColumns struct {
	leaf    ledger.Hash
	indexes []int64
	hashes  [][]byte
	peaks   []byte // afterwards
}

// gather computes the hashes of a block behind a number of others, whose peaks stand from left to right.
func (c *logColumns) gather(b *ledger.Block, blocks uint64, leaf ledger.Hash, peaks []byte) error {
	edge, err := readPeaks(blocks, peaks)
	if err != nil {
		return fmt.Errorf("lane %d: %w", b.Lane, err)
	}
	added, err := ledger.LogHashes(context.Background(), edge, b.Lane, blocks, leaf)
	if err != nil {
		return corrupt("log of lane %d over %d blocks: %w", b.Lane, blocks, err)
	}
	c.leaf = leaf
	for i := range added {
		c.indexes = append(c.indexes, ledger.LogSize(blocks)+int64(i))
		c.hashes = append(c.hashes, added[i][:])
	}
	kept := len(peaks) - (len(added)-1)*ledger.HashSize // each hash above the leaf's joins one of them
	c.peaks = slices.Concat(peaks[:kept], added[len(added)-1][:])
	return nil
}

// queue queues the insertion of a block and its hashes behind a number of others.
func (c *logColumns) queue(l *link, lane int16, b *ledger.Block, blocks uint64) {
	l.later(insertBlockSQL, lane, seqArg(blocks), seqArg(b.First()), seqArg(b.Last()), c.leaf[:])
	l.later(insertHashesSQL, lane, c.indexes, c.hashes)
}
