package settlex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
)

// CloseInvoices issues the invoices of every month that is over, through a month (the
// zero month: all), oldest month first, then by region, merchant and currency: the order
// in which they are numbered. A named month that is not over everywhere is refused
// (payment.ErrMonthOpen), and nothing is issued. Running it again does nothing. done,
// if not nil, is told of each invoice. What is missing to the monthly minimum of a fee
// schedule is charged before, so that it stands on the invoice of its month. Where that is
// refused, the merchant's invoices in the currency wait from that month on; all others are
// issued, and the error is given then.
func (e *Engine) CloseInvoices(ctx context.Context, through payment.Month, done func(*payment.Invoice)) (issued int, err error) {
	wait, refused := e.chargeMinimums(ctx, through)
	if refused != nil && !settlement.Refused(refused) {
		return 0, fmt.Errorf("close invoices: %w", refused)
	}
	due, err := e.dueInvoices(ctx, through, wait)
	if err != nil {
		return 0, fmt.Errorf("close invoices: %w", errors.Join(refused, err))
	}
	for _, c := range due {
		if err := e.books.Do(ctx, c); err != nil {
			return issued, fmt.Errorf("close invoices: %w", errors.Join(refused, err))
		}
		if c.Repeated {
			continue
		}
		issued++
		if done != nil {
			done(&c.Invoice)
		}
	}
	if refused != nil {
		return issued, fmt.Errorf("close invoices: %w", refused)
	}
	return issued, nil
}

// waiting are the months from which on invoices wait, by what is billed.
type waiting map[ledger.Ref]payment.Month

