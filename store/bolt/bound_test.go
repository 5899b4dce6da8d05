package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/store/bolt"
)

// What is appended is there, in order, in values that fill their pages.
func TestBound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bound.db")
	bound, err := bolt.OpenBound(path)
	if err != nil {
		t.Fatal(err)
	}
	var batch [][]byte
	want := []byte("one row")
	for i := range 100 {
		row := bytes.Repeat([]byte{byte(i)}, 130)
		batch, want = append(batch, row), append(want, row...)
	}
	if err := errors.Join(bound.Update([]byte("one row")), bound.Append(batch), bound.Close()); err != nil {
		t.Fatal(err)
	}

	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got []byte
	var lengths []int
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("bound")).ForEach(func(k, v []byte) error {
			if n := binary.BigEndian.Uint64(k); n != uint64(len(lengths)+1) {
				t.Errorf("value %d has key %d", len(lengths), n)
			}
			got, lengths = append(got, v...), append(lengths, len(v))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%d bytes are there, want %d and the same", len(got), len(want))
	}
	// 30 rows of 130 bytes are the last to fit into 4,000.
	if diff := cmp.Diff([]int{7, 3900, 3900, 3900, 1300}, lengths); diff != "" {
		t.Errorf("lengths of values (-want +got):\n%s", diff)
	}

	if _, err := bolt.OpenBound(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("opened over a file: %v", err)
	}
}

// Used counts neither what a file was extended by nor what is free in it.
func TestUsed(t *testing.T) {
	t.Parallel()
	store, err := bolt.Open(filepath.Join(t.TempDir(), "ledger.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	used, err := store.Used()
	if stats := store.Stats(); err != nil || used <= 0 || used+stats.Free+stats.Pending > stats.File {
		t.Errorf("used %d of %+v, %v", used, stats, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Used(); err == nil {
		t.Error("of a closed store")
	}
}
