package ledger

import "crypto/sha256"

// merkle adds records up to the root of their tree (RFC 6962, section 2.1) and
// keeps only the roots of its complete subtrees, the largest first: one for each
// bit of the number of records. Package tlog gives the same roots, and needs
// every hash for it.
type merkle struct {
	records uint64
	peaks   [64]Hash
	height  int    // how many peaks there are
	record  []byte // for reuse
}

// Prefixes of what is hashed, so that no record passes for a node.
const (
	recordPrefix = 0
	nodePrefix   = 1
)

func (m *merkle) add(record []byte) {
	m.record = append(append(m.record[:0], recordPrefix), record...)
	hash := Hash(sha256.Sum256(m.record))
	for n := m.records; n&1 == 1; n >>= 1 { // a subtree of this size is complete already: the two make the next
		m.height--
		hash = node(&m.peaks[m.height], &hash)
	}
	m.peaks[m.height] = hash
	m.height++
	m.records++
}

// root is the root over what was added: the hash of nothing, if nothing was.
func (m *merkle) root() Hash {
	if m.height == 0 {
		return sha256.Sum256(nil)
	}
	hash := m.peaks[m.height-1]
	for i := m.height - 2; i >= 0; i-- {
		hash = node(&m.peaks[i], &hash)
	}
	return hash
}

func node(left, right *Hash) Hash {
	var both [1 + 2*HashSize]byte
	both[0] = nodePrefix
	copy(both[1:], left[:])
	copy(both[1+HashSize:], right[:])
	return sha256.Sum256(both[:])
}