// chargeMinimums charges what is missing to monthly minima, by month, merchant, currency and schedule. One that is refused
// keeps no other one.
func (e *Engine) chargeMinimums(ctx context.Context, through payment.Month) (waiting, error) {
	now := e.now()
	var due []*payment.ChargeMinimum
	err := e.books.Read(ctx, func(r ledger.Reader) error {
		for m, err := range ledger.RecordsOf[*payment.FeeMonth](ctx, r, payment.FeeMonthRecord, "") {
			if err != nil {
				return err
			}
			if through != (payment.Month{}) && m.Month.Compare(through) > 0 {
				break // they order by month
			}
			if !now.Before(m.Ends) {
				due = append(due, &payment.ChargeMinimum{Rules: e.rules, Month: *m, Instant: now})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	wait := make(waiting)
	var refused []error
	for _, c := range due {
		err := e.books.Do(ctx, c)
		if err == nil {
			continue
		}
		if !settlement.Refused(err) {
			return nil, err
		}
		refused = append(refused, err)
		if billing := payment.BillingRef(c.Month.Merchant, c.Month.Currency); wait[billing] == (payment.Month{}) {
			wait[billing] = c.Month.Month // the first: they order by month
		}
	}
	return wait, errors.Join(refused...)
}

// dueInvoices finds what is to be issued now, in its order.
func (e *Engine) dueInvoices(ctx context.Context, through payment.Month, wait waiting) (due []*payment.IssueInvoice, err error) {
	now := e.now()
	region := make(map[*payment.IssueInvoice]string)
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		for billing, err := range ledger.RecordsOf[*payment.Billing](ctx, r, payment.BillingRecord, "") {
			if err != nil {
				return err
			}
			before, from := billing.Issued, wait[billing.Ref()]
			for invoice, err := range invoicesAfter(ctx, r, billing) {
				switch {
				case err != nil:
					return err
				case through != payment.Month{} && invoice.Month.Compare(through) > 0:
					continue
				case from != payment.Month{} && invoice.Month.Compare(from) >= 0:
					continue
				case now.Before(invoice.Ends) && through == payment.Month{}:
					continue
				case now.Before(invoice.Ends):
					return fmt.Errorf("%s of %s %w: it ends at %s", invoice.Month, invoice.Merchant, payment.ErrMonthOpen, invoice.Ends.UTC())
				}
				c := &payment.IssueInvoice{Merchant: invoice.Merchant, Currency: invoice.Currency, Month: invoice.Month, Before: before, Instant: now}
				before, region[c] = invoice.Month, invoice.Region
				due = append(due, c)
			}
		}
		return nil
	})
	slices.SortStableFunc(due, func(a, b *payment.IssueInvoice) int {
		return cmp.Or(a.Month.Compare(b.Month), cmp.Compare(region[a], region[b]), cmp.Compare(a.Merchant, b.Merchant), a.Currency.Compare(b.Currency))
	})
	return due, err
}

// invoicesAfter yields the invoices of a billing that are not issued, oldest first.
func invoicesAfter(ctx context.Context, r ledger.Reader, b *payment.Billing) iter.Seq2[*payment.Invoice, error] {
	return func(yield func(*payment.Invoice, error) bool) {
		after := ""
		if b.Issued != (payment.Month{}) {
			after = payment.InvoiceRef(b.Merchant, b.Currency, b.Issued).ID
		}
		for record, err := range r.Records(ctx, payment.InvoiceRecord, payment.ItemPrefix(b.Merchant, b.Currency), after) {
			invoice, ok := record.(*payment.Invoice)
			if err == nil && !ok {
				err = fmt.Errorf("%w: %s is no invoice", ledger.ErrCorrupt, record.Ref())
			}
			if err == nil && invoice.Month == b.Issued { // where the search began
				continue
			}
			if !yield(invoice, err) || err != nil {
				return
			}
		}
	}
}

// Invoices says how all invoices of a merchant stand, drafts included, by currency and
// month; the empty id: of every merchant.
func (e *Engine) Invoices(ctx context.Context, merchant string) (all []payment.InvoiceState, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all, err = invoices(ctx, r, merchant)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("invoices: %w", err)
	}
	return all, nil
}

func invoices(ctx context.Context, r ledger.Reader, merchant string) (all []payment.InvoiceState, err error) {
	prefix := ""
	if merchant != "" {
		prefix = merchant + "/"
	}
	for billing, err := range ledger.RecordsOf[*payment.Billing](ctx, r, payment.BillingRecord, prefix) {
		if err != nil {
			return nil, err
		}
		var of []*payment.Invoice
		for invoice, err := range ledger.RecordsOf[*payment.Invoice](ctx, r, payment.InvoiceRecord, payment.ItemPrefix(billing.Merchant, billing.Currency)) {
			if err != nil {
				return nil, err
			}
			of = append(of, invoice)
		}
		states, err := payment.InvoiceStates(billing, of)
		if err != nil {
			return nil, err
		}
		all = append(all, states...)
	}
	return all, nil
}

// ReportInvoices writes, for each currency, the invoices that are issued for a month, as
// they stand now, and their lines. Errors: a missing directory or month, and those of
// package report.
func (e *Engine) ReportInvoices(ctx context.Context, dir string, formats []report.Format, month payment.Month) ([]report.Written, error) {
	if dir == "" || month == (payment.Month{}) {
		return nil, errors.New("report of invoices: a directory and a month are needed")
	}
	if len(formats) == 0 {
		formats = report.Formats()
	}
	set, err := report.OpenSet(dir)
	if err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all, err := invoices(ctx, r, "")
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(s payment.InvoiceState) bool { return s.Month != month || !s.Issued() })
		for _, c := range currenciesOf(all) {
			if err := e.addInvoices(ctx, r, set, formats, c, month, all); err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("report of invoices of %s: %w", month, err), set.Close())
	}
	written, err := set.Commit()
	return written, errors.Join(err, set.Close())
}

// currenciesOf lists those of invoices, in order.
func currenciesOf(all []payment.InvoiceState) (list []money.Currency) {
	for i := range all {
		if !slices.Contains(list, all[i].Currency) {
			list = append(list, all[i].Currency)
		}
	}
	slices.SortFunc(list, money.Currency.Compare)
	return list
}

