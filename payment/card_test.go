package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
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
		payment.FieldBorder:     func(e *payment.Event, s string) { e.Border = s },
		payment.FieldFunding:    func(e *payment.Event, s string) { e.Funding = s },
		payment.FieldOrderID:    func(e *payment.Event, s string) { e.OrderID = s },
		payment.FieldReasonCode: func(e *payment.Event, s string) { e.ReasonCode = s },
		payment.FieldRailRef:    func(e *payment.Event, s string) { e.RailRef = s },
		payment.FieldBankRef:    func(e *payment.Event, s string) { e.BankRef = s },
		payment.FieldActor:      func(e *payment.Event, s string) { e.Actor = s },
		payment.FieldRail:       func(e *payment.Event, s string) { e.Rail = s },
		payment.FieldID:         func(e *payment.Event, s string) { e.ID = s },
		payment.FieldMerchant:   func(e *payment.Event, s string) { e.Merchant = s },
		payment.FieldParent:     func(e *payment.Event, s string) { e.Parent = s },
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
		if !field.IsText() {
			t.Errorf("%s is no text", field)
		}
	}
	for _, field := range []payment.Field{payment.FieldKind, payment.FieldOccurredAt, payment.FieldCurrency, payment.FieldAmount, payment.FieldCost} {
		if field.IsText() {
			t.Errorf("%s is text", field)
		}
	}
	e := captured()
	e.OrderID = strings.Repeat("x", 240) + card
	err := e.Validate()
	if err == nil || strings.Contains(err.Error(), "4111 1111") {
		t.Errorf("a text that is too long: %v", err)
	}
}

// Nor is a card number kept in what is known of a payer, as an id, or in the result of a
// payout that was refused for it; and no error shows one.
func TestNothingKeepsCardNumbers(t *testing.T) {
	t.Parallel()
	for _, data := range []payment.CustomerData{
		{Name: "4111/1111/1111/1111"}, {Account: "4111111111111111x"}, {Phone: "4111 1111-1111 1111"}, {Email: "a4111111111111111@example.com"}, {Address: "4111\t1111\t1111\t1111"},
	} {
		if err := data.Validate(); !errors.Is(err, payment.ErrCardNumber) {
			t.Errorf("%+v: %v", data, err)
		}
	}
	const card = "4111111111111111"
	d := open(t, bothSides())
	x := trade(card)
	x.Rules = d.rules
	_, merchantErr := d.DecideMerchant(t.Context(), payment.MerchantDecision{Act: payment.MerchantCreate, ID: card, Actor: "ops"})
	_, batchErr := d.PayoutBatch(t.Context(), settlex.PayoutOrder{ID: card, Mode: payment.PayoutsAll})
	for what, err := range map[string]error{"exchange": d.Books().Do(t.Context(), x), "merchant": merchantErr, "batch": batchErr} {
		if !errors.Is(err, payment.ErrCardNumber) || strings.Contains(err.Error(), card) {
			t.Errorf("%s: %v", what, err)
		}
	}
	var got []payment.PayoutResult
	_, err := d.PayoutBatch(t.Context(), settlex.PayoutOrder{
		ID: "b1", Mode: payment.PayoutsIndependent, Items: func(yield func(payment.Event, error) bool) { yield(payout(card, "1.00", "2026-03-05 10:00"), nil) },
		Result: func(r payment.PayoutResult) error {
			got = append(got, r)
			return nil
		},
	})
	want := []payment.PayoutResult{{
		No: 1, ID: "************1111", Outcome: payment.PayoutWasRefused, Field: payment.FieldID, Reason: "looks like a card number: 16 digits, the last four 1111",
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
