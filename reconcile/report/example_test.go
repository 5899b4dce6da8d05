package report_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// A report goes to any writer, row by row.
func ExampleWrite() {
	inr := money.MustCurrency("INR")
	rows := func(yield func(report.Tail, error) bool) {
		yield(report.Tail{
			AsOf: calendar.MustDate("2026-01-05"), Merchant: "m_1", ReportingCategory: "payments", Type: "deposit",
			Currency: inr, Gross: money.Minor(100_000), Fee: money.Minor(-2_000), Tax: money.Minor(-360),
			Net: money.Minor(97_640),
		}, nil)
	}
	totals, err := report.Write(os.Stdout, report.JSONLines, report.TailSchema(), inr, rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d row, net %s INR\n", totals.Rows, inr.Format(totals.Net))
	// Output:
	// {"schema_version":1,"as_of_date":"2026-01-05","merchant_id":"m_1","region":null,"entry_id":null,"reporting_category":"payments","type":"deposit","source_id":null,"parent_id":null,"order_id":null,"method":null,"rail":null,"rail_reference":null,"created_at_utc":null,"captured_at_utc":null,"created_local":null,"timezone":null,"business_date":null,"window":null,"available_on":null,"currency":"INR","gross":"1000.00","fee":"-20.00","tax":"-3.60","tax_code":null,"withholding":"0.00","reserve":"0.00","net":"976.40","direction":"credit","reason_code":null,"dispute_id":null,"refund_id":null}
	// 1 row, net 976.40 INR
}

// Files appear whole, with a manifest each; writing the same reports again changes nothing and says so.
func ExampleSet() {
	dir, err := os.MkdirTemp("", "reports")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for range 2 {
		written, err := writeEmptyDay(dir)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, file := range written {
			fmt.Println(filepath.Base(file.Path), file.Totals.Rows, "rows", file.Outcome)
		}
	}
	checked, err := report.Check(dir)
	fmt.Println(checked.Files, "files match their manifests,", len(checked.Findings), "findings,", err)
	// Output:
	// settlex_itemised_m__1_INR_2026-01-05_all_v1.csv 0 rows created
	// settlex_itemised_m__1_INR_2026-01-05_all_v1.parquet 0 rows created
	// settlex_itemised_m__1_INR_2026-01-05_all_v1.csv 0 rows unchanged
	// settlex_itemised_m__1_INR_2026-01-05_all_v1.parquet 0 rows unchanged
	// 2 files match their manifests, 0 findings, <nil>
}

func writeEmptyDay(dir string) ([]report.Written, error) {
	set, err := report.OpenSet(dir)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	about := report.About{
		Merchant: "m_1", Currency: money.MustCurrency("INR"), BusinessDate: calendar.MustDate("2026-01-05"),
	}
	formats := []report.Format{report.CSV, report.Parquet}
	noRows := func(func(report.Itemised, error) bool) {}
	if _, err := report.Add(set, report.ItemisedSchema(), about, formats, noRows); err != nil {
		return nil, err
	}
	return set.Commit()
}
