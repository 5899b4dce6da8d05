//go:build linux

package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// fullChild names, in the environment of a process that a test here starts, the
// directory it works in: what it does to have no room would hurt other tests.
const fullChild = "SETTLEX_TEST_FULL_CHILD"

// runFull runs a test of this program as a child.
func runFull(t *testing.T, name, dir string, attr *syscall.SysProcAttr) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), fullChild+"="+dir)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, figures, ok := strings.Cut(line, "figures: "); ok {
			t.Log(strings.TrimSpace(figures))
		}
	}
}

// A file that may not grow past a size, whatever size that is, is full and no
// worse: what finds no room is not booked and says so, everything else goes on,
// and once there is room so does posting, in the same open store.
func TestFileTooLarge(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills files up for seconds, in one goroutine")
	}
	dir := t.TempDir()
	runFull(t, "TestFileTooLargeChild", dir, nil)
	for _, h := range fullHosts() {
		store, err := bolt.Open(filepath.Join(dir, h.name+".db"), bolttest.Small())
		if err != nil {
			t.Fatal(err)
		}
		books, err := ledger.New(store, config(t))
		if err != nil {
			t.Fatal(err)
		}
		verifySound(t, books)
		closeStore(t, store)
	}
}

// fullHost is a way to open a file.
type fullHost struct {
	name    string
	options bbolt.Options
	alloc   int  // bbolt's AllocSize, if not its default
	snap    bool // room enough to read and write at once
}

func fullHosts() []fullHost {
	return []fullHost{
		// As Open does: the file is extended far ahead, and its pages find no room.
		{"own", bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30}, 0, true},
		// Extending finds no room.
		{"extended", bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30}, 1 << 14, true},
		// The map is replaced as the file grows.
		{"mapped", bbolt.Options{}, 0, false},
	}
}

// TestFileTooLargeChild is the child of TestFileTooLarge.
func TestFileTooLargeChild(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(fullChild)
	if dir == "" {
		return // it is no child
	}
	signal.Ignore(syscall.SIGXFSZ) // it would end the process
	for _, h := range fullHosts() {
		db, err := bbolt.Open(filepath.Join(dir, h.name+".db"), 0o600, &h.options)
		if err != nil {
			t.Fatal(err)
		}
		if h.alloc > 0 {
			db.AllocSize = h.alloc
		}
		f := newFull(t, db)
		for f.cycle = range 40 {
			size := f.size(t)
			// Room for a few pages more, and a part of one; at times for fewer than there are.
			f.fill(t, h.snap && f.cycle%3 == 0, func() { limitFile(t, uint64(size+int64(f.cycle%8-1)*4096+int64(f.cycle)*97)) },
				func() { limitFile(t, math.MaxUint64) })
		}
		f.finish(t, h.name)
	}
}

// limitFile sets how far this process may extend a file.
func limitFile(t *testing.T, size uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(size, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

// The host's own bound on its file is a lack of room too.
func TestHostsBound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills files up for seconds, in one goroutine")
	}
	db, err := bbolt.Open(newPath(t), 0o600, &bbolt.Options{InitialMmapSize: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	db.AllocSize = 1 << 14
	f := newFull(t, db)
	for f.cycle = range 20 {
		size := int(f.size(t))
		f.fill(t, f.cycle%3 == 0, func() { db.MaxSize = size + f.cycle%4<<14 }, func() { db.MaxSize = 0 })
	}
	f.finish(t, "bound")
}

// A file system that is full, truly so, is no worse.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills a file system for seconds, in one goroutine")
	}
	attr := mounting(t)
	if attr == nil {
		t.Skip("no process here may mount a tmpfs of its own: TestFileTooLarge and TestHostsBound test the same with a limit of the file's size")
	}
	runFull(t, "TestDiskFullChild", t.TempDir(), attr)
}

// mounting gives a way to start a process that may mount a tmpfs nobody else
// sees, or nil: some containers and kernels allow it to nobody.
func mounting(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	for _, attr := range []*syscall.SysProcAttr{
		{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		},
		{Cloneflags: syscall.CLONE_NEWNS}, // for root without user namespaces
	} {
		probe := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", t.TempDir())
		probe.SysProcAttr = attr
		if probe.Run() == nil {
			return attr
		}
	}
	return nil
}

