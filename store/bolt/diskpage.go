package bolt

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/settlex/settlex/ledger"
)

// bbolt's layout of a file, in the byte order of the machine. It is as old as
// bbolt's format 2 and checked below by its magic number and version.
const (
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaBytes   = 64

	pageHeaderBytes  = 16
	elementBytes     = 16
	bucketValueBytes = 16

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	noFreelist = math.MaxUint64
)

// diskPage is a page as it lies in the file.
type diskPage struct {
	id          uint64
	kind, count uint16
	overflow    uint64
	data        []byte // with its header
}

func decodePageHeader(data []byte) diskPage {
	order := binary.NativeEndian
	return diskPage{id: order.Uint64(data), kind: order.Uint16(data[8:]), count: order.Uint16(data[10:]), overflow: uint64(order.Uint32(data[12:]))}
}

// element is one key of a page.
type element struct {
	key    []byte
	value  []byte // leaf
	bucket bool   // leaf: the value is a bucket
	page   uint64 // branch
}

// elements reads the list of a branch or a leaf.
func (p *diskPage) elements() ([]element, error) {
	switch {
	case p.kind != branchPage && p.kind != leafPage:
		return nil, fmt.Errorf("%w: its type is %#x", ledger.ErrCorrupt, p.kind)
	case p.kind == branchPage && p.count == 0:
		return nil, fmt.Errorf("%w: nothing lies below it", ledger.ErrCorrupt)
	case pageHeaderBytes+int(p.count)*elementBytes > len(p.data):
		return nil, fmt.Errorf("%w: it says it has %d keys", ledger.ErrCorrupt, p.count)
	}
	list := make([]element, 0, p.count)
	for i := range int(p.count) {
		e, ok := p.element(p.data[pageHeaderBytes+i*elementBytes:])
		if !ok {
			return nil, fmt.Errorf("%w: key %d does not lie within it", ledger.ErrCorrupt, i)
		}
		list = append(list, e)
	}
	return slices.Clip(list), nil
}

// element reads the one that data begins with; places in it count from there.
func (p *diskPage) element(data []byte) (e element, ok bool) {
	order, size := binary.NativeEndian, uint64(len(data))
	first, second, third, fourth := order.Uint32(data), order.Uint32(data[4:]), order.Uint32(data[8:]), order.Uint32(data[12:])
	if p.kind == branchPage {
		at, end := uint64(first), uint64(first)+uint64(second)
		if at < elementBytes || end > size {
			return e, false
		}
		return element{key: data[at:end], page: order.Uint64(data[8:])}, true
	}
	at := uint64(second)
	middle := at + uint64(third)
	end := middle + uint64(fourth)
	if first > 1 || at < elementBytes || end > size {
		return e, false
	}
	return element{key: data[at:middle], value: data[middle:end], bucket: first == 1}, true
}
