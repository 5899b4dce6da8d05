package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of the Merkle log.
type Hash = tlog.Hash

// HashSize is the length of a Hash in bytes.
const HashSize = tlog.HashSize

// Block is a run of items saved together. Its leaf is the root of the Merkle
// tree (RFC 6962) over its items' canonical bytes; the leaves of a lane form
// another Merkle tree, the lane's log. So one item can be proved to be in the
// journal without showing any other, and nothing can be changed, dropped or put
// in between without changing the log's root.
type Block struct {
	Lane  uint16
	Items []*Booked
}

// First is the sequence of the block's first item.
func (b *Block) First() uint64 { return b.Items[0].Seq }

// Last is the sequence of the block's last item.
func (b *Block) Last() uint64 { return b.Items[len(b.Items)-1].Seq }

// Leaf is the root over the block's items.
func (b *Block) Leaf() Hash { return b.Seal().Leaf }

// Sealed is a block in the form it is stored in.
type Sealed struct {
	Bytes []byte // canonical bytes of the items, one behind the other
	Ends  []int  // where the bytes of each item end
	Leaf  Hash   // root over them
}

// Seal writes the items' canonical bytes and their root, in one pass.
func (b *Block) Seal() Sealed {
	s := Sealed{Bytes: make([]byte, 0, 64+160*len(b.Items)), Ends: make([]int, len(b.Items))}
	var m merkle
	for i, item := range b.Items {
		from := len(s.Bytes)
		s.Bytes = item.AppendCanonical(s.Bytes)
		s.Ends[i] = len(s.Bytes)
		m.add(s.Bytes[from:])
	}
	s.Leaf = m.root()
	return s
}

// hashList is the stored hashes of a tree that lies in memory.
type hashList []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (h hashList) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d of %d", at, len(h))
		}
		out[i] = h[at]
	}
	return out, nil
}

// append adds the n-th record.
func (h hashList) append(n int64, record tlog.Hash) hashList {
	more, err := tlog.StoredHashesForRecordHash(n, record, h)
	if err != nil {
		panic(fmt.Sprintf("ledger: tree of %d records: %v", n, err)) // every hash is in memory
	}
	return append(h, more...)
}

// LogHashes gives the hashes to store for one more block of a lane with a leaf,
// from index LogSize(blocks) on, where blocks is how many the lane has without it.
// A store's Save calls it.
func LogHashes(ctx context.Context, r Reader, lane uint16, blocks uint64, leaf Hash) ([]Hash, error) {
	return tlog.StoredHashesForRecordHash(int64(blocks), leafHash(leaf), HashReader(ctx, r, lane))
}

// LogSize is how many hashes are stored for the lane's log over a number of
// blocks.
func LogSize(blocks uint64) int64 { return tlog.StoredHashCount(int64(blocks)) }

// leafHash is the hash of a block's leaf as a record of the log.
func leafHash(leaf tlog.Hash) tlog.Hash { return tlog.RecordHash(leaf[:]) }

// HashReader reads a lane's stored hashes for package tlog.
func HashReader(ctx context.Context, r Reader, lane uint16) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return r.Hashes(ctx, lane, indexes) })
}

// Root is the root of a lane's log over its first blocks.
func Root(ctx context.Context, r Reader, lane uint16, blocks uint64) (tlog.Hash, error) {
	return tlog.TreeHash(int64(blocks), HashReader(ctx, r, lane))
}

// ProveItem proves that an item of the block is below its leaf, as
// proof.ProveInclusion puts it into a file. The index counts from 0.
func (b *Block) ProveItem(index int) (tlog.RecordProof, error) {
	var tree hashList
	for i, item := range b.Items {
		tree = tree.append(int64(i), tlog.RecordHash(item.AppendCanonical(nil)))
	}
	return tlog.ProveRecord(int64(len(b.Items)), int64(index), tree)
}

// Hash is the SHA-256 of the item's canonical bytes, for comparing items. The
// trees' leaves have another one, see Block.
func (b *Booked) Hash() [32]byte { return sha256.Sum256(b.AppendCanonical(nil)) }
