package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// backedUp is a backup of books with everything in them.
func backedUp(t testing.TB) (path string, info bolt.BackupInfo) {
	t.Helper()
	path = newPath(t)
	return path, mustBackUp(t, damaged(t).store, path)
}

// What was backed up is there again, from a backup that nobody may write to.
func TestRestore(t *testing.T) {
	t.Parallel()
	backup, kept := backedUp(t)
	before := read(t, backup)
	if err := os.Chmod(backup, 0o400); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	info, err := bolt.Restore(t.Context(), backup, path)
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "files", []string{"ledger.db"}, names(t, dir))
	wantBytes(t, backup, before)
	wantDiff(t, "pairs", dumpOf(t, before), dumpOf(t, read(t, path)))
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Head != kept.Head || info.Bytes != kept.Bytes || file.Size() != info.Bytes || file.Mode().Perm() != 0o600 {
		t.Errorf("restored %+v, mode %o, want %+v", info, file.Mode().Perm(), kept)
	}
	settings := config(t)
	settings.Clock = newWatch().now
	books := bolttest.On(t, bolttest.OpenFile(t, path), settings)
	mustPost(t, books, sale("next", 1))
}

// A backup that is none is refused with what is wrong and where, and leaves
// nothing.
func TestRestoreRefused(t *testing.T) {
	t.Parallel()
	backup, _ := backedUp(t)
	whole := read(t, backup)
	older := func(format uint32) []byte {
		path := newPath(t)
		write(t, path, whole)
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("settlex")).Bucket([]byte("meta")).Put([]byte("format"), binary.BigEndian.AppendUint32(nil, format))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		return read(t, path)
	}
	changed := func(change func(data []byte)) []byte {
		data := bytes.Clone(whole)
		change(data)
		return data
	}
	for _, test := range []struct {
		name string
		data []byte
		is   error
		want string
	}{
		{"empty", nil, ledger.ErrCorrupt, "file is empty"},
		{"text", []byte(strings.Repeat("not a ledger\n", 1000)), ledger.ErrCorrupt, "invalid database"},
		{"of another program", foreign(t), ledger.ErrCorrupt, `there is no ledger in it, bucket "settlex" is missing`},
		{"a newer format", older(bolt.Format + 1), bolt.ErrNewerFormat, fmt.Sprintf("format %d, this one knows %d", bolt.Format+1, bolt.Format)},
		{"an older format", older(bolt.Format - 1), bolt.ErrOlderFormat, fmt.Sprintf("format %d, this one knows %d", bolt.Format-1, bolt.Format)},
		{"without its end", whole[:len(whole)-1], ledger.ErrCorrupt, fmt.Sprintf("file has %d bytes, its pages need %d", len(whole)-1, len(whole))},
		{"half of it", whole[:len(whole)/2], ledger.ErrCorrupt, fmt.Sprintf("file has %d bytes, its pages need %d", len(whole)/2, len(whole))},
		{"the first page", whole[:4096], ledger.ErrCorrupt, ""},
		{"a page of another id", changed(func(data []byte) { binary.NativeEndian.PutUint64(data[inUse(t, backup, "leaf")*4096:], 1<<40) }),
			ledger.ErrCorrupt, fmt.Sprintf("page %d of the file: want a page of a bucket", inUse(t, backup, "leaf"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			from, dir := newPath(t), t.TempDir()
			write(t, from, test.data)
			info, err := bolt.Restore(t.Context(), from, filepath.Join(dir, "ledger.db"))
			if !errors.Is(err, test.is) || !strings.Contains(fmt.Sprint(err), test.want) || info != (bolt.BackupInfo{}) {
				t.Errorf("got %+v, %v; want %q", info, err, test.want)
			}
			t.Log(err)
			wantDiff(t, "files", []string{}, names(t, dir))
			wantBytes(t, from, test.data)
		})
	}
	for _, test := range []struct {
		name, from, to string
		want           error
	}{
		{"onto a file", backup, backup, fs.ErrExist},
		{"of nothing", newPath(t), newPath(t), fs.ErrNotExist},
		{"to no directory", backup, filepath.Join(t.TempDir(), "no", "ledger.db"), fs.ErrNotExist},
	} {
		if _, err := bolt.Restore(t.Context(), test.from, test.to); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	wantBytes(t, backup, whole)
	bolttest.OpenFile(t, backup) // somebody works on the backup
	if _, err := bolt.Restore(t.Context(), backup, newPath(t)); !errors.Is(err, bolt.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
}

// foreign is a bbolt file with no ledger in it.
func foreign(t testing.TB) []byte {
	t.Helper()
	path := newPath(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return order(tx, "o1") })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return read(t, path)
}

// inUse gives the last of a file's pages in use that is of a type.
func inUse(t testing.TB, path, kind string) (last int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for n := 0; ; n++ {
			info, err := tx.Page(n)
			if info == nil || err != nil {
				return err
			}
			if info.Type == kind {
				last = n
			}
			n += info.OverflowCount
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// Whatever bit of a backup is flipped: restoring it, opening it or verifying it
// finds that, or nothing that anybody reads has changed.
func TestRestoreFlipped(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine that restores hundreds of times")
	}
	backup, _ := backedUp(t)
	whole := read(t, backup)
	want := dumpOf(t, whole)
	source := rand.New(rand.NewPCG(1, 2))
	refused, found, harmless := 0, 0, 0
	for range 300 {
		data := bytes.Clone(whole)
		at := source.IntN(len(data))
		data[at] ^= 1 << source.IntN(8)
		from, dir := newPath(t), t.TempDir()
		write(t, from, data)
		path := filepath.Join(dir, "ledger.db")
		if _, err := bolt.Restore(t.Context(), from, path); err != nil {
			refused++
			if !errors.Is(err, ledger.ErrCorrupt) && !errors.Is(err, bolt.ErrNewerFormat) && !errors.Is(err, bolt.ErrOlderFormat) {
				t.Errorf("byte %d: %v", at, err)
			}
			wantDiff(t, "files", []string{}, names(t, dir))
			continue
		}
		restored := read(t, path)
		switch {
		case !sound(t, path, at/4096):
			found++
		case maps.Equal(dumpOf(t, restored), want):
			harmless++
		default:
			t.Errorf("byte %d: nobody found it", at)
		}
	}
	t.Logf("%d refused, %d found by verifying, %d changed nothing", refused, found, harmless)
	if refused == 0 || found == 0 {
		t.Error("the flips were all of one kind")
	}
}
