package report_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

func TestWriteGolden(t *testing.T) {
	t.Parallel()
	testGolden(t, report.ItemisedSchema(), itemisedRows(t), report.Totals{
		Rows: 5, Gross: money.Minor(101_016), Fee: money.Minor(-3_369), Tax: money.Minor(-606), Net: money.Minor(86_941),
	})
	testGolden(t, report.SummarySchema(), summaryRows(t), report.Totals{
		Rows: 2, Gross: money.Minor(84_836), Fee: money.Minor(-3_369), Tax: money.Minor(-606), Net: money.Minor(85_000),
	})
	testGolden(t, report.TailSchema(), tailRows(t), report.Totals{
		Rows: 2, Gross: money.Minor(4_995), Fee: money.Minor(-100), Tax: money.Minor(-18), Net: money.Minor(4_877),
	})
}

// testGolden writes rows and no rows in each format, and compares bytes and totals.
func testGolden[T any](t *testing.T, s report.Schema[T], rows []T, want report.Totals) {
	t.Helper()
	for _, f := range report.Formats() {
		t.Run(s.Report()+"."+string(f), func(t *testing.T) {
			t.Parallel()
			got, totals := encode(t, f, s, inr, rows...)
			wantGolden(t, s.Report()+"."+string(f), got)
			if diff := cmp.Diff(want, totals); diff != "" {
				t.Errorf("totals (-want +got)\n%s", diff)
			}
			again, _ := encode(t, f, s, inr, rows...)
			if !bytes.Equal(got, again) {
				t.Error("the same rows gave other bytes the second time")
			}
		})
		t.Run(s.Report()+"_empty."+string(f), func(t *testing.T) {
			t.Parallel()
			got, totals := encode(t, f, s, inr)
			wantGolden(t, s.Report()+"_empty."+string(f), got)
			if diff := cmp.Diff(report.Totals{}, totals); diff != "" {
				t.Errorf("totals of no rows (-want +got)\n%s", diff)
			}
		})
	}
}

// The columns of RECONCILE.md, in its order. Later versions may append, never re-order.
func TestItemisedColumns(t *testing.T) {
	t.Parallel()
	want := []string{
		"schema_version", "batch_id", "batch_status", "business_date", "value_date", "window", "line_no", "entry_id",
		"reporting_category", "type", "source_id", "parent_id", "order_id", "merchant_id", "method", "rail", "rail_reference",
		"bank_reference", "created_at_utc", "captured_at_utc", "created_local", "timezone", "presentment_amount",
		"presentment_currency", "fx_rate", "fx_rate_id", "currency", "gross", "fee", "tax", "tax_code", "withholding", "reserve",
		"net", "direction", "running_balance", "late", "original_business_date", "reason_code", "dispute_id", "refund_id",
	}
	var got []string
	for _, column := range report.ItemisedSchema().Columns() {
		got = append(got, column.Name)
	}
	if len(got) > len(want) {
		got = got[:len(want)]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got)\n%s", diff)
	}
}

// A file takes its fraction digits from its currency.
func TestExponents(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		currency money.Currency
		want     string
	}{{jpy, "123456"}, {inr, "1234.56"}, {kwd, "123.456"}, {money.MustCurrency("CLF"), "12.3456"}} {
		t.Run(row.currency.String(), func(t *testing.T) {
			t.Parallel()
			line := itemisedRows(t)[4]
			line.Currency, line.Reserve, line.Net = row.currency, money.Minor(123_456), money.Minor(123_456)
			for _, f := range report.Formats() {
				data, _ := encode(t, f, report.ItemisedSchema(), row.currency, line)
				if got := decode(t, f, data)[0]["net"]; got != row.want {
					t.Errorf("%s: net %s, want %s", f, got, row.want)
				}
			}
		})
	}
}

// The Parquet column of presentment amounts has four fraction digits, whatever the row's currency.
func TestPresentmentFitsEveryCurrency(t *testing.T) {
	t.Parallel()
	for c := range money.Currencies() {
		if c.Exponent() > 4 {
			t.Errorf("%s has %d fraction digits", c, c.Exponent())
		}
	}
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	huge, err := money.ParseMinor("99999999999999999999999999999999999999")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		spoil func(*report.Itemised)
		want  string
		is    error
	}{
		{
			"net is not the sum", func(r *report.Itemised) { r.Net = money.Minor(87_641) },
			"itemised report, row 2: bad row: gross 1000.00 + fee -20.00 + tax -3.60 + withholding 0.00 + reserve -100.00" +
				" = INR 876.40, net says 876.41", report.ErrBadRow,
		},
		{
			"another currency", func(r *report.Itemised) { r.Currency = jpy },
			`itemised report, row 2: bad row: currency "JPY" in a file of INR`, report.ErrBadRow,
		},
		{
			"line 0", func(r *report.Itemised) { r.LineNo = 0 },
			"itemised report, row 2: bad row: line 0 of batch b_7f3a, lines count from 1", report.ErrBadRow,
		},
		{
			"late since when", func(r *report.Itemised) { r.Late = true },
			"itemised report, row 2: bad row: line 1 is late, without the business date it missed", report.ErrBadRow,
		},
		{
			"required text missing", func(r *report.Itemised) { r.Type = "" },
			"itemised report, row 2, column type: bad row: value is missing", report.ErrBadRow,
		},
		{
			"required date missing", func(r *report.Itemised) { r.BusinessDate = calendar.Date{} },
			"itemised report, row 2, column business_date: bad row: value is missing", report.ErrBadRow,
		},
		{
			"not UTF-8", func(r *report.Itemised) { r.OrderID = "a\xffb" },
			`itemised report, row 2, column order_id: bad row: text "a\xffb" is not UTF-8`, report.ErrBadRow,
		},
		{
			"year without a text", func(r *report.Itemised) { r.CreatedAt = instant(t, "9999-12-31T23:59:59Z") },
			"itemised report, row 2, column created_local: bad row: year 10000 has no ISO 8601 form", report.ErrBadRow,
		},
		{
			"parts overflow", func(r *report.Itemised) { r.Gross, r.Fee = huge, huge },
			"itemised report, row 2: amount overflow: sum of 5 amounts", money.ErrOverflow,
		},
		{
			"totals overflow", func(r *report.Itemised) {
				r.Gross, r.Fee, r.Tax, r.Reserve, r.Net = huge, huge.Neg(), money.Amount{}, money.Amount{}, money.Amount{}
			},
			"itemised report, row 2: amount overflow: 100000 + 99999999999999999999999999999999999999", money.ErrOverflow,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			good := itemisedRows(t)[0]
			bad := good
			row.spoil(&bad)
			for _, f := range report.Formats() {
				_, err := report.Write(io.Discard, f, report.ItemisedSchema(), inr, rowsOf(good, bad))
				if err == nil {
					t.Fatalf("%s: no error", f)
				}
				if diff := cmp.Diff(row.want, err.Error()); diff != "" {
					t.Errorf("%s (-want +got)\n%s", f, diff)
				}
				var place *report.RowError
				if !errors.Is(err, row.is) || !errors.As(err, &place) || place.Row != 2 {
					t.Errorf("%s: %#v is not a RowError of row 2 that wraps %v", f, err, row.is)
				}
			}
		})
	}
}

