package ledger_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// BenchmarkApply decides batches of 1,000 entries of three postings, a third of
// them on limited accounts, over 1,000 merchants: no store, no I/O, hashes
// included. It reports time and allocations per entry.
func BenchmarkApply(b *testing.B) {
	const batch, merchants = 1000, 1000
	c := chart(b)
	accounts := make(map[ledger.AccountID]*ledger.Account)
	for i := range merchants {
		id := ledger.AccountID{Path: fmt.Sprintf("merchants/m%d/available", i), Currency: inr()}
		accounts[id] = &ledger.Account{AccountID: id, No: uint64(i + 1), Type: ledger.Liability, Status: ledger.Open, Limits: ledger.Limits{Limited: true}}
	}
	for path, typ := range map[string]ledger.Type{bank: ledger.Asset, sales: ledger.Income} {
		id := idOf(path)
		accounts[id] = &ledger.Account{AccountID: id, No: uint64(len(accounts) + 1), Type: typ, Status: ledger.Open}
	}
	entries := make([]ledger.Entry, batch)
	commands := make([]ledger.Command, batch)
	for i := range entries {
		entries[i] = ledger.Entry{
			Key: fmt.Sprintf("order-%08d-%016x/paid", i, i*7919), Kind: "sale", Reference: fmt.Sprint("order-", i), ValueDate: date("2026-03-02"),
			Postings: []ledger.Posting{
				ledger.Dr(bank, money.Minor(40000), inr()),
				ledger.Cr(fmt.Sprintf("merchants/m%d/available", i*7919%merchants), money.Minor(39260), inr()),
				ledger.Cr(sales, money.Minor(740), inr()),
			},
		}
		commands[i] = book(entries[i])
	}
	loaded := func() *ledger.State {
		s := ledger.NewState(c, ledger.Head{Accounts: uint64(len(accounts))})
		for id, a := range accounts {
			fresh := *a
			s.PutAccount(id, &fresh)
		}
		for i := range entries {
			s.PutKey(entries[i].Key, nil)
		}
		return s
	}

	var before, after runtime.MemStats
	mallocs, rounds := uint64(0), 0
	for b.Loop() {
		b.StopTimer()
		s := loaded()
		runtime.ReadMemStats(&before)
		b.StartTimer()

		errs, missing := ledger.Apply(s, noon(), commands)
		changes := s.Changes()

		b.StopTimer()
		runtime.ReadMemStats(&after)
		mallocs += after.Mallocs - before.Mallocs
		rounds++
		if missing != nil || errs[0] != nil || len(changes.Block.Items) != batch {
			b.Fatal(missing, errs[0])
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds*batch), "ns/entry")
	b.ReportMetric(float64(mallocs)/float64(rounds*batch), "allocs/entry")
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
