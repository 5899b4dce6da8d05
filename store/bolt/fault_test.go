//go:build linux

package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// faultChild names, in the environment of a process that TestFaults starts, the
// directory it works in. It is this test program, built with a bbolt that fails
// as told: see testdata/bbolt/fault.go.
const faultChild = "SETTLEX_TEST_FAULT_CHILD"

// A fault in any write, sync, growth or mapping of the file loses nothing that
// was acknowledged and leaves no step half done. The error says what is known:
// ErrFull that nothing was committed, and the store goes on; ErrIndefinite that
// nobody knows, and the store is read-only until it is reopened, where the same
// keys settle the outcome.
func TestFaults(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine and its process, failed at every step of many plans")
	}
	program := faultProgram(t)
	var mu sync.Mutex
	hits := make(map[string]int)
	t.Cleanup(func() {
		for _, what := range slices.Sorted(maps.Keys(hits)) {
			t.Logf("%5d %s", hits[what], what)
		}
	})
	for _, opened := range []string{"own", "host", "grown"} {
		for _, plan := range []string{
			"none EIO keep", "half EIO keep", "none EIO lose",
			"none ENOSPC keep", "some ENOSPC keep", "half ENOSPC keep",
			"none kill keep", "half kill keep",
			"none cut lose", "none cut tear", "half cut tear",
		} {
			if opened == "grown" && !slices.Contains([]string{"none EIO keep", "half ENOSPC keep", "none kill keep", "none cut lose", "half cut tear"}, plan) {
				continue // it takes long
			}
			t.Run(opened+" "+plan, func(t *testing.T) {
				t.Parallel()
				f := faultRun{dir: t.TempDir(), opened: opened, plan: plan, hit: make(map[int]bool)}
				f.grow(t)
				for at := 1; at > 0; {
					at = f.child(t, program, at)
				}
				f.wantDeeds(t)
				mu.Lock()
				defer mu.Unlock()
				then := strings.Fields(plan)[1]
				for _, outcome := range f.outcomes {
					hits[then+" in "+outcome]++
				}
			})
		}
	}
}

// faultProgram builds this test program with the faulty bbolt in place of its
// own. Files below the module cache cannot be overlaid, so bbolt is copied and a
// go.mod of the test's own replaces it.
func faultProgram(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("go")
	testneed.Need(t, "the go command", "https://go.dev/dl", err == nil)
	dir := t.TempDir()
	source, copied := goTool(t, "list", "-m", "-f", "{{.Dir}}", "go.etcd.io/bbolt"), filepath.Join(dir, "bbolt")
	if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	spoil(t, copied)
	write(t, filepath.Join(copied, "fault.go"), read(t, filepath.Join("testdata", "bbolt", "fault.go")))

	mod := goTool(t, "env", "GOMOD")
	write(t, filepath.Join(dir, "go.mod"), fmt.Appendf(read(t, mod), "\nreplace go.etcd.io/bbolt => %q\n", copied))
	write(t, filepath.Join(dir, "go.sum"), read(t, strings.TrimSuffix(mod, ".mod")+".sum"))
	program := filepath.Join(dir, "faulty.test")
	goTool(t, "test", "-c", "-vet=off", "-trimpath", "-modfile", filepath.Join(dir, "go.mod"), "-o", program, ".")
	return program
}

// goTool runs the go command and gives what it prints.
func goTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return strings.TrimSpace(string(out))
}

