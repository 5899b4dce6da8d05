package bench_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// The same seed gives the same entries, in whatever portions they are made, and
// another one others.
func TestSameSeed(t *testing.T) {
	t.Parallel()
	s := small()
	s.Hot, s.References, s.Postings = 0.3, 0.5, 4
	want := workload(t, s).Client(0).Make(s.Entries)
	maker := workload(t, s).Client(0)
	var got []ledger.Entry
	for maker.Left() > 0 {
		got = append(got, maker.Make(37)...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in one portion and in many (-want +got):\n%s", diff)
	}
	s.Seed++
	other := workload(t, s).Client(0).Make(s.Entries)
	if other[0].Key == want[0].Key || cmp.Equal(other[0].Postings, want[0].Postings) {
		t.Errorf("another seed gives the same: %v", other[0])
	}
}

// No two entries have the same key, whoever makes them.
func TestKeysAreUnique(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, keys string
		bytes      int
	}{
		{"random", bench.RandomKeys, 36},
		{"random, short", bench.RandomKeys, 16},
		{"random, long", bench.RandomKeys, 255},
		{"ordered", bench.OrderedKeys, 36},
		{"ordered, short", bench.OrderedKeys, 16},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := small()
			s.Keys, s.KeyBytes, s.Clients = test.keys, test.bytes, 7
			s = complete(t, s)
			w := bench.NewWorkload(s, today())
			seen := make(map[string]bool)
			made := 0
			for client := range s.Clients {
				for _, entries := range [][]ledger.Entry{w.Client(client).Make(s.Entries), w.Beyond(client).Make(100)} {
					made += len(entries)
					for _, e := range entries {
						if len(e.Key) != test.bytes {
							t.Errorf("key %q has %d bytes, want %d", e.Key, len(e.Key), test.bytes)
						}
						seen[e.Key] = true
					}
				}
			}
			if want := s.Entries + 7*100; made != want || len(seen) != want {
				t.Errorf("%d keys of %d entries, want %d", len(seen), made, want)
			}
		})
	}
}

func TestOrderedKeys(t *testing.T) {
	t.Parallel()
	s := small()
	s.Keys, s.Clients = bench.OrderedKeys, 3
	var keys []string
	for _, e := range everything(t, s) {
		keys = append(keys, e.Key)
	}
	if !slices.IsSorted(keys) || keys[0] == keys[1] {
		t.Errorf("keys are not in order: %q, %q, ...", keys[0], keys[1])
	}
}

// What the settings say of the entries is so.
func TestShares(t *testing.T) {
	t.Parallel()
	s := small()
	s.Entries, s.Hot, s.References, s.More = 20_000, 0.3, 0.2, 0.4
	w := workload(t, s)
	entries := everything(t, s)
	share := func(what string, want float64, has func(ledger.Entry) bool) {
		t.Helper()
		n := 0
		for _, e := range entries {
			if has(e) {
				n++
			}
		}
		// Five standard deviations.
		all := float64(len(entries))
		if got := float64(n) / all; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/all) {
			t.Errorf("%s: share %.4f, want %.4f", what, got, want)
		}
	}
	share("hot", 0.3, func(e ledger.Entry) bool { return touches(e, w.HotPath()) })
	share("metadata", 0.1, func(e ledger.Entry) bool { return len(e.Metadata) > 0 })
	share("references", 0.2, func(e ledger.Entry) bool { return e.Reference != "" })
	share("backdated", 0.05, func(e ledger.Entry) bool {
		return !e.ValueDate.IsZero() && e.ValueDate.Before(today()) && !e.ValueDate.Before(calendar.MustDate("2026-03-01"))
	})
	share("dated otherwise", 0.95, func(e ledger.Entry) bool { return e.ValueDate.IsZero() })
	share("one posting more", 0.4, func(e ledger.Entry) bool { return len(e.Postings) == s.Postings+1 })
	share("debits first", 0.5, func(e ledger.Entry) bool { return e.Postings[0].Side == ledger.Debit })
}

func touches(e ledger.Entry, path string) bool {
	return slices.ContainsFunc(e.Postings, func(p ledger.Posting) bool { return p.Account == path })
}

