package bolt

import (
	"context"
	"iter"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// Hashes implements ledger.Reader, of the one lane. Those of the blocks that no run holds yet are
// in the tails.
func (t *Tx) Hashes(_ context.Context, _ uint16, indexes []int64) ([]ledger.Hash, error) {
	v, err := t.view()
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Hash, len(indexes))
	for i, index := range indexes {
		if out[i], err = t.logHash(v, index); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *Tx) logHash(v *view, index int64) (ledger.Hash, error) {
	for _, tail := range v.tails {
		if hash, ok := tail.hash(index); ok {
			return hash, nil
		}
	}
	data := t.bucket(bucketHashes).Get(be(uint64(index))) //nolint:gosec // a negative one is not there
	if len(data) != ledger.HashSize {
		return ledger.Hash{}, corrupt("log hash %d is %x", index, data)
	}
	return ledger.Hash(data), nil
}

// totals looks in the tails for an account's totals after its last move up to
// a seq.
func (v *view) totals(account, seq uint64) (ledger.Balance, bool) {
	for _, tail := range slices.Backward(v.tails) {
		if b, ok := tail.totals(account, seq); ok {
			return b, true
		}
	}
	return ledger.Balance{}, false
}

// totalsAt gives an account's totals after its last entry up to a seq, and that
// entry's.
func (t *Tx) totalsAt(v *view, account, seq uint64) (ledger.Balance, error) {
	if totals, ok := v.totals(account, seq); ok {
		return totals, nil
	}
	at := &standing{tx: t, account: account, seq: seq}
	for _, r := range slices.Backward(v.runs) {
		if r.first > seq {
			continue
		}
		if found, err := at.look(r); found || err != nil {
			return at.totals, err
		}
	}
	return at.add() // nothing is kept of the account: it never moved, or the rest is missing
}

// standing looks for the totals of an account after a seq: those that are kept
// after some movement, and what the movements behind that add.
type standing struct {
	tx      *Tx
	account uint64
	seq     uint64
	behind  []uint64 // movements without totals, in order
	totals  ledger.Balance
}

// look goes back through a run. It has found them when it meets totals.
func (s *standing) look(r run) (found bool, err error) {
	bucket, err := s.tx.runBucket(r)
	if err != nil {
		return false, err
	}
	c := &pairCursor{bucket: bucket.Cursor(), family: familyMovements}
	from := pair{a: s.account, b: s.seq}
	for key, value := c.before(from); c.open(key, value); key, value = c.bucket.Prev() {
		found, err := s.page(&c.page)
		if err != nil {
			return false, err
		}
		if found {
			_, err = s.add()
			return true, err
		}
		if _, first, _ := decodePairKey(key); first.a < s.account {
			return false, nil
		}
	}
	return false, nil
}

// before gives the page that holds the last pair up to p, if any does.
func (c *pairCursor) before(p pair) (key, value []byte) {
	want := pairKey(c.family, p)
	key, value = c.bucket.Seek(want)
	switch {
	case key == nil:
		return c.bucket.Last()
	case string(key) != string(want):
		return c.bucket.Prev()
	}
	return key, value
}

// page looks for the last totals of the account in a page, and puts the
// movements behind them in front of those that are known.
func (s *standing) page(p *pairPage) (found bool, err error) {
	var behind []uint64
	for p.next() && (p.a < s.account || p.a == s.account && p.b <= s.seq) {
		switch {
		case p.a < s.account:
		case len(p.note) > 0:
			if s.totals, err = decodeNote(p.note); err != nil {
				return false, err
			}
			s.totals.Seq, found, behind = p.b, true, behind[:0]
		default:
			behind = append(behind, p.b)
		}
	}
	s.behind = append(behind, s.behind...)
	return found, p.err
}

// add adds the movements behind the totals.
func (s *standing) add() (ledger.Balance, error) {
	if len(s.behind) == 0 {
		return s.totals, nil
	}
	items := s.tx.itemReader()
	for _, seq := range s.behind {
		item, err := items.item(seq)
		if err != nil {
			return s.totals, err
		}
		touched := false
		for _, p := range item.Postings {
			if no, err := s.tx.numberOf(p.ID()); err != nil {
				return s.totals, err
			} else if no != s.account {
				continue
			}
			touched = true
			if err := s.totals.Add(p); err != nil {
				return s.totals, err
			}
		}
		if !touched {
			return s.totals, corrupt("item %d does not move account %d, as its index says", seq, s.account)
		}
		s.totals.Seq = seq
	}
	return s.totals, nil
}

// numberOf gives the number of an account that is there.
func (t *Tx) numberOf(id ledger.AccountID) (uint64, error) {
	record, err := t.accountRecord(id)
	if err == nil && record == nil {
		err = corrupt("account %s is not there", id)
	}
	if err != nil {
		return 0, err
	}
	return record.No, nil
}

// seqOf gives the first sequence at or behind a place.
func (t *Tx) seqOf(ctx context.Context, p ledger.Place) (uint64, error) {
	if p.Seq > 0 || p.At.IsZero() {
		return p.Seq, nil
	}
	head, err := t.head()
	if err != nil {
		return 0, err
	}
	before, err := ledger.SeqBefore(ctx, t, head, p.At)
	return before + 1, err
}

// BalanceBefore implements ledger.Reader.
func (t *Tx) BalanceBefore(ctx context.Context, id ledger.AccountID, before ledger.Place) (ledger.Balance, error) {
	account, err := t.accountRecord(id)
	if account == nil || err != nil {
		return ledger.Balance{}, err
	}
	seq, err := t.seqOf(ctx, before)
	if seq == 0 || err != nil {
		return ledger.Balance{}, err
	}
	v, err := t.view()
	if err != nil {
		return ledger.Balance{}, err
	}
	return t.totalsAt(v, account.No, min(seq-1, v.head.Seq))
}

// BalanceOn implements ledger.Reader. It adds up one sum for each run and day
// that has entries.
func (t *Tx) BalanceOn(_ context.Context, id ledger.AccountID, on calendar.Date) (total ledger.Balance, err error) {
	account, err := t.accountRecord(id)
	if account == nil || err != nil {
		return total, err
	}
	v, err := t.view()
	if err != nil {
		return total, err
	}
	last := uint64(encodeDay(on))
	for _, r := range v.runs {
		c, err := t.seekRun(r, familySums, pair{a: account.No})
		for ; err == nil && c.ok && c.page.a == account.No && c.page.b <= last; err = c.next() {
			var day ledger.Balance
			if day, err = decodeNote(c.page.note); err == nil {
				err = addTotals(&total, &day)
			}
			if err != nil {
				break
			}
		}
		if err != nil {
			return total, err
		}
	}
	for _, tail := range v.tails {
		tail.visit(account.No, 0, v.head.Seq, func(s spot, m *move) {
			if placeDay(s.place) <= last && err == nil {
				err = total.Add(ledger.Posting{Side: m.side, Amount: m.amount})
			}
		})
	}
	return total, err
}

func addTotals(total, more *ledger.Balance) (err error) {
	if total.Debits, err = total.Debits.Add(more.Debits); err == nil {
		total.Credits, err = total.Credits.Add(more.Credits)
	}
	return err
}

// Movements implements ledger.Reader.
func (t *Tx) Movements(ctx context.Context, id ledger.AccountID, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	return t.itemsOf(ctx, func(yield func(uint64, error) bool) {
		account, v, err := t.accountAndView(id)
		var seq uint64
		if err == nil {
			seq, err = t.seqOf(ctx, from)
		}
		if account == nil || err != nil {
			if err != nil {
				yield(0, err)
			}
			return
		}
		for _, r := range v.runs {
			if r.last < seq {
				continue
			}
			c, err := t.seekRun(r, familyMovements, pair{a: account.No, b: seq})
			for ; err == nil && c.ok && c.page.a == account.No; err = c.next() {
				if !yield(c.page.b, nil) {
					return
				}
			}
			if err != nil {
				yield(0, err)
				return
			}
		}
		for _, tail := range v.tails {
			for _, at := range tail.seqs(account.No, seq, v.head.Seq) {
				if !yield(at, nil) {
					return
				}
			}
		}
	})
}

func (t *Tx) accountAndView(id ledger.AccountID) (*ledger.Account, *view, error) {
	account, err := t.accountRecord(id)
	if account == nil || err != nil {
		return nil, nil, err
	}
	v, err := t.view()
	return account, v, err
}

// itemsOf yields the items with the seqs that a list yields.
func (t *Tx) itemsOf(ctx context.Context, seqs iter.Seq2[uint64, error]) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		items := t.itemReader()
		for seq, err := range seqs {
			var item *ledger.Booked
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				item, err = items.item(seq)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Dated implements ledger.Reader. It goes through all runs and tails at once.
func (t *Tx) Dated(ctx context.Context, id ledger.AccountID, from ledger.DatedPlace) iter.Seq2[*ledger.Booked, error] {
	return t.itemsOf(ctx, func(yield func(uint64, error) bool) {
		account, v, err := t.accountAndView(id)
		var seq uint64
		if err == nil {
			seq, err = t.seqOf(ctx, from.Place)
		}
		if account == nil || err != nil {
			if err != nil {
				yield(0, err)
			}
			return
		}
		lists, err := t.datedLists(v, account.No, placeOf(from.On, seq))
		for err == nil && len(lists) > 0 {
			least := 0
			for i := range lists {
				if lists[i].place < lists[least].place {
					least = i
				}
			}
			if !yield(placeSeq(lists[least].place), nil) {
				return
			}
			var more bool
			if more, err = lists[least].next(); !more {
				lists = slices.Delete(lists, least, least+1)
			}
		}
		if err != nil {
			yield(0, err)
		}
	})
}

// datedList is the places of an account that a run or a tail has, in order.
type datedList struct {
	place  uint64 // the one it stands on
	run    *pairCursor
	places placeHeap // behind it, of a tail
}

// next goes one place on, if there is one more of the account.
func (l *datedList) next() (more bool, err error) {
	if l.run != nil {
		account := l.run.page.a
		if err := l.run.next(); err != nil {
			return false, err
		}
		l.place = l.run.page.b
		return l.run.ok && l.run.page.a == account, nil
	}
	if len(l.places) == 0 {
		return false, nil
	}
	l.place = l.places.pop()
	return true, nil
}

func (t *Tx) datedLists(v *view, account, from uint64) (lists []*datedList, err error) {
	for _, r := range v.runs {
		c, err := t.seekRun(r, familyDated, pair{a: account, b: from})
		if err != nil {
			return nil, err
		}
		if c.ok && c.page.a == account {
			lists = append(lists, &datedList{place: c.page.b, run: c})
		}
	}
	for _, tail := range v.tails {
		l := &datedList{}
		tail.visit(account, 0, v.head.Seq, func(s spot, _ *move) {
			if s.place >= from {
				l.places = append(l.places, s.place)
			}
		})
		l.places.order()
		if more, _ := l.next(); more { // a tail cannot fail
			lists = append(lists, l)
		}
	}
	return lists, nil
}

// placeHeap gives places in order, without putting all of them in order: most
// readers want the first few.
type placeHeap []uint64

func (h placeHeap) order() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
}

// pop takes the least place out.
func (h *placeHeap) pop() uint64 {
	least, last := (*h)[0], len(*h)-1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	h.sink(0)
	return least
}

func (h placeHeap) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child] < h[least] {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// Referenced implements ledger.Reader.
func (t *Tx) Referenced(ctx context.Context, reference string, from ledger.Place) iter.Seq2[*ledger.Booked, error] {
	candidates := t.itemsOf(ctx, func(yield func(uint64, error) bool) {
		v, err := t.view()
		var seq uint64
		if err == nil {
			seq, err = t.seqOf(ctx, from)
		}
		if err != nil {
			yield(0, err)
			return
		}
		hash := hashText(reference)
		for _, r := range v.runs {
			if r.last < seq {
				continue
			}
			c, err := t.seekRun(r, familyReferences, pair{a: hash, b: seq})
			for ; err == nil && c.ok && c.page.a == hash; err = c.next() {
				if !yield(c.page.b, nil) {
					return
				}
			}
			if err != nil {
				yield(0, err)
				return
			}
		}
		for _, tail := range v.tails {
			for _, at := range tail.referenced(hash, v.head.Seq) {
				if at >= seq && !yield(at, nil) {
					return
				}
			}
		}
	})
	return func(yield func(*ledger.Booked, error) bool) {
		for item, err := range candidates {
			if err == nil && item.Reference != reference {
				if hashText(item.Reference) == hashText(reference) {
					continue // another one with the same hash
				}
				err = corrupt("item %d does not have a reference of hash %010x, as its index says", item.Seq, hashText(reference))
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}
