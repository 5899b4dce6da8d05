package settlex_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// damaged is a house with a batch of m1 whose position was changed behind the
// ledger's back, with a checksum that fits.
func damaged(t *testing.T, change func(*payment.Position)) *house {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	store := bolttest.OpenFile(t, path)
	h := on(t, store, oneRegion())
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"))
	h.settle(ist("2026-03-02 12:00"))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	p := payment.Position{Merchant: "m1", Currency: inr()}
	change(&p)
	value, err := json.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	value = binary.BigEndian.AppendUint32(value, crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli)))
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("settlex")).Bucket([]byte("records")).Bucket([]byte(payment.PositionRecord)).Put([]byte(p.Ref().ID), value)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return on(t, bolttest.OpenFile(t, path), oneRegion())
}

// Verify proves the ledger and the batches on it, and names what is wrong.
func TestVerify(t *testing.T) {
	t.Parallel()
	h := damaged(t, func(p *payment.Position) { p.Unassigned = money.Minor(1) })
	v, err := h.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The store says that a record is not what was saved, settlement what is wrong with it: it has forgotten the hold, too.
	if len(v.Findings) != 3 || v.Findings[0].Place != "records of kind position" {
		t.Fatalf("findings %v, want the store's and settlement's", v.Findings)
	}
	want := ledger.Finding{Place: "position m1/INR", Want: "movements in no batch 0", Have: "1"}
	if diff := cmp.Diff(want, v.Findings[1]); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
	if v.Entries != 5 || v.Accounts == 0 {
		t.Errorf("looked at %d entries and %d accounts", v.Entries, v.Accounts)
	}
	if !errors.Is(v.Err(), ledger.ErrCorrupt) {
		t.Errorf("error %v", v.Err())
	}
}
