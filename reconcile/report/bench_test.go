package report_test

import (
	"io"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// BenchmarkWrite streams the itemised rows of a busy batch: rows/s, and the size of the file per row. rows_alone makes the
// same rows and writes nothing: the bound.
func BenchmarkWrite(b *testing.B) {
	const rows = 100_000
	for _, f := range report.Formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			var size counter
			for b.Loop() {
				size = 0
				if _, err := report.Write(&size, f, report.ItemisedSchema(), inr, busyBatch(rows)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(size)/rows, "B/row")
		})
	}
	b.Run("rows_alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range busyBatch(rows) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkWriteSmall is the cost of a file of ten rows, which most batches are.
func BenchmarkWriteSmall(b *testing.B) {
	for _, f := range report.Formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := report.Write(io.Discard, f, report.ItemisedSchema(), inr, busyBatch(10)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSet is one batch of ten rows in three formats on disk: written the first time, and found unchanged after that.
func BenchmarkSet(b *testing.B) {
	formats := []report.Format{report.CSV, report.JSON, report.Parquet}
	about := report.About{Merchant: "m_1", Currency: inr, BusinessDate: calendar.MustDate("2026-01-05"), Batch: "b_3fa4c0ffee"}
	run := func(b *testing.B, dir string) {
		b.Helper()
		set, err := report.OpenSet(dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := report.Add(set, report.ItemisedSchema(), about, formats, busyBatch(10)); err != nil {
			b.Fatal(err)
		}
		if _, err := set.Commit(); err != nil {
			b.Fatal(err)
		}
		if err := set.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			run(b, b.TempDir())
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		dir := b.TempDir()
		for b.Loop() {
			run(b, dir)
		}
	})
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// busyBatch is a batch of n payments with ids that do not repeat.
func busyBatch(n int) iter.Seq2[report.Itemised, error] {
	zone := time.FixedZone("Asia/Kolkata", 19_800)
	start := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	day := calendar.MustDate("2026-01-05")
	return func(yield func(report.Itemised, error) bool) {
		for i := range n {
			gross := int64(10_000 + (i*7919)%900_000)
			fee := -gross / 50
			tax := fee * 18 / 100
			reserve := -gross / 10
			net := gross + fee + tax + reserve
			id := uint64(i+1) * 0x9E3779B97F4A7C15
			at := start.Add(time.Duration(i) * 137 * time.Millisecond)
			row := report.Itemised{
				BatchID: "b_3fa4c0ffee", BatchStatus: "closed", BusinessDate: day, ValueDate: day.AddDays(1), Window: "evening",
				LineNo: int64(i + 1), EntryID: "e_" + hexID(id) + hexID(id*31), ReportingCategory: "payments", Type: "deposit",
				SourceID: "dep_" + hexID(id*17), OrderID: "ORD-" + strconv.Itoa(i), Merchant: "m_1", Method: "UPI", Rail: "upi",
				RailReference: strconv.FormatUint(id%1_000_000_000_000, 10), CreatedAt: at, CapturedAt: at, Zone: zone,
				PresentmentAmount: money.Minor(gross), PresentmentCurrency: inr, Currency: inr,
				Gross: money.Minor(gross), Fee: money.Minor(fee), Tax: money.Minor(tax), TaxCode: "gst",
				Reserve: money.Minor(reserve), Net: money.Minor(net), RunningBalance: money.Minor(net * int64(i+1)),
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func hexID(n uint64) string { return strconv.FormatUint(n, 16) }
