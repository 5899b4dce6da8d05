package payment

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// railTable is what may happen to what a rail pays us.
var railTable = table{
	resource: RailRecord,
	moves:    []Move{{On: RailSettled, To: Received}}, // nobody outside waits for it
	requires: map[Kind][]Field{RailSettled: {FieldRail, FieldCurrency, FieldAmount}},
}

// railCostTable is what may happen to a rail's cost before the rail asks for it.
var railCostTable = table{
	resource: RailCostRecord,
	moves:    []Move{{On: RailCharged, To: Accrued}},
	requires: map[Kind][]Field{RailCharged: {FieldRail, FieldCurrency, FieldAmount}},
}

// railInvoiceTable is what may happen to what a rail asks for.
var railInvoiceTable = table{
	resource: RailInvoiceRecord,
	moves:    []Move{{On: RailInvoiced, To: Paid}, {On: RailInvoiceNetted, To: Netted}},
	requires: map[Kind][]Field{
		RailInvoiced:      {FieldRail, FieldCurrency, FieldAmount},
		RailInvoiceNetted: {FieldRail, FieldCurrency, FieldAmount},
	},
}

// RailCost is what a rail will charge for its work: interchange, scheme fees.
type RailCost struct {
	Facts
	Life
}

// Ref makes RailCost a ledger.Record.
func (r *RailCost) Ref() ledger.Ref { return ledger.Ref{Kind: RailCostRecord, ID: r.ID} }

// RailInvoice is what a rail charged, its tax apart.
type RailInvoice struct {
	Facts
	Life
	CostTax money.Amount `json:"cost_tax"` // minor units, on top of the amount
}

// Ref makes RailInvoice a ledger.Record.
func (r *RailInvoice) Ref() ledger.Ref { return ledger.Ref{Kind: RailInvoiceRecord, ID: r.ID} }

// rails are the recipes of its events.
func (p *plan) rails() map[Kind]func() error {
	return map[Kind]func() error{
		RailSettled: p.railPays, RailCharged: p.railCharges, RailInvoiced: p.railInvoices, RailInvoiceNetted: p.railInvoices,
	}
}

// railPays is the recipe of a rail that pays us what it captured, less what it
// keeps for itself.
func (p *plan) railPays() error {
	e := p.event
	if known := take[RailSettlement](p.state, RailRecord, e.ID); known != nil {
		p.repeated = true
		if err := known.same(e); err != nil {
			return err
		}
		if known.Cost != e.Cost {
			return differs(FieldCost, e.Currency.Format(known.Cost), e.Currency.Format(e.Cost))
		}
		if known.CostTax != e.CostTax {
			return differs(FieldCostTax, e.Currency.Format(known.CostTax), e.Currency.Format(e.CostTax))
		}
		return nil
	}
	if err := p.place(nil); err != nil {
		return err
	}
	kept, err := e.Cost.Add(e.CostTax)
	if err != nil {
		return err
	}
	received, err := e.Amount.Sub(kept)
	if err != nil {
		return err
	}
	if received.Sign() < 0 {
		return &FieldError{FieldCost, fmt.Errorf("the rail kept %s of %s", e.Currency.Format(kept), e.Currency.Format(e.Amount))}
	}
	if err := p.taxed(); err != nil {
		return err
	}
	p.post(EntryRailSettled, "received", -1,
		p.dr(bankPath(p.bank), received), p.dr(railCostExpense, e.Cost), p.dr(inputTaxPath(p.inputTax), e.CostTax),
		p.cr(receivablePath(e.Rail), e.Amount))
	p.records = append(p.records, &RailSettlement{Facts: facts(e), Life: born(e, Received), Cost: e.Cost, CostTax: e.CostTax})
	return nil
}

// taxed makes sure that tax on what a rail charges has a place.
func (p *plan) taxed() error {
	if !p.event.CostTax.IsZero() && p.inputTax == "" {
		return &FieldError{FieldCostTax, errors.New("the region has no input_tax code to book it under")}
	}
	return nil
}

// railCharges is the recipe of cost that the rail will ask for later.
func (p *plan) railCharges() error {
	if fresh, err := opens[*RailCost](p, RailCostRecord); err != nil || !fresh {
		return err
	}
	e := p.event
	p.post(EntryRailCost, "accrued", -1, p.dr(railCostExpense, e.Amount), p.cr(payablePath(e.Rail), e.Amount))
	p.records = append(p.records, &RailCost{Facts: facts(e), Life: born(e, Accrued)})
	return nil
}

// railInvoices is the recipe of what a rail asks for: it is paid, or the rail
// takes it off what it owes us. Its tax comes on top.
func (p *plan) railInvoices() error {
	e := p.event
	if fresh, err := opens[*RailInvoice](p, RailInvoiceRecord); err != nil || !fresh {
		if known := take[RailInvoice](p.state, RailInvoiceRecord, e.ID); err == nil && known.CostTax != e.CostTax {
			return differs(FieldCostTax, e.Currency.Format(known.CostTax), e.Currency.Format(e.CostTax))
		}
		return err
	}
	if err := p.taxed(); err != nil {
		return err
	}
	total, err := e.Amount.Add(e.CostTax)
	if err != nil {
		return err
	}
	from, status := bankPath(p.bank), Paid
	if e.Kind == RailInvoiceNetted {
		from, status = receivablePath(e.Rail), Netted
	}
	p.post(EntryRailInvoice, "settled", -1,
		p.dr(payablePath(e.Rail), e.Amount), p.dr(inputTaxPath(p.inputTax), e.CostTax), p.cr(from, total))
	p.records = append(p.records, &RailInvoice{Facts: facts(e), Life: born(e, status), CostTax: e.CostTax})
	return nil
}
