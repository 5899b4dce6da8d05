package fees

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/money"
)

// ErrNotReturnable means that a share of a fee was asked for figures that describe no refund.
var ErrNotReturnable = errors.New("fee not returnable")

// Returned returns what a refund of refundedNow gives back of fee, when refundedBefore of gross was already refunded. It is the
// cumulative method: what is due in total after this refund less what was due before it, each rounded once. So parts differ by
// less than rounding each would make them, never sum to more than the fee, and sum to exactly the fee once all of gross is
// refunded, in however many parts. Beyond gross (a deposit refunded more than once by permission) nothing further is returned.
//
// Call it for the fee and for each tax line on its own, with the rounding mode of the pinned schedule, and book the sum of the
// lines as the returned tax: then every account comes back to exactly zero. Errors: ErrNotReturnable for a negative figure or a
// gross of 0, money.ErrOverflow.
func Returned(fee, gross, refundedBefore, refundedNow money.Amount, m money.Rounding) (money.Amount, error) {
	if refundedNow.Sign() < 0 {
		return money.Amount{}, fmt.Errorf("%w: refund of %s", ErrNotReturnable, refundedNow)
	}
	refunded, err := refundedBefore.Add(refundedNow)
	if err != nil {
		return money.Amount{}, fmt.Errorf("fee returned on refund of %s after %s: %w", refundedNow, refundedBefore, err)
	}
	before, err := ReturnedTotal(fee, gross, refundedBefore, m)
	if err != nil {
		return money.Amount{}, err
	}
	after, err := ReturnedTotal(fee, gross, refunded, m)
	if err != nil {
		return money.Amount{}, err
	}
	return after.Sub(before)
}

// ReturnedTotal returns what is due back of fee in total once refunded of gross is refunded: fee x refunded / gross, rounded
// once, and the whole fee from gross on. Where an earlier refund failed and its return was undone, what the next refund gives
// back is ReturnedTotal of what stands refunded with it, less what stands returned. Errors: as Returned.
func ReturnedTotal(fee, gross, refunded money.Amount, m money.Rounding) (money.Amount, error) {
	if fee.Sign() < 0 || gross.Sign() <= 0 || refunded.Sign() < 0 {
		return money.Amount{}, fmt.Errorf("%w: fee %s, gross %s, refunded %s", ErrNotReturnable, fee, gross, refunded)
	}
	if refunded.Cmp(gross) >= 0 {
		return fee, nil
	}
	due, err := money.Scale(fee, refunded, gross, m)
	if err != nil {
		return money.Amount{}, fmt.Errorf("fee %s returned for %s of %s: %w", fee, refunded, gross, err)
	}
	return due, nil
}
