package scratch

import (
	"encoding/binary"
	"errors"
)

// filter is a Bloom filter whose bits for one name stand in one line of the
// processor's cache: 10 bits for each name, 4 of them set. It says yes to 2 names in
// 100 that it does not have.
type filter struct{ lines [][8]uint64 }

const (
	bitsEach = 10
	lineBits = 512
)

func newFilter(names int) filter {
	return filter{make([][8]uint64, 1+names*bitsEach/lineBits)}
}

// spot gives the line of a name, and 36 bits that say which of it.
func (f filter) spot(name sum) (line *[8]uint64, bits uint64) {
	at := binary.LittleEndian.Uint64(name[:8]) % uint64(len(f.lines))
	return &f.lines[at], binary.LittleEndian.Uint64(name[8:])
}

func (f filter) add(name sum) {
	line, bits := f.spot(name)
	for range 4 {
		line[bits>>6&7] |= 1 << (bits & 63)
		bits >>= 9
	}
}

func (f filter) has(name sum) bool {
	line, bits := f.spot(name)
	for range 4 {
		if line[bits>>6&7]&(1<<(bits&63)) == 0 {
			return false
		}
		bits >>= 9
	}
	return true
}

// joined keeps a lone error as it is.
func joined(err, more error) error {
	if more == nil {
		return err
	}
	return errors.Join(err, more)
}
