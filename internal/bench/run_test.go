package bench_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/ledger"
)

// Everything that can be measured is, in every mode, and the books are verified.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*bench.Settings)
	}{
		{"batch", func(*bench.Settings) {}},
		{"batch, several clients", func(s *bench.Settings) { s.Clients, s.Batch, s.Keys = 3, 99, bench.OrderedKeys }},
		{"single", func(s *bench.Settings) { s.Mode, s.Batch, s.Entries = bench.Single, 0, 500 }},
		{"one hot account, all limited", func(s *bench.Settings) { s.Hot, s.Limits = 1, 1 }},
		{"some with one more", func(s *bench.Settings) { s.Postings, s.More, s.Limits, s.Entries = 2, 0.4, 1, 500 }},
		{"many postings, no limits", func(s *bench.Settings) { s.Postings, s.Limits, s.Entries = 7, 0, 500 }},
		{"two accounts", func(s *bench.Settings) { s.Accounts = 2 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := small()
			s.Verify, s.Bounds = true, true
			test.change(&s)
			g := ground(t, nil)
			r, err := bench.Run(t.Context(), s, g, nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := uint64(r.Head.Openings + r.Entries); r.Head.Seq != want || r.Head.Beyond != 0 {
				t.Errorf("the journal has %d items, want %d", r.Head.Seq, want)
			}
			for name, figure := range map[string]float64{
				"entries_per_s": r.EntriesPerS, "p50": r.P50, "p99": r.P99, "bytes_per_entry": r.BytesPerEntry, "fsync": *r.FsyncP50,
				"bare": *r.BareUpdatePerS, "raw": *r.RawEntriesPerS, "to_raw": *r.ToRaw, "to_bare": *r.ToBare, "verify": *r.VerifySeconds,
			} {
				if figure <= 0 {
					t.Errorf("%s is %v", name, figure)
				}
			}
			if r.P99 < r.P50 || r.Max < r.P99 {
				t.Errorf("p50 %v, p99 %v, max %v are in no order", r.P50, r.P99, r.Max)
			}
			// An entry's journal alone is longer than its postings' figures, and shorter than a page.
			if *r.RawBytesPerEntry < 100 || *r.RawBytesPerEntry > 4096 {
				t.Errorf("raw bytes are %v an entry", *r.RawBytesPerEntry)
			}
			left, err := os.ReadDir(g.Dir)
			if err != nil || len(left) != 1 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// Reads and reopening book entries of their own, which count too.
func TestReadsAndReopen(t *testing.T) {
	t.Parallel()
	s := small()
	s.Entries, s.Batch, s.Keys = 500, 50, bench.OrderedKeys
	s.Reads, s.Reopen, s.DropCache, s.Verify = true, true, bench.DropsCache, true
	r, err := bench.Run(t.Context(), s, ground(t, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Head.Seq != uint64(r.Head.Openings+r.Entries+r.Head.Beyond) || r.Head.Beyond < 3 {
		t.Errorf("head %+v of %d entries does not add up", r.Head, r.Entries)
	}
	for name, places := range map[string]bench.Places{
		"balance_now": r.Reads.BalanceNow, "balance_on": r.Reads.BalanceOn, "balance_at": r.Reads.BalanceAt,
		"page_booked": r.Reads.PageBooked, "page_valued": r.Reads.PageValued,
	} {
		for _, q := range []bench.Quantiles{places.Hot, places.Rare} {
			if q.P50 <= 0 || q.P99 < q.P50 || q.N < 20 {
				t.Errorf("%s: %+v", name, q)
			}
		}
	}
	// Of 100 accounts the first has 15 % of the postings.
	if r.Reads.HotLines < 100 || r.Reads.RareLines != 50 || r.Reads.WritesPerS <= 0 {
		t.Errorf("reads %+v", r.Reads)
	}
	if r.Reopen.Warm.All <= 0 || bench.DropsCache && r.Reopen.Cold.All <= 0 {
		t.Errorf("reopened %+v", r.Reopen)
	}
}

var errDisk = errors.New("the disk is on fire")

// failing is a store whose writes fail from one of them on.
type failing struct {
	bench.Store
	left *atomic.Int64
}

// Write implements ledger.Store.
func (f failing) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if f.left.Add(-1) < 0 {
		return errDisk
	}
	return f.Store.Write(ctx, fn)
}

// An error of the ledger ends the run, whenever it comes.
func TestErrorEndsRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		writes int64
		change func(*bench.Settings)
		want   string
	}{
		{"opening the accounts", 0, func(*bench.Settings) {}, "open the accounts: "},
		{"in the middle", 5, func(*bench.Settings) {}, "book 250 entries behind 1000: "},
		{"with many clients", 5, func(s *bench.Settings) { s.Mode, s.Batch = bench.Single, 0 }, "book 1 entries behind "},
		{"while reads are measured", 10, func(s *bench.Settings) { s.Reads = true }, "book 250 entries behind "},
		{"after reopening", 9, func(s *bench.Settings) { s.Reopen = true }, "first write after reopening: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := small()
			test.change(&s)
			left := &atomic.Int64{}
			left.Store(test.writes)
			r, err := bench.Run(t.Context(), s, ground(t, func(store bench.Store) bench.Store { return failing{store, left} }), nil)
			if r != nil || !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, %v, want %q", r, err, test.want)
			}
		})
	}
}

// forgetful is a store that says it has written, every so often, and has not.
type forgetful struct {
	bench.Store
	left *atomic.Int64
}

// Write implements ledger.Store.
func (f forgetful) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	err := f.Store.Write(ctx, func(tx ledger.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if f.left.Add(-1) == 0 {
			return errForgotten
		}
		return nil
	})
	if errors.Is(err, errForgotten) {
		return nil
	}
	return err
}

var errForgotten = errors.New("forgotten")

// What was acknowledged and is not there is noticed.
func TestFiguresMustAddUp(t *testing.T) {
	t.Parallel()
	left := &atomic.Int64{}
	left.Store(4)
	_, err := bench.Run(t.Context(), small(), ground(t, func(store bench.Store) bench.Store { return forgetful{store, left} }), nil)
	if !errors.Is(err, bench.ErrFigures) {
		t.Errorf("got %v, want %v", err, bench.ErrFigures)
	}
}

// When a context ends, so does the run, and it leaves nothing of the bounds.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	s := bench.Defaults()
	s.Batch, s.Bounds = 100, false
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	g := ground(t, nil)
	_, err := bench.Run(ctx, s, g, func(int) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.Bounds = true
	_, err = bench.Run(ctx, s, g, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("bounds: got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(g.Dir, "*")); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

// A file that holds entries already is none to measure on.
func TestSecondRunOnSameStore(t *testing.T) {
	t.Parallel()
	g := ground(t, nil)
	if _, err := bench.Run(t.Context(), small(), g, nil); err != nil {
		t.Fatal(err)
	}
	_, err := bench.Run(t.Context(), small(), g, nil)
	if err == nil || !strings.Contains(err.Error(), "was booked before") {
		t.Errorf("got %v", err)
	}
}
