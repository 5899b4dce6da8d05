package bolt_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// grownFile is the closed file of books that have deleted most of their records.
func grownFile(t testing.TB) string {
	t.Helper()
	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	const records = 4000
	var all []ledger.Record
	for i := range records {
		all = append(all, known(fmt.Sprintf("m%d", i), fmt.Sprintf("%0200d", i)))
	}
	mustPost(t, books, many(200, "s")...)
	mustDo(t, books, put(all...))
	mustPost(t, books, many(200, "t")...)
	mustDo(t, books, work(func(s *ledger.State) error {
		for _, r := range all[10:] {
			s.Delete(r.Ref())
		}
		return nil
	}))
	mustPost(t, books, many(20, "u")...)
	closeStore(t, store)
	return path
}

// content is all that the public interface tells of a file: items, accounts,
// records and the root of the log.
func content(t testing.TB, path string) (out []string) {
	t.Helper()
	store := bolttest.OpenFile(t, path)
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	v, err := books.Verify(t.Context())
	if err != nil || v.Err() != nil {
		t.Fatal(err, v.Err())
	}
	out = append(out, fmt.Sprintf("%+v", *v))
	inside(t, books, func(r ledger.Reader) {
		out = append(out, collect(t, r.Items(t.Context(), 0, 0), func(b *ledger.Booked) string { return fmt.Sprintf("%x", b.AppendCanonical(nil)) })...)
		out = append(out, collect(t, r.Accounts(t.Context(), ""), func(a ledger.Account) string { return fmt.Sprintf("%+v", a) })...)
		out = append(out, collect(t, r.Records(t.Context(), payment.MerchantRecord, "", ""), func(r ledger.Record) string { return fmt.Sprintf("%+v", r) })...)
	})
	closeStore(t, store)
	return out
}

// A file that has grown gets smaller and says the same; its mode, its owner and a
// link to it stay what they were. Compacted again, it stays as large as it is.
func TestCompact(t *testing.T) {
	t.Parallel()
	path := grownFile(t)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // nobody else gives files away
		if err := os.Chown(path, 12345, 23456); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := content(t, path)
	if err := os.Symlink(path, path+".link"); err != nil {
		t.Fatal(err)
	}
	files := names(t, filepath.Dir(path))

	before, after, err := bolt.Compact(t.Context(), path+".link")
	if err != nil {
		t.Fatal(err)
	}
	is, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if before != was.Size() || after != is.Size() || after > before/4 {
		t.Errorf("%d bytes before and %d after; the file had %d and has %d, of which a quarter would do", before, after, was.Size(), is.Size())
	}
	if is.Mode() != was.Mode() || ownerOf(is) != ownerOf(was) {
		t.Errorf("mode %s and owner %s became %s and %s", was.Mode(), ownerOf(was), is.Mode(), ownerOf(is))
	}
	wantDiff(t, "files", files, names(t, filepath.Dir(path)))
	if link, err := os.Readlink(path + ".link"); link != path {
		t.Errorf("the link leads to %q: %v", link, err)
	}
	wantDiff(t, "content", want, content(t, path))

	again, same, err := bolt.Compact(t.Context(), path)
	if again != after || same != after || err != nil {
		t.Errorf("%d bytes became %d: %v; there were %d", again, same, err, after)
	}
	books := bolttest.On(t, bolttest.OpenFile(t, path), config(t))
	if got := mustPost(t, books, sale("s1", 1), sale("new", 1)); !got[0].Replayed || got[1].Seq != 421 {
		t.Errorf("posting gives %+v", got)
	}
}

// What cannot be compacted stays as it is, and nothing lies beside it.
func TestCompactRefused(t *testing.T) {
	t.Parallel()
	missing := newPath(t)
	if _, _, err := bolt.Compact(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	wantDiff(t, "files", []string{}, names(t, filepath.Dir(missing)))

	path := newPath(t)
	store := bolttest.OpenFile(t, path)
	mustPost(t, bolttest.On(t, store, config(t)), sale("s1", 1))
	before := read(t, path)
	_, _, err := bolt.Compact(t.Context(), path)
	wantText(t, err, "compact "+path+": file is in use by another process")
	if !errors.Is(err, bolt.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	wantBytes(t, path, before)
	closeStore(t, store)

	reader, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bolt.Compact(t.Context(), path); !errors.Is(err, bolt.ErrInUse) {
		t.Errorf("in use by a reader: %v", err)
	}
	reader.Close()

	broken := grownFile(t)
	before = read(t, broken)
	page := before[inUse(t, broken, "branch")*pageSize:]
	copy(page[16+8:], page[:8]) // what lies below it is itself: bbolt would go round for ever
	write(t, broken, before)
	if _, _, err := bolt.Compact(t.Context(), broken); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("a damaged file: %v", err)
	}
	wantBytes(t, broken, before)
	for _, file := range []string{path, broken} {
		wantDiff(t, "files", []string{"ledger.db"}, names(t, filepath.Dir(file)))
	}
}