// spoil puts faults into every place of bbolt's source that changes the file.
func spoil(t *testing.T, dir string) {
	t.Helper()
	for _, p := range []struct{ file, old, spoiled string }{
		{"db.go", "db.ops.writeAt = db.file.WriteAt\n", "db.ops.writeAt = plant(db.file)\n"},
		{"db.go", "db.file.Truncate(int64(sz))", "faults.truncate(int64(sz))"},
		{"db.go", "db.file.Sync()", "faults.sync()"},
		{"db.go", "err := db.file.Close()", "err := closeFile(db.file)"},
		{"db.go", "if err = mmap(db, size); err != nil {", "if err = faults.remap(); err == nil {\nerr = mmap(db, size)\n}\nif err != nil {"},
		{"bolt_linux.go", "return syscall.Fdatasync(int(db.file.Fd()))", "_ = syscall.Fdatasync\nreturn faults.sync()"},
	} {
		path := filepath.Join(dir, p.file)
		text := read(t, path)
		if n := bytes.Count(text, []byte(p.old)); n != 1 {
			t.Fatalf("bbolt's %s has %q %d times, want it once: look where it writes now", p.file, p.old, n)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		write(t, path, bytes.Replace(text, []byte(p.old), []byte(p.spoiled), 1))
	}
	changes := regexp.MustCompile(`file\.(Write\w*|Truncate|Sync)\(|Fdatasync\(`)
	for _, name := range []string{"db.go", "tx.go", "bucket.go", "bolt_unix.go", "bolt_linux.go"} {
		if found := changes.Find(read(t, filepath.Join(dir, name))); found != nil {
			t.Fatalf("bbolt's %s has another %q", name, found)
		}
	}
}

// faultRun runs the steps with one plan, once for each place the fault can be.
type faultRun struct {
	dir, opened, plan string
	outcomes          []string
	hit               map[int]bool     // steps whose commit was hit
	deeds             map[int][]string // what a step does to the indexes, when nothing is hit
}

// grown is how many entries are in a file when its run begins, one by one: so
// many that the steps flush and merge runs and drop those that were merged.
const grown = 26

func (f *faultRun) base() string { return filepath.Join(f.dir, "base.db") }

func (f *faultRun) grow(t *testing.T) {
	t.Helper()
	if f.opened != "grown" {
		return
	}
	store, err := bolt.Open(f.base(), bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	books := bolttest.On(t, store, config(t))
	for i := range grown {
		mustPost(t, books, sale(fmt.Sprint("base-", i), 1))
	}
	bolttest.Verify(t, books)
	closeStore(t, store)
}

// wantDeeds: commits were hit that flush, merge, publish and drop.
func (f *faultRun) wantDeeds(t *testing.T) {
	t.Helper()
	if f.opened != "grown" {
		return
	}
	done := make(map[string]bool)
	for step, deeds := range f.deeds {
		for _, deed := range deeds {
			done[deed] = done[deed] || f.hit[step]
		}
	}
	for _, deed := range []string{"a flush begun", "a flush gone on", "a flush published", "a merge begun", "a merge gone on", "a merge published", "a bucket dropped"} {
		if !done[deed] {
			t.Errorf("no commit with %s was hit: steps %v, deeds %v", deed, f.hit, f.deeds)
		}
	}
}

// steps is what is posted, each step at once. The file grows on the way, and
// what is free after earlier steps is used again.
func (f *faultRun) steps() [][]ledger.Entry {
	var all [][]ledger.Entry
	sizes := []int{1, 3, 40, 1, 1, 20, 5, 1, 40}
	if f.opened == "grown" {
		sizes = []int{1, 1, 1, 1, 40, 1, 1, 1, 1, 1, 1, 1, 1, 20, 1}
	}
	for i, n := range sizes {
		all = append(all, many(n, fmt.Sprintf("s%d-", i)))
	}
	return all
}

func (f *faultRun) path(at int) string { return filepath.Join(f.dir, fmt.Sprintf("%d.db", at)) }
func (f *faultRun) log(at int) string  { return filepath.Join(f.dir, fmt.Sprintf("%d.log", at)) }

// open opens a file as the ledger does, or as a host with no room to spare: its
// map grows with the file.
func (f *faultRun) open(path string) (ledger.Store, func() error, error) {
	if f.opened == "own" {
		store, err := bolt.Open(path, bolttest.Small())
		if err != nil {
			return nil, nil, err
		}
		return store, store.Close, nil
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return nil, nil, err
	}
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, db.Close, nil
}

// child lets a process run the steps, with the fault at the given operation and
// then at the next, until it is killed or no operation is left to hit. It checks
// the files of these runs and gives the operation to go on with; 0 is the end.
func (f *faultRun) child(t *testing.T, program string, from int) (next int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestFaultChild$")
	cmd.Env = append(os.Environ(), faultChild+"="+f.dir, "FAULT_OPENED="+f.opened, "FAULT_PLAN="+f.plan, "FAULT_FROM="+fmt.Sprint(from))
	out, err := cmd.CombinedOutput()
	if err != nil && (!strings.Contains(f.plan, "kill") || cmd.ProcessState.Exited()) {
		t.Fatalf("%v\n%s", err, out)
	}
	for at := from; ; at++ {
		log, readErr := os.ReadFile(f.log(at))
		if readErr != nil {
			return at
		}
		run := readRun(t, string(log))
		f.check(t, at, run)
		f.hit[run.at] = run.hit != "" || f.hit[run.at]
		if f.deeds = run.deeds; run.hit == "" {
			if at < 50 {
				t.Errorf("only %d operations were hit", at-1)
			}
			return 0
		}
	}
}

// TestFaultChild is the child of TestFaults.
func TestFaultChild(t *testing.T) {
	t.Parallel()
	f := faultRun{dir: os.Getenv(faultChild), opened: os.Getenv("FAULT_OPENED"), plan: os.Getenv("FAULT_PLAN")}
	if f.dir == "" {
		return // it is no child
	}
	var at int
	if _, err := fmt.Sscan(os.Getenv("FAULT_FROM"), &at); err != nil {
		t.Fatal(err)
	}
	for hit := true; hit; at++ {
		hit = f.run(t, at)
	}
}

// run goes through the steps once and logs what becomes of them.
func (f *faultRun) run(t *testing.T, at int) (hit bool) {
	t.Helper()
	write(t, f.log(at), nil)
	if f.opened == "grown" {
		write(t, f.path(at), read(t, f.base()))
	}
	for name, value := range map[string]string{"FAULT_LOG": f.log(at), "FAULT_AT": fmt.Sprint(at)} {
		if err := os.Setenv(name, value); err != nil { //nolint:usetesting // a parallel test may not call t.Setenv; this process runs nothing else
			t.Fatal(err)
		}
	}
	logf := func(format string, args ...any) {
		log, err := os.OpenFile(f.log(at), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		if _, err := fmt.Fprintf(log, format+"\n", args...); err != nil {
			t.Fatal(err)
		}
	}
	if store, done, err := f.open(f.path(at)); err != nil {
		logf("failed unopened: %v", err)
	} else {
		logf("opened")
		f.post(t, store, logf)
		if err := done(); err != nil {
			t.Error(err)
		}
	}
	return bytes.Contains(read(t, f.log(at)), []byte("hit "))
}

// post posts the steps until the store takes no more, and checks that it does
// what its errors say.
func (f *faultRun) post(t *testing.T, store ledger.Store, logf func(string, ...any)) {
	t.Helper()
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range f.steps() {
		was := f.work(t, store)
		_, err := books.Post(t.Context(), step...)
		full, indefinite := errors.Is(err, bolt.ErrFull), errors.Is(err, ledger.ErrIndefinite)
		switch {
		case err == nil:
		case full && !indefinite:
			logf("failed full: %v", err)
			verifySound(t, books)
			for _, r := range mustPost(t, books, step...) { // there is room now
				if r.Replayed {
					t.Errorf("step %d: %v, and it was booked", i, err)
				}
			}
		case indefinite && !full:
			logf("failed indefinite: %v", err)
			wantReadOnly(t, books)
			return
		default:
			t.Fatalf("step %d: %v", i, err)
		}
		for _, deed := range was.deeds(f.work(t, store)) {
			logf("did %s", deed)
		}
		logf("ack %d", i)
	}
}

// work reads what lies in the file beside the books.
func (f *faultRun) work(t *testing.T, store ledger.Store) (w indexWork) {
	t.Helper()
	err := store.Read(t.Context(), func(r ledger.Reader) (err error) {
		w, err = workOf(r.(*bolt.Tx)) //nolint:errcheck // it panics
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return w
}

// wantReadOnly: the store refuses what is posted, and while the file is mapped
// it still answers questions.
func wantReadOnly(t *testing.T, books *ledger.Ledger) {
	t.Helper()
	for range 2 {
		if _, err := books.Post(t.Context(), sale("after", 1)); !errors.Is(err, bolt.ErrReadOnly) || errors.Is(err, ledger.ErrIndefinite) {
			t.Errorf("posting gives %v, want ErrReadOnly", err)
		}
	}
	if _, _, err := books.Account(t.Context(), bank, inr()); err != nil && !errors.Is(err, bolterrors.ErrInvalidMapping) {
		t.Errorf("reading gives %v", err)
	}
}

// verifySound fails the test unless the books are sound.
func verifySound(t *testing.T, books *ledger.Ledger) {
	t.Helper()
	if v, err := books.Verify(t.Context()); err != nil || len(v.Findings) > 0 {
		t.Errorf("verifying gives %+v, %v", v, err)
	}
}

// logged is the log of one run.
type logged struct {
	hit    string // kind of operation
	opened bool
	acked  int    // steps acknowledged
	failed string // outcome of the step that failed
	at     int    // that step
	deeds  map[int][]string
	text   string
}

func readRun(t *testing.T, log string) logged {
	t.Helper()
	run := logged{text: log, at: -1, deeds: make(map[int][]string)}
	for line := range strings.Lines(log) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "hit":
			run.hit = rest
		case "opened":
			run.opened = true
		case "ack":
			run.acked++
		case "did":
			run.deeds[run.acked] = append(run.deeds[run.acked], rest)
		case "failed":
			run.failed, _, _ = strings.Cut(rest, ":")
			run.at = run.acked
		default:
			t.Fatalf("log has line %q", line)
		}
	}
	if run.at < 0 {
		run.at = run.acked
	}
	return run
}

// check looks at a file after its run, with ordinary code.
func (f *faultRun) check(t *testing.T, at int, run logged) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Fatalf("operation %d:\n%s", at, run.text)
		}
		for _, path := range []string{f.path(at), f.log(at)} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}()
	wantDiff(t, "outcome", f.outcome(run), run.failed)
	store, done, err := f.open(f.path(at))
	if err != nil && !run.opened && run.hit == "init" && f.opened != "own" { // bbolt made it in its place, and was interrupted
		f.outcomes = append(f.outcomes, "init: does not open")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := done(); err != nil {
			t.Error(err)
		}
	}()
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	if state := f.settle(t, books, run.acked); run.hit != "" {
		f.outcomes = append(f.outcomes, strings.TrimRight(fmt.Sprintf("%s: %s %s", run.hit, run.failed, state), " "))
	}
}

