package fees

import "github.com/settlex/settlex/money"

// Unit is a price for so many minor units: 8.50 for each 1,000.00.
type Unit struct {
	Size    money.Amount `json:"size"`              // above 0; a product of twos and fives, unless Started
	Price   money.Amount `json:"price"`             // of one unit
	Started bool         `json:"started,omitempty"` // a unit that was begun costs as much as a whole one
}

// raw returns how many units amount has, and what they cost.
func (u *Unit) raw(amount money.Amount) (units, cost money.Exact, err error) {
	if u.Started {
		whole, err := money.Scale(amount, money.Minor(1), u.Size, money.Up)
		if err != nil {
			return units, cost, err
		}
		units = money.ExactOf(whole)
		cost, err = money.Quotient(whole, u.Price, money.Minor(1))
		return units, cost, err
	}
	if units, err = money.Quotient(amount, money.Minor(1), u.Size); err != nil {
		return units, cost, err
	}
	cost, err = money.Quotient(amount, u.Price, u.Size)
	return units, cost, err
}
