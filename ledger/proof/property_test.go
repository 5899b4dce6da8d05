package proof_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
)

// sizes draws how many items each block of a journal has.
func sizes(t *rapid.T) []int {
	return rapid.SliceOfN(rapid.IntRange(1, 9), 1, 24).Draw(t, "sizes")
}

// In any journal, every item that a checkpoint covers is provable under it, and
// under no checkpoint of another history.
func TestEveryItemProvable(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	rapid.Check(t, func(t *rapid.T) {
		ours := key(t, origin, 1)
		verifiers := known(t, ours)
		sizes := sizes(t)
		j, other := grown(t, "", sizes...), grown(t, "other", sizes...)
		covered := rapid.IntRange(1, len(sizes)).Draw(t, "covered")
		checkpoint := signed(t, j.upTo(covered), ours)
		for number, block := range j.blocks[:covered] {
			for _, item := range block.Items {
				data, err := proof.ProveInclusion(context.Background(), j, item.Seq, checkpoint)
				if err != nil {
					t.Fatal(err)
				}
				fact, err := proof.CheckInclusion(data, verifiers)
				if err != nil {
					t.Fatalf("item %d: %v", item.Seq, err)
				}
				if diff := cmp.Diff(item, fact.Item, cmpopts.EquateEmpty(), cmp.AllowUnexported(calendar.Date{})); diff != "" || fact.Block != uint64(number)+1 {
					t.Fatalf("block %d, not %d; item (-want +got):\n%s", fact.Block, number+1, diff)
				}
			}
		}
		if _, err := proof.ProveInclusion(context.Background(), other, 1, checkpoint); !errors.Is(err, proof.ErrDiverged) {
			t.Fatalf("proved in another history: %v", err)
		}
		forged := exchange(t, j, other, covered, ours)
		if _, err := proof.CheckInclusion(forged, verifiers); !errors.Is(err, proof.ErrProof) {
			t.Fatalf("an item of another history was accepted: %v", err)
		}
	})
}

// exchange makes a proof of an item of another history and puts our checkpoint
// into it.
func exchange(t *rapid.T, j, other *journal, covered int, ours pair) []byte {
	theirs := signed(t, other.upTo(covered), ours)
	seq := rapid.Uint64Range(1, other.blocks[covered-1].Last()).Draw(t, "seq")
	data, err := proof.ProveInclusion(context.Background(), other, seq, theirs)
	if err != nil {
		t.Fatal(err)
	}
	escape := func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\n"), []byte(`\n`)) }
	out := bytes.Replace(data, escape(theirs), escape(signed(t, j.upTo(covered), ours)), 1)
	if bytes.Equal(out, data) {
		t.Fatal("the proof does not hold its checkpoint as it was signed")
	}
	return out
}

// In any journal, every checkpoint continues every older one, and no checkpoint
// of another history.
func TestEveryPairConsistent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	rapid.Check(t, func(t *rapid.T) {
		ours := key(t, origin, 1)
		verifiers := known(t, ours)
		sizes := sizes(t)
		j := grown(t, "", sizes...)
		checkpoints := make([][]byte, len(sizes)+1)
		for n := range checkpoints {
			checkpoints[n] = signed(t, j.upTo(n), ours)
		}
		changed := rapid.IntRange(0, len(sizes)-1).Draw(t, "changed block")
		rewritten := rewrite(t, j, changed)
		for older := range checkpoints {
			for newer := older; newer < len(checkpoints); newer++ {
				data, err := proof.ProveConsistency(context.Background(), j, checkpoints[older], checkpoints[newer])
				if err != nil {
					t.Fatal(err)
				}
				fact, err := proof.CheckConsistency(data, verifiers)
				if err != nil {
					t.Fatalf("from %d to %d blocks: %v", older, newer, err)
				}
				if fact.Older.Blocks != uint64(older) || fact.Newer.Blocks != uint64(newer) {
					t.Fatalf("from %d to %d blocks, want %d to %d", fact.Older.Blocks, fact.Newer.Blocks, older, newer)
				}
			}
			_, err := proof.ProveConsistency(context.Background(), rewritten, checkpoints[older], signed(t, rewritten, ours))
			if diverged := errors.Is(err, proof.ErrDiverged); diverged != (older > changed) || !diverged && err != nil {
				t.Fatalf("block %d was rewritten, checkpoint over %d blocks: %v", changed+1, older, err)
			}
		}
	})
}

// rewrite gives the journal with one block changed, and all hashes with it.
func rewrite(t *rapid.T, j *journal, changed int) *journal {
	out := &journal{}
	for n, block := range j.blocks {
		if n == changed {
			items := append([]*ledger.Booked(nil), block.Items...)
			at := rapid.IntRange(0, len(items)-1).Draw(t, "changed item")
			items[at] = item("other", items[at].Seq)
			block = &ledger.Block{Items: items}
		}
		out.add(t, block)
	}
	return out
}

// Proofs of long journals find their block wherever it lies, even where blocks
// are of very different sizes.
func TestLongJournal(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	var sizes []int
	for n := range 1500 {
		size := 1
		if n < 300 {
			size = 6
		}
		sizes = append(sizes, size)
	}
	turned := slices.Clone(sizes)
	slices.Reverse(turned)
	for _, blocks := range [][]int{sizes, turned} {
		j := grown(t, "", blocks...)
		checkpoint := signed(t, j, ours)
		for number := 0; number < len(j.blocks); number += 37 {
			data, err := proof.ProveInclusion(t.Context(), j, j.blocks[number].First(), checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			fact, err := proof.CheckInclusion(data, known(t, ours))
			if err != nil || fact.Block != uint64(number)+1 {
				t.Fatalf("block %d: %+v, %v", number+1, fact, err)
			}
			if size := strings.Count(string(data), "="); size > 40 { // hashes grow with the logarithm
				t.Fatalf("proof of %d hashes", size)
			}
		}
	}
}
