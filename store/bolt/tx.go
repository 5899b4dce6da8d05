package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

var (
	bucketRoot     = []byte("settlex")
	bucketMeta     = []byte("meta")     // format, head, number of events, list of runs, sums of records
	bucketHashes   = []byte("hashes")   // index -> hash of the Merkle log
	bucketJournal  = []byte("journal")  // first seq of a page -> items
	bucketAccounts = []byte("accounts") // path 0 currency -> account, but for the totals of its postings
	bucketRuns     = []byte("runs")     // a bucket for each run: family, first pair of a page -> pairs
	bucketRecords  = []byte("records")  // a bucket for each kind: id -> record
	bucketEvents   = []byte("events")   // number -> event

	keyFormat = []byte("format")
	keyHead   = []byte("head")
	keyRuns   = []byte("runs")
	keyEvents = []byte("events")
)

// Tx is a transaction of a bolt file. It implements ledger.Tx; on a read-only
// transaction Save fails.
type Tx struct {
	root   *bbolt.Bucket
	tx     *bbolt.Tx
	memory *memory // nil: nobody attached the ledger to the file
	ours   bool    // not the host's: the memory is told when it is committed

	seen    *view     // for the head it names
	hashes  []keyHash // of the keys that were looked for, in that order
	spoiled bool      // a write failed half-way
}

// Wrap lets the ledger take part in the host's own transaction of a file it
// was attached to: give it to PostTx, ExecuteTx or DoTx, or read through it.
// Ending the transaction is the host's business. A read-only transaction takes
// no writes.
func Wrap(tx *bbolt.Tx) *Tx {
	return &Tx{root: tx.Bucket(bucketRoot), tx: tx, memory: memoryOf(tx.DB())}
}

func (t *Tx) bucket(name []byte) *bbolt.Bucket { return t.root.Bucket(name) }

// Heads implements ledger.Reader: there is one lane.
func (t *Tx) Heads(context.Context) ([]ledger.Head, error) {
	head, err := t.end()
	if err != nil {
		return nil, err
	}
	return []ledger.Head{head}, nil
}

// Lock implements ledger.Tx: there is one writer at a time.
func (t *Tx) Lock(context.Context, ...ledger.Ref) error { return nil }

// head is the end of the journal; see end.
func (t *Tx) head() (ledger.Head, error) {
	if t.root == nil {
		return ledger.Head{}, fmt.Errorf("bucket %q is missing: attach the ledger to the file first", bucketRoot)
	}
	data := t.bucket(bucketMeta).Get(keyHead)
	if data == nil {
		return ledger.Head{}, nil
	}
	return decodeHead(data)
}

// Load implements ledger.Reader.
func (t *Tx) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	if t.spoiled {
		return errSpoiled
	}
	if err := t.loadKeys(need.Keys, s); err != nil {
		return err
	}
	head, err := t.end()
	if err != nil {
		return err
	}
	s.PutHead(head)
	for _, ids := range [][]ledger.AccountID{need.Moved, need.Accounts} {
		if err := t.loadAccounts(ids, s); err != nil {
			return err
		}
	}
	for _, ref := range need.Records {
		record, err := t.record(ref)
		if err != nil {
			return err
		}
		s.PutRecord(ref, record)
	}
	return t.loadStandings(ctx, need, s)
}

// loadStandings brings what assertions look at.
func (t *Tx) loadStandings(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	for _, standing := range need.Standings {
		balance, err := t.BalanceOn(ctx, standing.AccountID, standing.On)
		if err != nil {
			return err
		}
		s.PutStanding(standing, balance)
	}
	for _, tree := range need.Trees {
		ids, err := t.tree(ctx, tree)
		if err != nil {
			return err
		}
		s.PutTree(tree, ids)
	}
	return nil
}

// tree lists the accounts of a tree.
func (t *Tx) tree(ctx context.Context, tree ledger.Tree) (ids []ledger.AccountID, err error) {
	root := ledger.AccountID{Path: tree.Root, Currency: tree.Currency}
	if t.bucket(bucketAccounts).Get(accountKey(root)) != nil {
		ids = append(ids, root)
	}
	for key := range scan(t.bucket(bucketAccounts), []byte(tree.Root+"/")) {
		id, err := decodeAccountKey(key)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if tree.Holds(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// scan yields the pairs whose key starts with prefix. Slices are valid until the
// transaction ends.
func scan(b *bbolt.Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return scanFrom(b, prefix, prefix)
}

// scanFrom yields the pairs whose key starts with prefix, from start on.
func scanFrom(b *bbolt.Bucket, prefix, start []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := b.Cursor()
		for k, v := c.Seek(start); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}

func be(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 24), n) }
