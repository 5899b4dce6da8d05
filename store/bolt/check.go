package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

// CheckEngine implements ledger.EngineChecker: it looks at every page of the
// file. Writers wait meanwhile, because they change pages, and the list of free
// ones. After a finding bbolt must not read the file: the error wraps
// ledger.ErrCorrupt.
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
	pages, err := openPages(s.db, report)
	if err != nil {
		return fmt.Errorf("check pages: %w", err)
	}
	defer func() { _ = pages.file.Close() }()
	if err := pages.check(ctx); err != nil {
		return err
	}
	if pages.found > 0 {
		return fmt.Errorf("%w: %d faults in the file's pages", ledger.ErrCorrupt, pages.found)
	}
	return nil
}

// Check implements ledger.Reader: every journal page, key, movement, sum of a
// day and reference must be exactly what the items say, and every record must
// be readable. Memory grows with the number of accounts, and of the days each
// has entries on.
func (t *Tx) Check(ctx context.Context, report func(ledger.Finding)) error {
	c := &checker{
		Tx: t, report: report,
		numbers: make(map[ledger.AccountID]uint64),
		running: make(map[ledger.AccountID]*ledger.Balance),
		days:    make(map[string]*ledger.Balance),
		held:    make(map[string]int),
	}
	whole, err := c.journal(ctx)
	if err != nil {
		return err
	}
	if whole {
		c.sums()
		c.strays()
	}
	c.layout()
	return c.records(ctx)
}

// checker compares what a transaction sees with its journal.
type checker struct {
	*Tx
	report  func(ledger.Finding)
	numbers map[ledger.AccountID]uint64
	running map[ledger.AccountID]*ledger.Balance
	days    map[string]*ledger.Balance // by dayKey
	held    map[string]int             // by bucket: pairs that the journal accounts for
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
	for e, err := range c.Items(ctx, 0) {
		if err != nil {
			return false, c.unreadable(ctx, err)
		}
		if e.Seq != last+1 || e.Seq > head.Seq {
			c.find("journal", fmt.Sprintf("items 1 to %d, each once", head.Seq), fmt.Sprintf("item %d behind item %d", e.Seq, last))
		}
		last = e.Seq
		if err := c.item(e); err != nil {
			return false, c.unreadable(ctx, err)
		}
	}
	if last < head.Seq {
		c.find("journal", fmt.Sprintf("items 1 to %d, each once", head.Seq), fmt.Sprintf("items up to %d", last))
	}
	return true, nil
}

func (c *checker) unreadable(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		c.find("indexes", "a readable head, journal and accounts to compare with", err.Error())
	}
	return ctx.Err()
}

// pair looks for one pair of an index.
func (c *checker) pair(bucket, key, want []byte, place string, seq uint64) {
	found, value := c.bucket(bucket).Cursor().Seek(key)
	if !bytes.Equal(found, key) {
		c.find(place, fmt.Sprintf("item %d", seq), "nothing")
		return
	}
	c.held[string(bucket)]++
	if !bytes.Equal(value, want) {
		c.find(place, fmt.Sprintf("item %d: %x", seq, want), fmt.Sprintf("%x", value))
	}
}

func (c *checker) item(e *ledger.Booked) error {
	if e.Key != "" {
		c.pair(bucketKeys, []byte(e.Key), be(e.Seq), fmt.Sprintf("key %q", e.Key), e.Seq)
	}
	if e.Reference != "" {
		c.pair(bucketReferences, referenceKey(e.Reference, e.Seq), nil, fmt.Sprintf("reference %q", e.Reference), e.Seq)
	}
	if !e.IsEntry() {
		return nil
	}
	for i, p := range e.Postings {
		id, no := p.ID(), c.numbers[p.ID()]
		if c.running[id] == nil {
			c.running[id] = &ledger.Balance{}
		}
		day := string(dayKey(no, e.ValueDate))
		if c.days[day] == nil {
			c.days[day] = &ledger.Balance{}
		}
		if err := errors.Join(c.running[id].Add(p), c.days[day].Add(p)); err != nil {
			return err
		}
		if touches(e.Postings[i+1:], id) {
			continue
		}
		c.pair(bucketMovements, movementKey(no, e.Seq), encodeTotals(*c.running[id]), "movements of "+id.String(), e.Seq)
		c.pair(bucketDated, datedKey(no, e.ValueDate, e.Seq), nil, "dated movements of "+id.String(), e.Seq)
	}
	return nil
}

// sums compares what is kept of each day.
func (c *checker) sums() {
	for key, day := range c.days {
		have := c.bucket(bucketDays).Get([]byte(key))
		if have != nil {
			c.held[string(bucketDays)]++
		}
		if !bytes.Equal(have, encodeTotals(*day)) {
			no, on := binary.BigEndian.Uint64([]byte(key)), decodeDay(binary.BigEndian.Uint32([]byte(key)[8:]))
			c.find(fmt.Sprintf("sums of account %d on %s", no, on), fmt.Sprintf("debits %s, credits %s", day.Debits, day.Credits), fmt.Sprintf("%x", have))
		}
	}
}

