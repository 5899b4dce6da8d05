package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

const pageSize = 4096

// image is the bytes of a file with everything in it, and what lies in its
// pages.
type image struct {
	data  []byte
	kinds map[string][]int // pages by type
	kept  []ledger.TreeHead
}

func newImage(t testing.TB) *image {
	t.Helper()
	h := damaged(t)
	return h.image(t)
}

// newRunsImage is newImage with runs in it.
func newRunsImage(t testing.TB) *image {
	t.Helper()
	h := flushed(t)
	for i := 0; strays(t, h) > 0; i++ { // what an unfinished run says is nobody's business yet
		if i == 500 {
			t.Fatal("there is always an unfinished run")
		}
		mustPost(t, h.books, sale(fmt.Sprint("finish-", i), 1))
	}
	return h.image(t)
}

func (h *host) image(t testing.TB) *image {
	t.Helper()
	v, err := h.books.Verify(t.Context())
	if err != nil || v.Err() != nil {
		t.Fatal(err, v.Err())
	}
	out := &image{kinds: make(map[string][]int), kept: []ledger.TreeHead{{Blocks: v.Blocks, Root: v.Lanes[0].Root}}}
	err = h.db.View(func(tx *bbolt.Tx) error {
		for n := 0; ; n++ {
			info, err := tx.Page(n)
			if info == nil || err != nil {
				return err
			}
			out.kinds[info.Type] = append(out.kinds[info.Type], n)
			n += info.OverflowCount
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	out.data = h.bytes(t)
	return out
}

// in gives the bytes of a page from a place on.
func (i *image) in(page, at int) []byte { return i.data[page*pageSize+at:] }

func (i *image) order() binary.ByteOrder { return binary.NativeEndian }

// used is the number of pages; behind them lies nothing.
func (i *image) used() int { return int(i.order().Uint64(i.in(i.newest(), 16+40))) }

// newest is the meta page that bbolt goes by.
func (i *image) newest() int {
	if i.order().Uint64(i.in(1, 64)) > i.order().Uint64(i.in(0, 64)) {
		return 1
	}
	return 0
}

// findings opens and verifies the bytes, and gives whatever says that something
// is wrong. Nothing may keep the file locked.
func (i *image) findings(t testing.TB, data []byte, kept ...ledger.TreeHead) string {
	t.Helper()
	path := newPath(t)
	write(t, path, data)
	found := ""
	store, err := bolt.Open(path, bolttest.Small())
	switch {
	case errors.Is(err, ledger.ErrCorrupt), errors.Is(err, bolt.ErrNewerFormat), errors.Is(err, bolt.ErrOlderFormat):
		found = err.Error()
	case err != nil:
		t.Errorf("open: %v", err)
	default:
		books, err := ledger.New(store, config(t))
		if err != nil {
			t.Fatal(err)
		}
		v, err := books.Verify(t.Context(), kept...)
		if err == nil {
			err = v.Err()
		}
		if err != nil && !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("verify: %v", err)
		}
		if err != nil {
			found = err.Error()
		}
		closeStore(t, store)
	}
	if store == nil {
		write(t, path, i.data) // whole again
		if store, err = bolt.Open(path, bolt.Options{LockWait: time.Millisecond}); err != nil {
			t.Fatalf("the file stays locked: %v", err)
		}
		closeStore(t, store)
	}
	return found
}

// The file itself is damaged, below what the ledger knows of. The place is a
// page.
func TestVerifyNamesDamagedPages(t *testing.T) {
	t.Parallel()
	whole := newRunsImage(t)
	order := whole.order()
	if found := whole.findings(t, whole.data, whole.kept...); found != "" {
		t.Fatalf("before any damage: %s", found)
	}
	branch, free := whole.kinds["branch"][0], whole.kinds["freelist"][0]
	unused := int(order.Uint64(whole.in(free, 16)))
	pages := whole.used()
	child := order.Uint64(whole.in(branch, 16+8))
	leaf := int(child)
	behind := leaf + 1 + int(order.Uint32(whole.in(leaf, 12))) // the page after the leaf and what overflows it
	page := func(n any) string { return fmt.Sprintf("page %d of the file", n) }
	tests := []struct {
		name   string
		damage func(i *image)
		want   string
	}{
		{"cut by a page", func(i *image) { i.data = i.data[:pages*pageSize-pageSize] }, fmt.Sprintf("file has %d bytes, its pages need %d", (pages-1)*pageSize, pages*pageSize)},
		{"cut by a byte", func(i *image) { i.data = i.data[:pages*pageSize-1] }, fmt.Sprintf("file has %d bytes, its pages need %d", pages*pageSize-1, pages*pageSize)},
		{"cut to half", func(i *image) { i.data = i.data[:pages*pageSize/2] }, "its pages need"},
		{"cut to its meta pages", func(i *image) { i.data = i.data[:2*pageSize] }, "its pages need"},
		{"both meta pages gone", func(i *image) { clear(i.data[:2*pageSize]) }, "invalid database"},
		{"a byte of the newest meta page", func(i *image) { i.in(i.newest(), 30)[0] ^= 4 }, fmt.Sprintf("page %d of the file, the meta page of the last commit, has a wrong byte at 30", whole.newest())},
		{"a leaf zeroed", func(i *image) { clear(i.in(leaf, 0)[:pageSize]) }, page(leaf) + ": want a page of a bucket"},
		{"the list of a leaf zeroed", func(i *image) { clear(i.in(leaf, 16)[:pageSize/4]) }, page(leaf)},
		{"a branch zeroed", func(i *image) { clear(i.in(branch, 0)[:pageSize]) }, page(branch)},
		{"a leaf of another number", func(i *image) { i.in(leaf, 0)[0] ^= 0x55 }, page(leaf)},
		{"a leaf of no type", func(i *image) { i.in(leaf, 8)[0] = 0 }, page(leaf)},
		{"a leaf that is a branch", func(i *image) { i.in(leaf, 8)[0] = 1 }, page(leaf)},
		{"a leaf with more keys", func(i *image) { i.in(leaf, 10)[1] = 0x0f }, page(leaf)},
		{"a leaf with fewer keys", func(i *image) { i.in(leaf, 10)[0]-- }, ""},
		{"a leaf that goes on", func(i *image) { i.in(leaf, 12)[0]++ }, fmt.Sprintf("page %d ", behind)}, // used twice, or in use and free
		{"a leaf that goes on for ever", func(i *image) { i.in(leaf, 12)[3] = 0x7f }, page(leaf)},
		{"a key elsewhere", func(i *image) { i.in(leaf, 16+4)[2] = 0x7f }, page(leaf)},
		{"a key that is too long", func(i *image) { i.in(leaf, 16+8)[3] = 0x7f }, page(leaf)},
		{"a value that is too long", func(i *image) { i.in(leaf, 16+12)[2] = 0x7f }, page(leaf)},
		{"a value that is a bucket", func(i *image) { i.in(leaf, 16)[0] = 1 }, ""},
		{"keys out of order", func(i *image) { swapKeys(order, i.in(leaf, 0)) }, page(leaf)},
		{"a branch that leads to itself", func(i *image) { order.PutUint64(i.in(branch, 16+8), uint64(branch)) }, page(branch)},
		{"a branch that leads to another branch's leaf", func(i *image) { order.PutUint64(i.in(branch, 32+8), child) }, page(child)},
		{"a branch that leads out of the file", func(i *image) { order.PutUint64(i.in(branch, 16+8), 1<<40) }, page(1 << 40)},
		{"a branch that leads to a free page", func(i *image) {
			clear(i.in(unused, 0)[:pageSize]) // whatever it was
			order.PutUint64(i.in(branch, 16+8), uint64(unused))
		}, page(unused)},
		{"a branch that leads to a meta page", func(i *image) { order.PutUint64(i.in(branch, 16+8), 0) }, page(0)},
		{"a branch without children", func(i *image) { order.PutUint16(i.in(branch, 10), 0) }, page(branch)},
		{"the freelist zeroed", func(i *image) { clear(i.in(free, 0)[:pageSize]) }, page(free)},
		{"the freelist of another type", func(i *image) { i.in(free, 8)[0] = 2 }, page(free) + ", the list of free pages"},
		{"the freelist too long", func(i *image) { order.PutUint16(i.in(free, 10), 0xfff0) }, page(free) + ", the list of free pages"},
		{"the freelist longer than memory", func(i *image) {
			order.PutUint16(i.in(free, 10), 0xffff)
			order.PutUint64(i.in(free, 16), 1<<50)
		}, page(free) + ", the list of free pages"},
		{"the freelist with a page out of the file", func(i *image) { order.PutUint64(i.in(free, 16), 1<<40) }, page(free) + ", the list of free pages"},
		{"the freelist with a page twice", func(i *image) { copy(i.in(free, 24), i.in(free, 16)[:8]) }, page(free) + ", the list of free pages"},
		{"the freelist with a page in use", func(i *image) { order.PutUint64(i.in(free, 16), uint64(leaf)); order.PutUint16(i.in(free, 10), 1) }, "in use or free"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			broken := *whole
			broken.data = bytes.Clone(whole.data)
			test.damage(&broken)
			if found := whole.findings(t, broken.data); found == "" || !strings.Contains(found, test.want) {
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}

// bbolt loses pages when a bucket is deleted that the same transaction has
// written to. That is room and no fault: a host's file stays sound.
func TestLostPagesAreNoFault(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	mustPost(t, h.books, sale("s1", 100))
	h.update(t, func(tx *bbolt.Tx) error {
		parent, err := tx.CreateBucket([]byte("host"))
		for i := 0; i < 40 && err == nil; i++ {
			var child *bbolt.Bucket
			if child, err = parent.CreateBucket(fmt.Appendf(nil, "child%d", i)); err != nil {
				return err
			}
			for j := 0; j < 60 && err == nil; j++ {
				err = child.Put(fmt.Appendf(nil, "%d", j), make([]byte, 100))
			}
		}
		return err
	})
	h.update(t, func(tx *bbolt.Tx) error {
		parent := tx.Bucket([]byte("host"))
		return errors.Join(parent.Bucket([]byte("child3")).Put([]byte("x"), []byte("y")), parent.Put([]byte("x"), []byte("y")), tx.DeleteBucket([]byte("host")))
	})
	bolttest.Verify(t, h.books)
}

// What a program of this format made at once is there as a whole. What is missing
// is not made again: an empty list of accounts would let everybody overdraw.
func TestOpenNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	missing := func(name string) string { return fmt.Sprintf("stored data is corrupt: bucket %q is missing", name) }
	tests := map[string]struct {
		damage func(root *bbolt.Bucket) error
		want   string
	}{
		"format":       {func(root *bbolt.Bucket) error { return root.Bucket([]byte("meta")).Delete([]byte("format")) }, "stored data is corrupt: format number is missing"},
		"list of runs": {func(root *bbolt.Bucket) error { return root.Bucket([]byte("meta")).Delete([]byte("runs")) }, "stored data is corrupt: list of runs is missing"},
		"root":         {func(root *bbolt.Bucket) error { return root.Tx().DeleteBucket([]byte("settlex")) }, missing("settlex")},
	}
	for _, name := range []string{"meta", "hashes", "journal", "accounts", "runs", "records"} {
		test := tests[name]
		test.damage, test.want = func(root *bbolt.Bucket) error { return root.DeleteBucket([]byte(name)) }, missing(name)
		tests[name] = test
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.update(t, func(tx *bbolt.Tx) error { return test.damage(tx.Bucket([]byte("settlex"))) })
			path := h.db.Path()
			before := h.bytes(t)
			_, err := bolt.Open(path, bolttest.Small())
			wantText(t, err, "open "+path+": "+test.want)
			if !bytes.Equal(read(t, path), before) {
				t.Error("the refused file was changed")
			}
		})
	}
}

// swapKeys exchanges the first two elements of a leaf.
func swapKeys(order binary.ByteOrder, page []byte) {
	first, second := bytes.Clone(page[16:32]), bytes.Clone(page[32:48])
	order.PutUint32(second[4:], order.Uint32(second[4:])+16) // places count from the element
	order.PutUint32(first[4:], order.Uint32(first[4:])-16)
	copy(page[16:], second)
	copy(page[32:], first)
}

// Wherever a byte of the file is changed, the process lives, and either the
// damage is found or nothing of what is stored has changed.
func TestFlippedFile(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine that opens hundreds of files")
	}
	whole := newRunsImage(t)
	want := dumpOf(t, whole.data)
	source := rand.New(rand.NewPCG(1, 2))
	const rare = 200
	found, unused := 0, 0
	for at := 0; at < whole.used()*pageSize; at++ {
		if at%pageSize < 80 { // more of headers and first elements than of the rest
			at += source.IntN(8)
		} else {
			at += source.IntN(rare)
		}
		if at >= whole.used()*pageSize || slices.Contains(whole.kinds["free"], at/pageSize) || at == whole.newest()*pageSize+79 {
			continue // the last byte of the newest meta page could have been torn
		}
		data := bytes.Clone(whole.data)
		data[at] ^= 1 << source.IntN(8)
		if whole.findings(t, data) != "" {
			found++
			continue
		}
		unused++
		if diff := cmp.Diff(want, dumpOf(t, data)); diff != "" {
			t.Errorf("byte %d of page %d: nothing is found, but other things are stored (-want +got):\n%s", at%pageSize, at/pageSize, diff)
		}
	}
	if found < 2*unused/3 {
		t.Errorf("damage was found in %d places, %d were unused", found, unused)
	}
}

// dumpOf gives all that is stored in a file, but for buckets beside the runs:
// whatever is in an unfinished one, nobody reads it.
func dumpOf(t testing.TB, data []byte) map[string]string {
	t.Helper()
	path := newPath(t)
	write(t, path, data)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := &host{db: db}
	dump := h.dump(t)
	runs := listOfRuns(t, h)
	maps.DeleteFunc(dump, func(path, _ string) bool {
		id, ok := strings.CutPrefix(path, "settlex/runs/")
		return ok && !slices.ContainsFunc(runs, func(r bolt.Run) bool { return strings.HasPrefix(id, string(be(r.ID))) })
	})
	return dump
}
