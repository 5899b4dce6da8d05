package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
)

var (
	bucketRoot      = []byte("settlex")
	bucketMeta      = []byte("meta")      // format, head
	bucketBlocks    = []byte("blocks")    // first seq -> block header
	bucketJournal   = []byte("journal")   // first seq of a page -> entries
	bucketKeys      = []byte("keys")      // idempotency key -> seq
	bucketAccounts  = []byte("accounts")  // path 0 currency -> account
	bucketMovements = []byte("movements") // account number, seq -> nothing
	bucketRecords   = []byte("records")   // a bucket for each kind: id -> record

	keyFormat = []byte("format")
	keyHead   = []byte("head")
)

// Tx is a transaction of a bolt file. It implements ledger.Tx; on a read-only
// transaction Save fails.
type Tx struct {
	root  *bbolt.Bucket
	tx    *bbolt.Tx
	saved bool // something was written
}

// Wrap lets the ledger take part in the host's own transaction of a file it
// was attached to.
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
func (t *Tx) Load(_ context.Context, need *ledger.Need, s *ledger.State) error {
	for _, key := range need.Keys {
		entry, err := t.entryByKey(key)
		if err != nil {
			return err
		}
		s.PutKey(key, entry)
	}
	for _, id := range need.Accounts {
		account, err := t.account(id)
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
	return nil
}

// Save implements ledger.Tx. It writes nothing when the changes cannot be
// stored.
func (t *Tx) Save(_ context.Context, c *ledger.Changes) error {
	if !t.tx.Writable() {
		return bolterrors.ErrTxNotWritable
	}
	records, err := encodeRecords(c.Records)
	if err != nil {
		return err
	}
	t.saved = true
	if c.Block != nil {
		if err := t.saveBlock(c.Block); err != nil {
			return err
		}
		if err := t.index(c); err != nil {
			return err
		}
	}
	if err := t.saveRecords(c.Records, records); err != nil {
		return err
	}
	return t.bucket(bucketMeta).Put(keyHead, encodeHead(c.Head))
}

// index writes what is derived from the block: keys, accounts, movements.
func (t *Tx) index(c *ledger.Changes) error {
	numbers := make(map[ledger.AccountID]uint64, len(c.Accounts))
	accounts := t.bucket(bucketAccounts)
	for _, a := range c.Accounts {
		numbers[a.AccountID] = a.No
		if err := accounts.Put(accountKey(a.AccountID), encodeAccount(a)); err != nil {
			return fmt.Errorf("account %s: %w", a.AccountID, err)
		}
	}
	keys, movements := t.bucket(bucketKeys), t.bucket(bucketMovements)
	for _, e := range c.Block.Entries {
		if err := keys.Put([]byte(e.Key), be(e.Seq)); err != nil {
			return fmt.Errorf("key %q: %w", e.Key, err)
		}
		for i := range e.Postings {
			if err := movements.Put(movementKey(numbers[e.Postings[i].ID()], e.Seq), []byte{}); err != nil {
				return fmt.Errorf("movement of %s: %w", e.Postings[i].ID(), err)
			}
		}
	}
	return nil
}

func (t *Tx) account(id ledger.AccountID) (*ledger.Account, error) {
	data := t.bucket(bucketAccounts).Get(accountKey(id))
	if data == nil {
		return nil, nil
	}
	return decodeAccount(id, data)
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
				account, err = decodeAccount(id, value)
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

// Movements implements ledger.Reader.
func (t *Tx) Movements(ctx context.Context, id ledger.AccountID, seq uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		account, err := t.account(id)
		if account == nil || err != nil {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		pages := pageReader{tx: t}
		prefix := be(account.No)
		for key := range scan(t.bucket(bucketMovements), prefix, be(seq)) {
			if len(key) != movementKeyBytes {
				yield(nil, fmt.Errorf("%w: movement key %x", ledger.ErrCorrupt, key))
				return
			}
			entry, err := pages.entry(binary.BigEndian.Uint64(key[8:]))
			if err == nil {
				err = ctx.Err()
			}
			if !yield(entry, err) || err != nil {
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

const movementKeyBytes = 16

func movementKey(account, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(be(account), seq)
}

func be(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 16), n) }
