package postgres

import (
	"context"
	"math/bits"

	"github.com/settlex/settlex/ledger"
)

// edge is the right edge of a log: the roots of its complete subtrees, which are all that is needed to add to it. It reads
// nothing else.
type edge struct {
	ledger.Reader
	roots map[int64]ledger.Hash // by index
}

// readPeaks reads the peaks of a log over a number of blocks: there is one for each bit that is set, the largest first.
func readPeaks(blocks uint64, peaks []byte) (*edge, error) {
	if n := bits.OnesCount64(blocks); len(peaks) != n*ledger.HashSize {
		return nil, corrupt("its log of %d blocks has %d bytes of peaks, want %d", blocks, len(peaks), n*ledger.HashSize)
	}
	e := &edge{roots: make(map[int64]ledger.Hash)}
	for level := bits.Len64(blocks) - 1; level >= 0; level-- {
		if blocks>>level&1 == 0 {
			continue
		}
		e.roots[rootIndex(blocks, level)] = ledger.Hash(peaks)
		peaks = peaks[ledger.HashSize:]
	}
	return e, nil
}

// rootIndex is where the root of a level is stored, which is there for its bit of the number of blocks: it is the last hash that
// the last block of its subtree brought.
func rootIndex(blocks uint64, level int) int64 { return ledger.LogSize(blocks>>level<<level) - 1 }

// Hashes implements ledger.Reader.
func (e *edge) Hashes(_ context.Context, lane uint16, indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		root, ok := e.roots[at]
		if !ok {
			return nil, corrupt("hash %d of lane %d is not at the edge of its log", at, lane)
		}
		out[i] = root
	}
	return out, nil
}
