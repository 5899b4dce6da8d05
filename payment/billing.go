package payment

import (
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Billing is what a merchant is invoiced for in one currency, over all time, and what
// has become of it: it says which part of the merchant's receivable is fees; the rest
// is the Debt that stands there. Minor units.
type Billing struct {
	Merchant   string         `json:"merchant"`
	Currency   money.Currency `json:"currency"`
	Charged    money.Amount   `json:"charged"`              // fees and the tax on them
	Credited   money.Amount   `json:"credited,omitzero"`    // of Charged, what was given back
	PaidBack   money.Amount   `json:"paid_back,omitzero"`   // of Credited, what went to available because nothing was owed any more
	Paid       money.Amount   `json:"paid,omitzero"`        // by top-ups and deductions
	WrittenOff money.Amount   `json:"written_off,omitzero"` // given up
	Issued     Month          `json:"issued,omitzero"`      // the last one whose invoice is issued: what comes now is invoiced with a later one
}

// Ref makes Billing a ledger.Record.
func (b *Billing) Ref() ledger.Ref { return BillingRef(b.Merchant, b.Currency) }

// BillingRef names what a merchant is invoiced for in one currency.
func BillingRef(merchantID string, currency money.Currency) ledger.Ref {
	return ledger.Ref{Kind: BillingRecord, ID: merchantID + "/" + currency.String()}
}

// Owed is what of the fees stands in the merchant's receivable. Errors: an amount out
// of range.
func (b *Billing) Owed() (money.Amount, error) {
	return money.Sum(b.Charged, b.Credited.Neg(), b.PaidBack, b.Paid.Neg(), b.WrittenOff.Neg())
}

// feeDeductionTable is what may happen to invoiced fees that somebody has taken out of the
// merchant's money.
var feeDeductionTable = table{
	resource: FeeDeductionRecord,
	moves:    []Move{{On: FeesDeducted, To: Booked}},
	requires: map[Kind][]Field{FeesDeducted: {FieldMerchant, FieldCurrency, FieldAmount, FieldActor}},
}

// FeeDeduction is invoiced fees that are taken out of what is available, which may fall
// below zero: the next batch pays so much less.
type FeeDeduction struct {
	Facts
	Life
}

// Ref makes FeeDeduction a ledger.Record.
func (d *FeeDeduction) Ref() ledger.Ref { return ledger.Ref{Kind: FeeDeductionRecord, ID: d.ID} }

// deductFees is the recipe of a deduction: of no more than is owed of fees.
func (p *plan) deductFees() error {
	if known := take[FeeDeduction](p.state, FeeDeductionRecord, p.event.ID); known != nil {
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	deduction := &FeeDeduction{Facts: facts(p.event), Life: born(p.event, Booked)}
	paid, err := p.payBill(deduction.Amount, func(b *Billing) *money.Amount { return &b.Paid })
	if err != nil {
		return err
	}
	if paid != deduction.Amount {
		return p.notOwed(paid)
	}
	p.records = append(p.records, deduction)
	booked := p.post(EntryFeesDeducted, "booked", -1,
		p.dr(AvailablePath(deduction.Merchant), paid), p.cr(MerchantReceivablePath(deduction.Merchant), paid))
	return p.move(booked, CategoryAdjustment, FeeDeductionRecord, &deduction.Facts, Item{Gross: paid.Neg()})
}

// billing gives a copy of what the merchant is invoiced for, as the plan leaves it.
func (p *plan) billing() *Billing {
	ref := BillingRef(p.merchant.ID, p.event.Currency)
	if kept, ok := p.kept(ref).(*Billing); ok {
		changed := *kept
		return &changed
	}
	return &Billing{Merchant: p.merchant.ID, Currency: p.event.Currency}
}

// kept gives a record as the plan leaves it so far; nil: there is none.
func (p *plan) kept(ref ledger.Ref) ledger.Record {
	for _, r := range p.records {
		if r.Ref() == ref {
			return r
		}
	}
	return p.state.Record(ref)
}

// invoice charges a fee and its tax that are not taken out of the merchant's money: the
// merchant owes them beside its balance, and they become a line of its invoice.
func (p *plan) invoice(step string, partOf int, income, deposit string, fee money.Amount, taxes []fees.TaxLine) error {
	total, err := withTaxes(fee, taxes)
	if err != nil || total.IsZero() {
		return err
	}
	billing := p.billing()
	if billing.Charged, err = billing.Charged.Add(total); err != nil {
		return err
	}
	p.keep(billing)
	postings := []ledger.Posting{p.dr(MerchantReceivablePath(p.merchant.ID), total), p.cr(income, fee)}
	entry := p.post(EntryFeeInvoiced, step, partOf, append(postings, p.taxes(p.cr, taxes)...)...)
	return p.invoiceLine(entry, InvoiceLine{Deposit: deposit, Charge: chargeOf(income), Fee: fee, Taxes: taxes, Total: total})
}

// credit gives back a fee and its tax that were invoiced: off what the merchant owes of
// fees, and what it has paid already to an account. The result is the latter, as a
// movement has it: the fee first, then the tax.
func (p *plan) credit(to func(rest money.Amount) string, step string, partOf int, income, deposit string, fee money.Amount, taxes []fees.TaxLine) (paidBack Item, err error) {
	total, err := withTaxes(fee, taxes)
	if err != nil || total.IsZero() {
		return paidBack, err
	}
	billing := p.billing()
	owed, err := billing.Owed()
	if err != nil {
		return paidBack, err
	}
	rest, err := total.Sub(money.Min(total, owed))
	if err != nil {
		return paidBack, err
	}
	if billing.Credited, err = billing.Credited.Add(total); err == nil {
		billing.PaidBack, err = billing.PaidBack.Add(rest)
	}
	if err != nil {
		return paidBack, err
	}
	p.keep(billing)
	postings := append([]ledger.Posting{p.dr(income, fee)}, p.taxes(p.dr, taxes)...)
	entry := p.post(EntryFeeCredited, step, partOf,
		append(postings, p.cr(MerchantReceivablePath(p.merchant.ID), money.Min(total, owed)), p.cr(to(rest), rest))...)
	line := InvoiceLine{Deposit: deposit, Charge: chargeOf(income), Fee: fee.Neg(), Total: total.Neg(), PaidBack: rest}
	for _, t := range taxes {
		line.Taxes = append(line.Taxes, fees.TaxLine{Code: t.Code, Amount: t.Amount.Neg()})
	}
	paidBack.Fee = money.Min(rest, fee)
	if paidBack.Tax, err = rest.Sub(paidBack.Fee); err != nil {
		return paidBack, err
	}
	if !paidBack.Tax.IsZero() {
		paidBack.TaxCode = taxCode(taxes)
	}
	return paidBack, p.invoiceLine(entry, line)
}

// available is the merchant's account, whatever the amount.
func (p *plan) available(money.Amount) string { return AvailablePath(p.merchant.ID) }

// giveFee gives back a fee of a deposit, invoiced or not: the movement's part of it.
func (p *plan) giveFee(invoiced bool, step string, partOf int, income, deposit string, fee money.Amount, taxes []fees.TaxLine) (back Item, err error) {
	if invoiced {
		return p.credit(p.available, step, partOf, income, deposit, fee, taxes)
	}
	total, err := p.giveBack(step, partOf, income, fee, taxes)
	if err != nil {
		return back, err
	}
	back.Fee, back.TaxCode = fee, taxCode(taxes)
	back.Tax, err = total.Sub(fee)
	return back, err
}

// takeFee takes a fee out of an account of the merchant, or invoices it: the movement's
// part of it, which is negative.
func (p *plan) takeFee(invoiced bool, kind, step string, partOf int, from, income, deposit string, fee *fees.Fee) (taken Item, err error) {
	if invoiced {
		return taken, p.invoice(step, partOf, income, deposit, fee.Fee, fee.Taxes)
	}
	p.charge(kind, step, partOf, from, income, fee)
	return Item{Fee: fee.Fee.Neg(), Tax: fee.Tax.Neg(), TaxCode: taxCode(fee.Taxes)}, nil
}

// withFee adds what a fee moves to a movement.
func (i *Item) withFee(part Item) (err error) {
	if i.Fee, err = i.Fee.Add(part.Fee); err != nil {
		return err
	}
	if i.TaxCode == "" {
		i.TaxCode = part.TaxCode
	}
	i.Tax, err = i.Tax.Add(part.Tax)
	return err
}

// payBill pays as much of what the merchant owes of fees as there is, and tells how
// much that was. The caller keeps the account in step.
func (p *plan) payBill(most money.Amount, into func(*Billing) *money.Amount) (paid money.Amount, err error) {
	billing := p.billing()
	owed, err := billing.Owed()
	if err != nil {
		return paid, err
	}
	if paid = money.Min(most, owed); paid.IsZero() {
		return paid, nil
	}
	sum := into(billing)
	if *sum, err = sum.Add(paid); err != nil {
		return paid, err
	}
	p.keep(billing)
	return paid, nil
}