func TestBadSummaries(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		spoil func(*report.Summary)
		want  string
	}{
		{
			"batch equation", func(r *report.Summary) { r.OpeningCarry = money.Minor(-1_940) },
			"summary report, row 1: bad row: batch b_7f3a: opening carry -19.40 + lines 869.41 + carry out 0.00 = INR 850.01," +
				" net says 850.00",
		},
		{
			"categories", func(r *report.Summary) { r.Adjustments = money.Minor(1) },
			"summary report, row 1: bad row: batch b_7f3a: categories add up to INR 869.42, the lines to 869.41",
		},
		{
			"line net", func(r *report.Summary) { r.Tax = money.Amount{} },
			"summary report, row 1: bad row: gross 1010.16 + fee -33.69 + tax 0.00 + withholding -1.01 + reserve -99.99" +
				" = INR 875.47, net says 869.41",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			bad := summaryRows(t)[0]
			row.spoil(&bad)
			_, err := report.Write(io.Discard, report.CSV, report.SummarySchema(), inr, rowsOf(bad))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(row.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A Parquet presentment amount has 38 digits, four of them after the point; what does not fit is an error, not a wrap.
func TestPresentmentOverflow(t *testing.T) {
	t.Parallel()
	line := itemisedRows(t)[1]
	for _, row := range []struct {
		minor string
		want  error
	}{
		{"9999999999999999999999999999999999", nil},
		{"-9999999999999999999999999999999999", nil},
		{"10000000000000000000000000000000000", money.ErrOverflow},
	} {
		amount, err := money.ParseMinor(row.minor)
		if err != nil {
			t.Fatal(err)
		}
		line.PresentmentAmount = amount
		if _, err := report.Write(io.Discard, report.Parquet, report.ItemisedSchema(), inr, rowsOf(line)); !errors.Is(err, row.want) {
			t.Errorf("%s JPY: error %v, want %v", row.minor, err, row.want)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	t.Run("unknown format", func(t *testing.T) {
		t.Parallel()
		_, err := report.Write(io.Discard, "xlsx", report.TailSchema(), inr, rowsOf[report.Tail]())
		if !errors.Is(err, report.ErrUnknownFormat) {
			t.Errorf("error %v, want %v", err, report.ErrUnknownFormat)
		}
	})
	t.Run("no currency", func(t *testing.T) {
		t.Parallel()
		_, err := report.Write(io.Discard, report.CSV, report.TailSchema(), money.Currency{}, rowsOf[report.Tail]())
		if !errors.Is(err, money.ErrUnknownCurrency) {
			t.Errorf("error %v, want %v", err, money.ErrUnknownCurrency)
		}
	})
	t.Run("rows fail", func(t *testing.T) {
		t.Parallel()
		lost := errors.New("lost the store")
		rows := func(yield func(report.Tail, error) bool) {
			_ = yield(tailRows(t)[0], nil) && yield(report.Tail{}, lost)
		}
		totals, err := report.Write(io.Discard, report.CSV, report.TailSchema(), inr, rows)
		if !errors.Is(err, lost) || totals.Rows != 1 {
			t.Errorf("error %v after %d rows, want %v after 1", err, totals.Rows, lost)
		}
	})
	t.Run("disk full", func(t *testing.T) {
		t.Parallel()
		for _, f := range report.Formats() {
			_, err := report.Write(&fullDisk{room: 1 << 16}, f, report.ItemisedSchema(), inr, busyBatch(5_000))
			if !errors.Is(err, errDiskFull) {
				t.Errorf("%s: error %v, want %v", f, err, errDiskFull)
			}
		}
	})
}

var errDiskFull = errors.New("disk full")

type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errDiskFull
	}
	return len(p), nil
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for _, f := range report.Formats() {
		if got, err := report.ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
	}
	if _, err := report.ParseFormat("CSV"); !errors.Is(err, report.ErrUnknownFormat) {
		t.Errorf("error %v, want %v", err, report.ErrUnknownFormat)
	}
}