// strays names pairs of the indexes that no item accounts for.
func (c *checker) strays() {
	head, err := c.Head(context.Background())
	if err != nil {
		return // it was read a moment ago
	}
	c.held[string(bucketHashes)] = int(ledger.LogSize(head.Blocks))
	for _, index := range []struct {
		bucket []byte
		belong func(key []byte) bool
	}{
		{bucketKeys, c.keyBelongs},
		{bucketReferences, c.referenceBelongs},
		{bucketMovements, func(key []byte) bool { return len(key) == movementKeyBytes && c.touched(key, nil) }},
		{bucketDated, func(key []byte) bool { return len(key) == datedKeyBytes && c.touched(key, key[8:12]) }},
		{bucketDays, func(key []byte) bool { return c.days[string(key)] != nil }},
		{bucketHashes, func(key []byte) bool {
			return len(key) == 8 && binary.BigEndian.Uint64(key) < uint64(ledger.LogSize(head.Blocks))
		}},
	} {
		if c.count(index.bucket) == c.held[string(index.bucket)] {
			continue
		}
		for key := range scan(c.bucket(index.bucket), nil, nil) {
			if !index.belong(key) {
				c.find(fmt.Sprintf("%s %q", index.bucket, key), "nothing", "one that no item makes")
			}
		}
	}
}

// layout names pairs and buckets that nobody looks at, where something else
// should be.
func (c *checker) layout() {
	known := func(names ...[]byte) func([]byte) bool {
		return func(key []byte) bool {
			return slices.ContainsFunc(names, func(n []byte) bool { return bytes.Equal(n, key) })
		}
	}
	for _, place := range []struct {
		name   string
		bucket *bbolt.Bucket
		belong func(key []byte) bool
	}{
		{"bucket", c.root, known(buckets()...)},
		{"meta", c.bucket(bucketMeta), func(key []byte) bool {
			return known(keyFormat, keyHead)(key) || bytes.HasPrefix(key, []byte(recordSumPrefix))
		}},
		{"blocks", c.bucket(bucketBlocks), func(key []byte) bool { return len(key) == 8 }},
		{"journal", c.bucket(bucketJournal), func(key []byte) bool { return len(key) == 8 }},
		{"records", c.bucket(bucketRecords), func(key []byte) bool { return c.bucket(bucketRecords).Bucket(key) != nil }},
	} {
		for key := range scan(place.bucket, nil, nil) {
			if !place.belong(key) {
				c.find(fmt.Sprintf("%s %q", place.name, key), "nothing", "something that no program of this format writes")
			}
		}
	}
}

func (c *checker) count(bucket []byte) (n int) {
	for range scan(c.bucket(bucket), nil, nil) {
		n++
	}
	return n
}

func (c *checker) keyBelongs(key []byte) bool {
	_, err := c.itemByKey(string(key))
	return err == nil
}

func (c *checker) referenceBelongs(key []byte) bool {
	n := len(key) - 9
	if n < 0 {
		return false
	}
	pages := pageReader{tx: c.Tx}
	e, err := pages.entry(binary.BigEndian.Uint64(key[n+1:]))
	return err == nil && e.Reference == string(key[:n])
}

// touched tells whether the entry a key of an account ends with touches that
// account, and has the value date if one is given.
func (c *checker) touched(key, day []byte) bool {
	pages := pageReader{tx: c.Tx}
	e, err := pages.entry(binary.BigEndian.Uint64(key[len(key)-8:]))
	if err != nil || !e.IsEntry() || day != nil && !bytes.Equal(day, dayKey(0, e.ValueDate)[8:]) {
		return false
	}
	for _, p := range e.Postings {
		if no, known := c.numbers[p.ID()]; known && bytes.HasPrefix(key, be(no)) {
			return true
		}
	}
	return false
}

// records reads every record, and holds all of a kind against their sum. It
// reads on behind a bad one.
func (c *checker) records(ctx context.Context) error {
	kinds, sums := c.bucket(bucketRecords), make(map[string]recordSum)
	err := kinds.ForEachBucket(func(kind []byte) error {
		sum := recordSum{}
		for id, value := range scan(kinds.Bucket(kind), nil, nil) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			sum.put(id, value)
			ref := ledger.Ref{Kind: string(kind), ID: string(id)}
			if _, err := decodeRecord(ref, value); err != nil {
				c.find("record "+ref.String(), "a readable record", err.Error())
			}
		}
		sums[string(kind)] = sum
		return nil
	})
	if err != nil {
		return err
	}
	c.recordSums(sums)
	return nil
}

// recordSums compares the sums of what is there with those that are kept.
func (c *checker) recordSums(sums map[string]recordSum) {
	for key := range scan(c.bucket(bucketMeta), []byte(recordSumPrefix), nil) {
		if kind := string(key[len(recordSumPrefix):]); sums[kind] == (recordSum{}) {
			sums[kind] = recordSum{} // all of them may be gone
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		have := sums[kind]
		want, err := c.recordSum(kind)
		switch {
		case err != nil:
			c.find("records of kind "+kind, "a readable sum", err.Error())
		case want != have:
			c.find("records of kind "+kind, want.String(), have.String())
		}
	}
}
