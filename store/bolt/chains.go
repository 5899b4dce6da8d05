package bolt

// chains finds the last of those elements of a list that share a number: an
// account's, or the hash of a key. The element tells which one was before it.
type chains struct {
	slots []chain // open addressing; a power of two, or none yet
	used  int
}

type chain struct {
	number uint64
	last   int32 // index of the element + 1; 0: the slot is free
	id     int32 // how many numbers were pushed before this one
}

// none is the index of no element.
const none = int32(-1)

// last gives the index of the last element with a number, or none.
func (c *chains) last(number uint64) int32 {
	if len(c.slots) == 0 {
		return none
	}
	return c.slot(number).last - 1
}

// push makes an element the last one with its number. It gives the one that was
// until now, or none, and the id of the number.
func (c *chains) push(number uint64, index int32) (before, id int32) {
	if c.used*2 >= len(c.slots) {
		c.grow()
	}
	slot := c.slot(number)
	if before = slot.last - 1; before == none {
		slot.number, slot.id = number, int32(c.used) //nolint:gosec // there are not more than elements
		c.used++
	}
	slot.last = index + 1
	return before, slot.id
}

// slot gives the slot of a number, or the free one where it would lie.
func (c *chains) slot(number uint64) *chain {
	mask := uint64(len(c.slots) - 1)
	for at := mix(number) & mask; ; at = (at + 1) & mask {
		if s := &c.slots[at]; s.last == 0 || s.number == number {
			return s
		}
	}
}

func (c *chains) grow() {
	before := c.slots
	c.slots = make([]chain, max(64, 2*len(before)))
	for _, s := range before {
		if s.last != 0 {
			*c.slot(s.number) = s
		}
	}
}

// mix spreads a number over 64 bits: the finalizer of MurmurHash3.
func mix(n uint64) uint64 {
	n ^= n >> 33
	n *= 0xff51afd7ed558ccd
	n ^= n >> 33
	n *= 0xc4ceb9fe1a85ec53
	return n ^ n>>33
}
