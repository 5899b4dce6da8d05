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
	bucketRoot       = []byte("settlex")
	bucketMeta       = []byte("meta")       // format, head
	bucketBlocks     = []byte("blocks")     // first seq -> block header
	bucketHashes     = []byte("hashes")     // index -> hash of the Merkle log
	bucketJournal    = []byte("journal")    // first seq of a page -> entries
	bucketKeys       = []byte("keys")       // idempotency key -> seq
	bucketAccounts   = []byte("accounts")   // path 0 currency -> account
	bucketMovements  = []byte("movements")  // account number, seq -> totals after it
	bucketDated      = []byte("dated")      // account number, value date, seq -> nothing
	bucketDays       = []byte("days")       // account number, value date -> what its entries add up to
	bucketReferences = []byte("references") // reference 0 seq -> nothing
	bucketRecords    = []byte("records")    // a bucket for each kind: id -> record

	keyFormat = []byte("format")
	keyHead   = []byte("head")
)

// Tx is a transaction of a bolt file. It implements ledger.Tx; on a read-only
// transaction Save fails.
type Tx struct {
	root    *bbolt.Bucket
	tx      *bbolt.Tx
	saved   []*ledger.Changes // in this transaction
	spoiled bool              // a write failed half-way
	cache   *cache            // nil: a transaction of the host's, or of a reader
}

// Wrap lets the ledger take part in the host's own transaction of a file it
// was attached to: give it to PostTx, ExecuteTx or DoTx, or read through it.
// Ending the transaction is the host's business. A read-only transaction takes
// no writes.
func Wrap(tx *bbolt.Tx) *Tx { return &Tx{root: tx.Bucket(bucketRoot), tx: tx} }

func (t *Tx) bucket(name []byte) *bbolt.Bucket { return t.root.Bucket(name) }

// Head implements ledger.Reader.
func (t *Tx) Head(context.Context) (ledger.Head, error) {
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
	for _, key := range need.Keys {
		entry, err := t.itemByKey(key)
		if err != nil {
			return err
		}
		s.PutKey(key, entry)
	}
	for _, id := range need.Accounts {
		account, err := t.cachedAccount(id)
		if err != nil {
			return err
		}
		s.PutAccount(id, account)
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
	if account, err := t.account(root); account != nil || err != nil {
		ids = append(ids, root)
		if err != nil {
			return nil, err
		}
	}
	for account, err := range t.Accounts(ctx, tree.Root+"/") {
		if err != nil {
			return nil, err
		}
		if tree.Holds(account.AccountID) {
			ids = append(ids, account.AccountID)
		}
	}
	return ids, nil
}

// Accounts implements ledger.Reader.
func (t *Tx) Accounts(ctx context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for key, value := range scan(t.bucket(bucketAccounts), []byte(prefix), nil) {
			id, err := decodeAccountKey(key)
			if err == nil {
				err = ctx.Err()
			}
			var account *ledger.Account
			if err == nil {
				account, err = ledger.DecodeAccount(id, value)
			}
			if err != nil {
				yield(ledger.Account{}, err)
				return
			}
			if !yield(*account, nil) {
				return
			}
		}
	}
}

// scan yields the pairs whose key starts with prefix, from prefix+from on.
// Slices are valid until the transaction ends.
func scan(b *bbolt.Bucket, prefix, from []byte) iter.Seq2[[]byte, []byte] {
	return scanFrom(b, prefix, append(bytes.Clone(prefix), from...))
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
