package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// Keys of what is derived from the journal. Numbers are big-endian, so that
// they order as they count.

const (
	movementKeyBytes = 8 + 8
	dayKeyBytes      = 8 + 4
	datedKeyBytes    = 8 + 4 + 8
)

func movementKey(account, seq uint64) []byte { return binary.BigEndian.AppendUint64(be(account), seq) }

func dayKey(account uint64, on calendar.Date) []byte {
	return binary.BigEndian.AppendUint32(be(account), encodeDay(on))
}

func datedKey(account uint64, on calendar.Date, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(dayKey(account, on), seq)
}

func referenceKey(reference string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(reference), 0), seq)
}

// Hashes implements ledger.Reader.
func (t *Tx) Hashes(_ context.Context, indexes []int64) ([]ledger.Hash, error) {
	bucket := t.bucket(bucketHashes)
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		data := bucket.Get(be(uint64(at)))
		if len(data) != ledger.HashSize {
			return nil, fmt.Errorf("%w: log hash %d is %x", ledger.ErrCorrupt, at, data)
		}
		out[i] = ledger.Hash(data)
	}
	return out, nil
}

// index gathers what is derived from a block: keys, accounts and the lists and
// sums by account, value date and reference.
func (s *saving) index(c *ledger.Changes) error {
	ix := &indexer{saving: s, numbers: make(map[ledger.AccountID]uint64, len(c.Accounts)), running: make(map[ledger.AccountID]*ledger.Balance, len(c.Accounts))}
	for _, a := range c.Accounts {
		ix.numbers[a.AccountID] = a.No
		stored, err := s.tx.account(a.AccountID)
		if err != nil {
			return err
		}
		ix.running[a.AccountID] = &ledger.Balance{}
		if stored != nil {
			*ix.running[a.AccountID] = stored.Balance
		}
	}
	for _, item := range c.Block.Items {
		if err := ix.add(item); err != nil {
			return fmt.Errorf("index item %d: %w", item.Seq, err)
		}
	}
	for key, day := range ix.days {
		s.put(bucketDays, []byte(key), encodeTotals(*day))
	}
	for _, a := range c.Accounts {
		if sum := ix.running[a.AccountID]; sum.Debits != a.Debits || sum.Credits != a.Credits {
			return fmt.Errorf("%w: account %s: debits %s and credits %s are to be stored, what is there and the block add up to %s and %s",
				ledger.ErrCorrupt, a.AccountID, a.Debits, a.Credits, sum.Debits, sum.Credits)
		}
		s.put(bucketAccounts, accountKey(a.AccountID), a.AppendBinary(nil))
	}
	return nil
}

// indexer gathers the indexes of one block.
type indexer struct {
	*saving
	numbers map[ledger.AccountID]uint64
	running map[ledger.AccountID]*ledger.Balance
	days    map[string]*ledger.Balance // by dayKey
}

func (ix *indexer) add(item *ledger.Booked) error {
	if item.Key != "" {
		ix.put(bucketKeys, []byte(item.Key), be(item.Seq))
	}
	if item.Reference != "" {
		ix.put(bucketReferences, referenceKey(item.Reference, item.Seq), nil)
	}
	if !item.IsEntry() {
		return nil
	}
	for i, p := range item.Postings {
		running := ix.running[p.ID()]
		if err := running.Add(p); err != nil {
			return err
		}
		if touches(item.Postings[i+1:], p.ID()) {
			continue // the totals after the entry come with its last posting on the account
		}
		ix.put(bucketMovements, movementKey(ix.numbers[p.ID()], item.Seq), encodeTotals(*running))
		ix.put(bucketDated, datedKey(ix.numbers[p.ID()], item.ValueDate, item.Seq), nil)
	}
	return ix.addDays(item)
}

