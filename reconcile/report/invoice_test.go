package report_test

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// invoiceRows are an invoice that is partly paid, and a month in which more was given
// back than charged.
func invoiceRows(tb testing.TB) []report.Invoice {
	tb.Helper()
	issued := instant(tb, "2026-04-01T00:05:00Z")
	return []report.Invoice{
		{
			Number: "IN-2026-03-00001", CreditNote: "IN-2026-03-C0001", Status: "partly_paid", Month: "2026-03", Merchant: "m_1", Region: "IN",
			IssuedAt: issued, Lines: 2, Currency: inr, Charged: money.Minor(2_360), Credited: money.Minor(-590),
			Fee: money.Minor(1_500), Tax: money.Minor(270), Taxes: []report.Tax{{Code: "cgst", Amount: money.Minor(135)}, {Code: "sgst", Amount: money.Minor(135)}},
			Total: money.Minor(1_770), Due: money.Minor(1_770), Paid: money.Minor(1_000), Left: money.Minor(770),
		},
		{
			CreditNote: "IN-2026-03-C0002", Status: "paid", Month: "2026-03", Merchant: "=m_2", Region: "IN", IssuedAt: issued, Lines: 1, Currency: inr,
			Credited: money.Minor(-590), Fee: money.Minor(-500), Tax: money.Minor(-90), Taxes: []report.Tax{{Code: "gst", Amount: money.Minor(-90)}},
			Total: money.Minor(-590),
		},
	}
}

func invoiceLineRows(tb testing.TB) []report.InvoiceLine {
	tb.Helper()
	charged := report.InvoiceLine{
		Number: "IN-2026-03-00001", Document: "invoice", No: 1, Month: "2026-03", Merchant: "m_1", Region: "IN", EntryID: "deposit/d1/fee", Charge: "processing_fee",
		Type: "deposit", SourceID: "d1", DepositID: "d1", CreatedAt: instant(tb, "2026-03-02T04:30:00Z"), OccurredAt: instant(tb, "2026-03-02T04:30:00Z"),
		Currency: inr, Fee: money.Minor(2_000), Tax: money.Minor(360),
		Taxes: []report.Tax{{Code: "cgst", Amount: money.Minor(180)}, {Code: "sgst", Amount: money.Minor(180)}}, Total: money.Minor(2_360),
	}
	credited := charged
	credited.Number, credited.Document, credited.No, credited.EntryID, credited.Type, credited.SourceID = "IN-2026-03-C0001", "credit_note", 2, "refund/r1/fee", "refund", "r1"
	credited.Fee, credited.Tax, credited.Total, credited.PaidBack = money.Minor(-500), money.Minor(-90), money.Minor(-590), money.Minor(90)
	credited.Taxes = []report.Tax{{Code: "cgst", Amount: money.Minor(-45)}, {Code: "sgst", Amount: money.Minor(-45)}}
	return []report.InvoiceLine{charged, credited}
}

func TestWriteInvoicesGolden(t *testing.T) {
	t.Parallel()
	testGolden(t, report.InvoiceSchema(), invoiceRows(t), report.Totals{Rows: 2, Fee: money.Minor(1_000), Tax: money.Minor(180), Net: money.Minor(1_180)})
	testGolden(t, report.InvoiceLineSchema(), invoiceLineRows(t), report.Totals{Rows: 2, Fee: money.Minor(1_500), Tax: money.Minor(270), Net: money.Minor(1_770)})
}

func TestInvoiceFormatsAgree(t *testing.T) {
	t.Parallel()
	testAgree(t, report.InvoiceSchema(), invoiceRows(t))
	testAgree(t, report.InvoiceLineSchema(), invoiceLineRows(t))
}

// A row whose figures do not add up is not written.
func TestBadInvoices(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(*report.Invoice)
		want string
	}{
		{"total", func(r *report.Invoice) { r.Total = money.Minor(1_771) }, "IN-2026-03-00001: fee 15.00 + tax 2.70 = INR 17.70, total says 17.71"},
		{"charged", func(r *report.Invoice) { r.Charged = money.Minor(2_361) }, "IN-2026-03-00001: charged 23.61 + credited -5.90 = INR 17.71, total says 17.70"},
		{"taxes", func(r *report.Invoice) { r.Taxes = r.Taxes[:1] }, "IN-2026-03-00001: taxes by code add up to INR 1.35, tax says 2.70"},
		{"left", func(r *report.Invoice) { r.Left = money.Minor(771) }, "IN-2026-03-00001: paid 10.00 + left 7.71 = INR 17.71, due says 17.70"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			row := invoiceRows(t)[0]
			test.edit(&row)
			_, err := report.Write(io.Discard, report.CSV, report.InvoiceSchema(), inr, rowsOf(row))
			if err == nil {
				t.Fatal("it was written")
			}
			if diff := cmp.Diff("invoices report, row 1: bad row: "+test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	line := invoiceLineRows(t)[0]
	line.Tax = money.Minor(361)
	if _, err := report.Write(io.Discard, report.CSV, report.InvoiceLineSchema(), inr, rowsOf(line)); err == nil ||
		err.Error() != "invoice-lines report, row 1: bad row: deposit/d1/fee: fee 20.00 + tax 3.61 = INR 23.61, total says 23.60" {
		t.Errorf("error %v", err)
	}
}
