package report_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// Readers skip pages and row groups by the bounds a file records, so bounds of signed amounts must be those of signed
// numbers: parquet-go's own are not (its issue 592), and a bound that is wrong loses rows without an error.
func TestParquetBounds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	const rows, perGroup = 140_000, 65_536
	var data bytes.Buffer
	var lows, highs []money.Amount
	watched := func(yield func(report.Itemised, error) bool) {
		for row, err := range bothSigns(rows) {
			if (row.LineNo-1)%perGroup == 0 {
				lows, highs = append(lows, row.Net), append(highs, row.Net)
			}
			last := len(lows) - 1
			lows[last], highs[last] = money.Min(lows[last], row.Net), money.Max(highs[last], row.Net)
			if !yield(row, err) {
				return
			}
		}
	}
	if _, err := report.Write(&data, report.Parquet, report.ItemisedSchema(), inr, watched); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(data.Bytes()), int64(data.Len()))
	if err != nil {
		t.Fatal(err)
	}
	net, ok := file.Schema().Lookup("net")
	if !ok {
		t.Fatal("no column net")
	}
	for i, group := range file.Metadata().RowGroups {
		statistics := group.Columns[net.ColumnIndex].MetaData.Statistics
		got := []money.Amount{amountOfBytes(t, statistics.MinValue), amountOfBytes(t, statistics.MaxValue)}
		if diff := cmp.Diff([]money.Amount{lows[i], highs[i]}, got); diff != "" {
			t.Errorf("bounds of row group %d (-want +got)\n%s", i, diff)
		}
		checkPageBounds(t, file.RowGroups()[i].ColumnChunks()[net.ColumnIndex])
	}
	if got := len(file.Metadata().RowGroups); got != len(lows) {
		t.Errorf("%d row groups, want %d", got, len(lows))
	}
}

// checkPageBounds compares the column index with the values of each page.
func checkPageBounds(t *testing.T, chunk parquet.ColumnChunk) {
	t.Helper()
	index, err := chunk.ColumnIndex()
	if err != nil {
		t.Fatal(err)
	}
	pages := chunk.Pages()
	defer pages.Close()
	for i := range index.NumPages() {
		page, err := pages.ReadPage()
		if err != nil {
			t.Fatal(err)
		}
		values := make([]parquet.Value, page.NumValues())
		if n, _ := page.Values().ReadValues(values); n != len(values) {
			t.Fatalf("read %d of %d values", n, len(values))
		}
		low, high := amountOfBytes(t, values[0].ByteArray()), amountOfBytes(t, values[0].ByteArray())
		for _, v := range values {
			low, high = money.Min(low, amountOfBytes(t, v.ByteArray())), money.Max(high, amountOfBytes(t, v.ByteArray()))
		}
		got := []money.Amount{
			amountOfBytes(t, index.MinValue(i).ByteArray()), amountOfBytes(t, index.MaxValue(i).ByteArray()),
		}
		if diff := cmp.Diff([]money.Amount{low, high}, got); diff != "" {
			t.Errorf("bounds of page %d (-want +got)\n%s", i, diff)
		}
		parquet.Release(page)
	}
}

func amountOfBytes(t *testing.T, b []byte) money.Amount {
	t.Helper()
	if len(b) != 16 {
		t.Fatalf("%d bytes, want 16", len(b))
	}
	a, err := money.FromBytes([16]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Nothing of the build or the clock is in a file.
func TestParquetMetadata(t *testing.T) {
	t.Parallel()
	data, _ := encode(t, report.Parquet, report.SummarySchema(), inr, summaryRows(t)...)
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	m := file.Metadata()
	if want := "settlex version 1(build summary)"; m.CreatedBy != want {
		t.Errorf("created by %q, want %q", m.CreatedBy, want)
	}
	got := map[string]string{}
	for _, pair := range m.KeyValueMetadata {
		got[pair.Key] = pair.Value
	}
	want := map[string]string{"settlex.report": "summary", "settlex.schema_version": "1", "settlex.currency": "INR"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, column := range report.SummarySchema().Columns() {
		if name := file.Schema().Fields()[i].Name(); name != column.Name {
			t.Errorf("column %d is %s, want %s", i, name, column.Name)
		}
	}
}
