package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// fresh gives n entries of three postings over 1,000 merchants, whose accounts have a limit, with random keys that nobody has used.
func fresh(source *rand.Rand, n int) []ledger.Entry {
	out := make([]ledger.Entry, n)
	for i := range out {
		out[i] = ledger.Entry{
			Key: fmt.Sprintf("%016x%016x/paid", source.Uint64(), source.Uint64()), Kind: "sale",
			Postings: []ledger.Posting{
				ledger.Dr(bank, money.Minor(40000), rupee()),
				ledger.Cr(fmt.Sprintf("merchants/m%d/available", source.IntN(1000)), money.Minor(39260), rupee()),
				ledger.Cr(sales, money.Minor(740), rupee()),
			},
		}
	}
	return out
}

// benchBooks keeps books that nobody verifies.
func benchBooks(b *testing.B) *ledger.Ledger {
	b.Helper()
	l, err := ledger.New(openStore(b, emptyLedger(b, 16), postgres.Options{}), ledger.Config{Chart: tradeChart(b)})
	if err != nil {
		b.Fatal(err)
	}
	mustPost(b, l, fresh(rand.New(rand.NewPCG(5, 6)), 5000)...) // the accounts are there
	return l
}

// BenchmarkPost books entries durably: every one is committed when Post returns. one, batch100 and batch1000 are a single caller
// with so many entries a call; callers64 are as many callers with one entry a call, who share commits.
func BenchmarkPost(b *testing.B) {
	for _, test := range []struct {
		name  string
		batch int
	}{{"one", 1}, {"batch100", 100}, {"batch1000", 1000}} {
		b.Run(test.name, func(b *testing.B) {
			l := benchBooks(b)
			source := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			booked := 0
			for b.Loop() {
				b.StopTimer()
				entries := fresh(source, test.batch)
				b.StartTimer()
				mustPost(b, l, entries...)
				booked += test.batch
			}
			b.ReportMetric(float64(booked)/b.Elapsed().Seconds(), "entries/s")
		})
	}
	b.Run("callers64", func(b *testing.B) {
		const callers, each = 64, 32
		l := benchBooks(b)
		var seed atomic.Uint64
		booked := 0
		for b.Loop() {
			var wait sync.WaitGroup
			for range callers {
				wait.Go(func() {
					for _, e := range fresh(rand.New(rand.NewPCG(3, seed.Add(1))), each) {
						if _, err := l.Post(b.Context(), e); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wait.Wait()
			booked += callers * each
		}
		b.ReportMetric(float64(booked)/b.Elapsed().Seconds(), "entries/s")
	})
}
