package bolt_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// fresh gives n entries of three postings over 1,000 merchants with random
// keys that nobody has used.
func fresh(source *rand.Rand, n int) []ledger.Entry {
	out := make([]ledger.Entry, n)
	for i := range out {
		out[i] = ledger.Entry{
			Key: fmt.Sprintf("%016x%016x/paid", source.Uint64(), source.Uint64()), Kind: "sale",
			Postings: []ledger.Posting{
				ledger.Dr(bank, money.Minor(40000), inr()),
				ledger.Cr(fmt.Sprintf("merchants/m%d/available", source.IntN(1000)), money.Minor(39260), inr()),
				ledger.Cr(sales, money.Minor(740), inr()),
			},
		}
	}
	return out
}

// BenchmarkPost books entries durably: every one is fsynced when Post returns.
// one, batch100 and batch1000 are a single caller with so many entries a call;
// callers64 are as many callers with one entry a call, who share commits.
func BenchmarkPost(b *testing.B) {
	for _, test := range []struct {
		name  string
		batch int
	}{{"one", 1}, {"batch100", 100}, {"batch1000", 1000}} {
		b.Run(test.name, func(b *testing.B) {
			books := bolttest.Books(b, config(b).Chart)
			source := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			booked := 0
			for b.Loop() {
				b.StopTimer()
				entries := fresh(source, test.batch)
				b.StartTimer()
				mustPost(b, books, entries...)
				booked += test.batch
			}
			b.ReportMetric(float64(booked)/b.Elapsed().Seconds(), "entries/s")
		})
	}
	b.Run("callers64", func(b *testing.B) {
		const callers, each = 64, 32
		books := bolttest.Books(b, config(b).Chart)
		var seed atomic.Uint64
		booked := 0
		for b.Loop() {
			var wait sync.WaitGroup
			for range callers {
				wait.Go(func() {
					for _, e := range fresh(rand.New(rand.NewPCG(3, seed.Add(1))), each) {
						if _, err := books.Post(b.Context(), e); err != nil {
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

// BenchmarkRawPut is the bound of BenchmarkPost: bare bbolt, one sequential key
// of 128 bytes for each entry, fsynced as often.
func BenchmarkRawPut(b *testing.B) {
	for _, test := range []struct {
		name  string
		batch int
	}{{"one", 1}, {"batch100", 100}, {"batch1000", 1000}} {
		b.Run(test.name, func(b *testing.B) {
			h := newDamaged(b, nil)
			value, n := make([]byte, 128), uint64(0)
			for b.Loop() {
				h.update(b, func(tx *bbolt.Tx) error {
					rows, err := tx.CreateBucketIfNotExists([]byte("raw"))
					if err != nil {
						return err
					}
					rows.FillPercent = 1
					for range test.batch {
						n++
						if err := rows.Put(binary.BigEndian.AppendUint64(nil, n), value); err != nil {
							return err
						}
					}
					return nil
				})
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
