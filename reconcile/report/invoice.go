package report

import (
	"strings"
	"time"

	"github.com/settlex/settlex/money"
)

// Tax is a tax under one code, in minor units.
type Tax struct {
	Code   string
	Amount money.Amount
}

// Invoice is a row of the invoices of a month: one merchant's in one currency, as it stands when it is written. Amounts
// are minor units of Currency: what the merchant is charged is positive, what is given back negative.
type Invoice struct {
	Number     string // empty: nothing was charged
	CreditNote string // empty: nothing was given back
	Status     string
	Month      string // "2026-03"
	Merchant   string
	Region     string
	IssuedAt   time.Time
	Lines      int64

	Currency money.Currency
	Charged  money.Amount // with tax
	Credited money.Amount // with tax
	Fee      money.Amount // of both
	Tax      money.Amount // of both
	Taxes    []Tax        // Tax by code
	Total    money.Amount // fee + tax = charged + credited
	Due      money.Amount // what there is to pay of it
	Paid     money.Amount // of Due
	Left     money.Amount // of Due
}

// InvoiceSchema returns the columns of the invoices of a month. Its schema_version and tax_detail columns follow from the
// others.
func InvoiceSchema() Schema[Invoice] {
	const version = 1
	return Schema[Invoice]{
		report: "invoices", version: version, facts: invoiceFacts, check: checkInvoice,
		columns: []column[Invoice]{
			versionColumn[Invoice](version),
			textColumn("invoice_number", func(r *Invoice) string { return r.Number }),
			textColumn("credit_note_number", func(r *Invoice) string { return r.CreditNote }),
			textColumn("status", func(r *Invoice) string { return r.Status }).required(),
			textColumn("month", func(r *Invoice) string { return r.Month }).required(),
			freeTextColumn("merchant_id", func(r *Invoice) string { return r.Merchant }).required(),
			textColumn("region", func(r *Invoice) string { return r.Region }),
			instantColumn("issued_at_utc", func(r *Invoice) time.Time { return r.IssuedAt }).required(),
			integerColumn("lines", func(r *Invoice) int64 { return r.Lines }),
			currencyColumn("currency", func(r *Invoice) money.Currency { return r.Currency }).required(),
			moneyColumn("charged", func(r *Invoice) money.Amount { return r.Charged }),
			moneyColumn("credited", func(r *Invoice) money.Amount { return r.Credited }),
			moneyColumn("fee", func(r *Invoice) money.Amount { return r.Fee }),
			moneyColumn("tax", func(r *Invoice) money.Amount { return r.Tax }),
			freeTextColumn("tax_detail", func(r *Invoice) string { return taxDetail(r.Currency, r.Taxes) }),
			moneyColumn("total", func(r *Invoice) money.Amount { return r.Total }),
			moneyColumn("due", func(r *Invoice) money.Amount { return r.Due }),
			moneyColumn("paid", func(r *Invoice) money.Amount { return r.Paid }),
			moneyColumn("left", func(r *Invoice) money.Amount { return r.Left }),
		},
	}
}

// InvoiceLine is a row of the lines of a month's invoices: one fee that was charged, or given back. Amounts are as of
// Invoice.
type InvoiceLine struct {
	Number     string // of the invoice, or of the credit note
	Document   string // invoice or credit_note
	No         int64  // of the line, from 1 for each merchant
	Month      string
	Merchant   string
	Region     string
	EntryID    string // ledger entry
	Charge     string // what for: processing_fee ...
	Type       string // the event that charged it
	SourceID   string // what that happened to
	DepositID  string
	CreatedAt  time.Time
	OccurredAt time.Time

	Currency money.Currency
	Fee      money.Amount
	Tax      money.Amount
	Taxes    []Tax        // Tax by code
	Total    money.Amount // fee + tax
	PaidBack money.Amount // of what was given back, what went to the merchant's balance because nothing was owed any more
}

