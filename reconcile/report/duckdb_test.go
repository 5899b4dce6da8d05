package report_test

import (
	"encoding/json"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// duckDBVar names a directory with node_modules/@duckdb/node-api in it.
const duckDBVar = "SETTLEX_TEST_DUCKDB"

// duckDB is what testdata/duckdb.cjs prints.
type duckDB struct {
	Types  map[string]string
	Totals map[string]string
	Counts map[string]int
	First  []map[string]any
}

// needDuckDB ends a test that cannot have DuckDB.
func needDuckDB(t *testing.T) {
	t.Helper()
	dir := os.Getenv(duckDBVar)
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "node_modules", "@duckdb", "node-api"))
	}
	testneed.Need(t, "DuckDB",
		"install Node.js, run `npm install --prefix DIR @duckdb/node-api` with DIR an absolute path, set "+duckDBVar+"=DIR",
		dir != "" && err == nil)
}

// readWithDuckDB asks a reader that shares no code with ours what a Parquet file says.
func readWithDuckDB(t *testing.T, file, amount string) duckDB {
	t.Helper()
	script := filepath.Join("testdata", "duckdb.cjs")
	command := exec.CommandContext(t.Context(), "node", script, os.Getenv(duckDBVar), file, amount)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answer duckDB
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return answer
}

// DuckDB reads our Parquet, sees the types we promise and adds up to our totals. Its counts are filtered, so whatever it
// skips by the bounds that the file records is in the way of a right answer.
func TestDuckDB(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	needDuckDB(t)
	const rows = 150_000 // three row groups
	huge, err := money.ParseMinor("-9999999999999999999999999999999999999")
	if err != nil {
		t.Fatal(err)
	}
	giant := itemisedRows(t)[4]
	giant.Reserve, giant.Net, giant.RunningBalance = huge, huge, huge
	for _, row := range []struct {
		name string
		rows iter.Seq2[report.Itemised, error]
	}{
		{"itemised", rowsOf(itemisedRows(t)...)},
		{"no rows", rowsOf[report.Itemised]()},
		{"38 digits", rowsOf(giant)},
		{"both signs", bothSigns(rows)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "it's a report.parquet")
			file, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			counts := map[string]int{}
			totals, err := report.Write(file, report.Parquet, report.ItemisedSchema(), inr, counted(row.rows, counts))
			if err != nil {
				t.Fatal(err)
			}
			got := readWithDuckDB(t, path, "500")
			if diff := cmp.Diff(duckDBTypes(), got.Types); diff != "" {
				t.Errorf("types (-want +got)\n%s", diff)
			}
			want := map[string]string{
				"rows": strconv.FormatInt(totals.Rows, 10), "gross": inr.Format(totals.Gross), "fee": inr.Format(totals.Fee),
				"tax": inr.Format(totals.Tax), "net": inr.Format(totals.Net),
			}
			if diff := cmp.Diff(want, got.Totals); diff != "" {
				t.Errorf("totals (-ours +DuckDB)\n%s", diff)
			}
			for name, n := range got.Counts {
				if n != counts[name] {
					t.Errorf("%d rows %s, want %d", n, name, counts[name])
				}
			}
		})
	}
}

// counted counts what the script counts as rows pass by.
func counted(rows iter.Seq2[report.Itemised, error], counts map[string]int) iter.Seq2[report.Itemised, error] {
	count := func(name string, is bool) {
		if is {
			counts[name]++
		}
	}
	return func(yield func(report.Itemised, error) bool) {
		for row, err := range rows {
			count("negative", row.Net.Sign() < 0)
			count("positive", row.Net.Sign() > 0)
			count("above", row.Net.Cmp(money.Minor(500_00)) > 0)
			count("presented", row.PresentmentAmount.Sign() > 0)
			if !yield(row, err) {
				return
			}
		}
	}
}

// bothSigns is a busy batch in which every third line takes money back.
func bothSigns(n int) iter.Seq2[report.Itemised, error] {
	return func(yield func(report.Itemised, error) bool) {
		for row, err := range busyBatch(n) {
			if row.LineNo%3 == 0 {
				row.Gross, row.Fee, row.Tax = row.Gross.Neg(), row.Fee.Neg(), row.Tax.Neg()
				row.Reserve, row.Net = row.Reserve.Neg(), row.Net.Neg()
				row.PresentmentAmount = row.PresentmentAmount.Neg()
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func duckDBTypes() map[string]string {
	byKind := map[report.Kind]string{
		report.Text: "VARCHAR", report.FreeText: "VARCHAR", report.Integer: "BIGINT", report.Bool: "BOOLEAN",
		report.Money: "DECIMAL(38,2)", report.Presentment: "DECIMAL(38,4)", report.Date: "DATE",
		report.Instant: "TIMESTAMP WITH TIME ZONE", report.LocalTime: "VARCHAR", report.Rate: "VARCHAR",
	}
	types := map[string]string{}
	for _, column := range report.ItemisedSchema().Columns() {
		types[column.Name] = byKind[column.Kind]
	}
	return types
}

// What DuckDB reads of single values is what we wrote.
func TestDuckDBValues(t *testing.T) {
	t.Parallel()
	needDuckDB(t)
	got := readWithDuckDB(t, filepath.Join("testdata", "itemised.parquet"), "0")
	want := []map[string]any{
		{
			"business_date": "2026-01-05", "created_us": "1767593730123456", "created_local": "2026-01-05T11:45:30.123456+05:30",
			"merchant_id": "m_1", "order_id": "ORD-0001", "presentment_amount": nil, "net": "876.40", "late": false,
		},
		{
			"business_date": "2026-01-05", "created_us": "1767638400000000", "created_local": "2026-01-06T00:10:00.000000+05:30",
			"merchant_id": "m_1", "order_id": `=HYPERLINK("http://x","pay")`, "presentment_amount": "1800.0000", "net": "987.10",
			"late": false,
		},
		{
			"business_date": "2026-01-05", "created_us": "1767596400000001", "created_local": "2026-01-05T12:30:00.000001+05:30",
			"merchant_id": "m_1", "order_id": "-1+1, \"quoted\"\r\nnext line", "presentment_amount": nil, "net": "-244.10",
			"late": false,
		},
	}
	if diff := cmp.Diff(want, got.First); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
