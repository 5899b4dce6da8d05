package report_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// Property: rows -> any format -> rows is the identity, the totals are the sums, and the bytes are the same twice.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, f := range report.Formats() {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				c := currencies().Draw(rt, "currency")
				want := rapid.SliceOfN(itemised(c), 0, 12).Draw(rt, "rows")
				var data, again bytes.Buffer
				totals, err := report.Write(&data, f, report.ItemisedSchema(), c, rowsOf(want...))
				if err != nil {
					rt.Fatal(err)
				}
				var got []report.Itemised
				var sum report.Totals
				for _, r := range decode(t, f, data.Bytes()) {
					row, err := toItemised(r)
					if err != nil {
						rt.Fatal(err)
					}
					got = append(got, row)
					sum = addUp(rt, sum, row)
				}
				if diff := cmp.Diff(want, got, sameZone, cmpopts.EquateEmpty()); diff != "" {
					rt.Errorf("rows (-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(sum, totals); diff != "" {
					rt.Errorf("totals (-read back +returned)\n%s", diff)
				}
				if _, err := report.Write(&again, f, report.ItemisedSchema(), c, rowsOf(want...)); err != nil {
					rt.Fatal(err)
				}
				if !bytes.Equal(data.Bytes(), again.Bytes()) {
					rt.Error("the same rows gave other bytes the second time")
				}
			})
		})
	}
}

var sameZone = cmp.Comparer(func(a, b *time.Location) bool {
	return a == nil && b == nil || a != nil && b != nil && a.String() == b.String()
})

func addUp(t *rapid.T, sum report.Totals, row report.Itemised) report.Totals {
	add := func(a, b money.Amount) money.Amount {
		total, err := a.Add(b)
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	return report.Totals{
		Rows: sum.Rows + 1, Gross: add(sum.Gross, row.Gross), Fee: add(sum.Fee, row.Fee),
		Tax: add(sum.Tax, row.Tax), Net: add(sum.Net, row.Net),
	}
}

func currencies() *rapid.Generator[money.Currency] {
	return rapid.SampledFrom([]money.Currency{inr, jpy, kwd, money.MustCurrency("CLF")})
}

// texts leans towards what breaks file formats.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Just(""),
		rapid.StringN(0, 20, 60),
		rapid.StringOfN(rapid.SampledFrom([]rune("'=+-@\t\r\n\",; ab0\\\x00\u2028\u202eé")), 0, 12, -1),
	)
}

// words are texts of columns that every row has.
func words() *rapid.Generator[string] {
	return texts().Filter(func(s string) bool { return s != "" })
}

func amounts() *rapid.Generator[money.Amount] {
	return rapid.OneOf(
		rapid.Map(rapid.Int64Range(-200_000, 200_000), money.Minor),
		rapid.Map(rapid.Int64(), money.Minor),
		rapid.Map(rapid.StringMatching(`-?[1-9][0-9]{0,32}`), func(s string) money.Amount {
			a, err := money.ParseMinor(s)
			if err != nil {
				panic(err)
			}
			return a
		}),
	)
}

func dates() *rapid.Generator[calendar.Date] {
	return rapid.Map(rapid.IntRange(0, 3_652_058), func(n int) calendar.Date {
		return calendar.MustDate("0001-01-01").AddDays(n)
	})
}

func optional[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	var none T
	return rapid.OneOf(rapid.Just(none), g)
}

func instants() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(-2_000_000_000_000_000, 8_000_000_000_000_000), func(us int64) time.Time {
		return time.UnixMicro(us).UTC()
	})
}