// InvoiceLineSchema returns the columns of the lines of a month's invoices. Its schema_version and tax_detail columns
// follow from the others.
func InvoiceLineSchema() Schema[InvoiceLine] {
	const version = 1
	return Schema[InvoiceLine]{
		report: "invoice-lines", version: version, facts: invoiceLineFacts, check: checkInvoiceLine,
		columns: []column[InvoiceLine]{
			versionColumn[InvoiceLine](version),
			textColumn("document_number", func(r *InvoiceLine) string { return r.Number }).required(),
			textColumn("document", func(r *InvoiceLine) string { return r.Document }).required(),
			integerColumn("line_no", func(r *InvoiceLine) int64 { return r.No }),
			textColumn("month", func(r *InvoiceLine) string { return r.Month }).required(),
			freeTextColumn("merchant_id", func(r *InvoiceLine) string { return r.Merchant }).required(),
			textColumn("region", func(r *InvoiceLine) string { return r.Region }),
			textColumn("entry_id", func(r *InvoiceLine) string { return r.EntryID }).required(),
			textColumn("charge", func(r *InvoiceLine) string { return r.Charge }).required(),
			textColumn("type", func(r *InvoiceLine) string { return r.Type }).required(),
			freeTextColumn("source_id", func(r *InvoiceLine) string { return r.SourceID }).required(),
			freeTextColumn("deposit_id", func(r *InvoiceLine) string { return r.DepositID }),
			instantColumn("created_at_utc", func(r *InvoiceLine) time.Time { return r.CreatedAt }).required(),
			instantColumn("occurred_at_utc", func(r *InvoiceLine) time.Time { return r.OccurredAt }).required(),
			currencyColumn("currency", func(r *InvoiceLine) money.Currency { return r.Currency }).required(),
			moneyColumn("fee", func(r *InvoiceLine) money.Amount { return r.Fee }),
			moneyColumn("tax", func(r *InvoiceLine) money.Amount { return r.Tax }),
			freeTextColumn("tax_detail", func(r *InvoiceLine) string { return taxDetail(r.Currency, r.Taxes) }),
			moneyColumn("total", func(r *InvoiceLine) money.Amount { return r.Total }),
			moneyColumn("paid_back", func(r *InvoiceLine) money.Amount { return r.PaidBack }),
		},
	}
}

// taxDetail writes taxes by code: "cgst 1.80, sgst 1.80".
func taxDetail(currency money.Currency, taxes []Tax) string {
	parts := make([]string, len(taxes))
	for i, t := range taxes {
		parts[i] = t.Code + " " + currency.Format(t.Amount)
	}
	return strings.Join(parts, ", ")
}

func invoiceFacts(r *Invoice) facts {
	return facts{merchant: r.Merchant, currency: r.Currency, fee: r.Fee, tax: r.Tax, net: r.Total}
}

func invoiceLineFacts(r *InvoiceLine) facts {
	return facts{merchant: r.Merchant, currency: r.Currency, fee: r.Fee, tax: r.Tax, net: r.Total}
}

// checkInvoice asserts that both ways of adding up are the total, that taxes add up, and that what is paid and left is
// what is due.
func checkInvoice(r *Invoice) error {
	name := r.Number
	if name == "" {
		name = r.CreditNote
	}
	if err := checkTotal(name, r.Currency, r.Total, r.Fee, r.Tax, r.Taxes); err != nil {
		return err
	}
	total, err := r.Charged.Add(r.Credited)
	if err != nil {
		return err
	}
	if total != r.Total {
		return badRow("%s: charged %s + credited %s = %s %s, total says %s", name,
			r.Currency.Format(r.Charged), r.Currency.Format(r.Credited), r.Currency, r.Currency.Format(total), r.Currency.Format(r.Total))
	}
	due, err := r.Paid.Add(r.Left)
	if err != nil {
		return err
	}
	if due != r.Due {
		return badRow("%s: paid %s + left %s = %s %s, due says %s", name,
			r.Currency.Format(r.Paid), r.Currency.Format(r.Left), r.Currency, r.Currency.Format(due), r.Currency.Format(r.Due))
	}
	return nil
}

func checkInvoiceLine(r *InvoiceLine) error {
	return checkTotal(r.EntryID, r.Currency, r.Total, r.Fee, r.Tax, r.Taxes)
}

func checkTotal(name string, currency money.Currency, total, fee, tax money.Amount, taxes []Tax) error {
	sum, err := fee.Add(tax)
	if err != nil {
		return err
	}
	if sum != total {
		return badRow("%s: fee %s + tax %s = %s %s, total says %s", name,
			currency.Format(fee), currency.Format(tax), currency, currency.Format(sum), currency.Format(total))
	}
	var detail money.Amount
	for _, t := range taxes {
		if detail, err = detail.Add(t.Amount); err != nil {
			return err
		}
	}
	if detail != tax {
		return badRow("%s: taxes by code add up to %s %s, tax says %s", name, currency, currency.Format(detail), currency.Format(tax))
	}
	return nil
}