// The share of limited accounts is exact, and every account has a path of its own.
func TestAccounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		accounts int
		limits   float64
		limited  int
	}{
		{"half", 10_000, 0.5, 5000},
		{"none", 100, 0, 0},
		{"all", 100, 1, 100},
		{"a tenth", 1000, 0.1, 100},
		{"half of an odd number", 3, 0.5, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := small()
			s.Accounts, s.Limits = test.accounts, test.limits
			w := workload(t, s)
			chart, err := w.Chart()
			if err != nil {
				t.Fatal(err)
			}
			seen, limited := make(map[string]bool), 0
			for rank := range test.accounts {
				path := w.Path(rank)
				pattern, ok := chart.Match(path)
				if !ok {
					t.Fatalf("%s is not on the chart", path)
				}
				if pattern.Limited {
					limited++
				}
				seen[path] = true
			}
			if limited != test.limited || len(seen) != test.accounts {
				t.Errorf("%d limited of %d accounts, want %d of %d", limited, len(seen), test.limited, test.accounts)
			}
		})
	}
}

// An account twice as far down is drawn half as often.
func TestSkew(t *testing.T) {
	t.Parallel()
	s := small()
	s.Accounts, s.Entries = 10_000, 50_000
	w := workload(t, s)
	ranks := make(map[string]int)
	for rank := range s.Accounts {
		ranks[w.Path(rank)] = rank
	}
	first, hundred, fifth, all := 0, 0, 0, 0
	for _, e := range everything(t, s) {
		for _, p := range e.Postings {
			rank, ok := ranks[p.Account]
			if !ok {
				t.Fatalf("%s is none of the accounts", p.Account)
			}
			all++
			for limit, n := range map[int]*int{1: &first, 100: &hundred, 2000: &fifth} {
				if rank < limit {
					*n++
				}
			}
		}
	}
	for _, test := range []struct {
		name string
		n    int
		want float64
	}{{"first account", first, 0.075}, {"first hundredth", hundred, 0.50}, {"first fifth", fifth, 0.825}} {
		if got := float64(test.n) / float64(all); math.Abs(got-test.want) > 0.01 {
			t.Errorf("%s: %.3f of the postings, want %.3f", test.name, got, test.want)
		}
	}
}

// The account with few postings gets 50, evenly over the run, whatever its length
// and the number of clients.
func TestRare(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		entries, clients int
	}{{"one client", 2000, 1}, {"seven clients", 2003, 7}, {"as few as can be", 50, 1}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := small()
			s.Entries, s.Clients, s.Batch, s.Reads, s.Hot = test.entries, test.clients, 1, true, 0.9
			w := workload(t, s)
			var at []int
			for i, e := range everything(t, s) {
				if touches(e, w.RarePath()) {
					at = append(at, i)
				}
			}
			if len(at) != 50 {
				t.Fatalf("%d entries, want 50", len(at))
			}
			for i, place := range at {
				if ideal := (float64(i) + 0.5) * float64(test.entries) / 50; math.Abs(float64(place)-ideal) > 1 {
					t.Errorf("entry %d of them stands at %d, want %.1f", i, place, ideal)
				}
			}
			for _, e := range w.Beyond(0).Make(1000) {
				if touches(e, w.RarePath()) {
					t.Errorf("%s has it, and is none of the measured ones", e.Key)
				}
			}
		})
	}
}

// Every account is opened once, and with more than all entries can take.
func TestOpenings(t *testing.T) {
	t.Parallel()
	s := small()
	s.Accounts, s.Hot, s.Reads, s.Postings = 4321, 0.5, true, 3
	w := workload(t, s)
	opened := make(map[string]money.Amount)
	for entries, err := range w.Openings() {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			for _, p := range e.Postings[1:] {
				if _, twice := opened[p.Account]; twice {
					t.Errorf("%s is opened twice", p.Account)
				}
				opened[p.Account] = p.Amount
			}
		}
	}
	if want := 4321 + 2; len(opened) != want {
		t.Errorf("%d accounts are opened, want %d", len(opened), want)
	}
	for path, funds := range opened {
		if most := money.Minor(int64(s.Entries) * 2 * 500_000); funds.Cmp(most) < 0 {
			t.Errorf("%s begins with %s, entries can take %s", path, funds, most)
		}
	}
	for _, e := range everything(t, s) {
		for _, p := range e.Postings {
			if _, ok := opened[p.Account]; !ok {
				t.Fatalf("%s is not opened", p.Account)
			}
			if p.Amount.Sign() <= 0 || p.Amount.Cmp(money.Minor(2*500_000)) > 0 || strings.Count(p.Account, "/") > 2 {
				t.Errorf("posting %v", p)
			}
		}
	}
}

// Making an entry leaves little to collect: of a batch there are a handful of
// pieces.
func TestMakeAllocates(t *testing.T) {
	s := small()
	s.Entries, s.Batch = 100_000_000, 8190
	maker := workload(t, s).Client(0)
	if got := testing.AllocsPerRun(5, func() { maker.Make(8190) }); got > 10 {
		t.Errorf("%v allocations for 8,190 entries, want at most 10", got)
	}
}
