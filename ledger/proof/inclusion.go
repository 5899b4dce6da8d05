package proof

import (
	"context"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/settlex/settlex/ledger"
)

// Inclusion is a fact that a proof has shown: the item is in the journal that
// the checkpoint was signed for.
type Inclusion struct {
	Item       *ledger.Booked
	Block      uint64 // number of the block that holds it, from 1
	Checkpoint Checkpoint
}

// inclusionFile is the proof of one item. Of the rest of the journal it has
// hashes alone.
type inclusionFile struct {
	preamble
	Shown      *shown           `json:"item"`       // for people; derived from Canonical
	Canonical  []byte           `json:"canonical"`  // of the item
	InBlock    []step           `json:"in_block"`   // from the item's hash up to its block's leaf
	Block      uint64           `json:"block"`      // number of the block, from 1
	InLog      tlog.RecordProof `json:"in_log"`     // from the leaf's hash up to the checkpoint's root
	Checkpoint string           `json:"checkpoint"` // a signed note
}

// ProveInclusion proves that the item with a sequence is in the lane of a
// signed checkpoint: the file it gives is all that CheckInclusion needs. The
// checkpoint may be older than the snapshot. Its signature is not looked at; that
// the journal continues it is. Errors: ErrBeyond, ErrDiverged, ErrProof for what
// is no checkpoint, ledger.ErrNotFound when there is no such item.
func ProveInclusion(ctx context.Context, r ledger.Reader, seq uint64, signed []byte) ([]byte, error) {
	data, err := proveInclusion(ctx, r, seq, signed)
	if err != nil {
		return nil, fmt.Errorf("prove item %d: %w", seq, err)
	}
	return data, nil
}

func proveInclusion(ctx context.Context, r ledger.Reader, seq uint64, signed []byte) ([]byte, error) {
	c, err := Read(signed)
	if err != nil {
		return nil, err
	}
	if err := c.continued(ctx, r); err != nil {
		return nil, err
	}
	block, err := holder(ctx, r, c.Lane, seq)
	if err != nil {
		return nil, err
	}
	if seq > c.Seq {
		return nil, fmt.Errorf("%w, which ends with item %d", ErrBeyond, c.Seq)
	}
	number, err := numberOf(ctx, r, block, c.Blocks)
	if err != nil {
		return nil, err
	}
	index := int(seq - block.First())
	inBlock, err := block.ProveItem(index)
	if err != nil {
		return nil, err
	}
	inLog, err := tlog.ProveRecord(int64(c.Blocks), number, ledger.HashReader(ctx, r, c.Lane))
	if err != nil {
		return nil, err
	}
	item := block.Items[index]
	file := inclusionFile{
		preamble: preamble{formVersion, kindInclusion}, Shown: show(item), Canonical: item.AppendCanonical(nil),
		InBlock: steps(inBlock, len(block.Items), index), Block: uint64(number) + 1, InLog: inLog, Checkpoint: string(signed),
	}
	if _, err := file.check(c); err != nil { // stored hashes may be damaged, and the checkpoint anybody's
		return nil, fmt.Errorf("what is stored contradicts the checkpoint: %w", err)
	}
	return encode(file)
}

// CheckInclusion reads what ProveInclusion wrote and says what is proved. It
// needs no journal, only keys that may have signed. Any change of the file is
// refused, but for white space; the error wraps ErrProof.
func CheckInclusion(data []byte, known note.Verifiers) (*Inclusion, error) {
	var file inclusionFile
	if err := decode(data, &file); err != nil {
		return nil, err
	}
	if err := file.preamble.check(kindInclusion); err != nil {
		return nil, err
	}
	c, err := Open([]byte(file.Checkpoint), known)
	if err != nil {
		return nil, err
	}
	return file.check(c)
}

// check recomputes everything from the item's bytes up to the root.
func (f *inclusionFile) check(c Checkpoint) (*Inclusion, error) {
	item, err := ledger.DecodeItem(f.Canonical)
	if err != nil {
		return nil, refuse("the item cannot be read: %w", err)
	}
	if !f.Shown.equal(show(item)) {
		return nil, refuse("what it shows is not what the item's bytes say")
	}
	if f.InBlock == nil || f.InLog == nil {
		return nil, refuse("a path is missing")
	}
	hash := tlog.RecordHash(f.Canonical)
	for _, s := range f.InBlock {
		if hash, err = s.up(hash); err != nil {
			return nil, err
		}
	}
	if f.Block == 0 || f.Block > c.Blocks {
		return nil, refuse("block %d of the %d blocks of the checkpoint", f.Block, c.Blocks)
	}
	if tlog.CheckRecord(f.InLog, int64(c.Blocks), c.Root, int64(f.Block)-1, tlog.RecordHash(hash[:])) != nil {
		return nil, refuse("the hashes from the item upwards do not lead to the checkpoint's root %s", c.Root)
	}
	if item.Lane != c.Lane || item.Seq < f.Block || item.Seq > c.Seq || item.At.After(c.At) {
		return nil, refuse("item %d of lane %d, booked %s, is not before the end of its checkpoint", item.Seq, item.Lane, instant(item.At))
	}
	return &Inclusion{Item: item, Block: f.Block, Checkpoint: c}, nil
}

// holder gives the block that holds an item.
func holder(ctx context.Context, r ledger.Reader, lane uint16, seq uint64) (*ledger.Block, error) {
	if seq > 0 {
		for block, err := range r.Blocks(ctx, lane, seq) {
			if err != nil {
				return nil, err
			}
			if seq >= block.First() && seq <= block.Last() {
				return block, nil
			}
			break
		}
	}
	return nil, fmt.Errorf("%w: no such item is in the journal", ledger.ErrNotFound)
}

// numberOf finds the number of a block, from 0, among the first ones of the log.
// A store finds blocks by sequence, so their hashes are searched: outwards from
// the place where the block would be if all were of one size.
func numberOf(ctx context.Context, r ledger.Reader, block *ledger.Block, blocks uint64) (int64, error) {
	head, err := headOf(ctx, r, block.Lane)
	if err != nil {
		return 0, err
	}
	const chunk = 256
	leaf := block.Leaf()
	want := tlog.RecordHash(leaf[:])
	last := min(blocks, block.First()) // every block before holds an item or more
	high, low := bits.Mul64(block.First()-1, blocks)
	guess, _ := bits.Div64(high, low, max(head.Seq, block.First()))
	middle := min(guess, last-1) / chunk
	for away := uint64(0); away <= (last-1)/chunk; away++ {
		for side, at := range []uint64{middle + away, middle - away} {
			if at > (last-1)/chunk || side == 1 && away == 0 { // beyond an end, or looked at already
				continue
			}
			number, err := findHash(ctx, r, block.Lane, want, at*chunk, min(at*chunk+chunk, last))
			if number >= 0 || err != nil {
				return number, err
			}
		}
	}
	return 0, fmt.Errorf("%w: the hash of its block, %s, is not in the log", ledger.ErrCorrupt, want)
}

// findHash looks for the hash of a leaf among those numbered from first up to
// end; -1: it is not there.
func findHash(ctx context.Context, r ledger.Reader, lane uint16, want tlog.Hash, first, end uint64) (int64, error) {
	indexes := make([]int64, 0, end-first)
	for n := first; n < end; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, int64(n)))
	}
	hashes, err := r.Hashes(ctx, lane, indexes)
	if err != nil {
		return -1, err
	}
	for i, hash := range hashes {
		if hash == want {
			return int64(first) + int64(i), nil
		}
	}
	return -1, nil
}
