//go:build linux && (amd64 || arm64)

package bolt_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// copying is a way to make a new file out of another one, or of a store.
type copying struct {
	name string
	run  func(ctx context.Context, path string) error
}

// copyings gives all of them. The last two read the file kept, and the last
// replaces it: its path is of no account.
func copyings(store *bolt.Store, kept string) []copying {
	return []copying{
		{"backup", func(ctx context.Context, path string) error { _, err := store.Backup(ctx, path); return err }},
		{"restore", func(ctx context.Context, path string) error { _, err := bolt.Restore(ctx, kept, path); return err }},
		{"compact", func(ctx context.Context, _ string) error { _, _, err := bolt.Compact(ctx, kept); return err }},
	}
}

// What a filter of system calls answers.
const (
	seccompKill  = 0x80000000
	seccompErrno = 0x00050000
	seccompAllow = 0x7fff0000
)

// filter is a system call, the number of one of its arguments from 0, and what that
// must at least be: a length, or a place in a file.
type filter struct {
	call     uintptr
	argument uint32
	least    uint32
}

// install makes the kernel answer such calls of this thread in another way from
// now on. The goroutine must stay locked to the thread, and never end.
func (f filter) install(answer uint32) error {
	const prSetSeccomp, modeFilter, prSetNoNewPrivs = 22, 2, 38
	program := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS}, // the number of the call
		{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, Jf: 3, K: uint32(f.call)},
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: lowerHalf(16 + 8*f.argument)},
		{Code: syscall.BPF_JMP | syscall.BPF_JGE | syscall.BPF_K, Jf: 1, K: f.least},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: answer},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: seccompAllow},
	}
	all := syscall.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetSeccomp, modeFilter, uintptr(unsafe.Pointer(&all)), 0, 0, 0)
	runtime.KeepAlive(program)
	if errno != 0 {
		return errno
	}
	return nil
}

// lowerHalf is where a filter finds that of the argument at a place.
func lowerHalf(at uint32) uint32 {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return at
	}
	return at + 4
}

// filtered runs fn on a thread where a system call fails with EIO.
func filtered(t *testing.T, f filter, fn func() error) (err error) {
	t.Helper()
	var refused error
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		if refused = f.install(seccompErrno | uint32(syscall.EIO)); refused == nil {
			err = fn()
		}
		close(done)
		select {} // a thread that ends may start others first, and they would have its filter
	}()
	<-done
	if refused != nil {
		t.Skipf("the kernel filters no system calls here: %v", refused)
	}
	return err
}

// A file system that fails in a write, a sync or the giving of the name is an
// error, and leaves nothing new and what was there as it was.
func TestCopiesFail(t *testing.T) {
	t.Parallel()
	written := filter{call: syscall.SYS_WRITE, argument: 2, least: 4097} // package testing writes less at once
	for _, test := range []struct {
		copying, name string
		filter
	}{
		{"backup", "write", written},
		{"backup", "sync", filter{call: syscall.SYS_FSYNC}},
		{"backup", "link", filter{call: syscall.SYS_LINKAT}},
		{"restore", "write", written},
		{"restore", "sync", filter{call: syscall.SYS_FSYNC}},
		{"restore", "link", filter{call: syscall.SYS_LINKAT}},
		{"compact", "write", filter{call: syscall.SYS_PWRITE64}},
		{"compact", "truncate", filter{call: syscall.SYS_TRUNCATE}},
		{"compact", "mode", filter{call: syscall.SYS_FCHMOD}},
		{"compact", "sync", filter{call: syscall.SYS_FSYNC}},
		{"compact", "rename", filter{call: syscall.SYS_RENAMEAT}},
	} {
		t.Run(test.copying+" "+test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			kept := newPath(t)
			mustBackUp(t, h.store, kept)
			whole := read(t, kept)
			path := newPath(t)
			for _, c := range copyings(h.store, kept) {
				if c.name != test.copying {
					continue
				}
				err := filtered(t, test.filter, func() error { return c.run(t.Context(), path) })
				if err == nil || !strings.Contains(err.Error(), syscall.EIO.Error()) {
					t.Fatalf("got %v, want an input/output error", err)
				}
				if test.name == "sync" && !strings.Contains(err.Error(), ".ledger.db."+test.copying+"-") {
					t.Errorf("got %v, want the content synced before the directory", err)
				}
				wantDiff(t, "files", []string{}, names(t, filepath.Dir(path)))
				wantDiff(t, "files", []string{"ledger.db"}, names(t, filepath.Dir(kept)))
				wantBytes(t, kept, whole)
				if err := c.run(t.Context(), path); err != nil {
					t.Errorf("without the fault: %v", err)
				}
			}
		})
	}
}

