package report_test

import (
	"bytes"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	inr = money.MustCurrency("INR")
	jpy = money.MustCurrency("JPY")
	kwd = money.MustCurrency("KWD")
)

// rowsOf streams rows.
func rowsOf[T any](rows ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := calendar.LoadZone(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func instant(tb testing.TB, text string) time.Time {
	tb.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		tb.Fatal(err)
	}
	return at
}

// wantGolden compares got with a file of testdata, or writes the file with -update.
func wantGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if bytes.Equal(want, got) {
		return
	}
	if filepath.Ext(name) == ".parquet" {
		t.Fatalf("%s: %d bytes differ from the %d expected; after a change of library or layout run with -update",
			name, len(got), len(want))
	}
	t.Errorf("%s (-want +got)\n%s", name, cmp.Diff(string(want), string(got)))
}

// encode writes rows in one format, and fails the test on an error.
func encode[T any](
	tb testing.TB, f report.Format, s report.Schema[T], c money.Currency, rows ...T,
) ([]byte, report.Totals) {
	tb.Helper()
	var out bytes.Buffer
	totals, err := report.Write(&out, f, s, c, rowsOf(rows...))
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes(), totals
}

// itemisedRows is one batch with a line of every sort, some of them hostile.
func itemisedRows(tb testing.TB) []report.Itemised {
	tb.Helper()
	day := calendar.MustDate("2026-01-05")
	kolkata := zone(tb, "Asia/Kolkata")
	base := report.Itemised{
		BatchID: "b_7f3a", BatchStatus: "closed", BusinessDate: day, ValueDate: day.AddDays(1), Window: "evening",
		Merchant: "m_1", Zone: kolkata, Currency: inr,
	}
	payment := base
	payment.LineNo, payment.EntryID, payment.ReportingCategory, payment.Type = 1, "e_0001", "payments", "deposit"
	payment.SourceID, payment.OrderID, payment.Method, payment.Rail = "dep_1", "ORD-0001", "UPI", "upi"
	payment.RailReference, payment.BankReference = "000512345678", "SBIN0000300"
	payment.CreatedAt = instant(tb, "2026-01-05T06:15:30.123456Z")
	payment.CapturedAt = instant(tb, "2026-01-05T06:15:31Z")
	payment.Gross, payment.Fee, payment.Tax, payment.TaxCode = money.Minor(100_000), money.Minor(-2_000), money.Minor(-360), "gst"
	payment.Reserve, payment.Net, payment.RunningBalance = money.Minor(-10_000), money.Minor(87_640), money.Minor(87_640)

	foreign := base
	foreign.LineNo, foreign.EntryID, foreign.ReportingCategory, foreign.Type = 2, "e_0002", "payments", "deposit"
	foreign.SourceID, foreign.OrderID, foreign.Method, foreign.Rail = "dep_2", "=HYPERLINK(\"http://x\",\"pay\")", "CARD", "card"
	foreign.CreatedAt = instant(tb, "2026-01-05T18:40:00Z") // the next day in Kolkata
	foreign.PresentmentAmount, foreign.PresentmentCurrency = money.Minor(1_800), jpy
	foreign.FXRate, foreign.FXRateID = money.MustRate("0.5612"), "fx_20260105"
	foreign.Gross, foreign.Fee, foreign.Tax = money.Minor(101_016), money.Minor(-1_869), money.Minor(-336)
	foreign.TaxCode, foreign.Withholding = "gst", money.Minor(-101)
	foreign.Net, foreign.RunningBalance = money.Minor(98_710), money.Minor(186_350)

	refund := base
	refund.LineNo, refund.EntryID, refund.ReportingCategory, refund.Type = 3, "e_0003", "refunds", "refund"
	refund.SourceID, refund.ParentID, refund.RefundID = "re_1", "dep_1", "re_1"
	refund.OrderID, refund.ReasonCode = "-1+1, \"quoted\"\r\nnext line", "requested_by_customer"
	refund.CreatedAt = instant(tb, "2026-01-05T07:00:00.000001Z")
	refund.Gross, refund.Fee, refund.Tax = money.Minor(-25_000), money.Minor(500), money.Minor(90)
	refund.Net, refund.RunningBalance = money.Minor(-24_410), money.Minor(161_940)

	dispute := base
	dispute.LineNo, dispute.EntryID, dispute.ReportingCategory, dispute.Type = 4, "e_0004", "disputes", "dispute"
	dispute.SourceID, dispute.ParentID, dispute.DisputeID = "dp_1", "dep_0", "dp_1"
	dispute.OrderID, dispute.ReasonCode = "নববর্ষ ۲۰۲۶ – \t<b>", "@fraud"
	dispute.Gross, dispute.Net, dispute.RunningBalance = money.Minor(-75_000), money.Minor(-75_000), money.Minor(86_940)
	dispute.Late, dispute.OriginalBusinessDate = true, day.AddDays(-1)

	release := base
	release.LineNo, release.EntryID, release.ReportingCategory, release.Type = 5, "e_0005", "reserves", "reserve_release"
	release.Reserve, release.Net, release.RunningBalance = money.Minor(1), money.Minor(1), money.Minor(86_941)
	release.OriginalBusinessDate = day.AddDays(-90)
	return []report.Itemised{payment, foreign, refund, dispute, release}
}

