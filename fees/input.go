package fees

import (
	"errors"

	"github.com/settlex/settlex/money"
)

// ErrNoCost means that a schedule passes on a cost that nobody knows. It is never read as a cost of 0.
var ErrNoCost = errors.New("what the rail charges is not known")

// Input is what a movement is priced by. All amounts are minor units of the schedule's currency.
type Input struct {
	Amount  money.Amount
	Cost    *money.Amount // what the rail charges for it, without tax; nil: not known
	CostTax money.Amount  // tax on Cost
	Before  *Counter      // what came before, for schedules that count (Schedule.Counts)
}

// Base says of what a component is a share.
type Base string

// The bases. The zero value means BaseGross.
const (
	BaseGross      Base = "gross"        // the amount of the movement
	BaseCost       Base = "cost"         // what the rail charges for it, without tax
	BaseCostAndTax Base = "cost_and_tax" // the same with tax
)

// of returns the amount that the base stands for.
func (b Base) of(in *Input) (money.Amount, error) {
	if b == "" || b == BaseGross {
		return in.Amount, nil
	}
	if in.Cost == nil {
		return money.Amount{}, ErrNoCost
	}
	if b == BaseCost {
		return *in.Cost, nil
	}
	return in.Cost.Add(in.CostTax)
}
