package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

// CheckEngine implements ledger.EngineChecker: bbolt looks at every page of
// the file. Writers wait meanwhile, because bbolt compares the pages with its
// list of free ones, which writers change.
func (s *Store) CheckEngine(ctx context.Context, report func(ledger.Finding)) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer guard(&err)()
	tx, err := s.db.Begin(true)
	if errors.Is(err, bolterrors.ErrDatabaseReadOnly) {
		tx, err = s.db.Begin(false)
	}
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for fault := range tx.Check() {
		report(ledger.Finding{Place: "file", Want: "sound pages", Have: fault.Error()})
	}
	return nil
}

// Check implements ledger.Reader: every journal page, key and movement must be
// exactly what the entries say, and every record must be readable.
func (t *Tx) Check(ctx context.Context, report func(ledger.Finding)) error {
	c := &checker{Tx: t, report: report, numbers: make(map[ledger.AccountID]uint64)}
	whole, err := c.journal(ctx)
	if err != nil {
		return err
	}
	if whole {
		c.strays()
	}
	return c.records(ctx)
}

// checker compares what a transaction sees with its journal.
type checker struct {
	*Tx
	report          func(ledger.Finding)
	numbers         map[ledger.AccountID]uint64
	keys, movements int // that the journal accounts for
}

func (c *checker) find(place, want, have string) {
	c.report(ledger.Finding{Place: place, Want: want, Have: have})
}

// journal walks the journal and looks for what the indexes must hold. When
// something it goes by cannot be read, there is nothing to compare with: whole
// is false then.
func (c *checker) journal(ctx context.Context) (whole bool, err error) {
	for account, err := range c.Accounts(ctx, "") {
		if err != nil {
			return false, c.unreadable(ctx, err)
		}
		c.numbers[account.AccountID] = account.No
	}
	head, err := c.Head(ctx)
	if err != nil {
		return false, c.unreadable(ctx, err)
	}
	last := uint64(0)
	for e, err := range c.Entries(ctx, 0) {
		if err != nil {
			return false, c.unreadable(ctx, err)
		}
		if e.Seq != last+1 || e.Seq > head.Seq {
			c.find("journal", fmt.Sprintf("entries 1 to %d, each once", head.Seq), fmt.Sprintf("entry %d behind entry %d", e.Seq, last))
		}
		last = e.Seq
		c.entry(e)
	}
	return true, nil
}

func (c *checker) unreadable(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		c.find("indexes", "a readable head, journal and accounts to compare with", err.Error())
	}
	return ctx.Err()
}

func (c *checker) entry(e *ledger.Booked) {
	c.keys++
	if got := c.bucket(bucketKeys).Get([]byte(e.Key)); string(got) != string(be(e.Seq)) {
		c.find(fmt.Sprintf("key %q", e.Key), fmt.Sprintf("entry %d", e.Seq), fmt.Sprintf("%x", got))
	}
	bucket := c.bucket(bucketMovements)
	for i, p := range e.Postings {
		if touches(e.Postings[:i], p.ID()) {
			continue
		}
		c.movements++
		if bucket.Get(movementKey(c.numbers[p.ID()], e.Seq)) == nil {
			c.find("movements of "+p.ID().String(), fmt.Sprintf("entry %d", e.Seq), "nothing")
		}
	}
}

func touches(postings []ledger.Posting, id ledger.AccountID) bool {
	for _, p := range postings {
		if p.ID() == id {
			return true
		}
	}
	return false
}

// strays names keys and movements that no entry accounts for.
func (c *checker) strays() {
	if c.count(bucketKeys) != c.keys {
		for key := range scan(c.bucket(bucketKeys), nil, nil) {
			if _, err := c.entryByKey(string(key)); err != nil {
				c.find(fmt.Sprintf("key %q", key), "no such key", err.Error())
			}
		}
	}
	if c.count(bucketMovements) != c.movements {
		c.strayMovements()
	}
}

func (c *checker) count(bucket []byte) (n int) {
	for range scan(c.bucket(bucket), nil, nil) {
		n++
	}
	return n
}

func (c *checker) strayMovements() {
	accounts := make(map[uint64]ledger.AccountID, len(c.numbers))
	for id, no := range c.numbers {
		accounts[no] = id
	}
	pages := pageReader{tx: c.Tx}
	for key := range scan(c.bucket(bucketMovements), nil, nil) {
		if len(key) == movementKeyBytes {
			id, known := accounts[binary.BigEndian.Uint64(key)]
			e, err := pages.entry(binary.BigEndian.Uint64(key[8:]))
			if known && err == nil && touches(e.Postings, id) {
				continue
			}
		}
		c.find(fmt.Sprintf("movement %x", key), "no such movement", "one that no entry makes")
	}
}

// records reads every record. It reads on behind a bad one.
func (c *checker) records(ctx context.Context) error {
	kinds := c.bucket(bucketRecords)
	return kinds.ForEachBucket(func(kind []byte) error {
		for id, value := range scan(kinds.Bucket(kind), nil, nil) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			ref := ledger.Ref{Kind: string(kind), ID: string(id)}
			if _, err := decodeRecord(ref, value); err != nil {
				c.find("record "+ref.String(), "a readable record", err.Error())
			}
		}
		return nil
	})
}
