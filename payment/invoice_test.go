package payment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

func month(s string) payment.Month {
	parsed, err := payment.ParseMonth(s)
	if err != nil {
		panic(err)
	}
	return parsed
}

// issue issues the invoice of m for a month at the tests' clock.
func (d *desk) issue(merchant, of, before string) (*payment.IssueInvoice, error) {
	c := &payment.IssueInvoice{Merchant: merchant, Currency: inr(), Month: month(of), Instant: clock()}
	if before != "" {
		c.Before = month(before)
	}
	return c, d.Books().Do(d.Context(), c)
}

// invoices writes how the invoices of a merchant stand: month, number, credit note, fee,
// tax, what is due, what is paid of it.
func (d *desk) invoices(merchant string) (out []string) {
	d.Helper()
	var all []*payment.Invoice
	for _, invoice := range records[*payment.Invoice](d, payment.InvoiceRecord) {
		if invoice.Merchant == merchant {
			all = append(all, invoice)
		}
	}
	states, err := payment.InvoiceStates(record[*payment.Billing](d, payment.BillingRecord, merchant+"/INR"), all)
	if err != nil {
		d.Fatal(err)
	}
	for _, s := range states {
		var tax money.Amount
		for _, t := range s.Taxes {
			if tax, err = tax.Add(t.Amount); err != nil {
				d.Fatal(err)
			}
		}
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s lines %d: %s + %s due %s paid %s %s", s.Month, s.Number, s.CreditNote, s.Lines,
			inr().Format(s.Fee), inr().Format(tax), inr().Format(s.Due), inr().Format(s.Paid), s.Status)), " "))
	}
	return out
}

func (d *desk) wantInvoices(merchant string, want ...string) {
	d.Helper()
	if diff := cmp.Diff(want, d.invoices(merchant)); diff != "" {
		d.Errorf("invoices of %s (-want +got):\n%s", merchant, diff)
	}
}

// An invoice grows with the month, gets its numbers when it is over, and is paid oldest
// first, whether by money or by what a later one gives back.
func TestInvoicesLife(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(captured(), of(hand, deposit("d2", "500.00", "2026-03-03 10:00")))
	d.wantInvoices(m, "2026-03 lines 1: 20.00 + 3.60 due 23.60 paid 0.00 draft")
	d.book(toppedUp("t1", "3.60", "2026-03-04 10:00"))
	d.book(deposit("d3", "2000.00", "2026-03-31 23:59")) // in Kolkata: still in March
	d.book(refund("r1", "d1", "250.00", "2026-03-31 23:59"))
	d.book(deposit("d4", "1000.00", "2026-04-01 00:00"))
	d.book(refund("r2", "d3", "500.00", "2026-04-01 00:01")) // gives back 10.00 and 1.80
	d.wantInvoices(m,
		"2026-03 lines 3: 55.00 + 9.90 due 64.90 paid 3.60 draft",
		"2026-04 lines 2: 10.00 + 1.80 due 11.80 paid 0.00 draft")

	for _, merchant := range []string{hand, m} {
		if _, err := d.issue(merchant, "2026-03", ""); err != nil {
			t.Fatal(err)
		}
	}
	again, err := d.issue(m, "2026-03", "")
	if err != nil || !again.Repeated || again.Invoice.Number != "IN-2026-03-00002" {
		t.Errorf("again: %s, repeated %t, %v", again.Invoice.Number, again.Repeated, err)
	}
	if _, err := d.issue(m, "2026-04", "2026-03"); err != nil {
		t.Fatal(err)
	}
	d.wantInvoices(hand, "2026-03 IN-2026-03-00001 lines 1: 10.00 + 1.80 due 11.80 paid 0.00 open")
	d.wantInvoices(m,
		"2026-03 IN-2026-03-00002 IN-2026-03-C0001 lines 3: 55.00 + 9.90 due 64.90 paid 3.60 partly_paid",
		"2026-04 IN-2026-04-00001 IN-2026-04-C0001 lines 2: 10.00 + 1.80 due 11.80 paid 0.00 open")
	d.book(toppedUp("t2", "70.00", "2026-05-02 10:00"))
	d.wantInvoices(m,
		"2026-03 IN-2026-03-00002 IN-2026-03-C0001 lines 3: 55.00 + 9.90 due 64.90 paid 64.90 paid",
		"2026-04 IN-2026-04-00001 IN-2026-04-C0001 lines 2: 10.00 + 1.80 due 11.80 paid 8.70 partly_paid")
}