func zones() *rapid.Generator[*time.Location] {
	return rapid.Custom(func(t *rapid.T) *time.Location {
		loc, err := calendar.LoadZone(rapid.SampledFrom([]string{
			"UTC", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo",
		}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		return loc
	})
}

func itemised(c money.Currency) *rapid.Generator[report.Itemised] {
	return rapid.Custom(func(t *rapid.T) report.Itemised {
		text := func(name string) string { return texts().Draw(t, name) }
		word := func(name string) string { return words().Draw(t, name) }
		amount := func(name string) money.Amount { return amounts().Draw(t, name) }
		date := func(name string) calendar.Date { return optional(dates()).Draw(t, name) }
		row := report.Itemised{
			BatchID: word("batch"), BatchStatus: word("status"), BusinessDate: dates().Draw(t, "business date"),
			ValueDate: date("value date"), Window: text("window"), LineNo: rapid.Int64Min(1).Draw(t, "line"),
			EntryID: text("entry"), ReportingCategory: word("category"), Type: word("type"), SourceID: text("source"),
			ParentID: text("parent"), OrderID: text("order"), Merchant: word("merchant"), Method: text("method"),
			Rail: text("rail"), RailReference: text("rail reference"), BankReference: text("bank reference"),
			CreatedAt: optional(instants()).Draw(t, "created"), CapturedAt: optional(instants()).Draw(t, "captured"),
			Zone:                optional(zones()).Draw(t, "zone"),
			PresentmentCurrency: optional(currencies()).Draw(t, "presentment currency"),
			FXRate:              rapid.SampledFrom([]money.Rate{{}, money.MustRate("0.5612"), money.MustRate("-1234567.000001")}).Draw(t, "rate"),
			FXRateID:            text("rate id"), Currency: c, Gross: amount("gross"), Fee: amount("fee"), Tax: amount("tax"),
			TaxCode: text("tax code"), Withholding: amount("withholding"), Reserve: amount("reserve"),
			RunningBalance: amount("running balance"), Late: rapid.Bool().Draw(t, "late"), OriginalBusinessDate: dates().Draw(t, "original"),
			ReasonCode: text("reason"), DisputeID: text("dispute"), RefundID: text("refund"),
		}
		if !row.PresentmentCurrency.IsZero() {
			row.PresentmentAmount = amount("presentment")
		}
		if !row.Late {
			row.OriginalBusinessDate = date("original")
		}
		var err error
		if row.Net, err = money.Sum(row.Gross, row.Fee, row.Tax, row.Withholding, row.Reserve); err != nil {
			t.Fatal(err)
		}
		return row
	})
}

// All formats say the same about every report.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	testAgree(t, report.ItemisedSchema(), itemisedRows(t))
	testAgree(t, report.SummarySchema(), summaryRows(t))
	testAgree(t, report.TailSchema(), tailRows(t))
}

func testAgree[T any](t *testing.T, s report.Schema[T], rows []T) {
	t.Helper()
	t.Run(s.Report(), func(t *testing.T) {
		t.Parallel()
		csvData, _ := encode(t, report.CSV, s, inr, rows...)
		want := decode(t, report.CSV, csvData)
		for _, f := range report.Formats()[1:] {
			data, _ := encode(t, f, s, inr, rows...)
			got := decode(t, f, data)
			for i := range got {
				// Four fraction digits, because the column holds every currency.
				if text, ok := got[i]["presentment_amount"]; ok && f == report.Parquet {
					got[i]["presentment_amount"] = strings.TrimSuffix(text, ".0000")
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-csv +%s)\n%s", f, f, diff)
			}
		}
	})
}

// Go's own CSV reader, which is not ours, reads our files too.
func TestCSVReadsElsewhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		// That reader turns CR LF inside quotes into LF, so no CR here.
		order := strings.ReplaceAll(texts().Draw(rt, "order"), "\r", "")
		row := itemisedRows(t)[0]
		row.OrderID = order
		data, _ := encode(t, report.CSV, report.ItemisedSchema(), inr, row)
		lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		if got := unguard(lines[1][12]); lines[0][12] != "order_id" || got != order {
			rt.Errorf("%s %q, want order_id %q", lines[0][12], got, order)
		}
	})
}

func TestFormulaGuard(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"equals", "=1+1", "'=1+1"},
		{"plus", "+1", "'+1"},
		{"minus", "-1", "'-1"},
		{"at", "@SUM(A1)", "'@SUM(A1)"},
		{"tab", "\t=1", "'\t=1"},
		{"carriage return", "\r=1", "\"'\r=1\""},
		{"line feed", "\n=1", "\"'\n=1\""},
		{"formula with quotes", `=cmd|' /C calc'!"A1"`, `"'=cmd|' /C calc'!""A1"""`},
		{"formula with a comma", "=HYPERLINK(A1,B1)", "\"'=HYPERLINK(A1,B1)\""},
		{"minus alone", "-", "'-"},
		{"what looks guarded", "'=1", "''=1"},
		{"twice", "''=1", "'''=1"},
		{"harmless apostrophe", "'tis", "'tis"},
		{"apostrophes only", "''", "''"},
		{"trigger inside", "a=1", "a=1"},
		{"space before", " =1", `" =1"`},
		{"plain", "ORD-1", "ORD-1"},
		{"space after", "a ", `"a "`},
		{"semicolon", "a;b", "a;b"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			line := itemisedRows(t)[2] // its amounts are negative
			line.OrderID = row.text
			data, _ := encode(t, report.CSV, report.ItemisedSchema(), inr, line)
			if want := ",dep_1," + row.want + ",m_1,"; !strings.Contains(string(data), want) {
				t.Errorf("%q is not in\n%s", want, data)
			}
			if want := ",-250.00,5.00,0.90,"; !strings.Contains(string(data), want) {
				t.Errorf("amounts were touched: %q is not in\n%s", want, data)
			}
			for _, f := range report.Formats() {
				data, _ := encode(t, f, report.ItemisedSchema(), inr, line)
				if got := decode(t, f, data)[0]["order_id"]; got != row.text {
					t.Errorf("%s reads back as %q, want %q", f, got, row.text)
				}
			}
		})
	}
}

// Every free-text column is guarded, and no other: a guard on an amount is the most reported fault of exports.
func TestGuardedColumns(t *testing.T) {
	t.Parallel()
	const formula = "=1"
	row := report.Itemised{
		BatchID: formula, BatchStatus: formula, BusinessDate: calendar.MustDate("2026-01-05"), Window: formula, LineNo: 1,
		EntryID: formula, ReportingCategory: formula, Type: formula, SourceID: formula, ParentID: formula, OrderID: formula,
		Merchant: formula, Method: formula, Rail: formula, RailReference: formula, BankReference: formula, FXRateID: formula,
		Currency: inr, Gross: money.Minor(-1), Net: money.Minor(-1), TaxCode: formula, ReasonCode: formula, DisputeID: formula,
		RefundID: formula,
	}
	data, _ := encode(t, report.CSV, report.ItemisedSchema(), inr, row)
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, column := range report.ItemisedSchema().Columns() {
		if strings.HasPrefix(lines[1][i], "'") != guarded[column.Name] || guarded[column.Name] != (column.Kind == report.FreeText) {
			t.Errorf("column %s of kind %s: %q", column.Name, column.Kind, lines[1][i])
		}
	}
}
