package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/money"
)

// Limits bound one account. The chart gives an account its first limits; later
// ones are set by an AccountChange. Amounts are minor units of its currency, on
// its normal side. Kinds of entry in Pattern.MayBreach pass all of them.
type Limits struct {
	Limited  bool         // Available may not fall below Floor: ErrInsufficientFunds
	Floor    money.Amount // usually 0; a credit line makes it negative
	Capped   bool         // what is posted and what holds would bring may not rise above Ceiling: ErrCeiling
	Ceiling  money.Amount
	Velocity []Velocity // at most 8, no two that count the same: ErrVelocity
}

// Velocity bounds what may flow through an account within a rolling window.
// The window moves in sixtieths and is never shorter than it says: what flowed
// counts for at most one sixtieth longer. Holds count when they are placed, their
// captures no more; what is released or expires is given back, of a Count only if
// nothing was captured. A reversal counts as an entry. What came before the limit
// was set does not count.
type Velocity struct {
	Per     Window
	Flow    Flow
	Measure Measure
	Max     money.Amount // minor units for a Sum, entries and holds for a Count; at least 0
}

// Window is the length of a velocity limit.
type Window uint8

// The windows.
const (
	Hour   Window = iota + 1 // 60 slots of 1 minute
	Day                      // 60 slots of 24 minutes
	Days30                   // 60 slots of 12 hours
)

// String is "1h", "24h" or "30d".
func (w Window) String() string { return name(w, "1h", "24h", "30d") }

// slot is the length of a sixtieth.
func (w Window) slot() time.Duration {
	return [...]time.Duration{0, time.Minute, 24 * time.Minute, 12 * time.Hour}[w]
}

// Flow is a direction of money.
type Flow uint8

// The directions. What lowers Available flows out.
const (
	Out Flow = iota + 1
	In
)

// String is "out" or "in".
func (f Flow) String() string { return name(f, "out", "in") }

// Measure says what a velocity limit counts.
type Measure uint8

// The measures.
const (
	Sum   Measure = iota + 1 // of amounts
	Count                    // of entries and holds
)

// String is "sum" or "count".
func (m Measure) String() string { return name(m, "sum", "count") }

// name spells a small enumeration that begins at 1.
func name[T ~uint8](v T, names ...string) string {
	if v < 1 || int(v) > len(names) {
		return fmt.Sprintf("unknown(%d)", uint8(v))
	}
	return names[v-1]
}

// String is "24h out sum".
func (v Velocity) String() string { return fmt.Sprintf("%s %s %s", v.Per, v.Flow, v.Measure) }

// same tells whether two limits count the same.
func (v Velocity) same(o Velocity) bool {
	return v.Per == o.Per && v.Flow == o.Flow && v.Measure == o.Measure
}

const maxVelocity = 8

// check lists the faults of limits.
func (l Limits) check() []error {
	var faults []error
	if !l.Limited && !l.Floor.IsZero() {
		faults = append(faults, errors.New("has a floor, but is not limited"))
	}
	if !l.Capped && !l.Ceiling.IsZero() {
		faults = append(faults, errors.New("has a ceiling, but is not capped"))
	}
	if l.Limited && l.Capped && l.Ceiling.Cmp(l.Floor) < 0 {
		faults = append(faults, fmt.Errorf("ceiling %s is below floor %s", l.Ceiling, l.Floor))
	}
	if len(l.Velocity) > maxVelocity {
		faults = append(faults, fmt.Errorf("has %d velocity limits, at most %d are allowed", len(l.Velocity), maxVelocity))
	}
	for i, v := range l.Velocity {
		if v.Per < Hour || v.Per > Days30 || v.Flow < Out || v.Flow > In || v.Measure < Sum || v.Measure > Count || v.Max.Sign() < 0 {
			faults = append(faults, fmt.Errorf("velocity limit %d (%s, at most %s) is not valid", i, v, v.Max))
		}
		if slices.ContainsFunc(l.Velocity[:i], v.same) {
			faults = append(faults, fmt.Errorf("velocity limit %s stands twice", v))
		}
	}
	return faults
}

// clone shares nothing with l.
func (l Limits) clone() Limits {
	l.Velocity = slices.Clone(l.Velocity)
	return l
}

func (l Limits) equal(o Limits) bool {
	return l.Limited == o.Limited && l.Floor == o.Floor && l.Capped == o.Capped && l.Ceiling == o.Ceiling && slices.Equal(l.Velocity, o.Velocity)
}

// unlimited tells that there is nothing to check.
func (l *Limits) unlimited() bool { return !l.Limited && !l.Capped && len(l.Velocity) == 0 }

// Slot is what flowed through an account within one sixtieth of a window.
type Slot struct {
	No    int64        // sixtieths since 1970
	Total money.Amount // minor units, or a count
}

// slots is how many sixtieths count: the current one and a whole window.
const slots = 61

func slotNo(per Window, at time.Time) int64 {
	width := per.slot().Microseconds()
	n := at.UnixMicro() / width
	if at.UnixMicro()%width < 0 {
		n--
	}
	return n
}

// flowed adds up what counts at an instant.
func flowed(counted []Slot, no int64) (money.Amount, error) {
	var total money.Amount
	var err error
	for _, s := range counted {
		if s.No > no-slots && err == nil {
			total, err = total.Add(s.Total)
		}
	}
	return total, err
}

// count adds an amount in a slot and drops those whose time is over. The slice
// it is given stays as it is.
func count(counted []Slot, no, latest int64, amount money.Amount) ([]Slot, error) {
	if no <= latest-slots {
		no = latest - slots // too old to count: dropped below
	}
	out := make([]Slot, 0, len(counted)+1)
	added := false
	var err error
	for _, s := range counted {
		if !added && s.No > no {
			out, added = append(out, Slot{no, amount}), true
		}
		if s.No == no {
			added = true
			if s.Total, err = s.Total.Add(amount); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	if !added {
		out = append(out, Slot{no, amount})
	}
	return slices.DeleteFunc(out, func(s Slot) bool { return s.No <= latest-slots || s.Total.IsZero() }), nil
}
