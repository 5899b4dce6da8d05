package proof

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// step leads from a node of a Merkle tree to the one above: it has the hash of
// the neighbour, on the one side or the other. No hash covers how many items a
// block has, so a path within one is written with its sides: a size and an index
// could be changed without changing the root.
type step struct {
	Left  *tlog.Hash `json:"left,omitempty"`
	Right *tlog.Hash `json:"right,omitempty"`
}

// up gives the hash of the node above.
func (s step) up(hash tlog.Hash) (tlog.Hash, error) {
	switch {
	case s.Left != nil && s.Right == nil:
		return tlog.NodeHash(*s.Left, hash), nil
	case s.Right != nil && s.Left == nil:
		return tlog.NodeHash(hash, *s.Right), nil
	}
	return hash, refuse("a step has not one side")
}

// steps gives the sides of a proof in a tree of a size, for the record with an
// index.
func steps(path tlog.RecordProof, size, index int) []step {
	out := make([]step, len(path))
	low, high := 0, size // the subtree that holds the record
	for i := len(path) - 1; i >= 0; i-- {
		middle := low + 1<<(bits.Len(uint(high-low-1))-1) // as RFC 6962 cuts
		if index < middle {
			out[i].Right, high = &path[i], middle
		} else {
			out[i].Left, low = &path[i], middle
		}
	}
	return out
}
