package settlement

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// refusals are what the rules of the ledger, of payments and of configuration say no
// with, besides *ledger.Failure and *payment.FieldError.
var refusals = []error{
	ledger.ErrInvalid, ledger.ErrKeyConflict, money.ErrOverflow, reserve.ErrBadDraw, reserve.ErrBadRelease, reserve.ErrBadFigures,
	merchant.ErrNoRegion, merchant.ErrNoSchedule, calendar.ErrOutOfRange, calendar.ErrNoWindow,
}

// Refused tells whether an error is what rules say of one merchant, so that the others
// may go on. Stored data that contradicts itself, an outcome nobody knows, a context
// that has ended and whatever a store reports are none.
func Refused(err error) bool {
	for _, fault := range []error{ledger.ErrCorrupt, ledger.ErrIndefinite, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, fault) {
			return false
		}
	}
	if _, ok := errors.AsType[*ledger.Failure](err); ok {
		return true
	}
	if _, ok := errors.AsType[*payment.FieldError](err); ok {
		return true
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// Behind is a fault that ended the work, behind refusals that did not, which may be nil. It
// tells them and wraps the fault alone: joined, they would make it Refused.
func Behind(fault, refused error) error {
	if refused == nil {
		return fault
	}
	return fmt.Errorf("%w; refused before: %v", fault, refused) //nolint:errorlint // told, not wrapped
}
