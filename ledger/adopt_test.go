package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/storetest"
)

// blocksOf lists the blocks of a store.
func blocksOf(t *testing.T, store ledger.Store) (blocks []*ledger.Block) {
	t.Helper()
	err := store.Read(t.Context(), func(r ledger.Reader) error {
		for block, err := range r.Blocks(t.Context(), 0, 1) {
			if err != nil {
				return err
			}
			blocks = append(blocks, block)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// adopt adopts blocks in one transaction.
func adopt(t *testing.T, store ledger.Store, blocks ...*ledger.Block) error {
	t.Helper()
	return store.Write(t.Context(), func(tx ledger.Tx) error {
		for _, block := range blocks {
			if err := ledger.Adopt(t.Context(), tx, block); err != nil {
				return err
			}
		}
		return nil
	})
}

// lived is a store with three blocks, each of which needs the one before: a sale, a
// hold on its money, and its capture.
func lived(t *testing.T) ledger.Store {
	t.Helper()
	store := storetest.NewMemory()
	books := open(t, store)
	mustPost(t, books, sale("s1", 10000))
	hold := ledger.Hold{Key: "h1", Kind: "auth", Postings: transfer("", "", available, sales, 300).Postings}
	if _, err := books.Hold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	if _, err := books.Capture(t.Context(), ledger.Capture{Key: "c1", Hold: "h1", Kind: "capture", All: true}); err != nil {
		t.Fatal(err)
	}
	return store
}

// A journal that is adopted is the same journal, and the books go on.
func TestAdopt(t *testing.T) {
	t.Parallel()
	from, to := lived(t), storetest.NewMemory()
	blocks := blocksOf(t, from)
	if err := adopt(t, to, blocks...); err != nil {
		t.Fatal(err)
	}
	books := open(t, to) // verified in the end
	var want, have ledger.Hash
	read := func(store ledger.Store, root *ledger.Hash) {
		err := store.Read(t.Context(), func(r ledger.Reader) (err error) {
			*root, err = ledger.Root(t.Context(), r, 0, uint64(len(blocks)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read(from, &want)
	read(to, &have)
	wantDiff(t, "root", want, have)
	wantPosted(t, books, available, "97.00")
	if again := mustPost(t, books, sale("s1", 10000)); !again[0].Replayed {
		t.Error("a key that is taken was taken again")
	}
	mustPost(t, books, sale("s2", 1))
}

// What does not continue the journal is refused as a whole.
func TestAdoptRefuses(t *testing.T) {
	t.Parallel()
	blocks := blocksOf(t, lived(t))
	changed := func(block int, change func(*ledger.Booked)) []*ledger.Block {
		out := append([]*ledger.Block(nil), blocks[:block]...)
		item := *blocks[block].Items[0]
		change(&item)
		return append(out, &ledger.Block{Lane: item.Lane, Items: []*ledger.Booked{&item}})
	}
	tests := []struct {
		name   string
		blocks []*ledger.Block
		want   string
	}{
		{"a gap", blocks[1:], `adopt item 2 (held "h1"): stored data is corrupt: item 1 is next`},
		{"the same again", []*ledger.Block{blocks[0], blocks[0]}, `adopt item 1 (posted "s1"): stored data is corrupt: item 2 is next`},
		{"another lane", changed(0, func(b *ledger.Booked) { b.Lane = 3 }), `it is of lane 3, the store books in 0`},
		{"an earlier instant", changed(1, func(b *ledger.Booked) { b.At = b.At.Add(-time.Hour) }), `stored data is corrupt: it was booked at `},
		{"a key that is taken", changed(1, func(b *ledger.Booked) { b.Key = "s1" }), `adopt item 2 (held "s1"): stored data is corrupt: item 1 has its key already`},
		{"a hold that is not there", changed(2, func(b *ledger.Booked) {
			terms := *b.Terms
			terms.Of = "h2"
			b.Terms = &terms
		}), `adopt item 3 (captured "c1"): stored data is corrupt: hold "h2" is not open`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := storetest.NewMemory()
			err := adopt(t, to, tt.blocks...)
			if !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if left := blocksOf(t, to); len(left) > 0 {
				t.Errorf("%d blocks are there", len(left))
			}
		})
	}
}
