package settlex

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// SetCustomer stores what is known of a deposit's payer, beside the journal. Errors:
// those of payment.SetCustomer.
func (e *Engine) SetCustomer(ctx context.Context, deposit string, data payment.CustomerData) error {
	return e.one(ctx, "set the customer", &payment.SetCustomer{Deposit: deposit, Data: data})
}

// SetCustomerTx is SetCustomer in a transaction of the host's.
func (e *Engine) SetCustomerTx(ctx context.Context, tx ledger.Tx, deposit string, data payment.CustomerData) error {
	return e.oneTx(ctx, tx, "set the customer", &payment.SetCustomer{Deposit: deposit, Data: data})
}

// EraseCustomer erases what is known of a deposit's payer and leaves when, who and
// why. It touches no entry and no hash. What a store has freed on disk may keep the
// bytes until it is written again: settlex compact, or VACUUM on PostgreSQL, ends
// that, and backups are their owner's to age. Errors: those of payment.EraseCustomer.
func (e *Engine) EraseCustomer(ctx context.Context, deposit, actor, reason string) error {
	return e.one(ctx, "erase the customer", &payment.EraseCustomer{Deposit: deposit, Actor: actor, Reason: reason})
}

// EraseCustomerTx is EraseCustomer in a transaction of the host's.
func (e *Engine) EraseCustomerTx(ctx context.Context, tx ledger.Tx, deposit, actor, reason string) error {
	return e.oneTx(ctx, tx, "erase the customer", &payment.EraseCustomer{Deposit: deposit, Actor: actor, Reason: reason})
}

// Customer gives what is known of a deposit's payer; ok is false when nothing ever
// was. One that was erased says so.
func (e *Engine) Customer(ctx context.Context, deposit string) (c payment.Customer, ok bool, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		c, ok = payment.Customer{}, false
		for stored, err := range ledger.RecordsOf[*payment.Customer](ctx, r, payment.CustomerRecord, deposit) {
			if err != nil {
				return err
			}
			if stored.Deposit == deposit {
				c, ok = *stored, true
			}
			break // the exact id is the first with this prefix
		}
		return nil
	})
	return c, ok, err
}

// one runs a command by itself.
func (e *Engine) one(ctx context.Context, deed string, c ledger.Command) error {
	if err := e.books.Do(ctx, c); err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}

// oneTx runs a command in a transaction of the host's.
func (e *Engine) oneTx(ctx context.Context, tx ledger.Tx, deed string, c ledger.Command) error {
	errs, err := e.books.DoTx(ctx, tx, c)
	if err = errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}
