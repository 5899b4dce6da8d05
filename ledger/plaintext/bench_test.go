package plaintext_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// many is a ledger of n entries of one merchant each, as a Reader that holds
// one entry, so that what is measured is the writing.
func many(n int) *canned {
	inr := money.MustCurrency("INR")
	first, start := calendar.MustDate("2026-01-01"), time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	paths := make([]string, 1000)
	for i := range paths {
		paths[i] = fmt.Sprintf("merchants/m_%03d/available", i)
	}
	reader := &canned{head: ledger.Head{Seq: uint64(n)}}
	reader.accounts = append(reader.accounts, account("bank", ledger.Asset, money.Minor(int64(n)*50_000), money.Amount{}))
	for i := range min(n, len(paths)) {
		entries := (n + len(paths) - 1 - i) / len(paths)
		reader.accounts = append(reader.accounts, account(paths[i], ledger.Liability, money.Amount{}, money.Minor(int64(entries)*50_000)))
	}
	reader.entries = func(yield func(*ledger.Booked, error) bool) {
		e := &ledger.Booked{Act: ledger.Posted, Entry: ledger.Entry{Kind: "deposit.captured", Metadata: []ledger.Attribute{{Name: "order_id", Value: "order-17"}}}}
		e.Postings = []ledger.Posting{ledger.Dr("bank", money.Minor(50_000), inr), ledger.Cr("", money.Minor(50_000), inr)}
		for i := range n {
			e.Key, e.Reference = "dep_0190b5e2-7e1c-7abc-8def-0123456789ab/captured", "REF0123456789"
			e.Seq, e.At = uint64(i)+1, start.Add(time.Duration(i)*time.Second)
			e.ValueDate = first.AddDays(i * 30 / n)
			e.Postings[1].Account = paths[i%len(paths)]
			if !yield(e, nil) {
				return
			}
		}
	}
	return reader
}

func account(path string, t ledger.Type, debits, credits money.Amount) ledger.Account {
	return ledger.Account{
		AccountID: ledger.AccountID{Path: path, Currency: money.MustCurrency("INR")}, Type: t,
		Balance: ledger.Balance{Debits: debits, Credits: credits},
	}
}

func BenchmarkWrite(b *testing.B) {
	const n = 20_000
	c := chart(b)
	for _, f := range formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			reader := many(n)
			for b.Loop() {
				if _, err := plaintext.Write(b.Context(), io.Discard, f, reader, c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkExport writes from a bolt store, as settlex export does.
func BenchmarkExport(b *testing.B) {
	const n = 2000
	books := random(b, 5, n)
	for _, f := range formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				err := books.Read(b.Context(), func(r ledger.Reader) error {
					_, err := plaintext.Write(b.Context(), io.Discard, f, r, books.Chart())
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// It is not parallel, for it looks at the memory of the whole process.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, and the race detector has its own memory")
	}
	const n, bound = 200_000, 8 << 20
	c := chart(t)
	for _, f := range formats() {
		reader := many(n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var size counter
		if _, err := plaintext.Write(t.Context(), &size, f, reader, c); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > bound || size < 4*bound {
			t.Errorf("%s: the heap grew by %d bytes while %d were written", f, grown, size)
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
