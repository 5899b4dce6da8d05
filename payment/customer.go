package payment

import (
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
)

// ErrErased marks customer data of a deposit whose customer was erased: it does not
// come back.
var ErrErased = errors.New("was erased")

// CustomerData is what is known of a payer. It lies beside the journal: no entry, no
// event and no proof has any of it.
type CustomerData struct {
	Name    string `json:"name,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
	Address string `json:"address,omitempty"`
	Account string `json:"account,omitempty"` // the payer's account or handle at a bank or wallet, never a card number
}

// Customer is the payer of a deposit as stored. Once it was erased, nothing is left
// but when, who and why.
type Customer struct {
	Deposit string `json:"deposit"`
	CustomerData
	Since  time.Time `json:"since"` // when it was set first, UTC
	Erased *Erasure  `json:"erased,omitempty"`
}

// Erasure is what is left of a customer.
type Erasure struct {
	At     time.Time `json:"at"` // UTC
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
}

// Ref makes Customer a ledger.Record.
func (c *Customer) Ref() ledger.Ref { return CustomerRef(c.Deposit) }

// CustomerRef names the record of a deposit's payer.
func CustomerRef(deposit string) ledger.Ref { return ledger.Ref{Kind: CustomerRecord, ID: deposit} }

// Validate refuses text that is too long, no text, or looks like a card number.
// Errors: ErrCardNumber and others, which name the part.
func (d *CustomerData) Validate() error {
	for _, text := range []struct{ part, value string }{
		{"name", d.Name}, {"phone", d.Phone}, {"email", d.Email}, {"address", d.Address}, {"account", d.Account},
	} {
		if err := checkText(text.value); err != nil {
			return fmt.Errorf("customer's %s: %w", text.part, err)
		}
	}
	return nil
}

// customer gives the record of a deposit's payer with this data; nil: it says so
// already.
func (d *CustomerData) customer(s *ledger.State, deposit string) (*Customer, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	c := Customer{Deposit: deposit, Since: s.Now()}
	if stored, ok := s.Record(CustomerRef(deposit)).(*Customer); ok {
		if stored.Erased != nil {
			return nil, fmt.Errorf("customer of deposit %s %w at %s", deposit, ErrErased, stored.Erased.At.Format(timeFormat))
		}
		if stored.CustomerData == *d {
			return nil, nil
		}
		c.Since = stored.Since
	}
	c.CustomerData = *d
	return &c, nil
}

// SetCustomer is the command that stores what is known of a deposit's payer, in
// place of what was known before. Errors: *FieldError wrapping ErrUnknown, ErrErased,
// ErrCardNumber.
type SetCustomer struct {
	Deposit string
	Data    CustomerData
}

// At implements ledger.Command.
func (c *SetCustomer) At() time.Time { return time.Time{} }

// Need implements ledger.Command.
func (c *SetCustomer) Need(_ *ledger.State, n *ledger.Need) { needCustomer(n, c.Deposit) }

func needCustomer(n *ledger.Need, deposit string) {
	n.Record(ledger.Ref{Kind: DepositRecord, ID: deposit})
	n.Record(CustomerRef(deposit))
}

// Apply implements ledger.Command.
func (c *SetCustomer) Apply(s *ledger.State) error {
	if take[Deposit](s, DepositRecord, c.Deposit) == nil {
		return unknown(FieldID, DepositRecord, c.Deposit)
	}
	changed, err := c.Data.customer(s, c.Deposit)
	if err != nil || changed == nil {
		return err
	}
	s.Put(changed)
	return nil
}

// EraseCustomer is the command that erases what is known of a deposit's payer, and
// keeps it from coming back. The journal, its hashes and its proofs stay what they
// are. Erasing again changes nothing. Errors: *FieldError wrapping ErrUnknown, or for
// a missing actor or reason.
type EraseCustomer struct {
	Deposit string
	Actor   string
	Reason  string
}

// At implements ledger.Command.
func (c *EraseCustomer) At() time.Time { return time.Time{} }

// Need implements ledger.Command.
func (c *EraseCustomer) Need(_ *ledger.State, n *ledger.Need) { needCustomer(n, c.Deposit) }

// Apply implements ledger.Command.
func (c *EraseCustomer) Apply(s *ledger.State) error {
	for _, text := range []struct {
		field Field
		value string
		check func(string) error
	}{{FieldActor, c.Actor, checkActor}, {FieldReasonCode, c.Reason, checkText}} {
		if text.value == "" {
			return &FieldError{text.field, errors.New("is missing; to erase a customer needs it")}
		}
		if err := text.check(text.value); err != nil {
			return &FieldError{text.field, err}
		}
	}
	if take[Deposit](s, DepositRecord, c.Deposit) == nil {
		return unknown(FieldID, DepositRecord, c.Deposit)
	}
	erased := &Customer{Deposit: c.Deposit, Since: s.Now(), Erased: &Erasure{At: s.Now(), Actor: c.Actor, Reason: c.Reason}}
	if stored, ok := s.Record(erased.Ref()).(*Customer); ok {
		if stored.Erased != nil {
			return nil
		}
		erased.Since = stored.Since
	}
	s.Put(erased)
	return nil
}
