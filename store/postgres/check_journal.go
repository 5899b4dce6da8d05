package postgres

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

const checkItemsSQL = `SELECT lane, seq, booked_at, body, act, key, kind, reference, owner, part_of, value_date, breached, metadata, accounts
FROM items WHERE lane = $1 AND seq > $2 ORDER BY seq LIMIT $3`

// checkedItem is an item with all that is stored beside its body.
type checkedItem struct {
	itemRow
	act                            string
	key                            *string
	kind, reference, owner, partOf string
	valueDate                      pgtype.Date
	breached                       bool
	metadata                       []byte
	accounts                       []int64
}

func scanChecked(row pgx.CollectableRow) (i checkedItem, err error) {
	var lane int16
	var seq int64
	var at moment
	err = row.Scan(&lane, &seq, &at, &i.body, &i.act, &i.key, &i.kind, &i.reference, &i.owner, &i.partOf, &i.valueDate, &i.breached, &i.metadata, &i.accounts)
	i.Lane, i.Seq, i.At = uint16(lane), uint64(seq), at.Time //nolint:gosec // the database keeps both in their ranges
	return i, err
}

// journal goes through every lane.
func (c *checker) journal(ctx context.Context, heads []ledger.Head) error {
	c.found = make(map[uint16]int64)
	for i := range heads {
		w := &laneWalk{checker: c, lane: heads[i].Lane}
		if err := w.walk(ctx); err != nil {
			return err
		}
	}
	return nil
}

// laneWalk goes through a lane, its items beside its blocks.
type laneWalk struct {
	*checker
	lane    uint16
	last    uint64 // sequence of the last item
	entries []walked
	bytes   int

	blocks func() (blockRow, error, bool)
	block  blockRow         // the one that is being filled, or comes next
	more   bool             // there is one
	number int64            // of the next block
	ended  uint64           // last sequence of the blocks before it
	items  []*ledger.Booked // of the block so far
	sound  bool             // all of them are there
}

// walked is an item whose postings are still to be looked at.
type walked struct {
	*ledger.Booked
	accounts []int64 // as its row has them
}

func (w *laneWalk) walk(ctx context.Context) error {
	var stop func()
	w.blocks, stop = iter.Pull2(w.blockRows(ctx, w.lane, 0))
	defer stop()
	if err := w.nextBlock(); err != nil {
		return err
	}
	what := fmt.Sprintf("items of lane %d", w.lane)
	list := chunks(ctx, func(ctx context.Context, last *checkedItem, limit int) ([]checkedItem, error) {
		after := int64(0)
		if last != nil {
			after = seqArg(last.Seq)
		}
		return collect(ctx, w, what, scanChecked, checkItemsSQL, laneArg(w.lane), after, limit)
	})
	for row, err := range list {
		if err == nil {
			err = w.item(ctx, &row)
		}
		if err != nil {
			return err
		}
	}
	if err := w.postings(ctx); err != nil {
		return err
	}
	for w.more {
		w.find(w.block.name(), "a block of items that are there", fmt.Sprintf("the lane's last item is %d", w.last))
		if err := w.nextBlock(); err != nil {
			return err
		}
	}
	return nil
}

// item compares an item's columns with its body, and puts it into its block.
func (w *laneWalk) item(ctx context.Context, row *checkedItem) error {
	for seq := w.last + 1; seq < row.Seq && seq < w.last+10; seq++ {
		w.find(itemName(w.lane, seq), "an item, because the lane has no gaps", "nothing")
	}
	w.last = row.Seq
	item, err := row.decode()
	if err != nil {
		if err := w.met(ctx, row.name(), "a readable item", err); err != nil {
			return err
		}
		item = nil
	}
	if err := w.intoBlock(row.Seq, item); err != nil || item == nil {
		return err
	}
	w.columns(row, item)
	w.entries = append(w.entries, walked{item, row.accounts})
	if w.bytes += len(row.body); len(w.entries) < maxChunk && w.bytes < chunkBytes {
		return nil
	}
	return w.postings(ctx)
}