// A month in which more is given back than charged pays the invoices before it.
func TestCreditNotePaysOlderInvoices(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(captured(), refund("r1", "d1", "250.00", "2026-04-02 10:00"))
	for _, step := range [][2]string{{"2026-03", ""}, {"2026-04", "2026-03"}} {
		if _, err := d.issue(m, step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	d.wantInvoices(m,
		"2026-03 IN-2026-03-00001 lines 1: 20.00 + 3.60 due 23.60 paid 5.90 partly_paid",
		"2026-04 IN-2026-04-C0001 lines 1: -5.00 + -0.90 due 0.00 paid 0.00 paid")
	d.book(toppedUp("t1", "17.70", "2026-05-02 10:00"), refund("r2", "d1", "250.00", "2026-05-02 11:00"))
	d.wantInvoices(m,
		"2026-03 IN-2026-03-00001 lines 1: 20.00 + 3.60 due 23.60 paid 23.60 paid",
		"2026-04 IN-2026-04-C0001 lines 1: -5.00 + -0.90 due 0.00 paid 0.00 paid",
		"2026-05 lines 1: -5.00 + -0.90 due 0.00 paid 0.00 draft") // it went to available
	d.stands(m, "receivable 0.00")
}

// What comes for a month whose invoice is issued stands on the next.
func TestIssuedInvoiceDoesNotChange(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(captured())
	if _, err := d.issue(m, "2026-03", ""); err != nil {
		t.Fatal(err)
	}
	d.book(deposit("d2", "500.00", "2026-03-31 10:00"))
	d.wantInvoices(m,
		"2026-03 IN-2026-03-00001 lines 1: 20.00 + 3.60 due 23.60 paid 0.00 open",
		"2026-04 lines 1: 10.00 + 1.80 due 11.80 paid 0.00 draft")
}

// Who issues too early, or out of order, is refused, and nothing is numbered.
func TestIssueRefused(t *testing.T) {
	t.Parallel()
	d := open(t, invoicing())
	d.book(captured(), deposit("d2", "500.00", "2026-04-02 10:00"), deposit("d3", "500.00", "2026-11-30 10:00"))
	before := d.everything()
	for _, test := range []struct{ month, before, want string }{
		{"2026-11", "2026-04", "invoice m/INR/2026-11 cannot be issued yet: its month ends at 2026-11-30T18:30:00Z"},
		{"2026-04", "2026-03", "invoice m/INR/2026-04 cannot be issued yet: that of 2026-03 is not issued"},
		{"2026-05", "2026-04", "invoice m/INR/2026-05 is not known"},
	} {
		if _, err := d.issue(m, test.month, test.before); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.month, err, test.want)
		}
	}
	d.same(before, "a refused invoice")
}

// The lines of an invoice add up to it, each names its entry, and taxes stand by code
// with the fees they are on.
func TestInvoiceLines(t *testing.T) {
	t.Parallel()
	rules := invoicedAll()
	for i := range rules.Fees {
		rules.Fees[i].Tax.Split = splitTax()
	}
	d := open(t, rules)
	d.book(captured(), refund("r1", "d1", "250.00", "2026-03-05 12:00"), dispute("c1", "d1", "100.00", "2026-03-06 12:00"))
	var got []string
	for _, l := range records[*payment.InvoiceLine](d, payment.InvoiceLineRecord) {
		entry, ok, err := d.Books().Entry(d.Context(), l.Entry)
		if err != nil || !ok || entry.Seq != l.Seq || !entry.At.Equal(l.BookedAt) {
			t.Errorf("line %s: entry %t at %d, %v", l.Entry, ok, entry.Seq, err)
		}
		got = append(got, fmt.Sprintf("%s %s %s of %s: %s %s total %s", l.Type, l.SourceID, l.Charge, l.Deposit, inr().Format(l.Fee), amounts(l), inr().Format(l.Total)))
	}
	want := []string{
		"deposit d1 processing_fee of d1: 20.00 cgst 1.80 sgst 1.80 total 23.60",
		"refund r1 processing_fee of d1: -5.00 cgst -0.45 sgst -0.45 total -5.90",
		"refund r1 refund_fee of d1: 2.00 cgst 0.18 sgst 0.18 total 2.36",
		"dispute c1 dispute_fee of d1: 15.00 cgst 1.35 sgst 1.35 total 17.70",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	invoice := records[*payment.Invoice](d, payment.InvoiceRecord)[0]
	taxes := []payment.InvoiceTax{{Code: "cgst", Base: rs("32.00"), Amount: rs("2.88")}, {Code: "sgst", Base: rs("32.00"), Amount: rs("2.88")}}
	if diff := cmp.Diff(taxes, invoice.Taxes); diff != "" {
		t.Errorf("taxes (-want +got):\n%s", diff)
	}
	if invoice.Charged != rs("43.66") || invoice.Credited != rs("5.90") || invoice.Lines != 4 {
		t.Errorf("charged %s, credited %s, %d lines", invoice.Charged, invoice.Credited, invoice.Lines)
	}
}

func splitTax() []fees.TaxPart {
	return []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}}
}

// amounts writes the taxes of a line.
func amounts(l *payment.InvoiceLine) string {
	var out []string
	for _, t := range l.Taxes {
		out = append(out, t.Code, inr().Format(t.Amount))
	}
	return strings.Join(out, " ")
}

func TestMonths(t *testing.T) {
	t.Parallel()
	december := month("2026-12")
	if got := fmt.Sprint(december, december.Next(), december.Last(), month("2028-02").Last(), payment.Month{}); got != "2026-12 2027-01 2026-12-31 2028-02-29 " {
		t.Errorf("got %s", got)
	}
	months := []payment.Month{month("2027-01"), december, {}, month("2026-11")}
	slices.SortFunc(months, payment.Month.Compare)
	if got := fmt.Sprint(months); got != "[ 2026-11 2026-12 2027-01]" {
		t.Errorf("sorted %s", got)
	}
	for _, bad := range []string{"", "2026", "2026-13", "2026-1", "2026-01-01", "march"} {
		if m, err := payment.ParseMonth(bad); err == nil {
			t.Errorf("%q is %s", bad, m)
		}
	}
	if _, err := payment.ParseMonth("2026-3"); err == nil || err.Error() != `"2026-3" is no month such as 2026-03` {
		t.Errorf("error %v", err)
	}
}