// TestDiskFullChild is the child of TestDiskFull.
func TestDiskFullChild(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(fullChild)
	if dir == "" {
		return // it is no child
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(filepath.Join(dir, "ledger.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	f := newFull(t, db)
	ballast := filepath.Join(dir, "ballast")
	for f.cycle = range 40 {
		f.fill(t, f.cycle%3 == 0, func() {
			write(t, ballast, make([]byte, max(0, room(t, dir)-int64(f.cycle%8)*4096)))
		}, func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		})
	}
	f.finish(t, "tmpfs")
}

// room is what is left on a file system.
func room(t *testing.T, dir string) int64 {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	return int64(fs.Bavail) * fs.Bsize
}

// full is a store that runs out of room again and again.
type full struct {
	db             *bbolt.DB
	books          *ledger.Ledger
	cycle          int
	posted, failed int
	causes         map[string]int
}

func newFull(t *testing.T, db *bbolt.DB) *full {
	t.Helper()
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	f := &full{db: db, books: books, causes: make(map[string]int)}
	f.cycle = -1
	f.post(t, 1)
	return f
}

// size is what the pages of the file need.
func (f *full) size(t *testing.T) (size int64) {
	t.Helper()
	if err := f.db.View(func(tx *bbolt.Tx) error { size = tx.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return size
}

// fill takes the room away, posts until that fails, several times, gives the
// room back and posts what failed. With a snapshot, somebody reads all the
// while, so that no page becomes free.
func (f *full) fill(t *testing.T, snapshot bool, take, give func()) {
	t.Helper()
	if snapshot {
		err := f.books.Read(t.Context(), func(ledger.Reader) error {
			f.fill(t, false, take, give)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return
	}
	take()
	const attempts = 3
	refused := 0
	for n := 1; refused < attempts; n += 5 {
		if !f.post(t, n) {
			refused++
		}
		if n > 10_000 {
			t.Fatalf("cycle %d: %d entries found room", f.cycle, n)
		}
	}
	verifySound(t, f.books)
	give()
	for range attempts {
		if !f.post(t, 3) {
			t.Fatalf("cycle %d: there is room, and posting fails", f.cycle)
		}
	}
	verifySound(t, f.books)
}

// post posts n entries at once, of the next keys, and tells whether there was
// room.
func (f *full) post(t *testing.T, n int) bool {
	t.Helper()
	entries := make([]ledger.Entry, n)
	for i := range entries {
		entries[i] = sale(fmt.Sprint(f.posted+i), 1)
	}
	results, err := f.books.Post(t.Context(), entries...)
	if err != nil {
		f.wantFull(t, err)
		f.failed++
	} else {
		f.posted += n
	}
	for _, r := range results {
		if r.Replayed {
			t.Fatalf("cycle %d: key %s is booked, and it was said not to be", f.cycle, r.Key)
		}
	}
	wantPosted(t, f.books, available, fmt.Sprintf("%d.%02d", f.posted/100, f.posted%100))
	return err == nil
}

// wantFull: an error that is definite, and says what and where.
func (f *full) wantFull(t *testing.T, err error) {
	t.Helper()
	const start = "no room for the file to grow, nothing was committed: commit: "
	if !errors.Is(err, bolt.ErrFull) || errors.Is(err, ledger.ErrIndefinite) || !strings.HasPrefix(err.Error(), start) {
		t.Fatalf("cycle %d: %v", f.cycle, err)
	}
	if !errors.Is(err, bolterrors.ErrMaxSizeReached) && !strings.Contains(err.Error(), f.db.Path()) {
		t.Fatalf("cycle %d: %v", f.cycle, err)
	}
	f.causes[strings.ReplaceAll(strings.TrimPrefix(err.Error(), start), f.db.Path(), "file")]++
}

// finish closes the file, opens it again as the ledger does and verifies it.
func (f *full) finish(t *testing.T, name string) {
	t.Helper()
	path := f.db.Path()
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	store, err := bolt.Open(path, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, store)
	if f.books, err = ledger.New(store, config(t)); err != nil {
		t.Fatal(err)
	}
	v, err := f.books.Verify(context.Background())
	if err != nil || len(v.Findings) > 0 || v.Entries != uint64(f.posted) {
		t.Errorf("verifying gives %+v, %v; want %d entries", v, err, f.posted)
	}
	t.Logf("figures: %s: %d entries posted, %d posts found no room: %v", name, f.posted, f.failed, f.causes)
}
