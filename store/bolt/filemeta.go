package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"

	"github.com/settlex/settlex/ledger"
)

// fileMeta is what the newest meta page says.
type fileMeta struct {
	root, freelist, pages, txid uint64
}

// readMeta reads the meta page that bbolt goes by: the newer one of those that
// are valid.
func readMeta(file io.ReaderAt, pageSize int) (newest fileMeta, err error) {
	found := false
	for n := range int64(2) {
		data := make([]byte, pageHeaderBytes+metaBytes)
		if _, err := file.ReadAt(data, n*int64(pageSize)); err != nil {
			continue // there is another one
		}
		if meta, ok := decodeMeta(data[pageHeaderBytes:]); ok && (!found || meta.txid > newest.txid) {
			newest, found = meta, true
		}
	}
	if !found {
		return newest, fmt.Errorf("%w: neither meta page is valid", ledger.ErrCorrupt)
	}
	return newest, nil
}

func decodeMeta(data []byte) (meta fileMeta, ok bool) {
	order := binary.NativeEndian
	sum := fnv.New64a()
	_, _ = sum.Write(data[:metaBytes-8]) // it never fails
	ok = order.Uint32(data) == metaMagic && order.Uint32(data[4:]) == metaVersion && order.Uint64(data[metaBytes-8:]) == sum.Sum64()
	return fileMeta{
		root: order.Uint64(data[16:]), freelist: order.Uint64(data[32:]), pages: order.Uint64(data[40:]), txid: order.Uint64(data[48:]),
	}, ok
}

// lostMeta looks for the page of a newer commit that bbolt passes over because
// one byte of it is wrong: what was acknowledged last would be gone without a
// word. A page that was torn by a crash, as bbolt wrote it, is not taken for one:
// the end of its checksum is that of an earlier commit.
func (t *pageTree) lostMeta() error {
	for n := range int64(2) {
		data := make([]byte, pageHeaderBytes+metaBytes)
		if _, err := t.file.ReadAt(data, n*int64(t.size)); err != nil { //nolint:gosec // the size of a page
			return err
		}
		data = data[pageHeaderBytes:]
		if _, ok := decodeMeta(data); ok {
			continue
		}
		if at, meta, ok := mendMeta(data); ok && meta.txid > t.meta.txid {
			return fmt.Errorf("%w: page %d of the file, the meta page of the last commit, has a wrong byte at %d", ledger.ErrCorrupt, n, pageHeaderBytes+at)
		}
	}
	return nil
}

// mendMeta looks for the one byte of a meta page that is wrong.
func mendMeta(data []byte) (at int, meta fileMeta, ok bool) {
	for at := range metaBytes - 1 {
		was := data[at]
		for range math.MaxUint8 {
			data[at]++
			if meta, ok := decodeMeta(data); ok {
				return at, meta, true
			}
		}
		data[at] = was
	}
	return 0, meta, false
}