func summaryRows(tb testing.TB) []report.Summary {
	tb.Helper()
	day := calendar.MustDate("2026-01-05")
	return []report.Summary{
		{
			BatchID: "b_7f3a", BatchStatus: "paid", Merchant: "m_1", Region: "IN", Currency: inr, BusinessDate: day,
			Window: "evening", ValueDate: day.AddDays(1), Lines: 5, OpeningCarry: money.Minor(-1_941),
			Gross: money.Minor(101_016), Fee: money.Minor(-3_369), Tax: money.Minor(-606), Withholding: money.Minor(-101),
			Reserve: money.Minor(-9_999), LineNet: money.Minor(86_941), Net: money.Minor(85_000),
			Payments: money.Minor(186_350), Refunds: money.Minor(-24_410), Disputes: money.Minor(-75_000), Reserves: money.Minor(1),
			Cutoff: instant(tb, "2026-01-05T12:30:00Z"), Zone: zone(tb, "Asia/Kolkata"), BankReference: "-UTR1",
		},
		{
			BatchID: "b_9b01", BatchStatus: "carried_forward", Merchant: "m_2", Region: "IN", Currency: inr, BusinessDate: day,
			Window: "evening", Lines: 1, Gross: money.Minor(-16_180), LineNet: money.Minor(-16_180),
			CarryOut: money.Minor(16_180), Payouts: money.Minor(-16_180),
		},
	}
}

func tailRows(tb testing.TB) []report.Tail {
	tb.Helper()
	day := calendar.MustDate("2026-01-05")
	return []report.Tail{
		{
			AsOf: day, Merchant: "m_1", Region: "IN", EntryID: "e_0009", ReportingCategory: "payments", Type: "deposit",
			SourceID: "dep_9", OrderID: "ORD-0009", Method: "UPI", Rail: "upi", RailReference: "000598765432",
			CreatedAt: instant(tb, "2026-01-05T12:31:00Z"), CapturedAt: instant(tb, "2026-01-05T12:31:02.5Z"),
			Zone: zone(tb, "Asia/Kolkata"), BusinessDate: day.AddDays(1), Window: "morning", AvailableOn: day.AddDays(2),
			Currency: inr, Gross: money.Minor(5_000), Fee: money.Minor(-100), Tax: money.Minor(-18), TaxCode: "gst",
			Net: money.Minor(4_882),
		},
		{
			AsOf: day, Merchant: "m_2", EntryID: "e_0010", ReportingCategory: "refunds", Type: "refund", SourceID: "re_2",
			ParentID: "dep_8", RefundID: "re_2", ReasonCode: "duplicate", Currency: inr, Gross: money.Minor(-5), Net: money.Minor(-5),
		},
	}
}