// Where there is room for a part of the file only, whatever part, nothing is left
// of it, and the error says so.
func TestCopiesFindNoRoom(t *testing.T) {
	t.Parallel()
	runFull(t, "TestCopiesFindNoRoomChild", t.TempDir(), nil)
}

// TestCopiesFindNoRoomChild is the child of TestCopiesFindNoRoom: no file may grow
// past a size.
func TestCopiesFindNoRoomChild(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(fullChild)
	if dir == "" {
		return // it is no child
	}
	signal.Ignore(syscall.SIGXFSZ) // it would end the process
	copiesFindNoRoom(t, dir, syscall.EFBIG, func(left int64) { limitFile(t, uint64(left)) }, func() { limitFile(t, math.MaxUint64) })
}

// A file system that is full, truly so, is no worse.
func TestCopiesDiskFull(t *testing.T) {
	t.Parallel()
	attr := mounting(t)
	if attr == nil {
		t.Skip("no process here may mount a tmpfs of its own: TestCopiesFindNoRoom tests the same with a limit of the file's size")
	}
	runFull(t, "TestCopiesDiskFullChild", t.TempDir(), attr)
}

// TestCopiesDiskFullChild is the child of TestCopiesDiskFull.
func TestCopiesDiskFullChild(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(fullChild)
	if dir == "" {
		return // it is no child
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	copiesFindNoRoom(t, dir, syscall.ENOSPC, func(left int64) {
		write(t, filepath.Join(dir, "ballast"), make([]byte, max(0, room(t, dir)-left)))
	}, func() {
		if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
			t.Fatal(err)
		}
	})
}

// copiesFindNoRoom makes copies in a directory, with room for more and more of
// them, until there is enough.
func copiesFindNoRoom(t *testing.T, dir string, want error, take func(left int64), give func()) {
	t.Helper()
	h := damaged(t)
	kept := filepath.Join(dir, "kept.db")
	mustBackUp(t, h.store, kept)
	whole := read(t, kept)
	for _, c := range copyings(h.store, kept) {
		refused := 0
		for left := int64(0); ; left += 3 * 4096 {
			path := filepath.Join(dir, "new.db")
			take(left)
			err := c.run(t.Context(), path)
			give()
			if err == nil {
				break
			}
			refused++
			if !errors.Is(err, want) && !strings.Contains(err.Error(), want.Error()) || !strings.Contains(err.Error(), dir) {
				t.Fatalf("%s, room for %d bytes: %v", c.name, left, err)
			}
			wantDiff(t, "files", []string{"kept.db"}, names(t, dir))
			wantBytes(t, kept, whole)
		}
		if refused < 5 {
			t.Errorf("%s: only %d copies found no room", c.name, refused)
		}
		t.Logf("figures: %s: %d copies found no room", c.name, refused)
		_ = os.Remove(filepath.Join(dir, "new.db"))
	}
}

// killedCopy names, in the environment of a process that is to be killed, what it
// copies and where that ends.
const killedCopy = "SETTLEX_TEST_KILLED_COPY"

