package fees

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// ErrNoCounter means that a schedule prices by what came before, and nobody said what that was.
var ErrNoCounter = errors.New("what came before is not known")

// Mode says what a tier prices.
type Mode string

// The modes. The zero value means Graduated.
const (
	Graduated Mode = "graduated" // slices: each tier prices the part of the movement that lies in it
	Volume    Mode = "volume"    // the tier that was reached prices the whole movement
)

// Measure says what is counted to find a tier.
type Measure string

// The measures. The zero value means MeasureAmount.
const (
	MeasureAmount Measure = "amount" // minor units of the movements
	MeasureCount  Measure = "count"  // how many movements there were
)

// Period says over what time is counted.
type Period string

// The periods. The zero value means PeriodMonth.
const (
	PeriodMonth    Period = "month"    // the calendar month of the day that decides which version is in force
	PeriodYear     Period = "year"     // its calendar year
	PeriodEver     Period = "ever"     // all time
	PeriodMovement Period = "movement" // nothing before: each movement begins in the first tier
)

// Key names the period that a day lies in: "2026-03", "2026" or "ever"; empty for PeriodMovement, which counts nothing.
func (p Period) Key(on calendar.Date) string {
	year, month, _ := on.YMD()
	switch p {
	case PeriodMovement:
		return ""
	case PeriodYear:
		return fmt.Sprintf("%04d", year)
	case PeriodEver:
		return string(PeriodEver)
	}
	return fmt.Sprintf("%04d-%02d", year, int(month))
}

// Tiers price by what came before in a period: a counter for each merchant, currency and schedule id, whose value is the one
// before the movement in the order of the journal. Tier n holds what is above the UpTo of tier n-1, up to and including its own.
type Tiers struct {
	Mode    Mode    `json:"mode,omitempty"`
	Measure Measure `json:"measure,omitempty"`
	Period  Period  `json:"period,omitempty"`
	Steps   []Tier  `json:"steps"` // at least one, ascending; the last has no end
}

// Tier is one price of Tiers. The zero Rate and a nil Fixed leave their part out.
type Tier struct {
	UpTo  money.Amount  `json:"up_to,omitzero"`  // minor units, or a number of movements, see Measure; 0: without end
	Rate  money.Rate    `json:"rate,omitzero"`   // of what lies in the tier
	Fixed *money.Amount `json:"fixed,omitempty"` // of a movement that begins in the tier, once
}

// Counter is what was counted before a movement.
type Counter struct {
	Period string       // as Period.Key names it
	Amount money.Amount // minor units
	Count  uint64
}

// Counts returns the period over which s counts, and whether it counts at all. All tiers of a valid schedule count over one.
func (s *Schedule) Counts() (Period, bool) {
	for i := range s.Components {
		if t := s.Components[i].Tiers; t != nil && t.Period != PeriodMovement {
			if t.Period == "" {
				return PeriodMonth, true
			}
			return t.Period, true
		}
	}
	return "", false
}

// slices cuts a movement of the amount by the tiers, and says what it went by.
func (t *Tiers) slices(in *Input) (*Reached, error) {
	r := &Reached{Measure: t.Measure, Mode: t.Mode}
	if r.Measure == "" {
		r.Measure = MeasureAmount
	}
	if r.Mode == "" {
		r.Mode = Graduated
	}
	if t.Period != PeriodMovement {
		if in.Before == nil {
			return nil, ErrNoCounter
		}
		r.Period, r.Before = in.Before.Period, in.Before.Amount
		if r.Measure == MeasureCount {
			r.Before = count(in.Before.Count)
		}
	}
	if r.Measure == MeasureAmount && r.Mode == Graduated {
		return r, t.cut(r, in.Amount)
	}
	at := r.Before
	if t.Period == PeriodMovement && r.Measure == MeasureAmount { // the tier that the movement itself reaches
		at = in.Amount
		if at.Sign() > 0 {
			at, _ = at.Sub(money.Minor(1)) // above 0, so in range
		}
	}
	tier := t.holds(at)
	r.Slices = []Slice{{Tier: tier + 1, Amount: in.Amount, Rate: t.Steps[tier].Rate}}
	return r, nil
}

// count is a number of movements as an amount.
func count(n uint64) money.Amount {
	if n > 1<<62 {
		n = 1 << 62 // more than there can be
	}
	return money.Minor(int64(n))
}

// holds returns the index of the tier in which what comes after at lies.
func (t *Tiers) holds(at money.Amount) int {
	for i := range t.Steps {
		if up := t.Steps[i].UpTo; up.IsZero() || at.Cmp(up) < 0 {
			return i
		}
	}
	return len(t.Steps) - 1
}

// cut gives each tier its part of an amount that begins at r.Before.
func (t *Tiers) cut(r *Reached, amount money.Amount) error {
	end, err := r.Before.Add(amount)
	if err != nil {
		return err
	}
	at := r.Before
	for i := t.holds(at); ; i++ {
		step := &t.Steps[i]
		upTo := end
		if !step.UpTo.IsZero() {
			upTo = money.Min(step.UpTo, end)
		}
		part, err := upTo.Sub(at)
		if err != nil {
			return err
		}
		r.Slices = append(r.Slices, Slice{Tier: i + 1, Amount: part, Rate: step.Rate})
		if at = upTo; at == end {
			return nil
		}
	}
}

// raw prices the slices.
func (t *Tiers) raw(r *Reached) (sum money.Exact, err error) {
	for i := range r.Slices {
		slice := &r.Slices[i]
		slice.Raw = slice.Rate.Of(slice.Amount)
		if fixed := t.Steps[slice.Tier-1].Fixed; fixed != nil && i == 0 {
			if slice.Raw, err = slice.Raw.Add(money.ExactOf(*fixed)); err != nil {
				return sum, err
			}
		}
		if sum, err = sum.Add(slice.Raw); err != nil {
			return sum, err
		}
	}
	return sum, nil
}
