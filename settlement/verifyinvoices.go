package settlement

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// invoiced is what the records below one of an invoice or a billing sum to.
type invoiced struct {
	lines                       uint64
	charged, credited, paidBack money.Amount
}

// readInvoices holds lines against their invoices, invoices against what is billed in
// all, numbers against their series, and takes what is owed of fees.
func (v *verifier) readInvoices(ctx context.Context) error {
	lines := make(map[ledger.Ref]*invoiced)
	for l, err := range ledger.RecordsOf[*payment.InvoiceLine](ctx, v.reader, payment.InvoiceLineRecord, "") {
		if err != nil {
			return err
		}
		sum := summing(lines, payment.InvoiceRef(l.Merchant, l.Currency, l.Month))
		sum.lines++
		into, amount := &sum.charged, l.Total
		if l.Total.Sign() < 0 {
			into, amount = &sum.credited, l.Total.Neg()
		}
		v.add(into, amount)
		v.add(&sum.paidBack, l.PaidBack)
	}
	billed := make(map[ledger.Ref]*invoiced)
	series := make(map[ledger.Ref]*payment.InvoiceSeries)
	for i, err := range ledger.RecordsOf[*payment.Invoice](ctx, v.reader, payment.InvoiceRecord, "") {
		if err != nil {
			return err
		}
		v.invoice(i, summing(lines, i.Ref()))
		delete(lines, i.Ref())
		sum := summing(billed, payment.BillingRef(i.Merchant, i.Currency))
		v.add(&sum.charged, i.Charged)
		v.add(&sum.credited, i.Credited)
		v.add(&sum.paidBack, i.PaidBack)
		count(series, i)
	}
	for _, ref := range inOrder(lines) {
		v.find(ref.String(), "an invoice for its lines", "none")
	}
	if err := v.readSeries(ctx, series); err != nil {
		return err
	}
	return v.readBilling(ctx, billed)
}

// inOrder lists the names of a map by their text.
func inOrder[T any](m map[ledger.Ref]T) []ledger.Ref {
	return slices.SortedFunc(maps.Keys(m), func(a, b ledger.Ref) int { return strings.Compare(a.String(), b.String()) })
}

func summing(sums map[ledger.Ref]*invoiced, ref ledger.Ref) *invoiced {
	if sums[ref] == nil {
		sums[ref] = new(invoiced)
	}
	return sums[ref]
}

// invoice holds an invoice against its lines, and its own sums against one another.
func (v *verifier) invoice(i *payment.Invoice, lines *invoiced) {
	if have := (invoiced{i.Lines, i.Charged, i.Credited, i.PaidBack}); have != *lines {
		v.find(i.Ref().String(), "what its lines sum to, "+lines.String(), have.String())
	}
	total, want := i.Fee, i.Charged
	for _, t := range i.Taxes {
		v.add(&total, t.Amount)
	}
	v.add(&want, i.Credited.Neg())
	if total != want {
		v.find(i.Ref().String(), "fee and taxes of "+want.String(), total.String())
	}
	if i.Issued() && (i.Number != "") == i.Charged.IsZero() || i.Issued() && (i.CreditNote != "") == i.Credited.IsZero() {
		v.find(i.Ref().String(), "numbers for what is charged and given back", fmt.Sprintf("%q and %q", i.Number, i.CreditNote))
	}
}

func (s *invoiced) String() string {
	return fmt.Sprintf("%s charged, %s given back, %s of it paid back, %d lines", s.charged, s.credited, s.paidBack, s.lines)
}

// count counts the numbers of a series that were given.
func count(series map[ledger.Ref]*payment.InvoiceSeries, i *payment.Invoice) {
	if !i.Issued() {
		return
	}
	s := &payment.InvoiceSeries{Region: i.Region, Month: i.Month}
	if series[s.Ref()] == nil {
		series[s.Ref()] = s
	}
	s = series[s.Ref()]
	if i.Number != "" {
		s.Invoices++
	}
	if i.CreditNote != "" {
		s.CreditNotes++
	}
}

// readSeries holds series against the numbers there are: there is no gap in them.
func (v *verifier) readSeries(ctx context.Context, given map[ledger.Ref]*payment.InvoiceSeries) error {
	for s, err := range ledger.RecordsOf[*payment.InvoiceSeries](ctx, v.reader, payment.InvoiceSeriesRecord, "") {
		if err != nil {
			return err
		}
		have := given[s.Ref()]
		if have == nil {
			have = &payment.InvoiceSeries{Region: s.Region, Month: s.Month}
		}
		if *have != *s {
			v.find(s.Ref().String(), fmt.Sprintf("%d invoices and %d credit notes that bear its numbers", s.Invoices, s.CreditNotes),
				fmt.Sprintf("%d and %d", have.Invoices, have.CreditNotes))
		}
		delete(given, s.Ref())
	}
	for _, ref := range inOrder(given) {
		v.find(ref.String(), "a series for its numbers", "none")
	}
	return nil
}

// readBilling holds what is billed in all against its invoices, and takes what is owed.
func (v *verifier) readBilling(ctx context.Context, billed map[ledger.Ref]*invoiced) error {
	for b, err := range ledger.RecordsOf[*payment.Billing](ctx, v.reader, payment.BillingRecord, "") {
		if err != nil {
			return err
		}
		want, have := summing(billed, b.Ref()), invoiced{charged: b.Charged, credited: b.Credited, paidBack: b.PaidBack}
		if have != *want {
			v.find(b.Ref().String(), "what its invoices sum to, "+want.String(), have.String())
		}
		delete(billed, b.Ref())
		owed, err := b.Owed()
		if err != nil || owed.Sign() < 0 {
			v.find(b.Ref().String(), "no more paid, given back and written off than was charged", fmt.Sprintf("%s owed, %v", owed, err))
			continue
		}
		v.add(&v.of(b.Merchant, b.Currency).receivable, owed)
	}
	for _, ref := range inOrder(billed) {
		v.find(ref.String(), "a billing for its invoices", "none")
	}
	return nil
}