// addDays adds an entry to the sums of its value date.
func (ix *indexer) addDays(item *ledger.Booked) error {
	if ix.days == nil {
		ix.days = make(map[string]*ledger.Balance)
	}
	for _, p := range item.Postings {
		key := string(dayKey(ix.numbers[p.ID()], item.ValueDate))
		day := ix.days[key]
		if day == nil {
			day = &ledger.Balance{}
			if data := ix.tx.bucket(bucketDays).Get([]byte(key)); data != nil {
				stored, err := decodeTotals(data)
				if err != nil {
					return err
				}
				*day = stored
			}
			ix.days[key] = day
		}
		if err := day.Add(p); err != nil {
			return err
		}
	}
	return nil
}

func touches(postings []ledger.Posting, id ledger.AccountID) bool {
	for _, p := range postings {
		if p.ID() == id {
			return true
		}
	}
	return false
}

// Movements implements ledger.Reader.
func (t *Tx) Movements(ctx context.Context, id ledger.AccountID, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return t.listed(ctx, id, bucketMovements, be(seq), movementKeyBytes)
}

// Dated implements ledger.Reader.
func (t *Tx) Dated(ctx context.Context, id ledger.AccountID, from ledger.DatedPlace) iter.Seq2[*ledger.Booked, error] {
	return t.listed(ctx, id, bucketDated, datedKey(0, from.On, from.Seq)[8:], datedKeyBytes)
}

// listed yields the entries an index lists under an account, from a place on.
// The sequence stands at the end of its keys.
func (t *Tx) listed(ctx context.Context, id ledger.AccountID, bucket, from []byte, size int) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		account, err := t.account(id)
		if account == nil || err != nil {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		pages := pageReader{tx: t}
		for key := range scan(t.bucket(bucket), be(account.No), from) {
			if len(key) != size {
				yield(nil, fmt.Errorf("%w: %s key %x", ledger.ErrCorrupt, bucket, key))
				return
			}
			item, err := pages.entry(binary.BigEndian.Uint64(key[size-8:]))
			if err == nil {
				err = ctx.Err()
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Referenced implements ledger.Reader.
func (t *Tx) Referenced(ctx context.Context, reference string, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		prefix := append([]byte(reference), 0)
		pages := pageReader{tx: t}
		for key := range scan(t.bucket(bucketReferences), prefix, be(seq)) {
			if len(key) != len(prefix)+8 {
				continue // of a longer reference
			}
			item, err := pages.entry(binary.BigEndian.Uint64(key[len(prefix):]))
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && item.Reference != reference {
				continue
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// BalanceAt implements ledger.Reader.
func (t *Tx) BalanceAt(_ context.Context, id ledger.AccountID, seq uint64) (ledger.Balance, error) {
	account, err := t.account(id)
	if account == nil || err != nil {
		return ledger.Balance{}, err
	}
	last := movementKey(account.No, seq)
	cursor := t.bucket(bucketMovements).Cursor()
	key, value := cursor.Seek(last)
	switch {
	case key == nil:
		key, value = cursor.Last()
	case !bytes.Equal(key, last):
		key, value = cursor.Prev()
	}
	if len(key) != movementKeyBytes || !bytes.HasPrefix(key, be(account.No)) {
		return ledger.Balance{}, nil
	}
	balance, err := decodeTotals(value)
	balance.Seq = binary.BigEndian.Uint64(key[8:])
	return balance, err
}

// BalanceOn implements ledger.Reader. It adds up one sum for each day that has
// entries.
func (t *Tx) BalanceOn(_ context.Context, id ledger.AccountID, on calendar.Date) (total ledger.Balance, err error) {
	account, err := t.account(id)
	if account == nil || err != nil {
		return total, err
	}
	last := dayKey(account.No, on)
	for key, value := range scan(t.bucket(bucketDays), be(account.No), nil) {
		if bytes.Compare(key, last) > 0 {
			break
		}
		day, err := decodeTotals(value)
		if err != nil {
			return total, err
		}
		if total.Debits, err = total.Debits.Add(day.Debits); err != nil {
			return total, err
		}
		if total.Credits, err = total.Credits.Add(day.Credits); err != nil {
			return total, err
		}
	}
	return total, nil
}
