package bolt

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/bits"
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

// Check implements ledger.Reader: the journal must hold every item once, every
// run must be exactly what its items say, and every record must be readable.
// Memory grows with the number of accounts, and of the days each has entries on;
// with that of a run's items too when the run is not what it should be.
func (t *Tx) Check(ctx context.Context, report func(ledger.Finding)) error {
	c := &checker{Tx: t, report: report, numbers: make(map[ledger.AccountID]uint64), totals: make(map[uint64]*ledger.Balance)}
	if err := c.journal(ctx); err != nil {
		return err
	}
	c.layout()
	c.unfinished()
	c.hashes()
	return c.records(ctx)
}

// checker compares what a transaction sees with its journal.
type checker struct {
	*Tx
	report  func(ledger.Finding)
	numbers map[ledger.AccountID]uint64
	totals  map[uint64]*ledger.Balance // of each account, so far
}

func (c *checker) find(place, want, have string) {
	c.report(ledger.Finding{Place: place, Want: want, Have: have})
}

func (c *checker) unreadable(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		c.find("indexes", "a readable head, journal and accounts to compare with", err.Error())
	}
	return ctx.Err()
}

// journal walks the journal, and compares the runs with it as it passes them.
// When something it goes by cannot be read, there is nothing to compare with.
func (c *checker) journal(ctx context.Context) error {
	for key, value := range scan(c.bucket(bucketAccounts), nil) {
		id, err := decodeAccountKey(key)
		var account *ledger.Account
		if err == nil {
			account, err = decodeAccount(id, value)
		}
		if err != nil {
			return c.unreadable(ctx, err)
		}
		c.numbers[id] = account.No
	}
	head, err := c.head()
	if err != nil {
		return c.unreadable(ctx, err)
	}
	runs, err := c.runs()
	if err != nil {
		c.find("runs", "a readable list", err.Error())
		runs = nil
	}
	if last := flushed(runs); last > head.Seq {
		c.find("runs", fmt.Sprintf("items up to %d", head.Seq), fmt.Sprintf("items up to %d", last))
	}
	next, stop := iter.Pull2(c.items(ctx))
	defer stop()
	walk := &journalWalk{checker: c, head: head, next: next}
	for _, r := range runs {
		if err := walk.run(r); err != nil {
			return c.unreadable(ctx, err)
		}
	}
	if err := walk.to(math.MaxUint64, nil); err != nil {
		return c.unreadable(ctx, err)
	}
	if walk.last < head.Seq {
		c.find("journal", fmt.Sprintf("items 1 to %d, each once", head.Seq), fmt.Sprintf("items up to %d", walk.last))
	}
	return nil
}

