package feed

import (
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// fieldCount is the number of fields of an event.
const fieldCount = 19

// fields lists the fields in the order in which files list them, the currency
// before the amounts that are read in it.
func fields() [fieldCount]payment.Field {
	return [fieldCount]payment.Field{
		payment.FieldKind, payment.FieldID, payment.FieldOccurredAt, payment.FieldMerchant,
		payment.FieldCurrency, payment.FieldAmount, payment.FieldMethod, payment.FieldRail,
		payment.FieldBrand, payment.FieldFunding, payment.FieldOrderID, payment.FieldParent,
		payment.FieldReasonCode, payment.FieldRailRef, payment.FieldBankRef,
		payment.FieldCost, payment.FieldCostTax, payment.FieldActor,
		payment.FieldBorder,
	}
}

// indexOf gives a field's index in fields.
func indexOf(f payment.Field) (int, bool) {
	for i, g := range fields() {
		if f == g {
			return i, true
		}
	}
	return 0, false
}

// textOf gives where an event keeps a field that is text; nil for the others.
func textOf(e *payment.Event, f payment.Field) *string {
	switch f {
	case payment.FieldID:
		return &e.ID
	case payment.FieldMerchant:
		return &e.Merchant
	case payment.FieldMethod:
		return &e.Method
	case payment.FieldRail:
		return &e.Rail
	case payment.FieldBrand:
		return &e.Brand
	case payment.FieldFunding:
		return &e.Funding
	case payment.FieldBorder:
		return &e.Border
	case payment.FieldOrderID:
		return &e.OrderID
	case payment.FieldParent:
		return &e.Parent
	case payment.FieldReasonCode:
		return &e.ReasonCode
	case payment.FieldRailRef:
		return &e.RailRef
	case payment.FieldBankRef:
		return &e.BankRef
	case payment.FieldActor:
		return &e.Actor
	}
	return nil
}

// amountOf gives where an event keeps a field that is an amount; nil for the
// others.
func amountOf(e *payment.Event, f payment.Field) *money.Amount {
	switch f {
	case payment.FieldAmount:
		return &e.Amount
	case payment.FieldCost:
		return &e.Cost
	case payment.FieldCostTax:
		return &e.CostTax
	}
	return nil
}

// required says whether every event has the field, whatever its kind.
func required(f payment.Field) bool {
	return f == payment.FieldKind || f == payment.FieldID || f == payment.FieldOccurredAt
}
