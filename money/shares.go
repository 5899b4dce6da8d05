package money

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cockroachdb/apd/v3"
)

// Shares divides a total among the parts of a whole by largest remainder, where parts may be negative and come one by
// one: each share is total * part / whole rounded down, and the units then left over go one each to the shares that
// lost most, the earlier first among equals. So shares add up to the total exactly, and each is less than one unit from
// its exact value. Parts are told twice, in the same order: first all to [Shares.Add], then, after [Shares.Settle], each
// to [Shares.Of]. It keeps 16 bytes for each part meanwhile, and one bit afterwards.
type Shares struct {
	total, whole Amount
	rests        []Amount // what each share lost, in units / whole
	parts        apd.BigInt
	floors       apd.BigInt // the shares rounded down, added up
	more         []uint64   // a bit for each share that gets a unit
}

// NewShares divides total among the parts of whole. The error is [ErrBadWeights] when whole is not above 0 or total is
// negative.
func NewShares(total, whole Amount) (*Shares, error) {
	if whole.Sign() <= 0 || total.Sign() < 0 {
		return nil, fmt.Errorf("%w: %s cannot be divided among the parts of %s", ErrBadWeights, total, whole)
	}
	return &Shares{total: total, whole: whole}, nil
}

// Add tells the next part.
func (s *Shares) Add(part Amount) {
	var floor, rest, value apd.BigInt
	s.divide(part, &floor, &rest)
	s.rests = append(s.rests, must(fromBig(false, &rest)))
	s.floors.Add(&s.floors, &floor)
	part.magnitude(&value)
	if part.Sign() < 0 {
		value.Neg(&value)
	}
	s.parts.Add(&s.parts, &value)
}

// divide gives total * part / whole rounded down, and what that loses.
func (s *Shares) divide(part Amount, floor, rest *apd.BigInt) {
	var total, whole, product apd.BigInt
	product.Mul(s.total.magnitude(&total), part.magnitude(&product))
	floor.QuoRem(&product, s.whole.magnitude(&whole), rest)
	if part.Sign() >= 0 {
		return
	}
	floor.Neg(floor)
	if rest.Sign() != 0 {
		var one apd.BigInt
		floor.Sub(floor, one.SetUint64(1))
		rest.Sub(&whole, rest)
	}
}

// Settle hands out the units that are left over. The error is [ErrBadWeights] when the parts do not add up to the whole.
func (s *Shares) Settle() error {
	var whole, left apd.BigInt
	if s.parts.Cmp(s.whole.magnitude(&whole)) != 0 {
		return fmt.Errorf("%w: parts add up to %s, the whole is %s", ErrBadWeights, s.parts.String(), s.whole)
	}
	left.Sub(s.total.magnitude(&left), &s.floors)
	order := make([]uint32, len(s.rests))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int { return cmp.Or(s.rests[j].Cmp(s.rests[i]), cmp.Compare(i, j)) })
	s.more = make([]uint64, (len(s.rests)+63)/64)
	for _, i := range order[:left.Uint64()] {
		s.more[i/64] |= 1 << (i % 64)
	}
	s.rests = nil
	return nil
}

// Of gives the share of the part that was told i-th, counted from 0. The error is [ErrOverflow] when it is out of range.
func (s *Shares) Of(i int, part Amount) (Amount, error) {
	var floor, rest, one apd.BigInt
	s.divide(part, &floor, &rest)
	if s.more[i/64]&(1<<(i%64)) != 0 {
		floor.Add(&floor, one.SetUint64(1))
	}
	negative := floor.Sign() < 0
	return fromBig(negative, floor.Abs(&floor))
}