// columns compares what stands beside a body with it.
func (w *laneWalk) columns(row *checkedItem, item *ledger.Booked) {
	key := ""
	if row.key != nil {
		key = *row.key
	}
	for _, column := range []struct{ name, want, have string }{
		{"act", item.Act.String(), row.act},
		{"key", item.Key, restored(key)},
		{"kind", item.Kind, restored(row.kind)},
		{"reference", item.Reference, restored(row.reference)},
		{"owner", item.Owner, restored(row.owner)},
		{"part_of", item.PartOf, restored(row.partOf)},
		{"breached", strconv.FormatBool(item.Breached), strconv.FormatBool(row.breached)},
	} {
		if column.want != column.have {
			w.find(row.name()+", "+column.name, strconv.Quote(column.want), strconv.Quote(column.have))
		}
	}
	if !item.At.Equal(row.At) {
		w.find(row.name()+", booked_at", stamp(item.At), stamp(row.At))
	}
	if day, err := readDate(row.valueDate); err != nil {
		w.find(row.name()+", value_date", dayText(item.ValueDate), err.Error())
	} else if day != item.ValueDate {
		w.find(row.name()+", value_date", dayText(item.ValueDate), dayText(day))
	}
	if metadata, err := decodeMetadata(row.metadata); err != nil || !slices.Equal(metadata, item.Metadata) {
		w.find(row.name()+", metadata", fmt.Sprintf("%q", item.Metadata), string(row.metadata))
	}
}

// dayText is a date for people.
func dayText(d calendar.Date) string {
	if d.IsZero() {
		return "none"
	}
	return d.String()
}

// nextBlock reads the row of the next block, which must begin where the last one ended.
func (w *laneWalk) nextBlock() (err error) {
	w.block, err, w.more = w.blocks()
	w.items, w.sound = w.items[:0], true
	if err != nil || !w.more {
		w.more = false
		return err
	}
	w.differ(w.block.name(), fmt.Sprintf("number %d, from item %d on", w.number, w.ended+1), fmt.Sprintf("number %d, from item %d on", w.block.no, w.block.first))
	w.number, w.ended = w.block.no+1, w.block.last
	return nil
}

// intoBlock puts an item into its block, and compares the leaf of one that is full. A nil item cannot be read.
func (w *laneWalk) intoBlock(seq uint64, item *ledger.Booked) error {
	for w.more && w.block.last < seq {
		w.find(w.block.name(), "items that are all there", fmt.Sprintf("item %d follows", seq))
		if err := w.nextBlock(); err != nil {
			return err
		}
	}
	if !w.more || seq < w.block.first {
		w.find(itemName(w.lane, seq), "a block that holds it", "none")
		return nil
	}
	w.sound = w.sound && item != nil && seq == w.block.first+uint64(len(w.items))
	if w.sound {
		w.items = append(w.items, item)
	}
	if seq < w.block.last {
		return nil
	}
	if w.sound {
		block := ledger.Block{Lane: w.lane, Items: w.items}
		leaf := block.Leaf()
		w.differ(w.block.name(), fmt.Sprintf("leaf %x", leaf[:]), fmt.Sprintf("leaf %x", w.block.leaf))
	}
	return w.nextBlock()
}

// accountNos looks up the numbers of accounts, and keeps some.
type accountNos map[ledger.AccountID]int64

const (
	accountNosSQL = `SELECT name, account_id FROM accounts WHERE name = ANY($1)`
	maxAccountNos = 100_000
)

// accountNos makes sure that the numbers of the postings' accounts are known, as far as there are such accounts.
func (w *laneWalk) accountNos(ctx context.Context) error {
	if len(w.names) > maxAccountNos {
		w.names = nil
	}
	if w.names == nil {
		w.names = make(accountNos)
	}
	asked := make(map[ledger.AccountID]bool)
	var names [][]byte
	for _, e := range w.entries {
		for _, p := range e.Postings {
			if _, known := w.names[p.ID()]; !known && !asked[p.ID()] {
				asked[p.ID()] = true
				names = append(names, nameOf(p.ID()))
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	found, err := collect(ctx, w, "accounts", scanAccountNo, accountNosSQL, names)
	if err != nil {
		return err
	}
	for _, account := range found {
		w.names[account.AccountID] = account.no
		delete(asked, account.AccountID)
	}
	for _, id := range slices.SortedFunc(maps.Keys(asked), ledger.AccountID.Compare) {
		w.names[id] = noAccount
		w.find("account "+id.String(), "one, which items of the journal name", "no such account")
	}
	return nil
}

// noAccount stands for one that is not there.
const noAccount = 0

type namedAccount struct {
	ledger.AccountID
	no int64
}

func scanAccountNo(row pgx.CollectableRow) (a namedAccount, err error) {
	var name []byte
	if err := row.Scan(&name, &a.no); err != nil {
		return a, err
	}
	a.AccountID, err = readName(name)
	return a, err
}

// numbersOf gives the accounts of an item's postings, each once, in order; whole is false when one is not there.
func (w *laneWalk) numbersOf(item *ledger.Booked) (numbers []int64, whole bool) {
	whole = true
	for _, p := range item.Postings {
		if no := w.names[p.ID()]; no != noAccount {
			numbers = append(numbers, no)
		} else {
			whole = false
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), whole
}
