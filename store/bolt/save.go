package bolt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

// Save implements ledger.Tx. Whatever can be wrong with the changes, or with
// what is stored and has to be read for them, is found before the first write. A
// fault that the work on the indexes meets, or a hash read behind it, spoils the
// transaction.
func (t *Tx) Save(ctx context.Context, c *ledger.Changes) error {
	if !t.tx.Writable() {
		return bolterrors.ErrTxNotWritable
	}
	if t.spoiled {
		return errSpoiled
	}
	v, err := t.view()
	if err != nil {
		return err
	}
	s, head := &saving{tx: t, base: v.head, view: v}, withoutEvents(c.Head)
	aside := s.aside(c)
	defer aside.wait() // in any case: the caller's postings are his again when this returns
	err = s.prepare(c)
	if checkErr := aside.check(); err == nil {
		err = checkErr
	}
	if err != nil {
		return err
	}
	t.spoiled = true // should a write fail, half of it is there
	if err := t.maintain(s.gathered, v.head, head); err != nil {
		return err
	}
	if err := s.block(ctx, c, aside.wait()); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	if t.memory != nil {
		t.memory.saved(s, head)
	}
	t.spoiled = false
	return nil
}

// aside is what is done about a block while its indexes are gathered.
type aside struct {
	check func() error          // whether the accounts are those that the tails know
	wait  func() *ledger.Sealed // nil: there is no block
}

// largeBlock is how many items are worth a goroutine.
const largeBlock = 64

// aside checks accounts and seals the block. Nothing may change the items before
// wait has returned.
func (s *saving) aside(c *ledger.Changes) aside {
	switch {
	case c.Block == nil:
		return aside{func() error { return nil }, func() *ledger.Sealed { return nil }}
	case len(c.Block.Items) < largeBlock:
		return aside{
			func() error { return s.checkTotals(c.Accounts) },
			sync.OnceValue(func() *ledger.Sealed { sealed := c.Block.Seal(); return &sealed }),
		}
	}
	checked, done, sealed := make(chan error, 1), make(chan struct{}), new(ledger.Sealed)
	go func() {
		defer close(done)
		checked <- s.checkTotals(c.Accounts)
		*sealed = c.Block.Seal()
	}()
	return aside{func() error { return <-checked }, func() *ledger.Sealed { <-done; return sealed }}
}

// checkTotals holds what the caller has read of accounts against what the tails
// know of them.
func (s *saving) checkTotals(accounts []ledger.ChangedAccount) error {
	for i := range accounts {
		before := accounts[i].Before
		if before == nil {
			continue
		}
		if last, ok := s.view.totals(before.No, s.base.Seq); ok && (last.Debits != before.Debits || last.Credits != before.Credits) {
			return corrupt("account %s: debits %s and credits %s were read, its last movement left %s and %s",
				before.AccountID, before.Debits, before.Credits, last.Debits, last.Credits)
		}
	}
	return nil
}

// errSpoiled is what a transaction comes to in which a write has failed.
var errSpoiled = fmt.Errorf("%w: a write of this transaction failed half-way: roll it back", ledger.ErrCorrupt)

// saving is a Save: what it writes is gathered first.
type saving struct {
	tx       *Tx
	base     ledger.Head
	view     *view // of base
	puts     []put
	gathered *gathered // nil: no block
	accounts []ledger.ChangedAccount
}

// put is a pair to be written to a bucket of ours, or a record's.
type put struct {
	bucket     []byte
	kind       string // of a record
	key, value []byte
	remove     bool
	appends    bool // the bucket only grows at its end
}

func (s *saving) put(bucket, key, value []byte) {
	s.puts = append(s.puts, put{bucket: bucket, key: key, value: value})
}

// append is put for a bucket that only grows at its end.
func (s *saving) append(bucket, key, value []byte) {
	s.puts = append(s.puts, put{bucket: bucket, key: key, value: value, appends: true})
}

// prepare gathers everything but the block itself.
func (s *saving) prepare(c *ledger.Changes) error {
	records, err := encodeRecords(c.Records)
	if err != nil {
		return err
	}
	if c.Block != nil {
		if err := s.index(c); err != nil {
			return err
		}
	}
	if err := s.records(c.Records, records); err != nil {
		return err
	}
	if err := s.events(c); err != nil {
		return err
	}
	s.put(bucketMeta, keyHead, encodeHead(c.Head))
	return nil
}

// block gathers the block's items in pages, and what it adds to the Merkle log.
func (s *saving) block(ctx context.Context, c *ledger.Changes, sealed *ledger.Sealed) error {
	if c.Block == nil {
		return nil
	}
	s.pages(c.Block, sealed)
	before := c.Head.Blocks - 1
	hashes, err := ledger.LogHashes(ctx, s.tx, 0, before, sealed.Leaf)
	if err != nil {
		return fmt.Errorf("log of %d blocks: %w", before, err)
	}
	s.gathered.hashes = append(s.gathered.hashes, hashes...)
	return nil
}

