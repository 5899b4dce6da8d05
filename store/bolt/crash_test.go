package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// victim names the file that this program writes to until it is killed, when
// it is run as a victim of TestKilled.
const victim = "SETTLEX_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		if err := writeForEver(path, os.Getenv(victim+"_ROUND")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver posts from several goroutines, sometimes in batches, and prints
// each key once it is acknowledged.
func writeForEver(path, round string) error {
	store, err := bolt.Open(path, bolttest.Small())
	if err != nil {
		return err
	}
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: bank, Type: ledger.Asset},
		ledger.Pattern{Path: sales, Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true},
	)
	if err != nil {
		return err
	}
	books, err := ledger.New(store, ledger.Config{Chart: chart})
	if err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error)
	for i := range 8 {
		go func() {
			for n := 0; ; n++ {
				entries := many(1+n%5*20, fmt.Sprintf("%s-%d-%d-", round, i, n))
				if _, err := books.Post(context.Background(), entries...); err != nil {
					failed <- err
				}
				out.Lock()
				for _, e := range entries {
					fmt.Println(e.Key)
				}
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// Killed at any time, the program has lost nothing that it acknowledged, and
// what it was in the middle of is there whole or not at all.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := make(map[string]bool)
	for round := range 5 {
		kill(t, self, path, fmt.Sprint(round), 500+700*round, acknowledged)
		store := bolttest.OpenFile(t, path)
		books := bolttest.On(t, store, config(t))
		bolttest.Verify(t, books)
		there := booked(t, books)
		for key := range acknowledged {
			if !there[key] {
				t.Errorf("round %d: acknowledged entry %s is not there", round, key)
			}
		}
		wantWholeBatches(t, there)
		closeStore(t, store)
	}
}

// kill starts a victim, waits for some acknowledgements and kills it.
func kill(t *testing.T, self, path, round string, after int, acknowledged map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), victim+"="+path, victim+"_ROUND="+round)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for n := 0; lines.Scan(); n++ {
		acknowledged[lines.Text()] = true
		if n == after {
			if _, err := bolt.Open(path, bolt.Options{LockWait: time.Millisecond}); !errors.Is(err, bolt.ErrInUse) {
				t.Errorf("opening the victim's file gives %v, want ErrInUse", err)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the victim ended by itself: %v\n%s", err, &stderr)
	}
}

// booked gives the keys of all entries on the bank's account.
func booked(t *testing.T, books *ledger.Ledger) map[string]bool {
	t.Helper()
	keys := make(map[string]bool)
	for line, err := range books.Lines(t.Context(), bank, inr(), ledger.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		keys[line.Entry.Key] = true
	}
	return keys
}

// wantWholeBatches: the keys of a batch are "round-goroutine-batch-i"; of each
// batch all are there, or none.
func wantWholeBatches(t *testing.T, keys map[string]bool) {
	t.Helper()
	batches := make(map[string]int)
	for key := range keys {
		batches[key[:strings.LastIndex(key, "-")]]++
	}
	for batch, n := range batches {
		var round, goroutine, number int
		if _, err := fmt.Sscanf(batch, "%d-%d-%d", &round, &goroutine, &number); err != nil {
			t.Fatal(err)
		}
		if want := 1 + number%5*20; n != want {
			t.Errorf("batch %s has %d of its %d entries", batch, n, want)
		}
	}
}

// A commit that was torn anywhere before its last write is as if it had never
// been: with the new pages written up to any point and the old meta page, the
// file opens as it was before.
func TestTornCommit(t *testing.T) {
	t.Parallel()
	const size = 4096
	h := newDamaged(t, nil)
	mustPost(t, h.books, many(200, "a")...)
	before := read(t, h.db.Path())
	mustPost(t, h.books, many(200, "b")...)
	after := read(t, h.db.Path())
	before = append(before, make([]byte, len(after)-len(before))...)

	var changed []int // pages of the second commit, but for the meta pages
	for n := 2; n < len(after)/size; n++ {
		if !bytes.Equal(after[n*size:(n+1)*size], before[n*size:(n+1)*size]) {
			changed = append(changed, n)
		}
	}
	torn := bytes.Clone(before)
	for written := range len(changed) + 1 {
		if written > 0 {
			n := changed[written-1]
			copy(torn[n*size:(n+1)*size], after[n*size:])
		}
		wantBooked(t, torn, fmt.Sprintf("%d of %d pages written", written, len(changed)), 200)
		if written < len(changed) { // and half of the next
			half := bytes.Clone(torn)
			n := changed[written]
			copy(half[n*size:n*size+size/2], after[n*size:])
			wantBooked(t, half, fmt.Sprintf("%d and a half of %d pages written", written, len(changed)), 200)
		}
	}
	for n := range 2 { // the meta page itself is torn, or whole
		meta := bytes.Clone(torn)
		copy(meta[n*size:(n+1)*size], after[n*size:])
		want := 200
		if !bytes.Equal(meta, torn) {
			want = 400
			half := bytes.Clone(torn)
			copy(half[n*size:n*size+60], after[n*size:])
			wantBooked(t, half, "a torn meta page", 200)
		}
		wantBooked(t, meta, "a whole commit", want)
	}
}

// wantBooked opens a file of these bytes, which must be sound and go on.
func wantBooked(t *testing.T, data []byte, what string, want int) {
	t.Helper()
	path := newPath(t)
	write(t, path, data)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer db.Close()
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	books, err := ledger.New(store, config(t))
	if err != nil {
		t.Fatal(err)
	}
	v, err := books.Verify(t.Context())
	if err != nil || len(v.Findings) > 0 || v.Entries != uint64(want) {
		t.Fatalf("%s: %+v, %v; want %d entries and no finding", what, v, err, want)
	}
	mustPost(t, books, many(200, "b")...)
	bolttest.Verify(t, books)
}
