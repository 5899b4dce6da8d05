package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// pageTree looks at the pages of a bbolt file by reading them. bbolt maps the
// file into memory and trusts it: in a tree that leads back to itself, or out of
// the file, it ends the whole program. So this comes before bbolt reads.
type pageTree struct {
	file   *os.File
	size   uint64 // of a page
	meta   fileMeta
	seen   []bool // pages in use
	report func(ledger.Finding)
	found  int
	depth  int // of the bucket that is walked; 0: the file's own
	deep   int // buckets that lie deeper are left alone, unless their parent's page holds them
}

// everything is a depth that no bucket has.
const everything = math.MaxInt

// openPages opens the file of a database whose writers the caller keeps out.
func openPages(db *bbolt.DB, report func(ledger.Finding)) (*pageTree, error) {
	file, err := os.Open(db.Path())
	if err != nil {
		return nil, err
	}
	t := &pageTree{file: file, size: uint64(db.Info().PageSize), report: report, deep: everything}
	if t.meta, err = readMeta(file, db.Info().PageSize); err == nil {
		err = errors.Join(t.checkSize(), t.lostMeta())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	t.seen = make([]bool, t.meta.pages)
	t.seen[0], t.seen[1] = true, true // the meta pages
	return t, nil
}

// checkOpening notices, before a file is opened for writing, what bbolt would
// stumble over then, without letting go of the file: an end that is gone, a
// list of free pages that is none, and buckets of ours that are none. It reads a
// handful of pages.
func checkOpening(db *bbolt.DB) error {
	var found []error
	t, err := openPages(db, func(f ledger.Finding) { found = append(found, fmt.Errorf("%w: %s", ledger.ErrCorrupt, f)) })
	if err != nil {
		return err
	}
	if t.meta.freelist != noFreelist {
		if _, err = t.freelist(); err != nil {
			err = fmt.Errorf("page %d of the file, the list of free pages: %w", t.meta.freelist, err)
		}
	}
	if err == nil {
		t.deep = 1 // our bucket in the file's own
		err = t.walk(context.Background(), t.meta.root, keySpan{})
	}
	return errors.Join(append(found, err, t.file.Close())...)
}

// checkSize notices a file whose end is gone.
func (t *pageTree) checkSize() error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if want := int64(t.meta.pages * t.size); info.Size() < want { //nolint:gosec // the meta page has a checksum
		return fmt.Errorf("%w: file has %d bytes, its pages need %d", ledger.ErrCorrupt, info.Size(), want)
	}
	return nil
}

func (t *pageTree) find(page uint64, want, format string, have ...any) {
	t.found++
	t.report(ledger.Finding{Place: fmt.Sprintf("page %d of the file", page), Want: want, Have: fmt.Sprintf(format, have...)})
}

// check looks at every page: those in use, from the root on, and those listed
// as free, which none in use may be. A page that is neither is lost room and no
// fault: bbolt itself loses some when a bucket is deleted that the transaction
// has written to.
func (t *pageTree) check(ctx context.Context) error {
	if err := t.walk(ctx, t.meta.root, keySpan{}); err != nil {
		return err
	}
	if t.meta.freelist == noFreelist {
		return nil // whatever is not in use is free
	}
	free, err := t.freelist()
	if err != nil {
		t.find(t.meta.freelist, "a list of free pages", "%v", err)
		return nil
	}
	t.checkFree(free)
	return nil
}

// checkFree: no page is both in use and free.
func (t *pageTree) checkFree(free []uint64) {
	for _, page := range free {
		if t.seen[page] {
			t.find(page, "a page that is in use or free", "one that is both")
		}
	}
}

// read gives a page with what overflows it, if bbolt may go there.
func (t *pageTree) read(page uint64) (p diskPage, err error) {
	if page < 2 || page >= t.meta.pages {
		return p, fmt.Errorf("%w: page %d of %d", ledger.ErrCorrupt, page, t.meta.pages)
	}
	header := make([]byte, pageHeaderBytes)
	if _, err := t.file.ReadAt(header, int64(page*t.size)); err != nil { //nolint:gosec // below the size of a file
		return p, fmt.Errorf("%w: page %d: %w", ledger.ErrCorrupt, page, err)
	}
	p = decodePageHeader(header)
	if p.id != page {
		return p, fmt.Errorf("%w: it says it is page %d", ledger.ErrCorrupt, p.id)
	}
	if p.overflow >= t.meta.pages-page {
		return p, fmt.Errorf("%w: it goes on for %d pages, the file has %d", ledger.ErrCorrupt, p.overflow, t.meta.pages)
	}
	p.data = make([]byte, (p.overflow+1)*t.size)
	if _, err := t.file.ReadAt(p.data, int64(page*t.size)); err != nil { //nolint:gosec // below the size of a file
		return p, fmt.Errorf("%w: page %d: %w", ledger.ErrCorrupt, page, err)
	}
	return p, nil
}

