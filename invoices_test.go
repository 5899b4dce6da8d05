package settlex_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
)

// invoicing is threeRegions, and all captures are invoiced; what is refunded gives its
// fee back.
func invoicing() *payment.Rules {
	rules := threeRegions()
	for i := range rules.Fees {
		if s := &rules.Fees[i]; s.Match.Event == fees.EventCapture {
			s.Charge, s.Refund = fees.ChargeGross, fees.RefundReturnProRata
		}
	}
	return rules
}

func monthOf(t testing.TB, s string) payment.Month {
	t.Helper()
	m, err := payment.ParseMonth(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// issue closes invoices at an instant and gives their numbers, in order.
func (h *house) issue(now string, through payment.Month) (numbers []string, err error) {
	h.t.Helper()
	*h.clock = ist(now)
	issued, err := h.CloseInvoices(h.t.Context(), through, func(i *payment.Invoice) {
		numbers = append(numbers, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", i.Merchant, i.Currency, i.Number, i.CreditNote)))
	})
	if issued != len(numbers) {
		h.t.Errorf("%d issued, %d told", issued, len(numbers))
	}
	return numbers, err
}

// twoMonths are fees of three merchants in two regions and two months.
func twoMonths() []payment.Event {
	return []payment.Event{
		deposit("b1", "m2", "2026-03-02 10:00", "500.00"), deposit("a1", "m1", "2026-03-03 10:00", "1000.00"),
		in(pkr(), deposit("c1", "m3", "2026-03-04 10:00", "100.00")), refund("r1", "a1", "2026-03-05 10:00", "250.00"),
		deposit("a2", "m1", "2026-04-01 00:00", "200.00"), refund("r2", "b1", "2026-04-02 10:00", "500.00"),
	}
}

// Invoices are issued month by month, then by region, merchant and currency, whenever
// somebody asks and however often; months that are not over wait.
func TestCloseInvoices(t *testing.T) {
	t.Parallel()
	march := []string{"m1 INR IN-2026-03-00001 IN-2026-03-C0001", "m2 INR IN-2026-03-00002", "m3 PKR PK-2026-03-00001"}
	april := []string{"m1 INR IN-2026-04-00001", "m2 INR  IN-2026-04-C0001"}
	for _, test := range []struct {
		name  string
		calls [][2]string // when, and through which month
		want  [][]string
	}{
		{"all at once", [][2]string{{"2026-06-01 00:00", ""}, {"2026-06-01 00:00", ""}}, [][]string{append(march[:3:3], april...), nil}},
		{"month by month", [][2]string{{"2026-06-01 00:00", "2026-02"}, {"2026-06-01 00:00", "2026-03"}, {"2026-06-01 00:00", "2026-04"}}, [][]string{nil, march, april}},
		{"as they end", [][2]string{{"2026-04-01 00:29", ""}, {"2026-04-01 00:30", ""}, {"2026-05-01 00:00", ""}}, [][]string{march[:2], march[2:], april}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, invoicing())
			h.take(twoMonths()...)
			for i, call := range test.calls {
				var through payment.Month
				if call[1] != "" {
					through = monthOf(t, call[1])
				}
				got, err := h.issue(call[0], through)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want[i], got); diff != "" {
					t.Errorf("call %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// A month that is named and not over is refused, with where it ends; nothing is issued.
func TestCloseInvoicesTooEarly(t *testing.T) {
	t.Parallel()
	h := open(t, invoicing())
	h.take(twoMonths()...)
	got, err := h.issue("2026-04-30 23:59", monthOf(t, "2026-04"))
	if !errors.Is(err, payment.ErrMonthOpen) || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	all, err := h.Invoices(t.Context(), "")
	if err != nil || len(all) != 5 {
		t.Fatalf("%d invoices, %v", len(all), err)
	}
	for i := range all {
		if all[i].Status != payment.InvoiceDraft {
			t.Errorf("%s of %s is %s", all[i].Month, all[i].Merchant, all[i].Status)
		}
	}
	of, err := h.Invoices(t.Context(), "m2")
	if err != nil || len(of) != 2 || of[0].Month != monthOf(t, "2026-03") {
		t.Errorf("m2 has %d, %v", len(of), err)
	}
}

// The files of a month have every line of its invoices, add up to them, and are the same
// bytes as long as nothing was paid.
func TestReportInvoices(t *testing.T) {
	t.Parallel()
	h, dir := open(t, invoicing()), t.TempDir()
	h.take(twoMonths()...)
	if _, err := h.issue("2026-06-01 00:00", payment.Month{}); err != nil {
		t.Fatal(err)
	}
	write := func() map[report.Outcome]int {
		written, err := h.ReportInvoices(t.Context(), dir, nil, monthOf(t, "2026-03"))
		if err != nil {
			t.Fatal(err)
		}
		return outcomes(written)
	}
	const files = 4 * 2 * 2 // formats, currencies, invoices and lines
	if diff := cmp.Diff(map[report.Outcome]int{report.Created: files}, write()); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[report.Outcome]int{report.Unchanged: files}, write()); diff != "" {
		t.Errorf("again (-want +got):\n%s", diff)
	}
	var got []string
	for _, row := range table(t, dir+"/settlex_invoices_all_INR_2026-03-31_all_v1.csv") {
		got = append(got, strings.Join([]string{row["invoice_number"], row["merchant_id"], row["total"], row["tax_detail"], row["status"], row["left"]}, " "))
	}
	for _, row := range table(t, dir+"/settlex_invoice-lines_all_INR_2026-03-31_all_v1.csv") {
		got = append(got, strings.Join([]string{row["document_number"], row["line_no"], row["entry_id"], row["total"]}, " "))
	}
	want := []string{
		"IN-2026-03-00001 m1 17.70 gst 2.70 open 17.70", "IN-2026-03-00002 m2 11.80 gst 1.80 paid 0.00", // by April's credit note
		"IN-2026-03-00001 1 deposit/a1/fee 23.60", "IN-2026-03-C0001 2 refund/r1/fee -5.90", "IN-2026-03-00002 1 deposit/b1/fee 11.80",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	h.take(payment.Event{Kind: payment.ToppedUp, ID: "t1", Merchant: "m1", OccurredAt: ist("2026-05-02 10:00"), Currency: inr(), Amount: minor("7.70")})
	if diff := cmp.Diff(map[report.Outcome]int{report.Replaced: 4, report.Unchanged: files - 4}, write()); diff != "" {
		t.Errorf("after a payment (-want +got):\n%s", diff)
	}
	if row := table(t, dir+"/settlex_invoices_all_INR_2026-03-31_all_v1.csv")[0]; row["status"] != "partly_paid" || row["left"] != "10.00" {
		t.Errorf("status %s, left %s", row["status"], row["left"])
	}
	if _, err := h.ReportInvoices(t.Context(), "", nil, monthOf(t, "2026-03")); err == nil {
		t.Error("written nowhere")
	}
}

// The jobs issue what is due, once.
func TestInvoicesJob(t *testing.T) {
	t.Parallel()
	h, dir := open(t, invoicing()), t.TempDir()
	h.take(deposit("a1", "m1", "2026-03-31 10:00", "1000.00"))
	lines, err := h.jobs(dir, "2026-03-31 23:59")
	if err != nil || strings.Contains(strings.Join(lines, "\n"), "invoice issued") {
		t.Errorf("before: %v\n%s", err, strings.Join(lines, "\n"))
	}
	if lines, err = h.jobs(dir, "2026-04-01 00:00"); err != nil || !strings.Contains(strings.Join(lines, "\n"), "invoice issued m1 INR") {
		t.Errorf("after: %v\n%s", err, strings.Join(lines, "\n"))
	}
	if lines, err = h.jobs(dir, "2026-04-01 00:01"); err != nil || strings.Contains(strings.Join(lines, "\n"), "invoice issued") {
		t.Errorf("again: %v\n%s", err, strings.Join(lines, "\n"))
	}
	checked, err := h.Check(t.Context(), settlex.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range checked.Findings {
		if !f.Rule.Alarm {
			t.Errorf("%s %s: %s", f.AccountID, f.Rule.ID, f.Difference)
		}
	}
}

// Where nothing is due nothing is written, however many invoices were issued.
func TestCloseInvoicesIdle(t *testing.T) {
	t.Parallel()
	h := open(t, invoicing())
	h.take(twoMonths()...)
	if numbers, err := h.issue("2026-06-01 00:00", payment.Month{}); err != nil || len(numbers) != 5 {
		t.Fatalf("%q, %v", numbers, err)
	}
	h.store.writes = 0
	for _, through := range []payment.Month{{}, monthOf(t, "2026-04")} {
		if numbers, err := h.issue("2026-06-01 00:00", through); err != nil || numbers != nil || h.store.writes != 0 {
			t.Errorf("again through %v: %q, %v, %d write transactions", through, numbers, err, h.store.writes)
		}
	}
}
