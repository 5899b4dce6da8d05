package bolt

import (
	"context"

	"github.com/settlex/settlex/ledger"
)

// view is where the indexes of a transaction lie: in runs up to some item, and
// in tails behind it. Tails of the memory may hold later items too, which are
// not the transaction's: look up to the head and no further.
type view struct {
	head  ledger.Head
	runs  []run   // ordered by seq
	tails []*tail // ordered by seq, without gaps from the last run to the head
}

// view gives the indexes as the transaction sees them now.
func (t *Tx) view() (*view, error) {
	head, err := t.head()
	if err != nil {
		return nil, err
	}
	if t.seen != nil && t.seen.head == head {
		return t.seen, nil
	}
	v := &view{head: head}
	if v.runs, err = t.runs(); err != nil {
		return nil, err
	}
	if v.tails, err = t.tails(head, flushed(v.runs)); err != nil {
		return nil, err
	}
	t.seen = v
	return v, nil
}

// tails gives the indexes behind the runs: of the memory and of what this
// transaction has saved itself, or else read again from the journal.
func (t *Tx) tails(head ledger.Head, after uint64) ([]*tail, error) {
	if t.memory != nil {
		tails, err := t.memory.tailsFor(t, head, after)
		if tails != nil || err != nil {
			return tails, err
		}
	}
	if head.Seq <= after {
		return nil, nil
	}
	again := newTail(after, 0)
	if err := t.replay(again, []*tail{again}, head); err != nil {
		return nil, err
	}
	return []*tail{again}, nil
}

// replay adds to a tail what the journal says of the items behind it, up to a
// head. Totals go on from those in the tails before.
func (t *Tx) replay(into *tail, tails []*tail, head ledger.Head) error {
	runs, err := t.runs()
	if err != nil {
		return err
	}
	r := &replaying{Tx: t, base: &view{runs: runs, tails: tails}, numbers: make(map[ledger.AccountID]uint64), totals: make(map[uint64]*ledger.Balance)}
	r.gathered.last = into.last
	ctx := context.Background() // there are few of them
	for block, err := range t.blocks(ctx, into.last+1) {
		if err != nil {
			return err
		}
		if block.First() > head.Seq {
			break
		}
		r.leaves = append(r.leaves, block.leaf)
		for _, item := range block.Items {
			if err := r.item(item); err != nil {
				return err
			}
		}
	}
	blocks := head.Blocks - uint64(len(r.leaves))
	if r.gathered.last != head.Seq || blocks > head.Blocks {
		return corrupt("the journal ends with item %d, %d blocks behind item %d; its head says item %d of %d blocks",
			r.gathered.last, len(r.leaves), into.last, head.Seq, head.Blocks)
	}
	if err := r.log(ctx, blocks); err != nil {
		return err
	}
	if into.last == into.after && into.log != r.first { // a new one, which no reader has yet; what follows another knows its place
		into.log = r.first
	}
	into.add(&r.gathered)
	return nil
}

// log reckons the hashes of the Merkle log behind so many blocks.
func (r *replaying) log(ctx context.Context, blocks uint64) error {
	r.first = ledger.LogSize(blocks)
	for i, leaf := range r.leaves {
		more, err := ledger.LogHashes(ctx, r, 0, blocks+uint64(i), leaf) //nolint:gosec // it counts
		if err != nil {
			return err
		}
		r.gathered.hashes = append(r.gathered.hashes, more...)
	}
	return nil
}

// Hashes gives those that are there, and those that were reckoned.
func (r *replaying) Hashes(_ context.Context, _ uint16, indexes []int64) (out []ledger.Hash, err error) {
	out = make([]ledger.Hash, len(indexes))
	for i, index := range indexes {
		if index >= r.first {
			out[i] = r.gathered.hashes[index-r.first]
		} else if out[i], err = r.logHash(r.base, index); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// replaying gathers the indexes of items that lie in the journal.
type replaying struct {
	*Tx
	base     *view // what they build on
	leaves   []ledger.Hash
	first    int64 // index of the first hash that is reckoned
	numbers  map[ledger.AccountID]uint64
	totals   map[uint64]*ledger.Balance
	gathered gathered
}

func (r *replaying) item(item *ledger.Booked) error {
	return r.gathered.item(item, func(id ledger.AccountID) (uint64, *ledger.Balance, error) {
		no, known := r.numbers[id]
		if !known {
			record, err := r.accountRecord(id)
			if err == nil && record == nil {
				err = corrupt("item %d moves account %s, which is not there", item.Seq, id)
			}
			if err != nil {
				return 0, nil, err
			}
			no = record.No
			r.numbers[id] = no
		}
		if r.totals[no] == nil {
			before, err := r.totalsAt(r.base, no, item.Seq-1)
			if err != nil {
				return 0, nil, err
			}
			r.totals[no] = &before
		}
		return no, r.totals[no], nil
	})
}