// pages gathers the journal pages of a block.
func (s *saving) pages(b *ledger.Block, sealed *ledger.Sealed) {
	first, from := b.First(), 0
	page := appendPageHeader(make([]byte, 0, pageBytes), len(b.Items), &sealed.Leaf)
	filled := false
	for i, end := range sealed.Ends {
		size := end - from
		if filled && len(page)+maxPrefixBytes+size > pageBytes {
			s.append(bucketJournal, be(first), page)
			page, first = appendPageHeader(make([]byte, 0, pageBytes), 0, nil), b.Items[i].Seq
		}
		page = binary.AppendUvarint(page, uint64(size))
		page = append(page, sealed.Bytes[from:end]...)
		from, filled = end, true
	}
	s.append(bucketJournal, be(first), page)
}

// index gathers what the block adds to the indexes, and the accounts of which
// more was changed than the totals of their postings.
func (s *saving) index(c *ledger.Changes) error {
	s.gathered = s.tx.memory.blank()
	s.gathered.hash = s.tx.keyHash
	defer s.tx.forgetHashes()
	s.accounts = c.Accounts
	byID := make(map[ledger.AccountID]*running, len(c.Accounts))
	list := make([]running, len(c.Accounts))
	for i, changed := range c.Accounts {
		if changed.Before != nil {
			list[i].Balance = changed.Before.Balance
		}
		list[i].account = changed.After
		byID[changed.After.AccountID] = &list[i]
	}
	for _, item := range c.Block.Items {
		err := s.gathered.item(item, func(id ledger.AccountID) (uint64, *ledger.Balance, error) {
			r := byID[id]
			if r == nil {
				return 0, nil, corrupt("account %s is moved and not among those changed", id)
			}
			r.moved = item.Seq
			return r.account.No, &r.Balance, nil
		})
		if err != nil {
			return err
		}
	}
	for i := range list {
		if err := s.account(&list[i], c.Accounts[i].Before); err != nil {
			return err
		}
	}
	return nil
}

// running is an account that a block changes.
type running struct {
	account        *ledger.Account // as it is to be stored
	ledger.Balance                 // totals so far
	moved          uint64          // seq of the last item that moved it; 0: none
}

// account gathers an account, if there is more to it than the indexes tell.
func (s *saving) account(r *running, before *ledger.Account) error {
	a := r.account
	if r.Debits != a.Debits || r.Credits != a.Credits {
		return corrupt("account %s: debits %s and credits %s are to be stored, what is there and the block add up to %s and %s",
			a.AccountID, a.Debits, a.Credits, r.Debits, r.Credits)
	}
	if before == nil || a.Seq != r.moved || !a.OnlyMoved(before) {
		s.put(bucketAccounts, accountKey(a.AccountID), encodeAccount(a))
	}
	return nil
}

// records gathers records, kind by kind, and the sum that is kept of each kind.
func (s *saving) records(changes []ledger.RecordChange, values [][]byte) error {
	for from := 0; from < len(changes); {
		kind, until := changes[from].Ref.Kind, from
		sum, err := s.tx.recordSum(kind)
		if err != nil {
			return err
		}
		stored := s.tx.bucket(bucketRecords).Bucket([]byte(kind))
		for ; until < len(changes) && changes[until].Ref.Kind == kind; until++ {
			id := []byte(changes[until].Ref.ID)
			sum.change(stored, id, values[until])
			s.puts = append(s.puts, put{bucket: bucketRecords, kind: kind, key: id, value: values[until], remove: values[until] == nil})
		}
		s.put(bucketMeta, recordSumKey(kind), sum.encode())
		from = until
	}
	return nil
}

// write does what was gathered.
func (s *saving) write() error {
	slices.SortFunc(s.puts, func(a, b put) int { // in the order in which they lie in the file
		return cmp.Or(bytes.Compare(a.bucket, b.bucket), cmp.Compare(a.kind, b.kind), bytes.Compare(a.key, b.key))
	})
	var bucket *bbolt.Bucket
	for i := range s.puts {
		p := &s.puts[i]
		if before := max(i, 1) - 1; i == 0 || string(p.bucket) != string(s.puts[before].bucket) || p.kind != s.puts[before].kind {
			var err error
			if bucket, err = s.bucketOf(p); err != nil {
				return err
			}
		}
		if p.appends {
			bucket.FillPercent = 1.0
		}
		write := func() error { return bucket.Put(p.key, p.value) }
		if p.remove {
			write = func() error { return bucket.Delete(p.key) }
		}
		if err := write(); err != nil {
			return fmt.Errorf("%s %q: %w", p.bucket, p.key, err)
		}
	}
	return nil
}

func (s *saving) bucketOf(p *put) (*bbolt.Bucket, error) {
	bucket := s.tx.bucket(p.bucket)
	if p.kind == "" {
		return bucket, nil
	}
	records, err := bucket.CreateBucketIfNotExists([]byte(p.kind))
	if err != nil {
		return nil, fmt.Errorf("records of kind %q: %w", p.kind, err)
	}
	return records, nil
}
