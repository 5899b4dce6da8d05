package payment

import (
	"errors"
	"fmt"
)

// railTable is what may happen to what a rail pays us.
var railTable = table{
	resource: RailRecord,
	moves:    []Move{{On: RailSettled, To: Received}}, // nobody outside waits for it
	requires: map[Kind][]Field{RailSettled: {FieldRail, FieldCurrency, FieldAmount}},
}

// rails are the recipes of its events.
func (p *plan) rails() map[Kind]func() error {
	return map[Kind]func() error{RailSettled: p.railPays}
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
	if !e.CostTax.IsZero() && p.inputTax == "" {
		return &FieldError{FieldCostTax, errors.New("the region has no input_tax code to book it under")}
	}
	p.post(EntryRailSettled, "received", -1,
		p.dr(bankPath(p.bank), received), p.dr(railCostExpense, e.Cost), p.dr(inputTaxPath(p.inputTax), e.CostTax),
		p.cr(receivablePath(e.Rail), e.Amount))
	p.records = append(p.records, &RailSettlement{Facts: facts(e), Life: born(e, Received), Cost: e.Cost, CostTax: e.CostTax})
	return nil
}
