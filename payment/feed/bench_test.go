package feed_test

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

// benchRows is the size of the files that benchmarks read and write.
const benchRows = 10_000

// deposits gives n deposits as a rail would report them.
func deposits(n int) iter.Seq[payment.Event] {
	start := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	inr := money.MustCurrency("INR")
	return func(yield func(payment.Event) bool) {
		for i := range n {
			e := payment.Event{
				Kind: payment.DepositCaptured, ID: fmt.Sprintf("dep-%08d", i), OccurredAt: start.Add(time.Duration(i) * time.Second),
				Merchant: fmt.Sprintf("m-%03d", i%500), Currency: inr, Amount: money.Minor(int64(10_000 + i)), Method: "UPI",
				OrderID: fmt.Sprintf("order-%d", i), RailRef: fmt.Sprintf("%012d", i),
			}
			if !yield(e) {
				return
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, format := range []feed.Format{feed.CSV, feed.NDJSON} {
		var file bytes.Buffer
		if err := feed.Write(&file, format, deposits(benchRows)); err != nil {
			b.Fatal(err)
		}
		b.Run(string(format), func(b *testing.B) { benchmarkRead(b, feed.Mapping{Format: format}, file.Bytes()) })
	}
}

// Local times cost a look at the zone.
func BenchmarkReadLocalTimes(b *testing.B) {
	file := bytes.NewBufferString("kind,id,at,tz\n")
	for i := range benchRows {
		fmt.Fprintf(file, "deposit,dep-%08d,2017-02-01T%02d:%02d:%02d,America/Sao_Paulo\n", i, i/3600, i/60%60, i%60)
	}
	m := feed.Mapping{Format: feed.CSV, Columns: map[payment.Field]string{payment.FieldOccurredAt: "at"}, TimezoneColumn: "tz"}
	benchmarkRead(b, m, file.Bytes())
}

func benchmarkRead(b *testing.B, m feed.Mapping, file []byte) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		rows := 0
		for _, err := range feed.Read(b.Context(), "bench", bytes.NewReader(file), m) {
			if err != nil {
				b.Fatal(err)
			}
			rows++
		}
		if rows != benchRows {
			b.Fatalf("%d rows", rows)
		}
	}
	b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWrite(b *testing.B) {
	for _, format := range []feed.Format{feed.CSV, feed.NDJSON} {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := feed.Write(io.Discard, format, deposits(benchRows)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
