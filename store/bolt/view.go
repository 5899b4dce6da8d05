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
	again := newTail(after)
	if err := t.replay(again, []*tail{again}, head.Seq); err != nil {
		return nil, err
	}
	return []*tail{again}, nil
}

// replay adds to a tail what the journal says of the items behind it, up to a
// seq. Totals go on from those in the tails before.
func (t *Tx) replay(into *tail, tails []*tail, to uint64) error {
	runs, err := t.runs()
	if err != nil {
		return err
	}
	r := &replaying{tx: t, base: &view{runs: runs, tails: tails}, numbers: make(map[ledger.AccountID]uint64), totals: make(map[uint64]*ledger.Balance)}
	for item, err := range t.Items(context.Background(), into.last+1) { // it is short
		if err != nil {
			return err
		}
		if item.Seq > to {
			break
		}
		if err := r.item(item); err != nil {
			return err
		}
	}
	if r.gathered.last < to {
		return corrupt("the journal ends with item %d, its head says %d", r.gathered.last, to)
	}
	into.add(&r.gathered)
	return nil
}

// replaying gathers the indexes of items that lie in the journal.
type replaying struct {
	tx       *Tx
	base     *view // what they build on
	numbers  map[ledger.AccountID]uint64
	totals   map[uint64]*ledger.Balance
	gathered gathered
}

func (r *replaying) item(item *ledger.Booked) error {
	return r.gathered.item(item, func(id ledger.AccountID) (uint64, *ledger.Balance, error) {
		no, known := r.numbers[id]
		if !known {
			record, err := r.tx.accountRecord(id)
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
			before, err := r.tx.totalsAt(r.base, no, item.Seq-1)
			if err != nil {
				return 0, nil, err
			}
			r.totals[no] = &before
		}
		return no, r.totals[no], nil
	})
}
