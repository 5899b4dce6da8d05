package bolt_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt"
)

// inTx is a store that reads what a transaction of the test's has not
// committed yet.
type inTx struct {
	ledger.Store
	tx *bbolt.Tx
}

func (s inTx) Read(_ context.Context, fn func(ledger.Reader) error) error { return fn(bolt.Wrap(s.tx)) }

// FuzzStoredBytes plants anything anywhere: reading it is an error or a
// finding, unless it is what was there, and never a panic.
func FuzzStoredBytes(f *testing.F) {
	buckets := []string{"accounts", "keys", "movements", "journal", "blocks", "records", "meta"}
	h := damaged(f)
	for i, bucket := range buckets {
		if bucket == "records" {
			bucket = "records/merchant"
		}
		for key, value := range pairs(f, h, bucket) {
			f.Add(uint8(i), []byte(key), []byte(value))
			f.Add(uint8(i), []byte(key), []byte{})
		}
	}
	before := h.dump(f)
	f.Fuzz(func(t *testing.T, bucket uint8, key, value []byte) {
		tx, err := h.db.Begin(true)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		name := buckets[int(bucket)%len(buckets)]
		b := tx.Bucket([]byte("settlex")).Bucket([]byte(name))
		if name == "records" {
			b = b.Bucket([]byte("merchant"))
			name = "records/merchant"
		}
		stored, there := before[fmt.Sprintf("settlex/%s/%x", name, key)]
		same := there && stored == hex.EncodeToString(value)
		if err := b.Put(key, value); err != nil || name == "meta" && string(key) != "head" {
			return // not a key for bbolt, or nobody's
		}
		books, err := ledger.New(inTx{tx: tx}, config(t))
		if err != nil {
			t.Fatal(err)
		}
		v, err := books.Verify(t.Context())
		switch {
		case err != nil && !errors.Is(err, ledger.ErrCorrupt):
			t.Error(err)
		case err == nil && len(v.Findings) == 0 && !same && !harmless(name, key, value):
			t.Errorf("%x in %s/%q is not found", value, name, key)
		case same && (err != nil || len(v.Findings) > 0):
			t.Errorf("what was there is found: %+v, %v", v, err)
		}
		for _, account := range []string{bank, available} {
			for _, err := range books.Lines(t.Context(), account, inr(), ledger.Span{}) {
				if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
					t.Error(err)
				}
			}
		}
		_, err = books.PostTx(t.Context(), bolt.Wrap(tx), sale("s1", 500), sale("new", 1))
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) && !errors.Is(err, ledger.ErrKeyConflict) && !errors.Is(err, ledger.ErrInsufficientFunds) && !errors.Is(err, money.ErrOverflow) {
			t.Error(err)
		}
	})
}

// harmless is what may be written without doing damage: a record, and anything
// behind a movement, where nobody looks.
func harmless(bucket string, key, value []byte) bool {
	var m payment.Merchant
	n := len(value) - 4
	return bucket == "movements" || bucket == "records/merchant" && n > 0 && json.Unmarshal(value[:n], &m) == nil && m.ID == string(key)
}
