package money

import (
	"fmt"
	"slices"

	"github.com/cockroachdb/apd/v3"
)

// Allocate divides total in proportion to weights by largest remainder: each part is its exact share rounded towards
// zero, and the units then left over go one each to the parts that lost most, the earlier first among equals. So the
// parts add up to total exactly, each is less than one unit from its exact share, a weight of 0 gets 0, and no part has
// the other sign. A negative total is divided as its absolute value is.
//
// The result has one part per weight, in their order. It is [ErrBadWeights] when a weight is negative or when nothing
// can take a total that is not 0, [ErrOverflow] when the sum of the weights is out of range.
func Allocate(total Amount, weights []Amount) ([]Amount, error) {
	sum, err := sumWeights(total, weights)
	if err != nil {
		return nil, err
	}
	parts := make([]Amount, len(weights))
	if sum.IsZero() {
		return parts, nil
	}
	a := allocation{total: total.Abs(), sum: sum, parts: parts, rests: make([]Amount, len(weights))}
	a.divide(weights)
	a.handOut()
	if total.Sign() < 0 {
		for i := range parts {
			parts[i] = parts[i].Neg()
		}
	}
	return parts, nil
}

// sumWeights checks the weights and adds them up; a sum of 0 is left only to a total of 0.
func sumWeights(total Amount, weights []Amount) (Amount, error) {
	for i, w := range weights {
		if w.Sign() < 0 {
			return Amount{}, fmt.Errorf("%w: weight %d is %s", ErrBadWeights, i, w)
		}
	}
	sum, err := Sum(weights...)
	if err != nil {
		return Amount{}, fmt.Errorf("weights: %w", err)
	}
	if sum.IsZero() && !total.IsZero() {
		return Amount{}, fmt.Errorf("%w: all %d are 0, nothing takes %s", ErrBadWeights, len(weights), total)
	}
	return sum, nil
}

// allocation is the state of one Allocate. Nothing in it overflows: parts are at most total, rests less than sum.
type allocation struct {
	total Amount   // not negative
	sum   Amount   // of the weights, not 0
	parts []Amount // shares so far
	rests []Amount // what each share lost, in units / sum
}

// divide sets parts to the shares rounded towards zero, and rests to what that loses.
func (a *allocation) divide(weights []Amount) {
	var total, sum, weight, product, quotient, rest apd.BigInt
	a.total.magnitude(&total)
	a.sum.magnitude(&sum)
	for i, w := range weights {
		product.Mul(&total, w.magnitude(&weight))
		quotient.QuoRem(&product, &sum, &rest)
		a.parts[i] = must(fromBig(false, &quotient))
		a.rests[i] = must(fromBig(false, &rest))
	}
}

// handOut gives the units left over to the largest rests. There are fewer units than rests above 0, because the units
// are the sum of the rests and each rest is less than a unit.
func (a *allocation) handOut() {
	left := must(a.total.Sub(must(Sum(a.parts...))))
	if left.IsZero() {
		return
	}
	order := make([]int, len(a.rests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return a.rests[j].Cmp(a.rests[i]) })
	for _, i := range order[:left.lo] {
		a.parts[i] = must(a.parts[i].Add(Minor(1)))
	}
}

// must unwraps a result that cannot fail unless this package is wrong.
func must(a Amount, err error) Amount {
	if err != nil {
		panic(fmt.Sprintf("money: broken invariant: %v", err))
	}
	return a
}
