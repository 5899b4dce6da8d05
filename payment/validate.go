package payment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// requires lists the fields an event of each kind cannot do without, besides
// kind, id and occurred_at.
func requires(k Kind) []Field { return tableOf(k).requires[k] }

// Normalize fills in what follows from other fields: whole microseconds in
// UTC, the rail from the method, and that a cost which is there is known.
func (e Event) Normalize() Event {
	e.OccurredAt = e.OccurredAt.UTC().Truncate(time.Microsecond)
	if e.Rail == "" {
		e.Rail = strings.ToLower(e.Method)
	}
	if e.Kind == DepositCaptured && !(e.Cost.IsZero() && e.CostTax.IsZero()) {
		e.CostKnown = true
	}
	return e
}

// Validate reports the first fault a normalized event has by itself, as a
// *FieldError.
func (e *Event) Validate() error {
	if t := tableOf(e.Kind); t == nil || slices.Contains(t.follow, e.Kind) {
		return &FieldError{FieldKind, fmt.Errorf("%q is not a kind of event", e.Kind)}
	}
	if err := checkID(e.ID); err != nil {
		return &FieldError{FieldID, err}
	}
	if e.OccurredAt.IsZero() {
		return &FieldError{FieldOccurredAt, errors.New("is missing")}
	}
	for _, f := range requires(e.Kind) {
		if err := e.present(f); err != nil {
			return &FieldError{f, err}
		}
	}
	if err := e.checkForm(); err != nil {
		return err
	}
	if e.Kind == RefundCreated || e.Kind == DisputeOpened {
		if err := checkReason(e.ReasonCode); err != nil {
			return &FieldError{FieldReasonCode, err}
		}
	}
	return nil
}

const maxReason = 64

// checkReason tells why a text is not a reason code. Which codes there are, whoever
// reports them knows: schemes, rails and shops have lists of their own.
func checkReason(code string) error {
	if len(code) > maxReason {
		return fmt.Errorf("code %q has %d bytes, at most %d are allowed", code, len(code), maxReason)
	}
	for _, r := range code {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return fmt.Errorf("code %q has %q, which is not one of [a-z0-9_]", code, r)
		}
	}
	return nil
}

func (e *Event) present(f Field) error {
	missing := false
	switch f {
	case FieldMerchant:
		missing = e.Merchant == ""
	case FieldCurrency:
		missing = e.Currency.IsZero()
	case FieldAmount:
		missing = e.Amount.IsZero()
	case FieldMethod:
		missing = e.Method == ""
	case FieldRail:
		missing = e.Rail == ""
	case FieldParent:
		missing = e.Parent == ""
	case FieldReasonCode:
		missing = e.ReasonCode == ""
	case FieldActor:
		missing = e.Actor == ""
	}
	if missing && f == FieldAmount {
		return fmt.Errorf("is missing or zero; a %s needs one above 0", e.Kind)
	}
	if missing {
		return fmt.Errorf("is missing; a %s needs it", e.Kind)
	}
	return nil
}

// checkForm looks at the fields that are there.
func (e *Event) checkForm() error {
	for _, id := range []struct {
		field Field
		value string
	}{{FieldMerchant, e.Merchant}, {FieldRail, e.Rail}, {FieldParent, e.Parent}} {
		if id.value == "" {
			continue
		}
		if err := checkID(id.value); err != nil {
			return &FieldError{id.field, err}
		}
	}
	for _, sum := range []struct {
		field  Field
		amount money.Amount
	}{{FieldAmount, e.Amount}, {FieldCost, e.Cost}, {FieldCostTax, e.CostTax}} {
		if err := checkAmount(e.Currency, sum.amount); err != nil {
			return &FieldError{sum.field, err}
		}
	}
	switch {
	case !e.Cost.IsZero() && e.Kind != RailSettled && e.Kind != DepositCaptured:
		return &FieldError{FieldCost, fmt.Errorf("has no place in a %s, only in a %s or %s", e.Kind, RailSettled, DepositCaptured)}
	case !e.CostTax.IsZero() && e.Kind != RailSettled && e.Kind != RailInvoiced && e.Kind != RailInvoiceNetted && e.Kind != DepositCaptured:
		return &FieldError{FieldCostTax, fmt.Errorf("has no place in a %s, only in a %s, %s or %s", e.Kind, RailSettled, RailInvoiced, DepositCaptured)}
	}
	for _, text := range []struct {
		field Field
		value string
	}{
		{FieldMethod, e.Method}, {FieldRail, e.Rail}, {FieldBrand, e.Brand}, {FieldFunding, e.Funding}, {FieldBorder, e.Border}, {FieldOrderID, e.OrderID},
		{FieldReasonCode, e.ReasonCode}, {FieldRailRef, e.RailRef}, {FieldBankRef, e.BankRef},
	} {
		if err := checkText(text.value); err != nil {
			return &FieldError{text.field, err}
		}
	}
	if e.Border != "" && e.Border != BorderDomestic && e.Border != BorderCross {
		return &FieldError{FieldBorder, fmt.Errorf("%.40q is neither %s nor %s", e.Border, BorderDomestic, BorderCross)}
	}
	if err := checkActor(e.Actor); err != nil {
		return &FieldError{FieldActor, err}
	}
	return nil
}

// AmountMax is the most that an event, an exchange or a payout of a batch may move, in
// minor units: 10^18. Amounts go up to 10^38-1, so that nothing that is added up of so
// few as 10^19 of them is ever out of range, whatever the order.
const AmountMax = 1_000_000_000_000_000_000

// ErrTooLarge marks an amount above AmountMax.
var ErrTooLarge = errors.New("is above the most that is taken")

// checkAmount refuses an amount that is negative or above AmountMax.
func checkAmount(c money.Currency, amount money.Amount) error {
	if amount.Sign() < 0 {
		return fmt.Errorf("%s is negative", c.Format(amount))
	}
	if most := money.Minor(AmountMax); amount.Cmp(most) > 0 {
		return fmt.Errorf("%s %w, %s", c.Format(amount), ErrTooLarge, c.Format(most))
	}
	return nil
}

// checkID refuses what is no id, and looks for a card number first: other errors show
// the id.
func checkID(id string) error {
	if err := CheckCard(id); err != nil {
		return err
	}
	return merchant.CheckID(id)
}

// checkText refuses free text that is too long, no text, or looks like a card number.
func checkText(s string) error {
	if len(s) > 255 || !utf8.ValidString(s) {
		return fmt.Errorf("%.40q is not a text of at most 255 bytes", MaskCards(s))
	}
	return CheckCard(s)
}
