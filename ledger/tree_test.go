package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/settlex/settlex/ledger"
)

// mth is the Merkle tree hash of RFC 6962, section 2.1, word for word.
func mth(records [][]byte) [32]byte {
	switch len(records) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, records[0]...))
	}
	k := 1
	for 2*k < len(records) {
		k *= 2
	}
	left, right := mth(records[:k]), mth(records[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// A block's leaf is the tree over its items, whatever their number.
func TestLeaf(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 300; n++ {
		b := block(0, n)
		var canonical [][]byte
		for _, item := range b.Items {
			canonical = append(canonical, item.AppendCanonical(nil))
		}
		if got, want := b.Leaf(), mth(canonical); got != want {
			t.Errorf("the leaf over %d items is %x, want %x", n, got, want)
		}
		if got, want := b.Leaf(), tlogRoot(t, canonical); got != want {
			t.Errorf("the leaf over %d items is %v, package tlog says %v", n, got, want)
		}
		if b.First() != 1 || b.Last() != uint64(n) {
			t.Errorf("%d items are %d to %d", n, b.First(), b.Last())
		}
	}
}

// tlogRoot is the root that package tlog gives.
func tlogRoot(t *testing.T, records [][]byte) tlog.Hash {
	t.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = stored[at]
		}
		return out, nil
	})
	for i, record := range records {
		more, err := tlog.StoredHashes(int64(i), record, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(int64(len(records)), reader)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// block makes a block of n items behind a sequence.
func block(after, n int) *ledger.Block {
	b := &ledger.Block{}
	for i := range n {
		b.Items = append(b.Items, &ledger.Booked{Entry: sale(fmt.Sprint("k", after+i), 1), Act: ledger.Posted, Seq: uint64(after + i + 1), At: noon()})
	}
	return b
}

// The log over blocks is that of RFC 6962 at every size, and so are its roots
// of every earlier size.
func TestLog(t *testing.T) {
	t.Parallel()
	s := newMemory().snapshot()
	var leaves [][]byte
	for n := range 40 {
		b := block(len(s.items()), n%3+1)
		more, err := ledger.LogHashes(t.Context(), s, 0, uint64(n), b.Leaf())
		if err != nil {
			t.Fatal(err)
		}
		s.blocks, s.hashes = append(s.blocks, b), append(s.hashes, more...)
		if got := ledger.LogSize(uint64(n + 1)); got != int64(len(s.hashes)) {
			t.Errorf("%d hashes are stored for %d blocks, LogSize says %d", len(s.hashes), n+1, got)
		}
		leaf := b.Leaf()
		leaves = append(leaves, leaf[:])
	}
	for n := 0; n <= len(leaves); n++ {
		root, err := ledger.Root(t.Context(), s, 0, uint64(n))
		if want := mth(leaves[:n]); root != want || err != nil {
			t.Errorf("the root over %d blocks is %x, %v; want %x", n, root, err, want)
		}
	}
}

// What Verify derives by itself is the root a store's hashes give.
func TestVerifiedRoot(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	for n := range 70 {
		if n > 0 {
			mustPost(t, books, sale(fmt.Sprint("a", n), 1), sale(fmt.Sprint("b", n), 1))
		}
		want, err := ledger.Root(t.Context(), store.snapshot(), 0, uint64(n))
		if err != nil {
			t.Fatal(err)
		}
		v, err := books.Verify(t.Context())
		if err != nil || v.Err() != nil || v.Lanes[0].Root != want || v.Blocks != uint64(n) {
			t.Errorf("%d blocks have root %v, %v, %v; want %v", v.Blocks, v.Lanes[0].Root, err, v.Err(), want)
		}
	}
}

// An item is proved to be below its block's leaf, and nothing else is.
func TestProveItem(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 7, 8, 9} {
		b := block(0, n)
		for i, item := range b.Items {
			proof, err := b.ProveItem(i)
			if err != nil {
				t.Fatal(err)
			}
			hash := tlog.RecordHash(item.AppendCanonical(nil))
			if err := tlog.CheckRecord(proof, int64(n), b.Leaf(), int64(i), hash); err != nil {
				t.Errorf("item %d of %d: %v", i, n, err)
			}
			other := *item
			other.Reference = "x"
			if err := tlog.CheckRecord(proof, int64(n), b.Leaf(), int64(i), tlog.RecordHash(other.AppendCanonical(nil))); err == nil {
				t.Errorf("another item passes for item %d of %d", i, n)
			}
		}
		for _, i := range []int{-1, n} {
			if _, err := b.ProveItem(i); err == nil {
				t.Errorf("item %d of %d is proved", i, n)
			}
		}
	}
}

// A log whose hashes are gone cannot be continued.
func TestLogCutShort(t *testing.T) {
	t.Parallel()
	s := newMemory().snapshot()
	_, err := ledger.LogHashes(t.Context(), s, 0, 1, block(0, 1).Leaf())
	if err == nil || !strings.Contains(err.Error(), "no hash 0") {
		t.Errorf("error is %v", err)
	}
	if _, err := ledger.Root(t.Context(), s, 0, 2); err == nil {
		t.Error("there is a root")
	}
}