// Killed anywhere, a compaction leaves the old file or the new one, whole, and a
// backup or a restore a whole file or none. Nothing else has a name that anybody
// could take for it.
func TestCopiesKilled(t *testing.T) {
	t.Parallel()
	original := grownFile(t)
	want, whole := content(t, original), read(t, original)
	for _, name := range []string{"backup", "restore", "compact"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killed := 0
			for _, at := range []string{
				"question 1", "question 2", "question 5", "question 20", "question 80", "question 500", "question 1500",
				"place 0", "place 4096", "place 16384", "place 20000", "place 30000", "place 60000", "place 400000",
				"call " + fmt.Sprint(syscall.SYS_FSYNC), "call " + fmt.Sprint(syscall.SYS_TRUNCATE), "call " + fmt.Sprint(syscall.SYS_FCHMOD),
				"call " + fmt.Sprint(syscall.SYS_LINKAT), "call " + fmt.Sprint(syscall.SYS_RENAMEAT), "call " + fmt.Sprint(syscall.SYS_UNLINKAT),
			} {
				dir := t.TempDir()
				file := filepath.Join(dir, "ledger.db")
				write(t, file, whole)
				if killCopy(t, name, dir, at) {
					killed++
				}
				for _, n := range names(t, dir) {
					path := filepath.Join(dir, n)
					switch {
					case n == "ledger.db" || n == "new.db":
						wantDiff(t, fmt.Sprintf("%s after %s", n, at), want, content(t, path))
					case strings.HasPrefix(n, ".ledger.db."+name+"-") || strings.HasPrefix(n, ".new.db."+name+"-"):
					default:
						t.Errorf("%s: there is a file %s", at, n)
					}
				}
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s: %v", at, err)
				}
			}
			if killed < 4 {
				t.Errorf("only %d were killed before they were done", killed)
			}
			t.Logf("%d were killed before they were done", killed)
		})
	}
}

// killCopy runs a process that is killed at some place, if it comes there.
func killCopy(t *testing.T, name, dir, at string) (killed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestCopiesKilledChild$")
	cmd.Env = append(os.Environ(), killedCopy+"="+strings.Join([]string{name, dir, at}, "|"))
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.Exited()) {
		t.Fatalf("%s: %v\n%s", at, err, out)
	}
	return err != nil
}

// TestCopiesKilledChild is the child of TestCopiesKilled.
func TestCopiesKilledChild(t *testing.T) {
	t.Parallel()
	parts := strings.Split(os.Getenv(killedCopy), "|")
	if len(parts) != 3 {
		return // it is no child
	}
	file, path := filepath.Join(parts[1], "ledger.db"), filepath.Join(parts[1], "new.db")
	kind, text, _ := strings.Cut(parts[2], " ")
	at, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	var run copying
	var store *bolt.Store
	if parts[0] == "backup" {
		if store, err = bolt.Open(file, bolt.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range copyings(store, file) {
		if c.name == parts[0] {
			run = c
		}
	}
	ctx := t.Context()
	runtime.LockOSThread()
	switch kind {
	case "question":
		c := newCountdown(ctx, at)
		c.end = func() error {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		ctx = c
	case "place":
		filterToKill(t, filter{call: syscall.SYS_PWRITE64, argument: 3, least: uint32(at)})
	case "call":
		filterToKill(t, filter{call: uintptr(at)})
	}
	if err := run.run(ctx, path); err != nil {
		t.Error(err)
	}
}

// filterToKill lets a system call end this process.
func filterToKill(t *testing.T, f filter) {
	t.Helper()
	if err := f.install(seccompKill); err != nil {
		t.Logf("the kernel filters no system calls here: %v", err)
	}
}

// Whoever waits for a file while another one is put in its place gets neither the
// lock nor the old file, which has no name any more.
func TestOpenOfReplacedFile(t *testing.T) {
	t.Parallel()
	path := grownFile(t)
	held, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_SH); err != nil { // lets Open look at the file, and wait for it then
		t.Fatal(err)
	}
	fresh := path + ".fresh"
	write(t, fresh, read(t, path))
	opened := make(chan error)
	go func() {
		store, err := bolt.Open(path, bolt.Options{LockWait: math.MaxInt32})
		if err == nil {
			err = errors.Join(errors.New("it was opened"), store.Close())
		}
		opened <- err
	}()
	for !openForWriting(t, path) {
		runtime.Gosched()
	}
	if err := os.Rename(fresh, path); err != nil {
		t.Fatal(err)
	}
	held.Close()
	if err := <-opened; !errors.Is(err, bolt.ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
	store, err := bolt.Open(path, bolt.Options{})
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

// openForWriting tells whether this process has a file open to write to it.
func openForWriting(t *testing.T, path string) bool {
	t.Helper()
	for _, fd := range names(t, "/proc/self/fd") {
		if leads, err := os.Readlink("/proc/self/fd/" + fd); err != nil || leads != path {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + fd)
		if err != nil {
			continue // closed meanwhile
		}
		_, rest, _ := strings.Cut(string(info), "flags:\t")
		flags, err := strconv.ParseUint(strings.Fields(rest + " 0")[0], 8, 64)
		if err == nil && flags&syscall.O_RDWR != 0 {
			return true
		}
	}
	return false
}
