package reserve

import (
	"fmt"

	"github.com/settlex/settlex/money"
)

// The reasons for which a fixed or minimum reserve changes by itself. A decision has its own.
const (
	ReasonBuilt   = "built"   // its plan took a share of what became available
	ReasonLowered = "lowered" // a version of its plan has a lower cap
)

// Build returns what p, a fixed or minimum plan, changes of a reserve that holds balance, when available has become available
// to the merchant: above 0 it is taken out of available, below 0 it is given back because the cap is lower than the balance.
// Amounts are minor units of one currency.
//
// What is taken is the rate of available, rounded down (of a minimum plan, all of it), and never more than the cap leaves; of an
// available that is not above 0 nothing is taken. So available stays at or above 0 where it was, and the balance never passes the
// cap.
//
// Whether p is in force is the caller's question. p must have passed Validate. Errors: ErrBadFigures for a plan of another kind,
// without a cap, or a negative balance; money.ErrOverflow.
func (p *Plan) Build(available, balance money.Amount) (change money.Amount, reason string, err error) {
	if !p.Kind.Pooled() || p.Cap == nil || balance.Sign() < 0 {
		return change, "", fmt.Errorf("%w: plan %q version %q: kind %q, balance %s", ErrBadFigures, p.ID, p.Version, p.Kind, balance)
	}
	room, err := p.Cap.Sub(balance)
	if err != nil {
		return change, "", fmt.Errorf("plan %q version %q: cap %s less balance %s: %w", p.ID, p.Version, p.Cap, balance, err)
	}
	if room.Sign() < 0 {
		return room, ReasonLowered, nil
	}
	share := money.Max(available, money.Amount{})
	if p.Kind == KindFixed {
		if share, err = p.Rate.Of(share).Round(money.Down); err != nil {
			return change, "", fmt.Errorf("plan %q version %q: share of %s: %w", p.ID, p.Version, available, err)
		}
	}
	return money.Min(share, room), ReasonBuilt, nil
}
