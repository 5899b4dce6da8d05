package settlex_test

import (
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// deposits generates n deposits of several merchants, evenly spread over days
// that begin on 1 March 2026, in order.
func deposits(n, merchants, days int) iter.Seq2[feed.Row, error] {
	return func(yield func(feed.Row, error) bool) {
		at, step := ist("2026-03-01 00:00"), time.Duration(days)*24*time.Hour/time.Duration(n)
		for i := range n {
			e := payment.Event{
				Kind: payment.DepositCaptured, ID: fmt.Sprintf("pay_%08d", i), OccurredAt: at.Add(time.Duration(i) * step),
				Merchant: fmt.Sprintf("m_%04d", i*7919%merchants), Currency: inr(), Amount: money.Minor(int64(10_000 + i%90_000)),
				Method: "UPI", OrderID: fmt.Sprintf("order-%d", i), RailRef: fmt.Sprintf("UTR%012d", i),
			}
			if !yield(feed.Row{Event: e, File: "generated", Line: i + 1}, nil) {
				return
			}
		}
	}
}

// openAsUsers opens a new file as users get it; bolttest's is for tests of a few
// entries.
func openAsUsers(b *testing.B) *bolt.Store {
	b.Helper()
	store, err := bolt.Open(filepath.Join(b.TempDir(), "ledger.db"), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}

// BenchmarkIngest books 20,000 deposits of 100 merchants durably, each with a
// fee, tax and a reserve: four entries.
func BenchmarkIngest(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		b.StopTimer()
		h := on(b, openAsUsers(b), threeRegions())
		b.StartTimer()
		done, err := h.Ingest(b.Context(), deposits(n, 100, 30), settlex.IngestOptions{Dir: b.TempDir()})
		if err != nil || done.Booked != n {
			b.Fatalf("%+v, %v", done, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkIngestAgain reads 20,000 deposits that are all booked already.
func BenchmarkIngestAgain(b *testing.B) {
	const n = 20_000
	h := on(b, bolttest.Open(b), threeRegions())
	if _, err := h.Ingest(b.Context(), deposits(n, 100, 30), settlex.IngestOptions{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		done, err := h.Ingest(b.Context(), deposits(n, 100, 30), settlex.IngestOptions{})
		if err != nil || done.Repeated != n {
			b.Fatalf("%+v, %v", done, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
}

// prepared makes a file once, for an iteration to copy.
func prepared(b *testing.B, rules *payment.Rules, rows iter.Seq2[feed.Row, error]) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "prepared.db")
	store, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	h := on(b, store, rules)
	*h.clock = ist("2027-06-01 00:00") // all of it has happened
	if _, err := h.Ingest(b.Context(), rows, settlex.IngestOptions{}); err != nil {
		b.Fatal(err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// copied opens a copy of a file, and gives what does away with it.
func copied(b *testing.B, path string, rules *payment.Rules) (*house, func()) {
	b.Helper()
	from, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(b.TempDir(), "copy.db"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		b.Fatal(err)
	}
	if err := to.Close(); err != nil {
		b.Fatal(err)
	}
	store, err := bolt.Open(to.Name(), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return on(b, store, rules), func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
		if err := os.Remove(to.Name()); err != nil {
			b.Error(err)
		}
	}
}

// oneDay closes one window a day, at midnight, so that a day is one batch.
func oneDay() *payment.Rules {
	rules := threeRegions()
	rules.Book.Schedules[0] = schedule("IN", "Asia/Kolkata", 1, "00:00")
	return rules
}

const bigBatch = 100_000

// BenchmarkClose closes one batch of 100,000 lines.
func BenchmarkClose(b *testing.B) {
	rules := oneDay()
	path := prepared(b, rules, deposits(bigBatch, 1, 1))
	for b.Loop() {
		b.StopTimer()
		h, done := copied(b, path, rules)
		*h.clock = ist("2026-03-02 00:00")
		b.StartTimer()
		settled, err := h.Settle(b.Context(), calendar.Date{}, nil)
		if err != nil || settled.Batches != 1 || settled.Lines != bigBatch {
			b.Fatalf("%+v, %v", settled, err)
		}
		b.StopTimer()
		done()
		b.StartTimer()
	}
	b.ReportMetric(float64(bigBatch*b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkCatchUp settles 300 days of 600 merchants that were all ingested
// before: some 50,000 batches of one line and the reserve of another.
func BenchmarkCatchUp(b *testing.B) {
	const n = 50_000
	rules := oneDay()
	path := prepared(b, rules, deposits(n, 600, 300))
	batches := 0
	for b.Loop() {
		b.StopTimer()
		h, done := copied(b, path, rules)
		*h.clock = ist("2027-06-01 00:00")
		b.StartTimer()
		settled, err := h.Settle(b.Context(), calendar.Date{}, func(*settlement.Batch) { batches++ })
		if err != nil || settled.Lines != 2*n {
			b.Fatalf("%+v, %v", settled, err)
		}
		b.StopTimer()
		done()
		b.StartTimer()
	}
	b.ReportMetric(float64(batches)/b.Elapsed().Seconds(), "batches/s")
	b.ReportMetric(float64(batches)/float64(b.N), "batches")
}

// BenchmarkNothingDue looks for work when 50,000 movements wait for a window
// that is still open: what a job that wakes up every minute costs.
func BenchmarkNothingDue(b *testing.B) {
	h := on(b, bolttest.Open(b), oneDay())
	if _, err := h.Ingest(b.Context(), deposits(50_000, 600, 1), settlex.IngestOptions{}); err != nil {
		b.Fatal(err)
	}
	*h.clock = ist("2026-03-01 23:00")
	for b.Loop() {
		if settled, err := h.Settle(b.Context(), calendar.Date{}, nil); err != nil || settled.Batches != 0 {
			b.Fatalf("%+v, %v", settled, err)
		}
	}
}

// BenchmarkReport writes the itemised report of a batch of 100,000 lines, with
// its summary and the files of the other two currencies, which are empty.
func BenchmarkReport(b *testing.B) {
	h := on(b, bolttest.Open(b), oneDay())
	if _, err := h.Ingest(b.Context(), deposits(bigBatch, 1, 1), settlex.IngestOptions{}); err != nil {
		b.Fatal(err)
	}
	h.settle(ist("2026-03-02 00:00"))
	for _, format := range []report.Format{report.CSV, report.JSON, report.Parquet} {
		b.Run(string(format), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				dir := b.TempDir()
				b.StartTimer()
				_, err := h.Report(b.Context(), settlex.ReportOptions{
					Dir: dir, Formats: []report.Format{format}, From: date("2026-03-02"), To: date("2026-03-02"),
				})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(bigBatch*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkVerify verifies 20,000 deposits in batches.
func BenchmarkVerify(b *testing.B) {
	h := on(b, bolttest.Open(b), oneDay())
	if _, err := h.Ingest(b.Context(), deposits(20_000, 100, 30), settlex.IngestOptions{}); err != nil {
		b.Fatal(err)
	}
	h.settle(ist("2026-03-20 00:00"))
	entries := uint64(0)
	for b.Loop() {
		v, err := h.Verify(b.Context())
		if err != nil || v.Err() != nil {
			b.Fatal(err, v.Err())
		}
		entries += v.Entries
	}
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}