// outcome is what a run has to say about its fault.
func (f *faultRun) outcome(run logged) string {
	part, rest, _ := strings.Cut(f.plan, " ")
	then, _, _ := strings.Cut(rest, " ")
	switch {
	case run.hit == "" || then == "kill":
		return ""
	case !run.opened:
		return "unopened"
	case then == "ENOSPC" && (run.hit == "grow" || run.hit == "data"):
		return "full"
	case then == "ENOSPC" && run.hit == "meta" && part != "half": // half of the page has all that counts
		return "full"
	}
	return "indefinite"
}

// settle checks the books of a file of which so many steps were acknowledged,
// retries the others, and tells what had become of the first of those.
func (f *faultRun) settle(t *testing.T, books *ledger.Ledger, acked int) (state string) {
	t.Helper()
	verifySound(t, books)
	there := booked(t, books)
	total := 0
	for i, step := range f.steps() {
		n := 0
		for _, e := range step {
			if there[e.Key] {
				n++
			}
		}
		if whole := n == len(step); i < acked && !whole || i == acked && n > 0 && !whole || i > acked && n > 0 {
			t.Errorf("step %d has %d of %d entries, and %d steps were acknowledged", i, n, len(step), acked)
		}
		if i == acked {
			state = map[bool]string{true: "booked", false: "not booked"}[n > 0]
			for _, r := range mustPost(t, books, step...) {
				if r.Replayed != (n > 0) {
					t.Errorf("retrying step %d: replayed is %t, and it has %d entries", i, r.Replayed, n)
				}
			}
		}
		total += len(step)
	}
	if acked+1 < len(f.steps()) {
		mustPost(t, books, slices.Concat(f.steps()[acked+1:]...)...)
	}
	verifySound(t, books)
	if f.opened == "grown" {
		total += grown
	}
	wantPosted(t, books, available, inr().Format(money.Minor(int64(total))))
	return state
}
