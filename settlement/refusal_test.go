package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// What rules refuse of one merchant is no fault of the store, and the other way round.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{&ledger.Failure{Reason: ledger.ErrAccountStatus}, true},
		{fmt.Errorf("close: %w", &ledger.ConflictError{Key: "k"}), true},
		{&ledger.EntryError{Key: "k"}, true},
		{&payment.FieldError{Field: payment.FieldOccurredAt, Err: payment.ErrTransition}, true},
		{fmt.Errorf("sum: %w", money.ErrOverflow), true},
		{errPulled, false},
		{context.Canceled, false},
		{ledger.ErrCorrupt, false},
		{errors.Join(&ledger.Failure{Reason: ledger.ErrAccountStatus}, ledger.ErrIndefinite), false},
		{settlement.Behind(errPulled, &ledger.Failure{Reason: ledger.ErrAccountStatus}), false},
	} {
		if got := settlement.Refused(c.err); got != c.want {
			t.Errorf("%v: refused %t, want %t", c.err, got, c.want)
		}
	}
}

// What ended the work stands first, and what was refused before is told.
func TestBehind(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("m1: %w", money.ErrOverflow)
	err := settlement.Behind(errPulled, refused)
	if want := errPulled.Error() + "; refused before: " + refused.Error(); err.Error() != want || !errors.Is(err, errPulled) {
		t.Errorf("%v, want %q", err, want)
	}
	if err := settlement.Behind(errPulled, nil); err != errPulled { //nolint:errorlint // the same, not one around it
		t.Errorf("%v, want it as it is", err)
	}
}