// freelist reads the list of free pages: in order, each once, all in the file.
func (t *pageTree) freelist() ([]uint64, error) {
	page, err := t.read(t.meta.freelist)
	if err != nil {
		return nil, err
	}
	if page.kind != freelistPage {
		return nil, fmt.Errorf("%w: its type is %#x", ledger.ErrCorrupt, page.kind)
	}
	ids, count := page.data[pageHeaderBytes:], uint64(page.count)
	if page.count == math.MaxUint16 { // the number did not fit there
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids))/8 {
		return nil, fmt.Errorf("%w: it lists %d pages in %d bytes", ledger.ErrCorrupt, count, len(ids))
	}
	free := make([]uint64, count)
	for i := range free {
		free[i] = binary.NativeEndian.Uint64(ids[8*i:])
		if free[i] < 2 || free[i] >= t.meta.pages || i > 0 && free[i] <= free[i-1] {
			return nil, fmt.Errorf("%w: it lists page %d behind page %d, the file has %d", ledger.ErrCorrupt, free[i], free[max(i, 1)-1], t.meta.pages)
		}
	}
	return free, t.use(t.meta.freelist, page.overflow)
}

// use marks a page and what overflows it.
func (t *pageTree) use(page, overflow uint64) error {
	for n := page; n <= page+overflow; n++ {
		if t.seen[n] {
			return fmt.Errorf("%w: page %d is used twice", ledger.ErrCorrupt, n)
		}
		t.seen[n] = true
	}
	return nil
}

// keySpan bounds the keys below a page: from is one of them or before them; nil
// until: there is no end.
type keySpan struct{ from, until []byte }

// walk looks at the pages of a bucket from one of them down.
func (t *pageTree) walk(ctx context.Context, number uint64, keys keySpan) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	page, err := t.read(number)
	if err == nil {
		err = t.use(number, page.overflow)
	}
	if err != nil {
		t.find(number, "a page of a bucket", "%v", err)
		return nil
	}
	return t.elements(ctx, number, page, keys)
}

// elements looks at the keys of a page, and at what lies below it: pages, or
// buckets within its bucket.
func (t *pageTree) elements(ctx context.Context, number uint64, page diskPage, keys keySpan) error {
	list, err := page.elements()
	if err == nil {
		err = inOrder(list, keys)
	}
	if err != nil {
		t.find(number, "a page of a bucket", "%v", err)
		return nil
	}
	for i, e := range list {
		switch {
		case page.kind == branchPage:
			below := keySpan{from: e.key, until: keys.until}
			if i+1 < len(list) {
				below.until = list[i+1].key
			}
			err = t.walk(ctx, e.page, below)
		case e.bucket:
			err = t.bucket(ctx, number, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket looks at a bucket within another one: a small one lies in its value.
func (t *pageTree) bucket(ctx context.Context, number uint64, e element) error {
	if len(e.value) < bucketValueBytes {
		t.find(number, "a bucket", "%q with %d bytes", e.key, len(e.value))
		return nil
	}
	t.depth++
	defer func() { t.depth-- }()
	if root := binary.NativeEndian.Uint64(e.value); root != 0 {
		if t.depth > t.deep {
			return nil
		}
		return t.walk(ctx, root, keySpan{})
	}
	inline := e.value[bucketValueBytes:]
	if len(inline) < pageHeaderBytes {
		t.find(number, "a bucket", "%q with %d bytes", e.key, len(e.value))
		return nil
	}
	page := decodePageHeader(inline)
	if page.data = inline; page.kind != leafPage {
		t.find(number, "a bucket", "%q of type %#x", e.key, page.kind)
		return nil
	}
	return t.elements(ctx, number, page, keySpan{})
}

func inOrder(list []element, keys keySpan) error {
	last := keys.from
	for i, e := range list {
		if c := bytes.Compare(e.key, last); c < 0 || c == 0 && i > 0 {
			return fmt.Errorf("%w: key %q behind %q", ledger.ErrCorrupt, e.key, last)
		}
		if keys.until != nil && bytes.Compare(e.key, keys.until) >= 0 {
			return fmt.Errorf("%w: key %q before %q", ledger.ErrCorrupt, e.key, keys.until)
		}
		last = e.key
	}
	return nil
}