// items yields the items of the journal, and compares the leaf that is stored
// with each block.
func (c *checker) items(ctx context.Context) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for block, err := range c.blocks(ctx, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			if leaf := block.Leaf(); leaf != block.leaf {
				c.find(fmt.Sprintf("block of items %d to %d", block.First(), block.Last()), "leaf "+leaf.String(), block.leaf.String())
			}
			for _, item := range block.Items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// journalWalk goes through the journal once.
type journalWalk struct {
	*checker
	head ledger.Head
	last uint64 // seq of the last item
	next func() (*ledger.Booked, error, bool)
}

// to goes up to an item and gives what each means for the indexes.
func (w *journalWalk) to(seq uint64, each func(*gathered) error) error {
	for w.last < seq {
		item, err, more := w.next()
		if !more || err != nil {
			return err
		}
		if item.Seq != w.last+1 || item.Seq > w.head.Seq {
			w.find("journal", fmt.Sprintf("items 1 to %d, each once", w.head.Seq), fmt.Sprintf("item %d behind item %d", item.Seq, w.last))
		}
		w.last = item.Seq
		g := &gathered{}
		if err := g.item(item, w.account); err != nil {
			return err
		}
		if each != nil {
			if err := each(g); err != nil {
				return err
			}
		}
	}
	return nil
}

// account gives an account's number and totals for the next item.
func (c *checker) account(id ledger.AccountID) (uint64, *ledger.Balance, error) {
	no := c.numbers[id] // 0 is nobody's
	if c.totals[no] == nil {
		c.totals[no] = &ledger.Balance{}
	}
	return no, c.totals[no], nil
}

// run compares a run with its items: first sums over all pairs, and if these
// differ pair by pair.
func (w *journalWalk) run(r run) error {
	before := make(map[uint64]ledger.Balance, len(w.totals))
	for no, b := range w.totals {
		before[no] = *b
	}
	want := newPairSums()
	e := &expected{put: want.add}
	if err := w.to(r.last, e.item); err != nil {
		return err
	}
	if err := e.end(); err != nil {
		return err
	}
	have := newPairSums()
	if err := w.pairsOf(r, func(f family, p pair) error { have.add(f, p); return nil }); err != nil {
		w.find(fmt.Sprintf("run %d", r.id), fmt.Sprintf("readable indexes of items %d to %d", r.first, r.last), err.Error())
		return nil
	}
	if *want == *have && have.count() == r.pairs {
		return nil
	}
	if have.count() != r.pairs {
		w.find(fmt.Sprintf("run %d", r.id), fmt.Sprintf("%d pairs, as the list of runs says", r.pairs), fmt.Sprintf("%d", have.count()))
	}
	return w.compare(r, before)
}

// pairsOf gives all pairs of a run, which must be in order.
func (t *Tx) pairsOf(r run, each func(family, pair) error) error {
	bucket, err := t.runBucket(r)
	if err != nil {
		return err
	}
	in, last := family(0), pair{}
	for key, value := range scan(bucket, nil) {
		page := openPage(key, value)
		for page.next() {
			if page.family < familyKeys || page.family > lastFamily || page.family < in || page.family == in && last.compare(page.pair) >= 0 {
				return corrupt("%s %d, %d are out of order", page.family, page.a, page.b)
			}
			in, last = page.family, pair{a: page.a, b: page.b}
			if err := each(page.family, page.pair); err != nil {
				return err
			}
		}
		if page.err != nil {
			return page.err
		}
	}
	return nil
}

// compare names the pairs by which a run differs from its items, which it reads
// again.
func (w *journalWalk) compare(r run, before map[uint64]ledger.Balance) error {
	type place struct {
		f    family
		a, b uint64
	}
	want := make(map[place]string)
	e := &expected{put: func(f family, p pair) { want[place{f, p.a, p.b}] = string(p.note) }}
	again := &journalWalk{checker: &checker{Tx: w.Tx, report: func(ledger.Finding) {}, numbers: w.numbers, totals: make(map[uint64]*ledger.Balance)}, head: w.head, last: r.first - 1}
	for no, b := range before {
		again.totals[no] = &b
	}
	next, stop := iter.Pull2(w.Items(context.Background(), 0, r.first))
	defer stop()
	again.next = next
	if err := again.to(r.last, e.item); err != nil {
		return err
	}
	if err := e.end(); err != nil {
		return err
	}
	err := w.pairsOf(r, func(f family, p pair) error {
		at := place{f, p.a, p.b}
		note, ok := want[at]
		delete(want, at)
		switch {
		case !ok:
			w.find(w.pairPlace(r, f, p), "nothing", "one that no item makes")
		case note != string(p.note):
			w.find(w.pairPlace(r, f, p), noteText(note), noteText(string(p.note)))
		}
		return nil
	})
	for _, at := range slices.SortedFunc(maps.Keys(want), func(p, q place) int {
		return cmp.Or(cmp.Compare(p.f, q.f), cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	}) {
		note := want[at]
		w.find(w.pairPlace(r, at.f, pair{a: at.a, b: at.b}), noteText(note), "nothing")
	}
	return err
}

// pairPlace names a pair of a run for people.
func (w *journalWalk) pairPlace(r run, f family, p pair) string {
	of := fmt.Sprintf("hash %010x", p.a)
	if f >= familyMovements {
		of = fmt.Sprintf("account %d", p.a)
		for id, no := range w.numbers {
			if no == p.a {
				of = id.String()
			}
		}
	}
	at := fmt.Sprintf("item %d", p.b)
	switch f {
	case familyDated:
		at = fmt.Sprintf("item %d on %s", placeSeq(p.b), decodeDay(uint32(placeDay(p.b)))) //nolint:gosec // cut off above
	case familySums:
		at = decodeDay(uint32(p.b)).String() //nolint:gosec // what is beyond is no date
	}
	return fmt.Sprintf("run %d, %s of %s, %s", r.id, f, of, at)
}

func noteText(note string) string {
	if note == "" {
		return "there"
	}
	b, err := decodeNote([]byte(note))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("debits %s, credits %s", b.Debits, b.Credits)
}

// expected gives the pairs of a run, in no order.
type expected struct {
	put   func(family, pair)
	moves map[uint64]ledger.Balance             // by account: totals after the last one, which keeps them
	sums  map[uint64]map[uint64]*ledger.Balance // by account, day
}

func (e *expected) item(g *gathered) error {
	if e.moves == nil {
		e.moves, e.sums = make(map[uint64]ledger.Balance), make(map[uint64]map[uint64]*ledger.Balance)
	}
	for _, k := range g.keys {
		e.put(familyKeys, pair{a: k.hash, b: k.seq})
	}
	for _, k := range g.references {
		e.put(familyReferences, pair{a: k.hash, b: k.seq})
	}
	for i := range g.moves {
		m, place := &g.moves[i], g.spots[i].place
		e.put(familyDated, pair{a: m.account, b: place})
		if before, ok := e.moves[m.account]; ok {
			e.move(m.account, &before, isMark(m.account, before.Seq))
		}
		e.moves[m.account] = ledger.Balance{Debits: m.debits, Credits: m.credits, Seq: placeSeq(place)}
		days := e.sums[m.account]
		if days == nil {
			days = make(map[uint64]*ledger.Balance)
			e.sums[m.account] = days
		}
		day := placeDay(place)
		if days[day] == nil {
			days[day] = &ledger.Balance{}
		}
		if err := days[day].Add(ledger.Posting{Side: m.side, Amount: m.amount}); err != nil {
			return err
		}
	}
	return nil
}

func (e *expected) move(account uint64, totals *ledger.Balance, noted bool) {
	p := pair{a: account, b: totals.Seq}
	if noted {
		p.note = encodeNote(nil, totals)
	}
	e.put(familyMovements, p)
}

// end gives what is known behind the last item.
func (e *expected) end() error {
	for account, totals := range e.moves {
		e.move(account, &totals, true)
	}
	for account, days := range e.sums {
		for day, sum := range days {
			e.put(familySums, pair{a: account, b: day, note: encodeNote(nil, sum)})
		}
	}
	return nil
}

// pairSums adds up the hashes of pairs, so that lists of any order compare.
type pairSums [lastFamily + 1]struct {
	n   uint64
	sum [2]uint64
}

func newPairSums() *pairSums { return new(pairSums) }

func (s *pairSums) add(f family, p pair) {
	data := append(pairKey(f, p), p.note...)
	hash := sha256.Sum256(data)
	of := &s[f]
	of.n++
	var carry uint64
	of.sum[0], carry = bits.Add64(of.sum[0], binary.BigEndian.Uint64(hash[:8]), 0)
	of.sum[1], _ = bits.Add64(of.sum[1], binary.BigEndian.Uint64(hash[8:16]), carry)
}

func (s *pairSums) count() (n uint64) {
	for i := range s {
		n += s[i].n
	}
	return n
}

// layout names pairs and buckets that nobody looks at, where something else
// should be.
func (c *checker) layout() {
	head, err := c.head()
	if err != nil {
		return // it is named already
	}
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
			return known(keyFormat, keyHead, keyRuns, keyEvents)(key) || bytes.HasPrefix(key, []byte(recordSumPrefix))
		}},
		{"hashes", c.bucket(bucketHashes), func(key []byte) bool {
			return len(key) == 8 && idOf(key) < uint64(ledger.LogSize(head.Blocks))
		}},
		{"runs", c.bucket(bucketRuns), func(key []byte) bool { return len(key) == 8 && c.bucket(bucketRuns).Bucket(key) != nil }},
		{"journal", c.bucket(bucketJournal), func(key []byte) bool { return len(key) == 8 }},
		{"events", c.bucket(bucketEvents), func(key []byte) bool { return len(key) == 8 }},
		{"records", c.bucket(bucketRecords), func(key []byte) bool { return c.bucket(bucketRecords).Bucket(key) != nil }},
	} {
		for key := range scan(place.bucket, nil) {
			if !place.belong(key) {
				c.find(fmt.Sprintf("%s %q", place.name, key), "nothing", "something that no program of this format writes")
			}
		}
	}
}