// addInvoices adds the files of one currency.
func (e *Engine) addInvoices(
	ctx context.Context, r ledger.Reader, set *report.Set, formats []report.Format, c money.Currency, month payment.Month, all []payment.InvoiceState,
) error {
	all = slices.DeleteFunc(slices.Clone(all), func(s payment.InvoiceState) bool { return s.Currency != c })
	last, err := restsOn(ctx, r, all)
	if err != nil {
		return err
	}
	about := report.About{Currency: c, BusinessDate: month.Last(), Watermark: watermark(last)}
	if _, err := report.Add(set, report.InvoiceSchema(), about, formats, func(yield func(report.Invoice, error) bool) {
		for i := range all {
			row, err := invoiceRow(&all[i])
			if !yield(row, err) || err != nil {
				return
			}
		}
	}); err != nil {
		return err
	}
	_, err = report.Add(set, report.InvoiceLineSchema(), about, formats, func(yield func(report.InvoiceLine, error) bool) {
		for i := range all {
			if !invoiceLines(ctx, r, &all[i], yield) {
				return
			}
		}
	})
	return err
}

// restsOn is the last place of the journal that has a line of some invoices.
func restsOn(ctx context.Context, r ledger.Reader, all []payment.InvoiceState) (last ledger.Position, err error) {
	for i := range all {
		for l, err := range linesOf(ctx, r, &all[i]) {
			if err != nil {
				return nil, err
			}
			at := make(ledger.Position, l.Lane+1)
			at[l.Lane] = l.Seq
			last = last.Union(at)
		}
	}
	return last, nil
}

func linesOf(ctx context.Context, r ledger.Reader, s *payment.InvoiceState) iter.Seq2[*payment.InvoiceLine, error] {
	return ledger.RecordsOf[*payment.InvoiceLine](ctx, r, payment.InvoiceLineRecord, payment.InvoiceLinePrefix(s.Merchant, s.Currency, s.Month))
}

func invoiceRow(s *payment.InvoiceState) (report.Invoice, error) {
	row := report.Invoice{
		Number: s.Number, CreditNote: s.CreditNote, Status: string(s.Status), Month: s.Month.String(), Merchant: s.Merchant, Region: s.Region,
		IssuedAt: s.IssuedAt, Lines: int64(s.Lines), Currency: s.Currency, Charged: s.Charged, Credited: s.Credited.Neg(), Fee: s.Fee, Due: s.Due, Paid: s.Paid,
	}
	var err error
	for _, t := range s.Taxes {
		row.Tax, err = row.Tax.Add(t.Amount)
		row.Taxes = append(row.Taxes, report.Tax{Code: t.Code, Amount: t.Amount})
		if err != nil {
			return row, err
		}
	}
	if row.Total, err = s.Total(); err != nil {
		return row, err
	}
	row.Left, err = s.Left()
	return row, err
}

// invoiceLines yields the lines of an invoice, numbered from 1.
func invoiceLines(ctx context.Context, r ledger.Reader, s *payment.InvoiceState, yield func(report.InvoiceLine, error) bool) bool {
	var no int64
	for l, err := range linesOf(ctx, r, s) {
		if err != nil {
			yield(report.InvoiceLine{}, err)
			return false
		}
		no++
		row := report.InvoiceLine{
			Number: s.Number, Document: "invoice", No: no, Month: s.Month.String(), Merchant: s.Merchant, Region: s.Region, EntryID: l.Entry,
			Charge: l.Charge, Type: string(l.Type), SourceID: l.SourceID, DepositID: l.Deposit, CreatedAt: l.BookedAt, OccurredAt: l.OccurredAt,
			Currency: l.Currency, Fee: l.Fee, Total: l.Total, PaidBack: l.PaidBack,
		}
		if l.Total.Sign() < 0 {
			row.Number, row.Document = s.CreditNote, "credit_note"
		}
		if row.Tax, row.Taxes, err = taxesOf(l.Taxes); err != nil {
			yield(row, err)
			return false
		}
		if !yield(row, nil) {
			return false
		}
	}
	return true
}

// taxesOf sums taxes and gives them by code.
func taxesOf(lines []fees.TaxLine) (sum money.Amount, out []report.Tax, err error) {
	for _, t := range lines {
		if sum, err = sum.Add(t.Amount); err != nil {
			return sum, nil, err
		}
		out = append(out, report.Tax{Code: t.Code, Amount: t.Amount})
	}
	return sum, out, nil
}
