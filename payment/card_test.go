package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/payment"
)

// Free text of an event that looks like a card number is refused, whoever brings
// the event, and the error shows its last four digits only.
func TestEventsHoldNoCardNumbers(t *testing.T) {
	t.Parallel()
	const card = "4111 1111 1111 1111"
	for field, write := range map[payment.Field]func(*payment.Event, string){
		payment.FieldMethod:     func(e *payment.Event, s string) { e.Method, e.Rail = s, "card" },
		payment.FieldBrand:      func(e *payment.Event, s string) { e.Brand = s },
		payment.FieldFunding:    func(e *payment.Event, s string) { e.Funding = s },
		payment.FieldOrderID:    func(e *payment.Event, s string) { e.OrderID = s },
		payment.FieldReasonCode: func(e *payment.Event, s string) { e.ReasonCode = s },
		payment.FieldRailRef:    func(e *payment.Event, s string) { e.RailRef = s },
		payment.FieldBankRef:    func(e *payment.Event, s string) { e.BankRef = s },
		payment.FieldActor:      func(e *payment.Event, s string) { e.Actor = s },
	} {
		e := captured()
		write(&e, "paid with "+card)
		e = e.Normalize()
		err := e.Validate()
		if !errors.Is(err, payment.ErrCardNumber) || strings.Contains(err.Error(), card) {
			t.Errorf("%s: %v", field, err)
		}
		if want := string(field) + ": looks like a card number: 16 digits, the last four 1111"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if !field.IsFreeText() {
			t.Errorf("%s is not free text", field)
		}
	}
	for _, field := range []payment.Field{payment.FieldID, payment.FieldMerchant, payment.FieldParent, payment.FieldAmount} {
		if field.IsFreeText() {
			t.Errorf("%s is free text", field)
		}
	}
	e := captured()
	e.OrderID = strings.Repeat("x", 240) + card
	err := e.Validate()
	if err == nil || strings.Contains(err.Error(), "4111 1111") {
		t.Errorf("a text that is too long: %v", err)
	}
}
