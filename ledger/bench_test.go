package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Sizes of the benchmarks: a batch fills a group.
const (
	benchBatch    = 8190
	benchAccounts = 10_000
)

// benchCache is a store that keeps accounts and nothing else: what is left is
// what the ledger itself costs.
type benchCache struct {
	ledger.Tx
	mu       sync.Mutex
	head     ledger.Head
	accounts map[ledger.AccountID]*ledger.Account
	file     *os.File // when set: written to and synced at each commit
}

// newBenchCache holds 10,000 rich accounts, half of them limited.
func newBenchCache() *benchCache {
	c := &benchCache{accounts: make(map[ledger.AccountID]*ledger.Account)}
	for i := range benchAccounts {
		c.head.Accounts++
		id := idOf(benchPath(i))
		c.accounts[id] = &ledger.Account{
			AccountID: id, No: c.head.Accounts, Type: ledger.Liability, Opened: noon(), Status: ledger.Open,
			Limits: ledger.Limits{Limited: i%2 == 0}, Counters: []ledger.Counter{}, Balance: ledger.Balance{Credits: money.Minor(1 << 60)},
		}
	}
	return c
}

func benchPath(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("merchants/m%d/available", i)
	}
	return fmt.Sprintf("merchants/m%d/pending", i)
}

func (c *benchCache) Write(_ context.Context, fn func(ledger.Tx) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fn(c)
}

func (c *benchCache) Read(_ context.Context, fn func(ledger.Reader) error) error { return fn(c) }

func (c *benchCache) Heads(context.Context) ([]ledger.Head, error) { return []ledger.Head{c.head}, nil }

func (c *benchCache) Load(_ context.Context, need *ledger.Need, s *ledger.State) error {
	s.PutHead(c.head)
	for _, id := range slices.Concat(need.Moved, need.Accounts) {
		s.PutAccount(id, c.accounts[id])
	}
	return nil
}

func (c *benchCache) Save(_ context.Context, changes *ledger.Changes) error {
	c.head = changes.Head
	for _, a := range changes.Accounts {
		c.accounts[a.After.AccountID] = a.After
	}
	sealed := changes.Block.Seal()
	if c.file == nil {
		return nil
	}
	if _, err := c.file.WriteAt(sealed.Bytes, 0); err != nil {
		return err
	}
	return c.file.Sync()
}

func (c *benchCache) CurrentAccount(_ context.Context, id ledger.AccountID) (*ledger.Account, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, known := c.accounts[id]
	return a, known, nil
}

// benchWork makes entries of two postings between skewed accounts, with random
// keys and, on a tenth of them, metadata.
type benchWork struct {
	random *rand.Rand
	skewed *rand.Zipf
	hot    bool // one account in every entry
}

func newBenchWork(hot bool) *benchWork {
	random := rand.New(rand.NewPCG(1, 2))
	return &benchWork{random: random, skewed: rand.NewZipf(random, 1.1, 10, benchAccounts-1), hot: hot}
}

func (w *benchWork) entry() ledger.Entry {
	from, to := int(w.skewed.Uint64()), int(w.skewed.Uint64())
	if w.hot {
		from = 0
	}
	if from == to {
		to = (to + 1) % benchAccounts
	}
	amount := money.Minor(w.random.Int64N(100_000) + 1)
	e := ledger.Entry{
		Key:  fmt.Sprintf("%016x-%016x-ab", w.random.Uint64(), w.random.Uint64()),
		Kind: "transfer", ValueDate: date("2026-03-02"),
		Postings: []ledger.Posting{ledger.Dr(benchPath(from), amount, inr()), ledger.Cr(benchPath(to), amount, inr())},
	}
	if w.random.IntN(10) == 0 {
		e.Metadata = []ledger.Attribute{{Name: "channel", Value: "web"}, {Name: "order", Value: fmt.Sprint(w.random.Uint32())}}
	}
	return e
}

func (w *benchWork) requests(n int) []ledger.Request {
	requests := make([]ledger.Request, n)
	for i := range requests {
		requests[i] = w.entry()
	}
	return requests
}

// meter counts what is done per entry while it runs. The best round is what the
// code costs when nothing else runs on the machine.
type meter struct {
	b              *testing.B
	entries, done  int // done: when it was resumed
	mallocs, bytes uint64
	before, after  runtime.MemStats
	elapsed        time.Duration // when it was resumed
	best           float64
}

// pause stops the meter and the clock; resume lets them go on.
func (m *meter) pause() {
	m.b.StopTimer()
	runtime.ReadMemStats(&m.after)
	m.mallocs += m.after.Mallocs - m.before.Mallocs
	m.bytes += m.after.TotalAlloc - m.before.TotalAlloc
	round := float64((m.b.Elapsed() - m.elapsed).Nanoseconds()) / float64(m.entries-m.done)
	if m.best == 0 || round < m.best {
		m.best = round
	}
}

func (m *meter) resume() {
	runtime.ReadMemStats(&m.before)
	m.elapsed, m.done = m.b.Elapsed(), m.entries
	m.b.StartTimer()
}

func (m *meter) report() {
	m.b.ReportMetric(0, "ns/op")
	m.b.ReportMetric(float64(m.b.Elapsed().Nanoseconds())/float64(m.entries), "ns/entry")
	m.b.ReportMetric(m.best, "best-ns/entry")
	m.b.ReportMetric(float64(m.mallocs)/float64(m.entries), "allocs/entry")
	m.b.ReportMetric(float64(m.bytes)/float64(m.entries), "B/entry")
}