// unfinished looks at the checksums of pages in buckets that are no runs: some
// job may go on with them.
func (c *checker) unfinished() {
	runs, err := c.runs()
	if err != nil {
		return // it is named already
	}
	for key := range scan(c.bucket(bucketRuns), nil) {
		bucket := c.bucket(bucketRuns).Bucket(key)
		if bucket == nil || len(key) != 8 || slices.ContainsFunc(runs, func(r run) bool { return r.id == idOf(key) }) {
			continue
		}
		for at, value := range scan(bucket, nil) {
			if page := openPage(at, value); page.err != nil {
				c.find(fmt.Sprintf("unfinished run %d", idOf(key)), "pages that fit their checksums", page.err.Error())
			}
		}
	}
}

// hashes compares hashes of the Merkle log that are written ahead of the run they
// go with: until it is finished those in memory are read.
func (c *checker) hashes() {
	v, err := c.view()
	if err != nil || len(v.tails) == 0 {
		return // it is named already
	}
	next := v.tails[0].log
	for key, value := range scanFrom(c.bucket(bucketHashes), nil, be(uint64(next))) { //nolint:gosec // it counts
		for _, tail := range v.tails {
			want, ok := tail.hash(next)
			if ok && (!bytes.Equal(key, be(uint64(next))) || !bytes.Equal(value, want[:])) { //nolint:gosec // it counts
				c.find(fmt.Sprintf("log hash %d", next), want.String(), fmt.Sprintf("%x under %x", value, key))
			}
		}
		next++
	}
}

// records reads every record, and holds all of a kind against their sum. It
// reads on behind a bad one.
func (c *checker) records(ctx context.Context) error {
	kinds, sums := c.bucket(bucketRecords), make(map[string]recordSum)
	err := kinds.ForEachBucket(func(kind []byte) error {
		sum := recordSum{}
		for id, value := range scan(kinds.Bucket(kind), nil) {
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
	for key := range scan(c.bucket(bucketMeta), []byte(recordSumPrefix)) {
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