// BenchmarkApply decides entries on a loaded state and gathers the changes: no
// store, no bytes, no hashes.
func BenchmarkApply(b *testing.B) {
	for _, row := range []struct {
		name    string
		hot     bool
		mode    ledger.Mode
		command int // requests of a command
		group   int // commands of a group
	}{
		{"independent", false, ledger.Independent, benchBatch, 1},
		{"atomic", false, ledger.Atomic, benchBatch, 1},
		{"hot", true, ledger.Independent, benchBatch, 1},
		{"singles", false, ledger.Atomic, 1, 64},
		{"hot singles", true, ledger.Atomic, 1, 64},
	} {
		b.Run(row.name, func(b *testing.B) {
			work, c, store := newBenchWork(row.hot), chart(b), newBenchCache()
			m := meter{b: b}
			for b.Loop() {
				b.StopTimer()
				commands := make([]ledger.Command, row.group)
				for i := range commands {
					commands[i] = ledger.BatchCommand(row.mode, work.requests(row.command)...)
				}
				s := stateAt(c, store.head)
				if err := ledger.LoadState(b.Context(), store, s, commands); err != nil {
					b.Fatal(err)
				}
				m.resume()

				errs, missing := ledger.Apply(s, noon(), commands)
				changes := s.Changes()

				m.entries += row.command * row.group
				m.pause()
				if missing != nil || errs[0] != nil || len(changes.Block.Items) != row.command*row.group {
					b.Fatal(missing, errs[0])
				}
				b.StartTimer()
			}
			m.report()
		})
	}
}

// BenchmarkSeal writes the canonical bytes and the root of a block.
func BenchmarkSeal(b *testing.B) {
	for _, n := range []int{1, 64, benchBatch} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			store := newBenchCache()
			block := benchBlock(b, store, n)
			m := meter{b: b}
			m.resume()
			for b.Loop() {
				block.Seal()
				m.entries += n
			}
			m.pause()
			m.report()
		})
	}
}

// benchBlock books entries and gives their block.
func benchBlock(b *testing.B, store *benchCache, n int) *ledger.Block {
	b.Helper()
	s := stateAt(chart(b), store.head)
	commands := []ledger.Command{ledger.BatchCommand(ledger.Atomic, newBenchWork(false).requests(n)...)}
	if err := ledger.LoadState(b.Context(), store, s, commands); err != nil {
		b.Fatal(err)
	}
	if errs, missing := ledger.Apply(s, noon(), commands); missing != nil || errs[0] != nil {
		b.Fatal(errs, missing)
	}
	return s.Changes().Block
}

// BenchmarkExecute books batches through the ledger on a store that only keeps
// accounts: everything that package ledger does for an entry.
func BenchmarkExecute(b *testing.B) {
	for _, n := range []int{100, 1000, benchBatch} {
		for _, mode := range []ledger.Mode{ledger.Independent, ledger.Atomic} {
			b.Run(fmt.Sprintf("%s/%d", mode, n), func(b *testing.B) {
				work := newBenchWork(false)
				books, err := ledger.New(newBenchCache(), ledger.Config{Chart: chart(b)})
				if err != nil {
					b.Fatal(err)
				}
				m := meter{b: b}
				var batches [][]ledger.Request
				for b.Loop() {
					if len(batches) == 0 {
						b.StopTimer()
						for range max(1, benchBatch/n) {
							batches = append(batches, work.requests(n))
						}
						m.resume()
					}
					outcomes, err := books.Execute(b.Context(), mode, batches[0]...)
					if batches = batches[1:]; err != nil || ledger.Failed(outcomes) != nil {
						b.Fatal(err, ledger.Failed(outcomes))
					}
					if m.entries += n; len(batches) == 0 {
						m.pause()
						b.StartTimer()
					}
				}
				m.report()
			})
		}
	}
}

// BenchmarkClients books one entry per call from many callers at once, with a
// sync of a small file for each group.
func BenchmarkClients(b *testing.B) {
	for _, clients := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			store := newBenchCache()
			file, err := os.Create(filepath.Join(b.TempDir(), "synced"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			store.file = file
			books, err := ledger.New(store, ledger.Config{Chart: chart(b)})
			if err != nil {
				b.Fatal(err)
			}
			work := newBenchWork(false)
			const each = 200
			m := meter{b: b}
			groups := 0
			for b.Loop() {
				b.StopTimer()
				requests := work.requests(clients * each)
				blocks := store.head.Blocks
				m.resume()
				var wait sync.WaitGroup
				for i := range clients {
					wait.Go(func() {
						for _, r := range requests[i*each : (i+1)*each] {
							if outcomes, err := books.Execute(b.Context(), ledger.Atomic, r); err != nil || outcomes[0].Err != nil {
								b.Error(err)
							}
						}
					})
				}
				wait.Wait()
				m.entries += len(requests)
				m.pause()
				groups += int(store.head.Blocks - blocks)
				b.StartTimer()
			}
			m.report()
			b.ReportMetric(float64(m.entries)/float64(groups), "entries/group")
		})
	}
}

// BenchmarkAccount reads a balance as it stands, from a store that knows it.
func BenchmarkAccount(b *testing.B) {
	books, err := ledger.New(newBenchCache(), ledger.Config{Chart: chart(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	path := benchPath(4)
	for b.Loop() {
		if _, ok, err := books.Account(b.Context(), path, inr()); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkCanonical writes and reads the canonical bytes of an entry.
func BenchmarkCanonical(b *testing.B) {
	e := full()
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = e.AppendCanonical(buf[:0])
		}
		b.ReportMetric(float64(len(buf)), "bytes/entry")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		data := e.AppendCanonical(nil)
		for b.Loop() {
			if _, err := ledger.DecodeItem(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
